// What the runtime needs from outside. persistence/ implements Store; bin/ gives clock, log and meter.
import type { DomainRow } from './effect.ts';
import type { ActorKey, Envelope, Message } from './message.ts';

/** Milliseconds since 1970. */
export interface Clock {
  now(): number;
  /** Runs fn once after delayMs; the returned function cancels it. */
  after(delayMs: number, fn: () => void): () => void;
}

export interface Log {
  debug(detail: object, text: string): void;
  info(detail: object, text: string): void;
  warn(detail: object, text: string): void;
  error(detail: object, text: string): void;
}

export type ActorStatus = 'active' | 'suspended' | 'failed' | 'done';

/** One row of `actors`: the last committed snapshot. `version` is the number of its last transition. */
export interface ActorRow {
  readonly id: bigint;
  readonly key: ActorKey;
  readonly kind: string;
  readonly machineVersion: number;
  readonly version: number;
  readonly status: ActorStatus;
  /** The state value in one line: `working`, or `life.working cancel.none` for regions. */
  readonly state: string;
  /** JSON text of a StoredSnapshot, byte for byte what replay must produce. */
  readonly snapshot: string;
}

/** A new version of a known actor. Written only where the stored version is still `fromVersion`. */
export interface ActorChange extends ActorRow {
  readonly fromVersion: number;
}

/** One row of the journal. Number 1 is the creation: type `@init`, body = input. */
export interface TransitionRow {
  readonly actorId: bigint;
  readonly number: number;
  readonly messageId: string;
  readonly type: string;
  /** JSON text of the body as accepted, without `at` and `messageId`. */
  readonly body: string;
  readonly fromState: string | null;
  readonly toState: string;
  readonly at: number;
  readonly sender: ActorKey | null;
  readonly cause: string | null;
  readonly correlation: string;
  readonly hop: number;
}

/** message: to an actor, deleted when applied. effect: to the world, deleted when settled. event: to the bus, kept. */
export type OutboxLane = 'message' | 'effect' | 'event';

export interface OutboxRow {
  /** Given by the writer in commit order: a reader that keeps the last id seen misses nothing. */
  readonly id: bigint;
  readonly lane: OutboxLane;
  /** Message id or effect key. */
  readonly key: string;
  readonly sourceId: bigint;
  /** Receiver's key, effect name or topic. */
  readonly target: string;
  readonly type: string;
  readonly body: string;
  readonly at: number;
  readonly cause: string | null;
  readonly correlation: string;
  readonly hop: number;
  /** Set at once when the group that wrote it also delivered it. */
  readonly deliveredAt: number | null;
}

export interface TimerRow {
  readonly actorId: bigint;
  readonly timerId: string;
  /** The actor's transition number when it was armed; a timer that fires with another one is stale. */
  readonly generation: number;
  readonly dueAt: number;
  /** JSON text of the message to deliver. */
  readonly body: string;
  readonly correlation: string;
}

export type DeadLetterReason = 'unhandled' | 'poison' | 'refused' | 'undeliverable' | 'effect';

export interface DeadLetterRow {
  readonly envelope: Envelope;
  readonly reason: DeadLetterReason;
  readonly error: string;
  readonly at: number;
}

/** Everything one group decided: written together or not at all. Arrays are in decision order. */
export interface WriteSet {
  readonly shard: number;
  readonly epoch: bigint;
  /** Commit number: one more than the shard's last. Proved by the fence, the last statement. */
  readonly number: bigint;
  readonly at: number;
  readonly created: readonly ActorRow[];
  readonly changed: readonly ActorChange[];
  readonly transitions: readonly TransitionRow[];
  readonly records: readonly { readonly actorId: bigint; readonly row: DomainRow }[];
  readonly outbox: readonly OutboxRow[];
  /** Outbox rows of lanes message and effect that are done: deleted. */
  readonly settled: readonly bigint[];
  /** Outbox rows of lane event from earlier groups that were delivered now: marked. */
  readonly delivered: readonly bigint[];
  /** The last word per (actor, timer): one entry each. */
  readonly timersPut: readonly TimerRow[];
  readonly timersDropped: readonly { readonly actorId: bigint; readonly timerId: string }[];
  readonly deadLetters: readonly DeadLetterRow[];
  /** Message ids of dead letters that were re-driven and have now been applied. */
  readonly redriven: readonly { readonly key: ActorKey; readonly messageId: string }[];
}

/** Why a commit did not go through, and so what the worker may do about it. */
export type StoreFaultKind =
  /** Serialization, deadlock, resources (40, 53, 55P03): the same write-set may be sent again. */
  | 'transient'
  /** Connection lost (08, 57P, no SQLSTATE): ask `committed()` before anything else. */
  | 'unknown'
  /** A row was refused (22, 23): isolate the turn that wrote it. */
  | 'refused'
  /** (actor, message id) is in the journal, or the actor exists: the message was applied before. */
  | 'duplicate'
  /** The fence did not hold: another process owns the shard. Stop. */
  | 'fenced'
  /** A bug or a database that is not ours to repair. Stop. */
  | 'fatal';

