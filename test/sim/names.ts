// What things are called in every history, and the limit on its orders.
import { strategyKey } from '../../actors/strategy/messages.ts';

export const PROVIDER = 'sim';
export const SCOPE = 'firm';
export const INSTANCE = 'sim-1';
export const STRATEGY = strategyKey(INSTANCE);
export const ORDER_PREFIX = 's';
/** Below the orders a history places, so that some are denied. */
export const CONCURRENT_MAX = 4;
