// The account's trade history. Venues page it in every direction there is, so a window of time that comes back
// full is cut in two until none is: whatever end a venue leaves out, nothing is missed.
import type { Execution, VenueTrade } from '../../market/execution.ts';
import { ExchangeFault } from '../exchange.ts';
import { type Desk, readOf, unlisted } from './desk.ts';
import { asExecution, parseTrade, type ReadOrder } from './parse.ts';

/** The widest window that every venue takes. */
const DAY_MS = 86_400_000;
/** The venue's clock may be ahead of ours. */
const AHEAD_MS = 60_000;

type Priority = 'query' | 'rest';

export async function tradesSince(
  desk: Desk,
  { symbol, sinceAt }: { readonly symbol: string; readonly sinceAt: number },
  signal: AbortSignal,
): Promise<readonly VenueTrade[]> {
  const unified = desk.unifiedOf(symbol);
  if (unified === undefined) throw new ExchangeFault(unlisted(symbol), { retryable: false });
  const until = Math.ceil(desk.clock.now()) + AHEAD_MS;
  const oldest = until - desk.bounds.historyDaysMax * DAY_MS;
  const found = new Map<string, VenueTrade>();
  for (let start = Math.max(Math.floor(sinceAt), oldest); start < until; start += DAY_MS) {
    const window = { unified, start, end: Math.min(start + DAY_MS, until) - 1, priority: 'rest' as const };
    for (const trade of await within(desk, window, signal)) found.set(keyOf(trade), trade);
  }
  return [...found.values()].filter(({ tradedAt }) => tradedAt >= sinceAt).sort(byTime);
}

export async function tradesOfOrder(desk: Desk, read: ReadOrder, signal: AbortSignal): Promise<readonly Execution[]> {
  const { venueOrderId, symbol } = read.order;
  const unified = desk.unifiedOf(symbol) ?? symbol;
  if (desk.exchange.has['fetchOrderTrades'] === true) {
    const { tradesAsked, tradesFull } = desk.bounds;
    const question = () => desk.exchange.fetchOrderTrades(venueOrderId, unified, undefined, tradesAsked);
    const trades = tradesIn(desk, await readOf(desk, 'trades of an order', signal, question, { priority: 'query' }));
    if (trades.length < tradesFull) return ofOrder(trades, venueOrderId);
  }
  const sinceAt = (read.createdAt ?? read.order.updatedAt) - AHEAD_MS;
  return ofOrder(await tradesSince(desk, { symbol, sinceAt }, signal), venueOrderId);
}

interface Window {
  readonly unified: string;
  readonly start: number;
  /** Inclusive. */
  readonly end: number;
  readonly priority: Priority;
}

async function within(desk: Desk, window: Window, signal: AbortSignal): Promise<readonly VenueTrade[]> {
  const { unified, start, end, priority } = window;
  const { tradesAsked, tradesFull } = desk.bounds;
  const question = () => desk.exchange.fetchMyTrades(unified, start, tradesAsked, { until: end });
  const trades = tradesIn(desk, await readOf(desk, 'trade history', signal, question, { priority }));
  if (trades.length < tradesFull) return trades;
  if (start >= end) {
    const message = `trade history of ${unified}: ${trades.length} trades at ${start} ms, more than can be listed`;
    throw new ExchangeFault(message, { retryable: false });
  }
  const middle = Math.floor((start + end) / 2);
  const earlier = await within(desk, { ...window, end: middle }, signal);
  return [...earlier, ...(await within(desk, { ...window, start: middle + 1 }, signal))];
}

function tradesIn(desk: Desk, json: unknown): readonly VenueTrade[] {
  if (!Array.isArray(json)) throw new ExchangeFault('trade history: the answer is no list', { retryable: true });
  return json.map((one) => parseTrade(one, desk.profile));
}

function ofOrder(trades: readonly VenueTrade[], venueOrderId: string): readonly Execution[] {
  return trades.filter((trade) => trade.venueOrderId === venueOrderId).map(asExecution);
}

/** A self-trade is two entries under one id. */
function keyOf(trade: VenueTrade): string {
  return `${trade.tradeId}:${trade.venueOrderId}:${trade.side}`;
}

/** In the same millisecond by their ids: numbers as long texts, so that 9 is before 10. */
function byTime(one: VenueTrade, other: VenueTrade): number {
  if (one.tradedAt !== other.tradedAt) return one.tradedAt - other.tradedAt;
  if (one.tradeId.length !== other.tradeId.length) return one.tradeId.length - other.tradeId.length;
  return one.tradeId < other.tradeId ? -1 : Number(one.tradeId > other.tradeId);
}
