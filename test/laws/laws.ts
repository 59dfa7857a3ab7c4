// What holds for every actor kind, whatever it does. Each law looks at one life and says what is wrong with it.
import { isDeepStrictEqual } from 'node:util';
import { actors } from '../../actors/index.ts';
import type { ActorDefinition, StoredSnapshot } from '../../actors/runtime/actor.ts';
import { DEFAULT_BOUNDS } from '../../actors/runtime/bounds.ts';
import type { Effect } from '../../actors/runtime/effect.ts';
import { textOf } from '../../actors/runtime/errors.ts';
import { kindOf, type Message } from '../../actors/runtime/message.ts';
import type { History } from '../../actors/runtime/ports.ts';
import { replay } from '../../actors/runtime/replay.ts';
import { createStepper, encode, type RawAction, type Step } from '../../actors/runtime/step.ts';
import { deepFrozen } from '../../config/bounds.ts';
import { projectionsWith } from '../../persistence/projections/index.ts';
import { type Life, lastHead, live, type Moment, type Raised } from './life.ts';
import { withoutClock } from './without-clock.ts';

export interface Law {
  readonly sentence: string;
  /** Null where it holds. */
  readonly broken: (definition: ActorDefinition, life: Life) => string | null;
}

export const LAWS = {
  roundTrip: {
    sentence: 'an actor restored from its stored bytes is the same and goes on the same, after every message',
    broken: (definition, life) => {
      const moments = live(definition, life);
      return first(moments, (moment, index) => differsWhenRestored(definition, moment, moments[index + 1]));
    },
  },
  replay: {
    sentence: 'the journal of what it applied folds to its snapshot',
    broken: (definition, life) => replay(definition, historyOf(definition, live(definition, life))).difference,
  },
  unhandled: {
    sentence: 'a message nobody handles changes nothing and asks for nothing',
    broken: (definition, life) => first(live(definition, life), (moment) => notQuiet(definition, moment)),
  },
  decodable: {
    sentence: 'whatever it asks for is something the runtime can do',
    broken: (definition, life) =>
      first(live(definition, life), ({ step }) =>
        first(step?.actions ?? [], (action) => wrongWith(definition, action)),
      ),
  },
  frozen: {
    sentence: 'it never changes a context or a message in place',
    broken: (definition, life) => {
      const free = live(definition, life);
      const frozen = live(definition, deepFrozen(structuredClone(life)), { prepare: deepFrozen });
      return first(free, (moment, index) => differs(moment, frozen[index]));
    },
  },
  plain: {
    sentence: 'its context is plain JSON and fits the bound of a snapshot',
    broken: (definition, life) => first(live(definition, life), ({ step }) => (step === null ? null : notPlain(step))),
  },
  pure: {
    sentence: 'it reads no clock and no random source',
    broken: (definition, life) => {
      const free = live(definition, life);
      const deprived = withoutClock(() => live(definition, life));
      return first(free, (moment, index) => differs(moment, deprived[index]));
    },
  },
  anyOrder: {
    sentence: 'it takes its own messages in whatever order they come',
    broken: (definition, life) =>
      first(live(definition, life), ({ before, message, step, error }) => {
        if (step === null) return `${message.type} throws in ${before?.shape.state}: ${textOf(error)}`;
        return step.handled ? null : `${message.type} is not handled in ${before?.shape.state}`;
      }),
  },
} as const satisfies { readonly [name: string]: Law };

/** The first thing found wrong. */
function first<Item>(items: readonly Item[], find: (item: Item, index: number) => string | null): string | null {
  for (const [index, item] of items.entries()) {
    const found = find(item, index);
    if (found !== null) return found;
  }
  return null;
}

// --- round trip

function differsWhenRestored({ machine }: ActorDefinition, { step }: Moment, next: Moment | undefined): string | null {
  if (step === null) return null;
  const bytes = encode(step.head);
  // A fresh stepper knows no shape yet: everything comes from the bytes.
  const stepper = createStepper(machine);
  const restored = stepper.restore(JSON.parse(bytes) as StoredSnapshot);
  if (encode(restored) !== bytes) return `stored as ${bytes}, restored as ${encode(restored)}`;
  if (next === undefined) return null;
  let again: Step | null = null;
  try {
    again = stepper.step(restored, next.message);
  } catch {
    // It may throw as the living one does.
  }
  return differs(next, { ...next, step: again });
}

/** Whether the same message had the same consequence. */
function differs(one: Moment, two: Moment | undefined): string | null {
  const [ours, theirs] = [consequence(one), consequence(two)];
  return ours === theirs ? null : `${one.message.type} in ${one.before?.shape.state}: ${ours}, and then ${theirs}`;
}

function consequence(moment: Moment | undefined): string {
  if (moment === undefined) return 'nothing was heard';
  if (moment.step === null) return 'it throws';
  const { head, actions, handled } = moment.step;
  return `${encode(head)} ${handled ? 'handled' : 'unhandled'} ${JSON.stringify(actions.map(plainAction))}`;
}

