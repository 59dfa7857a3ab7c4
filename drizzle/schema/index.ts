// Every table, one line each. Kernel first, then trade.
export { balances, ledgerBalances, ledgerEntries, positionFees, positions } from './accounts.ts';
export { actors, nodes } from './actors.ts';
export { auditLog } from './audit.ts';
export { deadLetters } from './dead-letters.ts';
export { transitions } from './journal.ts';
export { executions, orders } from './orders.ts';
export { eventsOutbox } from './outbox.ts';
export { instruments, instrumentVersions, providerRoutes, providers } from './providers.ts';
export { riskLimits } from './risk.ts';
export { strategyInstances, strategyModules } from './strategies.ts';
export { timers } from './timers.ts';
