// Pairs of orders of which one at most is to trade.
import test, { type ExecutionContext } from 'ava';
import { readLedger } from '../../actors/exchanges/paper/ledger/read.ts';
import { ALICE, BOB, type Body, Client, type Fields, Listener, openVenue, signedParams } from '../support/paper.ts';
import { UserEvents } from '../support/paper-user.ts';

const SYMBOL = { symbol: 'BTCUSDT' };
/** The last price is 60,000: a take profit at 61,000 and a stop at 59,000. */
const SELL = {
  ...{ ...SYMBOL, side: 'SELL', quantity: '0.5', listClientOrderId: 'pair' },
  ...{ aboveType: 'LIMIT_MAKER', abovePrice: '61000', aboveClientOrderId: 'high' },
  ...{ belowType: 'STOP_LOSS', belowStopPrice: '59000', belowClientOrderId: 'low' },
};
const BUY = {
  ...{ ...SYMBOL, side: 'BUY', quantity: '0.5', listClientOrderId: 'pair' },
  ...{ aboveType: 'STOP_LOSS_LIMIT', aboveStopPrice: '61000', abovePrice: '61500', aboveTimeInForce: 'GTC' },
  ...{ belowType: 'LIMIT_MAKER', belowPrice: '59000', aboveClientOrderId: 'high', belowClientOrderId: 'low' },
};

async function open(t: ExecutionContext) {
  const venue = await openVenue(t);
  const [alice, bob] = [new Client(venue.port), new Client(venue.port, BOB)];
  const events = await UserEvents.open(t, venue.port);
  const place = (fields: Fields) => alice.signed('POST', 'orderList/oco', fields);
  return { venue, alice, bob, events, place };
}

async function held(client: Client, asset: string): Promise<string> {
  const balances = (await client.signed('GET', 'account')).body['balances'] as readonly Body[];
  const found = balances.find((balance) => balance['asset'] === asset);
  return [found?.['free'], found?.['locked']].join(' ');
}

async function statuses(client: Client): Promise<string[]> {
  const { list } = await client.signed('GET', 'allOrders', SYMBOL);
  return list.map(({ clientOrderId, status, executedQty }) => [clientOrderId, status, executedQty].join(' '));
}

test('a pair is placed as one, holds what one of its orders needs, and is told as a list', async (t) => {
  const { alice, events, place } = await open(t);
  const { status, body } = await place(SELL);
  t.is(status, 200);
  const orders = [
    { ...SYMBOL, orderId: 1, clientOrderId: 'low' },
    { ...SYMBOL, orderId: 2, clientOrderId: 'high' },
  ];
  t.like(body, {
    ...{ orderListId: 1, contingencyType: 'OCO', listStatusType: 'EXEC_STARTED', listOrderStatus: 'EXECUTING' },
    ...{ listClientOrderId: 'pair', symbol: 'BTCUSDT', orders },
    orderReports: [
      { orderId: 1, orderListId: 1, type: 'STOP_LOSS', status: 'NEW', stopPrice: '59000.00000000' },
      { orderId: 2, orderListId: 1, type: 'LIMIT_MAKER', status: 'NEW', price: '61000.00000000' },
    ],
  });
  t.is(await held(alice, 'BTC'), '1.50000000 0.50000000');
  t.like(await events.find({ e: 'listStatus' }), {
    ...{ s: 'BTCUSDT', g: 1, c: 'OCO', l: 'EXEC_STARTED', L: 'EXECUTING', r: 'NONE', C: 'pair' },
    O: [
      { s: 'BTCUSDT', i: 1, c: 'low' },
      { s: 'BTCUSDT', i: 2, c: 'high' },
    ],
  });
  t.like(await events.find({ x: 'NEW', c: 'high' }), { g: 1 });
  const queried = (await alice.signed('GET', 'orderList', { orderListId: 1 })).body;
  t.like(queried, { listClientOrderId: 'pair', orders });
  t.deepEqual((await alice.signed('GET', 'orderList', { origClientOrderId: 'pair' })).body, queried);
  t.deepEqual((await alice.signed('GET', 'openOrderList')).list, [queried]);
  t.deepEqual((await alice.signed('GET', 'allOrderList')).list, [queried]);
  t.like((await alice.signed('GET', 'order', { ...SYMBOL, orderId: 2 })).body, { orderListId: 1 });
});

