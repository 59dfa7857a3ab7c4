// An order of the venue, in the protocol's words: its terms as placed, and its progress, which the state alone writes,
// from facts. A stop order is parked until its price is traded; until then it is open and not on the book.
import { type Decimal, mul } from '../../../market/decimal.ts';

export type Side = 'BUY' | 'SELL';
export type OrderType =
  | 'LIMIT'
  | 'LIMIT_MAKER'
  | 'MARKET'
  | 'STOP_LOSS'
  | 'STOP_LOSS_LIMIT'
  | 'TAKE_PROFIT'
  | 'TAKE_PROFIT_LIMIT';
export type TimeInForce = 'GTC' | 'IOC' | 'FOK';
export type OrderStatus = 'NEW' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELED' | 'EXPIRED' | 'EXPIRED_IN_MATCH';
/** What is done when an incoming order meets one of its own account; the incoming order's mode decides. */
export type SelfTradePrevention = 'NONE' | 'EXPIRE_TAKER' | 'EXPIRE_MAKER' | 'EXPIRE_BOTH' | 'DECREMENT';

/** In the protocol's words; user-data-stream.md, 2026. */
export type ExpiryReason =
  | 'EXCHANGE_CANCELED'
  | 'OCO_TRIGGER'
  | 'UNFILLED_IOC_QUANTITY_EXPIRED'
  | 'UNFILLED_FOK_ORDER_EXPIRED'
  | 'INSUFFICIENT_LIQUIDITY';

export interface OrderTerms {
  readonly id: number;
  readonly account: string;
  readonly symbol: string;
  readonly clientOrderId: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  /** 0 for an order that takes any price. */
  readonly price: Decimal;
  /** Of stop orders, and of them alone. */
  readonly stopPrice?: Decimal;
  readonly quantity: Decimal;
  /** Of market orders that were given as an amount of the quote asset. */
  readonly quoteQuantity?: Decimal;
  /** NONE when it is absent, as in ledgers from before there was a choice. */
  readonly selfTradePrevention?: SelfTradePrevention;
  /** Of the list it belongs to, if it does. */
  readonly listId?: number;
  readonly placedAt: number;
}

export interface Order extends OrderTerms {
  /** As amended. */
  clientOrderId: string;
  quantity: Decimal;
  /** The client id it came under, once it was amended. */
  placedAs?: string;
  /** When it came before the book: at once, or when its stop was traded; null while it is parked. */
  workingAt: number | null;
  status: OrderStatus;
  executed: Decimal;
  /** Cumulative quote amount of its trades. */
  executedQuote: Decimal;
  /** What it still holds of its account's locked balance: quote for a buy, base for a sell. */
  locked: Decimal;
  /** What of its quantity is gone without a trade though it lives on. */
  decremented?: Decimal;
  /** What self-trade prevention took away from it, and the prevented match that did. */
  prevented: { readonly matchId: number; readonly quantity: Decimal } | null;
  /** Why it expired; ledgers of before do not say. */
  expiryReason?: ExpiryReason;
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

/** An amend as it can be asked for later. */
export interface Amendment {
  readonly orderId: number;
  readonly executionId: number;
  readonly origClientOrderId: string;
  readonly newClientOrderId: string;
  readonly origQuantity: Decimal;
  readonly newQuantity: Decimal;
  readonly at: number;
}

/** A match that did not come about, as it can be asked for later. Null for the order that lived on. */
export interface PreventedMatch {
  readonly id: number;
  readonly mode: Exclude<SelfTradePrevention, 'NONE'>;
  readonly takerOrderId: number;
  readonly makerOrderId: number;
  readonly price: Decimal;
  readonly takerQuantity: Decimal | null;
  readonly makerQuantity: Decimal | null;
  readonly at: number;
}

export function isOpen({ status }: { readonly status: string }): boolean {
  return status === 'NEW' || status === 'PARTIALLY_FILLED';
}

export function isParked(order: Order): boolean {
  return order.workingAt === null && isOpen(order);
}

/** Takes what is there at any price and never rests. */
export function takesAnyPrice(type: OrderType): boolean {
  return type === 'MARKET' || type === 'STOP_LOSS' || type === 'TAKE_PROFIT';
}

/** What a quantity of it holds of the locked balance: the quote it may cost at worst, or the base it gives away. */
export function lockedFor(
  terms: Pick<OrderTerms, 'side' | 'type' | 'price' | 'stopPrice'>,
  quantity: Decimal,
): Decimal {
  if (terms.side === 'SELL') return quantity;
  return mul(takesAnyPrice(terms.type) ? (terms.stopPrice ?? 0n) : terms.price, quantity);
}

export function remaining(order: Order): Decimal {
  return order.quantity - order.executed - (order.decremented ?? 0n);
}
