// What one order's life writes, transition by transition, as the engine wrote it: its own transitions with all their
// rows, and those of risk and provider that it caused. The yardstick for writing the same rows by hand and by SQL.
import type { ExecutionRow, OrderRow } from '../../actors/market/records.ts';
import type { ActorKey } from '../../actors/runtime/message.ts';
import type { OutboxRow, TransitionRow, WriteSet } from '../../actors/runtime/ports.ts';

export interface LifecycleStep {
  readonly journal: TransitionRow;
  readonly outbox: readonly OutboxRow[];
  /** Outbox rows of this order that this transition settled. */
  readonly settles: number;
  /** The fill that this transition applied. */
  readonly execution: ExecutionRow | null;
}

export interface Lifecycle {
  readonly steps: readonly LifecycleStep[];
  readonly kind: string;
  readonly state: string;
  readonly snapshot: string;
  readonly order: OrderRow;
  /** What risk and provider journaled because of it: its reservation, its grant, its fill, its release. */
  readonly others: readonly TransitionRow[];
}

/** From the write-sets of a run in which this order lived its whole life. Rows of other lives are left out. */
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
    const execution = set.records.find(({ actorId, row }) => actorId === last.id && row.table === 'executions')?.row;
    const journal = set.transitions.filter(({ actorId }) => actorId === last.id);
    journal.forEach((row, index) => {
      const own = outbox.filter(({ key: id }) => id.startsWith(`${key}#${row.number}.`));
      const filled = index === journal.length - 1 ? ((execution as ExecutionRow | undefined) ?? null) : null;
      steps.push({ journal: row, outbox: own, settles: index === 0 ? settled : 0, execution: filled });
    });
  }
  const others = sets
    .flatMap((set) => set.transitions)
    .filter(({ sender, actorId }) => sender === key && actorId !== last.id);
  return { steps, others, kind: last.kind, state: last.state, snapshot: last.snapshot, order };
}

/** How many durable transitions one life is. */
export function transitionsOf({ steps, others }: Lifecycle): number {
  return steps.length + others.length;
}
