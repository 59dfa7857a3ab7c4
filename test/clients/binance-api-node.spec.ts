// The client `binance-api-node` against the paper venue: REST with every parameter in the query, user events over
// userDataStream.subscribe.signature, and over a listen key by its REST calls and its socket. One test at a time: the
// library keeps the origin of its streams in a variable of the module, so the client made last decides for all.
// Where its own types name other fields than its code gives, a value is compared with t.like, which looks at the value.
import process from 'node:process';
import test, { registerCompletionHandler } from 'ava';
import binanceApiNode, { OrderSide, OrderType, TimeInForce } from 'binance-api-node';
import type { PaperAccount } from '../../actors/exchanges/paper/serve.ts';
import { ASK, BID, confineToLoopback, FILTERS, Heard, openTrading, type Trading, thrownBy } from './support.ts';

confineToLoopback(test);
// The library keeps the socket of a refused subscription and dials anew for ever; it gives nothing to end it with.
registerCompletionHandler(() => process.exit());

/** The library's own names for codes of the protocol (its ErrorCodes, which its types leave out). */
const INVALID_MESSAGE = -1013;
const INVALID_SIGNATURE = -1022;
const INVALID_LISTEN_KEY = -1125;
const INSUFFICIENT_BALANCE = -2010;
const CANCEL_REJECTED = -2011;
const NO_SUCH_ORDER = -2013;
const REJECTED_MBX_KEY = -2015;

type Api = ReturnType<typeof binanceApiNode.default>;
type NewOrder = Parameters<Api['order']>[0];
const symbol = 'BTCUSDT';

function connect({ restUrl, socketUrl, alice }: Trading, change: Partial<PaperAccount> = {}): Api {
  const { apiKey, secret } = { ...alice, ...change };
  const urls = { httpBase: restUrl, wsBase: `${socketUrl}/ws`, wsApi: `${socketUrl}/ws-api/v3` };
  return binanceApiNode.default({ ...urls, apiKey, apiSecret: secret });
}

function limit(side: 'BUY' | 'SELL', price: string, quantity: string, more: Partial<NewOrder> = {}): NewOrder {
  return { symbol, side: OrderSide[side], type: OrderType.LIMIT, price, quantity, ...more };
}

function maker(price: string): NewOrder {
  return { symbol, side: OrderSide.SELL, type: OrderType.LIMIT_MAKER, price, quantity: '0.1' };
}

test.serial('it reads the time, the rules and the market', async (t) => {
  const trading = await openTrading(t);
  const api = connect(trading);
  t.true(await api.ping());
  t.true(Math.abs(Number(await api.time()) - Date.now()) < 60_000);
  const filters = FILTERS.map((filterType) => ({ filterType }));
  t.like(await api.exchangeInfo(), {
    symbols: [
      { symbol, status: 'TRADING', filters },
      { symbol: 'ETHUSDT', filters },
    ],
  });
  t.like(await api.book({ symbol, limit: 5 }), {
    bids: [{ price: '59990.00000000', quantity: '0.50000000' }],
    asks: [{ price: '60010.00000000', quantity: '0.50000000' }],
  });
  t.like(await api.prices(), { [symbol]: '60000.00000000' });
  t.like(await api.dailyStats({ symbol }), { symbol, lastPrice: '60000.00000000', count: 1 });
  t.like(await api.avgPrice({ symbol }), { mins: 5, price: '60000.00000000' });
  t.like(await api.allBookTickers(), { [symbol]: { bidPrice: '59990.00000000', askPrice: '60010.00000000' } });
  t.like(await api.trades({ symbol, limit: 10 }), [{ id: 1, price: '60000.00000000', qty: '0.10000000' }]);
  t.like(await api.tradesHistory({ symbol, limit: 10 }), [{ id: 1, qty: '0.10000000' }]);
  t.like(await api.aggTrades({ symbol }), [{ aggId: 1, price: '60000.00000000', firstId: 1, lastId: 1 }]);
  const candles = await api.candles({ symbol, interval: '1m', limit: 10 });
  t.like(candles.at(-1), { close: '60000.00000000', volume: '0.10000000', trades: 1 });
});

