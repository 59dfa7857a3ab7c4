// A session that is kept: opened when first used, replaced when lost, one user at a time.
// A lost session may still be alive on the server, with our last statements in its socket. Its backend is
// remembered, and no other session is handed out before that backend is certain to be gone.
import type pg from 'pg';
import { StoreFault } from '../actors/runtime/ports.ts';
import { closeSession, deadline, destroySession, openSession, type SessionOptions } from './connection.ts';
import { toStoreFault } from './errors.ts';
import { PipelineError, preparePipelined } from './pipeline.ts';
import type { Statement } from './row-set.ts';

export interface KeptSessionOptions {
  readonly session: SessionOptions;
  /** Prepared whenever it is opened. */
  readonly statements: readonly Statement[];
  /** An answer that takes longer counts as lost: only the client can tell a half-open socket. */
  readonly answerTimeoutMs: number;
}

export interface KeptSession {
  /** Runs `work` when those before it are done; throws a StoreFault that names the operation. */
  use<Result>(operation: string, work: (client: pg.Client) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** A pid alone is used again; with its start it names one session for ever. */
interface Backend {
  readonly pid: string;
  readonly startedAt: string;
}
interface Open {
  readonly client: pg.Client;
  readonly backend: Backend;
}

/** How long the server may take to end a backend that it was told to end. */
const TERMINATE_TIMEOUT_MS = 5_000;

export function createKeptSession(options: KeptSessionOptions): KeptSession {
  let open: Open | null = null;
  let lost: Backend | null = null;
  let tail: Promise<unknown> = Promise.resolve();
  let closed = false;

  const ready = async (): Promise<Open> => {
    if (closed) throw new StoreFault('fatal', 'the store is closed', null);
    if (open !== null) return open;
    const fresh = await openPrepared(options);
    try {
      if (lost !== null) await endBackend(fresh.client, lost);
      lost = null;
      open = fresh;
      return fresh;
    } catch (error) {
      destroySession(fresh.client);
      throw error;
    }
  };

  const attempt = async <Result>(operation: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> => {
    try {
      const { client } = await ready();
      return await answered(client, options.answerTimeoutMs, work);
    } catch (error) {
      const fault = faultOf(operation, error);
      if (fault.kind === 'unknown' && open !== null) {
        destroySession(open.client);
        lost = open.backend;
        open = null;
      }
      throw fault;
    }
  };

  return {
    use: (operation, work) => {
      const result = tail.then(() => attempt(operation, work));
      tail = result.catch(() => {});
      return result;
    },
    close: async () => {
      closed = true;
      await tail;
      if (open !== null) await closeSession(open.client);
      open = null;
    },
  };
}

async function openPrepared({ session, statements, answerTimeoutMs }: KeptSessionOptions): Promise<Open> {
  const client = await openSession(session);
  try {
    return await answered(client, answerTimeoutMs, async () => {
      await preparePipelined(client, statements);
      return { client, backend: await backendOf(client) };
    });
  } catch (error) {
    destroySession(client);
    throw error;
  }
}

export const OWN_BACKEND = 'select pid, backend_start as started_at from pg_stat_activity where pid = pg_backend_pid()';

export const END_BACKEND = `select pg_terminate_backend(pid, $3) as gone from pg_stat_activity
 where pid = $1 and (backend_start is null or backend_start = $2::timestamptz)`;

async function backendOf(client: pg.Client): Promise<Backend> {
  const { rows } = await client.query<{ pid: string; started_at: string }>(OWN_BACKEND);
  const [row] = rows;
  if (row === undefined) throw new StoreFault('fatal', 'pg_stat_activity does not show our own session', null);
  return { pid: row.pid, startedAt: row.started_at };
}

/** Ends the backend of a lost session and waits until it is gone, so that nothing of it can commit any more. */
async function endBackend(client: pg.Client, { pid, startedAt }: Backend): Promise<void> {
  const { rows } = await client.query<{ gone: string }>(END_BACKEND, [pid, startedAt, TERMINATE_TIMEOUT_MS]);
  if (rows[0] !== undefined && rows[0].gone !== 't') {
    throw new StoreFault('unknown', `the server has not ended the lost session ${pid} yet; ask again`, null);
  }
}

async function answered<Result>(
  client: pg.Client,
  timeoutMs: number,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const done = deadline(timeoutMs, () => destroySession(client));
  try {
    return await work(client);
  } finally {
    done();
  }
}

function faultOf(operation: string, error: unknown): StoreFault {
  if (error instanceof PipelineError) return toStoreFault(`${operation}, ${error.operation}`, error.cause);
  return toStoreFault(operation, error);
}
