// Brings a database to the schema of this program, and back.
// Guarantees: one process migrates at a time, the others wait a bounded time and then find nothing to do; each
// migration is one transaction together with its record, so killing the process leaves whole migrations only;
// a file that changed after it was applied, a database that is ahead of this program and a migration that
// arrived behind applied ones are refused before anything is touched.
// Does not guarantee: a migration that runs outside of a transaction (its first line says so) can be cut in
// the middle; its record says that it started, and nothing goes on until a person has looked.
import type { ConnectionOptions } from 'node:tls';
import type pg from 'pg';
import { type SessionOptions, withSession } from './connection.ts';
import { LOCK_NOT_AVAILABLE, sqlStateOf } from './errors.ts';
import { type Migration, readMigrations, statementsOf } from './migration-files.ts';
import { compare, createRecords, invalidIndexes, MigrationFault, readRecords } from './migration-records.ts';

export interface MigrateOptions {
  readonly folder?: string | undefined;
  readonly tls?: ConnectionOptions | undefined;
  /** How long to wait for another process that migrates. */
  readonly waitMs?: number | undefined;
  /** How long one statement may wait for a table that others use, before it gives way to them. */
  readonly lockTimeoutMs?: number | undefined;
}

export interface MigrationStatus {
  readonly applied: readonly { readonly name: string; readonly appliedAt: number }[];
  readonly pending: readonly string[];
  /** What forbids going on; empty when all is well. */
  readonly problems: readonly MigrationFault[];
}

const WAIT_MS = 60_000;
const LOCK_TIMEOUT_MS = 10_000;
/** Any number that nothing else in the database locks: the bytes of "meltica". */
const MIGRATION_LOCK = '30792318602470241';

/** Applies what is pending; answers the names of what it applied. */
export async function migrateUp(url: string, options: MigrateOptions = {}): Promise<readonly string[]> {
  return locked(url, options, async (client) => {
    await createRecords(client);
    const { pending, problems } = compare(await readRecords(client), readMigrations(options.folder));
    if (problems[0] !== undefined) throw problems[0];
    for (const migration of pending) await apply(client, migration);
    return pending.map(({ name }) => name);
  });
}

/** Takes the newest `steps` migrations back, each in its own transaction; answers their names. */
export async function migrateDown(
  url: string,
  steps: number,
  options: MigrateOptions = {},
): Promise<readonly string[]> {
  return locked(url, options, async (client) => {
    const known = readMigrations(options.folder);
    const { applied, problems } = compare(await readRecords(client), known);
    if (problems[0] !== undefined) throw problems[0];
    const numbers = applied.map(({ number }) => number).slice(Math.max(0, applied.length - steps));
    const back = known.filter(({ number }) => numbers.includes(number)).reverse();
    for (const migration of back) await revert(client, migration);
    return back.map(({ name }) => name);
  });
}

/** What is applied and what is not; changes nothing. */
export async function migrationStatus(url: string, options: MigrateOptions = {}): Promise<MigrationStatus> {
  return withSession(sessionOf(url, options), async (client) => {
    const { applied, pending, problems } = compare(await readRecords(client), readMigrations(options.folder));
    return {
      applied: applied.map(({ name, appliedAt }) => ({ name, appliedAt })),
      pending: pending.map(({ name }) => name),
      problems: [...problems, ...(await invalidIndexes(client))],
    };
  });
}

/** Throws unless the database has exactly the schema of this program. */
export async function checkSchema(url: string, options: MigrateOptions = {}): Promise<void> {
  const { pending, problems } = await migrationStatus(url, options);
  if (problems[0] !== undefined) throw problems[0];
  if (pending.length > 0) {
    const text = `the database lacks ${pending.join(', ')}`;
    throw new MigrationFault('MIGRATION_PENDING', `${text}; run "meltica migrate up" or set database.runMigrations`);
  }
}

function sessionOf(url: string, options: MigrateOptions): SessionOptions {
  return { url, tls: options.tls, application: 'meltica migrate' };
}

/** One process at a time, by a lock of the session: it is gone with the process, however that ends. */
async function locked<Result>(
  url: string,
  options: MigrateOptions,
  use: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  return withSession(sessionOf(url, options), async (client) => {
    await setLockTimeout(client, options.waitMs ?? WAIT_MS);
    try {
      await client.query(`select pg_advisory_lock(${MIGRATION_LOCK})`);
    } catch (error) {
      if (sqlStateOf(error) !== LOCK_NOT_AVAILABLE) throw error;
      throw await busy(client, options.waitMs ?? WAIT_MS);
    }
    await setLockTimeout(client, options.lockTimeoutMs ?? LOCK_TIMEOUT_MS);
    return use(client);
  });
}

async function setLockTimeout(client: pg.Client, ms: number): Promise<void> {
  await client.query(`select set_config('lock_timeout', $1, false)`, [`${ms}ms`]);
}

async function busy(client: pg.Client, waitedMs: number): Promise<MigrationFault> {
  const holder = await client.query<{ pid: string; address: string | null }>(
    `select a.pid, a.client_addr::text as address from pg_locks l join pg_stat_activity a using (pid)
      where l.locktype = 'advisory' and l.granted and l.objsubid = 1
        and l.database = (select oid from pg_database where datname = current_database())
        and l.classid::bigint << 32 | l.objid::bigint = ${MIGRATION_LOCK}`,
  );
  const who = holder.rows.map(({ pid, address }) => `backend ${pid} from ${address ?? 'this host'}`).join(', ');
  const waited = `waited ${waitedMs} ms for another process that migrates (${who || 'gone since'})`;
  return new MigrationFault('MIGRATION_BUSY', `${waited}; start again`);
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  const values = [migration.number, migration.name, migration.sha256];
  const record = 'insert into schema_migrations (number, name, sha256, finished_at) values ($1, $2, $3, ';
  if (migration.transactional) {
    await inTransaction(client, migration.file, async () => {
      await client.query(migration.sql);
      await client.query(`${record}clock_timestamp())`, values);
    });
    return;
  }
  await client.query(`${record}null)`, values);
  for (const statement of statementsOf(migration)) {
    await client.query(statement).catch((cause: unknown) => {
      throw interrupted(migration.file, cause);
    });
  }
  await client.query('update schema_migrations set finished_at = clock_timestamp() where number = $1', [
    migration.number,
  ]);
}

async function revert(client: pg.Client, migration: Migration): Promise<void> {
  const { downSql } = migration;
  if (downSql === null) {
    const text = `${migration.name} has no ${migration.name}.down.sql`;
    throw new MigrationFault('MIGRATION_NO_WAY_BACK', `${text}; restore a backup instead`);
  }
  await inTransaction(client, migration.file.replace(/\.sql$/, '.down.sql'), async () => {
    await client.query(downSql);
    await client.query('delete from schema_migrations where number = $1', [migration.number]);
  });
}

async function inTransaction(client: pg.Client, file: string, run: () => Promise<void>): Promise<void> {
  await client.query('begin');
  try {
    await run();
    await client.query('commit');
  } catch (cause) {
    await client.query('rollback').catch(() => {});
    throw failed(file, cause);
  }
}

function failed(file: string, cause: unknown): MigrationFault {
  return new MigrationFault('MIGRATION_FAILED', `${file}: ${textOf(cause)}; nothing of it was kept`, { cause });
}

function interrupted(file: string, cause: unknown): MigrationFault {
  return new MigrationFault('MIGRATION_INTERRUPTED', `${file}: ${textOf(cause)}`, { cause });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
