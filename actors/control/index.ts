// The control plane's public face.
export { ListenFault } from './address.ts';
export type { AuthOptions } from './auth.ts';
export { CONTROL_LIMITS, type ControlLimits } from './limits.ts';
export type { AccountLists } from './routes/accounts.ts';
export { type ReadinessReport, readinessOf } from './routes/health.ts';
export type { Operate } from './routes/operate.ts';
export { type Control, type ControlOptions, createControl } from './server.ts';
export { loadOrCreateToken, TokenFault } from './token.ts';