test('when the limit trades, if only in part, the stop expires', async (t) => {
  const { alice, bob, events, place, venue } = await open(t);
  await place(SELL);
  await bob.limit('BUY', '61000', '0.2');
  t.deepEqual(await statuses(alice), ['low EXPIRED 0.00000000', 'high PARTIALLY_FILLED 0.20000000']);
  t.is(await held(alice, 'BTC'), '1.50000000 0.30000000');
  t.is((await alice.signed('GET', 'openOrderList')).list.length, 1);
  await bob.limit('BUY', '61000', '0.3');
  t.like(await events.find({ e: 'listStatus', L: 'ALL_DONE' }), { g: 1, l: 'ALL_DONE' });
  t.like((await alice.signed('GET', 'orderList', { orderListId: 1 })).body, { listOrderStatus: 'ALL_DONE' });
  t.deepEqual((await alice.signed('GET', 'openOrderList')).list, []);
  t.is(await held(alice, 'BTC'), '1.50000000 0.00000000');
  t.deepEqual(
    (await readLedger(venue.ledgerFile)).orders.map(({ status }) => status),
    ['EXPIRED', 'FILLED', 'FILLED', 'FILLED'],
  );
});

test('when the stop goes off the limit expires, and the stop holds what it needs itself', async (t) => {
  const { alice, bob, place } = await open(t);
  t.is((await place(BUY)).status, 200);
  t.is(await held(alice, 'USDT'), '69250.00000000 30750.00000000', 'the dearer one: half a coin at 61,500');
  await bob.limit('SELL', '61000', '0.1');
  await bob.limit('BUY', '61000', '0.1');
  t.deepEqual(await statuses(alice), ['high NEW 0.00000000', 'low EXPIRED 0.00000000']);
  t.is(await held(alice, 'USDT'), '69250.00000000 30750.00000000');
  await bob.limit('SELL', '61500', '0.5');
  t.deepEqual(await statuses(alice), ['high FILLED 0.50000000', 'low EXPIRED 0.00000000']);
});

test('when the cheaper one trades, what the dearer one would have needed is free', async (t) => {
  const { alice, bob, place } = await open(t);
  await place(BUY);
  await bob.limit('SELL', '59000', '0.1');
  t.is(await held(alice, 'USDT'), '70500.00000000 23600.00000000');
});

test('a list is canceled whole, by itself or through one of its orders, or when the venue ends one', async (t) => {
  const { alice, events, place } = await open(t);
  await place(SELL);
  const canceled = await alice.signed('DELETE', 'orderList', { ...SYMBOL, listClientOrderId: 'pair' });
  t.like(canceled.body, {
    ...{ orderListId: 1, listOrderStatus: 'ALL_DONE', listStatusType: 'ALL_DONE' },
    orderReports: [{ origClientOrderId: 'low', status: 'CANCELED' }, { origClientOrderId: 'high' }],
  });
  t.like(await events.find({ e: 'listStatus', g: 1, L: 'ALL_DONE' }), { C: 'pair' });
  const again = await alice.signed('DELETE', 'orderList', { ...SYMBOL, orderListId: 1 });
  t.deepEqual(again.body, { code: -2011, msg: 'Unknown order list sent.' });
  t.is((await place(SELL)).status, 200, 'its client ids are free again');
  await alice.signed('DELETE', 'order', { ...SYMBOL, origClientOrderId: 'high' });
  await place(SELL);
  t.deepEqual((await alice.admin('POST', '/venue/expire', { clientOrderId: 'low' })).body, { ended: [5, 6] });
  t.deepEqual(
    (await statuses(alice)).map((status) => status.split(' ')[1]),
    ['CANCELED', 'CANCELED', 'CANCELED', 'CANCELED', 'EXPIRED', 'EXPIRED'],
  );
  t.is(await held(alice, 'BTC'), '2.00000000 0.00000000');
});

