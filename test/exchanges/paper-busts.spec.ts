import test, { type ExecutionContext } from 'ava';
import { readLedger } from '../../actors/exchanges/paper/ledger/read.ts';
import { ALICE, BOB, type Body, Client, openVenue } from '../support/paper.ts';
import { UserEvents } from '../support/paper-user.ts';

const SYMBOL = { symbol: 'BTCUSDT' };

/** Alice has bought 0.1 of the 0.3 that bob rests at 50,000, in trade 1. */
async function traded(t: ExecutionContext, quantity = '0.1') {
  const venue = await openVenue(t);
  const [alice, bob] = [new Client(venue.port), new Client(venue.port, BOB)];
  const events = await UserEvents.open(t, venue.port);
  await bob.limit('SELL', '50000', '0.3', { newClientOrderId: 'ask' });
  await alice.limit('BUY', '50000', quantity, { newClientOrderId: 'bid' });
  return { venue, alice, bob, events };
}

async function balances(client: Client): Promise<{ [asset: string]: unknown }> {
  const list = (await client.signed('GET', 'account')).body['balances'] as readonly Body[];
  return Object.fromEntries(list.map(({ asset, free, locked }) => [asset, [free, locked].join(' ')]));
}

async function order(client: Client, origClientOrderId: string): Promise<Body> {
  return (await client.signed('GET', 'order', { ...SYMBOL, origClientOrderId })).body;
}

test('a busted trade is undone: money back, trade not listed, and its order counts as canceled', async (t) => {
  const { venue, alice, bob, events } = await traded(t);
  const answer = await alice.admin('POST', '/venue/bust', { ...SYMBOL, tradeId: 1 });
  t.is(answer.status, 200);
  t.deepEqual(answer.body, {
    busted: [
      { account: 'alice', orderId: 2, tradeId: 1, correctedBy: null },
      { account: 'bob', orderId: 1, tradeId: 1, correctedBy: null },
    ],
  });
  t.like(await order(alice, 'bid'), {
    status: 'CANCELED',
    executedQty: '0.00000000',
    cummulativeQuoteQty: '0.00000000',
  });
  t.deepEqual((await alice.signed('GET', 'myTrades', SYMBOL)).list, []);
  const { USDT, BTC } = await balances(alice);
  t.deepEqual([USDT, BTC], ['100000.00000000 0.00000000', '2.00000000 0.00000000']);
  t.like(await events.find({ x: 'TRADE_BUST' }), {
    ...{ X: 'CANCELED', i: 2, c: 'bid', C: '', t: 1, z: '0.00000000', Z: '0.00000000' },
    ...{ l: '0.10000000', L: '50000.00000000', n: '0.00010000', N: 'BTC', w: false },
  });
  t.is((await balances(bob))['USDT'], '100000.00000000 0.00000000');
  const view = await readLedger(venue.ledgerFile);
  t.deepEqual(view.trades, []);
  t.deepEqual(
    view.busts.map(({ tradeId, orderId, correctedBy }) => [tradeId, orderId, correctedBy]),
    [
      [1, 2, null],
      [1, 1, null],
    ],
  );
  t.deepEqual(
    view.orders.map(({ status, executedQty }) => `${status} ${executedQty}`),
    ['NEW 0', 'CANCELED 0'],
  );
  t.deepEqual(
    ['alice', 'bob', 'house', 'fees'].map((name) => view.balances.get(name)?.get('BTC')),
    ['2', '2', '0', '0'],
  );
});

test('an order that still works, works again for what was taken back', async (t) => {
  const { alice, bob } = await traded(t);
  await alice.admin('POST', '/venue/bust', { ...SYMBOL, tradeId: 1 });
  t.like(await order(bob, 'ask'), { status: 'NEW', executedQty: '0.00000000' });
  t.is((await balances(bob))['BTC'], '1.70000000 0.30000000');
  t.like((await alice.limit('BUY', '50000', '0.4')).body, { status: 'PARTIALLY_FILLED', executedQty: '0.30000000' });
  t.like(await order(bob, 'ask'), { status: 'FILLED' });
});

test('only the side that is named is taken back, and the house stands in for the other', async (t) => {
  const { venue, alice, bob } = await traded(t);
  t.is((await alice.admin('POST', '/venue/bust', { account: 'alice', ...SYMBOL, tradeId: 1 })).status, 200);
  t.like(await order(bob, 'ask'), { status: 'PARTIALLY_FILLED', executedQty: '0.10000000' });
  t.is((await bob.signed('GET', 'myTrades', SYMBOL)).list.length, 1);
  const { balances: held } = await readLedger(venue.ledgerFile);
  t.is(held.get('house')?.get('BTC'), '0.1');
  t.is(held.get('house')?.get('USDT'), '-5000');
});

