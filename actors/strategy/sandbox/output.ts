// The border: text made inside QuickJS becomes decisions, or is refused. A module that bends its surroundings can
// write anything here, so nothing is believed: shapes, amounts, scope and refs are all checked again.
import { z } from 'zod';
import * as decimal from '../../market/decimal.ts';
import type { Json } from '../../runtime/message.ts';

export type Decision =
  | {
      readonly type: 'PlaceOrder';
      /** Counted from 1 per incarnation. */
      readonly ref: string;
      readonly provider: string;
      readonly symbol: string;
      readonly side: 'Buy' | 'Sell';
      readonly orderType: 'Limit' | 'Market';
      readonly quantity: string;
      readonly price: string | null;
      readonly timeInForce: 'GTC' | 'IOC' | 'FOK';
      readonly postOnly: boolean;
    }
  | { readonly type: 'CancelOrder'; readonly clientOrderId: string | null; readonly ref: string | null }
  | { readonly type: 'SaveState'; readonly state: Json };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface Output {
  readonly value: unknown;
  readonly decisions: readonly Decision[];
  readonly logs: readonly (readonly [LogLevel, string])[];
  readonly logsDropped: number;
  readonly fault: {
    readonly handler: string;
    readonly name: string;
    readonly message: string;
    readonly line: number | null;
    readonly column: number | null;
  } | null;
}

/** What the instance may decide about, and which ref comes next. */
export interface Expected {
  readonly scope: { readonly [provider: string]: { readonly symbols: readonly string[] } };
  readonly nextRef: number;
  readonly decisionsPerCall: number;
  readonly stateChars: number;
}

const JSON_DEPTH_MAX = 32;
const amount = z.string().max(40).refine(isAmount, 'is no decimal above 0');
const text = z.string().max(256);

const decisionShape = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('PlaceOrder'),
    ref: text,
    provider: text,
    symbol: text,
    side: z.enum(['Buy', 'Sell']),
    orderType: z.enum(['Limit', 'Market']),
    quantity: amount,
    price: amount.nullable(),
    timeInForce: z.enum(['GTC', 'IOC', 'FOK']),
    postOnly: z.boolean(),
  }),
  z.strictObject({ type: z.literal('CancelOrder'), clientOrderId: text.nullable(), ref: text.nullable() }),
  z.strictObject({ type: z.literal('SaveState'), state: z.string() }),
]);

const outputShape = z.strictObject({
  value: z.unknown(),
  decisions: z.array(decisionShape),
  logs: z.array(z.tuple([z.enum(['debug', 'info', 'warn', 'error']), z.string()])),
  logsDropped: z.number().int().nonnegative(),
  fault: z
    .strictObject({
      handler: text,
      name: z.string(),
      message: z.string(),
      line: z.int().nullable(),
      column: z.int().nullable(),
    })
    .nullable(),
});

/** Throws with one sentence when the text is not what the prelude writes. */
export function readOutput(json: string, expected: Expected): Output {
  const read = outputShape.safeParse(JSON.parse(json));
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new TypeError(`${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { decisions } = read.data;
  if (decisions.length > expected.decisionsPerCall) throw new RangeError(`${decisions.length} decisions in one call`);
  let nextRef = expected.nextRef;
  const checked = decisions.map((decision): Decision => {
    if (decision.type === 'SaveState') return { ...decision, state: readState(decision.state, expected.stateChars) };
    if (decision.type === 'CancelOrder') checkCancel(decision);
    if (decision.type === 'PlaceOrder') checkOrder(decision, expected, nextRef++);
    return decision;
  });
  return { ...read.data, decisions: checked };
}

/** State goes to the database and back into programs: no key may name a prototype, and no depth may be endless. */
function readState(json: string, charsMax: number): Json {
  if (json.length > charsMax) throw new RangeError(`state has ${json.length} characters, allowed: up to ${charsMax}`);
  const state = JSON.parse(json) as Json;
  refuseOddJson(state, 0);
  return state;
}

function refuseOddJson(value: Json, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth >= JSON_DEPTH_MAX) throw new RangeError(`state is nested deeper than ${JSON_DEPTH_MAX}`);
  if (Object.hasOwn(value, '__proto__')) throw new TypeError('state has a key named __proto__');
  for (const inner of Object.values(value)) refuseOddJson(inner, depth + 1);
}

function checkOrder(order: Extract<Decision, { type: 'PlaceOrder' }>, expected: Expected, ref: number): void {
  if (order.ref !== String(ref)) throw new RangeError(`ref=${order.ref}, allowed: ${ref}`);
  if ((order.orderType === 'Limit') !== (order.price !== null)) throw new TypeError('a limit order has a price');
  const traded = Object.hasOwn(expected.scope, order.provider) ? expected.scope[order.provider] : undefined;
  if (traded?.symbols.includes(order.symbol)) return;
  throw new RangeError(`${order.provider} ${order.symbol} is not in the scope`);
}

function checkCancel({ clientOrderId, ref }: Extract<Decision, { type: 'CancelOrder' }>): void {
  if (clientOrderId === null && ref === null) throw new TypeError('a cancel names an order');
}

function isAmount(value: string): boolean {
  try {
    return decimal.compare(decimal.parse(value), decimal.ZERO) > 0;
  } catch {
    return false;
  }
}
