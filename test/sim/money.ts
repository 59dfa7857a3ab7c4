// Ledger, balances and positions of a history's database, as persistence projects them: a line is there once, a balance
// is the sum of its lines, of a position quantity and cost are the last and profit and fees add up.
import { add, type Decimal, parse } from '../../actors/market/decimal.ts';
import type { LedgerAccount, LedgerRow, PositionRow } from '../../actors/market/records.ts';

export interface PositionSums {
  readonly row: PositionRow;
  readonly realized: Decimal;
  readonly fees: ReadonlyMap<string, Decimal>;
}

export class Money {
  /** By what is unique of a line. */
  readonly lines = new Map<string, LedgerRow>();
  readonly positions = new Map<string, PositionSums>();
  readonly #balances = new Map<string, Decimal>();
  readonly #assets = new Map<string, Set<string>>();

  balance(provider: string, account: LedgerAccount, asset: string): Decimal {
    return this.#balances.get(`${account}:${provider} ${asset}`) ?? 0n;
  }

  assets(provider: string): string[] {
    return [...(this.#assets.get(provider) ?? [])].sort();
  }

  book(row: LedgerRow): void {
    const { account, provider, asset, amount } = row;
    this.lines.set(lineKey(row), row);
    const of = `${account}:${provider} ${asset}`;
    this.#balances.set(of, add(this.#balances.get(of) ?? 0n, parse(amount)));
    const assets = this.#assets.get(provider);
    if (assets === undefined) this.#assets.set(provider, new Set([asset]));
    else assets.add(asset);
  }

  heldBy(strategyInstance: string): PositionSums | undefined {
    return [...this.positions.values()].find(({ row }) => row.strategyInstance === strategyInstance);
  }

  hold(row: PositionRow): void {
    const { provider, account, strategyInstance, symbol, fee } = row;
    const key = [provider, account, strategyInstance, symbol].join(' ');
    const before = this.positions.get(key);
    const fees = new Map(before?.fees);
    if (fee !== null) fees.set(fee.asset, add(fees.get(fee.asset) ?? 0n, parse(fee.amount)));
    this.positions.set(key, { row, realized: add(before?.realized ?? 0n, parse(row.realizedQuote)), fees });
  }
}

/** drizzle/schema/accounts.ts: ledger_entries_line_key. */
export function lineKey({ posting, account, provider, asset, kind }: LedgerRow): string {
  return [posting, `${account}:${provider}`, asset, kind].join(' ');
}
