// Bad lines, bad order and stale readings; markets that are closed and clocks that are wrong.
import test from 'ava';
import { DEFAULT_MARKET } from '../../actors/exchanges/paper/core/market.ts';
import { readLedger } from '../../actors/exchanges/paper/ledger/read.ts';
import { ALICE, Client, Listener, ManualHost, openVenue, signedParams } from '../support/paper.ts';
import { UserEvents } from '../support/paper-user.ts';

const SYMBOL = { symbol: 'BTCUSDT' };
const KEY = { ...SYMBOL, origClientOrderId: 'mine' };
const STARTED_AT = 1_700_000_000_000;

test('a stalled socket stays open and hears nothing, not even a pong, until it is let go on', async (t) => {
  const { port } = await openVenue(t);
  const alice = new Client(port);
  const user = await Listener.open(t, port, '/ws-api/v3');
  await user.ask({ id: 1, method: 'userDataStream.subscribe.signature', params: signedParams(ALICE) });
  const market = await Listener.open(t, port, '/ws/btcusdt@bookTicker');
  let pongs = 0;
  user.socket.on('pong', () => (pongs += 1));
  t.deepEqual((await alice.admin('POST', '/faults/stall', { sockets: 'user' })).body, { stalled: 1 });
  user.socket.ping();
  user.send({ id: 2, method: 'ping' });
  await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'mine' });
  await market.find(({ b }) => b === '50000.00000000');
  t.deepEqual([user.received.length, pongs, user.socket.readyState], [1, 0, user.socket.OPEN]);
  t.deepEqual((await alice.admin('POST', '/faults/resume', { sockets: 'all' })).body, { resumed: 1 });
  await user.find(({ event }) => JSON.stringify(event ?? null).includes('"c":"mine"'));
  await user.find(({ id }) => id === 2);
  t.is(pongs, 1);
});

test('a stalled socket can be cut, and one that comes meanwhile is well', async (t) => {
  const { port } = await openVenue(t);
  const alice = new Client(port);
  const first = await Listener.open(t, port, '/ws-api/v3');
  await alice.admin('POST', '/faults/stall', { sockets: 'all' });
  const second = await Listener.open(t, port, '/ws-api/v3');
  t.like(await second.ask({ id: 'x', method: 'ping' }), { status: 200 });
  await alice.admin('POST', '/faults/cut', { sockets: 'all' });
  await Promise.all([first.closed, second.closed]);
  t.pass();
});

test('reports come twice, in the wrong order or not at all, as told, and the balances as ever', async (t) => {
  const { port } = await openVenue(t);
  const alice = new Client(port);
  const events = await UserEvents.open(t, port);
  const round = async (terms: object, id: string): Promise<string[]> => {
    const before = events.reports().length;
    t.is((await alice.admin('POST', '/faults/reports', terms)).status, 200);
    await alice.limit('BUY', '50000', '0.1', { newClientOrderId: id });
    await alice.signed('DELETE', 'order', { ...SYMBOL, origClientOrderId: id });
    await alice.admin('POST', '/faults/reports', {});
    await alice.limit('BUY', '40000', '0.1', { newClientOrderId: `${id}-end` });
    await events.find({ e: 'executionReport', c: `${id}-end` });
    await alice.signed('DELETE', 'openOrders', SYMBOL);
    await events.find({ e: 'executionReport', C: `${id}-end` });
    return events.reports().slice(before, -2);
  };
  t.deepEqual(await round({}, 'a'), ['NEW NEW', 'CANCELED CANCELED']);
  t.deepEqual(await round({ duplicate: 1 }, 'b'), ['NEW NEW', 'NEW NEW', 'CANCELED CANCELED', 'CANCELED CANCELED']);
  t.deepEqual(await round({ reorder: 1 }, 'c'), ['CANCELED CANCELED', 'NEW NEW']);
  t.deepEqual(await round({ lose: 1 }, 'd'), []);
});

