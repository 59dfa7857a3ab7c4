// What is read of an order beyond its amounts: its type, whether its stop price is waited for, what its fills cost by
// the venue's count; and of reports that take a trade back.
import test from 'ava';
import { parseAmended, parseCanceled, parseOrder, parseSubmitted } from '../../actors/exchanges/binance/parse.ts';
import { parseReport } from '../../actors/exchanges/binance/parse-stream.ts';
import { Unreadable } from '../../actors/exchanges/wire/read-as.ts';

const canonical = () => 'BTC-USDT';
const STOP = {
  symbol: 'BTCUSDT',
  orderId: 9,
  clientOrderId: 'm1stop',
  price: '0.00000000',
  origQty: '0.01000000',
  executedQty: '0.00000000',
  cummulativeQuoteQty: '0.00000000',
  status: 'NEW',
  type: 'STOP_LOSS',
  side: 'SELL',
  stopPrice: '58000.00000000',
};
const RECORD = { ...STOP, time: 1, updateTime: 2 };

for (const [name, json, status] of [
  ['isWorking false', { isWorking: false, workingTime: -1 }, 'parked'],
  ['isWorking true', { isWorking: true, workingTime: 5 }, 'open'],
  ['no working time', { workingTime: -1 }, 'parked'],
  ['a working time', { workingTime: 5 }, 'open'],
  ['nothing of either', {}, 'parked'],
  ['a fill', { status: 'PARTIALLY_FILLED', isWorking: false }, 'open'],
  ['an end', { status: 'CANCELED', isWorking: false }, 'canceled'],
  ['a limit order that is not on the book', { type: 'LIMIT', isWorking: false }, 'open'],
] as const) {
  test(`a queried stop order with ${name} is ${status}`, (t) => {
    t.is(parseOrder({ ...RECORD, ...json }, canonical).status, status);
  });
}

test('the answer to a stop order, and to its cancel, say what it is and where it waits', (t) => {
  const placed = parseSubmitted({ ...STOP, transactTime: 3, workingTime: -1, fills: [] }, canonical);
  t.like(placed.order, { status: 'parked', orderType: 'Stop', stopPrice: '58000', price: null, filledQuote: '0' });
  const canceled = { ...STOP, status: 'CANCELED', clientOrderId: 'theCancel', origClientOrderId: 'm1stop' };
  t.like(parseCanceled(canceled, canonical, 7), { status: 'canceled', orderType: 'Stop', clientOrderId: 'm1stop' });
});

test('types read as ours, on both sides of the market; one that is new leaves the order readable', (t) => {
  const types = ['LIMIT', 'LIMIT_MAKER', 'MARKET', 'STOP_LOSS', 'STOP_LOSS_LIMIT', 'TAKE_PROFIT', 'TAKE_PROFIT_LIMIT'];
  t.deepEqual(
    [...types, 'PEGGED'].map((type) => parseOrder({ ...RECORD, type }, canonical).orderType),
    ['Limit', 'Limit', 'Market', 'Stop', 'StopLimit', 'Stop', 'StopLimit', undefined],
  );
});

test('a quote amount the venue does not know, and a stop price of zero, are left out', (t) => {
  const order = parseOrder({ ...RECORD, stopPrice: '0.00000000', cummulativeQuoteQty: '-1.00000000' }, canonical);
  t.false('filledQuote' in order);
  t.false('stopPrice' in order);
  t.is(parseOrder({ ...RECORD, cummulativeQuoteQty: '12.50000000' }, canonical).filledQuote, '12.5');
});

test('an amended order is read with its new quantity', (t) => {
  const amendedOrder = {
    ...{ symbol: 'BTCUSDT', orderId: 9, origClientOrderId: 'm1a', clientOrderId: 'm1a', price: '6.00000000' },
    ...{ qty: '5.00000000', executedQty: '2.00000000', cumulativeQuoteQty: '12.00000000' },
    ...{ status: 'PARTIALLY_FILLED', timeInForce: 'GTC', type: 'LIMIT', side: 'SELL', workingTime: 1 },
  };
  t.like(parseAmended({ transactTime: 77, executionId: 22, amendedOrder }, canonical), {
    clientOrderId: 'm1a',
    status: 'open',
    quantity: '5',
    filledQuantity: '2',
    filledQuote: '12',
    updatedAt: 77,
  });
  t.throws(() => parseAmended({ transactTime: 77 }, canonical), { instanceOf: Unreadable });
});

const REPORT = {
  ...{
    e: 'executionReport',
    s: 'BTCUSDT',
    c: 'm1stop',
    C: '',
    S: 'SELL',
    o: 'STOP_LOSS_LIMIT',
    q: '1.0',
    p: '57900.0',
  },
  ...{ P: '58000.0', x: 'NEW', X: 'NEW', r: 'NONE', i: 9, l: '0', z: '0', Z: '0', L: '0', T: 5, t: -1, I: 1, m: false },
};
const reported = (change: object) => parseReport({ ...REPORT, ...change }, '42', canonical);

test('a report of a stop order is parked until `w` says that it works', (t) => {
  t.like(reported({ w: false }).order, {
    status: 'parked',
    orderType: 'StopLimit',
    stopPrice: '58000',
    price: '57900',
  });
  t.is(reported({ w: true }).order.status, 'open');
  t.is(reported({ w: false, X: 'CANCELED' }).order.status, 'canceled');
  t.is(reported({ w: false, o: 'LIMIT' }).order.status, 'open');
});

test('a trade that is taken back is named, and one that is corrected brings what stands in its place', (t) => {
  const state = { X: 'PARTIALLY_FILLED', z: '0.4', Z: '23200', w: true };
  const bust = reported({ ...state, x: 'TRADE_BUST', t: 57 });
  t.deepEqual(bust.busted, { tradeId: '57', venueOrderId: '9' });
  t.is(bust.execution, null);
  const fill = { l: '0.40000000', L: '58000.00', n: '0.0004', N: 'USDT' };
  const correction = reported({ ...state, ...fill, x: 'TRADE_CORRECT', t: 58, bt: 57 });
  t.deepEqual(correction.busted, { tradeId: '57', venueOrderId: '9' });
  t.like(correction.execution, { tradeId: '58', venueOrderId: '9', quantity: '0.4', price: '58000', fee: '0.0004' });
  t.is(correction.order.filledQuote, '23200');
  t.false('busted' in reported({ ...state, ...fill, x: 'TRADE', t: 58 }));
  t.throws(() => reported({ ...state, ...fill, x: 'TRADE_CORRECT', t: 58 }), { message: /names no trade/ });
  t.throws(() => reported({ ...state, x: 'TRADE_BUST' }), { message: /names no trade/ });
});
