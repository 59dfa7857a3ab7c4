// Column types the tables share, so that money, moments and documents mean the same everywhere.
import { sql } from 'drizzle-orm';
import { bigint, customType, numeric } from 'drizzle-orm/pg-core';

/** A moment: `timestamptz` in SQL, milliseconds since 1970 in our code. */
export const instant = customType<{ data: number; driverData: string }>({
  dataType: () => 'timestamp with time zone',
  toDriver: (ms) => new Date(ms).toISOString(),
  fromDriver: (text) => new Date(text).getTime(),
});

/** JSON whose bytes are kept: `json`, because `jsonb` reorders keys and drops digits. Text in our code. */
export const document = customType<{ data: string; driverData: string }>({ dataType: () => 'json' });

/** Money, prices and quantities: exact decimals, strings in our code, never `number`. */
export function decimal(name: string) {
  return numeric(name, { precision: 38, scale: 18 });
}

/** The usual key, given by the database unless the writer passes one that it reserved. */
export function identity() {
  return bigint('id', { mode: 'bigint' }).primaryKey().generatedByDefaultAsIdentity();
}

/** Another table's key. */
export function reference(name: string) {
  return bigint(name, { mode: 'bigint' });
}

/** A number that only grows: versions, transition numbers, generations. */
export function counter(name: string) {
  return bigint(name, { mode: 'number' });
}

/** When the row was written, by the database's clock unless the writer says otherwise. */
export function createdAt() {
  return instant('created_at').notNull().default(sql`now()`);
}

/** When the row last changed. Tables that are only appended to have none. */
export function updatedAt() {
  return instant('updated_at').notNull().default(sql`now()`);
}

/** Soft delete: a row with it is left out of every list, and keeps its references whole. */
export function deletedAt() {
  return instant('deleted_at');
}
