// How this process reaches its database: one description for every session, and the pool of those that read.
import { randomBytes } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import type { Log } from '../actors/runtime/ports.ts';
import { clientConfig, type SessionOptions, TEXT_TYPES } from './connection.ts';

export interface DatabaseOptions {
  readonly url: string;
  readonly tls?: ConnectionOptions | undefined;
  readonly log?: Log | undefined;
  /** Sessions that read. */
  readonly poolSize?: number | undefined;
  readonly connectTimeoutMs?: number | undefined;
  /** What is not answered within it counts as lost. */
  readonly answerTimeoutMs?: number | undefined;
  /** How long a statement waits for a row or table that others hold. */
  readonly lockTimeoutMs?: number | undefined;
}

export interface Database {
  readonly session: SessionOptions;
  readonly answerTimeoutMs: number;
  readonly pool: pg.Pool;
  /** Typed reads by Drizzle's query builder, on the same pool. */
  readonly orm: NodePgDatabase;
  close(): Promise<void>;
}

const POOL_SIZE = 4;
const ANSWER_TIMEOUT_MS = 15_000;
const LOCK_TIMEOUT_MS = 5_000;
/** Our transactions never wait for us; one that does has lost its client. */
const IDLE_IN_TRANSACTION_MS = 10_000;

export function openDatabase(options: DatabaseOptions): Database {
  const answerTimeoutMs = options.answerTimeoutMs ?? ANSWER_TIMEOUT_MS;
  const limits = {
    lock_timeout: options.lockTimeoutMs ?? LOCK_TIMEOUT_MS,
    statement_timeout: answerTimeoutMs,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  };
  const session: SessionOptions = {
    url: options.url,
    tls: options.tls,
    // Unique to this store: when no session carries it any more, its process is dead.
    application: `meltica ${randomBytes(6).toString('hex')}`,
    connectTimeoutMs: options.connectTimeoutMs,
    settings: Object.fromEntries(Object.entries(limits).map(([name, ms]) => [name, `${ms}ms`])),
  };
  const pool = new pg.Pool({
    ...clientConfig(session),
    ...limits,
    query_timeout: answerTimeoutMs,
    types: TEXT_TYPES,
    max: options.poolSize ?? POOL_SIZE,
  });
  pool.on('error', (error) => options.log?.warn({ error: error.message }, 'an idle reading session was lost'));
  return { session, answerTimeoutMs, pool, orm: drizzle(pool), close: () => pool.end() };
}
