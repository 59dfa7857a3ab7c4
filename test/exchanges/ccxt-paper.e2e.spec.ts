// The adapter with ccxt's Binance class against the paper venue, over real sockets. The venue's own client looks on.
import test, { type ExecutionContext } from 'ava';
import { BOUNDS, type CcxtBounds } from '../../actors/exchanges/ccxt/bounds.ts';
import { loadExchange } from '../../actors/exchanges/ccxt/library.ts';
import { openSession } from '../../actors/exchanges/ccxt/session.ts';
import type {
  ExchangeListener,
  ExchangeSession,
  ExchangeSettings,
  SubmitRequest,
} from '../../actors/exchanges/exchange.ts';
import { DEFAULT_MARKET } from '../../actors/exchanges/paper/core/market.ts';
import { systemClock } from '../../actors/exchanges/wire/clock.ts';
import { type Heard, heard, limitOrder, never, until } from '../support/binance.ts';
import { ALICE, BOB, Client, openVenue, type TestVenue } from '../support/paper.ts';
import { tcpProxy } from '../support/tcp-proxy.ts';

const QUICK: Partial<CcxtBounds> = {
  reconnectBaseMs: 20,
  reconnectCapMs: 200,
  settleMs: 300,
  balanceEveryMs: 20,
  connectMs: 20_000,
  keepAliveMs: 10_000,
};

interface Opened {
  readonly session: ExchangeSession;
  readonly listener: Heard;
}

async function open(
  t: ExecutionContext,
  venue: TestVenue,
  change: {
    readonly settings?: Partial<ExchangeSettings>;
    readonly bounds?: Partial<CcxtBounds>;
    readonly listener?: Partial<ExchangeListener>;
  } = {},
): Promise<Opened> {
  const listener = heard(change.listener);
  const settings: ExchangeSettings = {
    restUrl: `http://127.0.0.1:${venue.port}`,
    // ccxt tells spot streams from others by this word in the address.
    streamUrl: `ws://127.0.0.1:${venue.port}/stream`,
    wsApiUrl: `ws://127.0.0.1:${venue.port}`,
    apiKey: ALICE.apiKey,
    apiSecret: ALICE.secret,
    recvWindowMs: 60_000,
    httpTimeoutMs: 20_000,
    venue: 'paper',
    provider: 'alice',
    ...change.settings,
  };
  const library = await loadExchange('binance');
  const bounds = { ...BOUNDS, ...QUICK, ...change.bounds };
  const terms = { exchange: 'binance' };
  const session = await openSession({ settings, terms, listener, library, clock: systemClock, bounds }, never);
  t.teardown(() => session.close());
  return { session, listener };
}

let ids = 0;
function order(change: Partial<SubmitRequest> = {}): SubmitRequest {
  ids += 1;
  const signedAt = Date.now();
  const terms = { clientOrderId: `m1c${ids}`, price: '50000.00', quantity: '0.01000' };
  return limitOrder({ ...terms, signedAt, deadlineAt: signedAt + 30_000, ...change });
}

async function place(t: ExecutionContext, session: ExchangeSession, request: SubmitRequest) {
  const outcome = await session.submit(request, never);
  if (outcome.outcome !== 'accepted') return t.fail(`${outcome.outcome}: ${outcome.reason}`) as never;
  return outcome;
}

const refOf = ({ clientOrderId, symbol }: SubmitRequest) => ({ clientOrderId, symbol });

test('it connects, and reads instruments, balances and the clock', async (t) => {
  const venue = await openVenue(t);
  const { session } = await open(t, venue);
  const instruments = await session.instruments(never);
  t.like(
    instruments.find(({ symbol }) => symbol === 'BTC-USDT'),
    {
      base: 'BTC',
      quote: 'USDT',
      priceIncrement: '0.01',
      quantityIncrement: '0.00001',
      minQuantity: '0.00001',
      minNotional: '5',
    },
  );
  const balances = await session.balances(never);
  t.deepEqual(Object.fromEntries(balances.map(({ asset, available }) => [asset, available])), ALICE.balances);
  t.true(Math.abs(await session.clockSkewMs(never)) < 1_000);
  t.is(session.venue, 'paper');
  t.true(session.capabilities.requestDeadline);
});

