import test from 'ava';
import { DEFAULT_MARKET } from '../../actors/exchanges/paper/core/market.ts';
import { readLedger } from '../../actors/exchanges/paper/ledger/read.ts';
import { ALICE, BOB, type Body, Client, Listener, openVenue, signedParams } from '../support/paper.ts';

const is = (name: string, value: unknown) => (frame: Body) => frame[name] === value;
const event = (frame: Body): Body => frame['event'] as Body;

async function subscribed(t: Parameters<typeof openVenue>[0], port: number): Promise<Listener> {
  const listener = await Listener.open(t, port, '/ws-api/v3');
  const params = signedParams(ALICE);
  const answer = await listener.ask({ id: 'sub', method: 'userDataStream.subscribe.signature', params });
  t.like(answer, { id: 'sub', status: 200, result: { subscriptionId: 0 } });
  return listener;
}

test('every change of an order is reported with all of its fields, then the balances', async (t) => {
  const { port } = await openVenue(t);
  const [alice, bob] = [new Client(port), new Client(port, BOB)];
  const listener = await subscribed(t, port);
  await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'mine' });
  await bob.limit('SELL', '50000', '0.04');
  await alice.signed('DELETE', 'order', { symbol: 'BTCUSDT', origClientOrderId: 'mine', newClientOrderId: 'why' });
  await listener.find((frame) => frame['event'] !== undefined && event(frame)['x'] === 'CANCELED');
  await listener.find((frame) => JSON.stringify(frame).includes('"f":"98000.00000000","l":"0.00000000"'));
  const events = listener.received.slice(1).map(event);
  t.deepEqual(
    events.map(({ e, x }) => x ?? e),
    ['NEW', 'outboundAccountPosition', 'TRADE', 'outboundAccountPosition', 'CANCELED', 'outboundAccountPosition'],
  );
  const [placed, locked, traded, , canceled] = events;
  const { E, T, O, W, I, ...report } = traded ?? {};
  t.true([E, T, O, W, I].every((time) => typeof time === 'number'));
  t.deepEqual(report, {
    e: 'executionReport',
    s: 'BTCUSDT',
    c: 'mine',
    S: 'BUY',
    o: 'LIMIT',
    f: 'GTC',
    q: '0.10000000',
    p: '50000.00000000',
    P: '0.00000000',
    F: '0.00000000',
    g: -1,
    C: '',
    x: 'TRADE',
    X: 'PARTIALLY_FILLED',
    r: 'NONE',
    i: 1,
    l: '0.04000000',
    z: '0.04000000',
    L: '50000.00000000',
    n: '0.00004000',
    N: 'BTC',
    t: 1,
    w: true,
    m: true,
    M: true,
    Z: '2000.00000000',
    Y: '2000.00000000',
    Q: '0.00000000',
    V: 'NONE',
  });
  t.like(placed, { X: 'NEW', w: true, t: -1, n: '0', N: null, C: '' });
  t.like(canceled, { X: 'CANCELED', c: 'why', C: 'mine', w: false, z: '0.04000000' });
  t.deepEqual(locked?.['B'], [
    { a: 'BTC', f: '2.00000000', l: '0.00000000' },
    { a: 'USDT', f: '95000.00000000', l: '5000.00000000' },
  ]);
  t.is(new Set(events.filter(({ e }) => e === 'executionReport').map(({ I: id }) => id)).size, 3);
});

test('an account hears of itself only, and of a self-trade twice', async (t) => {
  const { port } = await openVenue(t);
  const listener = await subscribed(t, port);
  const [alice, bob] = [new Client(port), new Client(port, BOB)];
  await bob.limit('BUY', '40000', '0.1', { newClientOrderId: 'not-hers' });
  await alice.limit('SELL', '50000', '0.1', { newClientOrderId: 'out' });
  await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'in' });
  await listener.find(
    (frame) => frame['event'] !== undefined && event(frame)['c'] === 'in' && event(frame)['X'] === 'FILLED',
  );
  const trades = listener.received
    .slice(1)
    .map(event)
    .filter(({ x }) => x === 'TRADE');
  t.deepEqual(
    trades.map(({ t: id, c, m }) => [id, c, m]),
    [
      [1, 'in', false],
      [1, 'out', true],
    ],
  );
  const reports = listener.received.slice(1).map(event).filter(is('e', 'executionReport'));
  t.is(new Set(reports.map(({ I }) => I)).size, 4, 'also those of one command have ids of their own');
  t.false(JSON.stringify(listener.received).includes('not-hers'));
});

