// The account's trade history, page by page. A page begins at the last trade id of the one before and not after
// it: a self-trade is two entries under one id, and a page may end between them.
import type { Execution, VenueTrade } from '../../market/execution.ts';
import { ExchangeFault } from '../exchange.ts';
import type { Priority } from '../wire/limiter.ts';
import { Unreadable } from '../wire/read-as.ts';
import { type Desk, unlisted } from './desk.ts';
import { parseTrades } from './parse.ts';
import type { Parameters } from './sign.ts';

const DAY_MS = 86_400_000;

export async function tradesOfOrder(
  desk: Desk,
  venueSymbol: string,
  venueOrderId: string,
  signal: AbortSignal,
): Promise<readonly Execution[]> {
  const of: Parameters = [
    ['symbol', venueSymbol],
    ['orderId', venueOrderId],
  ];
  const recent = await page(desk, of, 'query', signal);
  // Without a trade id the venue gives the newest: a full page has lost the oldest.
  const full = recent.length >= desk.tradesPage;
  const first = full ? await page(desk, [...of, ['fromId', '0']], 'query', signal) : recent;
  const trades = await following(desk, of, first, 'query', signal);
  return trades.filter((trade) => trade.venueOrderId === venueOrderId).map(asExecution);
}

/**
 * Everything at or after `sinceAt`, oldest first. A window of startTime and endTime is at most a day
 * (rest-api.md, "Account trade list"); when one is full, trade ids lead on from there to the end.
 */
export async function tradesSince(
  desk: Desk,
  { symbol, sinceAt }: { readonly symbol: string; readonly sinceAt: number },
  signal: AbortSignal,
): Promise<readonly VenueTrade[]> {
  const venueSymbol = desk.venueSymbolOf(symbol);
  if (venueSymbol === undefined) throw new ExchangeFault(unlisted(symbol), { retryable: false });
  const of: Parameters = [['symbol', venueSymbol]];
  const now = desk.clock.now();
  if (now - sinceAt > desk.tradeDaysMax * DAY_MS) {
    const first = await page(desk, [...of, ['fromId', '0']], 'rest', signal);
    return (await following(desk, of, first, 'rest', signal)).filter((trade) => trade.tradedAt >= sinceAt);
  }
  const found: VenueTrade[] = [];
  for (let start = Math.max(0, Math.floor(sinceAt)); start <= now; start += DAY_MS) {
    // The last window has no end: the venue's clock may be ahead of ours.
    const end: Parameters = start + DAY_MS > now ? [] : [['endTime', String(start + DAY_MS - 1)]];
    const window = await page(desk, [...of, ['startTime', String(start)], ...end], 'rest', signal);
    found.push(...window);
    if (window.length >= desk.tradesPage) return following(desk, of, found, 'rest', signal);
  }
  return found;
}

/** `trades` and all that come after them, asked for by id until a page is not full. */
async function following(
  desk: Desk,
  of: Parameters,
  trades: readonly VenueTrade[],
  priority: Priority,
  signal: AbortSignal,
): Promise<readonly VenueTrade[]> {
  const all = new Map(trades.map((trade) => [keyOf(trade), trade]));
  let size = trades.length >= desk.tradesPage ? desk.tradesPage : 0;
  let last = trades.at(-1);
  while (last && size >= desk.tradesPage) {
    const next = await page(desk, [...of, ['fromId', last.tradeId]], priority, signal);
    const before = all.size;
    for (const trade of next) all.set(keyOf(trade), trade);
    // A server that ignores fromId would lead round in a circle.
    if (all.size === before) break;
    size = next.length;
    last = next.at(-1);
  }
  return [...all.values()];
}

async function page(
  desk: Desk,
  of: Parameters,
  priority: Priority,
  signal: AbortSignal,
): Promise<readonly VenueTrade[]> {
  const json = await desk.rest.getMyTrades([...of, ['limit', String(desk.tradesPage)]], priority, signal);
  const trades = parseTrades(json, desk.canonical);
  const [, venueSymbol = ''] = of.find(([name]) => name === 'symbol') ?? [];
  const other = trades.find(({ symbol }) => symbol !== desk.canonical(venueSymbol));
  if (other) throw new Unreadable(`trades: of ${other.symbol}, asked for ${venueSymbol}`);
  return trades;
}

function keyOf(trade: VenueTrade): string {
  return `${trade.tradeId}:${trade.venueOrderId}:${trade.side}`;
}

function asExecution({ symbol: _symbol, side: _side, ...execution }: VenueTrade): Execution {
  return execution;
}
