import test from 'ava';
import { ExchangeFault, type ExchangeSession } from '../../actors/exchanges/exchange.ts';
import { closeSessions, never, openAdapter } from '../support/binance.ts';
import { type FakeVenue, fakeVenue, type SeenRequest } from '../support/fake-venue.ts';

test.after.always('close what a failed test left open', closeSessions);

const ROUTE = 'GET /api/v3/myTrades';
const DAY_MS = 86_400_000;
const PAGE = 3;

interface Trade {
  readonly id: number;
  readonly time: number;
  readonly orderId?: number;
  readonly isBuyer?: boolean;
}
const json = ({ id, time, orderId = 1, isBuyer = true }: Trade) => ({
  symbol: 'BTCUSDT',
  id,
  orderId,
  price: '1.00',
  qty: '2.00',
  commission: '0',
  commissionAsset: 'BNB',
  time,
  isBuyer,
  isMaker: false,
});

/** Answers as the endpoint is documented: by order, by id, or by a window of at most a day; oldest first. */
function history(trades: readonly Trade[]) {
  return ({ parameters }: SeenRequest) => {
    const number = (name: string) => (parameters.has(name) ? Number(parameters.get(name)) : null);
    const [fromId, orderId, start, end] = [number('fromId'), number('orderId'), number('startTime'), number('endTime')];
    const limit = number('limit') ?? 500;
    if (start !== null && end !== null && end - start > DAY_MS) {
      return { status: 400, json: { code: -1127, msg: 'More than 24 hours between startTime and endTime.' } };
    }
    const matching = trades
      .filter((trade) => orderId === null || (trade.orderId ?? 1) === orderId)
      .filter((trade) => fromId === null || trade.id >= fromId)
      .filter((trade) => (start === null || trade.time >= start) && (end === null || trade.time <= end));
    const newest = fromId === null && start === null;
    return { status: 200, json: (newest ? matching.slice(-limit) : matching.slice(0, limit)).map(json) };
  };
}

async function withHistory(
  trades: readonly Trade[],
  run: (session: ExchangeSession, venue: FakeVenue) => Promise<void>,
) {
  await using venue = await fakeVenue();
  venue.stays(ROUTE, history(trades));
  const session = await openAdapter(venue.settings, undefined, { tradesPage: PAGE, tradeDaysMax: 5 });
  await run(session, venue);
  await session.close();
}
const ids = (trades: readonly { tradeId: string }[]) => trades.map(({ tradeId }) => Number(tradeId));
const asked = (venue: FakeVenue) => venue.requests.filter(({ route }) => route === ROUTE);

test('trades of some days are read window by window, each at most a day', async (t) => {
  const now = Date.now();
  const trades = [3.5, 2.5, 1.5, 0.5].map((days, index) => ({ id: index + 1, time: Math.round(now - days * DAY_MS) }));
  await withHistory(trades, async (session, venue) => {
    t.deepEqual(ids(await session.trades({ symbol: 'BTC-USDT', sinceAt: now - 3 * DAY_MS }, never)), [2, 3, 4]);
    for (const { parameters } of asked(venue)) {
      if (parameters.has('endTime'))
        t.true(Number(parameters.get('endTime')) - Number(parameters.get('startTime')) < DAY_MS);
    }
    t.false(asked(venue).at(-1)?.parameters.has('endTime'));
  });
});

test('a trade the venue dates after our clock is read too', async (t) => {
  const now = Date.now();
  await withHistory([{ id: 1, time: now + 60_000 }], async (session) => {
    t.deepEqual(ids(await session.trades({ symbol: 'BTC-USDT', sinceAt: now - 1_000 }, never)), [1]);
  });
});

test('a full window is followed by id to the end of the history, nothing missing and nothing twice', async (t) => {
  const now = Date.now();
  const trades = Array.from({ length: 20 }, (_, index) => ({
    id: index + 1,
    time: now - 2 * DAY_MS + index * 7_000_000,
  }));
  await withHistory(trades, async (session) => {
    const all = await session.trades({ symbol: 'BTC-USDT', sinceAt: now - 2 * DAY_MS }, never);
    t.deepEqual(
      ids(all),
      trades.map(({ id }) => id),
    );
  });
});

test('a self-trade split over two pages is two entries', async (t) => {
  const now = Date.now();
  const at = (id: number, orderId: number, isBuyer: boolean) => ({ id, time: now - 1_000, orderId, isBuyer });
  const trades = [at(1, 1, true), at(2, 1, true), at(3, 2, true), at(3, 3, false), at(4, 1, true)];
  await withHistory(trades, async (session) => {
    const all = await session.trades({ symbol: 'BTC-USDT', sinceAt: now - 5_000 }, never);
    t.deepEqual(
      all.map(({ tradeId, venueOrderId, side }) => `${tradeId} ${venueOrderId} ${side}`),
      ['1 1 Buy', '2 1 Buy', '3 2 Buy', '3 3 Sell', '4 1 Buy'],
    );
  });
});

test('a long time back is read from the beginning by id, and what is older is left out', async (t) => {
  const now = Date.now();
  const trades = Array.from({ length: 10 }, (_, index) => ({ id: index + 1, time: now - (100 - index * 10) * DAY_MS }));
  await withHistory(trades, async (session, venue) => {
    t.deepEqual(ids(await session.trades({ symbol: 'BTC-USDT', sinceAt: now - 55 * DAY_MS }, never)), [6, 7, 8, 9, 10]);
    t.is(asked(venue)[0]?.parameters.get('fromId'), '0');
    t.true(asked(venue).length <= 6);
  });
});

test('a server that ignores fromId does not lead round in a circle', async (t) => {
  await using venue = await fakeVenue();
  const page = [1, 2, 3].map((id) => json({ id, time: Date.now() }));
  venue.stays(ROUTE, { status: 200, json: page });
  const session = await openAdapter(venue.settings, undefined, { tradesPage: PAGE });
  t.deepEqual(ids(await session.trades({ symbol: 'BTC-USDT', sinceAt: Date.now() - 1_000 }, never)), [1, 2, 3]);
  await session.close();
});

test('a query of an order with more fills than a page brings all of them', async (t) => {
  const trades = Array.from({ length: 8 }, (_, index) => ({ id: index + 1, time: 1, orderId: 28 }));
  await withHistory([...trades, { id: 9, time: 1, orderId: 29 }], async (session, venue) => {
    const order = {
      symbol: 'BTCUSDT',
      orderId: 28,
      clientOrderId: 'm1order1',
      price: '1',
      origQty: '16',
      executedQty: '16',
      status: 'FILLED',
      side: 'BUY',
      time: 1,
      updateTime: 1,
    };
    venue.stays('GET /api/v3/order', { status: 200, json: order });
    const outcome = await session.query({ clientOrderId: 'm1order1', symbol: 'BTC-USDT' }, never);
    t.deepEqual(outcome.outcome === 'found' ? ids(outcome.executions) : [], [1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

test('a history that cannot be read is a fault, not an empty one', async (t) => {
  await using venue = await fakeVenue();
  venue.stays(ROUTE, { status: 200, json: { not: 'a list' } });
  const session = await openAdapter(venue.settings);
  const request = { symbol: 'BTC-USDT', sinceAt: Date.now() };
  await t.throwsAsync(session.trades(request, never), { instanceOf: ExchangeFault, message: /^trades: / });
  await t.throwsAsync(session.trades({ ...request, symbol: 'XRP-USDT' }, never), { instanceOf: ExchangeFault });
  await session.close();
});