test('a deposit and a withdrawal are told as differences, then as balances, and are in the ledger', async (t) => {
  const venue = await openVenue(t);
  const listener = await subscribed(t, venue.port);
  const alice = new Client(venue.port);
  const transfer = (amount: string, account = 'alice') =>
    alice.admin('POST', '/venue/transfer', { account, asset: 'USDT', amount });
  t.is((await transfer('50.5')).status, 200);
  t.is((await transfer('-150.5')).status, 200);
  t.is((await transfer('-99900.00000001')).status, 400);
  t.is((await transfer('1', 'nobody')).status, 400);
  t.is((await transfer('1', 'house')).status, 400);
  await listener.find((frame) => JSON.stringify(frame).includes('99900.00000000'));
  const events = listener.received.slice(1).map(event);
  t.deepEqual(
    events.map(({ e, a, d, B }) => [e, a, d, B]),
    [
      ['balanceUpdate', 'USDT', '50.50000000', undefined],
      ['outboundAccountPosition', undefined, undefined, [{ a: 'USDT', f: '100050.50000000', l: '0.00000000' }]],
      ['balanceUpdate', 'USDT', '-150.50000000', undefined],
      ['outboundAccountPosition', undefined, undefined, [{ a: 'USDT', f: '99900.00000000', l: '0.00000000' }]],
    ],
  );
  t.is((await readLedger(venue.ledgerFile)).balances.get('alice')?.get('USDT'), '99900');
  await venue.close();
  const again = await openVenue(t, { dataDir: venue.dataDir });
  t.regex((await new Client(again.port).signed('GET', 'account')).text, /"free":"99900.00000000"/);
});

test("what clients of others add is understood: a wish about limits, and ccxt's way to name a socket", async (t) => {
  const { port } = await openVenue(t);
  const listener = await Listener.open(t, port, '/ws-api/v3');
  const params = signedParams(ALICE, { returnRateLimits: 'false' });
  t.like(await listener.ask({ id: 1, method: 'account.status', params }), { status: 200 });
  const socket = await Listener.open(t, port, '/stream/ws/0');
  await socket.ask({ id: 1, method: 'SUBSCRIBE', params: ['btcusdt@bookTicker'] });
  await new Client(port).limit('BUY', '50000', '0.1');
  t.truthy(await socket.find(is('b', '50000.00000000')), 'raw, not wrapped');
});

test('a subscription ends when asked to, and says so', async (t) => {
  const { port } = await openVenue(t);
  const listener = await subscribed(t, port);
  t.like(await listener.ask({ id: 2, method: 'userDataStream.unsubscribe', params: { subscriptionId: 0 } }), {
    status: 200,
  });
  t.like(await listener.find((frame) => 'event' in frame), {
    subscriptionId: 0,
    event: { e: 'eventStreamTerminated' },
  });
  const count = listener.received.length;
  await new Client(port).limit('BUY', '50000', '0.1');
  await listener.ask({ id: 3, method: 'ping' });
  t.is(listener.received.length, count + 1);
});

test('a subscription needs a signature that fits', async (t) => {
  const { port } = await openVenue(t);
  const listener = await Listener.open(t, port, '/ws-api/v3');
  const ask = (id: string, params: object) =>
    listener.ask({ id, method: 'userDataStream.subscribe.signature', params });
  t.like(await ask('a', { ...signedParams(ALICE), apiKey: BOB.apiKey }), { status: 400, error: { code: -1022 } });
  t.like(await ask('b', { ...signedParams(ALICE), apiKey: 'nobody-has-this-key' }), {
    status: 401,
    error: { code: -2015 },
  });
  t.like(await ask('c', signedParams(ALICE, { timestamp: 1 })), { status: 400, error: { code: -1021 } });
  t.like(await ask('d', signedParams(ALICE, { extra: 'x' })), { status: 400, error: { code: -1104 } });
  t.like(await ask('e', {}), { status: 401, error: { code: -2014 } });
});

