// Snapshots of older machines: brought up, or refused by name; never misread.
import test from 'ava';
import { assign, setup } from 'xstate';
import { type ActorDefinition, defineActor, type StoredSnapshot } from '../../actors/runtime/actor.ts';
import { replayAll } from '../../bin/replay.ts';
import { createStore } from '../../persistence/index.ts';
import { testDatabase } from '../support/db.ts';
import { differences, query, run } from '../support/system.ts';

type Event = { readonly type: 'Count' };

const first = setup({
  types: { context: {} as { readonly n: number }, events: {} as Event },
  actions: { count: assign(({ context }) => ({ n: context.n + 1 })) },
}).createMachine({
  id: 'meter',
  version: '1',
  options: { maxIterations: 10 },
  context: () => ({ n: 0 }),
  initial: 'old',
  states: { old: { on: { Count: { actions: 'count' } } } },
});

/** The state is renamed, and what was a number is a text. */
const second = setup({
  types: { context: {} as { readonly total: string }, events: {} as Event },
  actions: { count: assign(({ context }) => ({ total: String(Number(context.total) + 1) })) },
}).createMachine({
  id: 'meter',
  version: '2',
  options: { maxIterations: 10 },
  context: () => ({ total: '0' }),
  initial: 'new',
  states: { new: { tags: ['resting'], on: { Count: { actions: 'count' } } } },
});

const upgrade = {
  1: ({ c }: StoredSnapshot): StoredSnapshot => ({ v: 'new', c: { total: String((c as { n: number }).n) } }),
};
const one = defineActor({ kind: 'meter', version: 1, machine: first });
const two = defineActor({ kind: 'meter', version: 2, machine: second, upgrade });
const twoWithout = defineActor({ kind: 'meter', version: 2, machine: second });

async function countWith(url: string, actor: ActorDefinition, times: number): Promise<void> {
  const { system, stop } = await run({ url, actors: [actor] });
  await system.spawn('meter/a', {});
  for (let n = 0; n < times; n += 1) await system.ask('meter/a', { type: 'Count' });
  await stop();
}

test('a snapshot of an older machine goes through its upgrade, which is a transition of its own', async (t) => {
  const url = await testDatabase();
  await countWith(url, one, 3);
  const { system, stop } = await run({ url, actors: [two] });
  await system.ask('meter/a', { type: 'Count' });
  t.like(system.snapshot('meter/a'), { state: 'new', context: { total: '4' }, version: 6 });
  await stop();
  const journal = await query<{ type: string }>(url, 'select type from transitions order by number');
  t.deepEqual(
    journal.map(({ type }) => type),
    ['@init', 'Count', 'Count', 'Count', '@upgrade', 'Count'],
  );
  // Replay begins at the upgrade: what the older machine decided is not decided again.
  t.deepEqual(await differences(url, [two]), []);
});

test('what an older machine left is named by a replay of all, and is no difference', async (t) => {
  const url = await testDatabase();
  await countWith(url, one, 3);
  const store = createStore({ url });
  t.teardown(() => store.close());
  t.deepEqual(await replayAll(store, [two]), { actors: 0, transitions: 0, older: ['meter/a'], differences: [] });
  t.like(await replayAll(store, [one]), { actors: 1, transitions: 4, older: [], differences: [] });
});

test('without an upgrade the actor is refused by name and both versions, and its neighbours live', async (t) => {
  const url = await testDatabase();
  await countWith(url, one, 1);
  const errors: string[] = [];
  const log = { debug() {}, info() {}, warn() {}, error: (detail: object) => errors.push(JSON.stringify(detail)) };
  const { system, stop } = await run({ url, actors: [twoWithout], log });
  t.is(await system.deliver('meter/a', { type: 'Count' }), 'deadLettered');
  t.is(await system.spawn('meter/b', {}), 'applied');
  t.regex(
    errors.join(),
    /meter\/a was stored by machine version 1, this program has version 2: no upgrade from version 1/,
  );
  await stop();
  // Nothing of it was touched: the older program goes on where it was.
  await countWith(url, one, 1).catch(() => {});
  const [row] = await query<{ machine_version: number; version: string }>(
    url,
    `select machine_version, version from actors where key = 'meter/a'`,
  );
  t.deepEqual(row, { machine_version: 1, version: '3' });
});

test('a snapshot of a newer program is refused by an older one', async (t) => {
  const url = await testDatabase();
  await countWith(url, two, 1);
  const { system, stop } = await run({ url, actors: [one] });
  const outcome = await system.deliver('meter/a', { type: 'Count' }).catch((error: Error) => error.message);
  t.regex(outcome, /meter\/a was stored by machine version 2, this program has version 1: it was written by a newer/);
  await stop();
});
