// The running Binance adapter between a venue that sends nonsense amid good frames, and the real machines: good frames
// before and after arrive, nothing that could have been a fill is passed over without a word, and what comes through
// changes an order by whole executions only.
import process from 'node:process';
import test from 'ava';
import fc from 'fast-check';
import type { OrderReport } from '../../actors/exchanges/exchange.ts';
import { BOUNDS } from '../../actors/exchanges/wire/bounds.ts';
import { add, format, parse } from '../../actors/market/decimal.ts';
import type { MarketRow } from '../../actors/market/records.ts';
import type { ExternalOrderSeen } from '../../actors/provider/messages.ts';
import { closeSessions, type Heard, heard, openAdapter, until } from '../support/binance.ts';
import { type FakeVenue, fakeVenue } from '../support/fake-venue.ts';
import { fixture } from '../support/fixture.ts';
import { asRead, LONG_ZEROS, type Mutated, mutations } from '../support/mutate.ts';
import { type OrderScene, orderIn, unbalanced } from '../support/orders.ts';
import { ACCOUNT_EVENTS, FILLED_HALF, OTHER_EVENTS, OURS, REPORTS } from '../support/payloads.ts';
import { type ProviderScene, providerIn, seenExternal } from '../support/providers.ts';
import { flawsOfBalance, flawsOfMarket, flawsOfReport } from '../support/well-formed.ts';

const SEED = 20_261_124;
const FRAMES = 400;
const MARKET_FRAMES = 300;
/** Of processor time, with the reconnect after it: a pattern of quadratic time takes seconds. */
const BLOCKED_MS = 500;
/** Back at once: what is measured here is not the pause before a reconnect. */
const AT_ONCE = { reconnectBaseMs: 1, reconnectCapMs: 2, stableMs: 0, conflateMs: 1 };

test.after.always('close what a failed test left open', closeSessions);

const sample = (payloads: readonly unknown[], count: number): readonly Mutated[] =>
  fc.sample(mutations(payloads), { seed: SEED, numRuns: count });
/** A good fill with a number of its own. */
const good = (n: number) => ({ ...FILLED_HALF, i: 900_000, c: 'web1', t: 1_000_000 + n, I: 1_000_000 + n });
const isGood = ({ execution }: OrderReport) =>
  Number(execution?.tradeId) >= 1_000_000 && execution?.venueOrderId === '900000';

test('every good report arrives whatever comes between, and what cannot be read is a disconnect', async (t) => {
  await using venue = await fakeVenue();
  const listener = heard();
  const session = await openAdapter(venue.settings, listener, AT_ONCE);
  const frames = [...REPORTS, ...ACCOUNT_EVENTS, ...OTHER_EVENTS].map((event) => ({ subscriptionId: 0, event }));
  let silent = 0;
  for (const [n, { text, how }] of sample([...frames, ...REPORTS], FRAMES).entries()) {
    const before = { ...sizes(listener) };
    venue.rawToUser(text);
    await goodReport(venue, listener, n);
    const [told, lost] = [sizes(listener).told - before.told - 1, sizes(listener).lost - before.lost];
    if (told === 0 && lost === 0) {
      silent += 1;
      t.true(saysNothingOfOrders(asRead(text)), `${how}: nothing came of ${text.slice(0, 2_000)}`);
    }
  }
  t.deepEqual(listener.reports.flatMap(flawsOfReport), []);
  t.deepEqual(listener.balances.flat().flatMap(flawsOfBalance), []);
  const tradeIds = listener.reports.filter(isGood).map(({ execution }) => Number(execution?.tradeId) - 1_000_000);
  t.deepEqual(
    [...new Set(tradeIds)],
    Array.from({ length: FRAMES }, (_, n) => n),
  );
  t.true(silent > 0 && silent < FRAMES / 2, `${silent} were passed over`);
  t.true(listener.reports.length > FRAMES + 20, `${listener.reports.length} reports`);
  await session.close();
  followed(t, listener.reports);
});

const sizes = (listener: Heard) => ({
  told: listener.reports.length + listener.balances.length,
  lost: listener.changes.filter((change) => change.startsWith('disconnected')).length,
});

/** Sent again after a reconnect, as often as it takes: frames on their way when a socket ends are lost with it. */
async function goodReport(venue: FakeVenue, listener: Heard, n: number): Promise<void> {
  const isThere = () =>
    listener.reports.some((report) => isGood(report) && report.execution?.tradeId === `${1_000_000 + n}`);
  let changes = listener.changes.length;
  venue.toUser(good(n));
  await until(
    `good report ${n}`,
    () => {
      if (isThere()) return true;
      const isBack = listener.changes.length > changes && listener.changes.at(-1) === 'connected';
      if (isBack && venue.userSockets.size > 0) {
        changes = listener.changes.length;
        venue.toUser(good(n));
      }
      return false;
    },
    { everyMs: 1 },
  );
}

