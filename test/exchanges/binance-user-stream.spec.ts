import { createHmac } from 'node:crypto';
import test from 'ava';
import type { OrderReport } from '../../actors/exchanges/exchange.ts';
import { closeSessions, heard, openAdapter, until } from '../support/binance.ts';
import { fakeVenue } from '../support/fake-venue.ts';
import { fields } from '../support/fixture.ts';

test.after.always('close what a failed test left open', closeSessions);

const documented = () => {
  const { event } = fields('binance', 'execution-report');
  return { ...(typeof event === 'object' ? event : {}), s: 'BTCUSDT' };
};
/** The n-th trade of an order: a documented report with the fields the venue documents for trades. */
const trade = (n: number) => ({
  ...documented(),
  x: 'TRADE',
  X: 'PARTIALLY_FILLED',
  t: n,
  I: 9_000 + n,
  l: '0.00100000',
  z: `${n}.00000000`,
  L: '60000.00000000',
  n: '0.00000100',
  N: 'BTC',
});
const tradeIds = (reports: readonly OrderReport[]) => reports.map(({ execution }) => execution?.tradeId);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => String(index + 1));

test("the subscription is signed with the key, the window and the venue's time", async (t) => {
  await using venue = await fakeVenue();
  const session = await openAdapter(venue.settings);
  const [frame] = venue.userFrames as { method: string; params: Record<string, string | number> }[];
  t.is(frame?.method, 'userDataStream.subscribe.signature');
  const { apiKey, recvWindow, timestamp, signature } = frame?.params ?? {};
  t.is(typeof timestamp, 'number');
  const payload = `apiKey=${apiKey}&recvWindow=${recvWindow}&timestamp=${timestamp}`;
  t.is(signature, createHmac('sha256', 'fakeVenueSecret').update(payload).digest('hex'));
  await session.close();
});

test('reports and balances reach the listener in the order in which they came', async (t) => {
  await using venue = await fakeVenue();
  const order: string[] = [];
  const listener = heard({
    onReport: async (report) => void order.push(`report ${report.reportId}`),
    onBalance: async ([balance]) => void order.push(`balance ${balance?.asset} ${balance?.available}`),
  });
  const session = await openAdapter(venue.settings, listener);
  venue.toUser(documented());
  venue.rawToUser(JSON.stringify(fields('binance', 'account-position')));
  venue.toUser(trade(1));
  await until('three events', () => order.length === 3);
  t.deepEqual(order, ['report 42:BTC-USDT:4293153:8641984', 'balance ETH 10000', 'report 42:BTC-USDT:4293153:9001']);
  await session.close();
});

test('a burst of 500 trades arrives whole, one at a time, each after the one before is durable', async (t) => {
  await using venue = await fakeVenue();
  let running = 0;
  let overlapped = false;
  const reports: OrderReport[] = [];
  const listener = heard({
    onReport: async (report) => {
      running += 1;
      overlapped ||= running > 1;
      await new Promise((resolve) => setImmediate(resolve));
      reports.push(report);
      running -= 1;
    },
  });
  const session = await openAdapter(venue.settings, listener);
  for (let n = 1; n <= 500; n += 1) venue.toUser(trade(n));
  await until('500 reports', () => reports.length === 500);
  t.deepEqual(tradeIds(reports), upTo(500));
  t.false(overlapped);
  await session.close();
});

test('a listener that does not keep up slows the venue down, and nothing is dropped', async (t) => {
  await using venue = await fakeVenue();
  const reports: OrderReport[] = [];
  const gate = Promise.withResolvers<void>();
  const listener = heard({
    onReport: async (report) => {
      await gate.promise;
      reports.push(report);
    },
  });
  const session = await openAdapter(venue.settings, listener, { deliveryQueueMax: 10, pingMs: 50, silentMs: 200 });
  const [socket] = venue.userSockets;
  // More than the kernel's buffers on both sides hold, so that it must show at the venue.
  const padding = 'x'.repeat(10_000);
  for (let n = 1; n <= 3_000; n += 1) venue.toUser({ ...trade(n), padding });
  let heldBack = 0;
  await until(
    'the venue to be held back, for good',
    () => {
      const amount = socket?.bufferedAmount ?? 0;
      const steady = heldBack > 1_000_000 && amount >= heldBack;
      heldBack = amount;
      return steady;
    },
    { everyMs: 1_000 },
  );
  // Nothing is read, so no pong is heard either: that alone is no reason to give the venue up.
  t.deepEqual(listener.changes, []);
  gate.resolve();
  await until('3000 reports', () => reports.length === 3_000);
  t.deepEqual(tradeIds(reports), upTo(3_000));
  t.deepEqual(listener.changes, []);
  await session.close();
});

test('the same report twice has the same id', async (t) => {
  await using venue = await fakeVenue();
  const listener = heard();
  const session = await openAdapter(venue.settings, listener);
  venue.toUser(trade(1));
  venue.toUser(trade(1));
  await until('two reports', () => listener.reports.length === 2);
  t.deepEqual(listener.reports[0], listener.reports[1]);
  await session.close();
});

