// Every bound of the runtime. A bound that is reached says so: by back-pressure, a refusal or a dead letter.

export interface RuntimeBounds {
  /** Turns of one group before it stops taking messages from outside: the latency knob. */
  readonly groupTurns: number;
  /** Further turns a group may spend on messages its own turns produced. */
  readonly cascadeTurns: number;
  /** Messages in a row one actor may take from outside before the next actor's are looked at. */
  readonly quantum: number;
  /** Messages from outside that wait for one actor. */
  readonly mailboxDepth: number;
  /** Messages from outside that wait in the process; sources are slowed at this mark. */
  readonly intakeDepth: number;
  /** Turns between a message from outside and the last of its cascade. */
  readonly hops: number;
  /** JSON characters of one message body or one snapshot. */
  readonly bodyChars: number;
  readonly snapshotChars: number;
  /** Effects one turn may emit. */
  readonly effectsPerTurn: number;
  /** Applied message ids remembered to recognise a redelivery without asking the journal. */
  readonly recentMessages: number;
  /** Resting actors kept in memory before the oldest leaves. */
  readonly restingActors: number;
  /** Ids reserved at once. */
  readonly idBlock: number;
  readonly leaseMs: number;
  /** How long stop() waits for running effects. */
  readonly stopMs: number;
}

export const DEFAULT_BOUNDS: RuntimeBounds = Object.freeze({
  groupTurns: 768,
  cascadeTurns: 1_024,
  quantum: 64,
  mailboxDepth: 10_000,
  intakeDepth: 50_000,
  hops: 32,
  bodyChars: 262_144,
  snapshotChars: 262_144,
  effectsPerTurn: 1_024,
  recentMessages: 100_000,
  restingActors: 10_000,
  idBlock: 20_000,
  leaseMs: 5_000,
  stopMs: 6_000,
});
