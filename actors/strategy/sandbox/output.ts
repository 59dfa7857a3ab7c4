// The border: text made inside QuickJS becomes decisions, or is refused. A module that bends its surroundings can
// write anything here, so nothing is believed: shapes, amounts, scope and refs are all checked again.
import { z } from 'zod';
import * as decimal from '../../market/decimal.ts';
import type { OrderType, TimeInForce } from '../../market/execution.ts';
import type { Json } from '../../runtime/message.ts';

/** One order as the module wants it. Refs are counted from 1 per incarnation. */
export interface Wish {
  readonly ref: string;
  readonly provider: string;
  readonly symbol: string;
  readonly side: 'Buy' | 'Sell';
  readonly orderType: OrderType;
  readonly quantity: string;
  readonly price: string | null;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly stopPrice: string | null;
  /** Ms since 1970. */
  readonly goodTillAt: number | null;
}

interface Named {
  readonly clientOrderId: string | null;
  readonly ref: string | null;
}

export type Decision =
  | (Wish & { readonly type: 'PlaceOrder'; readonly linkedTo: string | null })
  | { readonly type: 'PlacePair'; readonly orders: readonly [Wish, Wish] }
  | (Named & { readonly type: 'AmendOrder'; readonly quantity: string | null; readonly price: string | null })
  | (Named & { readonly type: 'CancelOrder' })
  | { readonly type: 'CancelOrders'; readonly provider: string | null; readonly symbol: string | null }
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

const named = { clientOrderId: text.nullable(), ref: text.nullable() };
const wish = z.strictObject({
  ref: text,
  provider: text,
  symbol: text,
  side: z.enum(['Buy', 'Sell']),
  orderType: z.enum(['Limit', 'Market', 'Stop', 'StopLimit']),
  quantity: amount,
  price: amount.nullable(),
  timeInForce: z.enum(['GTC', 'IOC', 'FOK', 'GTD']),
  postOnly: z.boolean(),
  stopPrice: amount.nullable(),
  goodTillAt: z.int().positive().nullable(),
});

const decisionShape = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('PlaceOrder'), ...wish.shape, linkedTo: text.nullable() }),
  z.strictObject({ type: z.literal('PlacePair'), orders: z.tuple([wish, wish]) }),
  z.strictObject({ type: z.literal('AmendOrder'), ...named, quantity: amount.nullable(), price: amount.nullable() }),
  z.strictObject({ type: z.literal('CancelOrder'), ...named }),
  z.strictObject({ type: z.literal('CancelOrders'), provider: text.nullable(), symbol: text.nullable() }),
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
    if (decision.type === 'CancelOrder' || decision.type === 'AmendOrder') checkNamed(decision);
    for (const order of wishesOf(decision)) checkOrder(order, expected, nextRef++);
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

/** The orders a decision places. */
export function wishesOf(decision: Decision): readonly Wish[] {
  if (decision.type === 'PlacePair') return decision.orders;
  return decision.type === 'PlaceOrder' ? [decision] : [];
}

function checkOrder(order: Wish, expected: Expected, ref: number): void {
  if (order.ref !== String(ref)) throw new RangeError(`ref=${order.ref}, allowed: ${ref}`);
  const { orderType, timeInForce, price, stopPrice, goodTillAt, postOnly } = order;
  const isStop = orderType === 'Stop' || orderType === 'StopLimit';
  if ((orderType === 'Limit' || orderType === 'StopLimit') !== (price !== null)) {
    throw new TypeError('a limit order has a price');
  }
  if (isStop !== (stopPrice !== null)) throw new TypeError('a stop order has a stop price');
  if ((timeInForce === 'GTD') !== (goodTillAt !== null)) throw new TypeError('a GTD order has its time');
  if (postOnly && orderType !== 'Limit') throw new TypeError('only a limit order is post-only');
  const traded = Object.hasOwn(expected.scope, order.provider) ? expected.scope[order.provider] : undefined;
  if (traded?.symbols.includes(order.symbol)) return;
  throw new RangeError(`${order.provider} ${order.symbol} is not in the scope`);
}

function checkNamed({ type, clientOrderId, ref }: Named & Pick<Decision, 'type'>): void {
  if (clientOrderId === null && ref === null) throw new TypeError(`${type} names no order`);
}

function isAmount(value: string): boolean {
  try {
    return decimal.compare(decimal.parse(value), decimal.ZERO) > 0;
  } catch {
    return false;
  }
}
