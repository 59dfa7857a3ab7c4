import test from 'ava';
import { ExchangeFault } from '../../actors/exchanges/exchange.ts';
import type { MarketEvent } from '../../actors/market/market-event.ts';
import { closeSessions, type Heard, heard, openAdapter, until } from '../support/binance.ts';
import { type FakeVenue, fakeVenue, SYMBOL } from '../support/fake-venue.ts';
import { fields } from '../support/fixture.ts';

test.after.always('close what a failed test left open', closeSessions);

const DEPTH = 'GET /api/v3/depth';
const STREAM = 'btcusdt@depth@100ms';
const BOOK = [{ type: 'BookSnapshot', symbol: 'BTC-USDT' }] as const;
const snapshot = (lastUpdateId: number, bids: string[][], asks: string[][]) => ({
  status: 200,
  json: { lastUpdateId, bids, asks },
});
const diff = (U: number, u: number, b: string[][] = [], a: string[][] = []) => ({
  e: 'depthUpdate',
  E: 5_000 + u,
  s: 'BTCUSDT',
  U,
  u,
  b,
  a,
});
const subscribed = (venue: FakeVenue) =>
  venue.marketFrames.filter(({ method }) => method === 'SUBSCRIBE').flatMap(({ params }) => params);

type Book = Extract<MarketEvent, { type: 'BookSnapshot' }>;
const books = (listener: Heard) => listener.market.filter((event): event is Book => event.type === 'BookSnapshot');
const lastBook = (listener: Heard) => books(listener).at(-1)?.payload;

async function opened(bounds: Parameters<typeof openAdapter>[2] = {}) {
  const venue = await fakeVenue({ provider: 'p1' });
  const listener = heard();
  const session = await openAdapter(venue.settings, listener, { conflateMs: 5, ...bounds }).catch(
    async (error: unknown): Promise<never> => {
      await venue.close();
      throw error;
    },
  );
  return {
    venue,
    listener,
    session,
    [Symbol.asyncDispose]: async () => {
      await session.close();
      await venue.close();
    },
  };
}

test('feeds become streams, asked for as a set: only what differs is sent', async (t) => {
  await using at = await opened();
  const trade = { type: 'Trade', symbol: 'BTC-USDT' } as const;
  await at.session.subscribe([trade, { type: 'Ticker', symbol: 'BTC-USDT' }, trade]);
  await at.session.subscribe([trade, { type: 'KlineSummary', symbol: 'BTC-USDT' }]);
  await at.session.subscribe([trade, { type: 'KlineSummary', symbol: 'BTC-USDT' }]);
  t.deepEqual(
    at.venue.marketFrames.map(({ method, params }) => [method, ...params]),
    [
      ['SUBSCRIBE', 'btcusdt@trade', 'btcusdt@ticker', 'btcusdt@bookTicker'],
      ['UNSUBSCRIBE', 'btcusdt@ticker', 'btcusdt@bookTicker'],
      ['SUBSCRIBE', 'btcusdt@kline_1m'],
    ],
  );
});

test('a symbol the venue does not list is refused before anything changes', async (t) => {
  await using at = await opened();
  await at.session.subscribe([{ type: 'Trade', symbol: 'BTC-USDT' }]);
  const fault = await t.throwsAsync(at.session.subscribe([{ type: 'Trade', symbol: 'XRP-USDT' }]), {
    instanceOf: ExchangeFault,
  });
  t.is(fault?.message, 'symbol=XRP-USDT, allowed: an instrument the venue lists');
  t.false(fault?.retryable);
  at.venue.toMarket('btcusdt@trade', fields('binance', 'stream-trade'));
  await until('a trade', () => at.listener.market.length === 1);
  t.is(at.venue.marketFrames.length, 1);
});

