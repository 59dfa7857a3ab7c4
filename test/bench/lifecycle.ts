// What one order's life writes, transition by transition, as the engine wrote it: the yardstick for writing the same
// rows by hand and by set-based SQL.
import type { OrderRow } from '../../actors/market/records.ts';
import type { ActorKey } from '../../actors/runtime/message.ts';
import type { OutboxRow, TransitionRow, WriteSet } from '../../actors/runtime/ports.ts';

export interface LifecycleStep {
  readonly journal: TransitionRow;
  readonly outbox: readonly OutboxRow[];
  /** Outbox rows of this order that this transition settled. */
  readonly settles: number;
}

export interface Lifecycle {
  readonly steps: readonly LifecycleStep[];
  readonly kind: string;
  readonly state: string;
  readonly snapshot: string;
  readonly order: OrderRow;
}

/** From the write-sets of a run in which this order lived its whole life. Other actors' rows are left out. */
export function lifecycleOf(sets: readonly WriteSet[], key: ActorKey): Lifecycle {
  const rows = sets.flatMap(({ created, changed }) => [...created, ...changed]).filter((row) => row.key === key);
  const last = rows.at(-1);
  if (last === undefined) throw new Error(`${key} was not written`);
  const order = sets
    .flatMap(({ records }) => records)
    .findLast(({ actorId, row }) => actorId === last.id && row.table === 'orders')?.row as OrderRow | undefined;
  if (order === undefined) throw new Error(`${key} recorded no order`);
  const outbox = sets.flatMap((set) => set.outbox).filter(({ sourceId }) => sourceId === last.id);
  const mine = new Set(outbox.map(({ id }) => id));
  const steps: LifecycleStep[] = [];
  for (const set of sets) {
    const settled = set.settled.filter((id) => mine.has(id)).length;
    const journal = set.transitions.filter(({ actorId }) => actorId === last.id);
    journal.forEach((row, index) => {
      const own = outbox.filter(({ key: id }) => id.startsWith(`${key}#${row.number}.`));
      steps.push({ journal: row, outbox: own, settles: index === 0 ? settled : 0 });
    });
  }
  return { steps, kind: last.kind, state: last.state, snapshot: last.snapshot, order };
}
