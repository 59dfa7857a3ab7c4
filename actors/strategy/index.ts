// Strategy: one running instance of a module, its orders, and what it keeps across restarts.
import { defineActor } from '../runtime/actor.ts';
import * as effects from './effects.ts';
import { strategyMachine } from './machine.ts';
import { schemas } from './schemas.ts';
import { upgrade } from './upgrade.ts';

export const strategyActor = defineActor({
  kind: 'strategy',
  version: 2,
  machine: strategyMachine,
  messages: schemas,
  effects: { ...effects },
  upgrade,
});

export type { StrategyPorts } from './effects.ts';
export { createSandbox } from './sandbox/index.ts';
export { type BalanceUpdate, createSandboxHost, type SandboxHost, type SandboxHostOptions } from './sandbox-host.ts';
export { strategyInput } from './schemas.ts';
