// The bounds of the runtime and of the database together, with the relations between them.

import { DEFAULT_BOUNDS, type RuntimeBounds } from '../actors/runtime/bounds.ts';

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
  runtime: DEFAULT_BOUNDS,
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
