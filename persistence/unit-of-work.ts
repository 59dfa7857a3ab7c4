// Stage 4 of 6, commit. Before: decide (actors/runtime/turn.ts). After: release (actors/runtime/release.ts).
// Guarantees: everything a group decided is written in one transaction or not at all; a commit that is not
// the shard's next one under the current epoch is refused by its own last statement; when `commit` resolves,
// the server has said that the transaction is durable.
// One session writes. A group is a set of prepared statements over arrays, sent as one message, so it costs one
// round trip and one flush to disk whatever the number of its turns.
// When the session is lost, the outcome of its last group is unknown: a cut before the group arrived and a cut
// before its answer look the same, and the server may go on committing what it has received after we are gone.
// So the next use opens another session and first makes certain that the lost one is ended; only then does
// the shard's commit number say which it was (`committed`).
// Crash before the group is sent: nothing is there. After: all of it or nothing, and `load` tells.
import { StoreFault, type WriteSet } from '../actors/runtime/ports.ts';
import { createKeptSession, type KeptSession, type KeptSessionOptions } from './kept-session.ts';
import {
  callsOf,
  EXPECTING,
  KERNEL_STATEMENTS,
  WRITERS_AFTER_RECORDS,
  WRITERS_BEFORE_RECORDS,
} from './kernel-writers.ts';
import { runPipelined } from './pipeline.ts';
import { callsOfRecords, type Projections } from './projections/index.ts';
import type { Call, Statement } from './row-set.ts';

export interface UnitOfWork {
  commit(set: WriteSet): Promise<void>;
  committed(shard: number): Promise<{ number: bigint; epoch: bigint }>;
  close(): Promise<void>;
}

export interface UnitOfWorkOptions extends Omit<KeptSessionOptions, 'statements'> {
  readonly projections: Projections;
}

/**
 * Plans are made once and kept. With the lengths of its arrays unknown the planner expects few rows, and with
 * these settings it goes through the keys also while a table is empty, when most of the plans are made.
 */
export const PLANNER: Readonly<Record<string, string>> = {
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  jit: 'off',
};

/** Far below any lease: the fence proves ownership in any case, this only spares the question at the start. */
const FRESH_MS = 250;

export function createUnitOfWork({ projections, ...options }: UnitOfWorkOptions): UnitOfWork {
  const statements = [...KERNEL_STATEMENTS, ...statementsOf(projections)];
  const settings = { ...options.session.settings, ...PLANNER };
  const session = createKeptSession({ ...options, session: { ...options.session, settings }, statements });
  // The commit before this one, while it is fresh: it extended the lease, so nobody can have taken the shard since.
  let last: { readonly number: bigint; readonly epoch: bigint; readonly at: number } | null = null;
  return {
    commit: async (set) => {
      const owned = last?.number === set.number - 1n && last.epoch === set.epoch && set.at - last.at < FRESH_MS;
      const calls = callsFor(set, projections, owned);
      last = null;
      await session.use(`commit ${set.number} of shard ${set.shard}`, (client) => runPipelined(client, calls));
      last = { number: set.number, epoch: set.epoch, at: set.at };
    },
    committed: (shard) => committed(session, shard),
    close: () => session.close(),
  };
}

/** Rows that cannot be encoded are refused like rows that the database refuses: the turn that made them is found. */
function callsFor(set: WriteSet, projections: Projections, owned: boolean): readonly Call[] {
  try {
    return [
      ...(owned ? [] : callsOf(EXPECTING, set)),
      ...callsOf(WRITERS_BEFORE_RECORDS, set),
      ...callsOfRecords(projections, set),
      ...callsOf(WRITERS_AFTER_RECORDS, set),
    ];
  } catch (error) {
    throw error instanceof TypeError ? refused(set, error.message) : error;
  }
}

function refused({ number, shard }: WriteSet, text: string): StoreFault {
  return new StoreFault('refused', `commit ${number} of shard ${shard}: ${text}`, null);
}

function statementsOf(projections: Projections): readonly Statement[] {
  return [...projections.values()].flatMap(({ statements }) => statements);
}

export const COMMITTED = 'select commit_number as number, epoch from nodes where shard = $1';

async function committed(session: KeptSession, shard: number): Promise<{ number: bigint; epoch: bigint }> {
  return session.use(`commit number of shard ${shard}`, async (client) => {
    const { rows } = await client.query<{ number: string; epoch: string }>(COMMITTED, [shard]);
    const [row] = rows;
    if (row === undefined) throw new StoreFault('fenced', `nobody has ever taken shard ${shard}`, null);
    return { number: BigInt(row.number), epoch: BigInt(row.epoch) };
  });
}
