// The client `binance` against the paper venue: MainClient over REST with numbers for amounts, WebsocketAPIClient for
// orders and user events over the WebSocket API, WebsocketClient for the market's streams.
import test, { type ExecutionContext } from 'ava';
import { type DefaultLogger, MainClient, type NewSpotOrderParams, WebsocketAPIClient, WebsocketClient } from 'binance';
import type { PaperAccount } from '../../actors/exchanges/paper/serve.ts';
import { ASK, BID, confineToLoopback, FILTERS, Heard, openTrading, type Trading, thrownBy } from './support.ts';

confineToLoopback(test);

const symbol = 'BTCUSDT';
const silent = () => {};
const mute: DefaultLogger = { trace: silent, info: silent, error: silent };

function settings({ alice }: Trading, change: Partial<PaperAccount>) {
  const { apiKey, secret } = { ...alice, ...change };
  return { api_key: apiKey, api_secret: secret, recvWindow: 60_000 };
}

function rest(trading: Trading, change: Partial<PaperAccount> = {}): MainClient {
  return new MainClient({ ...settings(trading, change), baseUrl: trading.restUrl });
}

/** It appends the paths of the streams and of the WebSocket API itself, and asks over REST for the time. */
function urls({ restUrl, socketUrl }: Trading) {
  return { wsUrl: socketUrl, restOptions: { baseUrl: restUrl } };
}

function sockets(t: ExecutionContext, trading: Trading, change: Partial<PaperAccount> = {}): WebsocketAPIClient {
  const more = { ...urls(trading), attachEventListeners: false, muteLatencyWarning: true };
  const client = new WebsocketAPIClient({ ...settings(trading, change), ...more }, mute);
  client.getWSClient().on('exception', silent);
  t.teardown(() => client.getWSClient().closeAll(true));
  return client;
}

function limit(side: 'BUY' | 'SELL', price: string, quantity: string) {
  return { symbol, side, type: 'LIMIT', timeInForce: 'GTC', price: Number(price), quantity: Number(quantity) } as const;
}

function maker(price: string) {
  return { symbol, side: 'SELL', type: 'LIMIT_MAKER', price: Number(price), quantity: 0.1 } as const;
}

test('it reads the time, the rules and the market', async (t) => {
  const trading = await openTrading(t);
  const api = rest(trading);
  t.deepEqual(await api.testConnectivity(), {});
  // Not getServerTime(): it asks api.binance.com whatever baseUrl says.
  t.like(Object.keys(await api.get('api/v3/time')), ['serverTime']);
  const { symbols } = await api.getExchangeInfo();
  t.deepEqual(
    symbols.map((listed) => listed.filters.map(({ filterType }) => filterType)),
    [FILTERS, FILTERS],
  );
  t.like(await api.getExchangeInfo({ symbol }), { symbols: [{ symbol, status: 'TRADING', baseAsset: 'BTC' }] });
  const book = { bids: [['59990.00000000', '0.50000000']], asks: [['60010.00000000', '0.50000000']] };
  t.like(await api.getOrderBook({ symbol, limit: 5 }), book);
  t.like(await api.getSymbolPriceTicker({ symbol }), { symbol, price: '60000.00000000' });
  t.like(await api.getSymbolOrderBookTicker({ symbol }), { bidPrice: '59990.00000000', askPrice: '60010.00000000' });
  t.like(await api.get24hrChangeStatistics({ symbol }), { symbol, lastPrice: '60000.00000000', count: 1 });
  t.like(await api.getAvgPrice({ symbol }), { mins: 5, price: '60000.00000000' });
  t.like(await api.getRecentTrades({ symbol }), [{ id: 1, price: '60000.00000000', qty: '0.10000000' }]);
  t.like(await api.getHistoricalTrades({ symbol, fromId: 1 }), [{ id: 1, qty: '0.10000000' }]);
  t.deepEqual(await api.getHistoricalTrades({ symbol, fromId: 2 }), []);
  t.like(await api.getAggregateTrades({ symbol }), [{ a: 1, p: '60000.00000000', f: 1, l: 1 }]);
  const candle = (await api.getKlines({ symbol, interval: '1m' })).at(-1);
  t.deepEqual((await api.getUIKlines({ symbol, interval: '1m' })).at(-1), candle);
  t.deepEqual([candle?.length, candle?.[4], candle?.[8]], [12, '60000.00000000', 1]);
});

