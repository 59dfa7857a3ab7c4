import test, { type ExecutionContext } from 'ava';
import type { Engine } from '../../actors/exchanges/paper/core/engine.ts';
import { HOUSE } from '../../actors/exchanges/paper/core/facts.ts';
import { VenueState } from '../../actors/exchanges/paper/core/state.ts';
import { readLedger } from '../../actors/exchanges/paper/ledger/read.ts';
import { format, parse } from '../../actors/market/decimal.ts';
import { BOB, Client, type Fields, openVenue } from '../support/paper.ts';
import { engine, holds, place, STARTED_AT, SYMBOLS } from '../support/paper-core.ts';
import { UserEvents } from '../support/paper-user.ts';

const SYMBOL = { symbol: 'BTCUSDT' };

/** Bob trades with himself: the market is at this price from here on. */
function trade(venue: Engine, price: string): void {
  place(venue, { account: 'bob', side: 'SELL', price, quantity: '0.001' });
  place(venue, { account: 'bob', side: 'BUY', price, quantity: '0.001' });
}

function state(venue: Engine, id: number): string {
  const order = venue.state.orders.get(id);
  return order
    ? `${order.status} ${order.workingAt === null ? 'parked' : 'working'} ${format(order.executed)}`
    : 'none';
}

test('a stop order waits off the book with its funds locked', (t) => {
  const venue = engine();
  const sell = place(venue, { side: 'SELL', type: 'STOP_LOSS', stop: '59000', quantity: '0.5' });
  t.is(state(venue, sell.id), 'NEW parked 0');
  t.is(holds(venue, 'alice', 'BTC'), '1.5/0.5');
  const buy = place(venue, { side: 'BUY', type: 'STOP_LOSS_LIMIT', stop: '61000', price: '61100', quantity: '0.1' });
  t.is(holds(venue, 'alice', 'USDT'), '93890/6110', 'what its limit may cost');
  place(venue, { side: 'BUY', type: 'TAKE_PROFIT', stop: '50000', quantity: '0.1' });
  t.is(holds(venue, 'alice', 'USDT'), '88890/11110', 'what its stop says');
  t.is(venue.state.book('BTCUSDT').best('SELL'), undefined);
  t.is(venue.state.book('BTCUSDT').best('BUY'), undefined);
  t.is(state(venue, buy.id), 'NEW parked 0');
});

const WAYS = [
  { type: 'STOP_LOSS_LIMIT', side: 'BUY', stop: '61000', short: '60999.99' },
  { type: 'STOP_LOSS_LIMIT', side: 'SELL', stop: '59000', short: '59000.01' },
  { type: 'TAKE_PROFIT_LIMIT', side: 'BUY', stop: '59000', short: '59000.01' },
  { type: 'TAKE_PROFIT_LIMIT', side: 'SELL', stop: '61000', short: '60999.99' },
] as const;

for (const { type, side, stop, short } of WAYS) {
  test(`${type} ${side} goes off when its stop is traded, and not a tick before`, (t) => {
    const venue = engine();
    const price = side === 'BUY' ? '50000' : '70000';
    const { id } = place(venue, { side, type, stop, price, quantity: '0.1' });
    trade(venue, short);
    t.is(state(venue, id), 'NEW parked 0');
    trade(venue, stop);
    t.is(state(venue, id), 'NEW working 0');
    t.is(format(venue.state.book('BTCUSDT').quantityAt(side, parse(price))), '0.1', 'at its limit, on the book');
  });

  test(`${type} ${side} is refused where the last price has reached its stop`, (t) => {
    const venue = engine();
    const wish = { side, type, stop, price: '60000', quantity: '0.1' };
    trade(venue, stop);
    t.is(place(venue, wish).refusal, '-2010 Stop price would trigger immediately.');
    trade(venue, short);
    t.is(place(venue, wish).status, 'NEW');
  });
}

test('before the first trade the last price is where the market stands', (t) => {
  const wish = { side: 'BUY', type: 'STOP_LOSS', quantity: '0.1' } as const;
  t.is(place(engine(), { ...wish, stop: '60000' }).refusal, '-2010 Stop price would trigger immediately.');
  t.is(place(engine(), { ...wish, stop: '60000.01' }).status, 'NEW');
});