test('a report that is held back comes in the end though nothing follows it', async (t) => {
  const { port } = await openVenue(t);
  const alice = new Client(port);
  const events = await UserEvents.open(t, port);
  await alice.admin('POST', '/faults/reports', { reorder: 1, holdMs: 20 });
  await alice.limit('BUY', '50000', '0.1');
  t.like(await events.find({ x: 'NEW' }), { i: 1 });
});

test('a slow line brings every event later, in order', async (t) => {
  const host = new ManualHost(STARTED_AT);
  const { port, venue } = await openVenue(t, { host });
  const alice = new Client(port, ALICE, host);
  const { listenKey } = (await alice.send('POST', '/api/v3/userDataStream')).body;
  const stream = await Listener.open(t, port, `/ws/${String(listenKey)}`);
  await alice.admin('POST', '/faults/reports', { delayMs: 50 });
  await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'mine' });
  await alice.signed('DELETE', 'order', KEY);
  await venue.settled();
  host.advance(49);
  await stream.ask({ id: 1, method: 'LIST_SUBSCRIPTIONS' });
  t.is(stream.received.length, 1);
  host.advance(1);
  await stream.find(({ X }) => X === 'CANCELED');
  const names = stream.received.slice(1).map(({ e, x }) => x ?? e);
  t.deepEqual(names.slice(0, 3), ['NEW', 'outboundAccountPosition', 'CANCELED']);
});

test('queries that lag do not know an order that exists, nor its end, until the time has passed', async (t) => {
  const host = new ManualHost(STARTED_AT);
  const { port } = await openVenue(t, { host });
  const alice = new Client(port, ALICE, host);
  await alice.limit('BUY', '40000', '0.1', { newClientOrderId: 'before' });
  host.advance(1);
  t.deepEqual((await alice.admin('POST', '/venue/lag', { lagMs: 2_000 })).body, { lagMs: 2_000 });
  host.advance(5_000);
  t.is((await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'mine' })).status, 200);
  const status = async () => (await alice.signed('GET', 'order', KEY)).body;
  const open = async () =>
    (await alice.signed('GET', 'openOrders', SYMBOL)).list.map((order) => order['clientOrderId']);
  t.like(await status(), { code: -2013 });
  t.deepEqual(await open(), ['before']);
  host.advance(1_999);
  t.like(await status(), { code: -2013 });
  host.advance(1);
  t.like(await status(), { status: 'NEW' });
  t.deepEqual(await open(), ['before', 'mine']);
  t.like((await alice.signed('DELETE', 'order', KEY)).body, { status: 'CANCELED' });
  t.like(await status(), { status: 'NEW' }, 'a cancel is judged by what is, a query by what was');
  t.like((await alice.signed('DELETE', 'order', KEY)).body, { code: -2011 });
  await alice.admin('POST', '/venue/lag', { lagMs: 0 });
  t.like(await status(), { status: 'CANCELED' });
});

