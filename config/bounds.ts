// Every bound of the system, with the relations between them. Whatever can grow has one here or in the `bounds.ts` of
// the part it belongs to, and says so when it is reached: by slowing its source, a refusal, or a dead letter.

export interface RuntimeBounds {
  /** Turns of one group before it stops taking messages from outside: the latency knob. */
  readonly groupTurns: number;
  /** Further turns a group may spend on messages its own turns produced. */
  readonly cascadeTurns: number;
  /** Messages in a row one actor may take before the next one's are looked at. */
  readonly quantum: number;
  /** Messages that wait for one actor; a further one is refused. */
  readonly mailboxDepth: number;
  /** Messages that wait in the process; sources are slowed. */
  readonly intakeDepth: number;
  /** Turns between a message from outside and the last of its cascade. */
  readonly hops: number;
  /** JSON characters of one message body. */
  readonly bodyChars: number;
  readonly snapshotChars: number;
  readonly effectsPerTurn: number;
  /** Applied message ids remembered, so that a redelivery is recognised without asking the journal. */
  readonly recentMessages: number;
  /** Actors at rest that are kept in memory. */
  readonly restingActors: number;
  /** Ids reserved at once. */
  readonly idBlock: number;
  readonly leaseMs: number;
  /** How long a stop waits for running effects. */
  readonly stopMs: number;
}

export interface DatabaseBounds {
  /** Sessions that read, beside the one that commits and the one that holds the lease. */
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
  /** A commit, lease or read that is not answered within it counts as lost. */
  readonly answerTimeoutMs: number;
  /** How long a statement waits for a row or table that others hold. */
  readonly lockTimeoutMs: number;
}

export interface Bounds {
  readonly runtime: RuntimeBounds;
  readonly database: DatabaseBounds;
}

const USUAL: Bounds = {
  runtime: {
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
  },
  database: { poolSize: 4, connectTimeoutMs: 5_000, answerTimeoutMs: 15_000, lockTimeoutMs: 5_000 },
};

/** Renewals per lease: the runtime renews four times within one. */
const RENEWALS = 4;
/** How long a supervisor may take to end on SIGTERM before whoever started it kills it. */
const STOP_LIMIT_MS = 10_000;

/** What holds unless the configuration says otherwise. */
export const BOUNDS: Bounds = boundsWith();

/** A relation between bounds does not hold. */
export class BoundsBroken extends Error {
  override readonly name = 'BoundsBroken';
}

/** The bounds with some of them changed; throws BoundsBroken with the sentence that does not hold. */
export function boundsWith(runtime: Partial<RuntimeBounds> = {}, database: Partial<DatabaseBounds> = {}): Bounds {
  const bounds = { runtime: { ...USUAL.runtime, ...runtime }, database: { ...USUAL.database, ...database } };
  for (const { holds, rule, names } of relations(bounds)) {
    if (!holds) throw new BoundsBroken(`${rule}: ${names}`);
  }
  return deepFrozen(bounds);
}

interface Relation {
  readonly holds: boolean;
  readonly rule: string;
  readonly names: string;
}

function relations({ runtime, database }: Bounds): readonly Relation[] {
  const of = (holds: boolean, rule: string, ...pairs: readonly (readonly [string, number])[]): Relation => ({
    holds,
    rule,
    names: pairs.map(([name, value]) => `${name}=${value}`).join(', '),
  });
  const { groupTurns, cascadeTurns, quantum, mailboxDepth, intakeDepth, effectsPerTurn } = runtime;
  const { bodyChars, snapshotChars, idBlock, leaseMs, stopMs, recentMessages } = runtime;
  const { connectTimeoutMs, answerTimeoutMs, lockTimeoutMs } = database;
  const heartbeatMs = leaseMs / RENEWALS;
  return [
    of(
      quantum <= groupTurns,
      'one actor cannot fill more than a group',
      ['quantum', quantum],
      ['groupTurns', groupTurns],
    ),
    of(
      cascadeTurns >= groupTurns,
      'a group has room for what its turns cause',
      ['cascadeTurns', cascadeTurns],
      ['groupTurns', groupTurns],
    ),
    of(
      mailboxDepth <= intakeDepth,
      'one mailbox is no deeper than all together',
      ['mailboxDepth', mailboxDepth],
      ['intakeDepth', intakeDepth],
    ),
    of(
      idBlock >= groupTurns + cascadeTurns,
      'a block of ids lasts for a whole group',
      ['idBlock', idBlock],
      ['groupTurns + cascadeTurns', groupTurns + cascadeTurns],
    ),
    of(effectsPerTurn >= 1, 'a turn may have an effect', ['effectsPerTurn', effectsPerTurn]),
    of(
      bodyChars <= snapshotChars,
      'a snapshot can hold what a message brought',
      ['bodyChars', bodyChars],
      ['snapshotChars', snapshotChars],
    ),
    of(
      recentMessages >= mailboxDepth,
      'a full mailbox sent twice is recognised',
      ['recentMessages', recentMessages],
      ['mailboxDepth', mailboxDepth],
    ),
    of(
      leaseMs > 3 * heartbeatMs,
      'a lease survives two lost renewals',
      ['leaseMs', leaseMs],
      ['renewal every', heartbeatMs],
    ),
    of(leaseMs >= 1_000, 'a lease outlives a pause of the garbage collector', ['leaseMs', leaseMs]),
    of(stopMs < STOP_LIMIT_MS, 'a stop ends before it is killed', ['stopMs', stopMs], ['limit', STOP_LIMIT_MS]),
    of(
      lockTimeoutMs < answerTimeoutMs,
      'a statement gives way before it counts as lost',
      ['lockTimeout', lockTimeoutMs],
      ['answerTimeout', answerTimeoutMs],
    ),
    of(
      connectTimeoutMs <= answerTimeoutMs,
      'a new session is there before its first answer is late',
      ['connectTimeout', connectTimeoutMs],
      ['answerTimeout', answerTimeoutMs],
    ),
  ];
}

export function deepFrozen<Value extends object>(value: Value): Value {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null && !Object.isFrozen(member)) deepFrozen(member);
  }
  return Object.freeze(value);
}
