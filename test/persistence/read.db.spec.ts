import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { StoreFault } from '../../actors/runtime/ports.ts';
import { createStore } from '../../persistence/index.ts';
import { NotFound } from '../../persistence/read/not-found.ts';
import { testDatabase } from '../support/db.ts';
import { query } from '../support/system.ts';
import {
  AT,
  actor,
  change,
  execution,
  order,
  outgoing,
  own,
  paper,
  recorded,
  transition,
} from '../support/write-sets.ts';

/** Five orders: 1 and 2 of mm-1, 3 and 4 of mm-2 at another provider, 5 filled. */
async function open(t: ExecutionContext) {
  const url = await testDatabase();
  const store = createStore({ url });
  t.teardown(() => store.close());
  const writer = await own(store);
  const ids = [1n, 2n, 3n, 4n, 5n];
  const other = { ...paper, name: 'other' };
  await writer.commit({
    created: [...ids, 9n].map((id) => actor(id)),
    transitions: [...ids, 9n].map((id) => transition(id, 1)),
    records: [
      recorded(9n, paper),
      recorded(9n, other),
      recorded(1n, order('o-1', { price: '0.10', quantity: '100' })),
      recorded(2n, order('o-2', { price: null, orderType: 'Market', state: 'ACK' })),
      recorded(3n, order('o-3', { provider: 'other', strategyInstance: 'mm-2' })),
      recorded(4n, order('o-4', { provider: 'other', strategyInstance: 'mm-2' })),
      recorded(5n, order('o-5', { state: 'FILLED', completedAt: AT + 1, acknowledgedAt: AT })),
      recorded(5n, execution('t-1')),
      recorded(5n, execution('t-2', { fee: null, feeAsset: null, liquidity: null })),
      recorded(3n, execution('t-3', { strategyInstance: 'mm-2', provider: 'other' })),
      recorded(9n, {
        table: 'balances',
        provider: 'paper',
        asset: 'BTC',
        available: '1.50',
        locked: '0',
        observedAt: AT,
      }),
      recorded(9n, { table: 'audit_log', actor: 'operator', action: 'Halt', detail: 'now' }),
      recorded(9n, { table: 'audit_log', actor: 'operator', action: 'Resume', detail: 'later' }),
    ],
    outbox: [
      outgoing(1n, 1n),
      outgoing(2n, 1n, { lane: 'event', deliveredAt: AT }),
      outgoing(3n, 1n, { lane: 'event' }),
    ],
  });
  return { url, store, writer, read: store.read };
}

test('orders are listed newest first, by provider, instance, state and openness, in pages', async (t) => {
  const { read, store } = await open(t);
  const ids = async (filter: Omit<Parameters<typeof read.listOrders>[0], 'limit'>, limit = 10) =>
    (await read.listOrders({ ...filter, limit })).map(({ id }) => id);
  t.deepEqual(await ids({}), [5n, 4n, 3n, 2n, 1n]);
  t.deepEqual(store.poolCounts(), { total: 1, idle: 1, waiting: 0 });
  t.deepEqual(await ids({ provider: 'other' }), [4n, 3n]);
  t.deepEqual(await ids({ strategyInstance: 'mm-1' }), [5n, 2n, 1n]);
  t.deepEqual(await ids({ states: ['ACK', 'FILLED'] }), [5n, 2n]);
  t.deepEqual(await ids({ open: true, provider: 'paper' }), [2n, 1n]);
  t.deepEqual(await ids({}, 2), [5n, 4n]);
  t.deepEqual(await ids({ beforeId: 4n }, 2), [3n, 2n]);
});

test('an order has its amounts as they were written and its moments in milliseconds', async (t) => {
  const { read } = await open(t);
  const { createdAt, updatedAt, ...found } = await read.getOrder(1n);
  t.is(createdAt, AT);
  t.is(updatedAt, AT);
  t.deepEqual(found, {
    id: 1n,
    clientOrderId: 'o-1',
    provider: 'paper',
    strategyInstance: 'mm-1',
    symbol: 'BTC-USDT',
    side: 'Buy',
    orderType: 'Limit',
    timeInForce: 'GTC',
    quantity: '100',
    price: '0.1',
    stopPrice: null,
    askedQuantity: '0.5',
    askedPrice: '43210.12',
    goodTillAt: null,
    linkedTo: null,
    replaces: null,
    replacedBy: null,
    isExternal: false,
    state: 'PENDING',
    status: 'PendingNew',
    life: 'intent',
    venueOrderId: null,
    filledQuantity: '0',
    filledQuote: '0',
    placedAt: AT,
    acknowledgedAt: null,
    completedAt: null,
    reason: null,
  });
  t.is((await read.findOrderOf('paper', 'o-2'))?.price, null);
  t.is(await read.findOrderOf('other', 'o-2'), undefined);
  t.is(await read.findOrder(77n), undefined);
  await t.throwsAsync(read.getOrder(77n), { instanceOf: NotFound, message: 'ROW_NOT_FOUND: orders has no row 77' });
});

