import test from 'ava';
import {
  isEmpty,
  parseAccount,
  parseCanceled,
  parseDepth,
  parseOrder,
  parseOrders,
  parseServerTime,
  parseSubmitted,
  parseTrades,
  statusOf,
} from '../../actors/exchanges/binance/parse.ts';
import { parseListing } from '../../actors/exchanges/binance/parse-instruments.ts';
import {
  parseBookTicker,
  parseDayTicker,
  parseDepthUpdate,
  parseKline,
  parsePosition,
  parseReport,
  parseTradeEvent,
} from '../../actors/exchanges/binance/parse-stream.ts';
import { Unreadable } from '../../actors/exchanges/wire/read-as.ts';
import { fields, fixture } from '../support/fixture.ts';

const payload = (name: string) => fixture('binance', name);
const canonical = (name: string) => ({ BTCUSDT: 'BTC-USDT', LTCBTC: 'LTC-BTC', ETHBTC: 'ETH-BTC' })[name] ?? name;
const event = (name: string) => {
  const { event: inner, ...whole } = fields('binance', name);
  return { ...(typeof inner === 'object' && inner !== null ? inner : whole) } as Record<string, unknown>;
};

test('the reply to an order gives the order and every fill of it', (t) => {
  const { order, executions } = parseSubmitted(payload('order-full'), canonical);
  t.deepEqual(order, {
    clientOrderId: '6gCrw2kRUAF9CvJDGP16IP',
    venueOrderId: '28',
    symbol: 'BTC-USDT',
    side: 'Sell',
    status: 'filled',
    rawStatus: 'FILLED',
    quantity: '10',
    price: null,
    filledQuantity: '10',
    filledQuote: '10',
    orderType: 'Market',
    updatedAt: 1507725176595,
  });
  t.is(executions.length, 5);
  t.deepEqual(executions[1], {
    tradeId: '57',
    venueOrderId: '28',
    quantity: '5',
    price: '3999',
    fee: '19.995',
    feeAsset: 'USDT',
    liquidity: 'taker',
    tradedAt: 1507725176595,
  });
});

test('a reply without status and amounts is not read as an order', (t) => {
  t.throws(() => parseSubmitted(payload('order-ack'), canonical), { instanceOf: Unreadable, message: /^order at / });
});

test('a queried order is read with its raw status', (t) => {
  const order = parseOrder(payload('order-query'), canonical);
  t.deepEqual(order, {
    clientOrderId: 'myOrder1',
    venueOrderId: '1',
    symbol: 'LTC-BTC',
    side: 'Buy',
    status: 'open',
    rawStatus: 'NEW',
    quantity: '1',
    price: '0.1',
    filledQuantity: '0',
    filledQuote: '0',
    orderType: 'Limit',
    updatedAt: 1499827319559,
  });
  t.deepEqual(parseOrders(payload('open-orders'), canonical), [order]);
});

test("the reply to a cancel is about the original client order id, not the cancel's", (t) => {
  const order = parseCanceled(payload('order-cancel'), canonical, 77);
  t.is(order.clientOrderId, 'myOrder1');
  t.is(order.status, 'canceled');
  t.is(order.updatedAt, 77);
});

test('every status of the venue has one of ours, and an unknown one is an error that shows it', (t) => {
  const ours = Object.fromEntries(
    ['NEW', 'PENDING_NEW', 'PARTIALLY_FILLED', 'FILLED', 'CANCELED', 'EXPIRED', 'EXPIRED_IN_MATCH', 'REJECTED'].map(
      (raw) => [raw, statusOf(raw, 'LIMIT', false)],
    ),
  );
  t.deepEqual(ours, {
    NEW: 'open',
    PENDING_NEW: 'open',
    PARTIALLY_FILLED: 'open',
    FILLED: 'filled',
    CANCELED: 'canceled',
    EXPIRED: 'expired',
    EXPIRED_IN_MATCH: 'expired',
    REJECTED: 'rejected',
  });
  t.throws(() => statusOf('HALF_OPEN', 'LIMIT', true), {
    instanceOf: Unreadable,
    message: 'order status: was "HALF_OPEN"',
  });
  t.throws(() => statusOf('constructor', 'LIMIT', true), { instanceOf: Unreadable });
});

test('a trade of the account is read with its fee, side and liquidity', (t) => {
  t.deepEqual(parseTrades(payload('my-trades'), canonical), [
    {
      tradeId: '28457',
      venueOrderId: '100234',
      symbol: 'BNBBTC',
      side: 'Buy',
      quantity: '12',
      price: '4.000001',
      fee: '10.1',
      feeAsset: 'BNB',
      liquidity: 'taker',
      tradedAt: 1499865549590,
    },
  ]);
});

