// Commits that fail in every way a commit can fail, under load: what is decided again, and that nobody notices.
import test from 'ava';
import type { ActorKey } from '../../actors/runtime/message.ts';
import { type Store, StoreFault, type WriteSet } from '../../actors/runtime/ports.ts';
import { testDatabase } from '../support/db.ts';
import { type CounterMessage, counterActor } from '../support/machines.ts';
import { contextOf, counter, differences, query, run, until } from '../support/system.ts';

type Fault = 'none' | 'transient' | 'lostBefore' | 'lostAfter';

/** A store whose commits fail as the dice say: before they reach the database, or after they are in it. */
function faulty(store: Store, roll: () => Fault): Store {
  return {
    ...store,
    async commit(set) {
      const fault = roll();
      if (fault === 'transient') throw new StoreFault('transient', 'injected deadlock', '40P01');
      if (fault === 'lostBefore') throw new StoreFault('unknown', 'injected cut before COMMIT', null);
      await store.commit(set);
      if (fault === 'lostAfter') throw new StoreFault('unknown', 'injected cut before the reply', null);
    },
  };
}

/** Small deterministic generator: the seed is in the test's name. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

for (const seed of [1, 2, 3]) {
  test(`nothing is lost, doubled or reordered while commits fail in every way (seed ${seed})`, async (t) => {
    const url = await testDatabase();
    const random = dice(seed);
    const faults: Fault[] = ['none', 'none', 'none', 'transient', 'lostBefore', 'lostAfter'];
    const roll = (): Fault => faults[Math.floor(random() * faults.length)] ?? 'none';
    const performed = new Map<string, number>();
    const ports = { call: async (_: string, key: string) => void performed.set(key, (performed.get(key) ?? 0) + 1) };
    const actors = [counterActor({ attempts: 1 })];
    const { system, stop } = await run({
      url,
      actors,
      ports,
      wrap: (store) => faulty(store, roll),
      bounds: { groupTurns: 16, cascadeTurns: 8 },
    });
    const names = Array.from({ length: 8 }, (_, n) => `c${n}`);
    await Promise.all(names.map((name) => system.spawn(counter(name), { step: 1 })));
    const told: Promise<unknown>[] = [];
    for (let n = 0; n < 600; n += 1) {
      const name = names[Math.floor(random() * names.length)] as string;
      const what = random();
      const other = counter(names[Math.floor(random() * names.length)] as string);
      const message: CounterMessage =
        what < 0.6
          ? { type: 'Add', amount: 1 }
          : what < 0.8
            ? { type: 'Forward', to: other, amount: 1 }
            : what < 0.9
              ? { type: 'Call', text: `${n}` }
              : what < 0.95
                ? { type: 'Spoil' }
                : { type: 'Explode' };
      told.push(system.deliver(counter(name), message, { id: `m${n}` }).then((outcome) => [message.type, outcome]));
    }
    const outcomes = (await Promise.all(told)) as [string, string][];
    await until('all effects are settled', async () => (await query(url, 'select 1 from events_outbox')).length === 0);
    // 1. Only what cannot be applied was buried.
    t.deepEqual(
      [...new Set(outcomes.filter(([, outcome]) => outcome !== 'applied').map(([type]) => type))].toSorted(),
      ['Explode', 'Spoil'],
    );
    // 2. Sums: every Add and every Forward arrived once.
    const adds = outcomes.filter(([type]) => type === 'Add' || type === 'Forward').length;
    // The last answer may be lost: then memory shows the commit before it for a moment.
    const total = (): number => names.reduce((sum, name) => sum + contextOf(system, counter(name)).total, 0);
    await until(`the sum is ${adds}`, () => total() >= adds);
    t.is(total(), adds);
    // 3. Order: per actor, messages from outside stand in the journal as they were accepted.
    const rows = await query<{ actor_id: string; n: number }>(
      url,
      `select actor_id, substring(message_id from 2)::int as n from transitions
        where message_id like 'm%' order by actor_id, number`,
    );
    t.deepEqual(
      rows,
      rows.toSorted((a, b) => Number(a.actor_id) - Number(b.actor_id) || a.n - b.n),
    );
    // 4. Effects: each once, and only of committed transitions.
    const calls = outcomes.filter(([type]) => type === 'Call').length;
    t.is(performed.size, calls);
    t.true([...performed.values()].every((times) => times === 1));
    await stop();
    t.deepEqual(await differences(url, actors), []);
  });
}

test('no effect of a lost commit ever runs, and none before its commit', async (t) => {
  const url = await testDatabase();
  const performed: string[] = [];
  const ports = { call: async (text: string) => void performed.push(text) };
  const committed: string[] = [];
  let refuse = false;
  const wrap = (store: Store): Store => ({
    ...store,
    async commit(set: WriteSet) {
      if (refuse && set.transitions.some(({ type }) => type === 'Call'))
        throw new StoreFault('refused', 'injected refusal', '23514');
      await store.commit(set);
      for (const { type, body } of set.transitions)
        if (type === 'Call') committed.push((JSON.parse(body) as { text: string }).text);
      if (performed.some((text) => !committed.includes(text)))
        t.fail(`${performed.join()} ran, ${committed.join()} is committed`);
    },
  });
  const { system, stop } = await run({ url, actors: [counterActor()], ports, wrap });
  await system.spawn(counter('a'), { step: 1 });
  refuse = true;
  t.is(await system.deliver(counter('a'), { type: 'Call', text: 'lost' } as CounterMessage), 'deadLettered');
  refuse = false;
  t.is(await system.deliver(counter('a'), { type: 'Call', text: 'kept' } as CounterMessage), 'applied');
  await until('the kept one ran', () => performed.length > 0);
  t.deepEqual(performed, ['kept']);
  await stop();
});

test('a database that stops answering stops nothing but time: what waits is committed when it is back', async (t) => {
  const url = await testDatabase();
  let down = false;
  const wrap = (store: Store): Store => ({
    ...store,
    commit: (set) =>
      down ? Promise.reject(new StoreFault('unknown', 'injected: nobody answers', null)) : store.commit(set),
    committed: (shard) =>
      down ? Promise.reject(new StoreFault('unknown', 'injected: nobody answers', null)) : store.committed(shard),
  });
  const { system, stop } = await run({ url, actors: [counterActor()], wrap });
  await system.spawn(counter('a'), { step: 1 });
  down = true;
  const waiting = Array.from({ length: 50 }, () =>
    system.ask(counter('a'), { type: 'Add', amount: 1 } as CounterMessage),
  );
  await until('the runtime says so', () => /does not answer/.test(system.inspector.health().reason ?? ''));
  t.like(system.snapshot(counter('a'))?.context, { total: 0 });
  down = false;
  await Promise.all(waiting);
  t.like(system.snapshot(counter('a'))?.context, { total: 50 });
  t.is(system.inspector.health().reason, null);
  await stop();
});

test('a fault that may not be repaired stops the system and turns its callers away', async (t) => {
  const url = await testDatabase();
  let broken = false;
  const failed: unknown[] = [];
  const wrap = (store: Store): Store => ({
    ...store,
    commit: (set) => (broken ? Promise.reject(new StoreFault('fatal', 'injected bug', '42P01')) : store.commit(set)),
  });
  const { system, store } = await run({ url, actors: [counterActor()], wrap, onFailed: (error) => failed.push(error) });
  await system.spawn(counter('a'), { step: 1 });
  broken = true;
  await t.throwsAsync(system.ask(counter('a'), { type: 'Add', amount: 1 } as CounterMessage), {
    message: /injected bug/,
  });
  await t.throwsAsync(system.tell(counter('a'), { type: 'Add', amount: 1 } as CounterMessage), {
    message: /NOT_RUNNING: the system is failed: injected bug/,
  });
  t.is(failed.length, 1);
  await system.stop();
  await store.close();
});

for (const kind of ['fatal', 'duplicate', 'refused'] as const) {
  test(`what another process's work makes fail (${kind}) is a lost lease`, async (t) => {
    const url = await testDatabase();
    let taken = false;
    const failed: unknown[] = [];
    const wrap = (store: Store): Store => ({
      ...store,
      commit: (set) => (taken ? Promise.reject(new StoreFault(kind, 'injected shadow', null)) : store.commit(set)),
      committed: async (shard) => {
        const standing = await store.committed(shard);
        return taken ? { epoch: standing.epoch + 1n, number: standing.number + 7n } : standing;
      },
    });
    const actors = [counterActor()];
    const { system, store } = await run({ url, actors, wrap, onFailed: (error) => failed.push(error) });
    await system.spawn(counter('a'), { step: 1 });
    taken = true;
    await t.throwsAsync(system.ask(counter('a'), { type: 'Add', amount: 1 } as CounterMessage), {
      message: /LEASE_LOST: another process took shard 0 over/,
    });
    t.is(failed.length, 1);
    await system.stop();
    await store.close();
  });
}

test('a cascade longer than a group goes on from the outbox, also in the next process', async (t) => {
  const url = await testDatabase();
  const actors = [counterActor()];
  const first = await run({ url, actors, bounds: { groupTurns: 1, cascadeTurns: 0 } });
  await first.system.spawn(counter('a'), { step: 1 });
  await first.system.spawn(counter('b'), { step: 1 });
  const forward = (to: ActorKey): CounterMessage => ({ type: 'Forward', to, amount: 2 });
  await first.system.ask(counter('a'), forward(counter('b')));
  await until('it arrives', () => first.system.snapshot(counter('b'))?.version === 2);
  t.is((await query(url, 'select * from events_outbox')).length, 0);
  // A message whose receiver is not in memory waits in the outbox; a crash here must not lose it.
  await first.system.ask(counter('b'), { type: 'Rest' } as CounterMessage);
  const before = BigInt(first.system.inspector.health().commitNumber);
  await first.system.ask(counter('a'), forward(counter('b')));
  t.true(BigInt(first.system.inspector.health().commitNumber) > before);
  await first.crash();
  const second = await run({ url, actors });
  await until(
    'it arrives after the crash',
    async () =>
      (
        await query(
          url,
          `select 1 from transitions t join actors a on a.id = t.actor_id where a.key = 'counter/b' and t.type = 'Add'`,
        )
      ).length === 2,
  );
  await second.stop();
  t.is((await query(url, 'select * from events_outbox')).length, 0);
  t.deepEqual(await differences(url, actors), []);
});

test('a system whose database is gone still stops, and what was not committed is told so', async (t) => {
  const url = await testDatabase();
  let down = false;
  const wrap = (store: Store): Store => ({
    ...store,
    commit: (set) =>
      down ? Promise.reject(new StoreFault('unknown', 'injected: nobody answers', null)) : store.commit(set),
  });
  const { system, store } = await run({ url, actors: [counterActor()], wrap });
  await system.spawn(counter('a'), { step: 1 });
  down = true;
  const waits = system.ask(counter('a'), { type: 'Add', amount: 1 } as CounterMessage);
  const refused = t.throwsAsync(waits, { message: /NOT_RUNNING/ });
  const startedAt = performance.now();
  await system.stop();
  await refused;
  t.true(performance.now() - startedAt < 10_000);
  await store.close();
});
