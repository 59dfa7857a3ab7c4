import test, { type ExecutionContext } from 'ava';
import { DEFAULT_MARKET } from '../../actors/exchanges/paper/core/market.ts';
import {
  ALICE,
  BOB,
  Client,
  type Fields,
  ManualHost,
  openVenue,
  PATIENT,
  sign,
  signedQuery,
} from '../support/paper.ts';

const LIMIT = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '50000', quantity: '0.1' };

async function pair(t: ExecutionContext): Promise<{ alice: Client; bob: Client }> {
  const { port } = await openVenue(t);
  return { alice: new Client(port), bob: new Client(port, BOB) };
}

test('an order is answered in the three ways that can be asked for', async (t) => {
  const { alice, bob } = await pair(t);
  await bob.limit('SELL', '50000', '0.04');
  const full = await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'mine' });
  t.is(full.status, 200);
  const { transactTime, workingTime, ...rest } = full.body;
  t.is(typeof transactTime, 'number');
  t.is(workingTime, transactTime);
  t.deepEqual(rest, {
    symbol: 'BTCUSDT',
    orderId: 2,
    orderListId: -1,
    clientOrderId: 'mine',
    price: '50000.00000000',
    origQty: '0.10000000',
    executedQty: '0.04000000',
    origQuoteOrderQty: '0.00000000',
    cummulativeQuoteQty: '2000.00000000',
    status: 'PARTIALLY_FILLED',
    timeInForce: 'GTC',
    type: 'LIMIT',
    side: 'BUY',
    fills: [
      { price: '50000.00000000', qty: '0.04000000', commission: '0.00004000', commissionAsset: 'BTC', tradeId: 1 },
    ],
    selfTradePreventionMode: 'NONE',
  });
  const result = await alice.limit('BUY', '50000', '0.1', { newOrderRespType: 'RESULT' });
  t.is(result.body['status'], 'NEW');
  t.false('fills' in result.body);
  const ack = await alice.limit('BUY', '50000', '0.1', { newOrderRespType: 'ACK' });
  t.deepEqual(Object.keys(ack.body), ['symbol', 'orderId', 'orderListId', 'clientOrderId', 'transactTime']);
  t.regex(String(ack.body['clientOrderId']), /^[\w-]{1,36}$/, 'one is made when none was sent');
});

test('an order is found by either of its ids, and by no other account', async (t) => {
  const { alice, bob } = await pair(t);
  const { body } = await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'mine' });
  const byClientId = await alice.signed('GET', 'order', { symbol: 'BTCUSDT', origClientOrderId: 'mine' });
  const byId = await alice.signed('GET', 'order', { symbol: 'BTCUSDT', orderId: Number(body['orderId']) });
  t.deepEqual(byClientId.body, byId.body);
  t.like(byId.body, {
    clientOrderId: 'mine',
    status: 'NEW',
    isWorking: true,
    stopPrice: '0.00000000',
    origQty: '0.10000000',
  });
  const missing = { status: 400, body: { code: -2013, msg: 'Order does not exist.' } };
  t.like(await bob.signed('GET', 'order', { symbol: 'BTCUSDT', origClientOrderId: 'mine' }), missing);
  t.like(await bob.signed('GET', 'order', { symbol: 'BTCUSDT', orderId: Number(body['orderId']) }), missing);
  t.like(await alice.signed('GET', 'order', { symbol: 'ETHUSDT', orderId: Number(body['orderId']) }), missing);
  t.like(
    await alice.signed('GET', 'order', { symbol: 'BTCUSDT', orderId: Number(body['orderId']), origClientOrderId: 'x' }),
    missing,
  );
  t.like(await alice.signed('GET', 'order', { symbol: 'BTCUSDT' }), {
    body: { code: -1102, msg: "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!" },
  });
});

test('of several orders under one client id the newest is found', async (t) => {
  const { alice } = await pair(t);
  const key = { symbol: 'BTCUSDT', origClientOrderId: 'again' };
  await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'again' });
  await alice.signed('DELETE', 'order', key);
  await alice.limit('BUY', '50000', '0.2', { newClientOrderId: 'again' });
  t.like((await alice.signed('GET', 'order', key)).body, { status: 'NEW', origQty: '0.20000000' });
});