test("balances carry the time of the account's last change", (t) => {
  const account = parseAccount(payload('account'), 5);
  t.is(account.name, 'spot');
  t.deepEqual(account.balances[0], {
    asset: 'BTC',
    available: '4723846.89208129',
    locked: '0',
    observedAt: 123456789,
  });
  t.false(isEmpty({ asset: 'A', available: '0', locked: '0.1', observedAt: 0 }));
  t.true(isEmpty({ asset: 'A', available: '0', locked: '0', observedAt: 0 }));
  t.is(parseAccount({ uid: 354937868, balances: [] }, 5).name, '354937868');
  t.is(
    parseAccount({ updateTime: 0, balances: [{ asset: 'A', free: '1', locked: '0' }] }, 5).balances[0]?.observedAt,
    5,
  );
});

test('an instrument takes its steps from the filters, and the stricter of both notional filters', (t) => {
  const listing = parseListing(payload('exchange-info'));
  t.deepEqual(listing.instruments, [
    {
      symbol: 'ETH-BTC',
      base: 'ETH',
      quote: 'BTC',
      priceIncrement: '0.000001',
      quantityIncrement: '0.001',
      minQuantity: '0.001',
      maxQuantity: '100000',
      minNotional: '10',
    },
  ]);
  t.deepEqual(listing.names, [{ symbol: 'ETH-BTC', venueSymbol: 'ETHBTC' }]);
  t.deepEqual(listing.limits, [
    { kind: 'REQUEST_WEIGHT', intervalMs: 60_000, limit: 1_200 },
    { kind: 'ORDERS', intervalMs: 1_000, limit: 10 },
  ]);
});

test('a symbol that is not trading keeps its name but is no instrument; an odd one hides no other', (t) => {
  const info = fields('binance', 'exchange-info');
  const [good] = info['symbols'] as Record<string, unknown>[];
  const symbols = [
    { ...good, symbol: 'XRPBTC', baseAsset: 'XRP', status: 'BREAK' },
    { ...good, symbol: '币安人生BTC', baseAsset: '币安人生' },
    { symbol: 'NONSENSE' },
    null,
    { ...good, symbol: 'LTCBTC', baseAsset: 'LTC', filters: [] },
    { ...good, symbol: 'ADABTC', baseAsset: 'ADA', isSpotTradingAllowed: false },
    good,
  ];
  const listing = parseListing({ ...info, symbols });
  t.deepEqual(
    listing.instruments.map(({ symbol }) => symbol),
    ['ETH-BTC'],
  );
  t.deepEqual(
    listing.names.map(({ symbol }) => symbol),
    ['XRP-BTC', 'LTC-BTC', 'ADA-BTC', 'ETH-BTC'],
  );
});

test('a step of zero leaves the precision of the asset as the step', (t) => {
  const info = fields('binance', 'exchange-info');
  const [good] = info['symbols'] as Record<string, unknown>[];
  const filters = [
    { filterType: 'PRICE_FILTER', minPrice: '0', maxPrice: '0', tickSize: '0.00000000' },
    { filterType: 'LOT_SIZE', minQty: '1', maxQty: '9', stepSize: '0' },
  ];
  const [instrument] = parseListing({ ...info, symbols: [{ ...good, filters, baseAssetPrecision: 0 }] }).instruments;
  t.is(instrument?.priceIncrement, '0.00000001');
  t.is(instrument?.quantityIncrement, '1');
  t.is(instrument?.minNotional, '0');
});

test('time and depth are read as documented', (t) => {
  t.is(parseServerTime(payload('time')), 1499827319559);
  t.deepEqual(parseDepth(payload('depth')), {
    lastId: 1027024,
    bids: [{ price: '4', quantity: '431' }],
    asks: [{ price: '4.000002', quantity: '12' }],
  });
});

test('an order report is read; the reject reason NONE is no reason', (t) => {
  t.deepEqual(parseReport(event('execution-report'), '42', canonical), {
    reportId: '42:ETH-BTC:4293153:8641984',
    order: {
      clientOrderId: 'mUvoqJxFIILMdfAW5iGSOW',
      venueOrderId: '4293153',
      symbol: 'ETH-BTC',
      side: 'Buy',
      status: 'open',
      rawStatus: 'NEW',
      quantity: '1',
      price: '0.1026441',
      filledQuantity: '0',
      filledQuote: '0',
      orderType: 'Limit',
      updatedAt: 1499405658657,
    },
    execution: null,
    reason: null,
  });
});

test('a report recorded from production is read', (t) => {
  const report = parseReport(payload('execution-report-live'), '42', canonical);
  t.is(report.reportId, '42:BTC-USDT:11619060599:24679170241');
  t.is(report.order.price, '20521.34');
  t.is(report.order.clientOrderId, 'cd1e7249-c3d9-4e9e-af4c-19be47f674a1');
});

test('the same report has the same id whenever it comes, and the next one another', (t) => {
  const first = event('execution-report');
  const idOf = (json: object) => parseReport(json, '42', canonical).reportId;
  t.is(idOf(first), idOf({ ...first, E: 1 }));
  t.not(idOf(first), idOf({ ...first, I: 8641985 }));
  const { I: _, ...older } = first;
  t.is(idOf(older), '42:ETH-BTC:4293153:NEW--1-0-1499405658657');
  t.not(idOf(older), idOf({ ...older, x: 'TRADE', t: 7, l: '0.5', L: '0.1', z: '0.5' }));
});