function plainAction({ type, params }: RawAction): object {
  const { event, id, delay, sendId } = params as Raised & { readonly sendId?: unknown };
  return { type, event, id, delay, sendId };
}

// --- replay

function historyOf({ kind, version }: ActorDefinition, moments: readonly Moment[]): History {
  const applied = moments.filter(({ step }) => step?.handled === true);
  const transitions = applied.map(({ before, message: { at, messageId, ...body }, step }, index) => ({
    number: index + 1,
    messageId,
    type: body.type,
    body: JSON.stringify(body),
    fromState: before?.shape.state ?? null,
    toState: step?.head.shape.state ?? '',
    at,
    sender: null,
    cause: null,
    correlation: messageId,
    hop: 0,
  }));
  const head = lastHead(moments);
  const snapshot = head === null ? '' : encode(head);
  const state = head?.shape.state ?? '';
  return { key: `${kind}/x`, kind, machineVersion: version, version: transitions.length, state, snapshot, transitions };
}

// --- unhandled

const STRANGE = 'LawsStrangeMessage';

function notQuiet({ machine }: ActorDefinition, { before, message, step }: Moment): string | null {
  if (step === null) return null;
  if (!step.handled && (step.head !== before || step.actions.length > 0)) {
    return `${message.type} is not handled in ${before?.shape.state}, and has a consequence`;
  }
  const { head } = step;
  const bytes = encode(head);
  const strange = createStepper(machine).step(head, { type: STRANGE, at: message.at, messageId: 'strange' } as Message);
  if (strange.handled || strange.head !== head || strange.actions.length > 0 || encode(head) !== bytes) {
    return `a message of the unknown type ${STRANGE} has a consequence in ${head.shape.state}`;
  }
  return null;
}

// --- decodable

const KEY = /^[a-z][a-z0-9-]{0,31}\/[^\s/][^\s]{0,127}$/;
const TABLES = projectionsWith([]);

function wrongWith(definition: ActorDefinition, { type, params }: RawAction): string | null {
  const { event, id, delay, sendId } = params as Raised & { readonly sendId?: unknown };
  if (type === 'xstate.emit') return wrongWithEffect(definition, event as Effect);
  if (type === 'xstate.cancel') return typeof sendId === 'string' ? null : `it cancels ${String(sendId)}`;
  if (type !== 'xstate.raise') return `it asks for ${type}`;
  if (delay === undefined) return null;
  if (typeof id !== 'string' || id === '') return `a timer has the id ${String(id)}`;
  if (typeof delay !== 'number' || !Number.isFinite(delay) || delay < 0) return `timer ${id} waits ${String(delay)}`;
  return notJson(event, `the message of timer ${id}`);
}

function wrongWithEffect(definition: ActorDefinition, effect: Effect): string | null {
  const odd = notJson(effect, `the effect ${effect.type}`);
  if (odd !== null) return odd;
  switch (effect.type) {
    case 'send':
      return wrongKey(definition, effect.to) ?? wrongMessage(effect.message);
    case 'spawn':
      return wrongKey(definition, effect.key);
    case 'supervise':
      return KEY.test(effect.key) ? null : `it judges ${effect.key}, which is no key`;
    case 'command':
      return Object.hasOwn(definition.effects, effect.name) ? null : `the kind defines no effect ${effect.name}`;
    case 'record':
      return TABLES.has(effect.row.table) ? null : `no projection writes the table ${effect.row.table}`;
    case 'publish':
      return effect.topic === '' ? 'it publishes under no topic' : wrongMessage(effect.event);
    case 'reply':
      return null;
    default:
      return `there is no effect ${JSON.stringify(effect)}`;
  }
}

function wrongKey({ kind }: ActorDefinition, key: string): string | null {
  const isKnown = kindOf(key as `${string}/${string}`) === kind || actors.some((one) => key.startsWith(`${one.kind}/`));
  if (!KEY.test(key)) return `${JSON.stringify(key)} is no actor key`;
  return isKnown ? null : `${key} is of no kind there is`;
}

function wrongMessage({ type }: Message): string | null {
  const isOwn = typeof type === 'string' && type !== '' && !/^@|^xstate\./.test(type);
  return isOwn ? null : `${String(type)} is no message type`;
}

// --- plain

function notPlain({ head }: Step): string | null {
  const { length } = encode(head);
  const room = DEFAULT_BOUNDS.snapshotChars;
  if (length > room) return `the snapshot has ${length} characters, at most ${room} are allowed`;
  return notJson(head.context, `the context in ${head.shape.state}`);
}

/** Undefined, NaN, dates, classes and functions do not survive being stored. */
function notJson(value: unknown, what: string): string | null {
  try {
    const text = JSON.stringify(value);
    if (text !== undefined && isDeepStrictEqual(JSON.parse(text), value)) return null;
    return `${what} is not plain JSON: ${text}`;
  } catch (error) {
    return `${what} is not plain JSON: ${textOf(error)}`;
  }
}