test('an order rests, is found by its client order id, is cancelled, and every step is reported', async (t) => {
  const venue = await openVenue(t);
  const { session, listener } = await open(t, venue);
  const request = order();
  const placed = await place(t, session, request);
  t.like(placed.order, { status: 'open', price: '50000', quantity: '0.01', filledQuantity: '0', symbol: 'BTC-USDT' });
  t.deepEqual(
    (await session.openOrders(never)).map(({ clientOrderId }) => clientOrderId),
    [request.clientOrderId],
  );
  t.like(await session.query(refOf(request), never), {
    outcome: 'found',
    order: { venueOrderId: placed.order.venueOrderId, status: 'open', rawStatus: 'NEW' },
  });
  t.like(await session.cancel(refOf(request), never), {
    outcome: 'canceled',
    order: { clientOrderId: request.clientOrderId },
  });
  t.like(await session.cancel(refOf(request), never), { outcome: 'rejected', code: '-2011' });
  t.like(await session.query(refOf(request), never), {
    outcome: 'found',
    order: { status: 'canceled', rawStatus: 'CANCELED' },
  });
  await until('both reports', () => listener.reports.length === 2);
  t.deepEqual(
    listener.reports.map(({ order: reported }) => [reported.clientOrderId, reported.status]),
    [
      [request.clientOrderId, 'open'],
      [request.clientOrderId, 'canceled'],
    ],
  );
  t.deepEqual(await session.openOrders(never), []);
  await until('a balance', () => listener.balances.length > 0);
});

test('an order nobody placed is not found, and the venue says so', async (t) => {
  const venue = await openVenue(t);
  const { session } = await open(t, venue);
  const askedFrom = Date.now();
  const outcome = await session.query({ clientOrderId: 'm1never', symbol: 'BTC-USDT' }, never);
  t.is(outcome.outcome, 'notFound');
  t.true(outcome.outcome === 'notFound' && outcome.askedAt >= askedFrom);
});

test('a fill reads the same from the reply, the stream, the query and the history, on both sides', async (t) => {
  const venue = await openVenue(t);
  const alice = await open(t, venue);
  const bob = await open(t, venue, { settings: { apiKey: BOB.apiKey, apiSecret: BOB.secret } });
  const maker = order({ quantity: '0.03000' });
  await place(t, alice.session, maker);
  const sinceAt = Date.now() - 60_000;
  const takers = [];
  for (const quantity of ['0.01000', '0.02000']) {
    const taker = order({ side: 'Sell', quantity, orderType: 'Limit', timeInForce: 'IOC' });
    takers.push(await place(t, bob.session, taker));
  }
  t.like(takers[0]?.order, { status: 'filled', filledQuantity: '0.01' });
  await until("the maker's reports", () => alice.listener.reports.length === 3);
  const fills = alice.listener.reports.flatMap(({ execution }) => (execution ? [execution] : []));
  t.deepEqual(
    alice.listener.reports.map(({ order: { status, filledQuantity } }) => [status, filledQuantity]),
    [
      ['open', '0'],
      ['open', '0.01'],
      ['filled', '0.03'],
    ],
  );
  const found = await alice.session.query(refOf(maker), never);
  t.deepEqual(found.outcome === 'found' ? found.executions : found, fills);
  const history = await alice.session.trades({ symbol: 'BTC-USDT', sinceAt }, never);
  t.deepEqual(
    history.map(({ symbol: _symbol, side: _side, ...execution }) => execution),
    fills,
  );
  t.deepEqual(
    history.map(({ side }) => side),
    ['Buy', 'Buy'],
  );
  await until("the taker's reports", () => bob.listener.reports.filter(({ execution }) => execution).length === 2);
  t.deepEqual(
    bob.listener.reports.flatMap(({ execution }) => (execution ? [execution] : [])),
    takers.flatMap(({ executions }) => executions),
  );
  t.true(fills.every(({ fee, feeAsset }) => fee !== null && feeAsset !== null));
});

test('a burst of fills of one order arrives fill by fill: none is merged, none comes twice', async (t) => {
  const venue = await openVenue(t);
  const { session, listener } = await open(t, venue);
  const request = order({ quantity: '0.20000' });
  await place(t, session, request);
  const bob = new Client(venue.port, BOB);
  await Promise.all(Array.from({ length: 200 }, () => bob.limit('SELL', '50000.00', '0.00100')));
  const fills = () => listener.reports.filter(({ execution }) => execution !== null);
  await until('200 fills', () => fills().length >= 200);
  t.is(fills().length, 200);
  t.is(new Set(listener.reports.map(({ reportId }) => reportId)).size, listener.reports.length);
  const steps = fills().map((report) => Number(report.order.filledQuantity));
  t.deepEqual(
    steps,
    steps.toSorted((one, other) => one - other),
  );
  t.like(fills().at(-1)?.order, { status: 'filled', filledQuantity: '0.2' });
  const history = await session.trades({ symbol: 'BTC-USDT', sinceAt: Date.now() - 600_000 }, never);
  t.deepEqual(
    history.map(({ tradeId }) => tradeId),
    fills().map(({ execution }) => execution?.tradeId),
  );
});