test('a cancel answers with both client ids, and once only', async (t) => {
  const { alice, bob } = await pair(t);
  await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'mine' });
  const key = { symbol: 'BTCUSDT', origClientOrderId: 'mine', newClientOrderId: 'cancel-1' };
  const unknown = { status: 400, body: { code: -2011, msg: 'Unknown order sent.' } };
  t.like(await bob.signed('DELETE', 'order', key), unknown);
  const { body } = await alice.signed('DELETE', 'order', key);
  t.like(body, { origClientOrderId: 'mine', clientOrderId: 'cancel-1', status: 'CANCELED', executedQty: '0.00000000' });
  t.like(await alice.signed('DELETE', 'order', key), unknown);
  t.like((await alice.signed('GET', 'order', { symbol: 'BTCUSDT', origClientOrderId: 'mine' })).body, {
    clientOrderId: 'mine',
    status: 'CANCELED',
  });
});

test('all open orders of a symbol are canceled at once, and none is an error', async (t) => {
  const { alice } = await pair(t);
  await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'one' });
  await alice.limit('BUY', '50001', '0.1', { newClientOrderId: 'two' });
  await alice.signed('POST', 'order', { ...LIMIT, symbol: 'ETHUSDT', price: '2000', newClientOrderId: 'other' });
  const { list } = await alice.signed('DELETE', 'openOrders', { symbol: 'BTCUSDT' });
  t.deepEqual(
    list.map(({ origClientOrderId, status }) => [origClientOrderId, status]),
    [
      ['one', 'CANCELED'],
      ['two', 'CANCELED'],
    ],
  );
  t.like((await alice.signed('DELETE', 'openOrders', { symbol: 'BTCUSDT' })).body, { code: -2011 });
  t.deepEqual(
    (await alice.signed('GET', 'openOrders')).list.map(({ clientOrderId }) => clientOrderId),
    ['other'],
  );
});

test('a tested order is judged and not placed', async (t) => {
  const { alice } = await pair(t);
  t.deepEqual((await alice.signed('POST', 'order/test', LIMIT)).body, {});
  t.like((await alice.signed('POST', 'order/test', { ...LIMIT, quantity: '3' })).body, { code: -2010 });
  t.deepEqual((await alice.signed('GET', 'allOrders', { symbol: 'BTCUSDT' })).list, []);
});

test('the account shows fees, balances free and locked, and hides the empty when asked to', async (t) => {
  const { alice } = await pair(t);
  await alice.limit('BUY', '50000', '0.1');
  const { body } = await alice.signed('GET', 'account');
  t.like(body, { makerCommission: 10, takerCommission: 10, canTrade: true, accountType: 'SPOT' });
  t.deepEqual(body['commissionRates'], {
    maker: '0.00100000',
    taker: '0.00100000',
    buyer: '0.00000000',
    seller: '0.00000000',
  });
  const balances = body['balances'];
  t.deepEqual(balances, [
    { asset: 'USDT', free: '95000.00000000', locked: '5000.00000000' },
    { asset: 'BTC', free: '2.00000000', locked: '0.00000000' },
    { asset: 'ETH', free: '30.00000000', locked: '0.00000000' },
  ]);
  await alice.signed('POST', 'order', { ...LIMIT, symbol: 'ETHUSDT', side: 'SELL', price: '9000', quantity: '30' });
  const shown = (await alice.signed('GET', 'account', { omitZeroBalances: 'true' })).body['balances'];
  t.true(Array.isArray(shown) && shown.length === 3, 'what is locked is not nothing');
});

