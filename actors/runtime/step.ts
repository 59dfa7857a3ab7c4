// The one file that knows XState's inside: initial snapshot, step and restore, with one inert scope for all.
//
// The exported transition() builds a throw-away actor per event and runs the machine's context factory without
// input; machine.transition() with a scope of our own gives the same results 2.5 to 4 times faster
// (test/actors/step.spec.ts keeps the two equal on random sequences).
//
// A snapshot is kept as (shape, context). Everything else in it is a function of the configuration, so each shape
// is made once, by the restore path: live and restored actors are equal by construction, and a resident actor
// costs its context alone.
import { type AnyMachineSnapshot, type AnyStateMachine, createEmptyActor, type EventObject } from 'xstate';
import type { StoredSnapshot } from './actor.ts';
import { RuntimeError } from './errors.ts';
import type { Json } from './message.ts';

/** What a machine asked for in a step, in order: XState's action objects, undecoded. */
export interface RawAction {
  readonly type: string;
  readonly params: unknown;
}

/** One configuration of a machine. Shared by every actor that is in it. */
export interface Shape {
  readonly template: AnyMachineSnapshot;
  /** The state value in one line: `working`, `life.working cancel.none`. */
  readonly state: string;
  readonly valueJson: string;
  readonly historyJson: string | null;
  readonly status: 'active' | 'done';
  /** Tagged `resting`: the actor's work is over unless a message comes. */
  readonly resting: boolean;
}

export interface Head {
  readonly shape: Shape;
  readonly context: object;
  /** Only of a machine in a final state. */
  readonly output: Json | undefined;
}

export interface Step {
  readonly head: Head;
  readonly actions: readonly RawAction[];
  /** False when no transition was selected: nobody handles this message here. */
  readonly handled: boolean;
}

export interface Stepper {
  start(input: unknown): Step;
  step(head: Head, event: EventObject): Step;
  restore(stored: StoredSnapshot): Head;
  /** Message types with a transition in this configuration; guards may still refuse. */
  accepts(head: Head): readonly string[];
}

const MEND = 'raise its version and give an upgrade';

const host = createEmptyActor();
let sink: RawAction[] = [];
const scope = {
  self: host,
  id: 'meltica',
  sessionId: 'meltica',
  system: host.system,
  logger() {},
  defer() {},
  emit() {},
  stopChild() {
    throw new RuntimeError('MACHINE_UNFIT', 'a durable machine has no child actors: use a spawn effect');
  },
  actionExecutor: (action: RawAction) => void sink.push(action),
};
type Scope = Parameters<AnyStateMachine['transition']>[2];
const inert = scope as object as Scope;

/** Runs fn with an empty action list; a step that throws leaves nothing behind for the next. */
function collecting<Result>(fn: () => Result): { result: Result; actions: RawAction[] } {
  const mine: RawAction[] = [];
  sink = mine;
  // A throwing step may leave XState's deferring wrapper in place of ours.
  scope.actionExecutor = (action) => void sink.push(action);
  try {
    return { result: fn(), actions: mine };
  } finally {
    sink = [];
  }
}

