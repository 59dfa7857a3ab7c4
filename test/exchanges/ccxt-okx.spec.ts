// The adapter with ccxt's OKX class against a server that says what OKX's API v5 guide documents: the answers are
// those of its examples ("Place order", "Order details", "Cancel order", "Transaction details (last 3 months)",
// "Get balance", "Get instruments" and the "Order channel"), with our ids and numbers in them.
import test, { type ExecutionContext } from 'ava';
import { BOUNDS } from '../../actors/exchanges/ccxt/bounds.ts';
import { type CcxtClass, loadExchange } from '../../actors/exchanges/ccxt/library.ts';
import { openSession } from '../../actors/exchanges/ccxt/session.ts';
import type { ExchangeSession } from '../../actors/exchanges/exchange.ts';
import { systemClock } from '../../actors/exchanges/wire/clock.ts';
import { type Heard, heard, limitOrder, never, until } from '../support/binance.ts';
import { type OkxServer, okxServer, success } from '../support/okx-server.ts';
import { OKX_INSTRUMENT } from '../support/okx-words.ts';

const INSTRUMENT = OKX_INSTRUMENT;
const ORDER = {
  accFillSz: '0',
  avgPx: '',
  cTime: '1597026383085',
  clOrdId: 'm1order1',
  fee: '0',
  feeCcy: 'BTC',
  fillPx: '',
  fillSz: '0',
  fillTime: '',
  instId: 'BTC-USDT',
  instType: 'SPOT',
  ordId: '312269865356374016',
  ordType: 'limit',
  px: '59000.1',
  side: 'buy',
  state: 'live',
  sz: '0.0100',
  tdMode: 'cash',
  tgtCcy: '',
  tradeId: '',
  uTime: '1597026383085',
};
const FILL = { ...ORDER, execType: 'M', fillPx: '59000.1', fillFeeCcy: 'BTC', fillFee: '-0.00000400' };
const FIRST = { ...FILL, accFillSz: '0.004', fillSz: '0.004', fillTime: '1597026384000', tradeId: '101' };
const SECOND = { ...FILL, accFillSz: '0.01', fillSz: '0.006', fillTime: '1597026385000', tradeId: '102' };
const STEPS = [
  { ...FIRST, state: 'partially_filled', uTime: '1597026384001' },
  { ...SECOND, state: 'filled', uTime: '1597026385001' },
];
const history = ({ tradeId, fillSz, fillTime }: typeof FIRST) => ({
  ...{ instType: 'SPOT', instId: 'BTC-USDT', tradeId, ordId: ORDER.ordId, clOrdId: ORDER.clOrdId, billId: '1' },
  ...{ fillPx: '59000.1', fillSz, side: 'buy', execType: 'M', feeCcy: 'BTC', fee: '-0.00000400' },
  ...{ ts: String(Number(fillTime) + 7), fillTime },
});

interface Okx extends Pick<OkxServer, 'seen' | 'answers' | 'push'> {
  open(
    library?: CcxtClass,
    exchange?: string,
  ): Promise<{ readonly session: ExchangeSession; readonly listener: Heard }>;
}

const OkxClass = await loadExchange('okx');
/** Cuts quantities at a place of its own, as ccxt does at some venues. */
class Cutting extends OkxClass {
  createOrderRequest(...order: unknown[]): object {
    const inherited: unknown = Reflect.get(OkxClass.prototype, 'createOrderRequest');
    if (typeof inherited !== 'function') throw new Error('ccxt has no createOrderRequest');
    return { ...inherited.apply(this, order), sz: '0.0099' };
  }
}

async function okx(t: ExecutionContext): Promise<Okx> {
  const server = await okxServer();
  t.teardown(() => server.close());
  const { seen, answers, push, port } = server;
  answers.set('GET /api/v5/public/time', () => success([{ ts: String(Date.now()) }]));
  answers.set('GET /api/v5/public/instruments', () => success([INSTRUMENT]));
  answers.set('GET /api/v5/account/balance', () => success([{ uTime: '1597026383085', details: [BALANCE] }]));
  answers.set('GET /api/v5/trade/fills-history', () => success([history(SECOND), history(FIRST)]));
  return {
    seen,
    answers,
    push,
    open: async (library = OkxClass, exchange = 'okx') => {
      const listener = heard();
      const settings = {
        ...{ restUrl: `http://127.0.0.1:${port}`, streamUrl: `ws://127.0.0.1:${port}`, wsApiUrl: '' },
        ...{ apiKey: 'okx-key', apiSecret: 'okx-secret', recvWindowMs: 5_000, httpTimeoutMs: 20_000 },
      };
      const bounds = { ...BOUNDS, settleMs: 200, balanceEveryMs: 20, connectMs: 20_000, keepAliveMs: 10_000 };
      const terms = { exchange, passphrase: 'okx-passphrase' };
      const session = await openSession({ settings, terms, listener, library, clock: systemClock, bounds }, never);
      t.teardown(() => session.close());
      return { session, listener };
    },
  };
}

