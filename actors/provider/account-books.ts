// The account against the ledger, as a look sees it: which assets differ, how much of that trades on their way can
// account for, and in which symbols a trade may have been missed that nobody watches.
//
// A venue reads an account as it was a moment ago, so what is on its way there are its newest trades together. Our
// books get their executions one by one: any of those they did not have may be on its way to them.
import { add, type Decimal, format, isZero, max, min, mul, ONE, parse, sub } from '../market/decimal.ts';
import type { VenueTrade } from '../market/execution.ts';
import type { Eyes, Trades } from './account-trades.ts';
import { LOST_SYMBOLS_MAX } from './bounds.ts';
import type { AssetDifference, BalanceSeen } from './messages.ts';

/** By asset, what the account holds beyond what the ledger says. */
export type Differing = ReadonlyMap<string, Decimal>;

export async function differing(name: string, { books }: Eyes, balances: readonly BalanceSeen[]): Promise<Differing> {
  const off = new Map<string, Decimal>();
  for (const { asset, available, locked } of balances) off.set(asset, add(parse(available), parse(locked)));
  for (const { asset, available, locked } of await books.ledger(name)) {
    off.set(asset, sub(off.get(asset) ?? 0n, add(parse(available), parse(locked))));
  }
  return new Map([...off].filter(([, amount]) => !isZero(amount)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Symbols nobody asked for, in which a trade would explain what differs: a trade moves both of their assets. Where
 * there are more than a round asks for, each begins elsewhere.
 */
export function lostSymbols(off: Differing, { everListed }: Eyes, trades: Trades, round: number): readonly string[] {
  const names = [...off.keys()];
  const pairs = names.flatMap((base) => names.map((quote) => `${base}-${quote}`));
  const lost = pairs.filter((symbol) => everListed.has(symbol) && !trades.wasAsked(symbol));
  const first = lost.length <= LOST_SYMBOLS_MAX ? 0 : (round * LOST_SYMBOLS_MAX) % lost.length;
  return [...lost.slice(first), ...lost.slice(0, first)].slice(0, LOST_SYMBOLS_MAX);
}

export async function describeDifferences(
  off: Differing,
  trades: Trades,
  isFirst: boolean,
): Promise<readonly AssetDifference[]> {
  const recent = isFirst || off.size === 0 ? [] : await trades.recent();
  return [...off].map(([asset, amount]) => {
    const moves = recent.filter(({ symbol, feeAsset }) => feeAsset === asset || symbol.split('-').includes(asset));
    // A fee that the venue has not told yet may be in any asset.
    const isUnsure = recent.some((trade) => trade.fee === null && !moves.includes(trade));
    const told = { asset, amount: format(amount), isBusy: moves.length > 0 };
    if (isUnsure) return { ...told, least: format(min(0n, amount)), most: format(max(0n, amount)) };
    if (moves.length === 0) return told;
    const { from, to } = onTheWay(asset, moves, trades);
    return { ...told, least: format(sub(amount, to)), most: format(sub(amount, from)) };
  });
}

interface Range {
  readonly from: Decimal;
  readonly to: Decimal;
}

/** Between which amounts the account can be ahead of our books for trades that are on their way to either. */
function onTheWay(asset: string, recent: readonly VenueTrade[], trades: Trades): Range {
  const moves = recent
    .map((trade) => ({ at: trade.tradedAt, isBooked: trades.isBooked(trade), range: moveOf(trade, asset) }))
    .toSorted((a, b) => b.at - a.at);
  // 1. Not in the account yet: its newest trades. Of those of one moment nobody knows the order.
  let low = 0n;
  let high = 0n;
  let least = 0n;
  let most = 0n;
  for (const group of Map.groupBy(moves, ({ at }) => at).values()) {
    const lowest = group.reduce((sum, { range }) => add(sum, min(0n, range.from)), low);
    const highest = group.reduce((sum, { range }) => add(sum, max(0n, range.to)), high);
    least = min(least, lowest);
    most = max(most, highest);
    low = group.reduce((sum, { range }) => add(sum, range.from), low);
    high = group.reduce((sum, { range }) => add(sum, range.to), high);
  }
  // 2. Not in our books yet.
  const unbooked = moves.filter(({ isBooked }) => !isBooked);
  const lost = unbooked.reduce((sum, { range }) => add(sum, min(0n, range.from)), 0n);
  const gained = unbooked.reduce((sum, { range }) => add(sum, max(0n, range.to)), 0n);
  return { from: sub(lost, most), to: sub(gained, least) };
}

/** A fee that is not known yet is at most this share of what was traded. */
const FEE_MAX = ONE / 50n;

/** What a trade adds to an asset of the account. */
function moveOf({ symbol, side, quantity, price, fee, feeAsset }: VenueTrade, asset: string): Range {
  const [base, quote] = symbol.split('-');
  const turn = side === 'Buy' ? 1n : -1n;
  const amount = parse(quantity);
  let moved = 0n;
  if (asset === base) moved = add(moved, turn * amount);
  if (asset === quote) moved = sub(moved, turn * mul(amount, parse(price)));
  const unknown = fee === null ? mul(max(moved, -moved), FEE_MAX) : 0n;
  if (fee !== null && feeAsset === asset) moved = sub(moved, parse(fee));
  return { from: sub(moved, unknown), to: add(moved, unknown) };
}
