// Answers to requests with something wrong in them, over real sockets. An answer that is not whole, or not about the
// order that was asked for, is `unknown`: never an acceptance of something else, never a refusal, never "not sent".
import test from 'ava';
import fc from 'fast-check';
import type { ExchangeSession } from '../../actors/exchanges/exchange.ts';
import { ExchangeFault } from '../../actors/exchanges/exchange.ts';
import { systemClock } from '../../actors/exchanges/wire/clock.ts';
import { Limiter } from '../../actors/exchanges/wire/limiter.ts';
import type { Execution, VenueOrder } from '../../actors/market/execution.ts';
import type { OrderMessage } from '../../actors/order/messages.ts';
import { closeSessions, heard, limitOrder, never, openAdapter, until } from '../support/binance.ts';
import { type FakeVenue, fakeVenue, SYMBOL } from '../support/fake-venue.ts';
import { fixture } from '../support/fixture.ts';
import { asRead, type Mutated, mutations } from '../support/mutate.ts';
import { orderIn, unbalanced } from '../support/orders.ts';
import { AMENDED, CANCELED, FILLED_HALF, OURS, QUERIED, SUBMITTED, TRADES } from '../support/payloads.ts';
import { fillsOf, flawsOfBalance, flawsOfExecution, flawsOfInstrument, flawsOfOrder } from '../support/well-formed.ts';

const SEED = 20_261_125;
const RUNS = 400;
const READS = 200;

test.after.always('close what a failed test left open', closeSessions);

const sample = (payload: unknown, count: number): readonly Mutated[] =>
  fc.sample(mutations([payload]), { seed: SEED, numRuns: count });

const SUBMIT = 'POST /api/v3/order';
const CANCEL = 'DELETE /api/v3/order';
const QUERY = 'GET /api/v3/order';
const AMEND = 'PUT /api/v3/order/amend/keepPriority';
const REF = { clientOrderId: OURS.clientOrderId, symbol: 'BTC-USDT' };
const asked = () => limitOrder({ clientOrderId: OURS.clientOrderId, quantity: '1', price: '100' });

async function opened() {
  const venue = await fakeVenue();
  const listener = heard();
  const session = await openAdapter(venue.settings, listener);
  return {
    venue,
    session,
    listener,
    [Symbol.asyncDispose]: async () => {
      await session.close();
      await venue.close();
    },
  };
}

/** What the order machine makes of the answer: no turn throws, and the books balance. */
function heardBy(life: 'sending' | 'working' | 'doubt', message: OrderMessage): readonly string[] {
  const scene = orderIn(life).hears(message);
  return [...unbalanced(scene.effects), ...(scene.handled ? [] : [`${message.type} was not handled`])];
}

/** Ours in every word that a request says of it. */
function strange(order: VenueOrder, executions: readonly Execution[] = [], isWhole = true): readonly string[] {
  const { clientOrderId, symbol } = order;
  const isOurs = clientOrderId === OURS.clientOrderId && symbol === 'BTC-USDT';
  return [
    ...flawsOfOrder(order),
    ...fillsOf(order, executions, isWhole),
    ...(isOurs ? [] : [`${clientOrderId} of ${symbol}`]),
  ];
}

test('the answer to a submit with something wrong in it is an acceptance of that very order, or unknown', async (t) => {
  await using at = await opened();
  let accepted = 0;
  for (const { text, how } of sample(SUBMITTED, RUNS)) {
    at.venue.script(SUBMIT, [{ status: 200, text }]);
    const outcome = await at.session.submit(asked(), never);
    const shown = `${how}: ${JSON.stringify(outcome).slice(0, 500)}`;
    if (outcome.outcome !== 'accepted') {
      t.is(outcome.outcome, 'unknown', shown);
      continue;
    }
    accepted += 1;
    const { order, executions } = outcome;
    t.deepEqual(strange(order, executions), [], shown);
    t.like(order, { side: 'Buy', quantity: '1', price: '100' }, shown);
    t.deepEqual(heardBy('sending', { type: 'SubmitAcked', order, executions }), [], shown);
  }
  t.true(accepted > RUNS / 20 && accepted < RUNS, `${accepted} were accepted`);
});