test('a report of a trade carries the one fill, with its own fee', (t) => {
  const trade = {
    ...event('execution-report'),
    x: 'TRADE',
    X: 'PARTIALLY_FILLED',
    t: 57,
    l: '0.40000000',
    z: '0.50000000',
    L: '0.10260000',
    n: '0.00040000',
    N: 'ETH',
    m: true,
  };
  const report = parseReport(trade, '42', canonical);
  t.deepEqual(report.execution, {
    tradeId: '57',
    venueOrderId: '4293153',
    quantity: '0.4',
    price: '0.1026',
    fee: '0.0004',
    feeAsset: 'ETH',
    liquidity: 'maker',
    tradedAt: 1499405658657,
  });
  t.is(report.order.filledQuantity, '0.5');
  const free = parseReport({ ...trade, n: '0', N: null }, '42', canonical);
  t.is(free.execution?.fee, null);
  t.is(free.execution?.feeAsset, null);
  t.throws(() => parseReport({ ...trade, t: -1 }, '42', canonical), { instanceOf: Unreadable });
});

test('the report of a cancel is about the order it cancels', (t) => {
  const cancel = { ...event('execution-report'), c: 'theCancel', C: 'ourOrder', x: 'CANCELED', X: 'CANCELED' };
  t.is(parseReport(cancel, '42', canonical).order.clientOrderId, 'ourOrder');
  t.is(parseReport({ ...cancel, C: null }, '42', canonical).order.clientOrderId, 'theCancel');
});

test('a reason is kept: the reject reason, self-trade prevention, the expiry reason', (t) => {
  const report = event('execution-report');
  const reasonOf = (change: object) => parseReport({ ...report, ...change }, '42', canonical).reason;
  t.is(reasonOf({ x: 'REJECTED', X: 'REJECTED', r: 'INSUFFICIENT_BALANCES' }), 'INSUFFICIENT_BALANCES');
  t.is(reasonOf({ x: 'TRADE_PREVENTION', X: 'EXPIRED_IN_MATCH' }), 'self-trade prevention');
  t.is(reasonOf({ x: 'EXPIRED', X: 'EXPIRED', eR: 3 }), 'expiry reason 3');
});

test("account positions are absolute balances at the venue's time", (t) => {
  t.deepEqual(parsePosition(event('account-position')), [
    { asset: 'ETH', available: '10000', locked: '0', observedAt: 1564034571073 },
  ]);
  t.deepEqual(parsePosition(payload('account-position-live'))[2], {
    asset: 'USDT',
    available: '89.01995974',
    locked: '703.698074',
    observedAt: 1657908946556,
  });
});

test('market streams become market events', (t) => {
  t.deepEqual(parseTradeEvent(payload('stream-trade'), 'paper', 'BNB-BTC'), {
    type: 'Trade',
    provider: 'paper',
    symbol: 'BNB-BTC',
    payload: { tradeId: '12345', side: 'Sell', price: '0.001', quantity: '100', timestamp: 1672515782136 },
  });
  t.deepEqual(parseDayTicker(payload('stream-ticker')), {
    lastPrice: '0.0025',
    bidPrice: '0.0024',
    askPrice: '0.0026',
    volume24h: '10000',
    timestamp: 1672515782136,
  });
  t.deepEqual(parseBookTicker(payload('stream-book-ticker')), { bidPrice: '25.3519', askPrice: '25.3652' });
  t.deepEqual(parseDepthUpdate(payload('stream-depth-update')), {
    diff: {
      firstId: 157,
      finalId: 160,
      bids: [{ price: '0.0024', quantity: '10' }],
      asks: [{ price: '0.0026', quantity: '100' }],
    },
    at: 1672515782136,
  });
  t.deepEqual(parseKline(payload('stream-kline'), 'paper', 'BNB-BTC'), {
    type: 'KlineSummary',
    provider: 'paper',
    symbol: 'BNB-BTC',
    payload: {
      openPrice: '0.001',
      closePrice: '0.002',
      highPrice: '0.0025',
      lowPrice: '0.0015',
      volume: '1000',
      openTime: 1672515780000,
      closeTime: 1672515839999,
    },
  });
});

for (const [what, change] of Object.entries({
  'an amount in exponent form': { q: '1e3' },
  'an amount that is a number': { q: 1 },
  'an order id beyond exact integers': { i: 2 ** 53 },
  'a negative order id': { i: -1 },
  'a missing trade time': { T: undefined },
  'an unknown side': { S: 'SHORT' },
  'an unknown status': { X: 'WAT' },
})) {
  test(`a report with ${what} is refused, not guessed`, (t) => {
    t.throws(() => parseReport({ ...event('execution-report'), ...change }, '42', canonical), {
      instanceOf: Unreadable,
    });
  });
}
