// Account books by hand: what a test says the ledger holds, and which trades it knows.
import type { AccountBooks, LedgerBalance, TradeKey } from '../../actors/market/books.ts';

export interface FakeBooks extends AccountBooks {
  balances: readonly LedgerBalance[];
  /** `symbol tradeId venueOrderId` of the executions that are written. */
  readonly known: Set<string>;
  /** How many trades were looked up, one number a call. */
  readonly looked: number[];
}

export function fakeBooks(balances: readonly LedgerBalance[] = []): FakeBooks {
  const known = new Set<string>();
  const looked: number[] = [];
  return {
    balances,
    known,
    looked,
    async ledger() {
      return this.balances;
    },
    async missing(_account, trades) {
      looked.push(trades.length);
      return trades.filter((trade) => !known.has(tradeKey(trade)));
    },
  };
}

export function tradeKey({ symbol, tradeId, venueOrderId }: TradeKey): string {
  return `${symbol} ${tradeId} ${venueOrderId}`;
}

export function held(asset: string, available: string, locked = '0', suspense = '0'): LedgerBalance {
  return { asset, available, locked, suspense };
}