test('a list ends once: a trade that is taken back later is no further end', async (t) => {
  const { alice, bob, place, venue } = await open(t);
  const socket = await Listener.open(t, venue.port, '/ws-api/v3');
  await socket.ask({ id: 1, method: 'userDataStream.subscribe.signature', params: signedParams(ALICE) });
  await place(SELL);
  await bob.limit('BUY', '61000', '0.5');
  const { list } = await alice.signed('GET', 'myTrades', SYMBOL);
  const tradeId = list[0]?.['id'];
  t.is((await alice.admin('POST', '/venue/bust', { ...SYMBOL, tradeId, account: 'alice' })).status, 200);
  await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'last' });
  await socket.find(({ event }) => JSON.stringify(event ?? null).includes('"c":"last"'));
  const ends = socket.received.filter(({ event }) => JSON.stringify(event ?? null).includes('"L":"ALL_DONE"'));
  t.is(ends.length, 1);
  t.like((await alice.signed('GET', 'order', { ...SYMBOL, origClientOrderId: 'high' })).body, { status: 'CANCELED' });
});

test('what is wrong with a pair is said, and nothing of it is placed', async (t) => {
  const { alice, bob, place } = await open(t);
  const wrong = async (change: Fields, code: number, msg?: string) => {
    const { body } = await place({ ...SELL, ...change });
    t.is(body['code'], code, JSON.stringify(body));
    if (msg) t.is(body['msg'], msg);
  };
  const prices = 'The relationship of the prices for the orders is not correct.';
  await wrong({ abovePrice: '59500' }, -2010, prices);
  await wrong({ belowStopPrice: '60500' }, -2010, prices);
  await wrong({ quantity: '2.1' }, -2010, 'Account has insufficient balance for requested action.');
  await wrong({ abovePrice: '61000.001' }, -1013, 'Filter failure: PRICE_FILTER');
  await wrong({ aboveType: 'STOP_LOSS' }, -1116);
  await wrong({ belowPrice: '58000' }, -1106);
  await wrong({ belowType: 'STOP_LOSS_LIMIT', belowPrice: '58000' }, -1102);
  await wrong({ belowClientOrderId: 'high' }, -2010, 'Duplicate order sent.');
  await bob.limit('BUY', '61200', '0.1');
  await wrong({}, -2010, 'Order would immediately match and take.');
  t.deepEqual(await statuses(alice), []);
  t.deepEqual((await alice.signed('GET', 'orderList', { orderListId: 1 })).body, {
    ...{ code: -2018, msg: 'Order list does not exist.' },
  });
  t.is((await alice.signed('GET', 'orderList')).body['code'], -1102);
});

test('the older form says the same with other names', async (t) => {
  const { alice } = await open(t);
  const older = { ...SYMBOL, side: 'SELL', quantity: '0.5', price: '61000', stopPrice: '59000' };
  const limited = { stopLimitPrice: '58900', stopLimitTimeInForce: 'GTC', newOrderRespType: 'FULL' };
  const { body, status } = await alice.signed('POST', 'order/oco', { ...older, ...limited });
  t.is(status, 200);
  t.like(body, { orderReports: [{ type: 'STOP_LOSS_LIMIT', price: '58900.00000000' }, { type: 'LIMIT_MAKER' }] });
  t.is((await alice.signed('POST', 'order/oco', { ...older, quantity: '0.1' })).status, 200);
  t.deepEqual((await statuses(alice)).length, 4);
});

test('over the WebSocket API too; and a pair outlives the venue', async (t) => {
  const { venue, bob } = await open(t);
  const socket = await Listener.open(t, venue.port, '/ws-api/v3');
  const placed = await socket.ask({ id: 1, method: 'orderList.place.oco', params: signedParams(ALICE, SELL) });
  t.like(placed, { status: 200, result: { orderListId: 1 } });
  await bob.limit('BUY', '50000', '0.1');
  await venue.close();
  const again = await openVenue(t, { dataDir: venue.dataDir });
  const alice = new Client(again.port);
  t.is((await alice.signed('GET', 'openOrderList')).list.length, 1);
  await new Client(again.port, BOB).limit('BUY', '61000', '0.5');
  t.deepEqual(await statuses(alice), ['low EXPIRED 0.00000000', 'high FILLED 0.50000000']);
});
