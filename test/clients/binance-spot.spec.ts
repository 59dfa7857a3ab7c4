// The official client `@binance/spot` against the paper venue, behind TLS because it refuses anything else: REST,
// orders and user events over the WebSocket API, the market's streams.
import https from 'node:https';
import {
  BadRequestError,
  Spot,
  SpotRestAPI,
  SpotWebsocketAPI,
  SpotWebsocketStreams,
  UnauthorizedError,
} from '@binance/spot';
import test, { type ExecutionContext } from 'ava';
import type { PaperAccount } from '../../actors/exchanges/paper/serve.ts';
import { ASK, BID, confineToLoopback, FILTERS, Heard, openTrading, type Trading, thrownBy } from './support.ts';
import { type Terminator, terminateTls } from './tls.ts';

confineToLoopback(test);
// The library tells of every connection there, and has no switch for it but the environment.
console.info = () => {};

const symbol = 'BTCUSDT';
const PATIENT_MS = 60_000;
const { NewOrderSideEnum: Side, NewOrderTypeEnum: Type, NewOrderTimeInForceEnum: TimeInForce } = SpotRestAPI;

interface Front extends Terminator {
  readonly trading: Trading;
}

async function openFront(t: ExecutionContext): Promise<Front> {
  const trading = await openTrading(t);
  return { trading, ...(await terminateTls(t, trading.venue.port)) };
}

/** The agents trust the certificate of the test; timeouts are for a loaded machine. */
function connect({ trading, port, certificate }: Front, change: Partial<PaperAccount> = {}): Spot {
  const { apiKey, secret: apiSecret } = { ...trading.alice, ...change };
  const agent = new https.Agent({ ca: certificate });
  const keys = { apiKey, apiSecret, timeout: PATIENT_MS };
  return new Spot({
    configurationRestAPI: { ...keys, basePath: `https://127.0.0.1:${port}`, httpsAgent: agent, retries: 0 },
    configurationWebsocketAPI: { ...keys, wsURL: `wss://127.0.0.1:${port}/ws-api/v3`, agent },
    configurationWebsocketStreams: { wsURL: `wss://127.0.0.1:${port}`, agent },
  });
}

function limit(side: 'BUY' | 'SELL', price: string, quantity: string): SpotRestAPI.NewOrderRequest {
  const terms = { price: Number(price), quantity: Number(quantity), recvWindow: PATIENT_MS };
  return { symbol, side: Side[side], type: Type.LIMIT, timeInForce: TimeInForce.GTC, ...terms };
}

function maker(price: string): SpotRestAPI.NewOrderRequest {
  return { symbol, side: Side.SELL, type: Type.LIMIT_MAKER, price: Number(price), quantity: 0.1 };
}

test('it reads the time, the rules and the market', async (t) => {
  const { restAPI: api } = connect(await openFront(t));
  t.deepEqual(await (await api.ping()).data(), {});
  t.true(Math.abs(Number((await (await api.time()).data()).serverTime) - Date.now()) < PATIENT_MS);
  const filters = FILTERS.map((filterType) => ({ filterType }));
  t.like(await (await api.exchangeInfo({ symbol })).data(), { symbols: [{ symbol, status: 'TRADING', filters }] });
  t.like(await (await api.exchangeInfo({ symbols: [symbol] })).data(), { symbols: [{ symbol }] });
  const book = { bids: [['59990.00000000', '0.50000000']], asks: [['60010.00000000', '0.50000000']] };
  t.like(await (await api.depth({ symbol, limit: 5 })).data(), book);
  t.like(await (await api.tickerPrice({ symbol })).data(), { symbol, price: '60000.00000000' });
  t.like(await (await api.tickerBookTicker({ symbol })).data(), { bidPrice: '59990.00000000' });
  t.like(await (await api.ticker24hr({ symbol })).data(), { symbol, lastPrice: '60000.00000000', count: 1 });
  t.like(await (await api.avgPrice({ symbol })).data(), { mins: 5, price: '60000.00000000' });
  t.like(await (await api.getTrades({ symbol })).data(), [{ id: 1, price: '60000.00000000', qty: '0.10000000' }]);
  t.like(await (await api.historicalTrades({ symbol, fromId: 1 })).data(), [{ id: 1, qty: '0.10000000' }]);
  t.like(await (await api.aggTrades({ symbol })).data(), [{ a: 1, p: '60000.00000000' }]);
  const interval = SpotRestAPI.KlinesIntervalEnum.INTERVAL_1m;
  const candles = await (await api.klines({ symbol, interval })).data();
  t.deepEqual([candles.at(-1)?.length, candles.at(-1)?.[4]], [12, '60000.00000000']);
  // The trade may have been in the minute before.
  t.is(
    candles.reduce((sum, candle) => sum + Number(candle[8]), 0),
    1,
  );
});

