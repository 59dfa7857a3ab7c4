import test, { type ExecutionContext } from 'ava';
import { ALICE, BOB, Client, type Fields, Listener, openVenue, signedParams } from '../support/paper.ts';
import { UserEvents } from '../support/paper-user.ts';

const SYMBOL = { symbol: 'BTCUSDT' };
const STOP = { cancelReplaceMode: 'STOP_ON_FAILURE' };
const ALLOW = { cancelReplaceMode: 'ALLOW_FAILURE' };
const LIMIT = { ...SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '49000', quantity: '0.2' };
const TOO_MUCH = { ...LIMIT, quantity: '3' };
const UNKNOWN = { code: -2011, msg: 'Unknown order sent.' };
const SHORT = { code: -2010, msg: 'Account has insufficient balance for requested action.' };

async function open(t: ExecutionContext) {
  const venue = await openVenue(t);
  const [alice, bob] = [new Client(venue.port), new Client(venue.port, BOB)];
  const replace = (fields: Fields) => alice.signed('POST', 'order/cancelReplace', fields);
  return { venue, port: venue.port, alice, bob, replace };
}

async function openIds(client: Client): Promise<unknown[]> {
  return (await client.signed('GET', 'openOrders', SYMBOL)).list.map(({ clientOrderId }) => clientOrderId);
}

test('an order is canceled and another placed, each answered as if asked for alone', async (t) => {
  const { alice, replace } = await open(t);
  await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'old' });
  const { status, body } = await replace({
    ...LIMIT,
    ...STOP,
    cancelOrigClientOrderId: 'old',
    cancelNewClientOrderId: 'why',
    newClientOrderId: 'new',
  });
  t.is(status, 200);
  t.like(body, {
    cancelResult: 'SUCCESS',
    newOrderResult: 'SUCCESS',
    cancelResponse: { orderId: 1, origClientOrderId: 'old', clientOrderId: 'why', status: 'CANCELED' },
    newOrderResponse: { orderId: 2, clientOrderId: 'new', status: 'NEW', origQty: '0.20000000' },
  });
  t.deepEqual((body['newOrderResponse'] as { fills: unknown }).fills, []);
  t.deepEqual(await openIds(alice), ['new']);
});

test('the new order may spend what the old one held, and go by its client id', async (t) => {
  const { alice, replace } = await open(t);
  await alice.limit('BUY', '50000', '2', { newClientOrderId: 'mine' });
  const all = { ...LIMIT, price: '40000', quantity: '2.5', newClientOrderId: 'mine' };
  t.like(await alice.signed('POST', 'order', { ...all, newClientOrderId: 'more' }), { body: SHORT });
  t.is((await replace({ ...all, ...STOP, cancelOrderId: 1 })).status, 200);
  t.deepEqual(await openIds(alice), ['mine']);
  const balances = (await alice.signed('GET', 'account')).body['balances'] as readonly object[];
  t.deepEqual(balances[0], { asset: 'USDT', free: '0.00000000', locked: '100000.00000000' });
});

test('with STOP_ON_FAILURE nothing is placed where nothing was canceled', async (t) => {
  const { alice, replace } = await open(t);
  const { status, body } = await replace({ ...LIMIT, ...STOP, cancelOrderId: 9 });
  t.is(status, 400);
  t.deepEqual(body, {
    code: -2022,
    msg: 'Order cancel-replace failed.',
    data: {
      cancelResult: 'FAILURE',
      newOrderResult: 'NOT_ATTEMPTED',
      cancelResponse: UNKNOWN,
      newOrderResponse: null,
    },
  });
  t.deepEqual(await openIds(alice), []);
});

test('with ALLOW_FAILURE the new order is placed all the same, and the answer says which half failed', async (t) => {
  const { alice, replace } = await open(t);
  const { status, body } = await replace({ ...LIMIT, ...ALLOW, cancelOrderId: 9, newClientOrderId: 'new' });
  t.is(status, 409);
  t.like(body, {
    code: -2021,
    msg: 'Order cancel-replace partially failed.',
    data: {
      cancelResult: 'FAILURE',
      newOrderResult: 'SUCCESS',
      cancelResponse: UNKNOWN,
      newOrderResponse: { clientOrderId: 'new', status: 'NEW' },
    },
  });
  t.deepEqual(await openIds(alice), ['new']);
});

for (const mode of [STOP, ALLOW]) {
  test(`a refused new order does not bring back the canceled one: ${mode.cancelReplaceMode}`, async (t) => {
    const { alice, replace } = await open(t);
    await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'old' });
    const { status, body } = await replace({ ...TOO_MUCH, ...mode, cancelOrigClientOrderId: 'old' });
    t.is(status, 409);
    t.like(body, {
      code: -2021,
      data: {
        cancelResult: 'SUCCESS',
        newOrderResult: 'FAILURE',
        cancelResponse: { origClientOrderId: 'old', status: 'CANCELED' },
        newOrderResponse: SHORT,
      },
    });
    t.deepEqual(await openIds(alice), []);
  });
}

