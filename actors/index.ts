// Every actor kind, one line each, and the ports their effects are performed with.
import { busActor } from './bus/index.ts';
import { type OrderPorts, orderActor } from './order/index.ts';
import { type ProviderPorts, providerActor } from './provider/index.ts';
import { riskActor } from './risk/index.ts';
import type { ActorDefinition } from './runtime/actor.ts';
import { type StrategyPorts, strategyActor } from './strategy/index.ts';
import { supervisorActor } from './supervisor/index.ts';

export const actors: readonly ActorDefinition[] = Object.freeze([
  supervisorActor,
  busActor,
  riskActor,
  providerActor,
  strategyActor,
  orderActor,
]);

/** What the composition root gives to the system: `exchanges` and `sessions` are the same host. */
export interface Ports extends OrderPorts, ProviderPorts, StrategyPorts {}

export { busActor, orderActor, providerActor, riskActor, strategyActor, supervisorActor };
