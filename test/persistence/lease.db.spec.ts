import test, { type ExecutionContext } from 'ava';
import pg from 'pg';
import type { LeaseAnswer, Store } from '../../actors/runtime/ports.ts';
import { createStore, type PostgresStore } from '../../persistence/index.ts';
import { startChild } from '../support/child.ts';
import { testDatabase } from '../support/db.ts';
import { query, until } from '../support/system.ts';
import { tcpProxy } from '../support/tcp-proxy.ts';
import { actor, change, own, transition, Writer } from '../support/write-sets.ts';

function open(t: ExecutionContext, url: string): PostgresStore {
  const store = createStore({ url });
  t.teardown(() => store.close());
  return store;
}

const take = (store: Store, node: string, ttlMs = 60_000): Promise<LeaseAnswer> =>
  store.acquire({ shard: 0, node, ttlMs });

/** Takes the shard as soon as it is to be had. */
async function takeWhenFree(store: Store, node: string): Promise<Writer> {
  let writer: Writer | undefined;
  await until(`${node} has the shard`, async () => {
    const answer = await take(store, node);
    if (answer.granted) writer = new Writer(store, answer.grant);
    return answer.granted;
  });
  if (writer === undefined) throw new Error('not taken');
  return writer;
}

const remaining = async (url: string): Promise<number> => {
  const [row] = await query<{ ms: number }>(
    url,
    `select (extract(epoch from lease_until - clock_timestamp()) * 1000)::int as ms from nodes`,
  );
  return row?.ms ?? 0;
};

test('a free shard is granted; while it is held others are told by whom and for how long', async (t) => {
  const url = await testDatabase();
  const [first, second] = [open(t, url), open(t, url)];
  t.deepEqual(await take(first, 'host-1:4711'), {
    granted: true,
    grant: { shard: 0, epoch: 1n, commitNumber: 0n, ttlMs: 60_000 },
  });
  const answer = await take(second, 'host-2:4712');
  if (answer.granted) return t.fail('granted twice');
  t.regex(answer.holder, /^host-1:4711 \(backend \d+\)$/);
  t.true(answer.expiresInMs > 0 && answer.expiresInMs <= 60_000);
  const own = await take(first, 'host-1:4711');
  t.false(own.granted, 'not even the holder gets it twice');
});

test('a shard that is given up goes to the next, under a higher epoch and the same commit numbers', async (t) => {
  const url = await testDatabase();
  const [first, second] = [open(t, url), open(t, url)];
  const writer = await own(first);
  await writer.commit();
  await first.unlock(writer.grant);
  const answer = await take(second, 'second');
  t.like(answer, { granted: true, grant: { epoch: 2n, commitNumber: 1n } });
  t.like(await t.throwsAsync(first.commit(writer.next())), { kind: 'fenced' });
  await first.unlock(writer.grant);
  t.false((await take(first, 'first')).granted, 'the late farewell of the old owner changes nothing');
});

test('shards are held apart from each other', async (t) => {
  const url = await testDatabase();
  const [first, second] = [open(t, url), open(t, url)];
  const [one, two] = [await own(first), await own(second, 'second', 60_000, 1)];
  await one.commit({ created: [actor(1n)], transitions: [transition(1n, 1)] });
  await two.commit({ created: [actor(2n)], transitions: [transition(2n, 1)] });
  t.deepEqual(
    (await first.load(0)).actors.map(({ id }) => id),
    [1n],
  );
  t.deepEqual((await first.load(1)).recentMessages, ['thing/2 outside:2.1']);
});

test('an expired lease is taken, and then the first owner can neither renew nor commit', async (t) => {
  const url = await testDatabase();
  const [first, second] = [open(t, url), open(t, url)];
  const writer = await own(first, 'first', 300);
  const next = await takeWhenFree(second, 'second');
  t.is(next.grant.epoch, 2n);
  t.false(await first.renew(writer.grant));
  t.like(await t.throwsAsync(writer.commit()), { kind: 'fenced', sqlState: 'MF001' });
  await next.commit();
});

test('renewals and commits extend the lease', async (t) => {
  const url = await testDatabase();
  const store = open(t, url);
  const writer = await own(store);
  const shorten = () => query(url, `update nodes set lease_until = clock_timestamp() + interval '1 second'`);
  await shorten();
  t.true(await store.renew(writer.grant));
  t.true((await remaining(url)) > 30_000);
  await shorten();
  await writer.commit();
  t.true((await remaining(url)) > 30_000);
});

test('a holder that only lost the session of its lease keeps the shard, and renews it on another', async (t) => {
  const url = await testDatabase();
  const [first, second] = [open(t, url), open(t, url)];
  const writer = await own(first);
  await writer.commit();
  const pid = async () => (await query<{ pid: number }>(url, 'select backend_pid as pid from nodes'))[0]?.pid;
  const lost = await pid();
  await query(url, 'select pg_terminate_backend($1, 10000)', [lost]);
  t.false((await take(second, 'second')).granted);
  await until('the lease is renewed', () => first.renew(writer.grant).catch(() => false));
  t.not(await pid(), lost);
  await writer.commit();
});

