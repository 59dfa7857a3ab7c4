import net from 'node:net';
import test from 'ava';
import { readLedger } from '../../actors/exchanges/paper/ledger/read.ts';
import { Faults, faultRules } from '../../actors/exchanges/paper/server/faults.ts';
import {
  ADMIN_TOKEN,
  ALICE,
  BOB,
  Client,
  Listener,
  ManualHost,
  openVenue,
  PATIENT,
  signedParams,
  signedQuery,
} from '../support/paper.ts';

const KEY = { symbol: 'BTCUSDT', origClientOrderId: 'mine' };

test('dropBefore: the line breaks and nothing was done', async (t) => {
  const { port, ledgerFile } = await openVenue(t);
  const alice = new Client(port);
  await alice.faults([{ operation: 'submit', action: 'dropBefore', times: 1 }]);
  await t.throwsAsync(alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'mine' }), { message: 'fetch failed' });
  t.like((await alice.signed('GET', 'order', KEY)).body, { code: -2013 });
  t.is((await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'mine' })).status, 200, 'once only');
  t.is((await readLedger(ledgerFile)).orders.length, 1);
});

test('dropAfter: the line breaks and it was done, durably', async (t) => {
  const { port, ledgerFile } = await openVenue(t);
  const alice = new Client(port);
  await alice.faults([
    { operation: 'submit', action: 'dropAfter', times: 1 },
    { operation: 'cancel', action: 'dropAfter' },
  ]);
  await t.throwsAsync(alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'mine' }), { message: 'fetch failed' });
  t.deepEqual(
    (await readLedger(ledgerFile)).orders.map(({ status }) => status),
    ['NEW'],
  );
  t.is((await alice.signed('GET', 'order', KEY)).body['status'], 'NEW');
  await t.throwsAsync(alice.signed('DELETE', 'order', KEY), { message: 'fetch failed' });
  t.is((await alice.signed('GET', 'order', KEY)).body['status'], 'CANCELED');
});

test('hang: it was done and no answer ever comes', async (t) => {
  const { port } = await openVenue(t);
  const alice = new Client(port);
  await alice.faults([{ operation: 'submit', action: 'hang' }]);
  let answered = false;
  void alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'mine' }).then(
    () => {
      answered = true;
    },
    () => {}, // the venue is closed at the end of the test
  );
  for (;;) if ((await alice.signed('GET', 'order', KEY)).status === 200) break;
  t.is((await alice.signed('DELETE', 'order', KEY)).status, 200);
  t.false(answered);
});

test('reply: the answer is another, and it was done unless it is said not to be', async (t) => {
  const { port } = await openVenue(t);
  const alice = new Client(port);
  await alice.faults([
    { operation: 'submit', action: 'reply', status: 503, body: '<html>', times: 1 },
    {
      operation: 'submit',
      action: 'reply',
      status: 429,
      body: '{"code":-1003,"msg":"Too many requests queued."}',
      process: false,
    },
  ]);
  const first = await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'mine' });
  t.deepEqual([first.status, first.text], [503, '<html>']);
  t.is((await alice.signed('GET', 'order', KEY)).body['status'], 'NEW');
  const second = await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'other' });
  t.deepEqual([second.status, second.body['code']], [429, -1003]);
  t.like((await alice.signed('GET', 'order', { symbol: 'BTCUSDT', origClientOrderId: 'other' })).body, { code: -2013 });
});

test('delay: a request that is held up past its window is refused just before the engine', async (t) => {
  const host = new ManualHost(1_700_000_000_000);
  const { port, ledgerFile, venue } = await openVenue(t, { host });
  const alice = new Client(port, ALICE, host);
  await alice.faults([{ operation: 'submit', action: 'delay', delayMs: 3_000 }]);
  const place = (id: string, recvWindow: number) =>
    alice.limit('BUY', '50000', '0.1', { newClientOrderId: id, recvWindow });
  const held = [place('late', 2_999), place('in-time', 3_000)];
  while (waiting(await alice.admin('GET', '/faults')) < 2);
  host.advance(3_000);
  const [late, inTime] = await Promise.all(held);
  t.deepEqual(late?.body, { code: -1021, msg: 'Timestamp for this request is outside of the recvWindow.' });
  t.is(inTime?.body['status'], 'NEW');
  await venue.settled();
  t.deepEqual(
    (await readLedger(ledgerFile)).orders.map(({ clientOrderId }) => clientOrderId),
    ['in-time'],
  );
});

test('a delay that jitters is drawn for each request, the same under the same seed', (t) => {
  const rules = faultRules.parse({ rules: [{ operation: 'query', action: 'delay', delayMs: 100, jitterMs: 50 }] });
  const round = (): number[] => {
    const faults = new Faults(7);
    faults.set(rules.rules);
    return Array.from({ length: 50 }, () => faults.take('query').delayMs);
  };
  const delays = round();
  t.deepEqual(round(), delays);
  t.true(delays.every((delay) => delay >= 100 && delay <= 150));
  t.true(new Set(delays).size > 20);
});

function waiting({ body }: Awaited<ReturnType<Client['admin']>>): number {
  const [first] = Array.isArray(body['rules']) ? body['rules'] : [];
  return Number(first?.hits);
}

test('with a probability some are hit and some are not, the same ones under the same seed', async (t) => {
  const outcomes: string[] = [];
  for (let run = 0; run < 2; run += 1) {
    const { port } = await openVenue(t, { seed: 5 });
    const alice = new Client(port);
    await alice.faults([{ operation: 'query', action: 'reply', status: 500, process: false, probability: 0.4 }]);
    let line = '';
    for (let count = 0; count < 40; count += 1)
      line += (await alice.signed('GET', 'openOrders')).status === 500 ? 'x' : '.';
    outcomes.push(line);
  }
  t.is(outcomes[0], outcomes[1]);
  const hits = outcomes[0]?.replaceAll('.', '').length ?? 0;
  t.true(hits > 5 && hits < 35, outcomes[0]);
});