test('the answer to a cancel with something wrong in it is the end of that very order, or unknown', async (t) => {
  await using at = await opened();
  for (const { text, how } of sample(CANCELED, RUNS)) {
    at.venue.script(CANCEL, [{ status: 200, text }]);
    const outcome = await at.session.cancel(REF, never);
    const shown = `${how}: ${JSON.stringify(outcome).slice(0, 500)}`;
    if (outcome.outcome !== 'canceled') t.is(outcome.outcome, 'unknown', shown);
    else {
      t.deepEqual(strange(outcome.order), [], shown);
      t.is(outcome.order.status, 'canceled');
      t.deepEqual(heardBy('working', { type: 'CancelAcked', order: outcome.order }), [], shown);
    }
  }
});

test('the answers of an amend with something wrong in them are the terms asked for, or unknown', async (t) => {
  await using at = await opened();
  const open = { ...QUERIED, executedQty: '0.00000000', status: 'NEW' };
  for (const { text, how } of sample(AMENDED, RUNS)) {
    at.venue.script(QUERY, [{ status: 200, json: open }]);
    at.venue.script(AMEND, [{ status: 200, text }]);
    const outcome = await at.session.amend({ ...REF, quantity: '0.8', price: '100' }, never);
    const shown = `${how}: ${JSON.stringify(outcome).slice(0, 500)}`;
    if (outcome.outcome !== 'amended') t.is(outcome.outcome, 'unknown', shown);
    else {
      t.deepEqual(strange(outcome.order), [], shown);
      t.is(outcome.order.quantity, '0.8', shown);
    }
  }
});

test('the answers of a query with something wrong in them are that order with its own fills, or unknown', async (t) => {
  await using at = await opened();
  const orders = sample(QUERIED, RUNS);
  const trades = sample(TRADES, RUNS);
  for (const [n, order] of orders.entries()) {
    const isOrder = n % 2 === 0;
    const { how } = isOrder ? order : (trades[n] ?? order);
    at.venue.stays(QUERY, { status: 200, text: isOrder ? order.text : JSON.stringify(QUERIED) });
    at.venue.stays('GET /api/v3/myTrades', {
      status: 200,
      text: isOrder ? JSON.stringify(TRADES) : (trades[n]?.text ?? ''),
    });
    const outcome = await at.session.query(REF, never);
    const shown = `${how}: ${JSON.stringify(outcome).slice(0, 500)}`;
    if (outcome.outcome !== 'found') {
      t.is(outcome.outcome, 'unknown', shown);
      continue;
    }
    const { order: found, executions } = outcome;
    // A fill may come between the two questions: then there are more trades than the order says.
    t.deepEqual(strange(found, executions, false), [], shown);
    t.deepEqual(heardBy('doubt', { type: 'OrderFound', order: found, executions }), [], shown);
  }
});

test('a refusal with something wrong in it is a refusal only by a code that says so', async (t) => {
  await using at = await opened();
  for (const [n, { text, how }] of sample({ code: -2010, msg: 'Account has insufficient balance.' }, RUNS).entries()) {
    const status = [400, 500, 503, 408, 403][n % 5] ?? 400;
    at.venue.script(SUBMIT, [{ status, text }]);
    const outcome = await at.session.submit(asked(), never);
    const json = asRead(text);
    const isListed =
      status < 500 &&
      status !== 408 &&
      typeof json === 'object' &&
      json !== null &&
      'code' in json &&
      json.code === -2010;
    if (!isListed) t.is(outcome.outcome, 'unknown', `${status} ${how}: ${JSON.stringify(outcome).slice(0, 300)}`);
    t.true(JSON.stringify(outcome).length < 2_000, how);
  }
});

type Read = readonly [
  name: string,
  route: string,
  payload: unknown,
  read: (session: ExchangeSession) => Promise<readonly string[]>,
];