test('trades are listed by id, by order, by time, and the newest when nothing is said', async (t) => {
  const { alice, bob } = await pair(t);
  await bob.limit('SELL', '50000', '1');
  const orders: number[] = [];
  for (let count = 0; count < 5; count += 1) {
    orders.push(Number((await alice.limit('BUY', '50000', '0.01')).body['orderId']));
  }
  const ids = async (client: Client, more: Fields): Promise<unknown[]> =>
    (await client.signed('GET', 'myTrades', { symbol: 'BTCUSDT', ...more })).list.map(({ id }) => id);
  t.deepEqual(await ids(alice, {}), [1, 2, 3, 4, 5]);
  t.deepEqual(await ids(alice, { limit: 2 }), [4, 5]);
  t.deepEqual(await ids(alice, { fromId: 2, limit: 2 }), [2, 3]);
  t.deepEqual(await ids(alice, { orderId: orders[3] ?? 0 }), [4]);
  t.deepEqual(await ids(alice, { startTime: Date.now() + 60_000 }), []);
  t.deepEqual(await ids(alice, { startTime: Date.now() - 60_000, limit: 3 }), [1, 2, 3]);
  t.deepEqual(await ids(bob, { fromId: 5 }), [5]);
  const [trade] = (await bob.signed('GET', 'myTrades', { symbol: 'BTCUSDT', fromId: 5 })).list;
  t.like(trade, {
    qty: '0.01000000',
    quoteQty: '500.00000000',
    commission: '0.50000000',
    commissionAsset: 'USDT',
    isBuyer: false,
    isMaker: true,
  });
  const long = await alice.signed('GET', 'myTrades', { symbol: 'BTCUSDT', startTime: 1, endTime: 86_400_002 });
  t.deepEqual(long.body, { code: -1127, msg: 'More than 24 hours between startTime and endTime.' });
  const all = await alice.signed('GET', 'allOrders', { symbol: 'BTCUSDT', orderId: orders[2] ?? 0 });
  t.deepEqual(
    all.list.map(({ orderId }) => orderId),
    orders.slice(2),
  );
});

test('the signature is over query and body as sent, wherever they are, in either case', async (t) => {
  const { alice } = await pair(t);
  const timing = `recvWindow=60000&timestamp=${Date.now()}`;
  const terms = `symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.1&price=50000&${timing}`;
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const inBody = await alice.send('POST', '/api/v3/order', `${terms}&signature=${sign(ALICE, terms)}`, form);
  t.is(inBody.status, 200);
  const [query, body] = ['symbol=BTCUSDT&side=BUY&type=LIMIT', terms.split('&').slice(3).join('&')];
  const upper = sign(ALICE, query + body).toUpperCase();
  t.is((await alice.send('POST', `/api/v3/order?${query}`, `${body}&signature=${upper}`, form)).status, 200);
  const first = `signature=${sign(ALICE, terms)}&${terms}`;
  t.is((await alice.send('POST', `/api/v3/order?${first}`)).status, 200, 'the signature need not be the last');
});

test('who does not prove who it is gets nothing, and is not told more than that', async (t) => {
  const { port } = await openVenue(t);
  const alice = new Client(port);
  const query = signedQuery(ALICE, { ...PATIENT, timestamp: Date.now() });
  const withKey = (key: string) => alice.send('GET', `/api/v3/account?${query}`, undefined, { 'x-mbx-apikey': key });
  t.like(await withKey(''), { status: 401, body: { code: -2014, msg: 'API-key format invalid.' } });
  const rejected = { status: 401, body: { code: -2015, msg: 'Invalid API-key, IP, or permissions for action.' } };
  t.like(await withKey('nobody-has-this-key-0123'), rejected);
  const wrong = { status: 400, body: { code: -1022, msg: 'Signature for this request is not valid.' } };
  t.like(await withKey(BOB.apiKey), wrong, "another account's key");
  t.like(await alice.send('GET', `/api/v3/account?${query.replace('signature=', 'signature=00')}`), wrong);
  t.like(await alice.send('GET', `/api/v3/account?${query.replace(/signature=.*/, 'signature=zz')}`), wrong);
  t.like(await alice.send('GET', `/api/v3/account?x=1&${query}`), wrong, 'a parameter that was not signed');
  const unsigned = await alice.send('GET', `/api/v3/account?timestamp=${Date.now()}`);
  t.like(unsigned.body, {
    code: -1102,
    msg: "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.",
  });
  t.false(
    [unsigned.text, (await withKey(BOB.apiKey)).text].some(
      (text) => text.includes(ALICE.secret) || text.includes(BOB.apiKey),
    ),
  );
});

