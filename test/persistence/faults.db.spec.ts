import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import pg from 'pg';
import { StoreFault } from '../../actors/runtime/ports.ts';
import { createStore, type StoreOptions } from '../../persistence/index.ts';
import { testDatabase } from '../support/db.ts';
import { query, until } from '../support/system.ts';
import { tcpProxy } from '../support/tcp-proxy.ts';
import { actor, change, order, own, paper, recorded, transition } from '../support/write-sets.ts';

async function open(t: ExecutionContext, options: Partial<StoreOptions> = {}) {
  const url = await testDatabase();
  const store = createStore({ url, ...options });
  t.teardown(() => store.close());
  const writer = await own(store);
  await writer.commit({ created: [actor(1n)], transitions: [transition(1n, 1)], records: [recorded(1n, paper)] });
  const change1 = { changed: [change(1n, 1)], transitions: [transition(1n, 2)] };
  return { url, store, writer, change1 };
}

/** A store whose every session goes through a proxy; the lease and the first group are through already. */
async function openProxied(t: ExecutionContext, options: Partial<StoreOptions> = {}) {
  const url = await testDatabase();
  const { hostname, port } = new URL(url);
  const proxy = await tcpProxy({ host: hostname, port: Number(port) });
  const store = createStore({ url: proxy.urlOf(url), ...options });
  t.teardown(async () => {
    proxy.refuse(false);
    await store.close();
    await proxy[Symbol.asyncDispose]();
  });
  const writer = await own(store);
  await writer.commit({ created: [actor(1n)], transitions: [transition(1n, 1)] });
  const set = writer.next({ changed: [change(1n, 1)], transitions: [transition(1n, 2)] });
  return { url, proxy, store, set };
}

async function faultOf(t: ExecutionContext, promise: Promise<unknown>): Promise<StoreFault> {
  const error = await t.throwsAsync(promise, { instanceOf: StoreFault });
  if (error === undefined) throw new Error('no fault');
  return error;
}

async function session(t: ExecutionContext, url: string): Promise<pg.Client> {
  const client = new pg.Client(url);
  client.on('error', () => {});
  await client.connect();
  t.teardown(() => client.end());
  return client;
}

const committedNumber = async (url: string): Promise<string | undefined> =>
  (await query<{ number: string }>(url, 'select commit_number as number from nodes'))[0]?.number;

test('what the database refuses is refused, with table and constraint and without a value', async (t) => {
  const { store, writer } = await open(t);
  const attempt = (row: ReturnType<typeof order>) =>
    faultOf(
      t,
      store.commit(
        writer.next({ created: [actor(2n)], transitions: [transition(2n, 1)], records: [recorded(2n, row)] }),
      ),
    );
  const faults = [
    await attempt(order('CANARY', { quantity: '-1' })),
    await attempt(order('CANARY', { provider: 'CANARY' })),
    await attempt(order('CANARY', { quantity: `1${'0'.repeat(30)}` })),
    await attempt(order('CANARY', { quantity: 'CANARY' })),
    await attempt(order('CANARY\u0000')),
  ];
  t.deepEqual(
    faults.map(({ kind, sqlState }) => `${kind} ${sqlState}`),
    ['refused 23514', 'refused 23503', 'refused 22003', 'refused 22P02', 'refused 22021'],
  );
  t.is(
    faults[0]?.message,
    'commit 2 of shard 0, insert_orders: a constraint does not hold ' +
      '(sqlstate=23514, table=orders, constraint=orders_quantity_check)',
  );
  t.notRegex(inspect(faults, { depth: 9, showHidden: true }), /CANARY/);
});

