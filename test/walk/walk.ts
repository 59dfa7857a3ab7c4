// A walk through a machine until every transition of its table was taken: from every situation met so far every
// message of an alphabet is tried, the situations that showed something new first. Nothing is drawn at random, so a
// walk that arrives once arrives always.
import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
  createActor,
  type InspectionEvent,
  SimulatedClock,
} from 'xstate';
import type { Message } from '../../actors/runtime/message.ts';
import { stamp } from '../../actors/runtime/turn.ts';

export interface Alphabet {
  /** Each start is walked from on its own, with what was taken before. A long way is opened here. */
  readonly starts: readonly Start[];
  /** What can be heard by an actor that knows this. */
  messages(context: never): readonly Message[];
  /** Types of its own timers: tried everywhere, and where they are not armed nobody needs to hear them. */
  readonly timers: readonly string[];
}

export interface Start {
  readonly input: object;
  readonly opening?: readonly Message[];
}

export interface Walk {
  /** `state: event → target [guard]`, of the machine's table. */
  readonly all: ReadonlySet<string>;
  readonly taken: ReadonlySet<string>;
  readonly steps: number;
  /** Messages a state had no line for. */
  readonly unheard: readonly string[];
}

interface Situation {
  readonly snapshot: AnyMachineSnapshot;
  readonly at: number;
}

const STEP_MS = 1_000;

/** Throws where a step throws, naming state and message. */
export function walk(machine: AnyStateMachine, alphabet: Alphabet, stepsMax: number): Walk {
  const walked: Walked = { all: new Set(linesOf(machine).values()), taken: new Set(), unheard: new Set(), steps: 0 };
  const each = Math.ceil(stepsMax / alphabet.starts.length);
  for (const start of alphabet.starts) walkFrom(machine, alphabet, start, walked, walked.steps + each);
  return { ...walked, unheard: [...walked.unheard] };
}

interface Walked {
  readonly all: ReadonlySet<string>;
  readonly taken: Set<string>;
  readonly unheard: Set<string>;
  steps: number;
}

function walkFrom(machine: AnyStateMachine, alphabet: Alphabet, start: Start, walked: Walked, stepsMax: number): void {
  const { all, taken, unheard } = walked;
  const seen = new Set<string>();
  const rich: Situation[] = [];
  const poor: Situation[] = [];
  const note = ({ snapshot, lines }: Taken, at: number): void => {
    const before = taken.size;
    for (const line of lines) taken.add(line);
    const isNews = taken.size > before;
    const signature = isNews ? `${walked.steps}` : signatureOf(snapshot);
    if (seen.has(signature)) return;
    seen.add(signature);
    (isNews ? rich : poor).push({ snapshot, at });
  };
  let opened = begin(machine, start.input);
  note(opened, STEP_MS);
  for (const body of start.opening ?? []) {
    opened = take(machine, opened.snapshot, stamp(body, STEP_MS, 'opening'));
  }
  note(opened, STEP_MS);
  while (taken.size < all.size && walked.steps < stepsMax) {
    const situation = rich.shift() ?? poor.shift();
    if (situation === undefined) break;
    const own = alphabet.timers.map((type): Message => ({ type }));
    const bodies = [...timersOf(situation.snapshot), ...own, ...alphabet.messages(situation.snapshot.context as never)];
    for (const body of bodies) {
      const at = situation.at + STEP_MS;
      const step = take(machine, situation.snapshot, stamp(body, at, `m${walked.steps}`));
      walked.steps += 1;
      if (step.lines.length === 0 && alphabet.timers.includes(body.type)) continue;
      if (step.lines.length === 0) unheard.add(`${stateOf(situation.snapshot)}: ${body.type}`);
      else note(step, at);
    }
  }
}

interface Taken {
  readonly snapshot: AnyMachineSnapshot;
  readonly lines: readonly string[];
}

function begin(machine: AnyStateMachine, input: object): Taken {
  return watched(machine, (inspect) => createActor(machine, { input, inspect, clock: new SimulatedClock() }), null);
}

function take(machine: AnyStateMachine, snapshot: AnyMachineSnapshot, event: Message): Taken {
  const options = { snapshot, input: undefined, clock: new SimulatedClock() };
  return watched(machine, (inspect) => createActor(machine, { ...options, inspect }), event);
}

type Inspect = (event: InspectionEvent) => void;

function watched(
  machine: AnyStateMachine,
  create: (inspect: Inspect) => ReturnType<typeof createActor<AnyStateMachine>>,
  event: Message | null,
): Taken {
  const table = linesOf(machine);
  const lines: string[] = [];
  let error: unknown = null;
  const actor = create((happened) => {
    if (happened.type !== '@xstate.microstep') return;
    for (const transition of happened._transitions) {
      const line = table.get(transition);
      if (line !== undefined) lines.push(line);
    }
  });
  actor.subscribe({
    error: (thrown) => {
      error = thrown;
    },
  });
  actor.start();
  if (event !== null) {
    lines.length = 0;
    actor.send(event);
  }
  if (error !== null) throw new Error(`${event?.type ?? 'birth'}: ${String(error)}`, { cause: error });
  return { snapshot: actor.getSnapshot(), lines };
}

const tables = new WeakMap<AnyStateMachine, ReadonlyMap<object, string>>();

/** Every transition object of the machine and its line. */
function linesOf(machine: AnyStateMachine): ReadonlyMap<object, string> {
  const known = tables.get(machine);
  if (known !== undefined) return known;
  const lines = new Map<object, string>();
  const nodes = nodesBelow(machine.root);
  for (const node of nodes) {
    const listed = [...node.transitions].flatMap(([event, steps]) => steps.map((step) => ({ event, step })));
    const atOnce = (node.always ?? []).map((step) => ({ event: 'at once', step }));
    for (const [index, { event, step }] of [...listed, ...atOnce].entries()) {
      const target = step.target?.map(({ key }) => key).join() ?? 'itself';
      lines.set(step, `${node.path.join('.')}: ${event} → ${target} [${guardOf(step.guard)}] #${index}`);
    }
  }
  tables.set(machine, lines);
  return lines;
}

function nodesBelow(node: AnyStateNode): readonly AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(nodesBelow)];
}

function guardOf(guard: unknown): string {
  if (guard === undefined) return '';
  if (typeof guard === 'string') return guard;
  const { type, params } = guard as { readonly type: string; readonly params?: unknown };
  return typeof params === 'string' ? `${type} ${params}` : type;
}

/** The delayed events of the states it is in: any of them may be due. */
function timersOf(snapshot: AnyMachineSnapshot): readonly Message[] {
  return snapshot._nodes.flatMap((node) => node.after.map(({ eventType }) => ({ type: eventType })));
}

function stateOf(snapshot: AnyMachineSnapshot): string {
  return JSON.stringify(snapshot.value);
}

/** Situations with the same signature promise the same: numbers that only count are left out. */
function signatureOf(snapshot: AnyMachineSnapshot): string {
  const coarse = JSON.stringify(snapshot.context, (key, value: unknown) =>
    typeof value === 'number' && !['session', 'sandbox'].includes(key) ? Math.min(value, 6) : value,
  );
  return `${stateOf(snapshot)} ${coarse}`;
}
