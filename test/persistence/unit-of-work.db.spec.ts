import test from 'ava';
import { StoreFault } from '../../actors/runtime/ports.ts';
import { encodeArray } from '../../persistence/binary-arrays.ts';
import { createStore } from '../../persistence/index.ts';
import { lastByKey, type Projection } from '../../persistence/projections/projection.ts';
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
  timer,
  transition,
} from '../support/write-sets.ts';

async function open(t: { teardown(fn: () => Promise<void>): void }) {
  const url = await testDatabase();
  const store = createStore({ url });
  t.teardown(() => store.close());
  return { url, store, writer: await own(store) };
}

/** Every row of the kernel and trade tables as one text, without what the database's own clock wrote. */
async function everything(url: string): Promise<string> {
  const tables = await query<{ name: string }>(
    url,
    `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
      and relname not in ('nodes', 'schema_migrations') order by relname`,
  );
  const dumps = await Promise.all(
    tables.map(async ({ name }) => {
      const rows = await query<{ rows: string | null }>(
        url,
        `select string_agg((to_jsonb(t) - 'created_at' - 'updated_at')::text, E'\n' order by to_jsonb(t)::text) as rows
           from ${name} t`,
      );
      return `${name}: ${rows[0]?.rows ?? ''}`;
    }),
  );
  return dumps.join('\n');
}

const envelope = (id: string) => ({
  id,
  to: 'thing/9' as const,
  from: 'thing/1' as const,
  body: { type: 'Poked' },
  cause: null,
  correlation: id,
  hop: 3,
});

test('a commit writes everything a group decided', async (t) => {
  const { url, store, writer } = await open(t);
  const snapshot = '{"c": {"b":1,"a":1.10, "\\u0000é":"𝄞"},\n"v":"idle"}';
  await writer.commit({
    created: [actor(1n, { snapshot, version: 2 }), actor(2n, { key: 'provider/paper', kind: 'provider' }), actor(3n)],
    transitions: [transition(1n, 1), transition(1n, 2, { sender: 'thing/2', cause: 'x', hop: 4 }), transition(2n, 1)],
    records: [recorded(2n, paper), recorded(1n, order('o-1')), recorded(1n, execution('t-1'))],
    outbox: [outgoing(10n, 1n), outgoing(11n, 1n, { lane: 'event', target: 'orders', deliveredAt: AT })],
    timersPut: [timer(1n, 'retry'), timer(1n, 'expire', { dueAt: AT + 1 })],
    deadLetters: [{ envelope: envelope('m-1'), reason: 'unhandled', error: 'no transition', at: AT }],
  });
  const loaded = await store.load(0);
  t.is(loaded.lastAt, AT);
  t.deepEqual(loaded.actors[0], actor(1n, { snapshot, version: 2 }));
  t.deepEqual(
    loaded.actors.map(({ key }) => key),
    ['thing/1', 'provider/paper', 'thing/3'],
  );
  t.deepEqual(loaded.timers, [timer(1n, 'expire', { dueAt: AT + 1 }), timer(1n, 'retry')]);
  t.deepEqual(
    loaded.outbox.map(({ id, lane, source, target, body, at }) => ({ id, lane, source, target, body, at })),
    [{ id: 10n, lane: 'effect', source: 'thing/1', target: 'ring', body: '{"bell":1}', at: AT }],
  );
  // What another actor sent is not delivered from outside again.
  t.deepEqual(loaded.recentMessages.toSorted(), ['provider/paper outside:2.1', 'thing/1 outside:1.1']);
  const history = await store.history('thing/1');
  const { actorId: _, ...second } = transition(1n, 2, { sender: 'thing/2', cause: 'x', hop: 4 });
  t.deepEqual(history?.transitions[1], second);
  t.is(history?.snapshot, snapshot);
  t.deepEqual((await store.history('thing/1', { last: 1 }))?.transitions, [second]);
  const [dead] = await store.listDeadLetters({ limit: 10 });
  t.deepEqual(dead?.envelope, envelope('m-1'));
  t.deepEqual(await query(url, 'select actor_id, quantity, price, placed_at from orders'), [
    { actor_id: '1', quantity: '0.500000000000000000', price: '43210.120000000000000000', placed_at: new Date(AT) },
  ]);
  t.deepEqual(await query(url, 'select order_id, fee from executions'), [
    { order_id: '1', fee: '0.000000000000000001' },
  ]);
});