test('a venue that starts again judges stops by where its ledger left the market', (t) => {
  const replayed = new VenueState(SYMBOLS);
  const market = { symbol: 'BTCUSDT', base: 'BTC', quote: 'USDT', tick: 1, tradeIdFloor: 1, updateIdFloor: 1 };
  const marked = (mid: string) =>
    [{ type: 'Marked', orderIdFloor: 1, symbols: [{ ...market, mid: parse(mid) }] }] as const;
  replayed.replay({ number: 1, at: STARTED_AT, facts: marked('61000') });
  replayed.resume();
  t.is(format(replayed.listed('BTCUSDT').lastPrice), '61000');
  const leg = { account: HOUSE, orderId: 1, fee: 0n };
  const traded = { type: 'Traded', id: 1, symbol: 'BTCUSDT', price: parse('62000'), quantity: parse('1') } as const;
  replayed.replay({ number: 2, at: STARTED_AT, facts: [{ ...traded, takerSide: 'BUY', buyer: leg, seller: leg }] });
  replayed.resume();
  t.is(format(replayed.listed('BTCUSDT').lastPrice), '62000', 'a trade that came after the mark');
});

test('a stop that takes any price is filled at once and holds nothing after', (t) => {
  const venue = engine();
  place(venue, { account: 'bob', side: 'BUY', price: '58000', quantity: '1' });
  const { id } = place(venue, { side: 'SELL', type: 'STOP_LOSS', stop: '59000', quantity: '0.5' });
  trade(venue, '59000');
  t.is(state(venue, id), 'FILLED working 0.5');
  t.is(holds(venue, 'alice', 'BTC'), '1.5/0');
  t.is(holds(venue, 'alice', 'USDT'), '128942/0', 'at the price that was there, less the taker fee');
});

test('a buy above its stop takes what it needs from the free balance, and no more than there is', (t) => {
  const venue = engine();
  place(venue, { account: 'bob', side: 'SELL', price: '62000', quantity: '1.9' });
  const enough = place(venue, { side: 'BUY', type: 'STOP_LOSS', stop: '61000', quantity: '0.5' });
  t.is(holds(venue, 'alice', 'USDT'), '69500/30500');
  trade(venue, '61000');
  t.is(state(venue, enough.id), 'FILLED working 0.5');
  t.is(holds(venue, 'alice', 'USDT'), '69000/0');
  trade(venue, '60000');
  const short = place(venue, { side: 'BUY', type: 'STOP_LOSS', stop: '61000', quantity: '1.13114' });
  t.is(holds(venue, 'alice', 'USDT'), '0.46/68999.54');
  trade(venue, '61000');
  t.is(state(venue, short.id), 'EXPIRED working 1.1129', 'what 69000 pays for at 62000');
  t.is(holds(venue, 'alice', 'USDT'), '0.2/0');
});

test('a take profit below its stop gives back what it saved', (t) => {
  const venue = engine();
  const { id } = place(venue, { side: 'BUY', type: 'TAKE_PROFIT', stop: '55000', quantity: '1' });
  place(venue, { account: 'bob', side: 'BUY', price: '55000', quantity: '0.001' });
  place(venue, { account: 'bob', side: 'SELL', price: '54000', quantity: '1.001' });
  t.is(state(venue, id), 'FILLED working 1');
  t.is(holds(venue, 'alice', 'USDT'), '46000/0');
});

test('a triggered limit that may not rest expires with what it did not get', (t) => {
  const venue = engine();
  place(venue, { account: 'bob', side: 'SELL', price: '61000', quantity: '0.101' });
  const wish = { side: 'BUY', type: 'STOP_LOSS_LIMIT', stop: '61000', price: '61000', quantity: '0.3' } as const;
  const ioc = place(venue, { ...wish, timeInForce: 'IOC' });
  const fok = place(venue, { ...wish, timeInForce: 'FOK' });
  place(venue, { account: 'bob', side: 'BUY', price: '61000', quantity: '0.001' });
  t.is(state(venue, ioc.id), 'EXPIRED working 0.1');
  t.is(state(venue, fok.id), 'EXPIRED working 0');
  t.is(holds(venue, 'alice', 'USDT'), '93900/0');
});

