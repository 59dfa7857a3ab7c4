import test from 'ava';
import fc from 'fast-check';
import { compare, parse } from '../../actors/market/decimal.ts';
import type { PriceLevel } from '../../actors/market/market-event.ts';
import {
  applyDiff,
  type BookDiff,
  bookFrom,
  LEVELS_MAX,
  type OrderBook,
  topOf,
} from '../../actors/market/order-book.ts';

const level = (price: string, quantity = '1'): PriceLevel => ({ price, quantity });
const seed = {
  lastId: 100,
  bids: [level('9.5'), level('10'), level('9')],
  asks: [level('12'), level('11'), level('11.5')],
};
const diff = (firstId: number, finalId: number, bids: PriceLevel[] = [], asks: PriceLevel[] = []): BookDiff => ({
  firstId,
  finalId,
  bids,
  asks,
});
function applied(book: OrderBook, change: BookDiff): OrderBook {
  const result = applyDiff(book, change);
  if (result.outcome !== 'applied') throw new Error(`was ${result.outcome}`);
  return result.book;
}
const prices = (levels: readonly PriceLevel[]) => levels.map(({ price }) => price);

test('a book from a snapshot shows the best levels first, whatever their order was', (t) => {
  const { bids, asks } = topOf(bookFrom(seed), 2);
  t.deepEqual(bids, [level('10'), level('9.5')]);
  t.deepEqual(asks, [level('11'), level('11.5')]);
});

test('prices are compared as amounts, not as text', (t) => {
  const book = bookFrom({ lastId: 1, bids: [level('9'), level('10'), level('9.90')], asks: [] });
  t.deepEqual(prices(topOf(book, 9).bids), ['10', '9.90', '9']);
  const changed = applied(book, diff(2, 2, [level('9.9', '7')]));
  t.deepEqual(topOf(changed, 9).bids, [level('10'), level('9.9', '7'), level('9')]);
});

test('a diff sets, adds and removes levels; removing one that is not there is normal', (t) => {
  const change = diff(
    101,
    103,
    [level('10', '0'), level('9.5', '4'), level('8', '2'), level('7', '0')],
    [level('11.2')],
  );
  const { bids, asks } = topOf(applied(bookFrom(seed), change), 9);
  t.deepEqual(bids, [level('9.5', '4'), level('9'), level('8', '2')]);
  t.deepEqual(prices(asks), ['11', '11.2', '11.5', '12']);
});

test('the first diff may begin before the snapshot as long as it reaches beyond it', (t) => {
  t.is(applied(bookFrom(seed), diff(90, 101)).lastId, 101);
});

test('a diff that is in the snapshot already is stale', (t) => {
  t.deepEqual(applyDiff(bookFrom(seed), diff(99, 100, [level('10', '0')])), { outcome: 'stale' });
});

test('a diff after a hole is a gap that names both ids', (t) => {
  t.deepEqual(applyDiff(bookFrom(seed), diff(102, 105)), { outcome: 'gap', expectedId: 101, firstId: 102 });
});

test('a diff that lets the bid reach the ask is refused as crossed', (t) => {
  const outcome = applyDiff(bookFrom(seed), diff(101, 101, [level('11')]));
  t.deepEqual(outcome, { outcome: 'crossed', bid: '11', ask: '11' });
});

test('applying a diff leaves the book before it as it was', (t) => {
  const book = bookFrom(seed);
  const before = structuredClone(book);
  applied(book, diff(101, 101, [level('10', '0')], [level('11', '9')]));
  t.deepEqual(book, before);
});

test('each side keeps at most its bound, and drops the worst', (t) => {
  const bids = Array.from({ length: LEVELS_MAX + 50 }, (_, i) => level(String(i + 1)));
  const book = bookFrom({ lastId: 1, bids, asks: [] });
  t.is(book.bids.length, LEVELS_MAX);
  t.is(book.bids[0]?.price, String(LEVELS_MAX + 50));
});

test('any sequence of diffs gives the same book as a plain map of prices', (t) => {
  const side = (low: number, high: number) =>
    fc.array(fc.record({ price: fc.integer({ min: low, max: high }), quantity: fc.integer({ min: 0, max: 3 }) }), {
      maxLength: 12,
    });
  const diffs = fc.array(fc.record({ bids: side(1, 50), asks: side(51, 100) }), { maxLength: 25 });
  fc.assert(
    fc.property(diffs, (steps) => {
      let book = bookFrom({ lastId: 0, bids: [], asks: [] });
      const model = { bids: new Map<string, string>(), asks: new Map<string, string>() };
      steps.forEach((step, index) => {
        const text = (levels: typeof step.bids) => levels.map((l) => level(String(l.price), String(l.quantity)));
        book = applied(book, diff(index + 1, index + 1, text(step.bids), text(step.asks)));
        for (const name of ['bids', 'asks'] as const) {
          for (const { price, quantity } of text(step[name])) {
            if (quantity === '0') model[name].delete(price);
            else model[name].set(price, quantity);
          }
        }
      });
      const sorted = (levels: Map<string, string>, sign: number) =>
        [...levels]
          .map(([price, quantity]) => level(price, quantity))
          .sort((a, b) => sign * compare(parse(a.price), parse(b.price)));
      const all = topOf(book, 1_000);
      t.deepEqual(all.bids, sorted(model.bids, -1));
      t.deepEqual(all.asks, sorted(model.asks, 1));
    }),
    { numRuns: 300 },
  );
});