test('a correction is a new trade in the place of the old one', async (t) => {
  const { alice, events, venue } = await traded(t);
  const wish = { account: 'alice', ...SYMBOL, tradeId: 1, price: '49000', quantity: '0.04' };
  const answer = await alice.admin('POST', '/venue/correct', wish);
  t.deepEqual(answer.body, { busted: [{ account: 'alice', orderId: 2, tradeId: 1, correctedBy: 2 }] });
  t.like(await events.find({ x: 'TRADE_CORRECT' }), {
    ...{ X: 'CANCELED', i: 2, c: 'bid', t: 2, bt: 1, l: '0.04000000', L: '49000.00000000', Y: '1960.00000000' },
    ...{ n: '0.00004000', N: 'BTC', z: '0.04000000', Z: '1960.00000000' },
  });
  const [trade, ...more] = (await alice.signed('GET', 'myTrades', SYMBOL)).list;
  t.like(trade, { id: 2, orderId: 2, price: '49000.00000000', qty: '0.04000000', commission: '0.00004000' });
  t.deepEqual(more, []);
  const { USDT, BTC } = await balances(alice);
  t.deepEqual([USDT, BTC], ['98040.00000000 0.00000000', '2.03996000 0.00000000']);
  const [seen] = (await readLedger(venue.ledgerFile)).trades.filter(({ account }) => account === 'alice');
  t.like(seen, { tradeId: 2, price: '49000', quantity: '0.04', fee: '0.00004' });
  t.is((await alice.admin('POST', '/venue/bust', { ...SYMBOL, tradeId: 2 })).status, 200, 'and can be busted itself');
  t.is((await balances(alice))['USDT'], '100000.00000000 0.00000000');
});

test('a correction of the price alone leaves a filled order filled', async (t) => {
  const { alice } = await traded(t);
  await alice.admin('POST', '/venue/correct', { account: 'alice', ...SYMBOL, tradeId: 1, price: '50010' });
  t.like(await order(alice, 'bid'), { status: 'FILLED', cummulativeQuoteQty: '5001.00000000' });
});

test('what cannot be taken back is left alone, and the answer says why', async (t) => {
  const { venue, alice } = await traded(t);
  const refused = async (path: string, wish: object, status: number, why: RegExp) => {
    const { entries } = venue.venue;
    const answer = await alice.admin('POST', path, wish);
    t.is(answer.status, status);
    t.regex(answer.text, why);
    t.is(venue.venue.entries, entries, 'nothing was done');
  };
  await refused('/venue/bust', { ...SYMBOL, tradeId: 9 }, 409, /no client has such a trade/);
  await refused('/venue/bust', { ...SYMBOL, tradeId: 1, account: 'carol' }, 409, /no client/);
  await refused('/venue/bust', { symbol: 'XRPUSDT', tradeId: 1 }, 409, /no such symbol/);
  await refused('/venue/correct', { ...SYMBOL, tradeId: 1, quantity: '0.2', account: 'alice' }, 409, /more than order/);
  await refused('/venue/correct', { ...SYMBOL, tradeId: 1 }, 400, /price or quantity/);
  await refused('/venue/correct', { ...SYMBOL, tradeId: 1, price: '0' }, 400, /above zero/);
  await alice.signed('POST', 'order', {
    ...SYMBOL,
    side: 'SELL',
    type: 'LIMIT_MAKER',
    price: '70000',
    quantity: '2.09',
  });
  await refused('/venue/bust', { ...SYMBOL, tradeId: 1, account: 'alice' }, 409, /not enough is free.*alice BTC/);
});

test('a bust outlives the venue', async (t) => {
  const first = await traded(t);
  await first.alice.admin('POST', '/venue/bust', { ...SYMBOL, tradeId: 1 });
  await first.venue.close();
  const again = await openVenue(t, { dataDir: first.venue.dataDir });
  const [alice, bob] = [new Client(again.port), new Client(again.port, BOB)];
  t.like(await order(alice, 'bid'), { status: 'CANCELED', executedQty: '0.00000000' });
  t.like((await alice.limit('BUY', '50000', '0.3')).body, { status: 'FILLED' });
  t.like(await order(bob, 'ask'), { status: 'FILLED' });
});

test('the venue ends orders that nobody canceled, and says so as it is said on Binance', async (t) => {
  const venue = await openVenue(t);
  const [alice, bob] = [new Client(venue.port), new Client(venue.port, BOB)];
  const events = await UserEvents.open(t, venue.port, ALICE);
  await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'first' });
  await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'second' });
  await bob.limit('BUY', '50000', '0.1', { newClientOrderId: 'theirs' });
  const named = { account: 'alice', ...SYMBOL, clientOrderId: 'first' };
  t.deepEqual((await alice.admin('POST', '/venue/cancel', named)).body, { ended: [1] });
  t.like(await events.find({ x: 'CANCELED' }), { i: 1, c: 'first', C: '', X: 'CANCELED' });
  t.deepEqual((await alice.admin('POST', '/venue/expire', { orderId: 2 })).body, { ended: [2] });
  t.like(await events.find({ x: 'EXPIRED' }), { i: 2, c: 'second', C: '', X: 'EXPIRED' });
  t.deepEqual((await alice.admin('POST', '/venue/expire', { orderId: 2 })).body, { ended: [] });
  t.deepEqual((await alice.admin('POST', '/venue/cancel')).body, { ended: [3] }, 'every one that is open');
  t.deepEqual(
    (await readLedger(venue.ledgerFile)).orders.map(({ status }) => status),
    ['CANCELED', 'EXPIRED', 'CANCELED'],
  );
});