test('executions are listed by order, oldest first, and by instance or provider, newest first', async (t) => {
  const { read } = await open(t);
  const trades = (rows: readonly { tradeId: string }[]) => rows.map(({ tradeId }) => tradeId);
  t.deepEqual(trades(await read.listExecutionsOf(5n, 10)), ['t-1', 't-2']);
  t.deepEqual(trades(await read.listExecutionsOf(5n, 1)), ['t-1']);
  const newest = await read.listExecutions({ strategyInstance: 'mm-1', limit: 10 });
  t.deepEqual(trades(newest), ['t-2', 't-1']);
  t.deepEqual(trades(await read.listExecutions({ provider: 'other', limit: 10 })), ['t-3']);
  t.deepEqual(trades(await read.listExecutions({ beforeId: newest[0]?.id, limit: 10 })), ['t-1']);
  t.like(newest[1], { orderId: 5n, price: '43210.12', fee: '0.000000000000000001', liquidity: 'maker', tradedAt: AT });
  t.like(newest[0], { fee: null, feeAsset: null, liquidity: null });
});

test('balances and the audit log are listed', async (t) => {
  const { read } = await open(t);
  t.like((await read.listBalances('paper', 10))[0], { asset: 'BTC', available: '1.5', locked: '0', observedAt: AT });
  t.deepEqual(await read.listBalances('other', 10), []);
  const entries = await read.listAudit({ limit: 10 });
  t.deepEqual(
    entries.map(({ action }) => action),
    ['Resume', 'Halt'],
  );
  t.deepEqual(
    (await read.listAudit({ beforeId: entries[0]?.id, limit: 10 })).map(({ action }) => action),
    ['Halt'],
  );
});

test('the outbox is listed in commit order, and its delivered events can be purged in batches', async (t) => {
  const { url, read, writer } = await open(t);
  const ids = async (filter: Omit<Parameters<typeof read.listOutbox>[0], 'limit'>) =>
    (await read.listOutbox({ ...filter, limit: 10 })).map(({ id }) => id);
  t.deepEqual(await ids({}), [1n, 2n, 3n]);
  t.deepEqual(await ids({ pending: true }), [1n, 3n]);
  t.deepEqual(await ids({ lane: 'event', afterId: 2n }), [3n]);
  t.is((await read.listOutbox({ limit: 1 }))[0]?.body, '{"bell":1}');
  t.is(await read.purgeDelivered(AT, 10), 0, 'not older than that');
  t.is(await read.purgeDelivered(AT + 1, 1), 0, 'the oldest row is pending');
  t.is(await read.purgeDelivered(AT + 1, 10), 1);
  t.deepEqual(await ids({}), [1n, 3n]);
  await writer.commit({ at: AT + 5, delivered: [3n] });
  t.is(await read.purgeDelivered(AT + 6, 10), 1);
  t.is((await query(url, 'select 1 from events_outbox')).length, 1);
});

test('a read that fails is a fault without statement and parameters', async (t) => {
  const { url, read } = await open(t);
  await query(url, 'alter table orders rename column reason to why');
  const fault = await t.throwsAsync(read.findOrderOf('CANARY', 'CANARY2'), { instanceOf: StoreFault });
  t.like(fault, { kind: 'fatal', sqlState: '42703' });
  t.regex(
    fault?.message ?? '',
    /^find order CANARY2: column .*reason.* does not exist; are the migrations of this release applied/,
  );
  t.notRegex(inspect(fault, { depth: 9, showHidden: true }).replaceAll('CANARY2', ''), /CANARY|select/);
});

test('an actor at rest is found and can come back', async (t) => {
  const { store, writer } = await open(t);
  await writer.commit({ changed: [change(1n, 1, { status: 'done' })], transitions: [transition(1n, 2)] });
  t.like(await store.findActor('thing/1'), { status: 'done', version: 2 });
  await writer.commit({ changed: [change(1n, 2, { status: 'active' })], transitions: [transition(1n, 3)] });
  t.true((await store.load(0)).actors.some(({ key }) => key === 'thing/1'));
  t.is(await store.history('thing/none'), null);
});