/** An answer to a request, or an event of another name without the fields that only an order report has. */
function saysNothingOfOrders(json: unknown): boolean {
  if (typeof json !== 'object' || json === null) return false;
  const event = 'event' in json && typeof json.event === 'object' ? json.event : json;
  const isEvent = event !== null && 'e' in event && typeof event.e === 'string';
  if (!isEvent) return 'id' in json && !('event' in json);
  return (
    event.e !== 'executionReport' &&
    event.e !== 'outboundAccountPosition' &&
    !('x' in event && 'X' in event && 'i' in event)
  );
}

/** The machines hear it all, as the provider hands it on: no turn throws, and only whole executions change sums. */
function followed(
  t: {
    is(one: unknown, other: unknown, message?: string): void;
    deepEqual(one: unknown, other: unknown, message?: string): void;
    true(holds: boolean, message?: string): void;
  },
  reports: readonly OrderReport[],
): void {
  let order: OrderScene = orderIn('working');
  let provider: ProviderScene = providerIn('running.ready.settled');
  const quantities = new Map<string, string>();
  let ours = 0;
  for (const { order: word, execution, busted, reason } of reports) {
    const told = { order: word, execution, reason, ...(busted && { busted }) };
    if (word.clientOrderId !== OURS.clientOrderId) {
      provider = provider.hears(seenExternal(word, told as Partial<ExternalOrderSeen>));
      t.true(provider.handled);
      continue;
    }
    ours += 1;
    const before = order.context.filled;
    order = order.hears({ type: 'OrderReported', ...told });
    t.deepEqual(unbalanced(order.effects), [], JSON.stringify(told));
    if (order.context.filled !== before) t.true(execution !== null || busted !== undefined, JSON.stringify(told));
    for (const effect of order.effects) {
      const row = effect.type === 'record' ? (effect.row as MarketRow) : null;
      if (row?.table !== 'executions') continue;
      t.is(row.quantity, execution?.quantity, JSON.stringify(told));
      quantities.set(`${row.tradeId}:${row.venueOrderId}`, row.quantity);
    }
  }
  t.true(ours > 10, `${ours} reports were about our order`);
  const kept = order.context.executions.map((entry) => entry.split('=')[1]?.split('@')[0] ?? '');
  const sum = kept.reduce((total, quantity) => add(total, parse(quantity)), 0n);
  t.is(order.context.filled, format(sum));
  for (const entry of order.context.executions) t.true(quantities.has(entry.split('=')[0] ?? ''), entry);
}

for (const [what, frame] of Object.entries({
  'a frame without the name of its event': { subscriptionId: 0, event: { ...FILLED_HALF, e: undefined } },
  'a fill under another name': { subscriptionId: 0, event: { ...FILLED_HALF, e: 'ExecutionReport' } },
  'a list in place of an event': { subscriptionId: 0, event: [FILLED_HALF] },
  'an answer with an event in it': { id: 7, event: [FILLED_HALF] },
})) {
  test(`${what} ends the connection: it might have been a fill`, async (t) => {
    await using venue = await fakeVenue();
    const listener = heard();
    const session = await openAdapter(venue.settings, listener, AT_ONCE);
    venue.rawToUser(JSON.stringify(frame));
    await until('the reconnect', () => listener.changes.includes('connected'));
    t.is(listener.changes.length, 2);
    await session.close();
  });
}

test('a subscription is tried until its answer can be read', async (t) => {
  await using venue = await fakeVenue();
  const listener = heard();
  const session = await openAdapter(venue.settings, listener, { ...AT_ONCE, connectMs: 100 });
  const confirmed = { id: 'user-data', status: 200, rateLimits: [], result: { subscriptionId: 0 } };
  const isConfirmed = ({ text }: Mutated) => {
    const json = asRead(text);
    return (
      typeof json === 'object' &&
      json !== null &&
      'id' in json &&
      'status' in json &&
      json.id === 'user-data' &&
      json.status === 200
    );
  };
  const wrong = sample([confirmed], 60)
    .filter((one) => !isConfirmed(one))
    .slice(0, 15);
  venue.userReplies.push(...wrong.map(({ text }) => ({ raw: text })));
  venue.cut('user');
  await until('the reconnect', () => listener.changes.includes('connected'));
  t.is(venue.userReplies.length, 0);
  await goodReport(venue, listener, 1);
  await session.close();
});

