// The Binance adapter before a venue that answers twice: at once, which HTTP ends the connection for, and late, when
// the second answer may be taken for the next request's, which HTTP/1.1 cannot tell apart. Then it is of no use, and
// said to be unknown; what was asked for is done once, and found when it is asked about.
import test, { type ExecutionContext } from 'ava';
import type { ExchangeSession } from '../../actors/exchanges/exchange.ts';
import { readLedger } from '../../actors/exchanges/paper/ledger/read.ts';
import { closeSessions, type Heard, heard, limitOrder, never, openAdapter } from '../support/binance.ts';
import { ALICE, Client, openVenue, type TestVenue } from '../support/paper.ts';

test.after.always(closeSessions);

const SYMBOL = 'BTC-USDT';

interface Scene {
  readonly venue: TestVenue;
  readonly client: Client;
  readonly listener: Heard;
  readonly open: () => ReturnType<typeof openAdapter>;
}

async function scene(t: ExecutionContext): Promise<Scene> {
  const venue = await openVenue(t);
  const base = `127.0.0.1:${venue.port}`;
  const settings = {
    ...{ restUrl: `http://${base}`, streamUrl: `ws://${base}`, wsApiUrl: `ws://${base}` },
    ...{ apiKey: ALICE.apiKey, apiSecret: ALICE.secret, recvWindowMs: 5_000, httpTimeoutMs: 5_000 },
    ...{ venue: 'paper', provider: 'alice' },
  };
  const listener = heard();
  return { venue, client: new Client(venue.port), listener, open: () => openAdapter(settings, listener) };
}

/** As an order does that does not know: it asks, and asks for its end again. */
async function canceled(session: ExchangeSession, clientOrderId: string): Promise<string> {
  const ref = { clientOrderId, symbol: SYMBOL };
  let last = '';
  for (let asked = 0; asked < 10 && last !== 'canceled'; asked += 1) {
    const answer = await session.query(ref, never);
    last = answer.outcome === 'found' ? answer.order.status : answer.outcome;
    if (last === 'open') await session.cancel(ref, never);
  }
  return last;
}

function ids(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `m1t${index}`);
}

test('answered twice at once, every request has its own answer, and is done once', async (t) => {
  const { client, venue, open } = await scene(t);
  const session = await open();
  await client.faults([{ operation: 'any', action: 'duplicate' }]);
  for (const clientOrderId of ids(12)) {
    const ref = { clientOrderId, symbol: SYMBOL };
    t.like(await session.submit(limitOrder({ clientOrderId }), never), { outcome: 'accepted' });
    t.like(await session.query(ref, never), { outcome: 'found', order: { clientOrderId, status: 'open' } });
    t.like(await session.cancel(ref, never), { outcome: 'canceled', order: { clientOrderId, status: 'canceled' } });
    t.deepEqual(await session.openOrders(never), []);
  }
  const { orders } = await readLedger(venue.ledgerFile);
  t.deepEqual(
    orders.map(({ clientOrderId }) => clientOrderId),
    ids(12),
  );
});

test('a second answer that comes late is never taken for another order’s', async (t) => {
  const { client, venue, open } = await scene(t);
  const session = await open();
  let unknown = 0;
  for (const [index, clientOrderId] of ids(40).entries()) {
    await client.faults([{ operation: 'any', action: 'duplicate', delayMs: 1 + (index % 4), times: 3 }]);
    const ref = { clientOrderId, symbol: SYMBOL };
    let placed = await session.submit(limitOrder({ clientOrderId }), never);
    while (placed.outcome === 'notSent') placed = await session.submit(limitOrder({ clientOrderId }), never);
    const found = await session.query(ref, never);
    const ended = await session.cancel(ref, never);
    for (const answer of [placed, found, ended]) {
      if (answer.outcome === 'unknown') unknown += 1;
      else t.is('order' in answer ? answer.order.clientOrderId : answer.outcome, clientOrderId);
    }
  }
  t.log(`${unknown} of 120 answers were of no use`);
  await client.faults([]);
  // Whoever asks again gets there: some requests were not even sent, by a line that had been closed for its surplus.
  for (const clientOrderId of ids(40)) t.is(await canceled(session, clientOrderId), 'canceled');
  t.is((await readLedger(venue.ledgerFile)).orders.length, 40);
});

test('a subscription that is confirmed twice is one, and every report is heard once', async (t) => {
  const { client, listener, open } = await scene(t);
  await client.faults([
    { operation: 'subscribe', action: 'duplicate', times: 1 },
    { operation: 'subscribe', action: 'duplicate', delayMs: 40 },
  ]);
  const session = await open();
  for (const clientOrderId of ids(3)) await session.submit(limitOrder({ clientOrderId }), never);
  while (listener.reports.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  await client.admin('POST', '/faults/cut', { sockets: 'user' });
  while (!listener.changes.includes('connected')) await new Promise((resolve) => setTimeout(resolve, 5));
  await session.submit(limitOrder({ clientOrderId: 'm1t3' }), never);
  while (listener.reports.length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
  t.deepEqual(
    listener.reports.map(({ order }) => order.clientOrderId),
    ids(4),
  );
  t.is(listener.changes.length, 2, listener.changes.join('; '));
});
