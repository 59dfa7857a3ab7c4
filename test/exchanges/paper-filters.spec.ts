// Rules that need more of an order than its own terms, and market orders that are given as an amount.
import test from 'ava';
import { DEFAULT_SYMBOLS, type SymbolTerms, withFilters } from '../../actors/exchanges/paper/core/symbol.ts';
import { parse } from '../../actors/market/decimal.ts';
import { BOB, Client, openVenue } from '../support/paper.ts';
import { engine, place } from '../support/paper-core.ts';

const [BTC] = DEFAULT_SYMBOLS as readonly [SymbolTerms];
const failure = (name: string) => `-1013 Filter failure: ${name}`;

test('a price is held to a multiple of the average, a different one for each side', (t) => {
  const multipliers = {
    ...{ bidMultiplierUp: parse('1.1'), bidMultiplierDown: parse('0.5') },
    ...{ askMultiplierUp: parse('2'), askMultiplierDown: parse('0.9') },
  };
  const filters = [{ filterType: 'PERCENT_PRICE_BY_SIDE' as const, ...multipliers, avgPriceMins: 5 }];
  const on = engine([withFilters(BTC, filters)]);
  const refusal = (side: 'BUY' | 'SELL', price: string) => place(on, { side, price, quantity: '0.001' }).refusal;
  const name = failure('PERCENT_PRICE_BY_SIDE');
  t.deepEqual([refusal('BUY', '66000.01'), refusal('BUY', '29999.99')], [name, name]);
  t.deepEqual([refusal('SELL', '120000.01'), refusal('SELL', '53999.99')], [name, name]);
  t.deepEqual([refusal('SELL', '120000'), refusal('BUY', '30000'), refusal('BUY', '66000')], [null, null, null]);
  t.is(place(on, { side: 'SELL', type: 'MARKET', quantity: '0.001' }).refusal, null, 'a market order has no price');
});

test('an account has so many open orders in a symbol at most; an amend is no further one', (t) => {
  const on = engine([withFilters(BTC, [{ filterType: 'MAX_NUM_ORDERS', maxNumOrders: 2 }])]);
  const wish = { side: 'BUY', price: '50000', quantity: '0.002' } as const;
  t.deepEqual([place(on, wish).refusal, place(on, wish).refusal], [null, null]);
  t.is(place(on, wish).refusal, failure('MAX_NUM_ORDERS'));
  t.is(place(on, { ...wish, account: 'bob' }).refusal, null);
  const order = on.state.orders.get(1);
  t.truthy(order);
  if (!order) return;
  t.true('facts' in on.amend(order, parse('0.001'), 'less', 1));
  on.cancel(order, null, 1);
  t.is(place(on, wish).refusal, null);
});

test('a position counts what is there and what open buys would bring', (t) => {
  const on = engine([withFilters(BTC, [{ filterType: 'MAX_POSITION', maxPosition: parse('2.3') }])]);
  const buy = (quantity: string) => place(on, { side: 'BUY', price: '50000', quantity }).refusal;
  t.is(buy('0.30001'), failure('MAX_POSITION'));
  t.is(buy('0.2'), null);
  t.is(buy('0.10001'), failure('MAX_POSITION'));
  t.is(place(on, { side: 'SELL', price: '70000', quantity: '2' }).refusal, null);
  t.is(buy('0.1'), null);
});

test('market orders have lots of their own', (t) => {
  const lot = { minQty: parse('0.01'), maxQty: parse('0.5'), stepSize: parse('0.01') };
  const on = engine([withFilters(BTC, [{ filterType: 'MARKET_LOT_SIZE', ...lot }])]);
  const refusal = (type: 'MARKET' | 'LIMIT', quantity: string) =>
    place(on, { side: 'SELL', type, quantity, ...(type === 'LIMIT' && { price: '70000' }) }).refusal;
  for (const quantity of ['0.001', '0.51', '0.015']) {
    t.is(refusal('MARKET', quantity), failure('MARKET_LOT_SIZE'));
    t.is(refusal('LIMIT', quantity), null);
  }
  t.is(refusal('MARKET', '0.02'), null);
});

test('a market order may say what it is to cost, or to bring', async (t) => {
  const { port } = await openVenue(t);
  const [alice, bob] = [new Client(port), new Client(port, BOB)];
  await bob.limit('SELL', '50000', '0.1');
  await bob.limit('SELL', '51000', '0.1');
  const market = { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET' };
  const bought = await alice.signed('POST', 'order', { ...market, quoteOrderQty: '7000' });
  t.like(bought.body, {
    ...{ status: 'FILLED', origQuoteOrderQty: '7000.00000000', origQty: '0.13921000', executedQty: '0.13921000' },
    ...{ cummulativeQuoteQty: '6999.71000000' },
  });
  const orderId = Number(bought.body['orderId']);
  const asked = (await alice.signed('GET', 'order', { symbol: 'BTCUSDT', orderId })).body;
  t.is(asked['origQuoteOrderQty'], '7000.00000000');
  await bob.limit('BUY', '49000', '1');
  const sold = await alice.signed('POST', 'order', { ...market, side: 'SELL', quoteOrderQty: '4900' });
  t.like(sold.body, { status: 'FILLED', executedQty: '0.10000000' });
  const code = async (more: object) => (await alice.signed('POST', 'order', { ...market, ...more })).body['code'];
  t.is(await code({ quoteOrderQty: '100', quantity: '1' }), -1106);
  t.is(await code({ quoteOrderQty: '0.1' }), -1013);
  t.is(await code({ type: 'LIMIT', timeInForce: 'GTC', price: '1', quantity: '1', quoteOrderQty: '5' }), -1106);
  t.is(await code({}), -1102);
});
