import test from 'ava';
import { RuntimeError } from '../../actors/runtime/errors.ts';
import { testDatabase } from '../support/db.ts';
import { type CounterMessage, counterActor } from '../support/machines.ts';
import { contextOf, counter, differences, query, run, until } from '../support/system.ts';

const add = (amount: number): CounterMessage => ({ type: 'Add', amount });
const calls = () => {
  const made: { text: string; key: string; attempt: number }[] = [];
  return {
    made,
    ports: { call: async (text: string, key: string, attempt: number) => void made.push({ text, key, attempt }) },
  };
};

test('an actor is created, told, asked, and comes back after a restart with the same snapshot', async (t) => {
  const url = await testDatabase();
  const actors = [counterActor()];
  const first = await run({ url, actors });
  t.is(await first.system.spawn(counter('a'), { step: 2 }), 'applied');
  t.is(await first.system.spawn(counter('a'), { step: 3 }), 'duplicate');
  await first.system.tell(counter('a'), add(1));
  t.deepEqual(await first.system.ask(counter('a'), add(4)), {
    outcome: 'applied',
    version: 3,
    state: 'counting',
    reply: 10,
  } as never);
  await first.stop();
  const second = await run({ url, actors });
  t.like(second.system.snapshot(counter('a')), { version: 3, state: 'counting', context: { step: 2, total: 10 } });
  t.is((await second.system.ask(counter('a'), add(1))).reply, 12);
  await second.stop();
  t.deepEqual(await differences(url, actors), []);
});

test('a message is applied once however often it is delivered, also by another process', async (t) => {
  const url = await testDatabase();
  const actors = [counterActor()];
  const first = await run({ url, actors });
  await first.system.spawn(counter('a'), { step: 1 });
  const sent = await Promise.all([1, 2, 3].map(() => first.system.deliver(counter('a'), add(5), { id: 'venue:7' })));
  t.deepEqual(sent.toSorted(), ['applied', 'duplicate', 'duplicate']);
  await first.stop();
  // A process that remembers nothing learns it from the journal itself.
  const second = await run({
    url,
    actors,
    wrap: (store) => ({ ...store, load: async (shard) => ({ ...(await store.load(shard)), recentMessages: [] }) }),
  });
  const others = [1, 2, 3, 4].map((n) => second.system.deliver(counter('a'), add(n), { id: `other:${n}` }));
  t.is(await second.system.deliver(counter('a'), add(5), { id: 'venue:7' }), 'duplicate');
  t.deepEqual(await Promise.all(others), ['applied', 'applied', 'applied', 'applied']);
  t.like(second.system.snapshot(counter('a'))?.context, { total: 15 });
  await second.stop();
  t.deepEqual(await differences(url, actors), []);
});

test('a cascade is one commit', async (t) => {
  const url = await testDatabase();
  const { system, stop } = await run({ url, actors: [counterActor()] });
  await system.spawn(counter('a'), { step: 1 });
  await system.spawn(counter('b'), { step: 1 });
  const before = BigInt(system.inspector.health().commitNumber);
  await system.ask(counter('a'), { type: 'Forward', to: counter('b'), amount: 3 } as CounterMessage);
  t.like(system.snapshot(counter('b'))?.context, { total: 3 });
  t.is(BigInt(system.inspector.health().commitNumber) - before, 1n);
  const [row] = await query<{ cause: string; sender: string }>(
    url,
    `select cause, sender from transitions t join actors a on a.id = t.actor_id
      where a.key = 'counter/b' and number = 2`,
  );
  t.is(row?.sender, 'counter/a');
  await stop();
});

test('a poisonous message harms only its actor, becomes a dead letter, and can be delivered again', async (t) => {
  const url = await testDatabase();
  const actors = [counterActor()];
  const { system, store, stop } = await run({ url, actors });
  for (const name of ['a', 'b']) await system.spawn(counter(name), { step: 1 });
  const mixed = await Promise.allSettled([
    system.ask(counter('a'), add(1)),
    system.ask(counter('a'), { type: 'Explode' } as CounterMessage, { id: 'bad' }),
    system.ask(counter('b'), add(1)),
    system.ask(counter('a'), add(1)),
  ]);
  t.deepEqual(
    mixed.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  );
  t.is((mixed[1] as PromiseRejectedResult).reason.code, 'MESSAGE_POISONOUS');
  t.like(system.snapshot(counter('a'))?.context, { total: 2 });
  const [letter] = await store.listDeadLetters({ limit: 10 });
  t.like(letter, { reason: 'poison', error: 'told to explode', envelope: { id: 'bad', to: 'counter/a' } });
  t.is(await system.redrive(letter?.id ?? 0n), 'deadLettered');
  t.is((await store.listDeadLetters({ limit: 10 }))[0]?.attempts, 2);
  await stop();
  t.deepEqual(await differences(url, actors), []);
});

