// SQLSTATE → what the worker may do about it. The only place that reads Postgres errors.
// Nothing of a statement's parameters gets out: Postgres puts row values into `message` and `detail`, so a fault
// says the operation, the condition and the names of table and constraint, in our own words.
import { DrizzleQueryError } from 'drizzle-orm';
import pg from 'pg';
import { StoreFault, type StoreFaultKind } from '../actors/runtime/ports.ts';

const MESSAGE_KEY = 'transitions_message_key';
/** An actor's second creation is a duplicate like any message's. */
const ACTOR_KEY = 'actors_key_key';
/** Raised by the functions of 0002_fence_commits.sql. */
const FENCED = 'MF001';
const STALE = 'MS001';
export const LOCK_NOT_AVAILABLE = '55P03';

const KIND_BY_CLASS: Readonly<Record<string, StoreFaultKind>> = {
  '08': 'unknown',
  '57': 'unknown',
  '22': 'refused',
  '23': 'refused',
  '40': 'transient',
  '53': 'transient',
};

/** By SQLSTATE, else by its class. */
const CONDITIONS: Readonly<Record<string, string>> = {
  '08': 'the connection failed',
  '22': 'a value does not fit its column',
  '23': 'a constraint does not hold',
  '40': 'the transaction gave way to another',
  '53': 'the server lacks resources',
  '53100': "the server's disk is full: make room",
  '53300': 'the server has no connection left: raise its max_connections, or give this user fewer',
  '57': 'the server ended the session',
};

/** Runs a read; what goes wrong with it becomes a StoreFault. */
export async function reading<Result>(operation: string, work: () => PromiseLike<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toStoreFault(operation, error);
  }
}

export function sqlStateOf(error: unknown): string | null {
  return error instanceof pg.DatabaseError ? (error.code ?? null) : null;
}

export function kindOfError(thrown: unknown): StoreFaultKind {
  const error = sourceOf(thrown);
  if (isBug(error)) return 'fatal';
  const state = sqlStateOf(error);
  if (!(error instanceof pg.DatabaseError) || state === null) return 'unknown';
  if (state === FENCED) return 'fenced';
  if (state === LOCK_NOT_AVAILABLE) return 'transient';
  if (state === '23505' && (error.constraint === MESSAGE_KEY || error.constraint === ACTOR_KEY)) return 'duplicate';
  return KIND_BY_CLASS[state.slice(0, 2)] ?? 'fatal';
}

/** What went wrong while doing `operation`, as the runtime knows faults. */
export function toStoreFault(operation: string, error: unknown): StoreFault {
  if (error instanceof StoreFault) return error;
  const source = sourceOf(error);
  return new StoreFault(kindOfError(source), `${operation}: ${describe(source)}`, sqlStateOf(source));
}

/** Drizzle wraps what the driver throws into an error whose text holds statement and parameters. */
function sourceOf(error: unknown): unknown {
  return error instanceof DrizzleQueryError ? error.cause : error;
}

function describe(error: unknown): string {
  if (isBug(error)) return `a fault of the program (${error.name}: ${error.message})`;
  if (!(error instanceof pg.DatabaseError)) return lostConnection(error);
  const state = error.code ?? '';
  if (state === FENCED) return `another process owns the shard (${error.message})`;
  if (state === STALE) return `${error.message}: its stored version is not the one this change started from`;
  // Texts of this class name identifiers and never a row's values.
  if (state.startsWith('42'))
    return `${error.message}; are the migrations of this release applied? (sqlstate=${state})`;
  const condition =
    CONDITIONS[state] ?? CONDITIONS[state.slice(0, 2)] ?? 'the server answered with an error it has no business to';
  const where = [
    ['sqlstate', state],
    ['table', error.table],
    ['column', error.column],
    ['constraint', error.constraint],
  ].flatMap(([name, value]) => (value === undefined || value === '' ? [] : [`${name}=${value}`]));
  return `${condition} (${where.join(', ')})`;
}

/** Neither the server nor the network throws these. */
function isBug(error: unknown): error is Error {
  return error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
}

/** Errors without a SQLSTATE come from the socket or from pg itself; their texts name no values. */
function lostConnection(error: unknown): string {
  return `the connection was lost (${error instanceof Error ? error.message : 'no reason given'})`;
}
