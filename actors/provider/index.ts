// Provider: one configured venue account, its link, and who may send through it.
import { defineActor } from '../runtime/actor.ts';
import * as effects from './effects.ts';
import { providerMachine } from './machine.ts';
import { schemas } from './schemas.ts';
import { fromVersion1, fromVersion2 } from './upgrade.ts';

export const providerActor = defineActor({
  kind: 'provider',
  version: 3,
  machine: providerMachine,
  messages: schemas,
  effects: { ...effects },
  upgrade: { 1: fromVersion1, 2: fromVersion2 },
});

export type { ProviderPorts } from './effects.ts';
export {
  type BalanceUpdate,
  createMarketHub,
  type InstrumentUpdate,
  type Interest,
  type MarketHub,
  type MarketListener,
} from './market-hub.ts';
export { providerInput } from './schemas.ts';
export { createSessionHost, type SessionHost, type SessionHostOptions } from './session.ts';
export type { Secrets } from './settings.ts';
