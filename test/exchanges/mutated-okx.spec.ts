// Frames and answers of OKX with something wrong in them, through ccxt's OKX class over real sockets: what ccxt passes
// over without a word must not be passed over here where it could have been a fill.
import process from 'node:process';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { BOUNDS } from '../../actors/exchanges/ccxt/bounds.ts';
import { loadExchange } from '../../actors/exchanges/ccxt/library.ts';
import { openSession } from '../../actors/exchanges/ccxt/session.ts';
import { ExchangeFault, type ExchangeSession } from '../../actors/exchanges/exchange.ts';
import { systemClock } from '../../actors/exchanges/wire/clock.ts';
import { type Heard, heard, limitOrder, never, until } from '../support/binance.ts';
import { asRead, LONG_ZEROS, type Mutated, mutations } from '../support/mutate.ts';
import { type OkxServer, okxServer, success } from '../support/okx-server.ts';
import { listed, OKX_INSTRUMENT, type Order, view } from '../support/okx-words.ts';
import { orderIn, unbalanced } from '../support/orders.ts';
import { providerIn, seenExternal } from '../support/providers.ts';
import {
  fillsOf,
  flawsOfBalance,
  flawsOfExecution,
  flawsOfMarket,
  flawsOfOrder,
  flawsOfReport,
} from '../support/well-formed.ts';

const SEED = 20_261_126;
const FRAMES = 250;
const ANSWERS = 150;
/** Of processor time, with the reconnect after it: a pattern of quadratic time takes seconds. */
const BLOCKED_MS = 500;
const OURS = 'mm1abc00000001';
const AT = 1_597_026_383_085;

const ORDER: Order = {
  ...{ ordId: '881', clOrdId: OURS, side: 'buy', ordType: 'limit', px: '100', sz: '1', cTime: AT, state: 'live' },
  ...{ accFillSz: '0', uTime: AT, tgtCcy: '' },
};
const HALF: Order = { ...ORDER, state: 'partially_filled', accFillSz: '0.5', uTime: AT + 1 };
const FILL = { order: HALF, tradeId: '57', fillSz: '0.5', fillPx: '100', execType: 'M', ts: AT + 1 } as const;
const WHOLE: Order = { ...ORDER, state: 'filled', accFillSz: '1', uTime: AT + 2 };
const LAST = { ...FILL, order: WHOLE, tradeId: '58', ts: AT + 2 };
const BALANCE = { ccy: 'USDT', availBal: '900', cashBal: '1000', eq: '1000', frozenBal: '100', uTime: String(AT) };

const ordersFrame = (data: readonly object[]) => ({ arg: { channel: 'orders', instType: 'SPOT', uid: '1' }, data });
const FRAMES_OF_ORDERS = [
  ordersFrame([view(HALF, FILL)]),
  ordersFrame([view(HALF, FILL), view(WHOLE, LAST)]),
  ordersFrame([view(ORDER, null)]),
  ordersFrame([view({ ...ORDER, state: 'canceled' }, null)]),
];
const OTHER_FRAMES = [
  { arg: { channel: 'account', uid: '1' }, data: [{ uTime: String(AT), details: [BALANCE] }] },
  { event: 'notice', code: '64008', msg: 'The connection will soon be closed for a service upgrade.', connId: 'a' },
];
const PLACED = { clOrdId: OURS, ordId: '881', tag: '', ts: String(AT), sCode: '0', sMsg: '' };
const REF = { clientOrderId: OURS, symbol: 'BTC-USDT' };
const asked = () => ({
  ...limitOrder({ clientOrderId: OURS, price: '100', quantity: '1' }),
  deadlineAt: Date.now() + 30_000,
});

const sample = (payloads: readonly unknown[], count: number): readonly Mutated[] =>
  fc.sample(mutations(payloads), { seed: SEED, numRuns: count });
const OkxClass = await loadExchange('okx');
/** Without the pauses between requests. */
class Unlimited extends OkxClass {
  constructor(config: object) {
    super({ ...config, rateLimit: 1 });
  }
}

interface At {
  readonly server: OkxServer;
  readonly session: ExchangeSession;
  readonly listener: Heard;
}