test('a request outside of its window is refused, and so is one from the future', async (t) => {
  const host = new ManualHost(1_700_000_000_000);
  const { port } = await openVenue(t, { host });
  const alice = new Client(port, ALICE, host);
  const at = (timestamp: number, more: Fields = {}) =>
    alice.send('GET', `/api/v3/account?${signedQuery(ALICE, { timestamp, ...more })}`);
  const now = host.now();
  const late = { status: 400, body: { code: -1021, msg: 'Timestamp for this request is outside of the recvWindow.' } };
  t.is((await at(now - 5_000)).status, 200);
  t.like(await at(now - 5_001), late);
  t.is((await at(now - 60_000, { recvWindow: 60_000 })).status, 200);
  t.like(await at(now - 11, { recvWindow: 10 }), late);
  t.is((await at(now + 999)).status, 200);
  const ahead = "Timestamp for this request was 1000ms ahead of the server's time.";
  t.deepEqual((await at(now + 1_000)).body, { code: -1021, msg: ahead });
  t.like((await at(now, { recvWindow: 60_001 })).body, { code: -1130 });
  t.like((await alice.send('GET', `/api/v3/account?${signedQuery(ALICE, {})}`)).body, {
    msg: "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.",
  });
});

test('each malformed parameter has its code and its name', async (t) => {
  const { alice } = await pair(t);
  const { price: _, ...unpriced } = LIMIT;
  const { timeInForce: __, ...timeless } = LIMIT;
  const missing = (name: string) => [
    -1102,
    `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`,
  ];
  const cases: [Fields, unknown[]][] = [
    [{ ...LIMIT, symbol: 'NOPE' }, [-1121, 'Invalid symbol.']],
    [
      { ...LIMIT, symbol: 'btcusdt' },
      [-1100, "Illegal characters found in parameter 'symbol'; legal range is '^[A-Z0-9-_.]{1,20}$'."],
    ],
    [{ ...LIMIT, side: 'LONG' }, [-1117, 'Invalid side.']],
    [{ ...LIMIT, type: 'ICEBERG' }, [-1116, 'Invalid orderType.']],
    [{ ...LIMIT, type: 'constructor' }, [-1116, 'Invalid orderType.']],
    [{ ...LIMIT, type: 'STOP_LOSS' }, [-1106, "Parameter 'timeInForce' sent when not required."]],
    [{ ...LIMIT, timeInForce: 'GTX' }, [-1115, 'Invalid timeInForce.']],
    [timeless, missing('timeInForce')],
    [unpriced, missing('price')],
    [{ ...LIMIT, quantity: '' }, missing('quantity')],
    [
      { ...LIMIT, quantity: '-1' },
      [-1100, "Illegal characters found in parameter 'quantity'; legal range is '^([0-9]{1,20})(\\.[0-9]{1,20})?$'."],
    ],
    [
      { ...LIMIT, quantity: '1e3' },
      [-1100, "Illegal characters found in parameter 'quantity'; legal range is '^([0-9]{1,20})(\\.[0-9]{1,20})?$'."],
    ],
    [{ ...LIMIT, quantity: '0.100000001' }, [-1111, "Parameter 'quantity' has too much precision."]],
    [{ ...LIMIT, quantity: '0' }, [-1013, 'Invalid quantity.']],
    [{ ...LIMIT, price: '0.00' }, [-1013, 'Invalid price.']],
    [{ ...LIMIT, price: '50000.001' }, [-1013, 'Filter failure: PRICE_FILTER']],
    [
      { ...LIMIT, newClientOrderId: 'a b' },
      [-1100, "Illegal characters found in parameter 'newClientOrderId'; legal range is '^[a-zA-Z0-9-_.:/]{1,36}$'."],
    ],
    [
      { ...LIMIT, newClientOrderId: 'x'.repeat(37) },
      [-1100, "Illegal characters found in parameter 'newClientOrderId'; legal range is '^[a-zA-Z0-9-_.:/]{1,36}$'."],
    ],
    [{ ...LIMIT, newClientOrderId: '' }, [-1105, "Parameter 'newClientOrderId' was empty."]],
    [{ ...timeless, type: 'MARKET' }, [-1106, "Parameter 'price' sent when not required."]],
    [{ ...unpriced, type: 'MARKET' }, [-1106, "Parameter 'timeInForce' sent when not required."]],
    [{ ...LIMIT, icebergQty: '1' }, [-2010, 'Iceberg orders are not supported for this symbol.']],
    [
      { ...LIMIT, clientOrderId: 'x' },
      [-1104, "Not all sent parameters were read; read '9' parameter(s) but was sent '10'."],
    ],
  ];
  for (const [fields, [code, msg]] of cases) {
    const { status, body } = await alice.signed('POST', 'order', fields);
    t.deepEqual([status, body['code'], body['msg']], [400, code, msg], JSON.stringify(fields));
  }
  t.deepEqual((await alice.signed('GET', 'allOrders', { symbol: 'BTCUSDT' })).list, [], 'nothing was placed');
});

