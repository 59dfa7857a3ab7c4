// What hangs on orders that may still trade and on what they traded, after every commit: the room risk reserves and
// what the ledger locks are exactly what the orders themselves say, and positions are what the executions come to, as
// soon as each has heard what the others told it.
import { add, type Decimal, format, max, mul, parse, sub } from '../../actors/market/decimal.ts';
import type { OrderContext } from '../../actors/order/facts.ts';
import type { Exposure } from '../../actors/risk/exposure.ts';
import { riskKey } from '../../actors/risk/messages.ts';
import type { ActorRow, WriteSet } from '../../actors/runtime/ports.ts';
import { unlike } from './account.ts';
import type { Database } from './database.ts';
import { PROVIDER, SCOPE } from './names.ts';
import { contextOf } from './snapshots.ts';

/** What an order may still ask of others. */
interface Open {
  readonly left: Decimal;
  readonly locked: { readonly asset: string; readonly amount: Decimal } | null;
}

const RESERVED: ReadonlySet<string> = new Set(['queued', 'sending', 'doubt', 'parked', 'working', 'closing']);
const ACKNOWLEDGED: ReadonlySet<string> = new Set(['parked', 'working', 'closing']);
const MOVES: ReadonlySet<string> = new Set(['executions', 'execution_changes', 'positions']);
/** Granted, and not settled. */
const AMENDING: ReadonlySet<string> = new Set(['sent', 'overtaken', 'refused', 'doubt']);

export class Holdings {
  readonly #open = new Map<string, Open>();
  #exposure: Exposure | null = null;
  /** Executions were written and the positions not looked at since. */
  #isMoved = false;

  /** What this commit leaves wrong. */
  written({ created, changed, records }: WriteSet, database: Database): string[] {
    const { money, isSettled } = database;
    if (records.some(({ row }) => MOVES.has(row.table))) this.#isMoved = true;
    let isTouched = false;
    for (const row of [...created, ...changed]) {
      if (row.kind === 'order') this.#note(row);
      else if (row.key === riskKey(SCOPE)) this.#exposure = contextOf<{ readonly exposure: Exposure }>(row).exposure;
      else continue;
      isTouched = true;
    }
    if (!isSettled) return [];
    const found = isTouched ? [...this.#reservations(), ...this.#locks(money)] : [];
    if (this.#isMoved) found.push(...positions(database));
    this.#isMoved = false;
    return found;
  }

  #note({ key, state, snapshot }: ActorRow): void {
    const regions = new Map(state.split(' ').map((part) => part.split('.') as [string, string]));
    const context = contextOf<OrderContext>({ snapshot });
    const life = regions.get('life') ?? '';
    const id = key.slice('order/'.length);
    if (!RESERVED.has(life)) {
      this.#open.delete(id);
      return;
    }
    const asked = context.amendment !== null && AMENDING.has(regions.get('amend') ?? '') ? context.amendment : context;
    const quantity = max(parse(context.quantity), parse(asked.quantity));
    const left = max(sub(quantity, parse(context.filled)), 0n);
    this.#open.set(id, { left, locked: ACKNOWLEDGED.has(life) ? lockOf(context) : null });
  }

  #reservations(): string[] {
    const reserved = new Map<string, string>();
    for (const { open } of Object.values(this.#exposure?.books ?? {}))
      for (const [id, { left }] of Object.entries(open)) reserved.set(id, left);
    const found: string[] = [];
    for (const [id, { left }] of this.#open) {
      const has = reserved.get(id);
      if (has !== format(left)) found.push(`RESERVED: ${id} has ${has} in risk, needs ${format(left)}`);
    }
    for (const [id, left] of reserved)
      if (!this.#open.has(id)) found.push(`RESERVED: ${id} has ${left} in risk, and does not work`);
    return found;
  }

  #locks(money: Database['money']): string[] {
    const needed = new Map<string, Decimal>();
    for (const { locked } of this.#open.values())
      if (locked !== null) needed.set(locked.asset, add(needed.get(locked.asset) ?? 0n, locked.amount));
    return money.assets(PROVIDER).flatMap((asset) => {
      const locked = money.balance(PROVIDER, 'locked', asset);
      const due = needed.get(asset) ?? 0n;
      return locked === due ? [] : [`LOCKED: ${format(locked)} ${asset} in the ledger, the orders need ${format(due)}`];
    });
  }
}

/** Each is what the executions of its holder come to. */
function positions({ executions, money }: Database): string[] {
  const live = [...executions.values()].filter(({ bustedAt }) => bustedAt === null);
  const byOwner = Map.groupBy(live, ({ strategyInstance }) => strategyInstance);
  const owners = new Set([...byOwner.keys(), ...[...money.positions.values()].map(({ row }) => row.strategyInstance)]);
  return [...owners].flatMap((owner) =>
    unlike(money.heldBy(owner), byOwner.get(owner) ?? []).map((text) => `POSITION: ${owner}: ${text}`),
  );
}

function lockOf({ order, quantity, price, filled }: OrderContext): Open['locked'] {
  const [base = '', quote = ''] = order.symbol.split('-');
  const left = max(sub(parse(quantity), parse(filled)), 0n);
  if (order.side === 'Sell') return { asset: base, amount: left };
  return { asset: quote, amount: price === null ? 0n : mul(left, parse(price)) };
}
