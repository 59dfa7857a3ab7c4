// What a venue says about an order and its fills, in our words. Produced by adapters, kept by order machines.

export type Side = 'Buy' | 'Sell';
/** Stop and StopLimit are parked at the venue until the market reaches their stop price; then as Market and Limit. */
export type OrderType = 'Limit' | 'Market' | 'Stop' | 'StopLimit';
/** GTD is kept by the order machine with a durable timer: the venue is sent GTC, and a cancel when it is time. */
export type TimeInForce = 'GTC' | 'IOC' | 'FOK' | 'GTD';

/** What names an execution beside venue, account and symbol. */
export interface ExecutionRef {
  readonly tradeId: string;
  readonly venueOrderId: string;
}

/** One fill. Its key is (venue, account, symbol, tradeId, venueOrderId): a self-trade shares the trade id. */
export interface Execution extends ExecutionRef {
  readonly quantity: string;
  readonly price: string;
  readonly fee: string | null;
  readonly feeAsset: string | null;
  readonly liquidity: 'maker' | 'taker' | null;
  readonly tradedAt: number;
}

/** Where the venue says an order stands. `open` covers new and partially filled; `parked` waits for its stop price. */
export type VenueStatus = 'parked' | 'open' | 'filled' | 'canceled' | 'expired' | 'rejected';

/** A venue's full word on one order. */
export interface VenueOrder {
  readonly clientOrderId: string;
  readonly venueOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly status: VenueStatus;
  readonly rawStatus: string;
  readonly quantity: string;
  readonly price: string | null;
  /** Cumulative, by the venue's count. */
  readonly filledQuantity: string;
  /** Σ price × quantity of the fills by the venue's count; absent where it does not say. */
  readonly filledQuote?: string;
  /** Absent where the venue does not say; an order of somebody else is adopted with it. */
  readonly orderType?: OrderType;
  readonly stopPrice?: string;
  readonly updatedAt: number;
}

/** One trade of the account, as the venue's history lists it. */
export interface VenueTrade extends Execution {
  readonly symbol: string;
  readonly side: Side;
}