test('a row the database refuses harms only the turn that wrote it', async (t) => {
  const url = await testDatabase();
  const actors = [counterActor()];
  const { system, store, stop } = await run({ url, actors });
  for (let n = 0; n < 20; n += 1) await system.spawn(counter(`c${n}`), { step: 1 });
  const results = await Promise.allSettled(
    Array.from({ length: 200 }, (_, n) =>
      system.ask(counter(`c${n % 20}`), n === 77 ? ({ type: 'Spoil' } as CounterMessage) : add(1), { id: `m${n}` }),
    ),
  );
  t.deepEqual(
    results.flatMap(({ status }, n) => (status === 'rejected' ? [n] : [])),
    [77],
  );
  t.is(results.length, 200);
  t.like((await store.listDeadLetters({ limit: 10 }))[0], { reason: 'refused', envelope: { id: 'm77' } });
  const totals = Array.from({ length: 20 }, (_, n) => contextOf(system, counter(`c${n}`)).total);
  t.is(
    totals.reduce((sum, total) => sum + total, 0),
    199,
  );
  await stop();
  t.deepEqual(await differences(url, actors), []);
});

test('what no state handles is a dead letter naming state and message; what is ignored is not', async (t) => {
  const url = await testDatabase();
  const { system, store, stop } = await run({ url, actors: [counterActor()] });
  await system.spawn(counter('a'), { step: 1 });
  t.is(await system.deliver(counter('a'), { type: 'Ignore' } as CounterMessage), 'applied');
  const error = await t.throwsAsync(system.ask(counter('a'), { type: 'Nonsense' }), { instanceOf: RuntimeError });
  t.regex(error?.message ?? '', /counter\/a in state counting has no transition for Nonsense/);
  t.is((await store.listDeadLetters({ limit: 10 })).length, 1);
  await t.throwsAsync(system.ask(counter('nobody'), add(1)), {
    message: /ACTOR_UNKNOWN: there is no actor counter\/nobody/,
  });
  await t.throwsAsync(system.tell('nokind/x', add(1)), { message: /KIND_UNKNOWN/ });
  await t.throwsAsync(system.tell(counter('a'), { type: 'xstate.stop' }), { message: /MESSAGE_INVALID/ });
  await stop();
});

test('timers are rows: they fire, and after a restart they keep their deadline', async (t) => {
  const url = await testDatabase();
  const actors = [counterActor()];
  const first = await run({ url, actors });
  await first.system.spawn(counter('a'), { step: 1 });
  await first.system.ask(counter('a'), { type: 'Wait', ms: 30 } as CounterMessage);
  await until('the timer fires', () => first.system.snapshot(counter('a'))?.state === 'counting');
  await first.system.ask(counter('a'), { type: 'Wait', ms: 3_000 } as CounterMessage);
  await first.crash();
  t.is((await query(url, 'select * from timers')).length, 1);
  const second = await run({ url, actors });
  await until('the timer fires after the restart', () => second.system.snapshot(counter('a'))?.state === 'counting');
  t.like(second.system.snapshot(counter('a'))?.context, { waits: 2 });
  t.is((await query(url, 'select * from timers')).length, 0);
  await second.stop();
  t.deepEqual(await differences(url, actors), []);
});

test('an effect runs after its commit under a stable key, is retried, and its answer settles it', async (t) => {
  const url = await testDatabase();
  const { made } = calls();
  const ports = {
    async call(text: string, key: string, attempt: number) {
      const rows = await query(url, 'select 1 from transitions where type = $1', ['Call']);
      made.push({ text: `${text}:${rows.length}`, key, attempt });
      if (attempt < 2) throw new Error('not yet');
    },
  };
  const { system, stop } = await run({ url, actors: [counterActor()], ports });
  await system.spawn(counter('a'), { step: 1 });
  await system.ask(counter('a'), { type: 'Call', text: 'x' } as CounterMessage);
  await until('the call is answered', () => system.snapshot(counter('a'))?.version === 3);
  t.deepEqual(made, [
    { text: 'x:1', key: 'counter/a#2.0', attempt: 1 },
    { text: 'x:1', key: 'counter/a#2.0', attempt: 2 },
  ]);
  t.is((await query(url, 'select * from events_outbox')).length, 0);
  await stop();
});

test('an effect that gives up leaves a dead letter and tells its actor', async (t) => {
  const url = await testDatabase();
  const ports = { call: async () => Promise.reject(new Error('never')) };
  const { system, store, stop } = await run({ url, actors: [counterActor()], ports });
  await system.spawn(counter('a'), { step: 1 });
  await system.ask(counter('a'), { type: 'Call', text: 'x' } as CounterMessage);
  await until('the actor is told', () => contextOf(system, counter('a')).calls.length === 1);
  t.like(system.snapshot(counter('a'))?.context, { calls: ['failed x'] });
  await until(
    'the dead letter is there',
    async () => (await store.listDeadLetters({ limit: 1 }))[0]?.reason === 'effect',
  );
  await stop();
});

