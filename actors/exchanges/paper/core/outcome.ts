// What a command did, for whoever has to write it down and tell of it.
import type { Decimal } from '../../../market/decimal.ts';
import type { Fact, MatchPrevented, Traded } from './facts.ts';
import type { Order } from './order.ts';

/** A client's order as it stood after one fact, and that fact: an executionReport. */
export interface Report {
  readonly order: Readonly<Order>;
  readonly execution: 'NEW' | 'TRADE' | 'CANCELED' | 'EXPIRED' | 'REPLACED' | 'TRADE_PREVENTION';
  readonly trade: Traded | null;
  readonly prevention: MatchPrevented | null;
  /** The client id it went by before it was amended. */
  readonly origClientOrderId: string | null;
  readonly requestId: string | null;
}

/** Balances of an account after a command, of the assets it may have changed. */
export interface Position {
  readonly account: string;
  readonly balances: readonly { readonly asset: string; readonly free: Decimal; readonly locked: Decimal }[];
}

export interface Outcome {
  readonly at: number;
  readonly facts: readonly Fact[];
  readonly reports: readonly Report[];
  readonly positions: readonly Position[];
  readonly trades: readonly Traded[];
}