test('many streams are asked for in messages the venue takes', async (t) => {
  await using venue = await fakeVenue();
  const bases = Array.from({ length: 250 }, (_, index) => `C${index}`);
  const symbols = bases.map((base) => ({ ...SYMBOL, symbol: `${base}USDT`, baseAsset: base }));
  venue.stays('GET /api/v3/exchangeInfo', { status: 200, json: { rateLimits: [], symbols } });
  const session = await openAdapter(venue.settings, heard(), { controlEveryMs: 50 });
  const startedAt = Date.now();
  await session.subscribe(bases.map((base) => ({ type: 'Trade', symbol: `${base}-USDT` }) as const));
  t.true(Date.now() - startedAt >= 140);
  t.deepEqual(
    venue.marketFrames.map(({ params }) => params.length),
    [100, 100, 50],
  );
  await session.close();
});

test('subscriptions are asked for again after a reconnect, and until they hold', async (t) => {
  await using at = await opened();
  await at.session.subscribe([{ type: 'Trade', symbol: 'BTC-USDT' }]);
  at.venue.marketReplies.push('refuse', 'refuse');
  at.venue.cut('market');
  await until('the reconnect', () => at.listener.changes.includes('connected'));
  t.is(subscribed(at.venue).length, 4);
  at.venue.toMarket('btcusdt@trade', fields('binance', 'stream-trade'));
  await until('a trade', () => at.listener.market.length === 1);
});