test('orders can be placed, asked for and canceled over the WebSocket API', async (t) => {
  const { port } = await openVenue(t);
  const listener = await Listener.open(t, port, '/ws-api/v3');
  const terms = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '50000', quantity: '0.1' };
  const placed = await listener.ask({
    id: 1,
    method: 'order.place',
    params: signedParams(ALICE, { ...terms, newClientOrderId: 'w' }),
  });
  t.like(placed, { status: 200, result: { status: 'NEW', clientOrderId: 'w' } });
  const key = { symbol: 'BTCUSDT', origClientOrderId: 'w' };
  t.like(await listener.ask({ id: 2, method: 'v3/order.status', params: signedParams(ALICE, key) }), {
    result: { status: 'NEW' },
  });
  t.like(await listener.ask({ id: 3, method: 'order.cancel', params: signedParams(ALICE, key) }), {
    result: { status: 'CANCELED' },
  });
  t.like(await listener.ask({ id: 4, method: 'order.cancel', params: signedParams(ALICE, key) }), {
    status: 400,
    error: { code: -2011 },
  });
});

test('ids are echoed as they were sent, and frames that are no requests are answered', async (t) => {
  const { port } = await openVenue(t);
  for (const target of ['/ws-api/v3', '/ws', '/stream']) {
    const listener = await Listener.open(t, port, target);
    for (const id of ['a-string', 7, -1]) t.is((await listener.ask({ id, method: 'LIST_SUBSCRIPTIONS' }))['id'], id);
    listener.send({ method: 'LIST_SUBSCRIPTIONS', id: null });
    t.truthy(await listener.find(is('id', null)));
    for (const text of ['not json', '[]', '{"id":8}', '{"id":{},"method":"ping"}', '5']) listener.socket.send(text);
    t.truthy(await listener.ask({ id: 'still-there', method: 'LIST_SUBSCRIPTIONS' }));
    t.is(listener.received.length, 10, target);
  }
});

test('streams are named in the path or subscribed on the socket, raw or combined', async (t) => {
  const { port } = await openVenue(t);
  const [raw, combined, live] = await Promise.all([
    Listener.open(t, port, '/ws/btcusdt@trade'),
    Listener.open(t, port, '/stream?streams=btcusdt@trade/ethusdt@trade'),
    Listener.open(t, port, '/ws'),
  ]);
  t.deepEqual(await live.ask({ id: 1, method: 'SUBSCRIBE', params: ['btcusdt@trade', 'btcusdt@bookTicker'] }), {
    result: null,
    id: 1,
  });
  t.like(await live.ask({ id: 2, method: 'LIST_SUBSCRIPTIONS' }), { result: ['btcusdt@trade', 'btcusdt@bookTicker'] });
  const [alice, bob] = [new Client(port), new Client(port, BOB)];
  await bob.limit('SELL', '50000', '0.1');
  await alice.limit('BUY', '50000', '0.04');
  const trade = await raw.find(is('e', 'trade'));
  t.like(trade, { s: 'BTCUSDT', t: 1, p: '50000.00000000', q: '0.04000000', b: 2, a: 1, m: false, M: true });
  t.deepEqual(await combined.find(is('stream', 'btcusdt@trade')), { stream: 'btcusdt@trade', data: trade });
  t.deepEqual(await live.find(is('e', 'trade')), trade);
  t.like(await live.find(is('A', '0.06000000')), { s: 'BTCUSDT', a: '50000.00000000', b: '0.00000000' });
  await live.ask({ id: 3, method: 'UNSUBSCRIBE', params: ['btcusdt@trade'] });
  t.like(await live.ask({ id: 4, method: 'SET_PROPERTY', params: ['combined', true] }), { result: null });
  await alice.limit('BUY', '50000', '0.01');
  t.truthy(await live.find(is('stream', 'btcusdt@bookTicker')));
  t.is(live.received.filter(is('e', 'trade')).length, 1);
  t.like(await live.ask({ id: 5, method: 'subscribe', params: [] }), { code: 2 });
  t.like(await live.ask({ id: 6, method: 'SUBSCRIBE', params: 'btcusdt@trade' }), { code: 2 });
});

