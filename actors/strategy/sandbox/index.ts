// Strategy modules, run where they can do no harm: in QuickJS, in a worker that can be terminated. Text in, text out.
// What a module sees is upstream's (`module.exports`, `env`, the handlers); what is added to it is in inside/.
export { type Diagnostic, ModuleRejected } from './diagnostics.ts';
export type { OrderEvent } from './events.ts';
export { createSandbox, inspectModule, type SandboxOptions } from './host.ts';
export type { Fault, Sandbox, SandboxStats } from './instance.ts';
export { DEFAULT_LIMITS, type SandboxLimits } from './limits.ts';
export { type ConfigField, EVENT_TYPES, type EventType, type ModuleMetadata } from './metadata.ts';
export type { Decision, LogLevel } from './output.ts';
export type { Account, OpenOrder, Position } from './protocol.ts';
