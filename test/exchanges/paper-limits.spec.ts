import test from 'ava';
import { ALICE, BOB, Client, Listener, ManualHost, openVenue, signedParams, signedQuery } from '../support/paper.ts';

const MINUTE_START = 1_700_000_040_000;
const TOO_MUCH =
  'Too much request weight used; current limit is 50 request weight per 1 MINUTE.' +
  ' Please use WebSocket Streams for live updates to avoid polling the API.';

/** Status, code and what the headers say. */
async function ask(port: number, target: string, method = 'GET') {
  const init = { method, headers: { 'x-mbx-apikey': ALICE.apiKey } };
  const response = await fetch(`http://127.0.0.1:${port}${target}`, init);
  const { code, msg } = JSON.parse(await response.text());
  const header = (name: string) => response.headers.get(name);
  return {
    status: response.status,
    code,
    msg,
    weight: header('x-mbx-used-weight-1m'),
    orders: header('x-mbx-order-count-10s'),
    daily: header('x-mbx-order-count-1d'),
    retryAfter: header('retry-after'),
  };
}

function order(host: ManualHost, id: string): string {
  const terms = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '50000', quantity: '0.01' };
  const more = { newClientOrderId: id, timestamp: host.now(), recvWindow: 60_000 };
  return `/api/v3/order?${signedQuery(ALICE, { ...terms, ...more })}`;
}

test('exchangeInfo lists the limits, and every answer says how much of them is used', async (t) => {
  const host = new ManualHost(MINUTE_START);
  const { port } = await openVenue(t, { host, limits: { weightPerMinute: 100, ordersPer10s: 5, ordersPerDay: 9 } });
  const alice = new Client(port, ALICE, host);
  t.deepEqual((await alice.send('GET', '/api/v3/exchangeInfo')).body['rateLimits'], [
    { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 100 },
    { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 5 },
    { rateLimitType: 'ORDERS', interval: 'DAY', intervalNum: 1, limit: 9 },
  ]);
  t.like(await ask(port, '/api/v3/ping'), { status: 200, weight: '21', orders: null, retryAfter: null });
  t.like(await ask(port, '/api/v3/depth?symbol=BTCUSDT&limit=500'), { weight: '46' });
  t.like(await ask(port, order(host, 'a'), 'POST'), { status: 200, weight: '47', orders: '1', daily: '1' });
  t.like(await ask(port, order(host, 'a'), 'POST'), { status: 400, code: -2010, orders: '1' }, 'a refused one is none');
  host.advance(10_000);
  t.like(await ask(port, order(host, 'b'), 'POST'), { orders: '1', daily: '2' });
  host.advance(50_000);
  t.like(await ask(port, '/api/v3/ping'), { weight: '1' });
});

test('who asks too much is refused until the minute is over, and banned when that does not help', async (t) => {
  const host = new ManualHost(MINUTE_START + 15_000);
  const { port } = await openVenue(t, { host, limits: { weightPerMinute: 50 } });
  for (let count = 0; count < 50; count += 1) t.is((await ask(port, '/api/v3/ping')).status, 200);
  const refused = await ask(port, '/api/v3/ping');
  t.like(refused, { status: 429, code: -1003, msg: TOO_MUCH, retryAfter: '45', weight: '50' });
  host.advance(45_000);
  t.is((await ask(port, '/api/v3/ping')).status, 200);
  for (let count = 1; count < 50; count += 1) await ask(port, '/api/v3/ping');
  for (let count = 0; count < 20; count += 1) t.is((await ask(port, '/api/v3/ping')).status, 429);
  const until = host.now() + 120_000;
  t.like(await ask(port, '/api/v3/ping'), { status: 418, code: -1003, retryAfter: '120' });
  host.advance(119_999);
  const { msg, status } = await ask(port, '/api/v3/ping');
  t.is(status, 418, 'a new minute does not end a ban');
  t.true(msg.startsWith(`Way too much request weight used; IP banned until ${until}.`));
  host.advance(1);
  t.is((await ask(port, '/api/v3/ping')).status, 200);
});

