// Orders at the small OKX: markets that are halted or listed no more, market orders by quantity, lists with something
// unreadable in them, connections whose peer is gone, and what is said of a refused request.
import test from 'ava';
import { limitOrder, never, until } from '../support/binance.ts';
import { success } from '../support/okx-server.ts';
import { okxSession, okxVenue } from '../support/okx-session.ts';
import { OKX_INSTRUMENT } from '../support/okx-words.ts';
import { tcpProxy } from '../support/tcp-proxy.ts';

const INSTRUMENTS = 'GET /api/v5/public/instruments';
const PENDING = 'GET /api/v5/trade/orders-pending';
const ETH = { ...OKX_INSTRUMENT, instId: 'ETH-USDT', baseCcy: 'ETH' };
const order = (change: Partial<ReturnType<typeof limitOrder>> = {}) => {
  const signedAt = Date.now();
  const terms = { price: '49000.0', quantity: '0.01', signedAt, deadlineAt: signedAt + 30_000 };
  return limitOrder({ ...terms, ...change });
};

for (const [name, listing] of [
  ['halted', [{ ...OKX_INSTRUMENT, state: 'suspend' }]],
  ['listed no more', [ETH]],
] as const) {
  test(`in a market that is ${name} orders are asked for and canceled, and its trades are read`, async (t) => {
    const { venue, session, listener } = await okxSession(t);
    venue.others('sell', '49000.0', '0.004');
    t.is((await session.submit(order(), never)).outcome, 'accepted');
    venue.server.answers.set(INSTRUMENTS, () => success(listing));
    const instruments = await session.instruments(never);
    t.false(instruments.some(({ symbol }) => symbol === 'BTC-USDT'));
    const ref = { clientOrderId: order().clientOrderId, symbol: 'BTC-USDT' };
    t.like(await session.query(ref, never), { outcome: 'found', order: { status: 'open', symbol: 'BTC-USDT' } });
    t.like(await session.cancel(ref, never), { outcome: 'canceled', order: { filledQuantity: '0.004' } });
    t.is((await session.trades({ symbol: 'BTC-USDT', sinceAt: Date.now() - 60_000 }, never)).length, 1);
    await until('the report', () => listener.reports.at(-1)?.order.status === 'canceled');
    t.is(listener.reports.at(-1)?.order.symbol, 'BTC-USDT');
  });
}

test('a session that begins while a market is halted knows its name', async (t) => {
  const venue = await okxVenue(t);
  const venueOrderId = venue.byHand('buy', '49000.0', '0.01');
  venue.server.answers.set(INSTRUMENTS, () => success([{ ...OKX_INSTRUMENT, state: 'suspend' }]));
  const { session } = await okxSession(t, { venue });
  const ref = { clientOrderId: '', symbol: 'BTC-USDT', venueOrderId };
  t.is((await session.cancel(ref, never)).outcome, 'canceled');
});

test('what is listed while a session is open has feeds', async (t) => {
  const { venue, session, listener } = await okxSession(t);
  venue.server.answers.set(INSTRUMENTS, () => success([OKX_INSTRUMENT, ETH]));
  t.is((await session.instruments(never)).length, 2);
  await session.subscribe([{ type: 'Trade', symbol: 'ETH-USDT' }]);
  await until('a trade', () => listener.market.some(({ symbol }) => symbol === 'ETH-USDT'));
  t.deepEqual(listener.changes, []);
});

test('a market order to buy is for a quantity, not for a value', async (t) => {
  const { venue, session } = await okxSession(t);
  venue.others('sell', '50000.0', '1');
  const request = order({ orderType: 'Market', price: null, timeInForce: 'IOC' });
  t.is((await session.submit(request, never)).outcome, 'accepted');
  const found = await session.query({ clientOrderId: request.clientOrderId, symbol: request.symbol }, never);
  t.like(found, { outcome: 'found', order: { status: 'filled', quantity: '0.01', filledQuantity: '0.01' } });
});

test('an open order that cannot be read hides no other, on whatever page', async (t) => {
  const { venue, session } = await okxSession(t);
  const ids = Array.from({ length: 120 }, () => venue.byHand('buy', '100.0', '0.001'));
  // The newest, the one that a page ends with, and one of the page behind it.
  const spoiled = new Map([
    [ids[119], { sz: 'many' }],
    [ids[20], { side: '' }],
    [ids[10], { ordId: 'a b' }],
  ]);
  const whole = venue.server.answers.get(PENDING);
  venue.server.answers.set(PENDING, async (request) => {
    const page = await whole?.(request);
    const { data } = page as { readonly data: readonly { readonly ordId: string }[] };
    return success(data.map((one) => ({ ...one, ...spoiled.get(one.ordId) })));
  });
  const open = await session.openOrders(never);
  t.deepEqual(
    open.map(({ venueOrderId }) => venueOrderId).toSorted(),
    ids.filter((id) => !spoiled.has(id)),
  );
});

test('a cancel on a half-open connection is told unknown within 5 s, and the next one goes', async (t) => {
  t.timeout(60_000);
  const venue = await okxVenue(t);
  const proxy = await tcpProxy({ host: '127.0.0.1', port: venue.server.port });
  t.teardown(() => proxy[Symbol.asyncDispose]());
  const { session } = await okxSession(t, { venue, settings: { restUrl: `http://127.0.0.1:${proxy.port}` } });
  t.is((await session.submit(order(), never)).outcome, 'accepted');
  proxy.stall('toServer', 'toClient');
  const ref = { clientOrderId: order().clientOrderId, symbol: 'BTC-USDT' };
  const askedAt = performance.now();
  t.is((await session.cancel(ref, never)).outcome, 'unknown');
  const tookMs = performance.now() - askedAt;
  t.true(tookMs < 5_000, `${tookMs} ms`);
  t.is((await session.cancel(ref, never)).outcome, 'canceled');
});

test('of a request that is echoed neither the credentials nor the signature are said', async (t) => {
  const { venue, session } = await okxSession(t);
  venue.server.answers.set('POST /api/v5/trade/order', ({ headers }) => {
    return { code: '50013', msg: JSON.stringify({ sign: headers['ok-access-sign'], key: headers['ok-access-key'] }) };
  });
  const outcome = await session.submit(order(), never);
  const sign = String(venue.server.seen.at(-1)?.headers['ok-access-sign']);
  t.true(sign.length > 40);
  t.deepEqual(outcome, { outcome: 'unknown', reason: 'HTTP 200: 50013 {"sign":"[signature]","key":"[secret]"}' });
});