async function opened(t: ExecutionContext): Promise<At> {
  const server = await okxServer();
  t.teardown(() => server.close());
  server.answers.set('GET /api/v5/public/time', () => success([{ ts: String(Date.now()) }]));
  server.answers.set('GET /api/v5/public/instruments', () => success([OKX_INSTRUMENT]));
  server.answers.set('GET /api/v5/account/balance', () => success([{ uTime: String(AT), details: [BALANCE] }]));
  const listener = heard();
  const address = `127.0.0.1:${server.port}`;
  const settings = {
    ...{ restUrl: `http://${address}`, streamUrl: `ws://${address}`, wsApiUrl: '' },
    ...{ apiKey: 'okx-key', apiSecret: 'okx-secret', recvWindowMs: 5_000, httpTimeoutMs: 20_000 },
  };
  const quick = { settleMs: 20, settleStepMs: 5, reconnectBaseMs: 1, reconnectCapMs: 2, stableMs: 0, conflateMs: 1 };
  const bounds = { ...BOUNDS, ...quick, balanceEveryMs: 1, connectMs: 20_000, keepAliveMs: 10_000 };
  const terms = { exchange: 'okx', passphrase: 'okx-passphrase' };
  const library = Unlimited;
  const session = await openSession({ settings, terms, listener, library, clock: systemClock, bounds }, never);
  t.teardown(() => session.close());
  return { server, session, listener };
}

const lostIn = ({ changes }: Heard) => changes.filter((change) => change.startsWith('disconnected')).length;

test('every good report of OKX arrives whatever comes between, and what cannot be read is a disconnect', async (t) => {
  const at = await opened(t);
  const { server, listener } = at;
  let silent = 0;
  for (const [n, { text, how }] of sample(
    [...FRAMES_OF_ORDERS, ...FRAMES_OF_ORDERS, ...OTHER_FRAMES],
    FRAMES,
  ).entries()) {
    await until('the connection', () => listener.changes.length % 2 === 0);
    const [told, lost] = [listener.reports.length, lostIn(listener)];
    server.pushText(text);
    await goodReport(at, n);
    const isSilent = listener.reports.length === told + 1 && lostIn(listener) === lost;
    if (!isSilent) continue;
    // A word is a sign of life, not a fill.
    if (/^\w*$/.test(text) || !namesOrders(asRead(text))) {
      silent += 1;
      continue;
    }
    // The loss of a connection is told when all of it is put away.
    await until(`${how}: something of ${text.slice(0, 1_000)}`, () => lostIn(listener) > lost, { timeoutMs: 5_000 });
  }
  t.deepEqual(listener.reports.flatMap(flawsOfReport), []);
  t.deepEqual(listener.balances.flat().flatMap(flawsOfBalance), []);
  t.true(silent > 0 && silent < FRAMES / 2, `${silent} were passed over`);
  t.true(listener.reports.length > FRAMES + 20, `${listener.reports.length} reports`);
  followed(t, listener);
});

/** Of an order with a name of its own. Sent again after a reconnect: what was on its way is lost with the socket. */
async function goodReport({ server, listener }: At, n: number): Promise<void> {
  const name = `web${n}`;
  const order: Order = { ...ORDER, clOrdId: name, ordId: String(1_000_000 + n) };
  const isThere = () => listener.reports.some((report) => report.order.clientOrderId === name);
  let changes = listener.changes.length;
  server.push(ordersFrame([view(order, null)]));
  await until(
    `good report ${n}`,
    () => {
      if (isThere()) return true;
      if (listener.changes.length > changes && listener.changes.at(-1) === 'connected') {
        changes = listener.changes.length;
        server.push(ordersFrame([view(order, null)]));
      }
      return false;
    },
    { everyMs: 1 },
  );
}

function namesOrders(json: unknown): boolean {
  if (json === undefined) return true;
  if (typeof json !== 'object' || json === null || !('data' in json)) return false;
  const all: readonly unknown[] = Array.isArray(json.data) ? json.data : [json.data];
  return all.some((one) => typeof one === 'object' && one !== null && ('ordId' in one || 'accFillSz' in one));
}

/** The machines hear it all: no turn throws, and what they count is what whole executions say. */
function followed(t: ExecutionContext, { reports }: Heard): void {
  let order = orderIn('working');
  let provider = providerIn('running.ready.settled');
  let ours = 0;
  for (const { order: word, execution, reason } of reports) {
    if (word.clientOrderId !== OURS) {
      provider = provider.hears(seenExternal(word, { execution, reason }));
      continue;
    }
    ours += 1;
    const before = order.context.filled;
    order = order.hears({ type: 'OrderReported', order: word, execution, reason });
    t.deepEqual(unbalanced(order.effects), []);
    if (order.context.filled !== before) t.not(execution, null);
  }
  t.true(ours > 10, `${ours} reports were about our order`);
}

