// How messages come in from outside: the shells of providers and strategies, the control plane.
import type { ActorKey, Json, Message } from './message.ts';

export interface TellOptions {
  /** Applied once per receiver. Chosen by the source, so that it may send again what it does not know to be applied. */
  readonly id?: string;
  readonly correlation?: string;
}

/** What became of a message, known after the commit that took it. */
export type Delivery = 'applied' | 'duplicate' | 'deadLettered';

export interface Answer {
  readonly version: number;
  readonly state: string;
  /** What the machine replied, else null. */
  readonly reply: Json;
}

export interface Intake {
  /**
   * Resolves when the message is accepted: later while the process has no room, which is what slows the caller.
   * Throws ACTOR_UNKNOWN, MAILBOX_FULL, MESSAGE_INVALID or NOT_RUNNING.
   */
  tell(to: ActorKey, message: Message, options?: TellOptions): Promise<void>;
  /** The same, but resolves when the group that took the message is committed. */
  deliver(to: ActorKey, message: Message, options?: TellOptions): Promise<Delivery>;
  /** There is such an actor, or was one: also when it rests or its work is over. */
  exists(key: ActorKey): Promise<boolean>;
}