const BALANCE = {
  ccy: 'USDT',
  availBal: '900.5',
  cashBal: '1000',
  eq: '1000',
  frozenBal: '99.5',
  uTime: '1597026383085',
};
const PLACED = { clOrdId: 'm1order1', ordId: ORDER.ordId, tag: '', ts: '1597026383085', sCode: '0', sMsg: '' };
const order = () => ({ ...limitOrder({ price: '59000.1', quantity: '0.0100' }), deadlineAt: Date.now() + 30_000 });
const REF = { clientOrderId: 'm1order1', symbol: 'BTC-USDT' };

test('an order is written as it was decided, signed, with its deadline beside it', async (t) => {
  const venue = await okx(t);
  venue.answers.set('POST /api/v5/trade/order', () => success([PLACED]));
  const { session } = await venue.open();
  const request = order();
  const outcome = await session.submit(request, never);
  t.like(outcome, {
    outcome: 'accepted',
    order: { venueOrderId: ORDER.ordId, clientOrderId: 'm1order1', status: 'open', filledQuantity: '0' },
    executions: [],
  });
  const sent = venue.seen.find(({ method }) => method === 'POST');
  t.like(JSON.parse(sent?.body ?? '{}'), {
    instId: 'BTC-USDT',
    tdMode: 'cash',
    clOrdId: 'm1order1',
    side: 'buy',
    ordType: 'limit',
    px: '59000.1',
    sz: '0.0100',
  });
  t.is(sent?.headers['exptime'], String(request.deadlineAt));
  t.is(sent?.headers['ok-access-key'], 'okx-key');
  t.regex(String(sent?.headers['ok-access-sign']), /^[\w+/]{43}=$/);
});

test('an order whose numbers ccxt would not send as decided is not written at all', async (t) => {
  const venue = await okx(t);
  const { session } = await venue.open(Cutting);
  t.deepEqual(await session.submit(order(), never), {
    outcome: 'rejected',
    code: 'UNSENDABLE',
    reason: 'ccxt would not send 0.0100 as it was decided',
  });
  t.like(await session.submit({ ...order(), clientOrderId: 'm1.order' }, never), {
    outcome: 'rejected',
    code: 'UNSENDABLE',
  });
  t.false(venue.seen.some(({ method }) => method === 'POST'));
});

test('an amount is looked for in the field it belongs to, and anywhere at a venue nobody described', async (t) => {
  const venue = await okx(t);
  const same = { ...order(), quantity: '59000.1' };
  const cut = { outcome: 'rejected', code: 'UNSENDABLE', reason: 'ccxt would not send 59000.1 as it was decided' };
  const { session } = await venue.open(Cutting);
  t.deepEqual(await session.submit(same, never), cut);
  const elsewhere = await venue.open(Cutting, 'elsewhere');
  t.like(await elsewhere.session.submit(order(), never), { outcome: 'rejected', code: 'UNSENDABLE' });
  t.false(venue.seen.some(({ method }) => method === 'POST'));
  const whole = await venue.open(OkxClass, 'elsewhere');
  await whole.session.submit(order(), never);
  t.true(venue.seen.some(({ method, body }) => method === 'POST' && body.includes('"sz":"0.0100"')));
});

test('an order that is refused, doubted, or answered without an id', async (t) => {
  const venue = await okx(t);
  const { session } = await venue.open();
  const answer = (sCode: string, sMsg: string) => {
    const data = [{ clOrdId: 'm1order1', ordId: '', sCode, sMsg, tag: '' }];
    venue.answers.set('POST /api/v5/trade/order', () => ({ code: '1', msg: 'All operations failed', data }));
  };
  answer('51008', 'Order failed. Insufficient USDT balance in account.');
  t.deepEqual(await session.submit(order(), never), {
    outcome: 'rejected',
    code: '51008',
    reason: 'Order failed. Insufficient USDT balance in account.',
  });
  answer('51016', 'Client order ID already exists.');
  t.is((await session.submit(order(), never)).outcome, 'unknown');
  venue.answers.set('POST /api/v5/trade/order', () => success([]));
  t.is((await session.submit(order(), never)).outcome, 'unknown');
});