for (const [what, frame] of Object.entries({
  'a fill cut in two': JSON.stringify(FRAMES_OF_ORDERS[0]).slice(0, -9),
  'a fill of no channel': JSON.stringify({ ...FRAMES_OF_ORDERS[0], arg: { instType: 'SPOT' } }),
  'a fill of an unknown channel': JSON.stringify({ ...FRAMES_OF_ORDERS[0], arg: { channel: 'orderz' } }),
  'a fill that is no list': JSON.stringify({ ...ordersFrame([]), data: view(HALF, FILL) }),
  'a page of HTML': '<html><body>502 Bad Gateway</body></html>',
  'a fill with an amount that is none': JSON.stringify(ordersFrame([{ ...view(HALF, FILL), accFillSz: 'half' }])),
  'a fill that is larger than all of its order': JSON.stringify(
    ordersFrame([{ ...view(HALF, FILL), accFillSz: '0.4' }]),
  ),
  'a fill of a negative quantity': JSON.stringify(ordersFrame([{ ...view(HALF, FILL), fillSz: '-0.5' }])),
  'a fill with the signs of a key in its id': JSON.stringify(
    ordersFrame([{ ...view(HALF, FILL), tradeId: '57:881=9@1' }]),
  ),
  'an order of the name of all prototypes': JSON.stringify(ordersFrame([{ ...view(HALF, FILL), ordId: '__proto__' }])),
  'an order of the name of all constructors': JSON.stringify(
    ordersFrame([{ ...view(HALF, FILL), ordId: 'constructor' }]),
  ),
  'a fill at a time after year 9999': JSON.stringify(
    ordersFrame([{ ...view(HALF, FILL), fillTime: '9999999999999999' }]),
  ),
})) {
  test.serial(`${what} ends the connection to OKX: the hole is filled by asking`, async (t) => {
    const { server, listener } = await opened(t);
    const [log, printed] = [console.log, [] as unknown[]];
    t.teardown(() => {
      console.log = log;
    });
    console.log = (...words) => void printed.push(...words);
    server.pushText(frame);
    await until('the reconnect', () => listener.changes.includes('connected'));
    t.is(lostIn(listener), 1);
    t.deepEqual([Object.keys(Object.prototype), Object.keys(Object)], [[], []]);
    // The address of a user stream holds a listen key at some venues.
    t.deepEqual(printed, []);
    t.deepEqual(
      listener.reports.filter(({ execution }) => execution !== null),
      [],
    );
  });
}

test('answers of OKX to a submit with something wrong in them accept that order, or are unknown', async (t) => {
  const { server, session } = await opened(t);
  for (const { text, how } of sample([success([PLACED])], ANSWERS)) {
    server.answers.set('POST /api/v5/trade/order', () => text);
    const outcome = await session.submit(asked(), never);
    const shown = `${how}: ${JSON.stringify(outcome).slice(0, 400)} of ${text.slice(0, 400)}`;
    if (outcome.outcome === 'accepted') {
      t.deepEqual([...flawsOfOrder(outcome.order), ...fillsOf(outcome.order, outcome.executions)], [], shown);
      t.like(
        outcome.order,
        { clientOrderId: OURS, side: 'Buy', quantity: '1', price: '100', filledQuantity: '0' },
        shown,
      );
    } else if (outcome.outcome === 'rejected') t.true(saysRefused(asRead(text)), shown);
    else t.is(outcome.outcome, 'unknown', shown);
  }
});

/** Any code but success, of the whole or of the one order: then ccxt's lists decide. */
function saysRefused(json: unknown): boolean {
  return /"s?[cC]ode":(?!"0"|0[,}])/.test(JSON.stringify(json ?? null));
}

test('answers of OKX to a query with something wrong in them are that order, or unknown', async (t) => {
  const { server, session } = await opened(t);
  const orders = sample([success([view(HALF, FILL)])], ANSWERS);
  const trades = sample([success([listed(FILL)])], ANSWERS);
  for (const [n, order] of orders.entries()) {
    const isOrder = n % 2 === 0;
    const other = trades[n] ?? order;
    server.answers.set('GET /api/v5/trade/order', () => (isOrder ? order.text : success([view(HALF, FILL)])));
    server.answers.set('GET /api/v5/trade/fills-history', () => (isOrder ? success([listed(FILL)]) : other.text));
    const outcome = await session.query(REF, never);
    const shown = `${isOrder ? order.how : other.how}: ${JSON.stringify(outcome).slice(0, 400)}`;
    if (outcome.outcome !== 'found') {
      t.is(outcome.outcome, outcome.outcome === 'notFound' ? 'notFound' : 'unknown', shown);
      if (outcome.outcome === 'notFound') t.regex(order.text, /51603/, shown);
      continue;
    }
    t.deepEqual([...flawsOfOrder(outcome.order), ...fillsOf(outcome.order, outcome.executions, false)], [], shown);
    t.like(outcome.order, { clientOrderId: OURS, symbol: 'BTC-USDT' }, shown);
  }
});

