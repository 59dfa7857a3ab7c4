// Market data of OKX over real sockets: a hole in the numbers of a book, a frame that cannot be read, a market socket
// whose peer is gone.
import test from 'ava';
import type { PriceLevel } from '../../actors/market/market-event.ts';
import { type Heard, until } from '../support/binance.ts';
import { lateness } from '../support/lateness.ts';
import { okxSession, QUICK } from '../support/okx-session.ts';

const booksOf = ({ market }: Heard) =>
  market.flatMap((event) => (event.type === 'BookSnapshot' ? [event.payload] : []));
const pairOf = ({ price, quantity }: PriceLevel) => [price, quantity] as const;
const SYMBOL = 'BTC-USDT';

test('every book that is handed on is one the venue had, also around a hole, and no loss is told', async (t) => {
  const { venue, session, listener } = await okxSession(t, { bounds: { ...QUICK, conflateMs: 350 } });
  const { feeds } = venue;
  await session.subscribe([
    { type: 'BookSnapshot', symbol: SYMBOL },
    { type: 'Trade', symbol: SYMBOL },
  ]);
  for (let hole = 0; hole < 5; hole += 1) {
    const from = booksOf(listener).length;
    await until('changes of the book', () => booksOf(listener).length > from + 1);
    const trades = listener.market.filter(({ type }) => type === 'Trade').length;
    // A change that waits to be handed on when the hole is found.
    const told = feeds.book.states.size;
    await until('a change', () => feeds.book.states.size > told);
    const lostAt = Math.max(...feeds.book.states.keys()) + 2;
    feeds.loseUpdate();
    await until('a book after the hole', () => booksOf(listener).some((one) => one.finalUpdateId > lostAt));
    t.true(listener.market.filter(({ type }) => type === 'Trade').length > trades, 'trades went on');
  }
  for (const { bids, asks, finalUpdateId } of booksOf(listener)) {
    const book = { bids: bids.map(pairOf), asks: asks.map(pairOf) };
    t.deepEqual(book, feeds.book.states.get(finalUpdateId), `${finalUpdateId}`);
  }
  t.deepEqual(listener.changes, []);
});

test('a frame of one feed that cannot be read costs that feed a moment, and the session nothing', async (t) => {
  const { venue, session, listener } = await okxSession(t);
  await session.subscribe([
    { type: 'Ticker', symbol: SYMBOL },
    { type: 'BookSnapshot', symbol: SYMBOL },
  ]);
  await until('both', () => new Set(listener.market.map(({ type }) => type)).size === 2);
  const arg = { channel: 'tickers', instId: SYMBOL };
  const ticker = { instType: 'SPOT', instId: SYMBOL, bidPx: '50000', askPx: '50000.2', ts: '-1', last: '1' };
  for (let time = 0; time < 3; time += 1) {
    venue.server.push({ arg, data: [ticker] });
    venue.server.push({ arg: { channel: 'books', instId: SYMBOL }, action: 'update', data: [null] });
    const from = listener.market.length;
    const later = () => new Set(listener.market.slice(from + 4).map(({ type }) => type));
    await until('both again', () => later().size === 2);
  }
  t.deepEqual(listener.changes, []);
});

test('a market socket that is lost is told, and so is one that comes back', async (t) => {
  const { venue, session, listener } = await okxSession(t);
  await session.subscribe([{ type: 'BookSnapshot', symbol: SYMBOL }]);
  venue.server.cut();
  await until('the reconnect', () => listener.changes.includes('connected'));
  t.is(listener.changes.length, 2);
});

test('a market socket whose peer is gone without a word is noticed within 5 s', async (t) => {
  t.timeout(60_000);
  const { venue, session, listener } = await okxSession(t, { bounds: {} });
  await session.subscribe([{ type: 'Trade', symbol: SYMBOL }]);
  const [late, stalledAt] = [lateness(), performance.now()];
  venue.server.stall('/ws/v5/public');
  await until('the loss', () => listener.changes.length > 0);
  const tookMs = performance.now() - stalledAt - late.stop();
  t.true(tookMs < 5_000, `${tookMs} ms, ${listener.changes[0]}`);
  t.regex(listener.changes[0] ?? '', /^disconnected: Trade of BTC-USDT at okx: /);
});