test('a parameter twice is refused, and in query and body the query counts', async (t) => {
  const { alice } = await pair(t);
  const query = `symbol=BTCUSDT&symbol=ETHUSDT&recvWindow=60000&timestamp=${Date.now()}`;
  const twice = await alice.send('GET', `/api/v3/openOrders?${query}&signature=${sign(ALICE, query)}`);
  t.deepEqual(twice.body, { code: -1101, msg: 'Duplicate values for a parameter detected.' });
  const [first, second] = [
    'quantity=0.2',
    `${new URLSearchParams(LIMIT).toString()}&recvWindow=60000&timestamp=${Date.now()}`,
  ];
  const both = await alice.send('POST', `/api/v3/order?${first}`, `${second}&signature=${sign(ALICE, first + second)}`);
  t.is(both.body['origQty'], '0.20000000');
});

test('paths, methods and bodies that are not of this API are refused', async (t) => {
  const { alice } = await pair(t);
  t.is((await alice.send('GET', '/api/v3/nope')).status, 404);
  t.is((await alice.send('PATCH', '/api/v3/order')).status, 404);
  t.is((await alice.send('GET', '/')).status, 404);
  const large = await alice.send('POST', '/api/v3/order', 'x'.repeat(70_000));
  t.deepEqual([large.status, large.body['code']], [413, -1000]);
  t.is((await alice.signed('GET', 'account')).status, 200, 'and it goes on');
});

