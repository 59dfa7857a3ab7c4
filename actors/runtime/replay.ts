// Folds a journal through its machine and compares with what was stored: replay(journal) = snapshot, byte for byte.
import { type ActorDefinition, type StoredSnapshot } from './actor.ts';
import { textOf } from './errors.ts';
import type { Kind } from './live.ts';
import type { Message } from './message.ts';
import type { History } from './ports.ts';
import { createStepper, encode, type Head } from './step.ts';
import { INIT, stamp, UPGRADE } from './turn.ts';

export interface Replayed {
  readonly key: string;
  /** Transitions folded; those before the last upgrade belong to an older machine and are not. */
  readonly transitions: number;
  readonly snapshot: string | null;
  /** The first difference found, in words; null when there is none. */
  readonly difference: string | null;
}

const kinds = new WeakMap<ActorDefinition, Kind>();

/** One stepper per definition: its shapes are shared by everything that is replayed. */
function kindOfDefinition(definition: ActorDefinition): Kind {
  let kind = kinds.get(definition);
  if (kind === undefined) {
    kind = { definition, stepper: createStepper(definition.machine) };
    kinds.set(definition, kind);
  }
  return kind;
}

/** Never throws: whatever is wrong with a history is its difference. */
export function replay(definition: ActorDefinition, history: History): Replayed {
  const { stepper } = kindOfDefinition(definition);
  const start = Math.max(0, history.transitions.findLastIndex(({ type }) => type === UPGRADE));
  let head: Head | null = null;
  let folded = 0;
  const differ = (difference: string): Replayed => ({ key: history.key, transitions: folded, snapshot: head === null ? null : encode(head), difference });
  if (history.machineVersion !== definition.version) {
    return differ(`stored by machine version ${history.machineVersion}, this program has version ${definition.version}`);
  }
  for (let index = start; index < history.transitions.length; index += 1) {
    const row = history.transitions[index] as History['transitions'][number];
    if (row.number !== index + 1) return differ(`transition ${index + 1} is missing, the next one stored is ${row.number}`);
    try {
      const body = JSON.parse(row.body) as Message;
      if (body.type === INIT) head = stepper.start((body as Message & { input: unknown }).input).head;
      else if (body.type === UPGRADE) head = stepper.restore((body as Message & { snapshot: StoredSnapshot }).snapshot);
      else if (head === null) return differ(`the first transition is ${row.type}, ${INIT} was expected`);
      else head = stepper.step(head, stamp(body, row.at, row.messageId)).head;
    } catch (error) {
      return differ(`transition ${row.number} (${row.type}) throws: ${textOf(error)}`);
    }
    folded += 1;
    if (head.shape.state !== row.toState) return differ(`transition ${row.number} (${row.type}) leads to ${head.shape.state}, stored is ${row.toState}`);
  }
  if (history.version !== history.transitions.length) return differ(`the snapshot is of version ${history.version}, the journal ends at ${history.transitions.length}`);
  const snapshot = head === null ? null : encode(head);
  if (snapshot === history.snapshot) return { key: history.key, transitions: folded, snapshot, difference: null };
  return differ(`the snapshot differs from character ${firstDifference(snapshot ?? '', history.snapshot)}`);
}

function firstDifference(ours: string, stored: string): string {
  let at = 0;
  while (at < ours.length && ours[at] === stored[at]) at += 1;
  const around = (text: string): string => JSON.stringify(text.slice(Math.max(0, at - 20), at + 40));
  return `${at}: replayed ${around(ours)}, stored ${around(stored)}`;
}
