// Amends over real sockets: what is sent, what is refused here, and what the answers prove.
import test from 'ava';
import { closeSessions, never, openAdapter } from '../support/binance.ts';
import { fakeVenue, type Script } from '../support/fake-venue.ts';

test.after.always('close what a failed test left open', closeSessions);

const AMEND = 'PUT /api/v3/order/amend/keepPriority';
const QUERY = 'GET /api/v3/order';
const record = (change: object = {}) => ({
  ...{ symbol: 'BTCUSDT', orderId: 28, clientOrderId: 'm1order1', price: '60000.10000000', origQty: '0.01000000' },
  ...{ executedQty: '0.00000000', status: 'NEW', type: 'LIMIT', side: 'BUY', time: 1, updateTime: 2, ...change },
});
const amended = (change: object = {}) => {
  const { origQty: _, ...rest } = record();
  return { transactTime: 3, executionId: 1, amendedOrder: { ...rest, qty: '0.00500000', ...change } };
};
const terms = { clientOrderId: 'm1order1', symbol: 'BTC-USDT', quantity: '0.005', price: '60000.1' };

async function opened(query: Script, ...answers: Script[]) {
  const venue = await fakeVenue();
  venue.stays(QUERY, query);
  venue.script(AMEND, answers);
  const session = await openAdapter(venue.settings);
  return {
    session,
    sent: () => venue.requests.filter(({ route }) => route === AMEND),
    [Symbol.asyncDispose]: async () => {
      await session.close();
      await venue.close();
    },
  };
}

test('a smaller quantity is sent with the client order id, which the order would lose otherwise', async (t) => {
  await using at = await opened({ status: 200, json: record() }, { status: 200, json: amended() });
  t.like(await at.session.amend(terms, never), {
    outcome: 'amended',
    order: { quantity: '0.005', clientOrderId: 'm1order1', status: 'open' },
  });
  t.like(Object.fromEntries(at.sent()[0]?.parameters ?? []), {
    symbol: 'BTCUSDT',
    orderId: '28',
    newClientOrderId: 'm1order1',
    newQty: '0.005',
  });
});

for (const [name, change] of [
  ['more', { quantity: '0.02' }],
  ['another price', { price: '60001' }],
  ['the same quantity at another price', { quantity: '0.01', price: '60001' }],
  ['no price', { price: null }],
] as const) {
  test(`an amend to ${name} is not sent`, async (t) => {
    await using at = await opened({ status: 200, json: record() });
    const outcome = await at.session.amend({ ...terms, ...change }, never);
    t.like(outcome, { outcome: 'rejected', code: 'AMEND_UNSUPPORTED' });
    t.is(at.sent().length, 0);
  });
}

test('an order that has the terms already is amended, and nothing is sent', async (t) => {
  await using at = await opened({ status: 200, json: record({ origQty: '0.00500000' }) });
  t.like(await at.session.amend(terms, never), { outcome: 'amended', order: { quantity: '0.005' } });
  t.is(at.sent().length, 0);
});

const NO_ORDER = { status: 400, json: { code: -2013, msg: 'Order does not exist.' } };
const FINAL = { status: 200, json: record({ status: 'FILLED', executedQty: '0.01000000' }) };

test('an order that is final, or not there, is not amended: a question as a refused cancel is', async (t) => {
  await using at = await opened(FINAL);
  t.like(await at.session.amend(terms, never), { outcome: 'rejected', code: 'FILLED' });
  await using gone = await opened(NO_ORDER);
  t.like(await gone.session.amend(terms, never), { outcome: 'rejected', code: '-2013' });
  t.is(at.sent().length + gone.sent().length, 0);
});

for (const [name, query, answer, outcome] of [
  ['its answer is lost', record(), { cut: 'silent' }, 'unknown'],
  ['the answer tells of another quantity', record(), { status: 200, json: amended({ qty: '0.00400000' }) }, 'unknown'],
  ['the answer tells of another order', record(), { status: 200, json: amended({ orderId: 29 }) }, 'unknown'],
  ['the venue answers 503', record(), { status: 503, text: '' }, 'unknown'],
  ['the venue refuses it', record(), { status: 400, json: { code: -2038, msg: 'Unknown order sent.' } }, 'rejected'],
] as const) {
  test(`an amend is ${outcome} when ${name}, and is sent once`, async (t) => {
    await using at = await opened({ status: 200, json: query }, answer);
    t.is((await at.session.amend(terms, never)).outcome, outcome);
    t.is(at.sent().length, 1);
  });
}

test('an amend whose order could not be read is unknown, and was not sent', async (t) => {
  await using at = await opened({ status: 500, text: '' });
  t.like(await at.session.amend(terms, never), {
    outcome: 'unknown',
    reason: 'not sent: HTTP 500: an answer that cannot be read',
  });
  t.is(at.sent().length, 0);
});