test('a market that takes cancels only refuses orders, and a halted one refuses both; it stays so', async (t) => {
  const first = await openVenue(t);
  const alice = new Client(first.port);
  const closed = (code: number) => ({ code, msg: 'Market is closed.' });
  const status = async (client: Client) => {
    const symbols = (await client.send('GET', '/api/v3/exchangeInfo')).body['symbols'];
    return (symbols as readonly { status: string }[]).map((symbol) => symbol.status);
  };
  for (const id of ['mine', 'other']) await alice.limit('BUY', '50000', '0.1', { newClientOrderId: id });
  const amend = { ...KEY, newQty: '0.05' };
  const replace = { ...SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '40000', quantity: '0.1' };
  const again = { ...replace, cancelReplaceMode: 'STOP_ON_FAILURE', cancelOrigClientOrderId: 'other' };

  await alice.admin('POST', '/venue/market', { ...SYMBOL, status: 'HALT' });
  t.deepEqual(await status(alice), ['HALT', 'TRADING']);
  t.deepEqual((await alice.limit('BUY', '50000', '0.1')).body, closed(-2010));
  t.deepEqual((await alice.signed('POST', 'order/test', replace)).body, closed(-2010));
  t.deepEqual((await alice.signed('DELETE', 'order', KEY)).body, closed(-2011));
  t.deepEqual((await alice.signed('DELETE', 'openOrders', SYMBOL)).body, closed(-2011));
  t.deepEqual((await alice.signed('PUT', 'order/amend/keepPriority', amend)).body, closed(-2038));
  t.deepEqual((await alice.signed('POST', 'order/cancelReplace', again)).body, closed(-2010));
  t.is((await alice.signed('GET', 'order', KEY)).body['status'], 'NEW');

  await alice.admin('POST', '/venue/market', { status: 'CANCEL_ONLY' });
  t.deepEqual(await status(alice), ['BREAK', 'BREAK']);
  t.deepEqual((await alice.limit('BUY', '50000', '0.1')).body, closed(-2010));
  t.like((await alice.signed('POST', 'order/cancelReplace', again)).body, { code: -2021 });
  await first.close();

  const second = await openVenue(t, { dataDir: first.dataDir });
  const later = new Client(second.port);
  t.deepEqual(await status(later), ['BREAK', 'BREAK'], 'a restart opens no market');
  t.like((await later.send('GET', '/venue')).body, { open: false });
  t.is((await later.signed('DELETE', 'order', KEY)).status, 200);
  await later.admin('POST', '/venue/market', { status: 'TRADING' });
  t.is((await later.limit('BUY', '50000', '0.1')).status, 200);
  t.is((await later.admin('POST', '/venue/market', { symbol: 'XRPUSDT', status: 'HALT' })).status, 400);
});

test('the synthetic market of a halted symbol stands still', async (t) => {
  const { port, venue } = await openVenue(t, { market: DEFAULT_MARKET });
  const alice = new Client(port);
  await alice.admin('POST', '/venue/market', { ...SYMBOL, status: 'HALT' });
  const [halted, other] = ['BTCUSDT', 'ETHUSDT'].map((name) => venue.state.book(name).updateId);
  t.deepEqual((await alice.admin('POST', '/venue/tick', { ticks: 20 })).body, { ticks: 20 });
  t.is(venue.state.book('BTCUSDT').updateId, Number(halted));
  t.true(venue.state.book('ETHUSDT').updateId > Number(other));
});

test('a clock that is wrong shows in the time, in what is stamped, and in who is let in', async (t) => {
  const host = new ManualHost(STARTED_AT);
  const { port, ledgerFile, venue } = await openVenue(t, { host });
  const alice = new Client(port, ALICE, host);
  const time = async () => (await alice.send('GET', '/api/v3/time')).body['serverTime'];
  t.like((await alice.admin('POST', '/venue/clock', { offsetMs: -3_000 })).body, { offsetMs: -3_000 });
  t.is(await time(), STARTED_AT - 3_000);
  const ahead = { code: -1021, msg: "Timestamp for this request was 1000ms ahead of the server's time." };
  t.deepEqual((await alice.limit('BUY', '50000', '0.1')).body, ahead);
  t.is(
    (await alice.limit('BUY', '50000', '0.1', { timestamp: STARTED_AT - 3_000, newClientOrderId: 'early' })).status,
    200,
  );
  t.is((await alice.admin('POST', '/venue/clock', { offsetMs: 6_000 })).status, 200);
  t.like((await alice.limit('BUY', '50000', '0.1', { recvWindow: 5_000 })).body, { code: -1021 });
  const late = await alice.limit('BUY', '50000', '0.1', { recvWindow: 6_000 });
  t.is(late.body['transactTime'], STARTED_AT + 6_000);
  await venue.settled();
  t.deepEqual(
    (await readLedger(ledgerFile)).orders.map(({ placedAt }) => placedAt - STARTED_AT),
    [-3_000, 6_000],
  );
});
