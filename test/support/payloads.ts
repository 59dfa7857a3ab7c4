// Payloads in the forms that Binance documents and the paper venue sends, about one order of ours: what the captured
// fixtures have no example of.
import { fields } from './fixture.ts';

/** Our order in every payload here. */
export const OURS = { clientOrderId: 'mm1abc00000001', venueOrderId: 881 };

const reported = {
  ...eventOf('execution-report'),
  ...{ s: 'BTCUSDT', c: OURS.clientOrderId, i: OURS.venueOrderId, q: '1.00000000', p: '100.00000000' },
};

/** The first half of our order, filled as maker. */
export const FILLED_HALF = {
  ...reported,
  ...{ x: 'TRADE', X: 'PARTIALLY_FILLED', t: 57, I: 8_641_985, l: '0.50000000', z: '0.50000000', L: '100.00000000' },
  ...{ Z: '50.00000000', Y: '50.00000000', n: '0.00050000', N: 'BTC', m: true },
};
const FILLED_WHOLE = {
  ...FILLED_HALF,
  ...{ X: 'FILLED', t: 58, I: 8_641_986, z: '1.00000000', Z: '100.00000000' },
};

export const REPORTS: readonly object[] = [
  FILLED_HALF,
  FILLED_WHOLE,
  reported,
  { ...reported, c: 'theCancel', C: OURS.clientOrderId, x: 'CANCELED', X: 'CANCELED', I: 8_641_987 },
  { ...reported, x: 'EXPIRED', X: 'EXPIRED', eR: 3, I: 8_641_988 },
  { ...reported, x: 'REJECTED', X: 'REJECTED', r: 'INSUFFICIENT_BALANCES', I: 8_641_989 },
  { ...FILLED_HALF, x: 'TRADE_BUST', z: '0.00000000', Z: '0.00000000', I: 8_641_990 },
  { ...FILLED_HALF, x: 'TRADE_CORRECT', bt: 57, t: 59, L: '99.00000000', Z: '49.50000000', I: 8_641_991 },
];

export const ACCOUNT_EVENTS: readonly object[] = [
  eventOf('account-position'),
  fields('binance', 'account-position-live'),
];

export const OTHER_EVENTS: readonly object[] = [
  eventOf('balance-update'),
  {
    ...{
      e: 'listStatus',
      E: 1_564_035_303_637,
      s: 'BTCUSDT',
      g: 2,
      c: 'OCO',
      l: 'EXEC_STARTED',
      L: 'EXECUTING',
      r: 'NONE',
    },
    ...{ C: 'list1', T: 1_564_035_303_625, O: [{ s: 'BTCUSDT', i: OURS.venueOrderId, c: OURS.clientOrderId }] },
  },
];

/** The answer to POST order with newOrderRespType=FULL: half of it was filled at once. */
export const SUBMITTED = {
  ...fields('binance', 'order-full'),
  ...{ symbol: 'BTCUSDT', orderId: OURS.venueOrderId, clientOrderId: OURS.clientOrderId, status: 'PARTIALLY_FILLED' },
  ...{ type: 'LIMIT', side: 'BUY', price: '100.00000000', origQty: '1.00000000', executedQty: '0.50000000' },
  cummulativeQuoteQty: '50.00000000',
  fills: [
    { price: '100.00000000', qty: '0.20000000', commission: '0.00020000', commissionAsset: 'BTC', tradeId: 55 },
    { price: '100.00000000', qty: '0.30000000', commission: '0.00030000', commissionAsset: 'BTC', tradeId: 56 },
  ],
};

export const QUERIED = {
  ...fields('binance', 'order-query'),
  ...{ symbol: 'BTCUSDT', orderId: OURS.venueOrderId, clientOrderId: OURS.clientOrderId, status: 'PARTIALLY_FILLED' },
  ...{ price: '100.00000000', origQty: '1.00000000', executedQty: '0.50000000', cummulativeQuoteQty: '50.00000000' },
};

export const CANCELED = {
  ...fields('binance', 'order-cancel'),
  ...{ symbol: 'BTCUSDT', orderId: OURS.venueOrderId, origClientOrderId: OURS.clientOrderId, origQty: '1.00000000' },
  ...{ price: '100.00000000', executedQty: '0.50000000', cummulativeQuoteQty: '50.00000000' },
};

export const TRADES = [
  {
    ...{ symbol: 'BTCUSDT', id: 57, orderId: OURS.venueOrderId, orderListId: -1, price: '100.00000000' },
    ...{ qty: '0.50000000', quoteQty: '50.00000000', commission: '0.00050000', commissionAsset: 'BTC' },
    ...{ time: 1_499_865_549_590, isBuyer: true, isMaker: true, isBestMatch: true },
  },
];

/** order_amend_keep_priority.md, "Response". */
export const AMENDED = {
  ...{ transactTime: 1_741_924_229_819, executionId: 60 },
  amendedOrder: {
    ...{ symbol: 'BTCUSDT', orderId: OURS.venueOrderId, orderListId: -1, origClientOrderId: OURS.clientOrderId },
    ...{ clientOrderId: OURS.clientOrderId, price: '100.00000000', qty: '0.80000000', executedQty: '0.00000000' },
    ...{ preventedQty: '0.00000000', quoteOrderQty: '0.00000000', cumulativeQuoteQty: '0.00000000', status: 'NEW' },
    ...{
      timeInForce: 'GTC',
      type: 'LIMIT',
      side: 'BUY',
      workingTime: 1_741_924_204_920,
      selfTradePreventionMode: 'NONE',
    },
  },
};

function eventOf(name: string): object {
  const { event, ...whole } = fields('binance', name);
  return typeof event === 'object' && event !== null ? { ...event } : whole;
}
