import { type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';

/** A numeric as it was written: the column's scale of 18 would pad it with zeros. */
export function plain(column: PgColumn & { _: { notNull: true } }): SQL<string>;
export function plain(column: PgColumn): SQL<string | null>;
export function plain(column: PgColumn): SQL<string | null> {
  return sql<string | null>`trim_scale(${column})::text`;
}