test('the next group changes, settles, drops and marks', async (t) => {
  const { url, store, writer } = await open(t);
  await writer.commit({
    created: [actor(1n), actor(2n)],
    transitions: [transition(1n, 1), transition(2n, 1)],
    outbox: [
      outgoing(10n, 1n),
      outgoing(11n, 1n),
      outgoing(12n, 1n, { lane: 'event' }),
      outgoing(13n, 2n, { lane: 'event' }),
    ],
    timersPut: [timer(1n, 'a'), timer(1n, 'b'), timer(2n, 'a')],
    deadLetters: [{ envelope: envelope('m-1'), reason: 'poison', error: 'x', at: AT }],
  });
  await writer.commit({
    at: AT + 7,
    changed: [
      change(1n, 1, { version: 3, state: 'busy', snapshot: '{"v":"busy"}' }),
      change(2n, 1, { status: 'done' }),
    ],
    transitions: [transition(1n, 2), transition(1n, 3), transition(2n, 2)],
    settled: [10n, 12n],
    delivered: [12n],
    timersPut: [timer(1n, 'b', { generation: 3, dueAt: AT + 9 })],
    timersDropped: [
      { actorId: 1n, timerId: 'a' },
      { actorId: 2n, timerId: 'a' },
    ],
    redriven: [{ key: 'thing/9', messageId: 'm-1' }],
  });
  const loaded = await store.load(0);
  t.deepEqual(
    loaded.actors,
    [actor(1n, { version: 3, state: 'busy', snapshot: '{"v":"busy"}' })],
    'done actors are not loaded',
  );
  t.deepEqual(loaded.timers, [timer(1n, 'b', { generation: 3, dueAt: AT + 9 })]);
  t.deepEqual(
    loaded.outbox.map(({ id }) => id),
    [11n, 13n],
  );
  t.deepEqual(
    await query(url, `select id, delivered_at from events_outbox where lane = 'event' order by id`),
    [
      { id: '12', delivered_at: new Date(AT + 7) },
      { id: '13', delivered_at: null },
    ],
    'an event is marked and kept, also when it is called settled',
  );
  t.is((await store.listDeadLetters({ limit: 10 })).length, 0);
  t.is((await store.getDeadLetter(1n))?.redrivenAt, AT + 7);
  t.like(await store.findActor('thing/2'), { status: 'done', version: 2 });
  t.is(await store.findActor('thing/none'), null);
});

test('a group of which one row is refused leaves nothing, not even its commit number', async (t) => {
  const { url, store, writer } = await open(t);
  await writer.commit({ created: [actor(1n)], transitions: [transition(1n, 1)], timersPut: [timer(1n, 'a')] });
  const before = await everything(url);
  const fault = await t.throwsAsync(
    store.commit(
      writer.next({
        created: [actor(2n), actor(3n, { key: 'provider/paper' })],
        changed: [change(1n, 1)],
        transitions: [transition(1n, 2), transition(2n, 1)],
        records: [recorded(3n, paper), recorded(2n, order('o-1'))],
        outbox: [outgoing(10n, 1n)],
        timersDropped: [{ actorId: 1n, timerId: 'a' }],
        timersPut: [timer(99n, 'of nobody')],
        deadLetters: [{ envelope: envelope('m-2'), reason: 'poison', error: 'x', at: AT }],
      }),
    ),
    { instanceOf: StoreFault },
  );
  t.like(fault, { kind: 'refused', sqlState: '23503' });
  t.is(await everything(url), before);
  t.is((await store.committed(0)).number, writer.number);
  await writer.commit({ changed: [change(1n, 1)], transitions: [transition(1n, 2)] });
  t.not(await everything(url), before, 'and the same session goes on');
});

test('rows of one key in one group are folded to the last word', async (t) => {
  const { url, writer } = await open(t);
  const balance = { table: 'balances', provider: 'paper', asset: 'BTC', locked: '0' } as const;
  await writer.commit({
    created: [actor(1n), actor(2n)],
    transitions: [transition(1n, 1), transition(2n, 1)],
    records: [
      recorded(2n, paper),
      recorded(1n, order('o-1')),
      recorded(1n, order('o-1', { state: 'ACK', life: 'working', venueOrderId: 'v-1' })),
      recorded(1n, execution('t-1')),
      recorded(1n, execution('t-1', { price: '1' })),
      recorded(2n, { ...paper, status: 'degraded' }),
      recorded(2n, { ...balance, available: '3', observedAt: AT + 2 }),
      recorded(2n, { ...balance, available: '2', observedAt: AT + 1 }),
    ],
    deadLetters: [
      { envelope: envelope('m-1'), reason: 'unhandled', error: 'first', at: AT },
      { envelope: envelope('m-1'), reason: 'poison', error: 'second', at: AT },
    ],
  });
  t.deepEqual(await query(url, 'select state, life, venue_order_id as venue from orders'), [
    { state: 'ACK', life: 'working', venue: 'v-1' },
  ]);
  t.deepEqual(await query(url, 'select trim_scale(price)::text as price from executions'), [{ price: '43210.12' }]);
  t.deepEqual(await query(url, 'select status from providers'), [{ status: 'degraded' }]);
  t.deepEqual(await query(url, 'select trim_scale(available)::text as available from balances'), [{ available: '3' }]);
  t.deepEqual(await query(url, 'select reason, error, attempts from dead_letters'), [
    { reason: 'poison', error: 'second', attempts: 2 },
  ]);
});

