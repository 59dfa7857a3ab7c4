// Every projection, in the order they write: a row comes after the rows it refers to.
import type { DomainRow } from '../../actors/runtime/effect.ts';
import type { WriteSet } from '../../actors/runtime/ports.ts';
import type { Call } from '../row-set.ts';
import { ledgerProjection, positionProjection } from './accounts.ts';
import { auditProjection, riskLimitsProjection, strategyInstanceProjection } from './control.ts';
import { executionChangeProjection, executionProjection, orderProjection } from './orders.ts';
import type { Group, Projection, Recorded } from './projection.ts';
import { balanceProjection, instrumentProjection, providerProjection, providerRoutesProjection } from './providers.ts';

export type { Group, Projection, Recorded } from './projection.ts';

export type Projections = ReadonlyMap<string, Projection>;

/** Those of the market's tables, then the embedder's own; one table has one projection. */
export function projectionsWith<Row extends DomainRow>(more: readonly Projection<Row>[]): Projections {
  const byTable = new Map<string, Projection>();
  for (const projection of [...marketProjections(), ...more.map(untyped)]) {
    if (byTable.has(projection.table)) throw new TypeError(`two projections write ${projection.table}`);
    byTable.set(projection.table, projection);
  }
  return byTable;
}

function marketProjections(): readonly Projection[] {
  return [
    untyped(providerProjection),
    untyped(providerRoutesProjection),
    untyped(instrumentProjection),
    untyped(balanceProjection),
    untyped(strategyInstanceProjection),
    untyped(riskLimitsProjection),
    untyped(orderProjection),
    untyped(executionProjection),
    untyped(executionChangeProjection),
    untyped(ledgerProjection),
    untyped(positionProjection),
    untyped(auditProjection),
  ];
}

/** Rows reach a projection by their `table`, which is what their type is told by. */
function untyped<Row extends DomainRow>(projection: Projection<Row>): Projection {
  const isOwn = (recorded: Recorded): recorded is Recorded<Row> => recorded.row.table === projection.table;
  return { ...projection, bind: (rows, group) => projection.bind(rows.filter(isOwn), group) };
}

export function callsOfRecords(projections: Projections, set: WriteSet): readonly Call[] {
  if (set.records.length === 0) return [];
  const byTable = Map.groupBy(set.records, ({ row }) => row.table);
  for (const table of byTable.keys()) {
    if (!projections.has(table)) throw new TypeError(`no projection writes table ${table}`);
  }
  const group: Group = { at: set.at, created: new Set(set.created.map(({ id }) => id)) };
  return [...projections.values()].flatMap((projection) => {
    const rows = byTable.get(projection.table);
    return rows === undefined ? [] : projection.bind(rows, group);
  });
}