test('the order channel tells of every fill once, with what was paid as a fee, as the history does', async (t) => {
  const venue = await okx(t);
  const { session, listener } = await venue.open();
  const arg = { channel: 'orders', instType: 'SPOT', uid: '77982378738415879' };
  venue.push({ arg, data: [ORDER] });
  venue.push({ arg, data: STEPS });
  await until('three reports', () => listener.reports.length === 3);
  t.deepEqual(
    listener.reports.map(({ order: { status, filledQuantity, rawStatus } }) => [status, filledQuantity, rawStatus]),
    [
      ['open', '0', 'live'],
      ['open', '0.004', 'partially_filled'],
      ['filled', '0.01', 'filled'],
    ],
  );
  const fills = listener.reports.flatMap(({ execution }) => (execution ? [execution] : []));
  t.deepEqual(fills[0], {
    tradeId: '101',
    venueOrderId: ORDER.ordId,
    quantity: '0.004',
    price: '59000.1',
    fee: '0.000004',
    feeAsset: 'BTC',
    liquidity: 'maker',
    tradedAt: 1_597_026_384_000,
  });
  venue.answers.set('GET /api/v5/trade/order', () => success([STEPS[1] ?? {}]));
  const found = await session.query(REF, never);
  t.deepEqual(found.outcome === 'found' ? found.executions.toSorted((a, b) => a.tradedAt - b.tradedAt) : found, fills);
  t.true(venue.seen.some(({ path }) => path.startsWith('/api/v5/trade/order?') && path.includes('clOrdId=m1order1')));
});

test('a cancel that is only taken is no cancel yet: the order is asked for', async (t) => {
  const venue = await okx(t);
  const { session } = await venue.open();
  venue.answers.set('POST /api/v5/trade/cancel-order', () => success([PLACED]));
  venue.answers.set('GET /api/v5/trade/order', () => success([ORDER]));
  t.is((await session.cancel(REF, never)).outcome, 'unknown');
  venue.answers.set('GET /api/v5/trade/order', () => success([{ ...ORDER, state: 'canceled' }]));
  t.like(await session.cancel(REF, never), { outcome: 'canceled', order: { clientOrderId: 'm1order1' } });
  const gone = [{ ...PLACED, sCode: '51400', sMsg: 'Cancellation failed as the order does not exist.' }];
  venue.answers.set('POST /api/v5/trade/cancel-order', () => ({ code: '1', msg: '', data: gone }));
  t.like(await session.cancel(REF, never), { outcome: 'rejected', code: '51400' });
  venue.answers.set('GET /api/v5/trade/order', () => ({ code: '51603', msg: 'Order does not exist', data: [] }));
  t.is((await session.query(REF, never)).outcome, 'notFound');
});

test('instruments, balances and open orders of more than one page', async (t) => {
  const venue = await okx(t);
  const { session } = await venue.open();
  t.deepEqual(await session.instruments(never), [
    {
      ...{ symbol: 'BTC-USDT', base: 'BTC', quote: 'USDT', priceIncrement: '0.1', quantityIncrement: '0.00000001' },
      ...{ minQuantity: '0.00001', maxQuantity: '9999999999', minNotional: '0' },
    },
  ]);
  t.like((await session.balances(never))[0], { asset: 'USDT', available: '900.5', locked: '99.5' });
  const orders = Array.from({ length: 150 }, (_, index) => ({
    ...ORDER,
    ordId: String(1_000 - index),
    cTime: String(1_597_026_383_085 - index),
    clOrdId: `m1o${index}`,
  }));
  venue.answers.set('GET /api/v5/trade/orders-pending', () => {
    const { searchParams } = new URL(venue.seen.at(-1)?.path ?? '', 'http://okx');
    const from = orders.findIndex(({ ordId }) => ordId === searchParams.get('after')) + 1;
    return success(orders.slice(from, from + 100));
  });
  const open = await session.openOrders(never);
  t.is(new Set(open.map(({ clientOrderId }) => clientOrderId)).size, 150);
});