export class StoreFault extends Error {
  override readonly name = 'StoreFault';
  readonly kind: StoreFaultKind;
  readonly sqlState: string | null;
  constructor(kind: StoreFaultKind, message: string, sqlState: string | null, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.sqlState = sqlState;
  }
}

export interface LeaseGrant {
  readonly shard: number;
  readonly epoch: bigint;
  /** Last commit number of the shard, by whoever owned it. */
  readonly commitNumber: bigint;
  /** ms the lease is worth from the moment the request for it was sent. */
  readonly ttlMs: number;
}
export type LeaseAnswer =
  | { readonly granted: true; readonly grant: LeaseGrant }
  | { readonly granted: false; readonly holder: string; readonly expiresInMs: number };

export interface PendingOutbox {
  readonly id: bigint;
  readonly lane: OutboxLane;
  readonly key: string;
  readonly source: ActorKey;
  readonly target: string;
  readonly body: string;
  readonly at: number;
  readonly cause: string | null;
  readonly correlation: string;
  readonly hop: number;
}
export interface LoadedTimer extends Omit<TimerRow, 'actorId'> {
  readonly actorId: bigint;
}

/** What a shard looked like at its last commit. Actors whose status is done are not loaded. */
export interface LoadedShard {
  readonly actors: readonly ActorRow[];
  readonly timers: readonly LoadedTimer[];
  readonly outbox: readonly PendingOutbox[];
  /** The newest applied message ids, so that a redelivered one is recognised without a query: `key messageId`. */
  readonly recentMessages: readonly string[];
  /** Greatest `at` of any commit: time never runs back across a restart. */
  readonly lastAt: number;
}

export interface Store {
  /** Takes the shard if it is free, expired, or its holder's session is gone; raises the epoch. */
  acquire(request: { shard: number; node: string; ttlMs: number }): Promise<LeaseAnswer>;
  /** Extends the lease of this epoch; false when another owns the shard now. */
  renew(grant: LeaseGrant): Promise<boolean>;
  /** Gives the shard up so that the next owner need not wait. */
  unlock(grant: LeaseGrant): Promise<void>;
  load(shard: number): Promise<LoadedShard>;
  /** One actor that rests in the database (status done); null when there never was one. */
  findActor(key: ActorKey): Promise<ActorRow | null>;
  /** A block of ids for actors and outbox rows; ids that are never used leave a gap, which is harmless. */
  reserveIds(sequence: 'actors' | 'outbox', count: number): Promise<{ first: bigint; last: bigint }>;
  /**
   * Writes the set in one transaction; throws StoreFault. Crash before it returns: either all of it is there
   * or nothing, and the fence's commit number tells which.
   */
  commit(set: WriteSet): Promise<void>;
  /** After an unknown outcome: the shard's commit number, read once the lost session can no longer commit. */
  committed(shard: number): Promise<{ number: bigint; epoch: bigint }>;
  /** An actor with its journal, oldest first; with `last`, only that many of its newest transitions. */
  history(key: ActorKey, options?: { readonly last?: number }): Promise<History | null>;
  /**
   * Many actors with their journals, by id, as of one moment. A journal longer than `transitions` is left out
   * (its `transitions` are empty) and read by `listTransitions`.
   */
  listHistories(page: {
    readonly afterId: bigint;
    readonly limit: number;
    readonly transitions: number;
  }): Promise<readonly StoredHistory[]>;
  /** A part of one journal: numbers after `after`, at most up to `upTo`, oldest first. */
  listTransitions(
    actorId: bigint,
    page: { readonly after: number; readonly upTo: number; readonly limit: number },
  ): Promise<History['transitions']>;
  listKeys(filter: {
    readonly kind?: string;
    readonly live?: boolean;
    readonly afterId?: bigint;
    readonly limit: number;
  }): Promise<readonly { id: bigint; key: ActorKey }[]>;
  /** Dead letters still to be looked at, oldest first; `take` returns one for delivery again. */
  listDeadLetters(filter: { readonly limit: number; readonly key?: ActorKey }): Promise<readonly StoredDeadLetter[]>;
  getDeadLetter(id: bigint): Promise<StoredDeadLetter | null>;
}

export interface StoredDeadLetter {
  readonly id: bigint;
  readonly envelope: Envelope;
  readonly reason: DeadLetterReason;
  readonly error: string;
  readonly attempts: number;
  readonly createdAt: number;
  readonly redrivenAt: number | null;
}

/** An actor's journal, number 1 first, and the snapshot it must fold to. */
export interface History {
  readonly key: ActorKey;
  readonly kind: string;
  readonly machineVersion: number;
  readonly version: number;
  readonly state: string;
  readonly snapshot: string;
  readonly transitions: readonly Omit<TransitionRow, 'actorId'>[];
}

export interface StoredHistory extends History {
  readonly id: bigint;
}

/** A message body with the fields the runtime adds, as it is handed to a machine. */
export type Stamped = Message & { readonly at: number; readonly messageId: string };
