// The first question of every start: is the database there, does it let us in, and has it our schema? Each "no"
// says which, with what to do, and without the password.
import type { ConnectionOptions } from 'node:tls';
import type pg from 'pg';
import { deadline, type SessionOptions, withSession } from './connection.ts';
import { sqlStateOf } from './errors.ts';
import { checkSchema } from './migrate.ts';

export type DatabaseFaultCode = 'DATABASE_UNREACHABLE' | 'DATABASE_REFUSED' | 'DATABASE_TOO_OLD';

export class DatabaseFault extends Error {
  override readonly name = 'DatabaseFault';
  readonly code: DatabaseFaultCode;
  constructor(code: DatabaseFaultCode, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

export interface ReachOptions {
  readonly tls?: ConnectionOptions | undefined;
  readonly connectTimeoutMs?: number | undefined;
  /** How long to go on trying a server that is starting or not there yet. */
  readonly waitMs?: number | undefined;
}

export interface DatabaseReport {
  readonly serverVersion: string;
  /** What weakens the promises of a commit: settings an operator should know of. */
  readonly warnings: readonly string[];
}

const RETRY_MS = 250;
/** pg_terminate_backend with a timeout came with 14. */
const VERSION_MIN = 140_000;
const CANNOT_CONNECT_NOW = '57P03';

/** Waits until the server answers; throws a DatabaseFault when it does not, or does not let us in. */
export async function reachServer(url: string, options: ReachOptions = {}): Promise<DatabaseReport> {
  const { tls, connectTimeoutMs, waitMs = 0 } = options;
  const session: SessionOptions = { url, tls, application: 'meltica check', connectTimeoutMs };
  let over = false;
  const done = deadline(waitMs, () => {
    over = true;
  });
  try {
    for (;;) {
      const tried = await withSession(session, report).catch((error: unknown) => faultOf(url, error));
      if (!(tried instanceof DatabaseFault)) return tried;
      if (over || waitMs === 0 || tried.code !== 'DATABASE_UNREACHABLE') throw tried;
      await new Promise<void>((resolve) => deadline(RETRY_MS, resolve));
    }
  } finally {
    done();
  }
}

/** reachServer, and the schema is exactly that of this program; else a MigrationFault. */
export async function checkDatabase(url: string, options: ReachOptions = {}): Promise<DatabaseReport> {
  const found = await reachServer(url, options);
  await checkSchema(url, { tls: options.tls });
  return found;
}

async function report(client: pg.Client): Promise<DatabaseReport> {
  const { rows } = await client.query<Record<'number' | 'version' | 'fsync' | 'commit' | 'pages', string>>(
    `select current_setting('server_version_num') as number, current_setting('server_version') as version,
            current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
            current_setting('full_page_writes') as pages`,
  );
  const [found] = rows;
  if (found === undefined || Number(found.number) < VERSION_MIN) {
    throw new DatabaseFault('DATABASE_TOO_OLD', `PostgreSQL ${found?.version} was found; 14 or newer is needed`);
  }
  const warnings = [
    found.fsync === 'off' ? 'fsync is off: a power cut can lose or damage everything' : '',
    found.commit === 'off' ? 'synchronous_commit is off: a crash of the server loses the newest commits' : '',
    found.pages === 'off' ? 'full_page_writes is off: a power cut can damage pages' : '',
  ];
  return { serverVersion: found.version, warnings: warnings.filter((text) => text !== '') };
}

function faultOf(url: string, error: unknown): DatabaseFault {
  if (error instanceof DatabaseFault) return error;
  const state = sqlStateOf(error);
  const text = textOf(error);
  if (state === null || state === CANNOT_CONNECT_NOW || state.startsWith('53')) {
    const advice = 'is it running, and is database.dsn (DATABASE_URL) right?';
    return new DatabaseFault('DATABASE_UNREACHABLE', `${addressOf(url)} does not answer: ${text}; ${advice}`);
  }
  return new DatabaseFault('DATABASE_REFUSED', `${addressOf(url)} refuses us: ${text} (sqlstate=${state})`);
}

/** Refusals of a connection name user and database, never a password. */
function textOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(textOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/** host:port/database, whatever else the URL holds. */
function addressOf(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? 'the database' : `${parsed.hostname}:${parsed.port || 5432}${parsed.pathname}`;
}
