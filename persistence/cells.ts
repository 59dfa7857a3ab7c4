// Rows of the hot reads: arrays of text as the server sends them. 100,000 actors are 800,000 cells, and splitting
// text costs less than half of building objects by column name.
import type pg from 'pg';
import type { ActorKey } from '../actors/runtime/message.ts';
import type { ActorRow, ActorStatus } from '../actors/runtime/ports.ts';

export type Cell = string | null;

/** pg takes a client-side timeout for one query; its types do not say so. */
interface TimedQuery extends pg.QueryArrayConfig {
  query_timeout?: number;
}

export async function cellsOf<Cells extends Cell[]>(
  on: pg.ClientBase | pg.Pool,
  text: string,
  values: unknown[],
  timeoutMs?: number,
): Promise<Cells[]> {
  const query: TimedQuery = { text, values, rowMode: 'array', ...(timeoutMs && { query_timeout: timeoutMs }) };
  const { rows } = await on.query<Cells>(query);
  return rows;
}

/** A moment as milliseconds since 1970. */
export function millis(column: string): string {
  return `(extract(epoch from ${column}) * 1000)::bigint`;
}

export const ACTOR_COLUMNS = 'id, key, kind, machine_version, version, status, state, snapshot';

export type ActorCells = [
  id: string,
  key: string,
  kind: string,
  machineVersion: string,
  version: string,
  status: string,
  state: string,
  snapshot: string,
];

export function toActor([id, key, kind, machineVersion, version, status, state, snapshot]: ActorCells): ActorRow {
  return {
    id: BigInt(id),
    key: key as ActorKey,
    kind,
    machineVersion: Number(machineVersion),
    version: Number(version),
    status: status as ActorStatus,
    state,
    snapshot,
  };
}