test('it places orders of every kind over REST, finds them, and cancels them', async (t) => {
  const trading = await openTrading(t);
  const api = rest(trading);
  t.deepEqual(await api.testNewOrder(limit('BUY', '50000', '0.1')), {});
  const killed = await api.submitNewOrder({ ...limit('BUY', ASK, '0.7'), timeInForce: 'FOK' });
  t.like(killed, { status: 'EXPIRED', executedQty: '0.00000000' });
  const cut = await api.submitNewOrder({ ...limit('BUY', ASK, '0.7'), timeInForce: 'IOC', newOrderRespType: 'FULL' });
  t.like(cut, { status: 'EXPIRED', cummulativeQuoteQty: '30005.00000000', fills: [{ commission: '0.00050000' }] });
  const market = await api.submitNewOrder({ symbol, side: 'SELL', type: 'MARKET', quantity: 0.1 });
  t.like(market, { status: 'FILLED', fills: [{ price: '59990.00000000', commissionAsset: 'USDT' }] });
  const made = await api.submitNewOrder({ ...maker('61000'), newOrderRespType: 'RESULT' });
  t.like(made, { status: 'NEW', type: 'LIMIT_MAKER' });
  const newClientOrderId = api.generateNewOrderId();
  const placed = { ...limit('BUY', '50000', '0.1'), newClientOrderId, newOrderRespType: 'ACK' } as const;
  const { orderId, clientOrderId } = await api.submitNewOrder(placed);
  t.is(clientOrderId, newClientOrderId);
  const found = await api.getOrder({ symbol, orderId });
  t.deepEqual(found, await api.getOrder({ symbol, origClientOrderId: newClientOrderId }));
  t.like(found, { orderId, status: 'NEW', origQty: '0.10000000', isWorking: true });
  t.deepEqual(ids(await api.getOpenOrders({ symbol })), [made.orderId, orderId]);
  t.deepEqual(ids(await api.getOpenOrders()), [made.orderId, orderId]);
  t.is((await api.getAllOrders({ symbol })).length, 5);
  const own = { qty: '0.50000000', isBuyer: true, isMaker: false, commissionAsset: 'BTC' };
  t.like(await api.getAccountTradeList({ symbol }), [own, { isBuyer: false, commissionAsset: 'USDT' }]);
  t.like(await api.cancelOrder({ symbol, orderId }), { origClientOrderId: newClientOrderId, status: 'CANCELED' });
  t.like(await api.cancelAllSymbolOrders({ symbol }), [{ orderId: made.orderId, status: 'CANCELED' }]);
  const { balances, canTrade } = await api.getAccountInformation();
  t.true(canTrade);
  t.like(
    balances.find(({ asset }) => asset === 'BTC'),
    { free: '2.39950000', locked: '0.00000000' },
  );
});

function ids(orders: readonly { orderId: number }[]): number[] {
  return orders.map(({ orderId }) => orderId).toSorted((one, other) => one - other);
}

test('it amends, replaces, and places stops and pairs of which one at most trades', async (t) => {
  const trading = await openTrading(t);
  const api = rest(trading);
  const { orderId } = await api.submitNewOrder({ ...limit('BUY', '50000', '0.3'), newOrderRespType: 'ACK' });
  // Not amendOrderKeepPriority(): it asks a path of the futures venue.
  const amend = { symbol, orderId, newQty: '0.2', newClientOrderId: api.generateNewOrderId() };
  const amended = await api.putPrivate('api/v3/order/amend/keepPriority', amend);
  t.like(amended, { amendedOrder: { orderId, qty: '0.20000000', status: 'NEW' } });
  const wish = {
    ...limit('BUY', '51000', '0.1'),
    cancelReplaceMode: 'STOP_ON_FAILURE',
    cancelOrderId: orderId,
  } as const;
  const replaced = await api.replaceOrder(wish);
  t.like(replaced, {
    cancelResult: 'SUCCESS',
    newOrderResult: 'SUCCESS',
    newOrderResponse: { price: '51000.00000000' },
  });
  const tooMuch = api.replaceOrder({ ...wish, cancelOrderId: 999 });
  t.like(await thrownBy(tooMuch), { code: -2022, body: { data: { newOrderResult: 'NOT_ATTEMPTED' } } });
  const stop = {
    symbol,
    side: 'SELL',
    type: 'STOP_LOSS_LIMIT',
    timeInForce: 'GTC',
    newOrderRespType: 'RESULT',
  } as const;
  const parked = await api.submitNewOrder({ ...stop, stopPrice: 59_000, price: 58_900, quantity: 0.1 });
  t.like(parked, { status: 'NEW', stopPrice: '59000.00000000', workingTime: -1 });
  const pair = { symbol, side: 'SELL', quantity: 0.5, aboveType: 'LIMIT_MAKER', abovePrice: 61_000 } as const;
  const list = await api.submitNewOrderList({ ...pair, belowType: 'STOP_LOSS', belowStopPrice: 59_000 });
  t.like(list, { contingencyType: 'OCO', listOrderStatus: 'EXECUTING' });
  const { orderListId } = list;
  t.like(await api.getOCO({ orderListId }), { orderListId, listStatusType: 'EXEC_STARTED' });
  t.is((await api.getAllOpenOCO()).length, 1);
  await trading.bob.limit('BUY', '61000', '1');
  t.like(await api.getOCO({ orderListId }), { listOrderStatus: 'ALL_DONE' });
  t.is((await api.getAllOCO()).length, 1);
  const older = { symbol, side: 'SELL', quantity: 0.1, price: 62_000, stopPrice: 59_000 } as const;
  const { orderListId: second } = await api.submitNewOCO(older);
  t.like(await api.cancelOCO({ symbol, orderListId: second }), {
    orderReports: [{ status: 'CANCELED' }, { status: 'CANCELED' }],
  });
});

