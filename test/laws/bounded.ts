// The law of bounds: the world outside can say the same thing for ever, each time under new names.
import type { ActorDefinition } from '../../actors/runtime/actor.ts';
import { DEFAULT_BOUNDS } from '../../actors/runtime/bounds.ts';
import type { Message } from '../../actors/runtime/message.ts';
import { encode } from '../../actors/runtime/step.ts';
import { type Happening, type Life, lastHead, live } from './life.ts';

const REPEATS = 4_000;
const NAMES = /Id$|^(?:key|topic|subscriber|watcher)$/;

/** Null where every message from outside can be repeated without end; the message that cannot, otherwise. */
export function grows(definition: ActorDefinition, lives: readonly Life[]): string | null {
  const tried = new Set<string>();
  for (const life of lives) {
    for (const [index, happening] of life.happenings.entries()) {
      if (!('message' in happening) || happening.sender !== null || tried.has(happening.message.type)) continue;
      const { message } = happening;
      tried.add(message.type);
      const happenings = [...life.happenings.slice(0, index + 1), ...repeated(message)];
      const chars = charsAfter(definition, { ...life, happenings });
      if (chars > DEFAULT_BOUNDS.snapshotChars)
        return `${REPEATS} times ${message.type}: the snapshot has ${chars} characters`;
    }
  }
  return null;
}

function charsAfter(definition: ActorDefinition, life: Life): number {
  const head = lastHead(live(definition, life));
  return head === null ? 0 : encode(head).length;
}

/** Without time passing: what is forgotten by age stays. */
function repeated(message: Message): readonly Happening[] {
  return Array.from({ length: REPEATS }, (_, round) => ({
    afterMs: 0,
    message: renamed(message, round),
    sender: null,
  }));
}

function renamed(message: Message, round: number): Message {
  const isName = (name: string, value: unknown): boolean => typeof value === 'string' && NAMES.test(name);
  const text = JSON.stringify(message, (name, value: unknown) =>
    isName(name, value) ? `${String(value)}r${round}` : value,
  );
  return JSON.parse(text) as Message;
}