test('market data needs no key and hangs together', async (t) => {
  const { port, venue } = await openVenue(t, { market: DEFAULT_MARKET });
  for (let count = 0; count < 50; count += 1) venue.tick();
  const { send } = new Client(port);
  const get = (target: string) =>
    send.call(new Client(port), 'GET', `/api/v3/${target}`, undefined, { 'x-mbx-apikey': '' });
  t.deepEqual((await get('ping')).body, {});
  t.true(Math.abs(Number((await get('time')).body['serverTime']) - Date.now()) < 60_000);
  const depth = await get('depth?symbol=BTCUSDT&limit=5');
  const book = await get('ticker/bookTicker?symbol=BTCUSDT');
  const [bids, asks] = [depth.body['bids'], depth.body['asks']];
  t.true(Array.isArray(bids) && bids.length === 5 && Array.isArray(asks) && asks.length === 5);
  t.deepEqual([[book.body['bidPrice'], book.body['bidQty']]], Array.isArray(bids) ? [bids[0]] : []);
  const trades = await get('trades?symbol=BTCUSDT&limit=3');
  t.is(trades.list.length, 3);
  t.like(await get('ticker/price?symbol=BTCUSDT'), { body: { price: trades.list[2]?.['price'] } });
  const ids = trades.list.map(({ id }) => Number(id));
  t.deepEqual(ids, [ids[0], Number(ids[0]) + 1, Number(ids[0]) + 2], 'trade ids have no gap');
  const aggregates = await get('aggTrades?symbol=BTCUSDT&limit=1000');
  const covered = aggregates.list.flatMap(({ f, l }) =>
    Array.from({ length: Number(l) - Number(f) + 1 }, (_, n) => Number(f) + n),
  );
  t.deepEqual(
    covered,
    Array.from({ length: covered.length }, (_, n) => n + 1),
    'each trade is in one aggregate',
  );
  const klines: readonly unknown[] = JSON.parse((await get('klines?symbol=BTCUSDT&interval=1m&limit=2')).text);
  t.true(klines.length >= 1 && Array.isArray(klines[0]) && klines[0].length === 12);
  const day = await get('ticker/24hr?symbol=BTCUSDT');
  t.is(day.body['count'], covered.length);
  t.is((await get('ticker/24hr')).list.length, 2);
  t.is((await get('ticker/price?symbols=["BTCUSDT","ETHUSDT"]')).list.length, 2);
  t.is((await get('avgPrice?symbol=BTCUSDT')).body['mins'], 5);
  t.deepEqual((await get('klines?symbol=BTCUSDT&interval=7m')).body, { code: -1120, msg: 'Invalid interval.' });
  t.is((await get('ticker/price?symbols=BTCUSDT')).body['code'], -1100);
});

test('what one order takes at one price is one aggregate trade', async (t) => {
  const { alice, bob } = await pair(t);
  for (const price of ['50000', '50000', '50001']) await bob.limit('SELL', price, '0.1');
  await alice.limit('BUY', '50001', '0.25');
  await alice.limit('BUY', '50001', '0.05');
  const { list } = await alice.send('GET', '/api/v3/aggTrades?symbol=BTCUSDT');
  t.deepEqual(
    list.map(({ a, p, q, f, l, m }) => [a, p, q, f, l, m]),
    [
      [1, '50000.00000000', '0.20000000', 1, 2, false],
      [3, '50001.00000000', '0.05000000', 3, 3, false],
      [4, '50001.00000000', '0.05000000', 4, 4, false],
    ],
  );
});

test('exchangeInfo lists the rules that are enforced', async (t) => {
  const { alice } = await pair(t);
  const all = await alice.send('GET', '/api/v3/exchangeInfo');
  const { symbols } = all.body;
  t.true(Array.isArray(symbols) && symbols.length === 2);
  const one = await alice.send('GET', '/api/v3/exchangeInfo?symbol=BTCUSDT');
  const [symbol] = Array.isArray(one.body['symbols']) ? one.body['symbols'] : [];
  t.like(symbol, {
    status: 'TRADING',
    baseAsset: 'BTC',
    quoteAsset: 'USDT',
    orderTypes: ['LIMIT', 'LIMIT_MAKER', 'MARKET', 'STOP_LOSS', 'STOP_LOSS_LIMIT', 'TAKE_PROFIT', 'TAKE_PROFIT_LIMIT'],
    amendAllowed: true,
    cancelReplaceAllowed: true,
    allowedSelfTradePreventionModes: ['NONE', 'EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH', 'DECREMENT'],
    permissionSets: [['SPOT']],
    filters: [
      { filterType: 'PRICE_FILTER', minPrice: '0.01000000', maxPrice: '1000000.00000000', tickSize: '0.01000000' },
      { filterType: 'LOT_SIZE', minQty: '0.00001000', maxQty: '9000.00000000', stepSize: '0.00001000' },
      { filterType: 'NOTIONAL', minNotional: '5.00000000', applyMinToMarket: true },
      { filterType: 'MARKET_LOT_SIZE', maxQty: '9000.00000000' },
      { filterType: 'PERCENT_PRICE_BY_SIDE', bidMultiplierUp: '5.00000000', askMultiplierDown: '0.20000000' },
      { filterType: 'MAX_NUM_ORDERS', maxNumOrders: 1_000 },
    ],
  });
});
