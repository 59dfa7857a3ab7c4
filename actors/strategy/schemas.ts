// What may come to a strategy instance from outside: from people and files, and from its sandbox, whose module
// nobody trusts. The sandbox checks its output too; here it is checked where it becomes durable.
import { z } from 'zod';
import { isOrderPrefix } from '../market/client-order-id.ts';
import { isSpotSymbol } from '../market/symbol.ts';
import type { Schema } from '../runtime/actor.ts';

const SYMBOLS_MAX = 100;
const PROVIDERS_MAX = 20;
const CONFIG_CHARS_MAX = 16_384;

const amount = z
  .string()
  .max(60)
  .regex(/^\d+(\.\d+)?$/, 'a decimal without sign, such as "0.25"');
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, 'a name is 1 to 64 letters, digits, - and _');
const text = z.string().max(1_000);

const config = z
  .record(z.string(), z.json())
  .refine(
    (value) => JSON.stringify(value).length <= CONFIG_CHARS_MAX,
    `at most ${CONFIG_CHARS_MAX} characters of JSON`,
  );
const symbols = z.array(z.string().refine(isSpotSymbol, 'a symbol is BASE-QUOTE, upper case')).min(1).max(SYMBOLS_MAX);
const scope = z
  .record(name, z.strictObject({ symbols }))
  .refine((entries) => Object.keys(entries).length > 0, 'at least one provider is needed')
  .refine((entries) => Object.keys(entries).length <= PROVIDERS_MAX, `at most ${PROVIDERS_MAX} providers are allowed`)
  .refine(
    (entries) => Object.values(entries).reduce((sum, one) => sum + one.symbols.length, 0) <= SYMBOLS_MAX,
    `at most ${SYMBOLS_MAX} symbols in all are allowed`,
  );

/** An instance as configuration and the control plane name it. */
export const strategyInput = z.strictObject({
  instanceId: name,
  strategy: z.string().min(1).max(100),
  revision: z.string().min(1).max(128),
  config,
  scope,
  riskScope: name,
  orderPrefix: z.string().refine(isOrderPrefix, 'an order prefix is 1 to 20 letters or digits'),
});

const sandbox = z.number().int().nonnegative();
const ref = z.string().max(256);

/** Form alone: what does not go together is denied in the words of the trade, so that the module hears of it. */
const wish = z.strictObject({
  ref,
  provider: name,
  symbol: z.string().max(64),
  side: z.enum(['Buy', 'Sell']),
  orderType: z.enum(['Limit', 'Market', 'Stop', 'StopLimit']),
  quantity: amount,
  price: amount.nullable(),
  timeInForce: z.enum(['GTC', 'IOC', 'FOK', 'GTD']),
  postOnly: z.boolean(),
  stopPrice: amount.nullable(),
  goodTillAt: z.int().positive().nullable(),
});

export const schemas: { readonly [type: string]: Schema } = {
  Start: z.strictObject({ type: z.literal('Start') }),
  Stop: z.strictObject({ type: z.literal('Stop') }),
  Configure: z.strictObject({
    type: z.literal('Configure'),
    revision: strategyInput.shape.revision,
    config,
    scope,
  }),
  PlaceOrder: z.strictObject({ type: z.literal('PlaceOrder'), sandbox, ...wish.shape, linkedTo: ref.nullable() }),
  PlacePair: z.strictObject({ type: z.literal('PlacePair'), sandbox, orders: z.tuple([wish, wish]) }),
  AmendOrder: z.strictObject({
    type: z.literal('AmendOrder'),
    sandbox,
    clientOrderId: ref.nullable(),
    ref: ref.nullable(),
    quantity: amount.nullable(),
    price: amount.nullable(),
  }),
  CancelOrder: z.strictObject({
    type: z.literal('CancelOrder'),
    sandbox,
    clientOrderId: ref.nullable(),
    ref: ref.nullable(),
  }),
  CancelOrders: z.strictObject({
    type: z.literal('CancelOrders'),
    sandbox,
    provider: name.nullable(),
    symbol: z.string().max(64).nullable(),
  }),
  SaveState: z.strictObject({ type: z.literal('SaveState'), sandbox, state: z.json() }),
  ModuleFaulted: z.strictObject({
    type: z.literal('ModuleFaulted'),
    sandbox,
    handler: text,
    reason: text,
    fatal: z.boolean(),
  }),
};
