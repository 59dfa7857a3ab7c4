import test, { type ExecutionContext } from 'ava';
import type { Engine } from '../../actors/exchanges/paper/core/engine.ts';
import { readLedger } from '../../actors/exchanges/paper/ledger/read.ts';
import { format, parse } from '../../actors/market/decimal.ts';
import { BOB, Client, type Fields, openVenue } from '../support/paper.ts';
import { engine, holds, place } from '../support/paper-core.ts';
import { UserEvents } from '../support/paper-user.ts';

const SYMBOL = { symbol: 'BTCUSDT' };

function state(venue: Engine, id: number): string {
  const order = venue.state.orders.get(id);
  const prevented = order?.prevented ? ` -${format(order.prevented.quantity)}` : '';
  return order ? `${order.status} ${format(order.executed)}${prevented}` : 'none';
}

/** Her own order in the middle of two of another account, best first. */
function asks(venue: Engine) {
  const best = place(venue, { account: 'bob', side: 'SELL', price: '50000', quantity: '0.1' });
  const own = place(venue, { side: 'SELL', price: '50001', quantity: '0.2' });
  const worst = place(venue, { account: 'bob', side: 'SELL', price: '50002', quantity: '0.3' });
  return { best: best.id, own: own.id, worst: worst.id };
}

test('EXPIRE_MAKER takes the own order off and trades on past it', (t) => {
  const venue = engine();
  const { own } = asks(venue);
  const taker = place(venue, { side: 'BUY', price: '50002', quantity: '0.35', prevention: 'EXPIRE_MAKER' });
  t.deepEqual(taker.fills, ['0.1@50000', '0.25@50002']);
  t.is(taker.status, 'FILLED');
  t.is(state(venue, own), 'EXPIRED_IN_MATCH 0 -0.2');
  t.is(format(venue.state.book('BTCUSDT').quantityAt('SELL', parse('50001'))), '0');
  t.is(holds(venue, 'alice', 'BTC'), '2.3493/0', 'bought without a sale of her own, and nothing stays locked');
});

test('EXPIRE_TAKER trades up to the own order, which stays, and expires there', (t) => {
  const venue = engine();
  const { own } = asks(venue);
  const taker = place(venue, { side: 'BUY', price: '50002', quantity: '0.35', prevention: 'EXPIRE_TAKER' });
  t.like(taker, { status: 'EXPIRED_IN_MATCH', fills: ['0.1@50000'] });
  t.is(state(venue, taker.id), 'EXPIRED_IN_MATCH 0.1 -0.25');
  t.is(state(venue, own), 'NEW 0');
  t.is(holds(venue, 'alice', 'USDT'), '95000/0');
});

test('EXPIRE_BOTH ends the two of them and nothing else', (t) => {
  const venue = engine();
  const { own, worst } = asks(venue);
  const taker = place(venue, { side: 'BUY', price: '50002', quantity: '0.35', prevention: 'EXPIRE_BOTH' });
  t.is(state(venue, taker.id), 'EXPIRED_IN_MATCH 0.1 -0.25');
  t.is(state(venue, own), 'EXPIRED_IN_MATCH 0 -0.2');
  t.is(state(venue, worst), 'NEW 0');
  t.is(holds(venue, 'alice', 'USDT'), '95000/0');
  t.is(holds(venue, 'alice', 'BTC'), '2.0998/0');
});

test("the taker's mode decides, and NONE lets an account trade with itself", (t) => {
  const venue = engine();
  const own = place(venue, { side: 'SELL', price: '50000', quantity: '0.1', prevention: 'EXPIRE_BOTH' });
  t.is(place(venue, { side: 'BUY', price: '50000', quantity: '0.1' }).status, 'FILLED');
  t.is(state(venue, own.id), 'FILLED 0.1');
});

test('orders of another account are no reason to prevent anything', (t) => {
  const venue = engine();
  const theirs = place(venue, { account: 'bob', side: 'SELL', price: '50000', quantity: '0.1' });
  const taker = place(venue, { side: 'BUY', price: '50000', quantity: '0.1', prevention: 'EXPIRE_BOTH' });
  t.deepEqual([taker.status, state(venue, theirs.id)], ['FILLED', 'FILLED 0.1']);
});

test('what a market order does not find after the prevention is EXPIRED, not EXPIRED_IN_MATCH', (t) => {
  const venue = engine();
  const own = place(venue, { side: 'SELL', price: '50000', quantity: '0.1' });
  const taker = place(venue, { side: 'BUY', type: 'MARKET', quantity: '0.1', prevention: 'EXPIRE_MAKER' });
  t.is(state(venue, taker.id), 'EXPIRED 0');
  t.is(state(venue, own.id), 'EXPIRED_IN_MATCH 0 -0.1');
});