test('later groups change an order in place, and insert one that recorded nothing at its creation', async (t) => {
  const { url, writer } = await open(t);
  await writer.commit({
    created: [actor(1n), actor(2n), actor(3n)],
    transitions: [transition(1n, 1), transition(2n, 1), transition(3n, 1)],
    records: [recorded(3n, paper), recorded(1n, order('o-1'))],
  });
  await writer.commit({
    at: AT + 1,
    changed: [change(1n, 1), change(2n, 1)],
    transitions: [transition(1n, 2), transition(2n, 2)],
    records: [
      recorded(2n, order('o-2', { price: null, orderType: 'Market' })),
      recorded(1n, order('o-1', { state: 'FILLED', life: 'filled', filledQuantity: '0.5', completedAt: AT + 1 })),
      recorded(1n, execution('t-1')),
    ],
  });
  await writer.commit({
    records: [recorded(1n, execution('t-1')), recorded(1n, execution('t-2'))],
  });
  t.deepEqual(await query(url, 'select client_order_id as id, state, updated_at as at from orders order by actor_id'), [
    { id: 'o-1', state: 'FILLED', at: new Date(AT + 1) },
    { id: 'o-2', state: 'PENDING', at: new Date(AT + 1) },
  ]);
  t.deepEqual(await query(url, 'select trade_id as id from executions order by id'), [{ id: 't-1' }, { id: 't-2' }]);
});

test('an older observation of a balance never replaces a newer one', async (t) => {
  const { url, writer } = await open(t);
  const balance = { table: 'balances', provider: 'paper', asset: 'BTC', locked: '0' } as const;
  const see = (available: string, observedAt: number) =>
    writer.commit({ records: [recorded(1n, { ...balance, available, observedAt })] });
  await writer.commit({
    created: [actor(1n)],
    transitions: [transition(1n, 1)],
    records: [recorded(1n, paper)],
  });
  await see('3', AT + 5);
  await see('2', AT + 4);
  t.deepEqual(await query(url, 'select trim_scale(available)::text as has from balances'), [{ has: '3' }]);
  await see('4', AT + 5);
  t.deepEqual(await query(url, 'select trim_scale(available)::text as has from balances'), [{ has: '4' }]);
});

test('reference rows are written and replaced by their keys', async (t) => {
  const { url, writer } = await open(t);
  const routes = (...symbols: string[]) =>
    recorded(1n, {
      table: 'provider_routes',
      provider: 'paper',
      routes: symbols.map((symbol) => ({ type: 'TRADE', symbol })),
    });
  const instrument = {
    table: 'instruments',
    provider: 'paper',
    symbol: 'BTC-USDT',
    base: 'BTC',
    quote: 'USDT',
    priceIncrement: '0.01',
    quantityIncrement: '0.00001',
    minQuantity: '0.00001',
    maxQuantity: '9000',
    minNotional: '5',
  };
  const instance = {
    table: 'strategy_instances',
    instanceId: 'mm-1',
    strategy: 'market-maker',
    revision: 'sha',
    status: 'starting',
    config: '{}',
    scope: '{}',
    reason: null,
  };
  const risk = { table: 'risk_limits', scope: 'firm', limits: '{}', halted: false, reason: null };
  const audit = { table: 'audit_log', actor: 'operator', action: 'Start', detail: 'mm-1' };
  await writer.commit({
    created: [actor(1n)],
    transitions: [transition(1n, 1)],
    records: [
      recorded(1n, paper),
      routes('A-B', 'C-D'),
      recorded(1n, instrument),
      recorded(1n, instance),
      recorded(1n, risk),
      recorded(1n, audit),
    ],
  });
  await writer.commit({
    records: [
      routes('C-D', 'E-F'),
      recorded(1n, { ...instrument, minNotional: '10' }),
      recorded(1n, { ...instance, status: 'running' }),
      recorded(1n, { ...risk, halted: true }),
      recorded(1n, audit),
    ],
  });
  t.deepEqual(await query(url, 'select symbol from provider_routes order by 1'), [
    { symbol: 'C-D' },
    { symbol: 'E-F' },
  ]);
  t.deepEqual(await query(url, 'select trim_scale(min_notional)::text as least from instruments'), [{ least: '10' }]);
  t.deepEqual(await query(url, 'select status, version from strategy_instances'), [
    { status: 'running', version: '2' },
  ]);
  t.deepEqual(await query(url, 'select halted, version from risk_limits'), [{ halted: true, version: '2' }]);
  t.is((await query(url, 'select 1 from audit_log')).length, 2);
  await writer.commit({ records: [routes()] });
  t.is((await query(url, 'select 1 from provider_routes')).length, 0);
});

