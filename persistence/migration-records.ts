// What the database says was applied, held against the files of this program.
import type pg from 'pg';
import type { Migration } from './migration-files.ts';

export type MigrationFaultCode =
  | 'MIGRATION_BUSY'
  | 'MIGRATION_CHANGED'
  | 'MIGRATION_DATABASE_NEWER'
  | 'MIGRATION_OUT_OF_ORDER'
  | 'MIGRATION_INTERRUPTED'
  | 'MIGRATION_FAILED'
  | 'MIGRATION_NO_WAY_BACK'
  | 'MIGRATION_PENDING'
  | 'MIGRATION_INDEX_INVALID';

export class MigrationFault extends Error {
  override readonly name = 'MigrationFault';
  readonly code: MigrationFaultCode;
  constructor(code: MigrationFaultCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.code = code;
  }
}

export interface AppliedMigration {
  readonly number: number;
  readonly name: string;
  readonly sha256: string;
  readonly appliedAt: number;
  /** False: it runs outside of a transaction and was cut in the middle. */
  readonly finished: boolean;
}

export interface Comparison {
  readonly applied: readonly AppliedMigration[];
  readonly pending: readonly Migration[];
  /** What forbids going on; the first is the one to tell. */
  readonly problems: readonly MigrationFault[];
}

const CREATE_RECORDS = `create table if not exists schema_migrations (
  number integer primary key,
  name text not null,
  sha256 text not null,
  started_at timestamp with time zone not null default clock_timestamp(),
  finished_at timestamp with time zone
)`;

export async function createRecords(client: pg.Client): Promise<void> {
  await client.query(CREATE_RECORDS);
}

/** Empty as well when nothing was ever migrated. */
export async function readRecords(client: pg.Client): Promise<readonly AppliedMigration[]> {
  const found = await client.query<{ exists: string }>(`select to_regclass('schema_migrations') is not null as exists`);
  if (found.rows[0]?.exists !== 't') return [];
  const records = await client.query<Record<'number' | 'name' | 'sha256' | 'started' | 'finished', string>>(
    `select number, name, sha256, floor(extract(epoch from started_at) * 1000)::bigint as started,
            finished_at is not null as finished
       from schema_migrations order by number`,
  );
  return records.rows.map((row) => ({
    number: Number(row.number),
    name: row.name,
    sha256: row.sha256,
    appliedAt: Number(row.started),
    finished: row.finished === 't',
  }));
}

export function compare(applied: readonly AppliedMigration[], known: readonly Migration[]): Comparison {
  const last = applied.at(-1)?.number ?? -1;
  const done = new Set(applied.map(({ number }) => number));
  const pending = known.filter(({ number }) => !done.has(number));
  const behind = pending.filter(({ number }) => number < last);
  return {
    applied,
    pending,
    problems: [...applied.flatMap((record) => problemOf(record, known)), ...behind.map(outOfOrder)],
  };
}

function problemOf(record: AppliedMigration, known: readonly Migration[]): readonly MigrationFault[] {
  const migration = known.find(({ number }) => number === record.number);
  if (migration === undefined || migration.name !== record.name) {
    const newest = known.at(-1)?.name ?? 'none';
    const text = `the database has ${record.name}, this program knows migrations up to ${newest}`;
    return [new MigrationFault('MIGRATION_DATABASE_NEWER', `${text}; start the release that wrote it`)];
  }
  if (migration.sha256 !== record.sha256) {
    const text = `${migration.file} is not the file that was applied`;
    return [new MigrationFault('MIGRATION_CHANGED', `${text}; restore it and put the change into a new migration`)];
  }
  if (!record.finished) {
    const text = `${record.name} was cut in the middle; finish or undo its statements by hand`;
    return [new MigrationFault('MIGRATION_INTERRUPTED', `${text}, then set or delete its row of schema_migrations`)];
  }
  return [];
}

function outOfOrder(migration: Migration): MigrationFault {
  const text = `${migration.file} comes before migrations that are applied already`;
  return new MigrationFault('MIGRATION_OUT_OF_ORDER', `${text}; generate it again with a later number`);
}

/** Left by an index build that was cut: `create index if not exists` would take it for good. */
export async function invalidIndexes(client: pg.Client): Promise<readonly MigrationFault[]> {
  const found = await client.query<{ name: string }>(
    `select indexrelid::regclass::text as name from pg_index join pg_class on pg_class.oid = indexrelid
      where not indisvalid and relnamespace = 'public'::regnamespace order by 1`,
  );
  return found.rows.map(
    ({ name }) =>
      new MigrationFault('MIGRATION_INDEX_INVALID', `index ${name} was not finished; drop it and build it again`),
  );
}
