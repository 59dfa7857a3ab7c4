// What our own books say of a venue account: read by reconciliation, which compares it with what the venue says.
import type { ExecutionRef } from './execution.ts';

/** One asset of one provider's account by the ledger: the sums of its lines. */
export interface LedgerBalance {
  readonly asset: string;
  readonly available: string;
  readonly locked: string;
  /** Differences nobody has explained yet. */
  readonly suspense: string;
}

/** A trade of the account as it is looked up: the key of an execution. */
export interface TradeKey extends ExecutionRef {
  readonly symbol: string;
}
export interface TradeAsked extends TradeKey {
  /** Whether the venue says what it charged. */
  readonly hasFee: boolean;
}
export interface Lack {
  readonly key: TradeKey;
  /** The execution, or of one that is written the fee. */
  readonly of: 'execution' | 'fee';
}

/** An order as it stands at the venue by our books. */
export interface StandingOrder {
  /** Key of its actor. */
  readonly key: string;
  readonly life: 'parked' | 'working';
  readonly quantity: string;
  readonly price: string | null;
  readonly filledQuantity: string;
  /** When it last changed in our books. */
  readonly updatedAt: number;
}

export interface AccountBooks {
  /** By asset; an asset without a line is not listed. */
  ledger(provider: string): Promise<readonly LedgerBalance[]>;
  /** Of these trades those that no execution is written of, or whose fee is not, in the same order. */
  lacks(
    account: { readonly venue: string; readonly account: string },
    trades: readonly TradeAsked[],
  ): Promise<readonly Lack[]>;
  /** Of these orders, by the keys of their actors, those that stand at the venue. */
  standing(keys: readonly string[]): Promise<readonly StandingOrder[]>;
}