test('it places orders of every kind over REST, finds them, and cancels them', async (t) => {
  const { restAPI: api } = connect(await openFront(t));
  const { OrderTestSideEnum, OrderTestTypeEnum } = SpotRestAPI;
  const tested = { symbol, side: OrderTestSideEnum.SELL, type: OrderTestTypeEnum.MARKET, quantity: 0.1 };
  t.deepEqual(await (await api.orderTest(tested)).data(), {});
  const killed = await api.newOrder({ ...limit('BUY', ASK, '0.7'), timeInForce: TimeInForce.FOK });
  t.like(await killed.data(), { status: 'EXPIRED', executedQty: '0.00000000', fills: [] });
  const cut = await api.newOrder({ ...limit('BUY', ASK, '0.7'), timeInForce: TimeInForce.IOC });
  t.like(await cut.data(), {
    status: 'EXPIRED',
    cummulativeQuoteQty: '30005.00000000',
    fills: [{ commission: '0.00050000' }],
  });
  const market = await api.newOrder({ symbol, side: Side.SELL, type: Type.MARKET, quantity: 0.1 });
  t.like(await market.data(), { status: 'FILLED', fills: [{ price: '59990.00000000' }] });
  const { orderId: made } = await (await api.newOrder(maker('61000'))).data();
  const placed = await api.newOrder({ ...limit('BUY', '50000', '0.1'), newClientOrderId: 'mine' });
  const { orderId } = await placed.data();
  if (orderId === undefined) return t.fail('an order without its id');
  const found = await (await api.getOrder({ symbol, orderId })).data();
  t.deepEqual(found, await (await api.getOrder({ symbol, origClientOrderId: 'mine' })).data());
  t.like(found, { orderId, clientOrderId: 'mine', status: 'NEW', isWorking: true });
  const open = await (await api.getOpenOrders({ symbol })).data();
  t.deepEqual(new Set(open.map((order) => order.orderId)), new Set([made, orderId]));
  t.is((await (await api.allOrders({ symbol })).data()).length, 5);
  t.like(await (await api.myTrades({ symbol })).data(), [{ qty: '0.50000000', isBuyer: true }, { isBuyer: false }]);
  t.like(await (await api.deleteOrder({ symbol, orderId })).data(), { origClientOrderId: 'mine', status: 'CANCELED' });
  t.like(await (await api.deleteOpenOrders({ symbol })).data(), [{ orderId: made, status: 'CANCELED' }]);
  const { balances } = await (await api.getAccount({ omitZeroBalances: true })).data();
  t.like(
    balances?.find(({ asset }) => asset === 'BTC'),
    { free: '2.39950000', locked: '0.00000000' },
  );
});