test.serial('it places orders of every kind, finds them, and cancels them', async (t) => {
  const trading = await openTrading(t);
  const api = connect(trading);
  const killed = await api.order(limit('BUY', ASK, '0.7', { timeInForce: TimeInForce.FOK }));
  t.like(killed, { status: 'EXPIRED', executedQty: '0.00000000', fills: [] });
  const cut = await api.order(limit('BUY', ASK, '0.7', { timeInForce: TimeInForce.IOC }));
  t.like(cut, { status: 'EXPIRED', executedQty: '0.50000000', cummulativeQuoteQty: '30005.00000000' });
  t.like(cut.fills, [{ price: '60010.00000000', qty: '0.50000000', commission: '0.00050000', commissionAsset: 'BTC' }]);
  const market = { symbol, side: OrderSide.SELL, type: OrderType.MARKET, quantity: '0.1' };
  t.like(await api.order(market), { status: 'FILLED', type: 'MARKET', fills: [{ price: '59990.00000000' }] });
  const made = await api.order(maker('61000'));
  t.like(await api.getOrder({ symbol, orderId: made.orderId }), { status: 'NEW', type: 'LIMIT_MAKER' });
  const resting = await api.order(limit('BUY', '50000', '0.1', { newClientOrderId: 'mine' }));
  t.like(resting, { status: 'NEW', clientOrderId: 'mine', timeInForce: 'GTC' });
  const { orderId } = resting;
  const [byId, byClientId] = [
    await api.getOrder({ symbol, orderId }),
    await api.getOrder({ symbol, origClientOrderId: 'mine' }),
  ];
  t.deepEqual(byId, byClientId);
  t.like(byId, { orderId, clientOrderId: 'mine', status: 'NEW', isWorking: true, origQty: '0.10000000' });
  const open = await api.openOrders({ symbol });
  t.deepEqual(
    open.map((order) => order.orderId).toSorted((one, other) => one - other),
    [made.orderId, orderId],
  );
  t.is((await api.allOrders({ symbol })).length, 5);
  const trades = await api.myTrades({ symbol });
  t.deepEqual(
    trades.map(({ qty, isBuyer, isMaker }) => [qty, isBuyer, isMaker]),
    [
      ['0.50000000', true, false],
      ['0.10000000', false, false],
    ],
  );
  t.like(await api.cancelOrder({ symbol, orderId }), { origClientOrderId: 'mine', status: 'CANCELED' });
  t.like(await api.cancelOpenOrders({ symbol }), [{ orderId: made.orderId, status: 'CANCELED' }]);
  const { balances } = await api.accountInfo();
  t.like(
    balances.find(({ asset }) => asset === 'BTC'),
    { free: '2.39950000', locked: '0.00000000' },
  );
});

test.serial('it replaces, and places stops and pairs of which one at most trades; it cannot amend', async (t) => {
  const trading = await openTrading(t);
  const api = connect(trading);
  const { orderId: cancelOrderId } = await api.order(limit('BUY', '50000', '0.3'));
  const wish = { symbol, side: OrderSide.BUY, type: OrderType.LIMIT, price: '51000', quantity: '0.1' };
  const replaced = await api.updateOrder({ ...wish, cancelOrderId });
  t.like(replaced, { cancelResult: 'SUCCESS', newOrderResponse: { price: '51000.00000000', status: 'NEW' } });
  t.like(await thrownBy(api.updateOrder({ ...wish, cancelOrderId: 999 })), { code: -2022 });
  const terms = { symbol, side: OrderSide.SELL, stopPrice: '59000', quantity: '0.1' };
  const parked = await api.order({ ...terms, type: OrderType.STOP_LOSS });
  t.like(await api.getOrder({ symbol, orderId: parked.orderId }), { status: 'NEW', isWorking: false });
  const pair = { symbol, side: OrderSide.SELL, quantity: '0.5', price: '61000', stopPrice: '59000' };
  const list = await api.orderOco({ ...pair, stopLimitPrice: '58900' });
  t.like(list, { contingencyType: 'OCO', listOrderStatus: 'EXECUTING' });
  t.like(list.orderReports, [{ type: 'STOP_LOSS_LIMIT' }, { type: 'LIMIT_MAKER' }]);
  const { orderListId } = list;
  t.like(await api.getOrderOco({ orderListId }), { orderListId, listStatusType: 'EXEC_STARTED' });
  t.is((await api.allOrdersOCO({})).length, 1);
  t.like(await api.cancelOrderOco({ symbol, orderListId }), { listOrderStatus: 'ALL_DONE' });
});