test('answers of OKX to a cancel with something wrong in them end no order that is open', async (t) => {
  const { server, session } = await opened(t);
  server.answers.set('GET /api/v5/trade/order', () => success([view(ORDER, null)]));
  for (const { text, how } of sample([success([PLACED])], ANSWERS)) {
    server.answers.set('POST /api/v5/trade/cancel-order', () => text);
    const outcome = await session.cancel(REF, never);
    const shown = `${how}: ${JSON.stringify(outcome).slice(0, 400)}`;
    t.true(outcome.outcome === 'unknown' || (outcome.outcome === 'rejected' && saysRefused(asRead(text))), shown);
  }
});

test('reads of OKX with something wrong in them are whole, or a fault', async (t) => {
  const { server, session } = await opened(t);
  const reads = [
    [
      'GET /api/v5/trade/orders-pending',
      [view(ORDER, null)],
      async () => (await session.openOrders(never)).flatMap(flawsOfOrder),
    ],
    [
      'GET /api/v5/trade/fills-history',
      [listed(FILL)],
      async () => (await session.trades({ symbol: 'BTC-USDT', sinceAt: Date.now() }, never)).flatMap(flawsOfExecution),
    ],
    [
      'GET /api/v5/account/balance',
      [{ uTime: String(AT), details: [BALANCE] }],
      async () => (await session.balances(never)).flatMap(flawsOfBalance),
    ],
  ] as const;
  for (const [route, data, read] of reads) {
    for (const { text, how } of sample([success(data)], ANSWERS)) {
      server.answers.set(route, () => text);
      const flaws = await read().catch((error: unknown) => (error instanceof ExchangeFault ? [] : [String(error)]));
      t.deepEqual(flaws, [], `${route} ${how}: ${text.slice(0, 500)}`);
    }
  }
});

test('market data of OKX goes on whatever comes between', async (t) => {
  const { server, session, listener } = await opened(t);
  const base = { instType: 'SPOT', instId: 'BTC-USDT', ts: String(AT) };
  const trade = {
    arg: { channel: 'trades', instId: 'BTC-USDT' },
    data: [{ ...base, tradeId: '1', px: '50000.1', sz: '0.5', side: 'buy' }],
  };
  const tickerData = [{ ...base, last: '50000.1', bidPx: '50000', askPx: '50000.2', vol24h: '12.5' }];
  const ticker = { arg: { channel: 'tickers', instId: 'BTC-USDT' }, data: tickerData };
  await session.subscribe((['Trade', 'Ticker'] as const).map((type) => ({ type, symbol: 'BTC-USDT' })));
  for (const [n, { text }] of sample([trade, ticker], FRAMES / 2).entries()) {
    server.pushText(text);
    const one = { ...trade, data: [{ ...base, tradeId: `g${n}`, px: '50000.1', sz: '0.5', side: 'buy' }] };
    let tries = 0;
    await until(
      `good trade ${n}`,
      () => {
        if (listener.market.some(({ type, payload }) => type === 'Trade' && payload.tradeId === `g${n}`)) return true;
        if (tries % 20 === 0) server.push(one);
        tries += 1;
        return false;
      },
      { everyMs: 1 },
    );
  }
  t.deepEqual(listener.market.flatMap(flawsOfMarket), []);
});

test('a frame of OKX as long as may be holds nothing else up', async (t) => {
  const { server, listener } = await opened(t);
  const event = JSON.stringify(FRAMES_OF_ORDERS[0]);
  const long = [
    event.replaceAll('"0.5"', JSON.stringify(LONG_ZEROS)),
    event.replace(`"${OURS}"`, `"${'x'.repeat(900_000)}"`),
    event.replace('"0.5"', `${'['.repeat(20_000)}${']'.repeat(20_000)}`),
    event.replace('"tdMode"', `"pad":"${'x'.repeat(BOUNDS.frameBytesMax)}","tdMode"`),
  ];
  for (const text of long) {
    const [lost, before] = [lostIn(listener), process.threadCpuUsage()];
    server.pushText(text);
    await until('the reconnect', () => lostIn(listener) > lost && listener.changes.at(-1) === 'connected');
    const { user, system } = process.threadCpuUsage(before);
    t.true(user + system < BLOCKED_MS * 1_000, `${text.slice(0, 60)}: ${(user + system) / 1_000} ms`);
  }
});
