// The client `ccxt` (its class pro.binance) against the paper venue: one shape for REST, and the watches of ccxt.pro
// over streams and over userDataStream.subscribe.signature. Of its settings only the origins of its URLs and the kinds
// of markets it loads are changed.
import test, { type ExecutionContext } from 'ava';
import ccxt, {
  AuthenticationError,
  BadRequest,
  type BaseError,
  ExchangeClosedByUser,
  InsufficientFunds,
  InvalidOrder,
  OrderImmediatelyFillable,
  OrderNotFound,
} from 'ccxt';
import type { PaperAccount } from '../../actors/exchanges/paper/serve.ts';
import { ASK, BID, confineToLoopback, Heard, openTrading, type Trading, thrownBy } from './support.ts';

confineToLoopback(test);

const symbol = 'BTC/USDT';

async function connect(t: ExecutionContext, trading: Trading, change: Partial<PaperAccount> = {}) {
  const { apiKey, secret } = { ...trading.alice, ...change };
  const exchange = new ccxt.pro.binance({
    apiKey,
    secret,
    options: {
      fetchMarkets: { types: ['spot'] },
      fetchMargins: false,
      fetchCurrencies: false,
      warnOnFetchOpenOrdersWithoutSymbol: false,
      recvWindow: 60_000,
    },
  });
  moveToLoopback(exchange.urls.api, trading);
  await exchange.loadHttpProxyAgent(); // without it every watch over ws:// throws NotSupported
  t.teardown(() => exchange.close());
  return exchange;
}

/** Gives every URL the venue's origin; its path stays. */
function moveToLoopback(urls: object, trading: Trading): void {
  for (const [name, url] of Object.entries(urls)) {
    if (typeof url !== 'string') moveToLoopback(url as object, trading);
    else {
      const { protocol, pathname } = new URL(url);
      const origin = protocol.startsWith('ws') ? trading.socketUrl : trading.restUrl;
      Reflect.set(urls, name, `${origin}${pathname === '/' ? '' : pathname}`);
    }
  }
}

/** What a watch gives, again and again, until the test is over: a watch begun after that would find no venue. */
function pump<Item>(t: ExecutionContext, watch: () => Promise<Item>): Heard<Item> {
  const heard = new Heard<Item>();
  let isOver = false;
  t.teardown(() => {
    isOver = true;
  });
  const listen = async (): Promise<void> => {
    while (!isOver) heard.take(await watch());
  };
  listen().catch((error: unknown) => {
    if (!isOver && !(error instanceof ExchangeClosedByUser)) throw error;
  });
  return heard;
}

test('it loads the markets with one request, and reads the time and the market', async (t) => {
  const trading = await openTrading(t);
  const exchange = await connect(t, trading);
  await exchange.loadMarkets();
  t.deepEqual(exchange.symbols, [symbol, 'ETH/USDT']);
  t.like(exchange.market(symbol), {
    id: 'BTCUSDT',
    spot: true,
    active: true,
    precision: { price: 0.01, amount: 0.00001 },
    limits: { amount: { min: 0.00001, max: 9000 }, cost: { min: 5 } },
  });
  t.deepEqual(
    trading.requests().filter((request) => request.startsWith('GET')),
    ['GET /api/v3/exchangeInfo'],
  );
  t.true(Math.abs(Number(await exchange.fetchTime()) - Date.now()) < 60_000);
  t.like(await exchange.fetchTicker(symbol), { symbol, last: 60_000, bid: 59_990, ask: 60_010, baseVolume: 0.1 });
  t.deepEqual(Object.keys(await exchange.fetchTickers()), [symbol, 'ETH/USDT']);
  t.like(await exchange.fetchBidsAsks([symbol]), { [symbol]: { bid: 59_990, ask: 60_010 } });
  t.like(await exchange.fetchOrderBook(symbol, 5), { bids: [[59_990, 0.5]], asks: [[60_010, 0.5]] });
  t.like(await exchange.fetchTrades(symbol), [{ price: 60_000, amount: 0.1, side: 'buy' }]);
  t.deepEqual((await exchange.fetchOHLCV(symbol, '1m')).at(-1)?.slice(1), [60_000, 60_000, 60_000, 60_000, 0.1]);
});