test('an account places so many orders in ten seconds and in a day, each account for itself', async (t) => {
  const host = new ManualHost(MINUTE_START);
  const { port } = await openVenue(t, { host, limits: { ordersPer10s: 2, ordersPerDay: 3 } });
  const bob = new Client(port, BOB, host);
  for (const id of ['a', 'b']) t.is((await ask(port, order(host, id), 'POST')).status, 200);
  t.like(await ask(port, order(host, 'c'), 'POST'), {
    ...{ status: 429, code: -1015, retryAfter: '10' },
    msg: 'Too many new orders; current limit is 2 orders per 10 SECOND.',
  });
  t.is((await bob.limit('BUY', '50000', '0.01', { newClientOrderId: 'theirs' })).status, 200);
  const alice = new Client(port, ALICE, host);
  t.is((await alice.signed('DELETE', 'order', { symbol: 'BTCUSDT', origClientOrderId: 'a' })).status, 200);
  const replace = {
    symbol: 'BTCUSDT',
    side: 'BUY',
    type: 'LIMIT',
    timeInForce: 'GTC',
    price: '40000',
    quantity: '0.1',
  };
  const by = { ...replace, cancelReplaceMode: 'STOP_ON_FAILURE', cancelOrigClientOrderId: 'b' };
  t.is((await alice.signed('POST', 'order/cancelReplace', by)).body['code'], -1015);
  const halved = await alice.signed('POST', 'order/cancelReplace', {
    ...by,
    orderRateLimitExceededMode: 'CANCEL_ONLY',
  });
  t.like(halved.body, { code: -2021, data: { cancelResult: 'SUCCESS', newOrderResponse: { code: -1015 } } });
  host.advance(10_000);
  t.is((await ask(port, order(host, 'd'), 'POST')).status, 200);
  t.like(await ask(port, order(host, 'e'), 'POST'), {
    msg: 'Too many new orders; current limit is 3 orders per 1 DAY.',
  });
  t.like((await alice.signed('GET', 'rateLimit/order')).list, [
    { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 2, count: 1 },
    { interval: 'DAY', limit: 3, count: 3 },
  ]);
});

test('the operator changes limits, and refuses everybody for a while', async (t) => {
  const host = new ManualHost(MINUTE_START);
  const { port } = await openVenue(t, { host });
  const alice = new Client(port, ALICE, host);
  t.like((await alice.admin('POST', '/venue/limits', { ordersPer10s: 1 })).body, { ordersPer10s: 1 });
  t.is((await ask(port, order(host, 'a'), 'POST')).status, 200);
  t.is((await ask(port, order(host, 'b'), 'POST')).status, 429);
  t.is((await alice.admin('POST', '/venue/limits', { ordersPer10s: 0 })).status, 400);
  await alice.admin('POST', '/faults/ban', { status: 418, seconds: 30 });
  t.like(await ask(port, '/api/v3/time'), { status: 418, retryAfter: '30' });
  const socket = await Listener.open(t, port, '/ws-api/v3');
  t.like(await socket.ask({ id: 1, method: 'time' }), { status: 418, error: { code: -1003 } });
  host.advance(30_000);
  t.is((await ask(port, '/api/v3/time')).status, 200);
  await alice.admin('POST', '/faults/ban', { status: 429, seconds: 30 });
  t.like(await ask(port, '/api/v3/time'), { status: 429, retryAfter: '30' });
  await alice.admin('DELETE', '/faults');
  t.is((await ask(port, '/api/v3/time')).status, 200);
});

test('over the WebSocket API the counts are in the answer, unless they are not wanted', async (t) => {
  const { port } = await openVenue(t, { limits: { weightPerMinute: 1_000 } });
  const socket = await Listener.open(t, port, '/ws-api/v3');
  const terms = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '50000', quantity: '0.01' };
  const placed = await socket.ask({ id: 1, method: 'order.place', params: signedParams(ALICE, terms) });
  t.like(placed, { status: 200, rateLimits: [{ limit: 1_000 }, { rateLimitType: 'ORDERS', count: 1 }, { count: 1 }] });
  const plain = await socket.ask({ id: 2, method: 'time', params: { returnRateLimits: false } });
  t.deepEqual(Object.keys(plain), ['id', 'status', 'result']);
});
