// Pre-trade risk of one account scope.
import { z } from 'zod';
import { defineActor, type StoredSnapshot } from '../runtime/actor.ts';
import { riskMachine } from './machine.ts';

const amount = z
  .string()
  .max(60)
  .regex(/^\d{1,20}(\.\d{1,18})?$/, 'a decimal without sign, such as "250"');

const limits = z.object({
  maxPositionSize: amount,
  maxNotionalValue: amount,
  notionalCurrency: z.string().min(1).max(16),
  orderThrottle: z.number().nonnegative().max(100_000),
  orderBurst: z.number().int().nonnegative().max(100_000),
  maxConcurrentOrders: z.number().int().nonnegative().max(1_000_000),
  priceBandPercent: amount,
  allowedOrderTypes: z.array(z.enum(['Limit', 'Market', 'Stop', 'StopLimit'])).max(4),
  killSwitchEnabled: z.boolean(),
  maxRiskBreaches: z.number().int().nonnegative().max(1_000_000),
});

const provider = z.string().min(1).max(64);
const symbol = z.string().min(3).max(32);
const by = z.string().min(1).max(64);
const reason = z.string().min(1).max(200);

/** From operators and market data. */
const messages = {
  SetLimits: z.object({ type: z.literal('SetLimits'), limits }),
  EngageKillSwitch: z.object({ type: z.literal('EngageKillSwitch'), reason }),
  ReleaseKillSwitch: z.object({ type: z.literal('ReleaseKillSwitch'), by }),
  RestrictTrading: z.object({ type: z.literal('RestrictTrading'), provider, symbol: symbol.nullable(), reason }),
  LiftRestriction: z.object({ type: z.literal('LiftRestriction'), provider, symbol: symbol.nullable(), by }),
  ReferencePriceMoved: z.object({
    type: z.literal('ReferencePriceMoved'),
    provider,
    symbol,
    price: amount,
  }),
};

/** Version 1 kept no positions and no restrictions: what was held before counts as flat. */
const upgrade = {
  1: (stored: StoredSnapshot): StoredSnapshot => {
    return { ...stored, c: { ...(stored.c as object), restrictions: {}, positions: {} } };
  },
};

export const riskActor = defineActor({ kind: 'risk', version: 2, machine: riskMachine, messages, upgrade });

export { type BreachType, DEFAULT_LIMITS, REFERENCE_FRESH_MS } from './limits.ts';
export { type RiskControl, type RiskInput, type RiskLimits, type RiskMessage, riskKey } from './messages.ts';
