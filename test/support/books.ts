// Account books by hand: what a test says the ledger holds, and which trades it knows.
import type { AccountBooks, Lack, LedgerBalance, StandingOrder, TradeKey } from '../../actors/market/books.ts';

export interface FakeBooks extends AccountBooks {
  balances: readonly LedgerBalance[];
  /** `symbol tradeId venueOrderId` of the executions that are written. */
  readonly known: Set<string>;
  /** The same of those that are written without a fee. */
  readonly uncharged: Set<string>;
  readonly orders: StandingOrder[];
  /** How many trades were looked up, one number a call. */
  readonly looked: number[];
}

export function fakeBooks(balances: readonly LedgerBalance[] = []): FakeBooks {
  const known = new Set<string>();
  const uncharged = new Set<string>();
  const orders: StandingOrder[] = [];
  const looked: number[] = [];
  return {
    balances,
    known,
    uncharged,
    orders,
    looked,
    async ledger() {
      return this.balances;
    },
    async lacks(_account, trades) {
      looked.push(trades.length);
      return trades.flatMap((key): Lack[] => {
        if (!known.has(tradeKey(key))) return [{ key, of: 'execution' }];
        return key.hasFee && uncharged.has(tradeKey(key)) ? [{ key, of: 'fee' }] : [];
      });
    },
    async standing(keys) {
      return orders.filter(({ key }) => keys.includes(key));
    },
  };
}

export function tradeKey({ symbol, tradeId, venueOrderId }: TradeKey): string {
  return `${symbol} ${tradeId} ${venueOrderId}`;
}

export function held(asset: string, available: string, locked = '0', suspense = '0'): LedgerBalance {
  return { asset, available, locked, suspense };
}
