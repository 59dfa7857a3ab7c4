// An order book from a snapshot and the diffs after it. Pure: applying a diff gives a new book or says why not.
//
// Every diff covers the update ids first..final, and quantities in it are absolute. A diff that ends at or
// before the book's last id is already in it; one that begins after last + 1 leaves a hole, and the book is of
// no use any more: take a new snapshot. Rules 4 to 9 of "How to manage a local order book correctly",
// binance-spot-api-docs, web-socket-streams.md of 2023-12-04.
import { compare, type Decimal, isZero, parse } from './decimal.ts';
import type { PriceLevel } from './market-event.ts';

/** Levels kept on each side; the worst go first. A venue's snapshot has at most 5,000. */
export const LEVELS_MAX = 5_000;

export interface BookSeed {
  readonly lastId: number;
  readonly bids: readonly PriceLevel[];
  readonly asks: readonly PriceLevel[];
}

export interface BookDiff {
  readonly firstId: number;
  readonly finalId: number;
  readonly bids: readonly PriceLevel[];
  readonly asks: readonly PriceLevel[];
}

interface Level {
  readonly at: Decimal;
  readonly price: string;
  readonly quantity: string;
}

export interface OrderBook {
  readonly lastId: number;
  /** Best first: bids fall, asks rise. */
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

export type Applied =
  | { readonly outcome: 'applied'; readonly book: OrderBook }
  /** Already in the book. */
  | { readonly outcome: 'stale' }
  /** Updates between the book and the diff are missing. */
  | { readonly outcome: 'gap'; readonly expectedId: number; readonly firstId: number }
  /** The best bid would reach the best ask: updates were lost without a gap in the ids. */
  | { readonly outcome: 'crossed'; readonly bid: string; readonly ask: string };

export function bookFrom(seed: BookSeed): OrderBook {
  return { lastId: seed.lastId, bids: merge([], seed.bids, falling), asks: merge([], seed.asks, rising) };
}

export function applyDiff(book: OrderBook, diff: BookDiff): Applied {
  if (diff.finalId <= book.lastId) return { outcome: 'stale' };
  const expectedId = book.lastId + 1;
  if (diff.firstId > expectedId) return { outcome: 'gap', expectedId, firstId: diff.firstId };
  const next: OrderBook = {
    lastId: diff.finalId,
    bids: merge(book.bids, diff.bids, falling),
    asks: merge(book.asks, diff.asks, rising),
  };
  const [bid] = next.bids;
  const [ask] = next.asks;
  if (bid && ask && bid.at >= ask.at) return { outcome: 'crossed', bid: bid.price, ask: ask.price };
  return { outcome: 'applied', book: next };
}

/** The best `depth` levels of each side. */
export function topOf(book: OrderBook, depth: number): { bids: readonly PriceLevel[]; asks: readonly PriceLevel[] } {
  return { bids: book.bids.slice(0, depth).map(shown), asks: book.asks.slice(0, depth).map(shown) };
}

type Order = (left: Level, right: Level) => number;

const rising: Order = (left, right) => compare(left.at, right.at);
const falling: Order = (left, right) => compare(right.at, left.at);

/** One pass over both sorted lists; of equal prices the later one wins, and a zero quantity removes. */
function merge(levels: readonly Level[], updates: readonly PriceLevel[], order: Order): readonly Level[] {
  const changes = latest(updates).sort(order);
  const merged: Level[] = [];
  let next = 0;
  const take = (level: Level): void => {
    if (!isZero(parse(level.quantity))) merged.push(level);
  };
  for (const level of levels) {
    let replaced = false;
    for (let change = changes[next]; change && order(change, level) <= 0; change = changes[next]) {
      replaced ||= change.at === level.at;
      take(change);
      next += 1;
    }
    if (!replaced) merged.push(level);
  }
  changes.slice(next).forEach(take);
  return merged.length > LEVELS_MAX ? merged.slice(0, LEVELS_MAX) : merged;
}

function latest(updates: readonly PriceLevel[]): Level[] {
  const byPrice = new Map<Decimal, Level>();
  for (const { price, quantity } of updates) {
    const at = parse(price);
    byPrice.set(at, { at, price, quantity });
  }
  return [...byPrice.values()];
}

function shown(level: Level): PriceLevel {
  return { price: level.price, quantity: level.quantity };
}
