import test, { type ExecutionContext } from 'ava';
import type { Engine } from '../../actors/exchanges/paper/core/engine.ts';
import type { Order } from '../../actors/exchanges/paper/core/order.ts';
import { readLedger } from '../../actors/exchanges/paper/ledger/read.ts';
import { format, parse } from '../../actors/market/decimal.ts';
import { ALICE, BOB, Client, Listener, openVenue, signedParams } from '../support/paper.ts';
import { engine, holds, place, STARTED_AT } from '../support/paper-core.ts';
import { UserEvents } from '../support/paper-user.ts';

const SYMBOL = { symbol: 'BTCUSDT' };
const ROUTE = 'order/amend/keepPriority';

function order(venue: Engine, id: number): Order {
  const found = venue.state.orders.get(id);
  if (!found) throw new Error(`there is no order ${id}`);
  return found;
}

test('an amended order gives back what it no longer needs, bought or sold', (t) => {
  const venue = engine();
  const buy = place(venue, { id: 'buy', side: 'BUY', price: '50000', quantity: '0.5' });
  venue.amend(order(venue, buy.id), parse('0.2'), 'buy', STARTED_AT);
  t.is(holds(venue, 'alice', 'USDT'), '90000/10000');
  t.is(format(venue.state.book('BTCUSDT').quantityAt('BUY', parse('50000'))), '0.2');
  const sell = place(venue, { id: 'sell', side: 'SELL', price: '60000', quantity: '1' });
  venue.amend(order(venue, sell.id), parse('0.3'), 'sell', STARTED_AT);
  t.is(holds(venue, 'alice', 'BTC'), '1.7/0.3');
});

test('an amended order keeps its place before those that came after it', (t) => {
  const venue = engine();
  const first = place(venue, { side: 'BUY', price: '50000', quantity: '0.5' });
  const second = place(venue, { side: 'BUY', price: '50000', quantity: '0.5' });
  venue.amend(order(venue, first.id), parse('0.2'), 'renamed', STARTED_AT);
  const { outcome, fills } = place(venue, { account: 'bob', side: 'SELL', price: '50000', quantity: '0.3' });
  t.deepEqual(fills, ['0.2@50000', '0.1@50000']);
  t.deepEqual(
    outcome.trades.map(({ buyer }) => buyer.orderId),
    [first.id, second.id],
  );
  t.is(order(venue, first.id).status, 'FILLED');
});

test('an amended order that is partly filled is filled by what is left of the new quantity', (t) => {
  const venue = engine();
  const { id } = place(venue, { side: 'BUY', price: '50000', quantity: '0.5' });
  place(venue, { account: 'bob', side: 'SELL', price: '50000', quantity: '0.1' });
  venue.amend(order(venue, id), parse('0.3'), 'again', STARTED_AT);
  t.is(order(venue, id).status, 'PARTIALLY_FILLED');
  t.is(holds(venue, 'alice', 'USDT'), '85000/10000');
  place(venue, { account: 'bob', side: 'SELL', price: '50000', quantity: '0.2' });
  t.is(order(venue, id).status, 'FILLED');
  t.is(holds(venue, 'alice', 'USDT'), '85000/0');
});

test('amending is refused where nothing would shrink, and the order stays as it was', (t) => {
  const venue = engine();
  const { id } = place(venue, { id: 'mine', side: 'BUY', price: '50000', quantity: '0.5' });
  place(venue, { id: 'other', side: 'BUY', price: '49000', quantity: '0.1' });
  place(venue, { account: 'bob', side: 'SELL', price: '50000', quantity: '0.2' });
  const before = { ...order(venue, id) };
  const refused = (quantity: string, clientOrderId = 'mine'): string => {
    const result = venue.amend(order(venue, id), parse(quantity), clientOrderId, STARTED_AT);
    return 'code' in result ? `${result.code} ${result.msg}` : 'done';
  };
  t.is(refused('0.6'), '-2038 Order amend (quantity increase) is not supported.');
  t.is(refused('0.5'), '-2038 The requested action would change no state; rejecting.');
  const executed = '-2038 Order amend (quantity not above the executed one) is not supported.';
  t.deepEqual([refused('0.2'), refused('0.1')], [executed, executed]);
  t.is(refused('0.4', 'other'), '-2038 Duplicate order sent.');
  t.is(refused('0.300001'), '-1013 Filter failure: LOT_SIZE');
  t.is(refused('0.00001'), '-1013 Filter failure: NOTIONAL');
  t.deepEqual(order(venue, id), before);
  t.is(refused('0.4', 'mine'), 'done');
});