test('the shard of a process that was killed is taken at once, however long its lease', async (t) => {
  const url = await testDatabase();
  const holder = startChild(t, 'test/support/lease-holder.ts', url, '3600000');
  t.is(await holder.line(), 'held');
  const store = open(t, url);
  t.false((await take(store, 'second')).granted);
  holder.signal('SIGKILL');
  const writer = await takeWhenFree(store, 'second');
  t.deepEqual(writer.grant, { shard: 0, epoch: 2n, commitNumber: 1n, ttlMs: 60_000 });
  await writer.commit();
});

test('a process that is only stopped keeps its shard until it expires, and is fenced when it goes on', async (t) => {
  const url = await testDatabase();
  const holder = startChild(t, 'test/support/lease-holder.ts', url, '3600000');
  t.is(await holder.line(), 'held');
  holder.signal('SIGSTOP');
  const store = open(t, url);
  t.false((await take(store, 'second')).granted);
  await query(url, 'update nodes set lease_until = clock_timestamp()');
  const writer = await takeWhenFree(store, 'second');
  await writer.commit();
  holder.tell('commit');
  holder.signal('SIGCONT');
  t.is(await holder.line(), 'fenced');
  await writer.commit();
});

test('an owner paused in the middle of sending a group blocks nobody and is fenced when it goes on', async (t) => {
  const url = await testDatabase();
  const { hostname, port } = new URL(url);
  await using proxy = await tcpProxy({ host: hostname, port: Number(port) });
  const [first, second] = [open(t, proxy.urlOf(url)), open(t, url)];
  const writer = await own(first);
  await writer.commit();
  proxy.stall('toServer');
  const late = t.throwsAsync(first.commit(writer.next({ created: [actor(1n)], transitions: [transition(1n, 1)] })));
  await until('the group is on its way', () => proxy.held('toServer') > 0);
  await query(url, 'update nodes set lease_until = clock_timestamp()');
  const next = await takeWhenFree(second, 'second');
  await next.commit();
  proxy.resume();
  t.like(await late, { kind: 'fenced' });
  t.is((await query(url, 'select 1 from actors')).length, 0);
});

test('an owner that is taken over in the middle of its transaction is refused by its last statement', async (t) => {
  const url = await testDatabase();
  const [first, second] = [open(t, url), open(t, url)];
  const writer = await own(first);
  await writer.commit({ created: [actor(1n)], transitions: [transition(1n, 1)] });
  const holder = new pg.Client(url);
  await holder.connect();
  t.teardown(() => holder.end());
  await holder.query('begin; select 1 from actors for update');
  const late = t.throwsAsync(first.commit(writer.next({ changed: [change(1n, 1)], transitions: [transition(1n, 2)] })));
  const waiting = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
  await until('the group waits for a row', async () => (await query(url, waiting)).length === 1);
  await query(url, 'update nodes set lease_until = clock_timestamp()');
  const next = await takeWhenFree(second, 'second');
  await holder.query('rollback');
  const fault = await late;
  t.like(fault, { kind: 'fenced' });
  t.regex(fault?.message ?? '', /, fence_commit: another process owns the shard/);
  await next.commit({ changed: [change(1n, 1)], transitions: [transition(1n, 2)] });
});

test('what an expired holder left in the middle of a group does not keep the shard from the next', async (t) => {
  const url = await testDatabase();
  const first = open(t, url);
  await own(first);
  const [{ session } = { session: '' }] = await query<{ session: string }>(url, 'select session from nodes');
  // A part of a group, its fence included, whose end never came.
  const half = new pg.Client({ connectionString: url, application_name: session });
  half.on('error', () => {});
  await half.connect();
  await half.query('begin; update nodes set last_at = last_at');
  const second = createStore({ url, lockTimeoutMs: 100 });
  t.teardown(() => second.close());
  t.like(await t.throwsAsync(take(second, 'second')), { kind: 'transient', sqlState: '55P03' });
  await half.query(
    `update nodes set lease_until = clock_timestamp(); commit; begin; update nodes set last_at = last_at`,
  );
  t.true((await take(second, 'second')).granted);
});

test('a store that is closed does nothing more', async (t) => {
  const url = await testDatabase();
  const store = createStore({ url });
  const writer = await own(store);
  await store.close();
  t.like(await t.throwsAsync(writer.commit()), { kind: 'fatal', message: 'the store is closed' });
  t.like(await t.throwsAsync(store.renew(writer.grant)), { kind: 'fatal' });
});

test('a DSN with an application name of its own does not hide who is alive', async (t) => {
  const url = new URL(await testDatabase());
  url.searchParams.set('application_name', 'shared');
  const first = createStore({ url: url.href });
  await own(first);
  await first.close();
  const second = open(t, url.href);
  t.is((await takeWhenFree(second, 'second')).grant.epoch, 2n);
});

test('of eight that want a shard at once one gets it', async (t) => {
  const url = await testDatabase();
  const stores = Array.from({ length: 8 }, () => open(t, url));
  const answers = await Promise.all(stores.map((store, i) => take(store, `node-${i}`)));
  t.is(answers.filter(({ granted }) => granted).length, 1);
});
