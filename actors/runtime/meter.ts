// What the runtime tells about itself in numbers. Every method is called on the hot path: it adds to a number
// and returns; it never throws, waits or reads a clock. telemetry/metrics.ts implements it for Prometheus.

/** One group that reached the database. */
export interface CommittedGroup {
  /** How many messages it applied. */
  readonly turns: number;
  /** How many actors it changed or created. */
  readonly actors: number;
  /** From handing the write-set to the store until it was known to be committed. */
  readonly ms: number;
}

/** Read when somebody asks for the numbers, not before. */
export interface RuntimeGauges {
  /** Messages accepted and not yet applied, over all actors. */
  readonly mailboxDepth: number;
  readonly pendingEffects: number;
  readonly pendingTimers: number;
  /** Of the lease this process holds; 0 while it holds none. */
  readonly leaseEpoch: number;
  /** Actors in memory. */
  readonly actorsByKind: { readonly [kind: string]: number };
}

export interface Meter {
  groupCommitted(group: CommittedGroup): void;
  /** A commit did not go through; `fault` is the StoreFault's kind. */
  commitFailed(fault: string): void;
  /** An effect is over. `failed`: its attempts are used up; `interrupted`: a crash ended it and the actor was told. */
  effectSettled(name: string, outcome: 'done' | 'failed' | 'interrupted', ms: number): void;
  /** An attempt failed and another one will follow. */
  effectRetried(name: string): void;
  deadLettered(reason: string): void;
  /** A mailbox was at its bound, so the source was told to wait. */
  messageRefused(kind: string): void;
  /** `lateMs`: between the deadline and the delivery. */
  timerFired(lateMs: number): void;
  /** An actor's turn threw and its supervisor was told. */
  actorFailed(kind: string): void;
  /** Where the gauges are read from; the returned function ends it. */
  watch(read: () => RuntimeGauges): () => void;
}

/** For those who do not count. */
export const NO_METER: Meter = Object.freeze({
  groupCommitted: () => {},
  commitFailed: () => {},
  effectSettled: () => {},
  effectRetried: () => {},
  deadLettered: () => {},
  messageRefused: () => {},
  timerFired: () => {},
  actorFailed: () => {},
  watch: () => () => {},
});