const STREAMS = {
  trade: ['btcusdt@trade', fixture('binance', 'stream-trade')],
  candle: ['btcusdt@kline_1m', fixture('binance', 'stream-kline')],
  ticker: ['btcusdt@ticker', fixture('binance', 'stream-ticker')],
  best: ['btcusdt@bookTicker', fixture('binance', 'stream-book-ticker')],
  book: ['btcusdt@depth@100ms', fixture('binance', 'stream-depth-update')],
} as const;

test('market data goes on whatever comes between, and of books that cannot be read none is shown', async (t) => {
  await using venue = await fakeVenue();
  const depths = sample([fixture('binance', 'depth')], 2_000);
  let asked = 0;
  venue.stays('GET /api/v3/depth', () => {
    asked += 1;
    return { status: 200, text: asked % 3 === 0 ? DEPTH : (depths[asked % depths.length]?.text ?? '') };
  });
  const listener = heard();
  const session = await openAdapter(venue.settings, listener, AT_ONCE);
  const types = ['Trade', 'KlineSummary', 'Ticker', 'BookSnapshot'] as const;
  await session.subscribe(types.map((type) => ({ type, symbol: 'BTC-USDT' })));
  const frames = Object.values(STREAMS).map(([stream, data]) => ({ stream, data }));
  for (const [n, { text }] of sample(frames, MARKET_FRAMES).entries()) {
    venue.rawToMarket(text);
    await goodTrade(venue, listener, n);
  }
  t.deepEqual(listener.market.flatMap(flawsOfMarket), []);
  t.true(asked > 3, `${asked} books were asked for`);
  await session.close();
});

const DEPTH = JSON.stringify(fixture('binance', 'depth'));

async function goodTrade(venue: FakeVenue, listener: Heard, n: number): Promise<void> {
  const [stream, data] = STREAMS.trade;
  const send = () => venue.toMarket(stream, { ...(data as object), t: 1_000_000 + n });
  const isThere = () =>
    listener.market.some(({ type, payload }) => type === 'Trade' && payload.tradeId === `${1_000_000 + n}`);
  let tries = 0;
  await until(
    `good trade ${n}`,
    () => {
      if (isThere()) return true;
      tries += 1;
      if (tries % 10 === 1) send();
      return false;
    },
    { everyMs: 1 },
  );
}

test('a book that cannot be read is asked for again, and nobody is left with the failure', async (t) => {
  await using venue = await fakeVenue();
  venue.script('GET /api/v3/depth', [
    { status: 200, json: { lastUpdateId: 1, bids: [['x', '1']], asks: [] } },
    { status: 200, json: { lastUpdateId: 1, bids: [['9'.repeat(30), '1']], asks: [] } },
    { status: 200, text: DEPTH },
  ]);
  const listener = heard();
  const session = await openAdapter(venue.settings, listener, AT_ONCE);
  await session.subscribe([{ type: 'BookSnapshot', symbol: 'BTC-USDT' }]);
  await until('a book', () => listener.market.length > 0);
  t.deepEqual(listener.market.flatMap(flawsOfMarket), []);
  t.deepEqual(listener.changes, []);
  await session.close();
});

test('a frame as long as may be holds nothing else up', async (t) => {
  await using venue = await fakeVenue();
  const listener = heard();
  const session = await openAdapter(venue.settings, listener, AT_ONCE);
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  const event = JSON.stringify(FILLED_HALF);
  const tooMany = {
    ...ACCOUNT_EVENTS[0],
    B: Array.from({ length: 12_000 }, () => ({ a: 'BTC', f: '1.00000000', l: 'x' })),
  };
  const long: readonly string[] = [
    `{"subscriptionId":0,"event":${event.replace('"0.50000000"', JSON.stringify(LONG_ZEROS))}}`,
    `{"subscriptionId":0,"event":${event.replace('"0.50000000"', deep)}}`,
    `{"subscriptionId":0,"event":${event.replace(OURS.clientOrderId, 'x'.repeat(400_000))}}`,
    deep.slice(0, 500_000),
    JSON.stringify(tooMany),
    'x'.repeat(BOUNDS.frameBytesMax + 1),
  ];
  for (const text of long) {
    const before = process.threadCpuUsage();
    const lost = sizes(listener).lost;
    venue.rawToUser(text);
    await until('the reconnect', () => sizes(listener).lost > lost && listener.changes.at(-1) === 'connected');
    const { user, system } = process.threadCpuUsage(before);
    t.true(user + system < BLOCKED_MS * 1_000, `${text.slice(0, 60)}: ${(user + system) / 1_000} ms`);
  }
  t.deepEqual(listener.reports, []);
  await session.close();
});
