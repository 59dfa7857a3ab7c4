// The border for the sockets: user data events and market streams. Pure; throws Unreadable.
import { z } from 'zod';
import type { Execution, ExecutionRef, VenueOrder } from '../../market/execution.ts';
import type { MarketEvent } from '../../market/market-event.ts';
import type { BookDiff } from '../../market/order-book.ts';
import type { OrderReport, VenueBalance } from '../exchange.ts';
import { readAs, Unreadable } from '../wire/read-as.ts';
import {
  amount,
  expectValue,
  expectWithin,
  positiveAmount,
  reason,
  signedAmount,
  text,
  time,
} from '../wire/readable.ts';
import { type Canonical, extrasOf, id, levels, priceOf, side, statusOf } from './parse.ts';

const report = z.object({
  s: text,
  c: text,
  C: z.union([text, z.literal('')]).nullish(),
  S: side,
  o: z.string().default(''),
  q: amount,
  p: amount,
  P: amount.optional(),
  x: z.string(),
  X: z.string(),
  r: reason.default('NONE'),
  i: id,
  l: amount,
  z: amount,
  Z: signedAmount.optional(),
  L: amount,
  n: signedAmount.nullish(),
  N: z.union([text, z.literal('')]).nullish(),
  T: time,
  t: z.int(),
  I: z.int().optional(),
  m: z.boolean(),
  w: z.boolean().default(false),
  bt: z.int().nonnegative().optional(),
  eR: z.union([z.int(), reason]).optional(),
});
type Report = z.output<typeof report>;

export function parseReport(json: unknown, account: string, canonical: Canonical): OrderReport {
  const event = readAs(report, json, 'executionReport');
  const order: VenueOrder = {
    // On a cancel `c` names the cancel itself and `C` the order it was for.
    clientOrderId: event.C ? event.C : event.c,
    venueOrderId: event.i,
    symbol: canonical(event.s),
    side: event.S,
    status: statusOf(event.X, event.o, event.w),
    rawStatus: event.X,
    quantity: event.q,
    price: priceOf(event.p),
    filledQuantity: event.z,
    ...extrasOf(event.o, event.P, event.Z),
    updatedAt: event.T,
  };
  const busted = bustedBy(event);
  const execution = FILLS.has(event.x) ? executionOf(event) : null;
  expectValue('executionReport', order.quantity, order.price);
  if (execution) expectWithin('executionReport', [execution], order.filledQuantity);
  return {
    reportId: reportIdOf(event, account, order),
    order,
    execution,
    ...(busted && { busted }),
    reason: reasonOf(event),
  };
}

/**
 * TRADE_BUST takes the trade `t` back; TRADE_CORRECT puts the trade `t` in the place of `bt`. Binance Spot has neither:
 * the paper venue sends them, so that what is done about a trade that is taken back can be tried at all.
 */
const FILLS: ReadonlySet<string> = new Set(['TRADE', 'TRADE_CORRECT']);

function bustedBy({ x, t, bt, i }: Report): ExecutionRef | null {
  if (x !== 'TRADE_BUST' && x !== 'TRADE_CORRECT') return null;
  const trade = x === 'TRADE_BUST' ? t : (bt ?? -1);
  if (trade < 0) throw new Unreadable(`executionReport: ${x} of order ${i} names no trade`);
  return { tradeId: String(trade), venueOrderId: i };
}

/** `I` is the venue's execution id; older servers leave it out, and then these numbers tell reports apart. */
function reportIdOf(event: Report, account: string, order: VenueOrder): string {
  const execution = event.I === undefined ? `${event.x}-${event.t}-${event.z}-${event.T}` : String(event.I);
  return `${account}:${order.symbol}:${order.venueOrderId}:${execution}`;
}

function executionOf(event: Report): Execution {
  if (event.t < 0) throw new Unreadable(`executionReport: a trade of order ${event.i} has no trade id`);
  if (event.l === '0' || event.L === '0') throw new Unreadable(`executionReport: trade ${event.t} is of nothing`);
  const charged = event.n !== undefined && event.n !== null && Boolean(event.N);
  return {
    tradeId: String(event.t),
    venueOrderId: event.i,
    quantity: event.l,
    price: event.L,
    fee: charged ? (event.n ?? null) : null,
    feeAsset: charged ? (event.N ?? null) : null,
    liquidity: event.m ? 'maker' : 'taker',
    tradedAt: event.T,
  };
}

function reasonOf(event: Report): string | null {
  if (event.r !== 'NONE' && event.r !== '') return event.r;
  if (event.x === 'TRADE_PREVENTION') return 'self-trade prevention';
  return event.eR === undefined ? null : `expiry reason ${event.eR}`;
}

const position = z.object({ u: time, B: z.array(z.object({ a: text, f: signedAmount, l: signedAmount })) });

export function parsePosition(json: unknown): readonly VenueBalance[] {
  const { u, B } = readAs(position, json, 'outboundAccountPosition');
  return B.map(({ a, f, l }) => ({ asset: a, available: f, locked: l, observedAt: u }));
}

const trade = z.object({ t: id, p: positiveAmount, q: positiveAmount, T: time, m: z.boolean() });

/** The taker's side: when the buyer made the price, somebody sold into it. */
export function parseTradeEvent(json: unknown, provider: string, symbol: string): MarketEvent {
  const { t, p, q, T, m } = readAs(trade, json, 'trade');
  const payload = { tradeId: t, side: m ? 'Sell' : 'Buy', price: p, quantity: q, timestamp: T } as const;
  return { type: 'Trade', provider, symbol, payload };
}

const ticker = z.object({ E: time, c: amount, b: amount, a: amount, v: amount });
const bookTicker = z.object({ b: amount, a: amount });

export interface DayTicker {
  readonly lastPrice: string;
  readonly bidPrice: string;
  readonly askPrice: string;
  readonly volume24h: string;
  readonly timestamp: number;
}

export function parseDayTicker(json: unknown): DayTicker {
  const { E, c, b, a, v } = readAs(ticker, json, '24hrTicker');
  return { lastPrice: c, bidPrice: b, askPrice: a, volume24h: v, timestamp: E };
}

export function parseBookTicker(json: unknown): { readonly bidPrice: string; readonly askPrice: string } {
  const { b, a } = readAs(bookTicker, json, 'bookTicker');
  return { bidPrice: b, askPrice: a };
}

const depthUpdate = z.object({ E: time, U: time, u: time, b: levels, a: levels });

export function parseDepthUpdate(json: unknown): { readonly diff: BookDiff; readonly at: number } {
  const { E, U, u, b, a } = readAs(depthUpdate, json, 'depthUpdate');
  return { diff: { firstId: U, finalId: u, bids: b, asks: a }, at: E };
}

const kline = z.object({ k: z.object({ t: time, T: time, o: amount, c: amount, h: amount, l: amount, v: amount }) });

export function parseKline(json: unknown, provider: string, symbol: string): MarketEvent {
  const { k } = readAs(kline, json, 'kline');
  const payload = {
    openPrice: k.o,
    closePrice: k.c,
    highPrice: k.h,
    lowPrice: k.l,
    volume: k.v,
    openTime: k.t,
    closeTime: k.T,
  };
  return { type: 'KlineSummary', provider, symbol, payload };
}