test('an embedder adds projections of its own, and a record that none writes is refused', async (t) => {
  const url = await testDatabase();
  await query(url, 'create table bells (actor_id bigint primary key references actors, rung bigint not null)');
  const ring = {
    name: 'ring_bells',
    text: `insert into bells as b select * from unnest($1::int8[], $2::int8[])
      on conflict (actor_id) do update set rung = b.rung + excluded.rung`,
  };
  const bells: Projection<{ table: 'bells'; times: number }> = {
    table: 'bells',
    statements: [ring],
    bind: (rows) => {
      const times = lastByKey(rows, ({ actorId }) => actorId);
      return [
        {
          statement: ring,
          values: [
            encodeArray(
              'int8',
              times.map(({ actorId }) => actorId),
            ),
            encodeArray(
              'int8',
              times.map(({ row }) => row.times),
            ),
          ],
        },
      ];
    },
  };
  const store = createStore({ url, projections: [bells] });
  t.teardown(() => store.close());
  const writer = await own(store);
  const rung = recorded(1n, { table: 'bells', times: 2 });
  await writer.commit({ created: [actor(1n)], transitions: [transition(1n, 1)], records: [rung] });
  await writer.commit({ records: [rung] });
  t.deepEqual(await query(url, 'select rung from bells'), [{ rung: '4' }]);
  const fault = await t.throwsAsync(store.commit(writer.next({ records: [recorded(1n, { table: 'gongs' })] })));
  t.like(fault, { kind: 'refused', message: 'commit 3 of shard 0: no projection writes table gongs' });
  t.throws(() => createStore({ url, projections: [bells, bells] }), { message: 'two projections write bells' });
});

test('ids are reserved in blocks that never overlap, also by many at once', async (t) => {
  const { url, store } = await open(t);
  const other = createStore({ url, poolSize: 12 });
  t.teardown(() => other.close());
  const sizes = Array.from({ length: 1_500 }, (_, i) => 1 + (i % 7));
  const blocks = await Promise.all(sizes.map((size, i) => (i % 4 === 0 ? store : other).reserveIds('outbox', size)));
  const sorted = blocks.toSorted((a, b) => Number(a.first - b.first));
  const overlaps = sorted.filter(({ first, last }, i) => last < first || first <= (sorted[i - 1]?.last ?? 0n));
  t.deepEqual(overlaps, []);
  t.deepEqual(
    blocks.map(({ first, last }) => Number(last - first) + 1),
    sizes,
  );
  t.is((await store.reserveIds('actors', 5)).last, 5n);
  await t.throwsAsync(store.reserveIds('actors', 0));
});

test('keys are listed in pages, by kind, and by whether they are live', async (t) => {
  const { store, writer } = await open(t);
  const ids = [1n, 2n, 3n, 4n, 5n];
  await writer.commit({
    created: ids.map((id) => actor(id, { kind: id > 3n ? 'other' : 'thing', status: id === 2n ? 'done' : 'active' })),
    transitions: ids.map((id) => transition(id, 1)),
  });
  const list = async (filter: Parameters<typeof store.listKeys>[0]) =>
    (await store.listKeys(filter)).map(({ id }) => id);
  t.deepEqual(await list({ limit: 2 }), [1n, 2n]);
  t.deepEqual(await list({ limit: 2, afterId: 2n }), [3n, 4n]);
  t.deepEqual(await list({ limit: 9, kind: 'thing' }), [1n, 2n, 3n]);
  t.deepEqual(await list({ limit: 9, kind: 'thing', live: true }), [1n, 3n]);
  t.deepEqual(await list({ limit: 9, live: false }), [2n]);
});

test('a dead letter that ends there again counts its attempts and waits again', async (t) => {
  const { store, writer } = await open(t);
  const dead = { envelope: envelope('m-1'), reason: 'poison' as const, error: 'x', at: AT };
  await writer.commit({ deadLetters: [dead] });
  await writer.commit({ redriven: [{ key: 'thing/9', messageId: 'm-1' }] });
  t.is((await store.listDeadLetters({ limit: 9, key: 'thing/9' })).length, 0);
  await writer.commit({ deadLetters: [{ ...dead, reason: 'refused', error: 'y' }] });
  const [again] = await store.listDeadLetters({ limit: 9, key: 'thing/9' });
  t.like(again, { attempts: 2, reason: 'refused', error: 'y', redrivenAt: null });
  t.is((await store.listDeadLetters({ limit: 9, key: 'thing/1' })).length, 0);
  t.is(await store.getDeadLetter(99n), null);
});
