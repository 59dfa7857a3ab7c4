// A life: what happens to one actor, and what becomes of it. Timers fire only while they are armed, as in the runtime.
import type { ActorDefinition } from '../../actors/runtime/actor.ts';
import type { Delivered, Message } from '../../actors/runtime/message.ts';
import type { History } from '../../actors/runtime/ports.ts';
import { createStepper, type Head, type RawAction, type Step } from '../../actors/runtime/step.ts';
import { INIT, stamp } from '../../actors/runtime/turn.ts';

export type Happening = { readonly afterMs: number } /** `sender` is null where the message came from outside. */ & (
  | { readonly message: Message; readonly sender: string | null }
  /** The timer of this id fires; nothing happens where none is armed. */
  | { readonly timer: string }
  /** One of the armed timers fires, whichever it is. */
  | { readonly anyTimer: number }
);

export interface Life {
  readonly input: unknown;
  readonly bornAt: number;
  readonly happenings: readonly Happening[];
}

/** One message, heard in a state: the first is the birth, heard in none. */
export interface Moment {
  readonly before: Head | null;
  readonly message: Delivered<Message>;
  /** Null where the turn threw: then the actor is as it was. */
  readonly step: Step | null;
  readonly error: unknown;
}

export interface Raised {
  readonly event: Message;
  readonly id?: unknown;
  readonly delay?: unknown;
}

/** What a recorded actor lived through. */
export function lifeOf({ key, transitions }: History): Life {
  const [birth, ...rest] = transitions;
  if (birth === undefined) throw new Error(`${key} has no transitions`);
  const { input } = JSON.parse(birth.body) as { readonly input: unknown };
  const happenings = rest.map((row, index): Happening => {
    const afterMs = row.at - (transitions[index]?.at ?? row.at);
    const fired = row.messageId.startsWith(`${key}!`) ? row.messageId.slice(key.length + 1) : null;
    if (fired !== null) return { afterMs, timer: fired.slice(0, fired.lastIndexOf('@')) };
    return { afterMs, message: JSON.parse(row.body) as Message, sender: row.sender };
  });
  return { input, bornAt: birth.at, happenings };
}

export interface Living {
  /** Looks at, or changes, what is given to each step: to freeze it, say. */
  readonly prepare?: (value: object) => void;
}

export function live({ machine }: ActorDefinition, life: Life, { prepare = () => {} }: Living = {}): readonly Moment[] {
  const stepper = createStepper(machine);
  const moments: Moment[] = [];
  const armed = new Map<string, Message>();
  let at = life.bornAt;
  const hear = (body: Message, decide: (event: Delivered<Message>, head: Head) => Step): void => {
    const before = moments.findLast(({ step }) => step !== null)?.step?.head ?? null;
    const message = stamp(body, at, `m${moments.length}`);
    prepare(message);
    try {
      const step = decide(message, before as Head);
      prepare(step.head.context);
      moments.push({ before, message, step, error: null });
      keepTimers(armed, step.actions);
    } catch (error) {
      moments.push({ before, message, step: null, error });
    }
  };
  hear({ type: INIT, input: life.input } as Message, () => stepper.start(life.input));
  for (const happening of life.happenings) {
    at += happening.afterMs;
    const body = bodyOf(happening, armed);
    if (body !== null && moments[0]?.step != null) hear(body, (event, head) => stepper.step(head, event));
  }
  return moments;
}

/** Null where it is a timer that is not armed. One that fires is armed no more. */
function bodyOf(happening: Happening, armed: Map<string, Message>): Message | null {
  if ('message' in happening) return happening.message;
  const ids = [...armed.keys()];
  const id = 'timer' in happening ? happening.timer : ids[happening.anyTimer % Math.max(ids.length, 1)];
  const body = id === undefined ? undefined : armed.get(id);
  if (id !== undefined) armed.delete(id);
  return body ?? null;
}

function keepTimers(armed: Map<string, Message>, actions: readonly RawAction[]): void {
  for (const { type, params } of actions) {
    if (type === 'xstate.cancel') armed.delete(String((params as { readonly sendId: unknown }).sendId));
    if (type !== 'xstate.raise') continue;
    const { event, id, delay } = params as Raised;
    if (delay !== undefined) armed.set(String(id), event);
  }
}

/** What an actor ended up as, were it to stop here. */
export function lastHead(moments: readonly Moment[]): Head | null {
  return moments.findLast(({ step }) => step !== null)?.step?.head ?? null;
}