test('depth differences have no gap and lead from any snapshot to the book as it is', async (t) => {
  const { port, venue } = await openVenue(t, { market: DEFAULT_MARKET });
  const listener = await Listener.open(t, port, '/ws/btcusdt@depth@100ms');
  const first = await new Client(port).send('GET', '/api/v3/depth?symbol=BTCUSDT&limit=5000');
  const local = {
    BUY: new Map<string, string>(first.body['bids'] as []),
    SELL: new Map<string, string>(first.body['asks'] as []),
  };
  let applied = Number(first.body['lastUpdateId']);
  for (let tick = 0; tick < 20; tick += 1) {
    venue.tick();
    const { updateId } = venue.state.book('BTCUSDT');
    await listener.find((frame) => Number(frame['u']) >= updateId);
  }
  let previous: number | null = null;
  for (const { U, u, b, a } of listener.received) {
    if (previous !== null) t.is(U, previous + 1);
    previous = Number(u);
    if (Number(u) <= applied) continue;
    applied = Number(u);
    for (const [side, levels] of [
      ['BUY', b],
      ['SELL', a],
    ] as const) {
      for (const [price, quantity] of levels as [string, string][]) {
        if (Number(quantity) === 0) local[side].delete(price);
        else local[side].set(price, quantity);
      }
    }
  }
  const now = await new Client(port).send('GET', '/api/v3/depth?symbol=BTCUSDT&limit=5000');
  t.is(now.body['lastUpdateId'], applied);
  t.deepEqual(byPrice([...local.BUY]), byPrice(now.body['bids'] as Level[]));
  t.deepEqual(byPrice([...local.SELL]), byPrice(now.body['asks'] as Level[]));
});

type Level = [price: string, quantity: string];

function byPrice(levels: readonly Level[]): Level[] {
  return levels.toSorted(([one], [other]) => Number(one) - Number(other));
}

test('books, candles and tickers come at their pace', async (t) => {
  const { port, venue } = await openVenue(t, { market: DEFAULT_MARKET });
  const names = ['depth5', 'depth10@100ms', 'depth', 'aggTrade', 'kline_1s', 'kline_1m', 'miniTicker', 'ticker'];
  const listener = await Listener.open(t, port, `/stream?streams=${names.map((name) => `btcusdt@${name}`).join('/')}`);
  for (let tick = 0; tick < 20; tick += 1) venue.tick();
  const data = async (name: string): Promise<Body> =>
    (await listener.find(is('stream', `btcusdt@${name}`)))['data'] as Body;
  t.is(((await data('depth5'))['bids'] as unknown[]).length, 5);
  t.is(((await data('depth10@100ms'))['asks'] as unknown[]).length, 10);
  t.like(await data('depth'), { e: 'depthUpdate', s: 'BTCUSDT' });
  t.like(await data('aggTrade'), { e: 'aggTrade', s: 'BTCUSDT', M: true });
  t.like(await data('kline_1s'), { e: 'kline', k: { i: '1s', s: 'BTCUSDT' } });
  t.like(await data('kline_1m'), { e: 'kline', k: { i: '1m', x: false } });
  const ticker = await data('ticker');
  t.like(await data('miniTicker'), { e: '24hrMiniTicker', c: ticker['c'] });
  t.deepEqual(Object.keys(ticker).sort(), 'ABCEFLOPQabcehlnopqsvwx'.split('').sort());
});

test('a listen key gives the same events on a stream of its name', async (t) => {
  const { port } = await openVenue(t);
  const [alice, bob] = [new Client(port), new Client(port, BOB)];
  const { listenKey } = (await alice.send('POST', '/api/v3/userDataStream')).body;
  t.is((await alice.send('POST', '/api/v3/userDataStream')).body['listenKey'], listenKey, 'one at a time');
  const listener = await Listener.open(t, port, `/ws/${String(listenKey)}`);
  await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'mine' });
  t.like(await listener.find(is('e', 'executionReport')), { c: 'mine', x: 'NEW' });
  t.deepEqual((await alice.send('PUT', `/api/v3/userDataStream?listenKey=${String(listenKey)}`)).body, {});
  t.like((await bob.send('PUT', `/api/v3/userDataStream?listenKey=${String(listenKey)}`)).body, { code: -1125 });
  t.deepEqual((await alice.send('DELETE', `/api/v3/userDataStream?listenKey=${String(listenKey)}`)).body, {});
  t.like((await alice.send('PUT', `/api/v3/userDataStream?listenKey=${String(listenKey)}`)).body, { code: -1125 });
});

test('the venue pings, and paths that are no streams are refused', async (t) => {
  const { port } = await openVenue(t, {
    host: { now: Date.now, every: (ms, fn) => every(ms / 100, fn), after: () => () => {}, secret: () => 's' },
  });
  const listener = await Listener.open(t, port, '/ws');
  await new Promise((resolve) => listener.socket.once('ping', resolve));
  await t.throwsAsync(Listener.open(t, port, '/nope'), { message: /404/ });
});

function every(ms: number, fn: () => void): () => void {
  const timer = setInterval(fn, ms);
  return () => clearInterval(timer);
}