test('a row that cannot be encoded is refused before anything is sent, with its column', async (t) => {
  const { store, writer, url } = await open(t);
  const broken = order('o-1');
  Reflect.deleteProperty(broken, 'price');
  const fault = await faultOf(t, store.commit(writer.next({ records: [recorded(1n, broken)] })));
  t.like(fault, { kind: 'refused', message: 'commit 2 of shard 0: orders.price takes strings, not a undefined' });
  const number = await faultOf(t, store.commit(writer.next({ transitions: [transition(1n, 2, { hop: 2 ** 31 })] })));
  t.like(number, { kind: 'refused', message: 'commit 2 of shard 0: transitions.hop takes integers of 32 bits' });
  t.is(await committedNumber(url), '1');
});

test('a message that is in the journal already is a duplicate', async (t) => {
  const { store, writer } = await open(t);
  const again = { changed: [change(1n, 1)], transitions: [transition(1n, 2, { messageId: 'outside:1.1' })] };
  const fault = await faultOf(t, store.commit(writer.next(again)));
  t.like(fault, { kind: 'duplicate', sqlState: '23505' });
  // The other key of the journal is no message that came twice.
  const number = { transitions: [transition(1n, 1, { messageId: 'other' })] };
  t.like(await faultOf(t, store.commit(writer.next(number))), { kind: 'refused', sqlState: '23505' });
});

test('a change of another version than the stored one, or of nothing, is fatal', async (t) => {
  const { url, store, writer, change1 } = await open(t);
  const ahead = { changed: [change(1n, 2)], transitions: [transition(1n, 3)] };
  const fault = await faultOf(t, store.commit(writer.next(ahead)));
  t.like(fault, { kind: 'fatal', sqlState: 'MS001' });
  t.regex(fault.message, /update_actors: stale snapshot of actor 1: its stored version is not the one/);
  t.regex(
    (await faultOf(t, store.commit(writer.next({ changed: [change(7n, 1)] })))).message,
    /stale snapshot of actor 7/,
  );
  t.is(await committedNumber(url), '1');
  await writer.commit(change1);
});

test('a group that is not the next one of the shard is fenced', async (t) => {
  const { store, writer, change1 } = await open(t);
  await writer.commit(change1);
  const set = writer.next();
  t.like(await faultOf(t, store.commit({ ...set, number: set.number + 1n })), { kind: 'fenced', sqlState: 'MF001' });
  t.like(await faultOf(t, store.commit({ ...set, number: set.number - 1n })), { kind: 'fenced' });
  t.like(await faultOf(t, store.commit({ ...set, epoch: set.epoch + 1n })), { kind: 'fenced' });
  t.like(await faultOf(t, store.commit({ ...set, shard: 7 })), { kind: 'fenced' });
  await store.commit(set);
});

// Raised by the server itself in the middle of a group, so that the driver, the pipeline and the mapping all take part.
for (const [sqlState, kind] of [
  ['40001', 'transient'],
  ['40P01', 'transient'],
  ['53100', 'transient'],
  ['53200', 'transient'],
  ['55P03', 'transient'],
  ['08006', 'unknown'],
  ['57P01', 'unknown'],
  ['57014', 'unknown'],
  ['22023', 'refused'],
  ['23P01', 'refused'],
  ['42P01', 'fatal'],
  ['0A000', 'fatal'],
  ['XX000', 'fatal'],
  ['58030', 'fatal'],
] as const) {
  test(`SQLSTATE ${sqlState} is ${kind}, and the group can be sent again when it is over`, async (t) => {
    const { url, store, writer, change1 } = await open(t);
    await query(
      url,
      `create function fail() returns trigger language plpgsql as $$
         begin raise exception 'CANARY' using errcode = '${sqlState}'; end $$;
       create trigger fail before insert on transitions execute function fail();`,
    );
    const fault = await faultOf(t, store.commit(writer.next(change1)));
    t.like(fault, { kind, sqlState });
    t.regex(fault.message, /^commit 2 of shard 0, insert_transitions: /);
    t.is(await committedNumber(url), '1');
    await query(url, 'drop trigger fail on transitions');
    if (kind === 'unknown') t.is((await store.committed(0)).number, 1n);
    await writer.commit(change1);
  });
}