test.serial('a refusal arrives with its code and words', async (t) => {
  const trading = await openTrading(t);
  const api = connect(trading);
  const refused = async (order: Promise<unknown>, code: number, message: string) => {
    const error = await thrownBy(order);
    t.true(error instanceof Error);
    t.like(error, { code, message });
  };
  await refused(api.cancelOrder({ symbol, orderId: 999 }), CANCEL_REJECTED, 'Unknown order sent.');
  await refused(api.getOrder({ symbol, orderId: 999 }), NO_SUCH_ORDER, 'Order does not exist.');
  await refused(api.order(limit('BUY', '50000.001', '0.1')), INVALID_MESSAGE, 'Filter failure: PRICE_FILTER');
  await refused(api.order(limit('BUY', '50000', '0.000001')), INVALID_MESSAGE, 'Filter failure: LOT_SIZE');
  await refused(api.order(limit('BUY', '50000', '0.00001')), INVALID_MESSAGE, 'Filter failure: NOTIONAL');
  const crossing = api.order(maker(BID));
  await refused(crossing, INSUFFICIENT_BALANCE, 'Order would immediately match and take.');
  const words = 'Account has insufficient balance for requested action.';
  await refused(api.order(limit('BUY', '50000', '10')), INSUFFICIENT_BALANCE, words);
  const forger = connect(trading, { secret: 'not-the-secret' });
  await refused(forger.accountInfo(), INVALID_SIGNATURE, 'Signature for this request is not valid.');
  await refused(
    forger.ws.user(() => {}),
    INVALID_SIGNATURE,
    'Signature for this request is not valid.',
  );
  const stranger = connect(trading, { apiKey: 'nobodys-key' });
  const unknownKey = 'Invalid API-key, IP, or permissions for action.';
  await refused(stranger.accountInfo(), REJECTED_MBX_KEY, unknownKey);
});

interface UserEvent {
  readonly eventType: string;
  readonly executionType?: string;
  readonly [field: string]: unknown;
}

test.serial('it hears of its orders and balances over a signed subscription', async (t) => {
  const trading = await openTrading(t);
  const api = connect(trading);
  const heard = new Heard<UserEvent>();
  t.teardown(await api.ws.user(heard.take));
  const { orderId } = await api.order(limit('BUY', '60000', '0.1', { newClientOrderId: 'mine' }));
  await trading.bob.limit('SELL', '60000', '0.04');
  await api.cancelOrder({ symbol, orderId });
  await heard.until(({ executionType }) => executionType === 'CANCELED');
  const reports = heard.events.filter(({ eventType }) => eventType === 'executionReport');
  t.like(reports, [
    { executionType: 'NEW', orderStatus: 'NEW', orderId, newClientOrderId: 'mine', quantity: '0.10000000' },
    { executionType: 'TRADE', orderStatus: 'PARTIALLY_FILLED', lastTradeQuantity: '0.04000000', tradeId: 2 },
    { executionType: 'CANCELED', orderStatus: 'CANCELED', originalClientOrderId: 'mine' },
  ]);
  const position = heard.events.find(({ eventType }) => eventType === 'outboundAccountPosition');
  t.like(position?.['balances'], [
    { asset: 'BTC' },
    { asset: 'USDT', free: '94000.00000000', locked: '6000.00000000' },
  ]);
});

test.serial('it hears of its orders over a listen key, and of the market over streams', async (t) => {
  const trading = await openTrading(t);
  const api = connect(trading);
  const { listenKey } = await api.getDataStream();
  t.deepEqual(await api.keepDataStream({ listenKey }), {});
  const [events, prints] = [new Heard<object>(), new Heard<object>()];
  t.teardown(api.ws.customSubStream(listenKey, events.take));
  t.teardown(api.ws.trades([symbol], prints.take));
  const sale = { symbol, side: OrderSide.SELL, type: OrderType.MARKET, quantity: '0.001' };
  t.like(await prints.provokedBy(() => api.order(sale)), { symbol, price: '59990.00000000', quantity: '0.00100000' });
  t.like(await events.provokedBy(() => api.order(sale)), { e: 'executionReport', s: symbol, x: 'NEW' });
  t.deepEqual(await api.closeDataStream({ listenKey }), {});
  t.like(await thrownBy(api.keepDataStream({ listenKey })), { code: INVALID_LISTEN_KEY });
});
