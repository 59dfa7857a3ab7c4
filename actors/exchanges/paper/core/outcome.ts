// What a command did, for whoever has to write it down and tell of it.
import type { Decimal } from '../../../market/decimal.ts';
import type { Fact, MatchPrevented, TradeBusted, Traded } from './facts.ts';
import type { Order, OrderStatus } from './order.ts';
import type { OrderList } from './order-lists.ts';

/** An order that came to nothing has no id. */
export const NO_ID = -1;

/** A client's order as it stood after one fact, and that fact: an executionReport. */
export interface Report {
  readonly order: Readonly<Omit<Order, 'status'>> & { readonly status: OrderStatus | 'REJECTED' };
  readonly execution:
    | 'NEW'
    | 'TRADE'
    | 'CANCELED'
    | 'EXPIRED'
    | 'REPLACED'
    | 'REJECTED'
    | 'TRADE_PREVENTION'
    | 'TRADE_BUST'
    | 'TRADE_CORRECT';
  readonly trade: Traded | null;
  readonly bust: TradeBusted | null;
  readonly prevention: MatchPrevented | null;
  /** The client id it went by before it was amended. */
  readonly origClientOrderId: string | null;
  readonly requestId: string | null;
  /** Why it was rejected, in the protocol's words. */
  readonly reason: string | null;
}

/** A list began, or its last order ended. */
export interface ListReport {
  readonly list: OrderList;
  readonly isDone: boolean;
  readonly orders: readonly Readonly<Order>[];
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
  readonly lists: readonly ListReport[];
  readonly positions: readonly Position[];
  readonly trades: readonly Traded[];
}