test('a row that another session holds makes the group give way after the lock timeout', async (t) => {
  const { url, store, writer, change1 } = await open(t, { lockTimeoutMs: 100 });
  const holder = await session(t, url);
  await holder.query('begin; select 1 from actors for update');
  t.like(await faultOf(t, store.commit(writer.next(change1))), { kind: 'transient', sqlState: '55P03' });
  await holder.query('rollback');
  await writer.commit(change1);
});

test('a backend killed in the middle of a group leaves nothing of it, and the next one takes over', async (t) => {
  const { url, store, writer, change1 } = await open(t);
  const holder = await session(t, url);
  await holder.query('begin; select 1 from actors for update');
  const commit = faultOf(t, store.commit(writer.next(change1)));
  const waiting = `from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
  await until('the group waits', async () => (await query(url, `select 1 ${waiting}`)).length === 1);
  await query(url, `select pg_terminate_backend(pid) ${waiting}`);
  t.is((await commit).kind, 'unknown');
  await holder.query('rollback');
  t.deepEqual(await store.committed(0), { number: 1n, epoch: 1n });
  await writer.commit(change1);
});

test('a connection cut before the group arrives: unknown, and the commit number says no', async (t) => {
  const { proxy, store, set } = await openProxied(t);
  proxy.stall('toServer');
  const commit = faultOf(t, store.commit(set));
  await until('the group is on its way', () => proxy.held('toServer') > 0);
  proxy.cut();
  t.like(await commit, { kind: 'unknown', sqlState: null });
  t.is((await store.committed(0)).number, set.number - 1n);
  await store.commit(set);
});

test('a connection cut between the commit and its answer: unknown, and the commit number says yes', async (t) => {
  const { url, proxy, store, set } = await openProxied(t);
  proxy.stall('toClient');
  const commit = faultOf(t, store.commit(set));
  await until('the server has committed', async () => (await committedNumber(url)) === String(set.number));
  proxy.cut();
  t.is((await commit).kind, 'unknown');
  t.is((await store.committed(0)).number, set.number);
  t.is((await faultOf(t, store.commit(set))).kind, 'fenced', 'sent again all the same it is not applied twice');
});

test('a half-open connection is given up after the answer timeout, and its group can never land later', async (t) => {
  const { url, proxy, store, set } = await openProxied(t, { answerTimeoutMs: 1_000 });
  proxy.stall('toServer', 'toClient');
  t.is((await faultOf(t, store.commit(set))).kind, 'unknown');
  t.true(proxy.held('toServer') > 0, 'the group is still in the network');
  t.is((await store.committed(0)).number, set.number - 1n);
  const before = await query(url, 'select * from transitions');
  proxy.resume();
  await until('the late group is through', () => proxy.held('toServer') === 0);
  await store.commit(set);
  t.is((await query(url, 'select * from transitions')).length, before.length + 1);
});

test('while the database cannot be reached everything is unknown; when it can, work goes on', async (t) => {
  const { proxy, store, set } = await openProxied(t);
  proxy.refuse(true);
  proxy.cut();
  t.is((await faultOf(t, store.commit(set))).kind, 'unknown');
  t.is((await faultOf(t, store.committed(0))).kind, 'unknown');
  t.is((await faultOf(t, store.renew({ shard: 0, epoch: 1n, commitNumber: 0n, ttlMs: 1_000 }))).kind, 'unknown');
  t.is((await faultOf(t, store.load(0))).kind, 'unknown');
  proxy.refuse(false);
  t.is((await store.committed(0)).number, set.number - 1n);
  await store.commit(set);
});

test('groups that are sent at once are committed one after the other', async (t) => {
  const { store, writer, url } = await open(t);
  const first = writer.next();
  await Promise.all([0n, 1n, 2n].map((n) => store.commit({ ...first, number: first.number + n })));
  t.is(await committedNumber(url), String(first.number + 2n));
});
