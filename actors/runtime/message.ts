// What travels between actors, and the names it travels under.
// Ids are made from what is already durable (actor, transition number, index in its effects), never from
// a clock or a random source: a turn that is decided again after a failed commit makes the same ids.

/** JSON that survives a round trip unchanged: no undefined, Date, bigint, NaN or class. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** `kind/id`. The kind says which machine, the id is unique within it. */
export type ActorKey<Kind extends string = string> = `${Kind}/${string}`;

/** A message body. `type` is from the closed set its actor declares. */
export interface Message {
  readonly type: string;
}

/**
 * A body as a machine sees it: the time of the group that applies it (ms since 1970, the same for every
 * turn of the group, never running back) and the id under which it is applied once.
 */
export type Delivered<Body extends Message> = Body & { readonly at: number; readonly messageId: string };

/** A message on its way: the body and where it came from. */
export interface Envelope {
  /** Applied once per receiver. Internal: `from#number.index`; from outside: chosen by the source. */
  readonly id: string;
  readonly to: ActorKey;
  readonly from: ActorKey | null;
  readonly body: Message;
  /** Id of the message whose turn produced this one; null when it came from outside. */
  readonly cause: string | null;
  /** Id of the first message of the cascade, copied along. */
  readonly correlation: string;
  /** Turns between this message and the outside. Bounded, so that a ring of actors cannot run for ever. */
  readonly hop: number;
}

/** `kind/id` → `kind`. */
export function kindOf(key: ActorKey): string {
  return key.slice(0, key.indexOf('/'));
}

/** `kind/id` → `id`. */
export function idOf(key: ActorKey): string {
  return key.slice(key.indexOf('/') + 1);
}

/** Key of the index-th effect of an actor's transition: its idempotency key towards the outside world. */
export function effectKey(actor: ActorKey, number: number, index: number): string {
  return `${actor}#${number}.${index}`;
}
