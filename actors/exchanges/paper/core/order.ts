// An order on the venue's book, in the protocol's words. Terms never change; progress is written by the
// state alone, from facts.
import type { Decimal } from '../../../market/decimal.ts';

export type Side = 'BUY' | 'SELL';
export type OrderType = 'LIMIT' | 'LIMIT_MAKER' | 'MARKET';
export type TimeInForce = 'GTC' | 'IOC' | 'FOK';
export type OrderStatus = 'NEW' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELED' | 'EXPIRED';

export interface OrderTerms {
  readonly id: number;
  readonly account: string;
  readonly symbol: string;
  readonly clientOrderId: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  /** 0 for a market order. */
  readonly price: Decimal;
  readonly quantity: Decimal;
  readonly placedAt: number;
}

export interface Order extends OrderTerms {
  status: OrderStatus;
  executed: Decimal;
  /** Cumulative quote amount of its trades. */
  executedQuote: Decimal;
  /** What it still holds of its account's locked balance: quote for a buy, base for a sell. */
  locked: Decimal;
  updatedAt: number;
}

/** One side of a trade as its account's history lists it. Self-trade: two of these under one id. */
export interface OwnTrade {
  readonly id: number;
  readonly orderId: number;
  readonly symbol: string;
  readonly side: Side;
  readonly price: Decimal;
  readonly quantity: Decimal;
  readonly fee: Decimal;
  readonly feeAsset: string;
  readonly maker: boolean;
  readonly tradedAt: number;
}

export function isOpen(order: Order): boolean {
  return order.status === 'NEW' || order.status === 'PARTIALLY_FILLED';
}

export function remaining(order: Order): Decimal {
  return order.quantity - order.executed;
}