test('it places orders of every kind, finds them, and cancels them', async (t) => {
  const trading = await openTrading(t);
  const exchange = await connect(t, trading);
  const killed = await exchange.createOrder(symbol, 'limit', 'buy', 0.7, Number(ASK), { timeInForce: 'FOK' });
  t.like(killed, { status: 'expired', filled: 0, timeInForce: 'FOK' });
  const cut = await exchange.createOrder(symbol, 'limit', 'buy', 0.7, Number(ASK), { timeInForce: 'IOC' });
  t.like(cut, {
    status: 'expired',
    filled: 0.5,
    average: 60_010,
    cost: 30_005,
    fee: { cost: 0.0005, currency: 'BTC' },
  });
  const market = await exchange.createOrder(symbol, 'market', 'sell', 0.1);
  t.like(market, { status: 'closed', type: 'market', average: 59_990, trades: [{ price: 59_990, amount: 0.1 }] });
  const made = await exchange.createOrder(symbol, 'limit', 'sell', 0.1, 61_000, { postOnly: true });
  t.like(await exchange.fetchOrder(`${made.id}`, symbol), { status: 'open', type: 'limit', postOnly: true });
  const placed = await exchange.createOrder(symbol, 'limit', 'buy', 0.1, 50_000, { clientOrderId: 'mine' });
  t.like(placed, { status: 'open', clientOrderId: 'mine', amount: 0.1, remaining: 0.1, price: 50_000 });
  const found = await exchange.fetchOrder(`${placed.id}`, symbol);
  t.deepEqual(found, await exchange.fetchOrder('', symbol, { clientOrderId: 'mine' }));
  t.like(await exchange.fetchOrder(`${cut.id}`, symbol), { filled: 0.5, cost: 30_005, average: 60_010 });
  t.like(found, { id: placed.id, clientOrderId: 'mine', status: 'open', timeInForce: 'GTC' });
  const open = await exchange.fetchOpenOrders(symbol);
  t.deepEqual(new Set(open.map(({ id }) => id)), new Set([made.id, placed.id]));
  t.is((await exchange.fetchOpenOrders()).length, 2);
  t.is((await exchange.fetchOrders(symbol)).length, 5);
  t.is((await exchange.fetchClosedOrders(symbol)).length, 1);
  t.like(await exchange.fetchMyTrades(symbol), [
    { order: cut.id, side: 'buy', amount: 0.5, takerOrMaker: 'taker', fee: { cost: 0.0005, currency: 'BTC' } },
    { order: market.id, side: 'sell', amount: 0.1, fee: { currency: 'USDT' } },
  ]);
  t.like(await exchange.fetchOrderTrades(`${cut.id}`, symbol), [{ amount: 0.5 }]);
  t.like(await exchange.cancelOrder('', symbol, { clientOrderId: 'mine' }), { id: placed.id, status: 'canceled' });
  t.like(await exchange.cancelAllOrders(symbol), [{ id: made.id, status: 'canceled' }]);
  t.like(await exchange.fetchBalance(), { BTC: { free: 2.3995, used: 0, total: 2.3995 }, ETH: { total: 30 } });
});

test('it edits, and places stops and pairs of which one at most trades', async (t) => {
  const trading = await openTrading(t);
  const exchange = await connect(t, trading);
  await exchange.loadMarkets();
  const { id } = await exchange.createOrder(symbol, 'limit', 'buy', 0.3, 50_000);
  const edited = await exchange.editOrder(`${id}`, symbol, 'limit', 'buy', 0.2, 51_000);
  t.like(edited, { status: 'open', amount: 0.2, price: 51_000 });
  t.like(await exchange.fetchOrder(`${id}`, symbol), { status: 'canceled' });
  const again = await thrownBy(exchange.editOrder(`${id}`, symbol, 'limit', 'buy', 0.1, 51_000));
  t.true(String(again).includes('-2022'), String(again));
  const stop = await exchange.createOrder(symbol, 'market', 'sell', 0.1, undefined, { stopLossPrice: 59_000 });
  t.like(await exchange.fetchOrder(`${stop.id}`, symbol), { status: 'open', triggerPrice: 59_000 });
  const limited = await exchange.createOrder(symbol, 'limit', 'sell', 0.1, 58_900, { stopLossPrice: 59_000 });
  t.like(await exchange.fetchOrder(`${limited.id}`, symbol), { status: 'open', price: 58_900, triggerPrice: 59_000 });
  const terms = { symbol: 'BTCUSDT', side: 'SELL', quantity: '0.5', aboveType: 'LIMIT_MAKER', abovePrice: '61000' };
  const list = await exchange.privatePostOrderListOco({ ...terms, belowType: 'STOP_LOSS', belowStopPrice: '59000' });
  t.like(list, { contingencyType: 'OCO', listOrderStatus: 'EXECUTING' });
  const { orderListId } = list;
  t.like(await exchange.privateGetOrderList({ orderListId }), { listStatusType: 'EXEC_STARTED' });
  t.is((await exchange.privateGetOpenOrderList()).length, 1);
  const key = { symbol: 'BTCUSDT', orderListId };
  t.like(await exchange.privateDeleteOrderList(key), { listOrderStatus: 'ALL_DONE' });
});