test('a refusal over REST arrives with its code and words', async (t) => {
  const trading = await openTrading(t);
  const api = rest(trading);
  const refused = async (request: Promise<unknown>, code: number, message: string) =>
    t.like(await thrownBy(request), { code, message, body: { code, msg: message } });
  const submit = (order: NewSpotOrderParams) => api.submitNewOrder(order);
  await refused(api.cancelOrder({ symbol, orderId: 999 }), -2011, 'Unknown order sent.');
  await refused(api.getOrder({ symbol, orderId: 999 }), -2013, 'Order does not exist.');
  await refused(submit(limit('BUY', '50000.001', '0.1')), -1013, 'Filter failure: PRICE_FILTER');
  await refused(submit(limit('BUY', '50000', '0.000001')), -1013, 'Filter failure: LOT_SIZE');
  await refused(submit(limit('BUY', '50000', '0.00001')), -1013, 'Filter failure: NOTIONAL');
  await refused(submit(maker(BID)), -2010, 'Order would immediately match and take.');
  const forger = rest(trading, { secret: 'not-the-secret' });
  await refused(forger.getAccountInformation(), -1022, 'Signature for this request is not valid.');
  const stranger = rest(trading, { apiKey: 'nobodys-key' });
  await refused(stranger.getAccountInformation(), -2015, 'Invalid API-key, IP, or permissions for action.');
});

test('it trades over the WebSocket API and hears of its orders there', async (t) => {
  const trading = await openTrading(t);
  const api = sockets(t, trading);
  const heard = new Heard<object>();
  api.getWSClient().on('message', heard.take);
  await api.subscribeUserDataStream('mainWSAPI');
  t.like(await api.getSpotOrderBook({ symbol }), { status: 200, result: { bids: [['59990.00000000', '0.50000000']] } });
  const timestamp = Date.now();
  const dated = { symbol, timestamp };
  const id = rest(trading).generateNewOrderId();
  const mine = { symbol, origClientOrderId: id, timestamp };
  const order = { ...limit('BUY', '60000', '0.1'), newClientOrderId: id, timestamp };
  t.like(await api.submitNewSpotOrder(order), { result: { status: 'NEW', clientOrderId: id } });
  await trading.bob.limit('SELL', '60000', '0.04');
  t.like(await api.getSpotOrderStatus(mine), { result: { status: 'PARTIALLY_FILLED' } });
  t.like(await api.getSpotOpenOrders(dated), { result: [{ clientOrderId: id }] });
  t.like(await api.cancelSpotOrder(mine), { result: { status: 'CANCELED', origClientOrderId: id } });
  t.like(await api.getSpotMyTrades(dated), { result: [{ qty: '0.04000000', isMaker: true }] });
  t.like(await api.getSpotAccountInformation({ timestamp }), { result: { accountType: 'SPOT' } });
  t.like(await thrownBy(api.cancelSpotOrder(mine)), { status: 400, error: { code: -2011 } });
  await heard.until((frame) => JSON.stringify(frame).includes('"x":"CANCELED"'));
  const reports = heard.events.filter((frame) => 'e' in frame && frame.e === 'executionReport');
  t.like(reports, [
    { x: 'NEW', X: 'NEW', c: id },
    { x: 'TRADE', l: '0.04000000' },
    { x: 'CANCELED', C: id },
  ]);
  t.true(heard.events.some((frame) => 'e' in frame && frame.e === 'outboundAccountPosition'));
});

test('a wrong secret is refused over the WebSocket API', async (t) => {
  const trading = await openTrading(t);
  const api = sockets(t, trading, { secret: 'not-the-secret' });
  const refusal = { status: 400, error: { code: -1022, msg: 'Signature for this request is not valid.' } };
  t.like(await thrownBy(api.getSpotAccountInformation({ timestamp: Date.now() })), refusal);
  t.like(await thrownBy(api.subscribeUserDataStream('mainWSAPI')), refusal);
});

test('it hears of the market over streams', async (t) => {
  const trading = await openTrading(t);
  const client = new WebsocketClient(urls(trading), mute);
  t.teardown(() => client.closeAll(true));
  const heard = new Heard<object>();
  client.on('message', heard.take);
  client.on('exception', silent);
  await client.subscribe(['btcusdt@trade', 'btcusdt@depth5'], 'main');
  const book = await heard.until((frame) => 'lastUpdateId' in frame || JSON.stringify(frame).includes('lastUpdateId'));
  t.true(JSON.stringify(book).includes('60010.00000000'));
  await trading.bob.limit('BUY', ASK, '0.1');
  const print = await heard.until((frame) => JSON.stringify(frame).includes('"e":"trade"'));
  t.true(JSON.stringify(print).includes('"p":"60010.00000000","q":"0.10000000"'));
});