test('one stop sets off the next, all within the command whose trade began it', (t) => {
  const venue = engine();
  place(venue, { account: 'bob', side: 'BUY', price: '58000', quantity: '0.1' });
  place(venue, { account: 'bob', side: 'BUY', price: '57000', quantity: '0.1' });
  const second = place(venue, { side: 'SELL', type: 'STOP_LOSS', stop: '58000', quantity: '0.1' });
  const first = place(venue, { side: 'SELL', type: 'STOP_LOSS', stop: '59000', quantity: '0.1' });
  const third = place(venue, { side: 'SELL', type: 'STOP_LOSS', stop: '56999.99', quantity: '0.1' });
  place(venue, { account: 'bob', side: 'BUY', price: '59000', quantity: '0.001' });
  const { outcome } = place(venue, { account: 'bob', side: 'SELL', price: '59000', quantity: '0.001' });
  t.deepEqual(
    [first, second, third].map(({ id }) => state(venue, id)),
    ['FILLED working 0.1', 'FILLED working 0.1', 'NEW parked 0'],
  );
  t.deepEqual(
    outcome.facts.map(({ type }) => type),
    ['OrderPlaced', 'Traded', 'OrderTriggered', 'Traded', 'OrderTriggered', 'Traded'],
  );
  const { balances } = outcome.positions.find(({ account }) => account === 'alice') ?? {};
  t.deepEqual(
    balances?.map(({ asset, free, locked }) => `${asset} ${format(free)}/${format(locked)}`),
    ['BTC 1.7/0.1', 'USDT 111477/0'],
    'as they are after the last of them',
  );
});

test('a trade of the market by itself sets off stops too', (t) => {
  const venue = engine();
  const { id } = place(venue, { side: 'SELL', type: 'STOP_LOSS', stop: '59000', quantity: '0.1' });
  venue.placeHouse('BTCUSDT', 'BUY', parse('58900'), parse('1'), STARTED_AT);
  const { outcome } = venue.placeHouse('BTCUSDT', 'SELL', null, parse('0.1'), STARTED_AT);
  t.is(state(venue, id), 'FILLED working 0.1');
  t.deepEqual(
    outcome.trades.map(({ seller }) => seller.account),
    [HOUSE, 'alice'],
  );
});

test('a waiting stop can be canceled and amended, and gives back what it held', (t) => {
  const venue = engine();
  const { id } = place(venue, { id: 'stop', side: 'BUY', type: 'STOP_LOSS', stop: '61000', quantity: '1' });
  const order = venue.state.orders.get(id);
  if (!order) return t.fail();
  venue.amend(order, parse('0.5'), 'stop', STARTED_AT);
  t.is(holds(venue, 'alice', 'USDT'), '69500/30500');
  venue.cancel(order, 'why', STARTED_AT);
  t.is(holds(venue, 'alice', 'USDT'), '100000/0');
  trade(venue, '61000');
  t.is(state(venue, id), 'CANCELED parked 0');
});

test('stops are held to the filters of price, quantity and value', (t) => {
  const venue = engine();
  const refused = (stop: string, quantity: string) =>
    place(venue, { side: 'BUY', type: 'STOP_LOSS', stop, quantity }).refusal;
  t.is(refused('61000.001', '0.1'), '-1013 Filter failure: PRICE_FILTER');
  t.is(refused('61000', '0.000001'), '-1013 Filter failure: LOT_SIZE');
  t.is(refused('61000', '0.00008'), '-1013 Filter failure: NOTIONAL', 'at the average price, as a market order');
  t.is(refused('61000', '1.7'), '-2010 Account has insufficient balance for requested action.');
});

async function open(t: ExecutionContext, dataDir?: string) {
  const venue = await openVenue(t, dataDir === undefined ? {} : { dataDir });
  const [alice, bob] = [new Client(venue.port), new Client(venue.port, BOB)];
  const stop = (fields: Fields) => alice.signed('POST', 'order', { ...SYMBOL, side: 'SELL', ...fields });
  const at = async (price: string): Promise<void> => {
    await bob.limit('SELL', price, '0.001');
    await bob.limit('BUY', price, '0.001');
  };
  return { venue, alice, bob, stop, at };
}

const LIMITED = { type: 'STOP_LOSS_LIMIT', timeInForce: 'GTC', stopPrice: '59000', price: '58500', quantity: '0.1' };

