// REST connections whose peer is gone without a word: what is asked on one of them is told unknown soon, and what
// comes after it has a connection of its own and all the time it needs.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { systemClock } from '../../actors/exchanges/wire/clock.ts';
import { httpClient } from '../../actors/exchanges/wire/http.ts';
import { closeSessions, heard, limitOrder, never, openAdapter } from '../support/binance.ts';
import { fakeVenue } from '../support/fake-venue.ts';
import { tcpProxy } from '../support/tcp-proxy.ts';

test.after.always('close what a failed test left open', closeSessions);

const REQUEST = {
  method: 'GET',
  path: '/',
  body: null,
  headers: {},
  writeBefore: null,
  timeoutMs: 20_000,
  signal: never,
} as const;
const ORDER = {
  ...{ symbol: 'BTCUSDT', orderId: 28, clientOrderId: 'm1order1', price: '60000.1', origQty: '0.01' },
  ...{ executedQty: '0', status: 'NEW', type: 'LIMIT', side: 'BUY', time: 1, updateTime: 2 },
};

test('silence on a kept connection is given up soon, the wait on a new one is not cut short', async (t) => {
  let delayMs = 0;
  const server = http.createServer((_, response) => setTimeout(() => response.end('done'), delayMs));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = httpClient({
    clock: systemClock,
    url: `http://127.0.0.1:${port}`,
    socketsMax: 1,
    answerBytesMax: 1_000,
  });
  t.teardown(() => {
    client.close();
    server.close();
  });
  const send = (keptMs: number | null) => client.send({ ...REQUEST, keptMs });
  t.is((await send(100)).kind, 'answered');
  delayMs = 1_000;
  t.deepEqual(await send(100), { kind: 'noAnswer', reason: 'no answer within 100 ms' });
  t.is((await send(100)).kind, 'answered');
  // Where nothing is said of it the connection is kept as long as any other.
  t.is((await send(null)).kind, 'answered');
});

test('a cancel and a question on a half-open connection are unknown within 5 s, and the next one goes', async (t) => {
  t.timeout(60_000);
  await using venue = await fakeVenue();
  const { hostname, port } = new URL(venue.settings.restUrl);
  await using proxy = await tcpProxy({ host: hostname, port: Number(port) });
  const settings = { ...venue.settings, restUrl: `http://127.0.0.1:${proxy.port}`, httpTimeoutMs: 20_000 };
  const session = await openAdapter(settings, heard());
  const ref = { clientOrderId: limitOrder().clientOrderId, symbol: 'BTC-USDT' };
  venue.stays('GET /api/v3/order', { status: 200, json: ORDER });
  const asks = [() => session.cancel(ref, never), () => session.query(ref, never)];
  for (const ask of asks) {
    t.is((await session.query(ref, never)).outcome, 'found');
    proxy.stall('toServer', 'toClient');
    const askedAt = performance.now();
    t.is((await ask()).outcome, 'unknown');
    const tookMs = performance.now() - askedAt;
    t.true(tookMs < 5_000, `${tookMs} ms`);
  }
  t.is((await session.query(ref, never)).outcome, 'found');
  await session.close();
});
