// What a venue says about an order and its fills, in our words. Produced by adapters, kept by order machines.

export type Side = 'Buy' | 'Sell';
export type OrderType = 'Limit' | 'Market';
export type TimeInForce = 'GTC' | 'IOC' | 'FOK';

/** One fill. Its key is (venue, account, symbol, tradeId, venueOrderId): a self-trade shares the trade id. */
export interface Execution {
  readonly tradeId: string;
  readonly venueOrderId: string;
  readonly quantity: string;
  readonly price: string;
  readonly fee: string | null;
  readonly feeAsset: string | null;
  readonly liquidity: 'maker' | 'taker' | null;
  readonly tradedAt: number;
}

/** Where the venue says an order stands. `open` covers new and partially filled. */
export type VenueStatus = 'open' | 'filled' | 'canceled' | 'expired' | 'rejected';

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
  readonly updatedAt: number;
}

/** One trade of the account, as the venue's history lists it. */
export interface VenueTrade extends Execution {
  readonly symbol: string;
  readonly side: Side;
}