test('a fill-or-kill that cannot be filled past the own order ends alone', (t) => {
  const venue = engine();
  const { own } = asks(venue);
  const wish = { side: 'BUY', timeInForce: 'FOK', price: '50002', prevention: 'EXPIRE_MAKER' } as const;
  const killed = place(venue, { ...wish, quantity: '0.5' });
  t.like(killed, { status: 'EXPIRED', fills: [] });
  t.is(state(venue, own), 'NEW 0');
  t.is(place(venue, { ...wish, quantity: '0.4' }).status, 'FILLED');
  t.is(state(venue, own), 'EXPIRED_IN_MATCH 0 -0.2');
});

test('a maker-only order that meets an own one is refused all the same', (t) => {
  const venue = engine();
  place(venue, { side: 'SELL', price: '50000', quantity: '0.1' });
  const wish = { side: 'BUY', type: 'LIMIT_MAKER', price: '50000', quantity: '0.1' } as const;
  const words = '-2010 Order would immediately match and take.';
  for (const prevention of ['EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH'] as const)
    t.is(place(venue, { ...wish, prevention }).refusal, words);
});

test('a stop keeps its mode until it goes off', (t) => {
  const venue = engine();
  const own = place(venue, { side: 'SELL', price: '61500', quantity: '0.1' });
  const stop = place(venue, {
    side: 'BUY',
    type: 'STOP_LOSS',
    stop: '61000',
    quantity: '0.1',
    prevention: 'EXPIRE_TAKER',
  });
  place(venue, { account: 'bob', side: 'SELL', price: '61000', quantity: '0.001' });
  place(venue, { account: 'bob', side: 'BUY', price: '61000', quantity: '0.001' });
  t.is(state(venue, stop.id), 'EXPIRED_IN_MATCH 0 -0.1');
  t.is(state(venue, own.id), 'NEW 0');
  t.is(holds(venue, 'alice', 'USDT'), '100000/0');
});

test('prevented matches of a symbol are numbered from 0 without a gap, several of one order too', (t) => {
  const venue = engine();
  for (const price of ['50000', '50001']) place(venue, { side: 'SELL', price, quantity: '0.1' });
  const taker = place(venue, { side: 'BUY', price: '50001', quantity: '0.1', prevention: 'EXPIRE_MAKER' });
  t.is(taker.status, 'NEW', 'it rests once nothing of hers is in its way');
  const last = place(venue, { side: 'SELL', price: '50001', quantity: '0.1', prevention: 'EXPIRE_BOTH' });
  const ids = [1, 2, taker.id, last.id].map((id) => venue.state.orders.get(id)?.prevented?.matchId);
  t.deepEqual(ids, [0, 1, 2, 2]);
});

async function open(t: ExecutionContext) {
  const venue = await openVenue(t);
  return { venue, alice: new Client(venue.port), bob: new Client(venue.port, BOB) };
}

test('a prevented match is answered, queried and reported from both sides, and outlives the venue', async (t) => {
  const { venue, alice } = await open(t);
  const user = await UserEvents.open(t, venue.port);
  await alice.limit('SELL', '50000', '0.1', { newClientOrderId: 'maker' });
  const { body } = await alice.limit('BUY', '50001', '0.3', {
    newClientOrderId: 'taker',
    selfTradePreventionMode: 'EXPIRE_BOTH',
  });
  t.like(body, { status: 'EXPIRED_IN_MATCH', executedQty: '0.00000000', selfTradePreventionMode: 'EXPIRE_BOTH' });
  t.like(body, { preventedMatchId: 0, preventedQuantity: '0.30000000', fills: [] });
  const takerPreventedQuantity = '0.30000000';
  const makerPreventedQuantity = '0.10000000';
  t.deepEqual(body['preventedMatches'], [
    { preventedMatchId: 0, makerOrderId: 1, price: '50000.00000000', makerPreventedQuantity, takerPreventedQuantity },
  ]);
  const shared = { x: 'TRADE_PREVENTION', X: 'EXPIRED_IN_MATCH', v: 0, Cs: 'BTCUSDT', pl: '0.10000000', w: false };
  const maker = await user.find({ c: 'maker', x: 'TRADE_PREVENTION' });
  t.like(maker, { ...shared, U: 2, A: '0.10000000', B: '0.10000000', pL: '50000.00000000', pY: '5000.00000000' });
  t.like(await user.find({ c: 'taker', x: 'TRADE_PREVENTION' }), {
    ...shared,
    U: 1,
    A: '0.30000000',
    V: 'EXPIRE_BOTH',
  });
  const look = async (client: Client): Promise<string> => (await client.signed('GET', 'allOrders', SYMBOL)).text;
  const before = await look(alice);
  t.regex(before, /"status":"EXPIRED_IN_MATCH".*"preventedMatchId":0/);
  await venue.close();
  const again = await openVenue(t, { dataDir: venue.dataDir });
  t.is(await look(new Client(again.port)), before);
  const view = await readLedger(venue.ledgerFile);
  t.deepEqual(
    view.orders.map(({ status, selfTradePrevention }) => `${status} ${selfTradePrevention}`),
    ['EXPIRED_IN_MATCH NONE', 'EXPIRED_IN_MATCH EXPIRE_BOTH'],
  );
});

