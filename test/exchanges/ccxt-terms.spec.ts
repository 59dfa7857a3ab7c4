// Order types, stop prices and what a venue's raw words add to ccxt's.
import test from 'ava';
import { BOUNDS } from '../../actors/exchanges/ccxt/bounds.ts';
import { parseOrder } from '../../actors/exchanges/ccxt/parse.ts';
import { profileOf, withOrderTypes } from '../../actors/exchanges/ccxt/profile.ts';

const ORDER = {
  ...{ id: '7', clientOrderId: 'm1a', symbol: 'BTC/USDT', side: 'buy', status: 'open', amount: '1', filled: '0' },
  ...{ price: '59000.0', triggerPrice: undefined, type: 'limit', timestamp: 5, info: {} },
};
const read = (venue: string, change: object) => parseOrder({ ...ORDER, ...change }, profileOf(venue), 9);

test('stops are taken only where they are orders like the others and ccxt can place them', (t) => {
  const typesOf = (venue: string, canTrigger: boolean) =>
    withOrderTypes(profileOf(venue), canTrigger).capabilities.orderTypes.length;
  t.is(typesOf('binance', true), 4);
  t.is(typesOf('binance', false), 2);
  // OKX keeps them apart, as algo orders, under ids of their own.
  t.is(typesOf('okx', true), 2);
  t.is(typesOf('kraken', true), 2);
});

test('no venue behind ccxt amends, and none cancels by itself', (t) => {
  for (const venue of ['binance', 'okx', 'kraken']) {
    t.like(profileOf(venue).capabilities, { amend: 'none', cancelAllAfter: false });
  }
});

test('a venue may forget an order long before its trades', (t) => {
  const days = 86_400_000;
  t.like(profileOf('okx').capabilities, { orderHistoryMs: 7_200_000, tradeHistoryMs: 90 * days });
  t.like(profileOf('binance').capabilities, { orderHistoryMs: 90 * days, tradeHistoryMs: 90 * days });
  t.like(profileOf('kraken').capabilities, { orderHistoryMs: null, tradeHistoryMs: BOUNDS.historyDaysMax * days });
});

for (const [change, orderType] of [
  [{}, 'Limit'],
  [{ type: 'market', price: undefined }, 'Market'],
  [{ triggerPrice: '58000.0' }, 'StopLimit'],
  [{ type: 'market', price: undefined, triggerPrice: '58000.0' }, 'Stop'],
  [{ triggerPrice: '0' }, 'Limit'],
  [{ type: 'iceberg' }, undefined],
] as const) {
  test(`an order with ${JSON.stringify(change)} is of the type ${orderType}`, (t) => {
    const { order } = read('kraken', change);
    t.is(order.orderType, orderType);
    t.is(order.stopPrice, orderType?.startsWith('Stop') ? '58000' : undefined);
  });
}

test("Binance's own words: the type as it was placed, whether it works, and what its fills cost", (t) => {
  const rest = { type: 'STOP_LOSS', status: 'NEW', cummulativeQuoteQty: '0.00000000', workingTime: -1 };
  // ccxt takes the working time for the order's own time.
  const parked = read('binance', { type: 'market', timestamp: -1, lastUpdateTimestamp: 8, info: rest });
  t.like(parked.order, { status: 'parked', orderType: 'Stop', filledQuote: '0', updatedAt: 8 });
  t.is(parked.createdAt, null);
  t.is(read('binance', { info: { ...rest, workingTime: 4 } }).order.status, 'open');
  t.is(read('binance', { info: { ...rest, isWorking: false, workingTime: 4 } }).order.status, 'parked');
  t.false('filledQuote' in read('binance', { info: { ...rest, cummulativeQuoteQty: '-1' } }).order);
  const report = { e: 'executionReport', o: 'STOP_LOSS_LIMIT', X: 'NEW', Z: '12.50', w: false };
  t.like(read('binance', { info: report }).order, { status: 'parked', orderType: 'StopLimit', filledQuote: '12.5' });
  t.is(read('binance', { info: { ...report, w: true } }).order.status, 'open');
  t.is(read('binance', { status: 'canceled', info: { ...report, X: 'CANCELED' } }).order.status, 'canceled');
});
