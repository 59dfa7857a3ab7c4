// What becomes of actors whose turns fail: held back, let go on, given up, and remembered across restarts.
import test from 'ava';
import { BUS } from '../../actors/bus/messages.ts';
import { busActor, supervisorActor } from '../../actors/index.ts';
import { SUPERVISOR, type SupervisorMessage } from '../../actors/supervisor/messages.ts';
import { testDatabase } from '../support/db.ts';
import { type CounterMessage, counterActor } from '../support/machines.ts';
import { counter, differences, query, type RunOptions, run, until } from '../support/system.ts';

const actors = [supervisorActor, busActor, counterActor({ intensity: 2 })];
const supervised = (url: string): RunOptions => ({ url, actors, bus: BUS, supervisor: SUPERVISOR });
const explode: CounterMessage = { type: 'Explode' };
const add: CounterMessage = { type: 'Add', amount: 1 };

async function start(url: string) {
  const running = await run(supervised(url));
  await running.system.spawn(SUPERVISOR, {});
  const started: SupervisorMessage = {
    type: 'NodeStarted',
    node: 'test',
    epoch: '1',
    providers: [],
    strategies: [],
    risks: [],
  };
  await running.system.deliver(SUPERVISOR, started);
  return running;
}

test('an actor that fails is held back for a moment, and then goes on with what waited', async (t) => {
  const url = await testDatabase();
  const { system, stop } = await start(url);
  await system.spawn(counter('a'), { step: 1 });
  await system.spawn(counter('b'), { step: 1 });
  const states: string[] = [];
  const failed = system.deliver(counter('a'), explode);
  await failed;
  states.push(system.snapshot(counter('a'))?.status ?? '');
  const waits = system.ask(counter('a'), add);
  t.is((await system.ask(counter('b'), add)).reply, 1);
  t.is((await waits).reply, 1);
  states.push(system.snapshot(counter('a'))?.status ?? '');
  t.deepEqual(states, ['suspended', 'active']);
  await stop();
  t.deepEqual(await differences(url, actors), []);
});

test('an actor that fails too often is given up, stays so across restarts, until an operator resumes it', async (t) => {
  const url = await testDatabase();
  const first = await start(url);
  await first.system.spawn(counter('a'), { step: 1 });
  for (let n = 0; n < 2; n += 1) await first.system.deliver(counter('a'), explode);
  await first.crash();
  // The failures before the crash count.
  const second = await start(url);
  await second.system.deliver(counter('a'), explode);
  await until('it is given up', () => second.system.snapshot(counter('a'))?.status === 'failed');
  t.is(await second.system.deliver(counter('a'), add), 'deadLettered');
  t.is((await query(url, `select 1 from events_outbox where lane = 'event' and type = 'ActorGivenUp'`)).length, 1);
  await second.stop();
  const third = await start(url);
  t.is(third.system.snapshot(counter('a'))?.status, 'failed');
  t.is(await third.system.deliver(counter('a'), add), 'deadLettered');
  await third.system.deliver(SUPERVISOR, { type: 'ResumeActor', key: counter('a') } as SupervisorMessage);
  t.is((await third.system.ask(counter('a'), add)).reply, 1);
  await third.stop();
  t.deepEqual(await differences(url, actors), []);
});