test('an amend answers with the order as it is, and the user stream tells of it as REPLACED', async (t) => {
  const { port } = await openVenue(t);
  const [alice, bob] = [new Client(port), new Client(port, BOB)];
  const user = await UserEvents.open(t, port);
  await alice.limit('BUY', '50000', '0.5', { newClientOrderId: 'mine' });
  await bob.limit('SELL', '50000', '0.1');
  const { status, body } = await alice.signed('PUT', ROUTE, { ...SYMBOL, origClientOrderId: 'mine', newQty: '0.2' });
  t.is(status, 200);
  const { amendedOrder, transactTime, executionId } = body;
  const renamed = (amendedOrder as { clientOrderId: string }).clientOrderId;
  t.regex(renamed, /^[\w-]{1,36}$/);
  t.not(renamed, 'mine', 'it gets an id of its own where none is sent');
  t.like(amendedOrder, {
    symbol: 'BTCUSDT',
    orderId: 1,
    orderListId: -1,
    origClientOrderId: 'mine',
    price: '50000.00000000',
    qty: '0.20000000',
    executedQty: '0.10000000',
    preventedQty: '0.00000000',
    cumulativeQuoteQty: '5000.00000000',
    status: 'PARTIALLY_FILLED',
    selfTradePreventionMode: 'NONE',
  });
  const report = await user.find({ x: 'REPLACED' });
  t.like(report, {
    i: 1,
    c: renamed,
    C: 'mine',
    X: 'PARTIALLY_FILLED',
    q: '0.20000000',
    z: '0.10000000',
    l: '0.00000000',
    t: -1,
    w: true,
    T: transactTime,
    I: executionId,
  });
  t.like(await alice.signed('GET', 'order', { ...SYMBOL, orderId: 1 }), { body: { origQty: '0.20000000' } });
  t.like(await alice.signed('GET', 'order', { ...SYMBOL, origClientOrderId: renamed }), { body: { orderId: 1 } });
  t.like(await alice.signed('GET', 'order', { ...SYMBOL, origClientOrderId: 'mine' }), { body: { code: -2013 } });
});

test('the client id stays where it is sent again, and one that was given up is free for a new order', async (t) => {
  const { alice } = await open(t);
  await alice.limit('BUY', '50000', '0.5', { newClientOrderId: 'mine' });
  const amend = (newQty: string, newClientOrderId: string) =>
    alice.signed('PUT', ROUTE, { ...SYMBOL, orderId: 1, newQty, newClientOrderId });
  t.like(await amend('0.4', 'mine'), { body: { amendedOrder: { clientOrderId: 'mine', qty: '0.40000000' } } });
  t.like(await amend('0.3', 'theirs'), { body: { amendedOrder: { clientOrderId: 'theirs' } } });
  t.is((await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'mine' })).status, 200);
  t.like((await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'theirs' })).body, { code: -2010 });
});

test('an older order under a client id is found again when a newer one gave it up', async (t) => {
  const { alice } = await open(t);
  await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'mine' });
  await alice.signed('DELETE', 'order', { ...SYMBOL, origClientOrderId: 'mine' });
  await alice.limit('BUY', '50000', '0.2', { newClientOrderId: 'mine' });
  await alice.signed('PUT', ROUTE, { ...SYMBOL, origClientOrderId: 'mine', newQty: '0.1' });
  t.like((await alice.signed('GET', 'order', { ...SYMBOL, origClientOrderId: 'mine' })).body, {
    orderId: 1,
    status: 'CANCELED',
  });
});