test('a subscription asked for while the connection is away is confirmed when it is back', async (t) => {
  await using at = await opened();
  at.venue.refuseUpgrades(true);
  at.venue.cut('market');
  await until('the disconnect', () => at.listener.changes.length === 1);
  let held = false;
  const holding = at.session.subscribe([{ type: 'Trade', symbol: 'BTC-USDT' }]).then(() => {
    held = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.false(held);
  at.venue.refuseUpgrades(false);
  await holding;
  t.deepEqual(subscribed(at.venue), ['btcusdt@trade']);
});

test('a subscription changed right after another one was confirmed is not forgotten', async (t) => {
  await using at = await opened();
  for (let round = 0; round < 20; round += 1) {
    await at.session.subscribe([{ type: 'Trade', symbol: 'BTC-USDT' }]);
    await at.session.subscribe([]);
  }
  t.is(at.venue.marketFrames.length, 40);
});

test("trades, klines and tickers are handed on with the provider's name", async (t) => {
  await using at = await opened();
  await at.session.subscribe(
    (['Trade', 'KlineSummary', 'Ticker'] as const).map((type) => ({ type, symbol: 'BTC-USDT' })),
  );
  at.venue.toMarket('btcusdt@trade', fields('binance', 'stream-trade'));
  at.venue.toMarket('btcusdt@kline_1m', fields('binance', 'stream-kline'));
  at.venue.toMarket('btcusdt@bookTicker', fields('binance', 'stream-book-ticker'));
  at.venue.toMarket('btcusdt@ticker', fields('binance', 'stream-ticker'));
  await until('three events', () => at.listener.market.length === 3);
  t.deepEqual(
    at.listener.market.map(({ type, provider, symbol }) => [type, provider, symbol]),
    [
      ['Trade', 'p1', 'BTC-USDT'],
      ['KlineSummary', 'p1', 'BTC-USDT'],
      ['Ticker', 'p1', 'BTC-USDT'],
    ],
  );
  at.venue.toMarket('btcusdt@bookTicker', fields('binance', 'stream-book-ticker'));
  await until('a fresher ticker', () => at.listener.market.length === 4);
  t.like(at.listener.market[3], {
    type: 'Ticker',
    payload: { lastPrice: '0.0025', bidPrice: '25.3519', askPrice: '25.3652' },
  });
});

test('best prices that change a hundred times are handed on a few times, the last one among them', async (t) => {
  await using at = await opened({ conflateMs: 100 });
  await at.session.subscribe([{ type: 'Ticker', symbol: 'BTC-USDT' }]);
  at.venue.toMarket('btcusdt@ticker', fields('binance', 'stream-ticker'));
  for (let n = 1; n <= 100; n += 1) {
    at.venue.toMarket('btcusdt@bookTicker', {
      ...fields('binance', 'stream-book-ticker'),
      b: `25.${String(n).padStart(3, '0')}`,
    });
  }
  await until('the last one', () => JSON.stringify(at.listener.market.at(-1) ?? '').includes('"25.1"'));
  t.true(at.listener.market.length <= 10, `${at.listener.market.length} tickers`);
});

test('a book is the snapshot with the later diffs on top, and says between which ids', async (t) => {
  await using at = await opened();
  at.venue.script(DEPTH, [
    () => {
      // Diffs on both sides of the snapshot, sent while it is on its way.
      at.venue.toMarket(STREAM, diff(95, 99, [['59000', '9']]));
      at.venue.toMarket(STREAM, diff(100, 102, [['60000', '2']]));
      return snapshot(
        100,
        [
          ['60000.00', '1'],
          ['59999.00', '1'],
        ],
        [['60001.00', '1']],
      );
    },
  ]);
  await at.session.subscribe(BOOK);
  await until('both', () => lastBook(at.listener)?.finalUpdateId === 102);
  at.venue.toMarket(
    STREAM,
    diff(
      103,
      104,
      [['60000.50', '3']],
      [
        ['60001', '0'],
        ['60002', '4'],
      ],
    ),
  );
  await until('the live diff', () => lastBook(at.listener)?.finalUpdateId === 104);
  t.deepEqual(lastBook(at.listener), {
    bids: [
      { price: '60000.5', quantity: '3' },
      { price: '60000', quantity: '2' },
      { price: '59999', quantity: '1' },
    ],
    asks: [{ price: '60002', quantity: '4' }],
    checksum: '',
    lastUpdate: 5_104,
    firstUpdateId: 103,
    finalUpdateId: 104,
  });
});

test('a quiet market has a book too', async (t) => {
  await using at = await opened();
  at.venue.stays(DEPTH, snapshot(7, [['1', '1']], [['2', '1']]));
  await at.session.subscribe(BOOK);
  await until('a book', () => lastBook(at.listener)?.finalUpdateId === 7);
  t.pass();
});

test('a hole in the ids throws the book away and begins with a new snapshot', async (t) => {
  await using at = await opened();
  at.venue.script(DEPTH, [
    snapshot(100, [['60000', '1']], [['60001', '1']]),
    snapshot(120, [['50000', '1']], [['50001', '1']]),
  ]);
  await at.session.subscribe(BOOK);
  await until('a book', () => books(at.listener).length === 1);
  at.venue.toMarket(STREAM, diff(105, 121, [['50000.5', '1']]));
  await until('a new book', () => lastBook(at.listener)?.finalUpdateId === 121);
  t.deepEqual(
    lastBook(at.listener)?.bids.map(({ price }) => price),
    ['50000.5', '50000'],
  );
  t.is(at.venue.requests.filter(({ route }) => route === DEPTH).length, 2);
});

test('a snapshot older than the first diff is asked for again', async (t) => {
  await using at = await opened();
  at.venue.script(DEPTH, [
    () => {
      at.venue.toMarket(STREAM, diff(150, 151, [['3', '1']]));
      return snapshot(100, [['1', '1']], [['9', '1']]);
    },
    { status: 500, text: '' },
    snapshot(149, [['2', '1']], [['9', '1']]),
  ]);
  await at.session.subscribe(BOOK);
  await until('a book', () => lastBook(at.listener)?.finalUpdateId === 151);
  t.true(books(at.listener).every(({ payload }) => payload.finalUpdateId !== 100 || payload.bids.length === 1));
  t.deepEqual(
    lastBook(at.listener)?.bids.map(({ price }) => price),
    ['3', '2'],
  );
});

test('a book that crosses itself is not shown, and begins anew', async (t) => {
  await using at = await opened();
  at.venue.script(DEPTH, [snapshot(1, [['10', '1']], [['11', '1']]), snapshot(2, [['12', '1']], [['13', '1']])]);
  await at.session.subscribe(BOOK);
  await until('a book', () => books(at.listener).length === 1);
  at.venue.toMarket(STREAM, diff(2, 2, [['12', '1']]));
  await until('a new book', () => lastBook(at.listener)?.finalUpdateId === 2);
  for (const { payload } of books(at.listener)) t.true(Number(payload.bids[0]?.price) < Number(payload.asks[0]?.price));
});

test('duplicate diffs change nothing', async (t) => {
  await using at = await opened();
  at.venue.stays(DEPTH, snapshot(1, [['10', '1']], [['11', '1']]));
  await at.session.subscribe(BOOK);
  await until('a book', () => books(at.listener).length === 1);
  for (const one of [diff(2, 3, [['9', '2']]), diff(2, 3, [['9', '7']]), diff(4, 4, [['8', '1']])])
    at.venue.toMarket(STREAM, one);
  await until('the last diff', () => lastBook(at.listener)?.finalUpdateId === 4);
  t.deepEqual(lastBook(at.listener)?.bids[1], { price: '9', quantity: '2' });
  t.is(at.venue.requests.filter(({ route }) => route === DEPTH).length, 1);
});

test('after a reconnect the book begins anew, for what came in between is lost', async (t) => {
  await using at = await opened();
  at.venue.script(DEPTH, [snapshot(1, [['10', '1']], [['11', '1']]), snapshot(50, [['20', '1']], [['21', '1']])]);
  await at.session.subscribe(BOOK);
  await until('a book', () => books(at.listener).length === 1);
  at.venue.cut('market');
  await until('a new book', () => lastBook(at.listener)?.finalUpdateId === 50);
  t.deepEqual(lastBook(at.listener)?.bids, [{ price: '20', quantity: '1' }]);
});

test('a book is shown to twenty levels, at most ten times a second, its last state in the end', async (t) => {
  await using at = await opened({ conflateMs: 100 });
  const bids = Array.from({ length: 50 }, (_, index) => [String(100 - index), '1']);
  at.venue.stays(DEPTH, snapshot(0, bids, [['101', '1']]));
  await at.session.subscribe(BOOK);
  const startedAt = Date.now();
  for (let id = 1; id <= 300; id += 1) at.venue.toMarket(STREAM, diff(id, id, [['100', String(id)]]));
  await until('the last diff', () => lastBook(at.listener)?.finalUpdateId === 300);
  const allowed = 2 + (Date.now() - startedAt) / 100;
  t.true(books(at.listener).length <= allowed, `${books(at.listener).length} of ${allowed}`);
  t.is(lastBook(at.listener)?.bids.length, 20);
  t.deepEqual(lastBook(at.listener)?.bids[0], { price: '100', quantity: '300' });
});

for (const [name, text] of [
  ['a frame that is not JSON', '<html>'],
  ['a diff that cannot be read', JSON.stringify({ stream: STREAM, data: { e: 'depthUpdate', U: 'x' } })],
  ['a shutdown of the server', JSON.stringify({ e: 'serverShutdown', E: 1 })],
] as const) {
  test(`${name} on the market stream is a disconnect, seen and repaired`, async (t) => {
    await using at = await opened();
    await at.session.subscribe(BOOK);
    at.venue.rawToMarket(text);
    await until('the reconnect', () => at.listener.changes.includes('connected'));
    t.is(at.listener.changes.length, 2);
  });
}

test('events of streams nobody asked for, and answers to nothing, are passed over', async (t) => {
  await using at = await opened();
  at.venue.toMarket('ethusdt@trade', fields('binance', 'stream-trade'));
  at.venue.rawToMarket('{"result":null,"id":99}');
  at.venue.rawToMarket('{"result":["x"],"id":null}');
  await at.session.subscribe([{ type: 'Trade', symbol: 'BTC-USDT' }]);
  t.deepEqual(at.listener.market, []);
  t.deepEqual(at.listener.changes, []);
});