test('faults reach the WebSocket API too', async (t) => {
  const { port } = await openVenue(t);
  await new Client(port).faults([{ operation: 'submit', action: 'dropAfter' }]);
  const listener = await Listener.open(t, port, '/ws-api/v3');
  const terms = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '50000', quantity: '0.1' };
  listener.send({ id: 1, method: 'order.place', params: signedParams(ALICE, { ...terms, newClientOrderId: 'mine' }) });
  await listener.closed;
  t.is((await new Client(port).signed('GET', 'order', KEY)).body['status'], 'NEW');
});

test('duplicate: it was done once, and the WebSocket API answers twice', async (t) => {
  const { port, ledgerFile } = await openVenue(t);
  await new Client(port).faults([
    { operation: 'submit', action: 'duplicate', times: 1 },
    { operation: 'subscribe', action: 'duplicate', delayMs: 30, times: 1 },
  ]);
  const listener = await Listener.open(t, port, '/ws-api/v3');
  const terms = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '50000', quantity: '0.1' };
  const place = (id: number) =>
    listener.ask({ id, method: 'order.place', params: signedParams(ALICE, { ...terms, newClientOrderId: `m${id}` }) });
  await place(1);
  await place(2);
  await listener.ask({ id: 3, method: 'userDataStream.subscribe.signature', params: signedParams(ALICE) });
  const answers = () => listener.received.map(({ id }) => id);
  for (let ping = 100; answers().filter((id) => id === 3).length < 2; ping += 1)
    await listener.ask({ id: ping, method: 'ping' });
  t.deepEqual(
    answers().filter((id) => Number(id) < 100),
    [1, 1, 2, 3, 3],
  );
  const [first, again] = listener.received.filter(({ id }) => id === 1);
  t.deepEqual(first, again);
  const { orders } = await readLedger(ledgerFile);
  t.deepEqual(
    orders.map(({ clientOrderId }) => clientOrderId),
    ['m1', 'm2'],
  );
});

test('duplicate: over HTTP the second answer is a response nobody asked for, on the same line', async (t) => {
  const { port, ledgerFile } = await openVenue(t);
  await new Client(port).faults([{ operation: 'submit', action: 'duplicate', times: 1 }]);
  const terms = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '50000', quantity: '0.1' };
  const query = signedQuery(ALICE, { ...PATIENT, ...terms, newClientOrderId: 'mine', timestamp: Date.now() });
  const socket = net.connect(port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.write(`POST /api/v3/order?${query} HTTP/1.1\r\nhost: x\r\nx-mbx-apikey: ${ALICE.apiKey}\r\n`);
  socket.write('content-length: 0\r\n\r\n');
  let said = '';
  for await (const bytes of socket) {
    said += String(bytes);
    if (said.match(/\}$/) && said.match(/HTTP\/1\.1 200 OK/g)?.length === 2) break;
  }
  const bodies = said.match(/\{"symbol.*\}/g);
  t.is(bodies?.length, 2);
  t.is(bodies?.[0], bodies?.[1]);
  t.is((await readLedger(ledgerFile)).orders.length, 1);
});

test('user sockets are cut without a word, and market sockets are not', async (t) => {
  const { port } = await openVenue(t);
  const alice = new Client(port);
  const user = await Listener.open(t, port, '/ws-api/v3');
  await user.ask({ id: 1, method: 'userDataStream.subscribe.signature', params: signedParams(ALICE) });
  const { listenKey } = (await alice.send('POST', '/api/v3/userDataStream')).body;
  const keyed = await Listener.open(t, port, `/ws/${String(listenKey)}`);
  const market = await Listener.open(t, port, '/ws/btcusdt@trade');
  let code = 0;
  user.socket.on('close', (closeCode) => (code = closeCode));
  t.deepEqual((await alice.admin('POST', '/faults/cut', { sockets: 'user' })).body, { cut: 2 });
  await Promise.all([user.closed, keyed.closed]);
  t.is(code, 1006, 'no closing handshake');
  t.truthy(await market.ask({ id: 2, method: 'LIST_SUBSCRIPTIONS' }));
});

test('the switch is only for who has the token, and only for what it knows', async (t) => {
  const { port } = await openVenue(t);
  const bob = new Client(port, BOB);
  const rules = JSON.stringify({ rules: [{ operation: 'any', action: 'dropBefore' }] });
  for (const token of ['', 'wrong', `${ADMIN_TOKEN}x`]) {
    t.is((await bob.send('POST', '/faults', rules, { 'x-venue-token': token })).status, 401);
  }
  t.is((await bob.send('POST', '/faults', rules)).status, 401);
  for (const wrong of [
    {},
    { rules: 'x' },
    { rules: [{ operation: 'submit' }] },
    { rules: [{ operation: 'submit', action: 'drop' }] },
  ]) {
    t.is((await bob.admin('POST', '/faults', wrong)).status, 400);
  }
  t.is((await bob.admin('POST', '/faults/cut', { sockets: 'some' })).status, 400);
  t.is((await bob.admin('POST', '/faults/nope')).status, 404);
  t.deepEqual((await bob.admin('GET', '/faults')).body, { rules: [] });
  t.is((await bob.faults([{ operation: 'any', action: 'dropBefore' }])).status, 200);
  t.is((await bob.admin('DELETE', '/faults')).status, 200);
  t.is((await bob.signed('GET', 'account')).status, 200);
});
