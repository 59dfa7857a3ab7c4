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

export interface AccountBooks {
  /** By asset; an asset without a line is not listed. */
  ledger(provider: string): Promise<readonly LedgerBalance[]>;
  /** Of these trades those that no execution is written of, in the same order. */
  missing(
    account: { readonly venue: string; readonly account: string },
    trades: readonly TradeKey[],
  ): Promise<readonly TradeKey[]>;
}