test('an order that is not there, is over, or is of another account cannot be amended', async (t) => {
  const { alice, bob } = await open(t);
  await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'mine' });
  const unknown = { status: 400, body: { code: -2038, msg: 'Unknown order sent.' } };
  t.like(await bob.signed('PUT', ROUTE, { ...SYMBOL, orderId: 1, newQty: '0.05' }), unknown);
  t.like(await alice.signed('PUT', ROUTE, { ...SYMBOL, orderId: 7, newQty: '0.05' }), unknown);
  await alice.signed('DELETE', 'order', { ...SYMBOL, orderId: 1 });
  t.like(await alice.signed('PUT', ROUTE, { ...SYMBOL, orderId: 1, newQty: '0.05' }), unknown);
  const missing = { body: { code: -1102 } };
  t.like(await alice.signed('PUT', ROUTE, { ...SYMBOL, newQty: '0.05' }), missing);
  t.like(await alice.signed('PUT', ROUTE, { ...SYMBOL, orderId: 1 }), missing);
  t.like(await alice.signed('PUT', ROUTE, { ...SYMBOL, orderId: 1, newQty: '0' }), {
    body: { code: -1013, msg: 'Invalid quantity.' },
  });
});

test('an amend over the WebSocket API is the same amend', async (t) => {
  const { alice, port } = await open(t);
  await alice.limit('BUY', '50000', '0.5', { newClientOrderId: 'mine' });
  const socket = await Listener.open(t, port, '/ws-api/v3');
  const params = signedParams(ALICE, { ...SYMBOL, orderId: 1, newQty: '0.2', newClientOrderId: 'next' });
  t.like(await socket.ask({ id: 1, method: 'order.amend.keepPriority', params }), {
    status: 200,
    result: { amendedOrder: { orderId: 1, qty: '0.20000000', clientOrderId: 'next', origClientOrderId: 'mine' } },
  });
});

test('an amend outlives the venue, in its place in the book, and the ledger tells both ids', async (t) => {
  const { alice, bob, venue } = await open(t);
  await alice.limit('BUY', '50000', '0.5', { newClientOrderId: 'first' });
  await bob.limit('BUY', '50000', '0.5', { newClientOrderId: 'second' });
  await alice.signed('PUT', ROUTE, { ...SYMBOL, orderId: 1, newQty: '0.2', newClientOrderId: 'renamed' });
  const look = async (client: Client): Promise<string> => {
    const [open, account] = [await client.signed('GET', 'openOrders', SYMBOL), await client.signed('GET', 'account')];
    return open.text + account.text.replace(/"updateTime":\d+,"accountType"/, '');
  };
  const before = await look(alice);
  await venue.close();
  const again = await openVenue(t, { dataDir: venue.dataDir });
  const [alice2, bob2] = [new Client(again.port), new Client(again.port, BOB)];
  t.is(await look(alice2), before);
  const { fills } = (await bob2.limit('SELL', '50000', '0.2')).body as { fills: readonly { tradeId: number }[] };
  t.is(fills.length, 1);
  t.like((await alice2.signed('GET', 'order', { ...SYMBOL, origClientOrderId: 'renamed' })).body, {
    status: 'FILLED',
    origQty: '0.20000000',
  });
  const view = await readLedger(venue.ledgerFile);
  t.like(view.orders[0], {
    clientOrderId: 'first',
    amendedClientOrderId: 'renamed',
    quantity: '0.2',
    executedQty: '0.2',
    status: 'FILLED',
  });
});

async function open(t: ExecutionContext) {
  const venue = await openVenue(t);
  return { venue, port: venue.port, alice: new Client(venue.port), bob: new Client(venue.port, BOB) };
}