test('it asks for fees and currencies by paths of its own', async (t) => {
  const trading = await openTrading(t);
  const exchange = await connect(t, trading);
  t.like(await exchange.fetchTradingFees(), { [symbol]: { maker: 0.001, taker: 0.001 } });
  t.like(await exchange.fetchTradingFee(symbol), { maker: 0.001, taker: 0.001 });
  exchange.options['fetchMargins'] = true;
  exchange.has['fetchCurrencies'] = true;
  exchange.options['fetchCurrencies'] = true;
  await exchange.loadMarkets(true);
  t.true(trading.requests().includes('GET /sapi/v1/capital/config/getall'));
  t.deepEqual(exchange.symbols, [symbol, 'ETH/USDT']);
});

test('a refusal is an error of the class that ccxt has for it', async (t) => {
  const trading = await openTrading(t);
  const exchange = await connect(t, trading);
  await exchange.loadMarkets();
  const refused = async (request: Promise<unknown>, kind: typeof BaseError, text: string) => {
    const error = await thrownBy(request);
    t.is((error as Error).constructor, kind, String(error)); // not a class derived from it
    t.true(String(error).includes(text), String(error));
  };
  const raw = (price: string, quantity: string) =>
    exchange.privatePostOrder({ symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price, quantity });
  await refused(exchange.cancelOrder('999', symbol), OrderNotFound, '-2011');
  await refused(exchange.fetchOrder('999', symbol), OrderNotFound, '-2013');
  await refused(raw('50000.001', '0.1'), InvalidOrder, 'PRICE_FILTER');
  await refused(raw('50000', '0.000001'), InvalidOrder, 'LOT_SIZE');
  await refused(exchange.createOrder(symbol, 'limit', 'buy', 0.00001, 50_000), BadRequest, 'NOTIONAL');
  await refused(exchange.createOrder(symbol, 'limit', 'buy', 10, 50_000), InsufficientFunds, 'insufficient balance');
  const crossing = exchange.createOrder(symbol, 'limit', 'sell', 0.1, Number(BID), { postOnly: true });
  await refused(crossing, OrderImmediatelyFillable, 'immediately match');
  await refused((await connect(t, trading, { secret: 'wrong' })).fetchBalance(), AuthenticationError, '-1022');
  await refused((await connect(t, trading, { apiKey: 'nobody' })).fetchBalance(), AuthenticationError, '-2015');
});

test('it hears of its orders, trades and balances', async (t) => {
  const trading = await openTrading(t);
  const exchange = await connect(t, trading);
  await exchange.loadMarkets();
  const orders = pump(t, () => exchange.watchOrders(symbol));
  const trades = pump(t, () => exchange.watchMyTrades(symbol));
  const balances = pump(t, () => exchange.watchBalance());
  await orders.provokedBy(() => exchange.createOrder(symbol, 'market', 'sell', 0.001));
  const { id } = await exchange.createOrder(symbol, 'limit', 'buy', 0.1, 60_000, { clientOrderId: 'mine' });
  await orders.until((seen) => seen.some((order) => order.id === id && order.status === 'open'));
  t.like(await balances.until(({ USDT }) => USDT?.used === 6_000), { BTC: { free: 1.999 } });
  await trading.bob.limit('SELL', '60000', '0.04');
  const fill = await trades.until((seen) => seen.some((trade) => trade.order === id));
  t.like(
    fill.find((trade) => trade.order === id),
    { side: 'buy', amount: 0.04, price: 60_000, takerOrMaker: 'maker' },
  );
  await exchange.cancelOrder(`${id}`, symbol);
  const end = await orders.until((seen) => seen.some((order) => order.id === id && order.status === 'canceled'));
  t.like(
    end.find((order) => order.id === id),
    { clientOrderId: 'mine', filled: 0.04, amount: 0.1 },
  );
});

test('it hears of the market', async (t) => {
  const trading = await openTrading(t);
  const exchange = await connect(t, trading);
  await exchange.loadMarkets();
  const prints = pump(t, () => exchange.watchTrades(symbol));
  const books = pump(t, () => exchange.watchOrderBook(symbol));
  const tickers = pump(t, () => exchange.watchTicker(symbol));
  const best = pump(t, () => exchange.watchBidsAsks([symbol]));
  const candles = pump(t, () => exchange.watchOHLCV(symbol, '1m'));
  const trade = () => trading.bob.limit('BUY', ASK, '0.001');
  t.like(await prints.provokedBy(trade), [{ price: 60_010, amount: 0.001, side: 'buy' }]);
  await books.provokedBy(trade, ({ asks }) => Number(asks[0]?.[1]) < 0.5);
  t.like(await tickers.provokedBy(trade), { symbol, last: 60_010 });
  t.like(await best.provokedBy(trade), { [symbol]: { bid: 59_990, ask: 60_010 } });
  t.is((await candles.provokedBy(trade)).at(-1)?.[4], 60_010);
});