test('with ALLOW_FAILURE both halves may fail, and then nothing was done', async (t) => {
  const { alice, replace } = await open(t);
  const { status, body } = await replace({ ...TOO_MUCH, ...ALLOW, cancelOrderId: 9 });
  t.is(status, 400);
  t.deepEqual(body, {
    code: -2022,
    msg: 'Order cancel-replace failed.',
    data: { cancelResult: 'FAILURE', newOrderResult: 'FAILURE', cancelResponse: UNKNOWN, newOrderResponse: SHORT },
  });
  t.deepEqual(await openIds(alice), []);
});

test('an order that no filter lets through leaves the old one alone', async (t) => {
  const { alice, replace } = await open(t);
  await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'old' });
  const { body } = await replace({ ...LIMIT, ...ALLOW, price: '49000.001', cancelOrigClientOrderId: 'old' });
  t.deepEqual(body, { code: -1013, msg: 'Filter failure: PRICE_FILTER' });
  t.deepEqual(await openIds(alice), ['old']);
});

test('a restricted cancel leaves alone what it is not meant for, alone and in a replace', async (t) => {
  const { alice, bob, replace } = await open(t);
  await alice.limit('BUY', '50000', '0.2', { newClientOrderId: 'old' });
  const partly = { cancelRestrictions: 'ONLY_PARTIALLY_FILLED' };
  const restricted = { code: -2011, msg: 'Order was not canceled due to cancel restrictions.' };
  t.deepEqual((await alice.signed('DELETE', 'order', { ...SYMBOL, orderId: 1, ...partly })).body, restricted);
  t.like((await replace({ ...LIMIT, ...STOP, ...partly, cancelOrderId: 1 })).body, {
    code: -2022,
    data: { cancelResponse: restricted, newOrderResult: 'NOT_ATTEMPTED' },
  });
  await bob.limit('SELL', '50000', '0.1');
  const untouched = { cancelRestrictions: 'ONLY_NEW' };
  t.deepEqual((await alice.signed('DELETE', 'order', { ...SYMBOL, orderId: 1, ...untouched })).body, restricted);
  t.is((await replace({ ...LIMIT, ...STOP, ...partly, cancelOrderId: 1 })).status, 200);
  t.like(await alice.signed('DELETE', 'order', { ...SYMBOL, orderId: 9, cancelRestrictions: 'x' }), {
    body: { code: -1145 },
  });
});

test('what a replace needs is asked for by name', async (t) => {
  const { replace } = await open(t);
  const cases: [Fields, number, RegExp][] = [
    [{ ...LIMIT, cancelOrderId: 1 }, -1102, /'cancelReplaceMode'/],
    [{ ...LIMIT, cancelOrderId: 1, cancelReplaceMode: 'SOMETIMES' }, -1130, /'cancelReplaceMode'/],
    [{ ...LIMIT, ...STOP }, -1102, /'cancelOrigClientOrderId' or 'cancelOrderId'/],
    [{ ...LIMIT, ...STOP, orderId: 1, cancelOrderId: 1 }, -1104, /Not all sent/],
  ];
  for (const [fields, code, msg] of cases) {
    const { body } = await replace(fields);
    t.is(body['code'], code);
    t.regex(String(body['msg']), msg);
  }
});

test('both halves are told of in turn, are one line of the ledger, and outlive the venue', async (t) => {
  const { alice, replace, port, venue } = await open(t);
  const user = await UserEvents.open(t, port);
  await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'old' });
  const before = venue.venue.entries;
  await replace({ ...LIMIT, ...STOP, cancelOrigClientOrderId: 'old', newClientOrderId: 'new' });
  t.is(venue.venue.entries, before + 1);
  await user.find({ c: 'new', x: 'NEW' });
  t.deepEqual(user.reports(), ['NEW NEW', 'CANCELED CANCELED', 'NEW NEW']);
  await venue.close();
  const again = await openVenue(t, { dataDir: venue.dataDir });
  t.deepEqual(await openIds(new Client(again.port)), ['new']);
});

test('a replace over the WebSocket API says what failed in its error', async (t) => {
  const { port } = await open(t);
  const socket = await Listener.open(t, port, '/ws-api/v3');
  const params = signedParams(ALICE, { ...LIMIT, ...STOP, cancelOrderId: 9 });
  t.like(await socket.ask({ id: 1, method: 'order.cancelReplace', params }), {
    status: 400,
    error: { code: -2022, data: { cancelResult: 'FAILURE', newOrderResult: 'NOT_ATTEMPTED' } },
  });
});
