// A projection writes the domain rows of one table in the transaction of the turns that recorded them.
import type { DomainRow } from '../../actors/runtime/effect.ts';
import type { Call, Statement } from '../row-set.ts';

export interface Recorded<Row extends DomainRow = DomainRow> {
  /** The actor whose turn recorded it. */
  readonly actorId: bigint;
  readonly row: Row;
}

export interface Group {
  /** Time of the group. */
  readonly at: number;
  /** Actors that came to be in this group: their rows are new as well. */
  readonly created: ReadonlySet<bigint>;
}

export interface Projection<Row extends DomainRow = DomainRow> {
  readonly table: Row['table'];
  /** Every statement it may send; prepared when a session opens. */
  readonly statements: readonly Statement[];
  /** Rows in the order of their decision, not empty. A statement must not write one row twice: fold them. */
  bind(rows: readonly Recorded<Row>[], group: Group): readonly Call[];
}

/** Keeps the last row of each key, in the order of first appearance. */
export function lastByKey<Row>(rows: readonly Row[], keyOf: (row: Row) => string | bigint): readonly Row[] {
  const byKey = new Map<string | bigint, Row>();
  for (const row of rows) byKey.set(keyOf(row), row);
  return [...byKey.values()];
}