const LISTING = {
  rateLimits: [{ rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 100_000 }],
  symbols: [SYMBOL],
};
const READING: readonly Read[] = [
  [
    'open orders',
    'GET /api/v3/openOrders',
    [QUERIED],
    async (session) => (await session.openOrders(never)).flatMap(flawsOfOrder),
  ],
  [
    'trades',
    'GET /api/v3/myTrades',
    TRADES,
    async (session) =>
      (await session.trades({ symbol: 'BTC-USDT', sinceAt: Date.now() }, never)).flatMap(flawsOfExecution),
  ],
  [
    'balances',
    'GET /api/v3/account',
    fixture('binance', 'account'),
    async (session) => (await session.balances(never)).flatMap(flawsOfBalance),
  ],
  [
    'the clock',
    'GET /api/v3/time',
    { serverTime: 1_499_827_319_559 },
    async (session) => (Number.isFinite(await session.clockSkewMs(never)) ? [] : ['no number']),
  ],
  [
    'instruments',
    'GET /api/v3/exchangeInfo',
    LISTING,
    async (session) => (await session.instruments(never)).flatMap(flawsOfInstrument),
  ],
];

for (const [name, route, payload, read] of READING) {
  test(`a read of ${name} with something wrong in it is whole, or a fault that may pass`, async (t) => {
    await using at = await opened();
    for (const { text, how } of sample(payload, READS)) {
      at.venue.stays(route, { status: 200, text });
      const flaws = await read(at.session).catch((error: unknown) => {
        const isFault = error instanceof ExchangeFault && error.retryable && error.message.length < 1_000;
        return isFault ? [] : [`not a fault that may pass: ${String(error)}`];
      });
      t.deepEqual(flaws, [], how);
    }
    at.venue.stays(route, { status: 200, json: payload });
    t.deepEqual(await read(at.session), []);
    // Whatever was read: an order is placed as before, and its fills are known under its name.
    await stillTrades(t, at);
  });
}

async function stillTrades(
  t: { is(one: unknown, other: unknown): void },
  {
    venue,
    session,
    listener,
  }: { readonly venue: FakeVenue; readonly session: ExchangeSession; readonly listener: ReturnType<typeof heard> },
): Promise<void> {
  venue.script(SUBMIT, [{ status: 200, json: SUBMITTED }]);
  t.is((await session.submit(asked(), never)).outcome, 'accepted');
  venue.toUser(FILLED_HALF);
  await until('the report', () => listener.reports.length > 0);
  t.is(listener.reports[0]?.order.symbol, 'BTC-USDT');
}

for (const [what, listing] of Object.entries({
  'without its symbol': { ...LISTING, symbols: [] },
  'with another base asset': { ...LISTING, symbols: [{ ...SYMBOL, baseAsset: 'BTX' }] },
  'with steps no column can hold': {
    ...LISTING,
    symbols: [{ ...SYMBOL, filters: [{ filterType: 'LOT_SIZE', minQty: '9'.repeat(30), maxQty: '1', stepSize: '1' }] }],
  },
})) {
  test(`after a listing ${what} an order keeps the name it had`, async (t) => {
    await using at = await opened();
    at.venue.stays('GET /api/v3/exchangeInfo', { status: 200, json: listing });
    await at.session.instruments(never);
    await stillTrades(t, at);
  });
}

for (const [what, change] of Object.entries({
  'on the other side': { side: 'SELL' },
  'of another quantity': { origQty: '2.00000000' },
  'at another price': { price: '99.00000000' },
  'with larger fills than it has': { executedQty: '0.40000000' },
})) {
  test(`an acceptance of an order ${what} is unknown`, async (t) => {
    await using at = await opened();
    at.venue.script(SUBMIT, [{ status: 200, json: { ...SUBMITTED, ...change } }]);
    t.is((await at.session.submit(asked(), never)).outcome, 'unknown');
  });
}

test('trades of another symbol are no trades of this one', async (t) => {
  await using at = await opened();
  at.venue.stays(QUERY, { status: 200, json: QUERIED });
  at.venue.stays('GET /api/v3/myTrades', {
    status: 200,
    json: TRADES.map((trade) => ({ ...trade, symbol: 'ETHUSDT' })),
  });
  t.is((await at.session.query(REF, never)).outcome, 'unknown');
});

test('a ban for ever is believed for as long as the longest one', async (t) => {
  const limiter = new Limiter({ clock: { ...systemClock, now: () => 0 }, queueMax: 9 });
  limiter.observe(418, { 'retry-after': '1e308' });
  const later = { priority: 'cancel', weight: 1, giveUpAt: 1 } as const;
  t.deepEqual(await limiter.take(later, never), {
    granted: false,
    reason: 'our rate limiter would hold it too long: priority=cancel, wait=259200000 ms',
  });
  limiter.close();
});
