// Folds a journal through its machine and compares with what was stored: replay(journal) = snapshot, byte for byte.
import type { ActorDefinition, StoredSnapshot } from './actor.ts';
import { textOf } from './errors.ts';
import type { Message } from './message.ts';
import type { History } from './ports.ts';
import { createStepper, encode, type Head, type Stepper } from './step.ts';
import { INIT, stamp, UPGRADE } from './turn.ts';

export interface Replayed {
  readonly key: string;
  /** Transitions folded; those before the last upgrade belong to an older machine and are not. */
  readonly transitions: number;
  readonly snapshot: string | null;
  /** The first difference found, in words; null when there is none. */
  readonly difference: string | null;
}

/** A journal that is folded part by part. */
export interface Replayer {
  /** The next transitions, oldest first. False when there is a difference already: the rest need not be read. */
  feed(transitions: History['transitions']): boolean;
  /** Compares with the stored snapshot. */
  finish(): Replayed;
}

type Stored = Pick<History, 'key' | 'machineVersion' | 'version' | 'snapshot'>;

const steppers = new WeakMap<ActorDefinition, Stepper>();

/** One stepper per definition: its shapes are shared by everything that is replayed. */
function stepperOf(definition: ActorDefinition): Stepper {
  let stepper = steppers.get(definition);
  if (stepper === undefined) {
    stepper = createStepper(definition.machine);
    steppers.set(definition, stepper);
  }
  return stepper;
}

/** Never throws: whatever is wrong with a history is its difference. */
export function replay(definition: ActorDefinition, history: History): Replayed {
  const replayer = createReplayer(definition, history);
  replayer.feed(history.transitions);
  return replayer.finish();
}

export function createReplayer(definition: ActorDefinition, stored: Stored): Replayer {
  const stepper = stepperOf(definition);
  let head: Head | null = null;
  let number = 0;
  let folded = 0;
  let difference: string | null = null;
  if (stored.machineVersion !== definition.version) {
    difference = `stored by machine version ${stored.machineVersion}, this program has version ${definition.version}`;
  }
  return {
    feed(transitions) {
      // What an older machine decided is not decided again: its last word is in the upgrade.
      const upgraded = transitions.findLastIndex(({ type }) => type === UPGRADE);
      for (let index = Math.max(0, upgraded); index < transitions.length && difference === null; index += 1) {
        const row = transitions[index] as History['transitions'][number];
        const expected = index === upgraded ? row.number : number + 1;
        if (row.number !== expected)
          difference = `transition ${expected} is missing, the next one stored is ${row.number}`;
        else {
          const next = fold(stepper, head, row);
          if (typeof next === 'string') difference = `transition ${row.number} (${row.type}) ${next}`;
          else head = next;
        }
        number = row.number;
        folded += 1;
      }
      return difference === null;
    },
    finish() {
      const snapshot = head === null ? null : encode(head);
      if (difference === null && stored.version !== number)
        difference = `the snapshot is of version ${stored.version}, the journal ends at ${number}`;
      if (difference === null && snapshot !== stored.snapshot)
        difference = `the snapshot differs from character ${firstDifference(snapshot ?? '', stored.snapshot)}`;
      return { key: stored.key, transitions: folded, snapshot, difference };
    },
  };
}

/** The next head, or what is wrong with the transition. */
function fold(stepper: Stepper, head: Head | null, row: History['transitions'][number]): Head | string {
  try {
    const next = step(stepper, head, row);
    if (next === null) return `comes before ${INIT}`;
    return next.shape.state === row.toState ? next : `leads to ${next.shape.state}, stored is ${row.toState}`;
  } catch (error) {
    return `throws: ${textOf(error)}`;
  }
}

function step(stepper: Stepper, head: Head | null, row: History['transitions'][number]): Head | null {
  const body = JSON.parse(row.body) as Message;
  if (body.type === INIT) return stepper.start((body as Message & { readonly input: unknown }).input).head;
  if (body.type === UPGRADE) return stepper.restore((body as Message & { readonly snapshot: StoredSnapshot }).snapshot);
  return head === null ? null : stepper.step(head, stamp(body, row.at, row.messageId)).head;
}

function firstDifference(ours: string, stored: string): string {
  let at = 0;
  while (at < ours.length && ours[at] === stored[at]) at += 1;
  const around = (text: string): string => JSON.stringify(text.slice(Math.max(0, at - 20), at + 40));
  return `${at}: replayed ${around(ours)}, stored ${around(stored)}`;
}