for (const afterCrash of ['repeat', 'askFirst'] as const) {
  test(`after a crash in the middle an effect that declares ${afterCrash} does that`, async (t) => {
    const url = await testDatabase();
    const actors = [counterActor({ afterCrash })];
    const first = await run({ url, actors, ports: { call: () => new Promise(() => {}) } });
    await first.system.spawn(counter('a'), { step: 1 });
    await first.system.ask(counter('a'), { type: 'Call', text: 'x' } as CounterMessage);
    await first.crash();
    const { made, ports } = calls();
    const second = await run({ url, actors, ports });
    await until('the actor hears', () => second.system.snapshot(counter('a'))?.version === 3);
    t.like(second.system.snapshot(counter('a'))?.context, { calls: [afterCrash === 'repeat' ? 'x' : 'interrupted x'] });
    t.deepEqual(made, afterCrash === 'repeat' ? [{ text: 'x', key: 'counter/a#2.0', attempt: 1 }] : []);
    await second.stop();
    t.is((await query(url, 'select * from events_outbox')).length, 0);
    t.deepEqual(await differences(url, actors), []);
  });
}

test('an actor at rest is not loaded, and a message brings it back', async (t) => {
  const url = await testDatabase();
  const actors = [counterActor()];
  const first = await run({ url, actors });
  await first.system.spawn(counter('a'), { step: 1 });
  await first.system.spawn(counter('b'), { step: 1 });
  await first.system.ask(counter('a'), { type: 'Rest' } as CounterMessage);
  await first.stop();
  const second = await run({ url, actors });
  t.is(second.system.snapshot(counter('a')), null);
  t.is(second.system.inspector.health().actors, 1);
  await second.system.ask(counter('b'), { type: 'Forward', to: counter('a'), amount: 7 } as CounterMessage);
  await until('the message arrives', () => second.system.snapshot(counter('a'))?.state === 'counting');
  t.like(second.system.snapshot(counter('a'))?.context, { total: 7 });
  await until('its outbox row is gone', async () => (await query(url, 'select * from events_outbox')).length === 0);
  await second.stop();
  t.deepEqual(await differences(url, actors), []);
});

test('a process whose lease was taken over cannot commit, and says so', async (t) => {
  const url = await testDatabase();
  const actors = [counterActor()];
  const lost: unknown[] = [];
  const zombie = await run({ url, actors, bounds: { leaseMs: 600_000 }, onFailed: (error) => lost.push(error) });
  await zombie.system.spawn(counter('a'), { step: 1 });
  await query(url, `update nodes set lease_until = now() - interval '1 second'`);
  const next = await run({ url, actors });
  await t.throwsAsync(zombie.system.ask(counter('a'), add(1)), { message: /LEASE_LOST/ });
  t.is(lost.length, 1);
  t.is((await next.system.ask(counter('a'), add(2))).reply, 2);
  await zombie.stop();
  await next.stop();
  t.deepEqual(await differences(url, actors), []);
});

test('a full mailbox refuses, naming actor, depth and bound; a hot actor does not starve a quiet one', async (t) => {
  const url = await testDatabase();
  const { system, stop } = await run({
    url,
    actors: [counterActor()],
    bounds: { mailboxDepth: 2_000, groupTurns: 64 },
  });
  await system.spawn(counter('hot'), { step: 1 });
  await system.spawn(counter('quiet'), { step: 1 });
  const order: string[] = [];
  const told = Array.from({ length: 2_000 }, () => system.ask(counter('hot'), add(1)).then(() => order.push('hot')));
  const refused = system.ask(counter('hot'), add(1));
  await t.throwsAsync(refused, { message: /MAILBOX_FULL: counter\/hot has 2000 messages waiting, at most 2000 may/ });
  await system.ask(counter('quiet'), add(1)).then(() => order.push('quiet'));
  await Promise.all(told);
  t.true(order.indexOf('quiet') < 200, `quiet was served at ${order.indexOf('quiet')}`);
  t.like(system.snapshot(counter('hot'))?.context, { total: 2_000 });
  await stop();
});

test('creating an actor that rests is a duplicate, and what was told with it reaches the old one', async (t) => {
  const url = await testDatabase();
  const actors = [counterActor()];
  const first = await run({ url, actors });
  await first.system.spawn(counter('a'), { step: 2 });
  await first.system.ask(counter('a'), { type: 'Rest' } as CounterMessage);
  await first.stop();
  const second = await run({ url, actors });
  await second.system.spawn(counter('b'), { step: 1 });
  const outcomes = await Promise.all([
    second.system.spawn(counter('a'), { step: 3 }),
    second.system.deliver(counter('a'), add(1)),
    second.system.deliver(counter('b'), { type: 'Beget', key: counter('a') } as CounterMessage),
    second.system.deliver(counter('b'), { type: 'Forward', to: counter('a'), amount: 5 } as CounterMessage),
  ]);
  t.deepEqual(outcomes, ['duplicate', 'applied', 'applied', 'applied']);
  await until('both reach the old one', () => contextOf(second.system, counter('a')).total === 12);
  await second.stop();
  t.deepEqual(await query(url, 'select 1 from dead_letters'), []);
  t.deepEqual(await query(url, `select 1 from events_outbox`), []);
  t.deepEqual(await differences(url, actors), []);
});