test('the venue receives the texts as they were decided, and the time that was committed', async (t) => {
  const venue = await openVenue(t);
  const { session } = await open(t, venue);
  const fine = order({ quantity: '0.123456789', price: '59000.001' });
  const outcome = await session.submit(fine, never);
  // ccxt would have cut it to 0.12345 and rounded the price, and the venue would have taken that.
  t.like(outcome, { outcome: 'rejected', code: '-1111' });
  t.deepEqual(await session.openOrders(never), []);
  const signedAt = Date.now() - 50_000;
  const late = await session.submit(order({ signedAt, deadlineAt: signedAt + 10_000 }), never);
  t.is(late.outcome, 'notSent');
  await new Client(venue.port).faults([{ operation: 'submit', action: 'delay', delayMs: 1_500, times: 1 }]);
  const now = Date.now();
  const overtaken = await session.submit(order({ signedAt: now, deadlineAt: now + 1_000 }), never);
  t.like(overtaken, { outcome: 'rejected', code: '-1021' });
});

test('an answer that is lost leaves the order unknown, once, and asking finds it', async (t) => {
  const venue = await openVenue(t);
  const { session } = await open(t, venue);
  const client = new Client(venue.port);
  await client.faults([{ operation: 'submit', action: 'dropAfter', times: 1 }]);
  const request = order({ orderType: 'Limit' });
  const outcome = await session.submit(request, never);
  t.is(outcome.outcome, 'unknown');
  t.like(await session.query(refOf(request), never), { outcome: 'found', order: { status: 'open' } });
  t.is((await session.openOrders(never)).length, 1);
  await client.faults([{ operation: 'cancel', action: 'dropAfter', times: 1 }]);
  t.is((await session.cancel(refOf(request), never)).outcome, 'unknown');
  t.like(await session.query(refOf(request), never), { outcome: 'found', order: { status: 'canceled' } });
});

test('an order the venue refuses is rejected with its code; one without a venue is not sent', async (t) => {
  const venue = await openVenue(t);
  const { session } = await open(t, venue);
  t.like(await session.submit(order({ quantity: '3.00000' }), never), { outcome: 'rejected', code: '-2010' });
  t.like(await session.submit(order({ clientOrderId: 'not ours!' }), never), {
    outcome: 'rejected',
    code: 'UNSENDABLE',
  });
  await venue.close();
  t.like(await session.submit(order(), never), { outcome: 'notSent', reason: 'connection refused' });
});

test('a market order and a post-only order arrive as what they are', async (t) => {
  const venue = await openVenue(t);
  const { session } = await open(t, venue);
  await new Client(venue.port, BOB).limit('SELL', '51000.00', '0.01000');
  const taken = order({ postOnly: true, price: '51000.00' });
  t.like(await session.submit(taken, never), { outcome: 'rejected', code: '-2010' });
  const market = await place(t, session, order({ orderType: 'Market', timeInForce: 'GTC', price: null }));
  t.like(market.order, { status: 'filled', filledQuantity: '0.01', price: null });
});

test('feeds: trades, ticker, book and candles arrive, and stop when they are no longer wanted', async (t) => {
  const venue = await openVenue(t, { market: DEFAULT_MARKET, speed: 1 });
  const { session, listener } = await open(t, venue);
  const types = ['Trade', 'Ticker', 'BookSnapshot', 'KlineSummary'] as const;
  await session.subscribe(types.map((type) => ({ type, symbol: 'BTC-USDT' })));
  for (const type of types) await until(type, () => listener.market.some((event) => event.type === type));
  const book = listener.market.findLast((event) => event.type === 'BookSnapshot');
  t.true(book?.type === 'BookSnapshot' && book.payload.bids.length === 20 && book.payload.asks.length === 20);
  t.true(listener.market.every((event) => event.symbol === 'BTC-USDT' && event.provider === 'alice'));
  await t.throwsAsync(session.subscribe([{ type: 'Trade', symbol: 'NOT-LISTED' }]), { message: /NOT-LISTED/ });
  await session.subscribe([]);
  const seen = listener.market.length;
  await new Promise((resolve) => setTimeout(resolve, 500));
  t.is(listener.market.length, seen);
  t.deepEqual(listener.changes, []);
});

