// An actor in memory: its last decided head, its two queues, its armed timers.
import type { ActorDefinition } from './actor.ts';
import type { ActorKey, Envelope, Json } from './message.ts';
import type { ActorStatus } from './ports.ts';
import type { Head, Stepper } from './step.ts';

/** A kind the process knows: its definition and the stepper made from its machine. */
export interface Kind {
  readonly definition: ActorDefinition;
  readonly stepper: Stepper;
}

export interface ArmedTimer {
  readonly generation: number;
  readonly dueAt: number;
  readonly body: string;
  readonly correlation: string;
}

/** What became of a message, known when the group that took it has been committed. */
export type Outcome =
  | { readonly outcome: 'applied'; readonly version: number; readonly state: string; readonly reply: Json }
  | { readonly outcome: 'duplicate' }
  | { readonly outcome: 'deadLettered'; readonly reason: string; readonly error: string };

/** An envelope in a mailbox, with what is due when it has been applied. */
export interface Delivery {
  readonly envelope: Envelope;
  /** Outbox row that carried it: deleted (message, effect) or marked (event) by the commit that applies it. */
  outboxId: bigint | null;
  readonly lane: 'outside' | 'message' | 'effect' | 'event' | 'timer';
  readonly timer: { readonly id: string; readonly generation: number } | null;
  readonly topic: string | null;
  readonly redrive: boolean;
  readonly done: ((outcome: Outcome) => void) | null;
  /** Number of the group whose turn took it; 0n while it waits. */
  takenBy: bigint;
  /** JSON of the body, made once. */
  text: string | null;
}

export interface LiveActor {
  readonly id: bigint;
  readonly key: ActorKey;
  readonly kind: Kind;
  /** Null between birth and the turn that starts it. */
  head: Head | null;
  /** Number of its last decided transition; 0 before it is started. */
  version: number;
  status: ActorStatus;
  /** Messages of other actors and answers of effects: taken before those from outside. */
  inner: Delivery[];
  outside: Delivery[];
  timers: ReadonlyMap<string, ArmedTimer> | null;
  /** In a ring of the mailbox. */
  listed: boolean;
  lastAt: number | null;
  lastType: string | null;
}

const NONE: Delivery[] = [];

/** Queues are shared empty arrays until the first message: a resident actor without mail pays nothing for them. */
export function createLive(id: bigint, key: ActorKey, kind: Kind): LiveActor {
  return {
    id,
    key,
    kind,
    head: null,
    version: 0,
    status: 'active',
    inner: NONE,
    outside: NONE,
    timers: null,
    listed: false,
    lastAt: null,
    lastType: null,
  };
}

export function enqueue(queue: Delivery[], delivery: Delivery): Delivery[] {
  if (queue === NONE) return [delivery];
  queue.push(delivery);
  return queue;
}

export function bodyText(delivery: Delivery): string {
  delivery.text ??= JSON.stringify(delivery.envelope.body);
  return delivery.text;
}