test('a taker that expires tells of the match alone, with its own quantity', async (t) => {
  const { alice } = await open(t);
  await alice.limit('SELL', '50000', '0.1');
  const { body } = await alice.limit('BUY', '50000', '0.3', { selfTradePreventionMode: 'EXPIRE_TAKER' });
  t.deepEqual(body['preventedMatches'], [
    { preventedMatchId: 0, makerOrderId: 1, price: '50000.00000000', takerPreventedQuantity: '0.30000000' },
  ]);
  t.like((await alice.signed('GET', 'order', { ...SYMBOL, orderId: 1 })).body, { status: 'NEW' });
});

test('DECREMENT takes the same from both without a trade, and the smaller one expires', async (t) => {
  const { venue, alice } = await open(t);
  const events = await UserEvents.open(t, venue.port);
  await alice.limit('SELL', '50000', '0.2', { newClientOrderId: 'maker' });
  const small = { newClientOrderId: 'small', selfTradePreventionMode: 'DECREMENT' };
  const taker = (await alice.limit('BUY', '50000', '0.05', small)).body;
  t.like(taker, { status: 'EXPIRED_IN_MATCH', executedQty: '0.00000000', preventedQuantity: '0.05000000' });
  const maker = async () => (await alice.signed('GET', 'order', { ...SYMBOL, origClientOrderId: 'maker' })).body;
  t.like(await maker(), { status: 'NEW', origQty: '0.20000000', preventedQuantity: '0.05000000' });
  const large = { newClientOrderId: 'large', selfTradePreventionMode: 'DECREMENT' };
  t.like((await alice.limit('BUY', '50000', '0.4', large)).body, {
    ...{ status: 'NEW', executedQty: '0.00000000', preventedQuantity: '0.15000000' },
    preventedMatches: [
      {
        ...{ preventedMatchId: 1, makerOrderId: 1, price: '50000.00000000' },
        ...{ takerPreventedQuantity: '0.15000000', makerPreventedQuantity: '0.15000000' },
      },
    ],
  });
  t.like(await maker(), { status: 'EXPIRED_IN_MATCH', preventedQuantity: '0.20000000' });
  t.like(await events.find({ x: 'TRADE_PREVENTION', c: 'maker', X: 'EXPIRED_IN_MATCH' }), {
    ...{ A: '0.20000000', B: '0.15000000' },
  });
  const { bids } = (await alice.send('GET', '/api/v3/depth?symbol=BTCUSDT')).body;
  t.deepEqual(bids, [['50000.00000000', '0.25000000']], 'what is left of the larger one rests');
  const balances = (await alice.signed('GET', 'account')).body['balances'] as readonly object[];
  t.deepEqual(balances[0], { asset: 'USDT', free: '87500.00000000', locked: '12500.00000000' });
  t.deepEqual(balances[1], { asset: 'BTC', free: '2.00000000', locked: '0.00000000' });
});

test('only the modes of the symbol are taken', async (t) => {
  const { alice } = await open(t);
  const asked = async (selfTradePreventionMode: string): Promise<Fields> => {
    const { code, msg } = (await alice.limit('BUY', '50000', '0.1', { selfTradePreventionMode })).body;
    return { code: Number(code), msg: String(msg) };
  };
  const words = 'This symbol does not allow the specified self-trade prevention mode.';
  t.deepEqual(await asked('TRANSFER'), { code: -1013, msg: words });
  t.deepEqual(await asked('MAYBE'), {
    code: -1130,
    msg: "Data sent for parameter 'selfTradePreventionMode' is not valid.",
  });
  t.deepEqual((await alice.signed('GET', 'allOrders', SYMBOL)).list, []);
});
