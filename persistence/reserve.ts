// Blocks of ids, so that a turn can name its actors and outbox rows before anything is written.
import type pg from 'pg';
import { cellsOf } from './cells.ts';

const TABLES = { actors: 'actors', outbox: 'events_outbox' } as const;

export const RESERVE_IDS = `select first_id, last_id
  from reserve_ids(pg_get_serial_sequence($1, 'id')::regclass, $2)`;

/** The block is ours once this returns; a crash before it is used leaves a gap. */
export async function reserveIds(
  pool: pg.Pool,
  sequence: keyof typeof TABLES,
  count: number,
): Promise<{ first: bigint; last: bigint }> {
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`ids are reserved by the block, not ${count}`);
  const [block] = await cellsOf<[first: string, last: string]>(pool, RESERVE_IDS, [TABLES[sequence], count]);
  if (block === undefined) throw new Error('reserve_ids answered nothing');
  return { first: BigInt(block[0]), last: BigInt(block[1]) };
}
