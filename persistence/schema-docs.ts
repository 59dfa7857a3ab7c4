// The doc lines of drizzle/schema as comments of the database, where an operator's psql shows them (\d+).
// Drizzle says no COMMENT ON, so they are written by migrations; a test holds that both say the same.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export interface DocLine {
  readonly table: string;
  /** Null for the table itself. */
  readonly column: string | null;
  readonly text: string;
}

const SCHEMA_FOLDER = fileURLToPath(new URL('../drizzle/schema', import.meta.url));
/** A doc comment followed by `export const x = pgTable('name'` or by `name: type('name'`. */
const DOCUMENTED =
  /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(?:export const \w+ = (pgTable)\(\s*'(\w+)'|(\w+): (\w+)\((?:'(\w+)')?)/g;
const TABLE = /pgTable\(\s*'(\w+)'/g;

/** In the order of files and lines. */
export function readDocLines(folder: string = SCHEMA_FOLDER): readonly DocLine[] {
  return readdirSync(folder)
    .filter((file) => file !== 'columns.ts' && file !== 'index.ts')
    .toSorted()
    .flatMap((file) => docLinesOf(readFileSync(path.join(folder, file), 'utf8')));
}

function docLinesOf(source: string): readonly DocLine[] {
  const tables = [...source.matchAll(TABLE)].map((match) => ({ at: match.index, name: match[1] ?? '' }));
  return [...source.matchAll(DOCUMENTED)].map((match) => {
    const [, comment = '', isTable, tableName = '', property = '', , columnName] = match;
    const text = comment.replaceAll(/\s*\n\s*\*\s*/g, ' ').trim();
    if (isTable !== undefined) return { table: tableName, column: null, text };
    // identity() names its column itself.
    const table = tables.findLast(({ at }) => at < match.index)?.name ?? '';
    return { table, column: columnName ?? property, text };
  });
}

export function commentStatement({ table, column, text }: DocLine): string {
  const target = column === null ? `table ${table}` : `column ${table}.${column}`;
  return `comment on ${target} is '${text.replaceAll("'", "''")}';`;
}
