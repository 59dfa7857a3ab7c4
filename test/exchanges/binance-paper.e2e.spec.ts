// The adapter against the paper venue: two programs written apart, meeting over the protocol.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openBinance } from '../../actors/exchanges/binance/index.ts';
import type { ExchangeSession, ExchangeSettings, SubmitRequest } from '../../actors/exchanges/exchange.ts';
import { add, div, format, parse, roundDown } from '../../actors/market/decimal.ts';
import type { MarketEvent } from '../../actors/market/market-event.ts';
import { type RunningVenue, runVenue } from '../../bin/venue.ts';
import { type Heard, heard, limitOrder, never, until } from '../support/binance.ts';

const BALANCES = { USDT: '1000000', BTC: '20' };
const ACCOUNTS = ['alice', 'bob'].map((name) => ({
  name,
  apiKey: `${name}-key-for-tests`,
  secret: `${name}-secret-for-tests`,
  balances: BALANCES,
}));

interface Paper extends AsyncDisposable {
  readonly dataDir: string;
  readonly port: number;
  open(
    account: 'alice' | 'bob',
    change?: Partial<ExchangeSettings>,
  ): Promise<{ session: ExchangeSession; listener: Heard }>;
  faults(rules: readonly object[]): Promise<void>;
  cut(sockets: 'user' | 'market' | 'all'): Promise<void>;
  restart(): Promise<void>;
  /** A price between the best bid and the best ask, on the tick. */
  middle(): Promise<string>;
}