test('it amends, replaces, and places stops and pairs of which one at most trades', async (t) => {
  const front = await openFront(t);
  const { restAPI: api } = connect(front);
  const { orderId } = await (await api.newOrder(limit('BUY', '50000', '0.3'))).data();
  if (orderId === undefined) return t.fail('an order without its id');
  const amended = await api.orderAmendKeepPriority({ symbol, orderId, newQty: 0.2 });
  t.like(await amended.data(), { amendedOrder: { orderId, qty: '0.20000000' } });
  t.like(await (await api.orderAmendments({ symbol, orderId })).data(), [{ orderId, newQty: '0.20000000' }]);
  const wish = {
    ...{ symbol, price: 51_000, quantity: 0.1, cancelOrderId: orderId },
    side: SpotRestAPI.OrderCancelReplaceSideEnum.BUY,
    type: SpotRestAPI.OrderCancelReplaceTypeEnum.LIMIT,
    timeInForce: SpotRestAPI.OrderCancelReplaceTimeInForceEnum.GTC,
    cancelReplaceMode: SpotRestAPI.OrderCancelReplaceCancelReplaceModeEnum.STOP_ON_FAILURE,
  };
  const replaced = await (await api.orderCancelReplace(wish)).data();
  t.like(replaced, { cancelResult: 'SUCCESS', newOrderResponse: { price: '51000.00000000' } });
  t.true((await thrownBy(api.orderCancelReplace(wish))) instanceof BadRequestError);
  const stop = { symbol, side: Side.SELL, type: Type.STOP_LOSS, stopPrice: 59_000, quantity: 0.1 };
  const parked = await (await api.newOrder(stop)).data();
  t.like(await (await api.getOrder({ symbol, orderId: Number(parked.orderId) })).data(), { isWorking: false });
  const pair = {
    ...{ symbol, quantity: 0.5, abovePrice: 61_000, belowStopPrice: 59_000 },
    side: SpotRestAPI.OrderListOcoSideEnum.SELL,
    aboveType: SpotRestAPI.OrderListOcoAboveTypeEnum.LIMIT_MAKER,
    belowType: SpotRestAPI.OrderListOcoBelowTypeEnum.STOP_LOSS,
  };
  const { orderListId } = await (await api.orderListOco(pair)).data();
  if (orderListId === undefined) return t.fail('a list without its id');
  t.like(await (await api.getOrderList({ orderListId })).data(), { orderListId, listStatusType: 'EXEC_STARTED' });
  t.is((await (await api.openOrderList({})).data()).length, 1);
  await front.trading.bob.limit('BUY', '61000', '1');
  t.like(await (await api.getOrderList({ orderListId })).data(), { listOrderStatus: 'ALL_DONE' });
  const { orderListId: second } = await (await api.orderListOco({ ...pair, abovePrice: 62_000 })).data();
  if (second === undefined) return t.fail('a list without its id');
  const canceled = await api.deleteOrderList({ symbol, orderListId: second });
  t.like(await canceled.data(), { orderReports: [{ status: 'CANCELED' }, { status: 'CANCELED' }] });
});

test('a refusal over REST is an error of its own class with its code and words', async (t) => {
  const front = await openFront(t);
  const { restAPI: api } = connect(front);
  const refused = async (request: Promise<unknown>, kind: typeof BadRequestError, code: number, message: string) => {
    const error = await thrownBy(request);
    t.true(error instanceof kind);
    t.like(error, { code, message });
  };
  await refused(api.deleteOrder({ symbol, orderId: 999 }), BadRequestError, -2011, 'Unknown order sent.');
  await refused(api.getOrder({ symbol, orderId: 999 }), BadRequestError, -2013, 'Order does not exist.');
  const [price, lot, notional] = ['PRICE_FILTER', 'LOT_SIZE', 'NOTIONAL'].map((name) => `Filter failure: ${name}`);
  await refused(api.newOrder(limit('BUY', '50000.001', '0.1')), BadRequestError, -1013, `${price}`);
  await refused(api.newOrder(limit('BUY', '50000', '0.000001')), BadRequestError, -1013, `${lot}`);
  await refused(api.newOrder(limit('BUY', '50000', '0.00001')), BadRequestError, -1013, `${notional}`);
  await refused(api.newOrder(maker(BID)), BadRequestError, -2010, 'Order would immediately match and take.');
  const { restAPI: forger } = connect(front, { secret: 'not-the-secret' });
  await refused(forger.getAccount(), BadRequestError, -1022, 'Signature for this request is not valid.');
  const { restAPI: stranger } = connect(front, { apiKey: 'nobodys-key' });
  await refused(stranger.getAccount(), UnauthorizedError, -2015, 'Invalid API-key, IP, or permissions for action.');
});