test('a stop is answered, queried and reported as one that does not work yet, and then as one that does', async (t) => {
  const { venue, alice, stop, at } = await open(t);
  const user = await UserEvents.open(t, venue.port);
  const acknowledged = await stop({ ...LIMITED, newClientOrderId: 'ack' });
  t.deepEqual(Object.keys(acknowledged.body), ['symbol', 'orderId', 'orderListId', 'clientOrderId', 'transactTime']);
  const full = await stop({ ...LIMITED, newClientOrderId: 'mine', newOrderRespType: 'FULL' });
  t.like(full.body, { status: 'NEW', stopPrice: '59000.00000000', workingTime: -1, fills: [] });
  const query = async () => (await alice.signed('GET', 'order', { ...SYMBOL, origClientOrderId: 'mine' })).body;
  t.like(await query(), { isWorking: false, workingTime: -1, stopPrice: '59000.00000000', type: 'STOP_LOSS_LIMIT' });
  const parked = await user.find({ c: 'mine', x: 'NEW', w: false });
  t.like(parked, { X: 'NEW', P: '59000.00000000', p: '58500.00000000' });
  t.false('W' in parked);
  await at('59000');
  const triggered = await user.find({ c: 'mine', x: 'NEW', w: true });
  t.is(triggered['W'], triggered['T']);
  t.like(await query(), { isWorking: true, status: 'NEW', workingTime: triggered['T'] });
  t.like((await alice.signed('DELETE', 'order', { ...SYMBOL, origClientOrderId: 'mine' })).body, {
    status: 'CANCELED',
    stopPrice: '59000.00000000',
  });
});

test('canceling all of a symbol takes waiting stops with it', async (t) => {
  const { alice, stop } = await open(t);
  await stop(LIMITED);
  await alice.limit('BUY', '50000', '0.1');
  const { list } = await alice.signed('DELETE', 'openOrders', SYMBOL);
  t.deepEqual(
    list.map(({ type, status }) => [type, status]),
    [
      ['STOP_LOSS_LIMIT', 'CANCELED'],
      ['LIMIT', 'CANCELED'],
    ],
  );
  t.deepEqual((await alice.signed('GET', 'openOrders', SYMBOL)).list, []);
});

test('what each kind of stop needs and does not take', async (t) => {
  const { stop } = await open(t);
  const cases: [Fields, number, string][] = [
    [{ type: 'STOP_LOSS', quantity: '0.1' }, -1102, "'stopPrice'"],
    [{ type: 'STOP_LOSS', quantity: '0.1', stopPrice: '0' }, -1013, 'Invalid stopPrice.'],
    [{ type: 'TAKE_PROFIT', quantity: '0.1', stopPrice: '61000', price: '1' }, -1106, "'price'"],
    [{ type: 'STOP_LOSS_LIMIT', quantity: '0.1', stopPrice: '59000', price: '1' }, -1102, "'timeInForce'"],
    [{ type: 'MARKET', quantity: '0.1', stopPrice: '59000' }, -1106, "'stopPrice'"],
    [{ ...LIMITED, trailingDelta: 100 }, -2010, 'Trailing stop orders are not supported for this symbol.'],
    [{ ...LIMITED, stopPrice: '60000' }, -2010, 'Stop price would trigger immediately.'],
  ];
  for (const [fields, code, words] of cases) {
    const { body } = await stop(fields);
    t.is(body['code'], code, JSON.stringify(fields));
    t.true(String(body['msg']).includes(words), String(body['msg']));
  }
});

test('a waiting stop outlives the venue and goes off in the next one', async (t) => {
  const { venue, stop } = await open(t);
  await stop({ ...LIMITED, newClientOrderId: 'limited' });
  await stop({ type: 'STOP_LOSS', stopPrice: '58000', quantity: '0.2', newClientOrderId: 'any' });
  await venue.close();
  const { alice, at, venue: second } = await open(t, venue.dataDir);
  const shown = async (client: Client): Promise<unknown[]> =>
    (await client.signed('GET', 'allOrders', SYMBOL)).list
      .filter(({ type }) => type !== 'LIMIT')
      .map(({ clientOrderId, status, isWorking }) => [clientOrderId, status, isWorking]);
  t.deepEqual(await shown(alice), [
    ['limited', 'NEW', false],
    ['any', 'NEW', false],
  ]);
  await at('59000');
  const half = [
    ['limited', 'NEW', true],
    ['any', 'NEW', false],
  ];
  t.deepEqual(await shown(alice), half);
  await second.close();
  const { alice: again, bob, at: on, venue: third } = await open(t, venue.dataDir);
  t.deepEqual(await shown(again), half, 'one that went off stays on the book');
  t.like((await bob.limit('BUY', '58500', '0.1')).body, { status: 'FILLED' });
  await bob.limit('BUY', '57000', '0.2');
  await on('58000');
  t.deepEqual(await shown(again), [
    ['limited', 'FILLED', true],
    ['any', 'FILLED', true],
  ]);
  const [limited, any] = (await readLedger(third.ledgerFile)).orders;
  t.like(limited, { stopPrice: '59000', status: 'FILLED', executedQty: '0.1' });
  t.like(any, { stopPrice: '58000', status: 'FILLED', executedQty: '0.2' });
  t.true((limited?.triggeredAt ?? 0) > 0);
});
