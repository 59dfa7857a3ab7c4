// What one order's life writes, transition by transition, as the engine wrote it: its own transitions with all their
// rows, and those of risk and provider that it caused. The yardstick for writing the same rows by hand and by SQL.
import { add, format, parse } from '../../actors/market/decimal.ts';
import type { ExecutionRow, LedgerRow, OrderRow, PositionRow } from '../../actors/market/records.ts';
import type { ActorKey } from '../../actors/runtime/message.ts';
import type { OutboxRow, TransitionRow, WriteSet } from '../../actors/runtime/ports.ts';

export interface LifecycleStep {
  readonly journal: TransitionRow;
  readonly outbox: readonly OutboxRow[];
  /** Outbox rows of this order that this transition settled. */
  readonly settles: number;
  /** The fill that this transition applied. */
  readonly execution: ExecutionRow | null;
  /** What this transition booked. */
  readonly ledger: readonly LedgerRow[];
}

export interface Lifecycle {
  readonly steps: readonly LifecycleStep[];
  readonly kind: string;
  readonly state: string;
  readonly snapshot: string;
  readonly order: OrderRow;
  /** What risk and provider journaled because of it: its reservation, its grant, its fill, its release. */
  readonly others: readonly TransitionRow[];
  /** What risk recorded of its fill. */
  readonly position: PositionRow;
}

/** The change that lines make to a ledger account, by account and asset, in the order of these. */
export function balanceChanges(lines: readonly LedgerRow[]): readonly (readonly [string, string, string])[] {
  const changes = new Map<string, readonly [string, string, bigint]>();
  for (const { account, provider, asset, amount } of lines) {
    const key = `${account}:${provider}`;
    const before = changes.get(`${key} ${asset}`)?.[2] ?? 0n;
    changes.set(`${key} ${asset}`, [key, asset, add(before, parse(amount))]);
  }
  return [...changes.values()]
    .filter(([, , amount]) => amount !== 0n)
    .map(([account, asset, amount]) => [account, asset, format(amount)] as const)
    .toSorted(([left, asset], [right, other]) => (`${left} ${asset}` < `${right} ${other}` ? -1 : 1));
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
    const booked = set.records.flatMap(({ actorId, row }) =>
      actorId === last.id && row.table === 'ledger_entries' ? [row as LedgerRow] : [],
    );
    const journal = set.transitions.filter(({ actorId }) => actorId === last.id);
    journal.forEach((row, index) => {
      const own = outbox.filter(({ key: id }) => id.startsWith(`${key}#${row.number}.`));
      const isLast = index === journal.length - 1;
      const filled = isLast ? ((execution as ExecutionRow | undefined) ?? null) : null;
      const ledger = isLast ? booked : [];
      steps.push({ journal: row, outbox: own, settles: index === 0 ? settled : 0, execution: filled, ledger });
    });
  }
  const others = sets
    .flatMap((set) => set.transitions)
    .filter(({ sender, actorId }) => sender === key && actorId !== last.id);
  const position = sets.flatMap(({ records }) => records).find(({ row }) => row.table === 'positions')?.row;
  if (position === undefined) throw new Error(`the fill of ${key} moved no position`);
  const { kind, state, snapshot } = last;
  return { steps, others, kind, state, snapshot, order, position: position as PositionRow };
}

/** How many durable transitions one life is. */
export function transitionsOf({ steps, others }: Lifecycle): number {
  return steps.length + others.length;
}