export function createStepper(machine: AnyStateMachine): Stepper {
  const shapes = new Map<string, Shape>();

  function shapeOf(snapshot: AnyMachineSnapshot): Shape {
    const history = historyIds(snapshot.historyValue);
    const key = JSON.stringify(snapshot.value) + snapshot.status + (history ?? '');
    let shape = shapes.get(key);
    if (shape === undefined) {
      shape = makeShape(machine, snapshot.value as Json, snapshot.status as 'active' | 'done', history);
      shapes.set(key, shape);
    }
    return shape;
  }
  function headOf(snapshot: AnyMachineSnapshot): Head {
    if (snapshot.status === 'error') throw asError(snapshot.error);
    return {
      shape: shapeOf(snapshot),
      context: snapshot.context as object,
      output: snapshot.output as Json | undefined,
    };
  }

  return {
    start(input) {
      const { result, actions } = collecting(() => machine.getInitialSnapshot(inert, input as never));
      return { head: headOf(result), actions, handled: true };
    },
    step(head, event) {
      const before = snapshotOf(head);
      const { result, actions } = collecting(() => machine.transition(before, event, inert));
      if (result === before) return { head, actions, handled: machine.getTransitionData(before, event).length > 0 };
      return { head: headOf(result), actions, handled: true };
    },
    restore(stored) {
      const status = stored.s === 'done' ? 'done' : 'active';
      const history = stored.h === undefined ? null : JSON.stringify(stored.h);
      const key = JSON.stringify(stored.v) + status + (history ?? '');
      let shape = shapes.get(key);
      if (shape === undefined) {
        shape = makeShape(machine, stored.v, status, history);
        shapes.set(key, shape);
      }
      if (stored.c === null || typeof stored.c !== 'object') {
        throw new RuntimeError(
          'SNAPSHOT_UNREADABLE',
          `the context of ${machine.id} was ${JSON.stringify(stored.c)}, an object is required`,
        );
      }
      return { shape, context: stored.c, output: stored.o };
    },
    accepts(head) {
      const types = new Set<string>();
      for (const node of head.shape.template._nodes as readonly StateTree[])
        for (const type of node.ownEvents) types.add(type);
      return [...types].filter((type) => !type.startsWith('xstate.')).sort();
    },
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(`the machine went into status error: ${String(error)}`);
}

/** XState's snapshot object of a head. The template's methods are found on the copy. */
export function snapshotOf(head: Head): AnyMachineSnapshot {
  return { ...head.shape.template, context: head.context, output: head.output } as AnyMachineSnapshot;
}

/** The bytes that are stored and that replay must produce. */
export function encode(head: Head): string {
  const { shape } = head;
  let text = `{"v":${shape.valueJson},"c":${JSON.stringify(head.context)}`;
  if (shape.status === 'done') text += ',"s":"done"';
  if (head.output !== undefined) text += `,"o":${JSON.stringify(head.output)}`;
  if (shape.historyJson !== null) text += `,"h":${shape.historyJson}`;
  return `${text}}`;
}

function makeShape(machine: AnyStateMachine, raw: Json, status: 'active' | 'done', history: string | null): Shape {
  const value = documentOrder(machine.root as StateTree, raw, machine.id);
  const ids = history === null ? {} : (JSON.parse(history) as { [id: string]: readonly string[] });
  const historyValue = Object.fromEntries(
    Object.entries(ids).map(([id, nodes]) => [id, nodes.map((node) => ({ id: node }))]),
  );
  const persisted = { value, context: {}, status, output: undefined, error: undefined, children: {}, historyValue };
  const template = machine.restoreSnapshot(persisted, inert) as AnyMachineSnapshot;
  const valueJson = JSON.stringify(value);
  // A region that became parallel or deeper is filled silently, without entry actions or timers.
  if (JSON.stringify(template.value) !== valueJson) {
    throw new RuntimeError(
      'SNAPSHOT_UNREADABLE',
      `state ${valueJson} of ${machine.id} means ${JSON.stringify(template.value)} in this machine: ${MEND}`,
    );
  }
  const resting = template.hasTag('resting');
  return { template, state: lineOf(value), valueJson, historyJson: history, status, resting };
}

interface StateTree {
  readonly states: { readonly [key: string]: StateTree };
  readonly ownEvents: readonly string[];
}

/** Undoes whatever order the keys came in, and refuses states the machine does not have. */
function documentOrder(node: StateTree, value: Json, id: string): Json {
  if (typeof value === 'string') {
    if (!(value in node.states)) throw unknownState(id, value);
    return value;
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw unknownState(id, JSON.stringify(value));
  const given = value as { readonly [key: string]: Json };
  for (const key of Object.keys(given)) if (!(key in node.states)) throw unknownState(id, key);
  const keys = Object.keys(node.states).filter((key) => key in given);
  return Object.fromEntries(
    keys.map((key) => [key, documentOrder(node.states[key] as StateTree, given[key] as Json, id)]),
  );
}

function unknownState(id: string, state: string): RuntimeError {
  return new RuntimeError('SNAPSHOT_UNREADABLE', `the machine ${id} has no state ${state}: ${MEND}`);
}

function historyIds(value: AnyMachineSnapshot['historyValue']): string | null {
  const ids = Object.keys(value).sort();
  if (ids.length === 0) return null;
  return JSON.stringify(Object.fromEntries(ids.map((id) => [id, (value[id] ?? []).map((node) => node.id)])));
}

/** `working` · `a.b` · `life.working cancel.none`. */
function lineOf(value: Json): string {
  if (typeof value === 'string') return value;
  return Object.entries(value as { readonly [key: string]: Json })
    .map(([key, below]) =>
      below !== null && typeof below === 'object' && Object.keys(below).length === 0 ? key : `${key}.${lineOf(below)}`,
    )
    .join(' ');
}
