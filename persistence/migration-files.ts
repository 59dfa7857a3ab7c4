// drizzle/migrations as data: what there is to apply, in the order drizzle-kit's journal gives.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

export interface Migration {
  readonly number: number;
  /** `0002_fence_commits` */
  readonly name: string;
  readonly file: string;
  readonly sql: string;
  readonly sha256: string;
  /** Null when there is no way back. */
  readonly downSql: string | null;
  /** Runs statement by statement outside of a transaction, as CREATE INDEX CONCURRENTLY must. */
  readonly transactional: boolean;
}

export const MIGRATIONS_FOLDER = fileURLToPath(new URL('../drizzle/migrations', import.meta.url));
const OUTSIDE_TRANSACTION = '-- outside a transaction';
const BREAKPOINT = '--> statement-breakpoint';

const Journal = z.object({ entries: z.array(z.object({ idx: z.int(), tag: z.string() })) });

export function readMigrations(folder: string = MIGRATIONS_FOLDER): readonly Migration[] {
  const journal = Journal.parse(JSON.parse(readFileSync(path.join(folder, 'meta/_journal.json'), 'utf8')));
  return journal.entries.map(({ idx, tag }) => {
    const file = path.join(folder, `${tag}.sql`);
    const down = path.join(folder, `${tag}.down.sql`);
    const sql = readFileSync(file, 'utf8');
    return {
      number: idx,
      name: tag,
      file,
      sql,
      sha256: createHash('sha256').update(sql).digest('hex'),
      downSql: existsSync(down) ? readFileSync(down, 'utf8') : null,
      transactional: !sql.startsWith(OUTSIDE_TRANSACTION),
    };
  });
}

/** The statements of a file that must not be sent as one. */
export function statementsOf(migration: Migration): readonly string[] {
  return migration.sql.split(BREAKPOINT).filter((statement) => statement.trim() !== '');
}