test('the report of a cancel is about our order', async (t) => {
  await using venue = await fakeVenue();
  const listener = heard();
  const session = await openAdapter(venue.settings, listener);
  venue.toUser({ ...documented(), c: 'theCancel', C: 'm1order1', x: 'CANCELED', X: 'CANCELED', I: 3 });
  await until('a report', () => listener.reports.length === 1);
  t.like(listener.reports[0], {
    order: { clientOrderId: 'm1order1', status: 'canceled', rawStatus: 'CANCELED' },
    reason: null,
  });
  await session.close();
});

test('a balance difference makes us look at the account, and is not summed', async (t) => {
  await using venue = await fakeVenue();
  const listener = heard();
  const session = await openAdapter(venue.settings, listener);
  venue.stays('GET /api/v3/account', {
    status: 200,
    json: { uid: 42, updateTime: 9, balances: [{ asset: 'BTC', free: '7', locked: '1' }] },
  });
  venue.rawToUser(JSON.stringify(fields('binance', 'balance-update')));
  await until('balances', () => listener.balances.length === 1);
  t.deepEqual(listener.balances, [[{ asset: 'BTC', available: '7', locked: '1', observedAt: 9 }]]);
  await session.close();
});

test('events that say nothing of orders or balances are passed over', async (t) => {
  await using venue = await fakeVenue();
  const listener = heard();
  const session = await openAdapter(venue.settings, listener);
  venue.toUser({ e: 'listStatus', E: 1 });
  venue.toUser({ e: 'somethingOfNextYear', E: 1 });
  venue.rawToUser('{"id":"nobody asked","status":200}');
  venue.toUser(trade(1));
  await until('a report', () => listener.reports.length === 1);
  t.deepEqual(listener.changes, []);
  await session.close();
});

for (const [name, frame] of [
  [
    'a report that cannot be read',
    JSON.stringify({ subscriptionId: 0, event: { e: 'executionReport', s: 'BTCUSDT' } }),
  ],
  ['a report with an unknown status', JSON.stringify({ subscriptionId: 0, event: { ...documented(), X: 'WAT' } })],
  ['a frame that is not JSON', '<html>'],
  ['the end of the stream', JSON.stringify({ subscriptionId: 0, event: { e: 'eventStreamTerminated', E: 1 } })],
  ['a shutdown of the server', JSON.stringify({ event: { e: 'serverShutdown', E: 1 } })],
] as const) {
  test(`${name} ends the connection, so that reconciliation fills the hole`, async (t) => {
    await using venue = await fakeVenue();
    const listener = heard();
    const session = await openAdapter(venue.settings, listener);
    venue.toUser(trade(1));
    venue.rawToUser(frame);
    await until('the reconnect', () => listener.changes.includes('connected'));
    venue.toUser(trade(2));
    await until('both reports', () => listener.reports.length === 2);
    t.is(listener.changes.length, 2);
    t.deepEqual(tradeIds(listener.reports), ['1', '2']);
    await session.close();
  });
}

test('a report that could not be made durable ends the connection and takes those behind it along', async (t) => {
  await using venue = await fakeVenue();
  const seen: (string | undefined)[] = [];
  let broken = true;
  const listener = heard({
    onReport: async ({ execution }) => {
      if (broken && execution?.tradeId === '2') throw new Error('the database is away');
      seen.push(execution?.tradeId);
    },
  });
  const session = await openAdapter(venue.settings, listener);
  for (let n = 1; n <= 5; n += 1) venue.toUser(trade(n));
  await until('the reconnect', () => listener.changes.includes('connected'));
  t.regex(listener.changes[0] ?? '', /an event could not be handed on: the database is away$/);
  broken = false;
  venue.toUser(trade(6));
  await until('the next report', () => seen.includes('6'));
  // 3 to 5 are for the reconciliation, as 2 is: handing them on alone would hide the hole.
  t.deepEqual(seen, ['1', '6']);
  await session.close();
});

test('reports received before a cut are delivered after it, ahead of those of the next connection', async (t) => {
  await using venue = await fakeVenue();
  const reports: OrderReport[] = [];
  const gate = Promise.withResolvers<void>();
  let received = 0;
  const listener = heard({
    onReport: async (report) => {
      received += 1;
      await gate.promise;
      reports.push(report);
    },
  });
  const session = await openAdapter(venue.settings, listener);
  for (let n = 1; n <= 3; n += 1) venue.toUser(trade(n));
  await until('the first report', () => received === 1);
  await new Promise((resolve) => setTimeout(resolve, 100));
  venue.cut('user');
  await until('the reconnect', () => listener.changes.includes('connected'));
  venue.toUser(trade(4));
  gate.resolve();
  await until('all reports', () => reports.length === 4);
  t.deepEqual(tradeIds(reports), upTo(4));
  await session.close();
  t.is(received, 4);
});