async function paper(options: { speed?: number } = {}): Promise<Paper> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'meltica-binance-'));
  const start = (port: number) => runVenue({ dataDir, port, speed: options.speed ?? 0, seed: 7, accounts: ACCOUNTS });
  let running: RunningVenue = await start(0);
  const { port } = running;
  const sessions: ExchangeSession[] = [];
  const admin = async (pathname: string, body: object) => {
    const token = (await readFile(path.join(dataDir, 'admin-token'), 'utf8')).trim();
    const answer = await fetch(`http://127.0.0.1:${port}${pathname}`, {
      method: 'POST',
      headers: { 'x-venue-token': token },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${pathname}: ${answer.status} ${await answer.text()}`);
  };
  return {
    dataDir,
    port,
    open: async (account, change = {}) => {
      const listener = heard();
      const settings: ExchangeSettings = {
        restUrl: `http://127.0.0.1:${port}`,
        streamUrl: `ws://127.0.0.1:${port}`,
        wsApiUrl: `ws://127.0.0.1:${port}`,
        apiKey: `${account}-key-for-tests`,
        apiSecret: `${account}-secret-for-tests`,
        recvWindowMs: 5_000,
        httpTimeoutMs: 20_000,
        venue: 'paper',
        provider: account,
        ...change,
      };
      const session = await openBinance(settings, listener, never);
      sessions.push(session);
      return { session, listener };
    },
    faults: (rules) => admin('/faults', { rules }),
    cut: (sockets) => admin('/faults/cut', { sockets }),
    restart: async () => {
      await running.stop();
      running = await start(port);
    },
    middle: async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v3/depth?symbol=BTCUSDT&limit=5`);
      const { bids, asks } = (await answer.json()) as { bids: [string][]; asks: [string][] };
      const both = add(parse(bids[0]?.[0] ?? ''), parse(asks[0]?.[0] ?? ''));
      return format(roundDown(div(both, parse('2'), 'down'), parse('0.01')));
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(sessions.map((session) => session.close()));
      await running.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

let ids = 0;
function order(change: Partial<SubmitRequest> = {}): SubmitRequest {
  ids += 1;
  return limitOrder({ clientOrderId: `m1t${ids}`, price: '50000.00', quantity: '0.01000', ...change });
}
async function place(t: ExecutionContext, session: ExchangeSession, request: SubmitRequest) {
  const outcome = await session.submit(request, never);
  if (outcome.outcome !== 'accepted') return t.fail(`${outcome.outcome}: ${outcome.reason}`) as never;
  return outcome;
}

test('it connects, and reads instruments, balances and the clock', async (t) => {
  await using venue = await paper();
  const { session } = await venue.open('alice');
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
  t.deepEqual(Object.fromEntries(balances.map(({ asset, available }) => [asset, available])), {
    BTC: '20',
    USDT: '1000000',
  });
  t.true(Math.abs(await session.clockSkewMs(never)) < 1_000);
  t.is(session.venue, 'paper');
});

test('an order rests, is found by its client order id, is cancelled, and every step is reported', async (t) => {
  await using venue = await paper();
  const { session, listener } = await venue.open('alice');
  const request = order();
  const ref = { clientOrderId: request.clientOrderId, symbol: request.symbol };
  const placed = await place(t, session, request);
  t.like(placed.order, { status: 'open', price: '50000', quantity: '0.01', filledQuantity: '0' });
  t.deepEqual(
    (await session.openOrders(never)).map(({ clientOrderId }) => clientOrderId),
    [request.clientOrderId],
  );
  t.like(await session.query(ref, never), {
    outcome: 'found',
    order: { venueOrderId: placed.order.venueOrderId, status: 'open' },
  });
  t.like(await session.cancel(ref, never), { outcome: 'canceled', order: { clientOrderId: request.clientOrderId } });
  t.deepEqual(await session.cancel(ref, never), { outcome: 'rejected', code: '-2011', reason: 'Unknown order sent.' });
  t.like(await session.query(ref, never), { outcome: 'found', order: { status: 'canceled', rawStatus: 'CANCELED' } });
  await until('both reports', () => listener.reports.length === 2);
  t.deepEqual(
    listener.reports.map((report) => [report.order.clientOrderId, report.order.status]),
    [
      [request.clientOrderId, 'open'],
      [request.clientOrderId, 'canceled'],
    ],
  );
  t.deepEqual(await session.openOrders(never), []);
  t.true(listener.balances.length >= 2);
});

test('a fill reads the same from the reply, the stream, the query and the history, on both sides', async (t) => {
  await using venue = await paper();
  const alice = await venue.open('alice');
  const bob = await venue.open('bob');
  const price = await venue.middle();
  await place(t, alice.session, order({ side: 'Sell', price, quantity: '0.02000' }));
  const taker = await place(t, bob.session, order({ side: 'Buy', price, quantity: '0.02000' }));
  t.is(taker.order.status, 'filled');
  t.is(taker.executions.length, 1);
  await until('the reports', () =>
    [alice, bob].every(({ listener }) => listener.reports.some(({ execution }) => execution)),
  );

  const streamed = bob.listener.reports.flatMap(({ execution }) => execution ?? []);
  t.deepEqual(streamed, taker.executions);
  const asked = await bob.session.query({ clientOrderId: taker.order.clientOrderId, symbol: 'BTC-USDT' }, never);
  t.deepEqual(asked.outcome === 'found' ? asked.executions : [], taker.executions);
  const history = await bob.session.trades({ symbol: 'BTC-USDT', sinceAt: Date.now() - 60_000 }, never);
  t.deepEqual(
    history,
    taker.executions.map((execution) => ({ ...execution, symbol: 'BTC-USDT', side: 'Buy' as const })),
  );

  const [made] = alice.listener.reports.flatMap(({ execution }) => execution ?? []);
  t.like(made, {
    tradeId: taker.executions[0]?.tradeId,
    liquidity: 'maker',
    price: format(parse(price)),
    quantity: '0.02',
    feeAsset: 'USDT',
  });
  t.like(taker.executions[0], { liquidity: 'taker', feeAsset: 'BTC' });
  t.is(alice.listener.reports.at(-1)?.order.status, 'filled');
});

test('what the venue refuses is rejected with its code, and a duplicate is not', async (t) => {
  await using venue = await paper();
  const { session } = await venue.open('alice');
  await place(t, session, order({ clientOrderId: 'm1twice' }));
  const codeOf = async (change: Partial<SubmitRequest>) => {
    const outcome = await session.submit(order(change), never);
    return outcome.outcome === 'rejected' ? outcome.code : outcome.outcome;
  };
  t.is(await codeOf({ clientOrderId: 'm1twice' }), 'unknown');
  t.is(await codeOf({ quantity: '0.000001' }), '-1013');
  t.is(await codeOf({ quantity: '0.00001' }), '-1013');
  t.is(await codeOf({ price: '50000.001' }), '-1013');
  t.is(await codeOf({ quantity: '100' }), '-2010');
  const signedAt = Date.now() - 10_000;
  t.is(await codeOf({ signedAt, deadlineAt: signedAt + 5_000 }), 'notSent');
  t.is(await codeOf({ price: '61000.00', postOnly: true }), '-2010');
  const { outcome } = await session.query({ clientOrderId: 'm1twice', symbol: 'BTC-USDT' }, never);
  t.is(outcome, 'found');
});

for (const [action, found] of [
  ['dropAfter', 'found'],
  ['hang', 'found'],
  ['dropBefore', 'notFound'],
] as const) {
  test(`a submit met by ${action} is unknown, and the question afterwards finds: ${found}`, async (t) => {
    await using venue = await paper();
    const { session, listener } = await venue.open('alice', { httpTimeoutMs: 3_000 });
    await venue.faults([{ operation: 'submit', action, times: 1 }]);
    const request = order();
    t.is((await session.submit(request, never)).outcome, 'unknown');
    const answer = await session.query({ clientOrderId: request.clientOrderId, symbol: 'BTC-USDT' }, never);
    t.is(answer.outcome, found);
    if (found === 'found') await until('its report', () => listener.reports.length === 1);
    t.is((await session.openOrders(never)).length, found === 'found' ? 1 : 0);
  });
}

test('a submit held up beyond its deadline is refused by the venue, and never becomes an order', async (t) => {
  await using venue = await paper();
  const { session } = await venue.open('alice');
  await venue.faults([{ operation: 'submit', action: 'delay', delayMs: 1_500, times: 1 }]);
  const signedAt = Date.now();
  const outcome = await session.submit(order({ signedAt, deadlineAt: signedAt + 1_000 }), never);
  t.like(outcome, { outcome: 'rejected', code: '-1021' });
  t.deepEqual(await session.openOrders(never), []);
});

test('a cancel whose answer is lost did cancel: asking tells', async (t) => {
  await using venue = await paper();
  const { session } = await venue.open('alice');
  const request = order();
  const ref = { clientOrderId: request.clientOrderId, symbol: request.symbol };
  await place(t, session, request);
  await venue.faults([{ operation: 'cancel', action: 'dropAfter', times: 1 }]);
  t.is((await session.cancel(ref, never)).outcome, 'unknown');
  t.like(await session.query(ref, never), { outcome: 'found', order: { status: 'canceled' } });
});

test('after a cut everything is back: one disconnect, one reconnect, feeds and reports go on', async (t) => {
  await using venue = await paper({ speed: 1 });
  const { session, listener } = await venue.open('alice');
  await session.subscribe([{ type: 'BookSnapshot', symbol: 'BTC-USDT' }]);
  await until('a book', () => listener.market.length > 0);
  await venue.cut('all');
  await until('the reconnect', () => listener.changes.includes('connected'));
  t.is(listener.changes.length, 2);
  const seen = listener.market.length;
  await until('books again', () => listener.market.length > seen + 2);
  await place(t, session, order());
  await until('a report', () => listener.reports.length === 1);
  t.pass();
});

test('a venue that is restarted is found again, with the order it took before', async (t) => {
  await using venue = await paper();
  const { session, listener } = await venue.open('alice');
  const request = order();
  await place(t, session, request);
  await venue.restart();
  await until('the reconnect', () => listener.changes.at(-1) === 'connected', { timeoutMs: 60_000 });
  const ref = { clientOrderId: request.clientOrderId, symbol: request.symbol };
  t.like(await session.query(ref, never), { outcome: 'found', order: { status: 'open' } });
  t.is((await session.cancel(ref, never)).outcome, 'canceled');
  await until('the report', () => listener.reports.at(-1)?.order.status === 'canceled');
});

test("the book kept from diffs is the venue's book", async (t) => {
  await using venue = await paper({ speed: 1 });
  const { session, listener } = await venue.open('alice');
  await session.subscribe([
    { type: 'BookSnapshot', symbol: 'BTC-USDT' },
    { type: 'Ticker', symbol: 'BTC-USDT' },
  ]);
  for (let round = 0; round < 60; round += 1) {
    await place(t, session, order({ price: `${30_000 + round}.00`, quantity: `0.0${10 + round}` }));
  }
  type Book = Extract<MarketEvent, { type: 'BookSnapshot' }>;
  const books = () => listener.market.filter((event): event is Book => event.type === 'BookSnapshot');
  await until('many books', () => books().length > 20);
  // Whatever moment REST shows, the stream shows the same book under the same id, now or soon.
  const matches = async () => {
    const answer = await fetch(`http://127.0.0.1:${venue.port}/api/v3/depth?symbol=BTCUSDT&limit=20`);
    const depth = (await answer.json()) as { lastUpdateId: number; bids: [string, string][]; asks: [string, string][] };
    const same = () => books().find(({ payload }) => payload.finalUpdateId === depth.lastUpdateId)?.payload;
    await new Promise((resolve) => setTimeout(resolve, 300));
    const book = same();
    if (!book) return false;
    const numbers = (levels: readonly (readonly [string, string])[]) => levels.map((level) => level.map(Number));
    t.deepEqual(
      book.bids.map(({ price, quantity }) => [Number(price), Number(quantity)]),
      numbers(depth.bids),
    );
    t.deepEqual(
      book.asks.map(({ price, quantity }) => [Number(price), Number(quantity)]),
      numbers(depth.asks),
    );
    return true;
  };
  let compared = 0;
  for (let attempt = 0; attempt < 60 && compared < 5; attempt += 1) if (await matches()) compared += 1;
  t.true(compared > 0, 'no book under the same id was seen');
  t.deepEqual(listener.changes, []);
});

test('five hundred orders in a row: every one accepted once, every report heard', async (t) => {
  await using venue = await paper();
  const { session, listener } = await venue.open('alice');
  const times: number[] = [];
  const sent: string[] = [];
  for (let index = 0; index < 500; index += 1) {
    const request = order({ quantity: '0.00100', price: `${40_000 + index}.00` });
    const startedAt = performance.now();
    const { order: placed } = await place(t, session, request);
    times.push(performance.now() - startedAt);
    sent.push(placed.clientOrderId);
  }
  times.sort((left, right) => left - right);
  t.log(`submit round trip: p50 ${times[250]?.toFixed(2)} ms, p99 ${times[495]?.toFixed(2)} ms`);
  await until('500 reports', () => listener.reports.length === 500);
  t.deepEqual(
    listener.reports.map(({ order: reported }) => reported.clientOrderId),
    sent,
  );
  t.is(new Set(listener.reports.map(({ reportId }) => reportId)).size, 500);
});