test('it trades over the WebSocket API and hears of its orders there', async (t) => {
  const front = await openFront(t);
  const api = await connect(front).websocketAPI.connect();
  t.teardown(() => api.disconnect());
  const heard = new Heard<{ readonly e?: unknown; readonly x?: unknown }>();
  const { stream } = await api.userDataStreamSubscribeSignature();
  stream.on('message', (event) => heard.take(event));
  t.like((await api.depth({ symbol })).data, { bids: [['59990.00000000', '0.50000000']] });
  const { OrderPlaceSideEnum, OrderPlaceTypeEnum, OrderPlaceTimeInForceEnum } = SpotWebsocketAPI;
  const placed = await api.orderPlace({
    symbol,
    side: OrderPlaceSideEnum.BUY,
    type: OrderPlaceTypeEnum.LIMIT,
    timeInForce: OrderPlaceTimeInForceEnum.GTC,
    price: 60_000,
    quantity: 0.1,
    newClientOrderId: 'mine',
  });
  t.like(placed.data, { status: 'NEW', clientOrderId: 'mine' });
  await front.trading.bob.limit('SELL', '60000', '0.04');
  const mine = { symbol, origClientOrderId: 'mine' };
  t.like((await api.orderStatus(mine)).data, { status: 'PARTIALLY_FILLED', executedQty: '0.04000000' });
  t.like((await api.openOrdersStatus({ symbol })).data, [{ clientOrderId: 'mine' }]);
  t.like((await api.orderCancel(mine)).data, { status: 'CANCELED', origClientOrderId: 'mine' });
  t.like((await api.myTrades({ symbol })).data, [{ qty: '0.04000000', isMaker: true }]);
  t.like((await api.accountStatus()).data, { accountType: 'SPOT' });
  t.like(await thrownBy(api.orderCancel(mine)), { code: -2011 });
  await heard.until(({ x }) => x === 'CANCELED');
  const reports = heard.events.filter(({ e }) => e === 'executionReport');
  t.like(reports, [
    { x: 'NEW', c: 'mine' },
    { x: 'TRADE', l: '0.04000000' },
    { x: 'CANCELED', C: 'mine' },
  ]);
  t.true(heard.events.some(({ e }) => e === 'outboundAccountPosition'));
});

test('a wrong secret is refused over the WebSocket API', async (t) => {
  const api = await connect(await openFront(t), { secret: 'not-the-secret' }).websocketAPI.connect();
  t.teardown(() => api.disconnect());
  const refusal = { code: -1022, msg: 'Signature for this request is not valid.' };
  t.like(await thrownBy(api.accountStatus()), refusal);
  t.like(await thrownBy(api.userDataStreamSubscribeSignature()), refusal);
});

test('it hears of the market over streams', async (t) => {
  const front = await openFront(t);
  const streams = await connect(front).websocketStreams.connect();
  t.teardown(() => streams.disconnect());
  const [books, prints] = [new Heard<object>(), new Heard<object>()];
  streams
    .partialBookDepth({ symbol, levels: SpotWebsocketStreams.PartialBookDepthLevelsEnum.LEVELS_5 })
    .on('message', books.take);
  streams.trade({ symbol }).on('message', prints.take);
  t.like(await books.until(() => true), { asks: [['60010.00000000', '0.50000000']] });
  const print = await prints.provokedBy(() => front.trading.bob.limit('BUY', ASK, '0.001'));
  t.like(print, { e: 'trade', s: symbol, p: '60010.00000000', q: '0.00100000' });
});
