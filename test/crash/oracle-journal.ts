// The journal against itself and against what was promised: (d) what was acknowledged is there and had its effect,
// (e) every journal folds to its snapshot, (f) nothing is left over, (g) no number is missing.
import { actors } from '../../actors/index.ts';
import type { Message } from '../../actors/runtime/message.ts';
import type { History } from '../../actors/runtime/ports.ts';
import { replay } from '../../actors/runtime/replay.ts';
import { createStepper, type Head, type Step } from '../../actors/runtime/step.ts';
import { INIT, stamp } from '../../actors/runtime/turn.ts';
import { strategyMachine } from '../../actors/strategy/machine.ts';
import { type StrategyInput, strategyKey } from '../../actors/strategy/messages.ts';
import { createStore } from '../../persistence/index.ts';
import type { Acked } from './load.ts';
import { LOAD } from './protocol.ts';
import type { World } from './world.ts';

export interface JournalVerdict {
  readonly findings: readonly string[];
  readonly actors: number;
  readonly transitions: number;
  /** Orders that were in doubt at least once. */
  readonly doubts: number;
}

export async function journalFindings(world: World, acked: ReadonlyMap<string, Acked>): Promise<JournalVerdict> {
  const folded = await foldAll(world);
  const [counted] = await world.query<{ transitions: string; doubts: string }>(
    `select count(*) as transitions,
            count(distinct actor_id) filter (where to_state like 'life.doubt%') as doubts from transitions`,
  );
  const findings = [
    ...folded.findings,
    ...(await ackedFindings(world, folded.load, acked)),
    ...(await leftovers(world)),
    ...(await numberFindings(world)),
  ];
  return {
    findings,
    actors: folded.actors,
    transitions: Number(counted?.transitions),
    doubts: Number(counted?.doubts),
  };
}

/** (e), with the history of the instance that took the commands. */
async function foldAll(world: World): Promise<{ findings: string[]; actors: number; load: History | null }> {
  const findings: string[] = [];
  let load: History | null = null;
  await using store = createStore({ url: world.database });
  const keys = await store.listKeys({ limit: 1_000_000 });
  for (const { key } of keys) {
    const history = await store.history(key);
    const definition = actors.find(({ kind }) => kind === history?.kind);
    if (history === null || definition === undefined) findings.push(`NO_HISTORY: ${key}`);
    else {
      const { difference } = replay(definition, history);
      if (difference !== null) findings.push(`REPLAY: ${key}: ${difference}`);
      if (key === strategyKey(LOAD)) load = history;
    }
  }
  return { findings, actors: keys.length, load };
}

/** (d) In the journal of whom it was for once, and what it asked for was done or denied. */
async function ackedFindings(world: World, load: History | null, acked: ReadonlyMap<string, Acked>): Promise<string[]> {
  const rows = await world.query<{ client_order_id: string }>('select client_order_id from orders');
  const orders = new Set(rows.map((row) => row.client_order_id));
  const findings: string[] = [];
  for (const { messageId, type, step } of load === null ? [] : fold(load)) {
    if (type !== 'PlaceOrder') continue;
    const order = spawned(step);
    if (order === null && !wasDenied(step))
      findings.push(`LOST_COMMAND: ${messageId} led to no order and to no denial`);
    if (order !== null && !orders.has(order))
      findings.push(`LOST_ORDER: ${messageId} led to ${order}, which has no row`);
  }
  const heard = await world.query<{ key: string; message_id: string }>(
    `select a.key, t.message_id from transitions t join actors a on a.id = t.actor_id where t.message_id = any($1)`,
    [[...acked.keys()]],
  );
  const times = Map.groupBy(heard, ({ key, message_id }) => `${message_id} to ${key}`);
  for (const { command } of acked.values()) {
    const count = times.get(`${command.id} to ${command.to}`)?.length ?? 0;
    if (count !== 1)
      findings.push(
        `LOST_COMMAND: ${command.id} was acknowledged and is ${count} times in the journal of ${command.to}`,
      );
  }
  return findings;
}

function* fold(history: History): Generator<{ messageId: string; type: string; step: Step }> {
  const stepper = createStepper(strategyMachine);
  let head: Head | null = null;
  for (const { messageId, type, body, at } of history.transitions) {
    const message = JSON.parse(body) as Message & { readonly input: StrategyInput };
    const step: Step =
      type === INIT || head === null ? stepper.start(message.input) : stepper.step(head, stamp(message, at, messageId));
    head = step.head;
    yield { messageId, type, step };
  }
}

interface Emitted {
  readonly type: string;
  readonly key?: string;
  readonly name?: string;
  readonly args?: { readonly event?: { readonly state?: string; readonly rejectReason?: string } };
}
function emitted({ actions }: Step): Emitted[] {
  return actions.filter(({ type }) => type === 'xstate.emit').map(({ params }) => (params as { event: Emitted }).event);
}
/** Client order id of the order a step gave birth to. */
function spawned(step: Step): string | null {
  const birth = emitted(step).find(({ type }) => type === 'spawn');
  return birth?.key?.slice('order/'.length) ?? null;
}
function wasDenied(step: Step): boolean {
  return emitted(step).some(
    ({ name, args }) => name === 'notifySandbox' && args?.event?.rejectReason?.startsWith('DENIED') === true,
  );
}

/** (f) Nothing waits, and nothing was given up. */
async function leftovers(world: World): Promise<string[]> {
  const pending = await world.query<{ lane: string; target: string; count: string }>(
    'select lane, target, count(*) from events_outbox where delivered_at is null group by lane, target',
  );
  const dead = await world.query<{ receiver: string; type: string; reason: string; error: string }>(
    'select receiver, type, reason, error from dead_letters order by id limit 20',
  );
  return [
    ...pending.map(({ lane, target, count }) => `LEFT_OVER: ${count} × ${lane} ${target}`),
    ...dead.map(({ receiver, type, reason, error }) => `DEAD_LETTER: ${type} to ${receiver}: ${reason}: ${error}`),
  ];
}

/** (g) */
async function numberFindings(world: World): Promise<string[]> {
  const gaps = await world.query<{ key: string; version: string; count: string; last: string }>(
    `select a.key, a.version, count(t.number), max(t.number) as last
       from actors a left join transitions t on t.actor_id = a.id
      group by a.id having count(t.number) <> a.version or max(t.number) <> a.version or min(t.number) <> 1`,
  );
  // Groups of one millisecond cannot be told apart in the journal, and some write no transition.
  const [node] = await world.query<{ commits: string; groups: string }>(
    `select n.commit_number as commits, (select count(distinct at) from transitions) as groups
       from nodes n where n.shard = 0`,
  );
  const findings = gaps.map(
    ({ key, version, count, last }) => `GAP: ${key} is at ${version}, its journal has ${count} up to ${last}`,
  );
  if (Number(node?.commits ?? 0) < Number(node?.groups ?? 0)) {
    findings.push(`COMMIT_NUMBER: ${node?.commits} commits for at least ${node?.groups} groups`);
  }
  return findings;
}
