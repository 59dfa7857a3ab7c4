// A database that is away for a moment, seen at the reads of the runtime: the gateway waits for those as for commits.
import test from 'ava';
import { type Store, StoreFault } from '../../actors/runtime/ports.ts';
import { testDatabase } from '../support/db.ts';
import { type CounterMessage, counterActor } from '../support/machines.ts';
import { counter, query, run, until } from '../support/system.ts';

/** Fails the next `times` calls of `read` as a lost connection does. */
function failing(store: Store, read: 'reserveIds' | 'findActor', outage: { times: number }): Store {
  const away = (): void => {
    if (outage.times === 0) return;
    outage.times -= 1;
    throw new StoreFault('unknown', 'injected: the connection was lost', null);
  };
  const reserveIds: Store['reserveIds'] = async (sequence, count) => {
    if (read === 'reserveIds') away();
    return store.reserveIds(sequence, count);
  };
  const findActor: Store['findActor'] = async (key) => {
    if (read === 'findActor') away();
    return store.findActor(key);
  };
  return { ...store, reserveIds, findActor };
}

test('ids that cannot be reserved while the database is away are reserved when it is back', async (t) => {
  const url = await testDatabase();
  const outage = { times: 0 };
  const failed: unknown[] = [];
  const { system, stop } = await run({
    url,
    actors: [counterActor()],
    bounds: { idBlock: 60, effectsPerTurn: 10 },
    wrap: (store) => failing(store, 'reserveIds', outage),
    onFailed: (error) => failed.push(error),
  });
  outage.times = 3;
  for (let n = 0; n < 100; n += 1) await system.spawn(counter(`c${n}`), { step: 1 });
  t.is(outage.times, 0);
  t.is(system.inspector.health().phase, 'running');
  t.deepEqual(failed, []);
  await stop();
});

test('a message to an actor at rest reaches it when the database is back, not only after the next boot', async (t) => {
  const url = await testDatabase();
  const first = await run({ url, actors: [counterActor()] });
  await first.system.spawn(counter('near'), { step: 1 });
  await first.system.spawn(counter('far'), { step: 1 });
  await first.system.deliver(counter('far'), { type: 'Rest' } as CounterMessage);
  await first.stop();
  const outage = { times: 3 };
  const wrap = (store: Store): Store => failing(store, 'findActor', outage);
  const { system, stop } = await run({ url, actors: [counterActor()], wrap });
  await system.deliver(counter('near'), { type: 'Forward', to: counter('far'), amount: 5 } as CounterMessage);
  await until(
    'it is applied',
    async () => (await query(url, `select 1 from transitions where type = 'Add'`)).length === 1,
  );
  t.is(outage.times, 0);
  t.deepEqual(await query(url, 'select 1 from events_outbox'), []);
  await stop();
});