test('after a cut everything is back: one disconnect, one reconnect, feeds and reports go on', async (t) => {
  const venue = await openVenue(t, { market: DEFAULT_MARKET, speed: 1 });
  const { session, listener } = await open(t, venue);
  await session.subscribe([{ type: 'BookSnapshot', symbol: 'BTC-USDT' }]);
  await until('a book', () => listener.market.length > 0);
  await new Client(venue.port).admin('POST', '/faults/cut', { sockets: 'all' });
  await until('the reconnect', () => listener.changes.includes('connected'));
  t.is(listener.changes.length, 2);
  const seen = listener.market.length;
  await until('books again', () => listener.market.length > seen + 2);
  await place(t, session, order({ price: '30000.00' }));
  await until('a report', () => listener.reports.length === 1);
  t.is(listener.reports[0]?.order.status, 'open');
});

test('reports wait for the listener, one by one, and a socket that was held is read again', async (t) => {
  const venue = await openVenue(t);
  let gate = Promise.withResolvers<void>();
  const seen: string[] = [];
  const onReport: ExchangeListener['onReport'] = async ({ reportId }) => {
    await gate.promise;
    seen.push(reportId);
  };
  const { session, listener } = await open(t, venue, { bounds: { deliveryQueueMax: 10 }, listener: { onReport } });
  for (let index = 0; index < 40; index += 1) await place(t, session, order({ quantity: '0.00100' }));
  t.deepEqual(seen, []);
  gate.resolve();
  gate = Promise.withResolvers();
  gate.resolve();
  await until('all of them', () => seen.length === 40);
  t.is(new Set(seen).size, 40);
  t.deepEqual(listener.changes, []);
});

test('a report the listener cannot keep gives the connection up, and it is told as a reconnect', async (t) => {
  const venue = await openVenue(t);
  let failures = 0;
  const onReport: ExchangeListener['onReport'] = async () => {
    failures += 1;
    if (failures === 1) throw new Error('no room');
  };
  const { session, listener } = await open(t, venue, { listener: { onReport } });
  await place(t, session, order());
  await until('the reconnect', () => listener.changes.at(-1) === 'connected');
  t.regex(listener.changes[0] ?? '', /no room/);
  await place(t, session, order());
  await until('a report', () => failures === 2);
  t.pass();
});

test('a socket whose peer is gone without a word is found out, and taken up anew', async (t) => {
  const venue = await openVenue(t);
  await using proxy = await tcpProxy({ host: '127.0.0.1', port: venue.port });
  const settings = { wsApiUrl: `ws://127.0.0.1:${proxy.port}` };
  const { session, listener } = await open(t, venue, { settings, bounds: { keepAliveMs: 1_000 } });
  const stalledAt = Date.now();
  proxy.stall('toServer', 'toClient');
  await until('the loss', () => listener.changes.length > 0);
  t.true(Date.now() - stalledAt < 15_000, `${Date.now() - stalledAt} ms`);
  await until('the reconnect', () => listener.changes.at(-1) === 'connected');
  await place(t, session, order());
  await until('a report', () => listener.reports.length === 1);
  await session.close();
  t.pass();
});

test('a session is closed at once, also when its peer says nothing any more', async (t) => {
  const venue = await openVenue(t);
  await using proxy = await tcpProxy({ host: '127.0.0.1', port: venue.port });
  const { session } = await open(t, venue, { settings: { wsApiUrl: `ws://127.0.0.1:${proxy.port}` } });
  proxy.stall('toServer', 'toClient');
  const closedFrom = Date.now();
  await session.close();
  t.true(Date.now() - closedFrom < 15_000, `${Date.now() - closedFrom} ms`);
});

test('a venue that is away for many attempts ends no process, and is found again', async (t) => {
  const venue = await openVenue(t);
  await using proxy = await tcpProxy({ host: '127.0.0.1', port: venue.port });
  const { session, listener } = await open(t, venue, { settings: { wsApiUrl: `ws://127.0.0.1:${proxy.port}` } });
  proxy.refuse(true);
  proxy.cut();
  await until('the loss', () => listener.changes.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  t.is(listener.changes.length, 1);
  proxy.refuse(false);
  await until('the reconnect', () => listener.changes.at(-1) === 'connected', { timeoutMs: 60_000 });
  await session.close();
});

test('keys the venue refuses are said at once, without them', async (t) => {
  const venue = await openVenue(t);
  const apiSecret = 'a-secret-that-is-not-the-right-one';
  const error = await t.throwsAsync(open(t, venue, { settings: { apiSecret } }));
  t.regex(error?.message ?? '', /-1022/);
  t.false(JSON.stringify([error?.message, error?.stack]).includes(apiSecret));
  t.false(JSON.stringify([error?.message, error?.stack]).includes(ALICE.apiKey));
  t.like(error, { retryable: false });
});
