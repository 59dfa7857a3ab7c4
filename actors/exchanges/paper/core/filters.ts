// A symbol's trading rules. Each filter is a row of exchangeInfo and one entry in CHECKS; a further filter of
// the protocol (algorithmic orders, trailing deltas ...) is one more member of the union and one more entry.
// Source: binance-spot-api-docs filters.md.
import type { Decimal } from '../../../market/decimal.ts';
import { mul } from '../../../market/decimal.ts';
import { type OrderType, type Side, takesAnyPrice } from './order.ts';

export type Filter =
  | {
      readonly filterType: 'PRICE_FILTER';
      readonly minPrice: Decimal;
      readonly maxPrice: Decimal;
      readonly tickSize: Decimal;
    }
  | {
      readonly filterType: 'LOT_SIZE';
      readonly minQty: Decimal;
      readonly maxQty: Decimal;
      readonly stepSize: Decimal;
    }
  | {
      readonly filterType: 'MIN_NOTIONAL';
      readonly minNotional: Decimal;
      readonly applyToMarket: boolean;
      readonly avgPriceMins: number;
    }
  | {
      readonly filterType: 'NOTIONAL';
      readonly minNotional: Decimal;
      readonly applyMinToMarket: boolean;
      readonly maxNotional: Decimal;
      readonly applyMaxToMarket: boolean;
      readonly avgPriceMins: number;
    }
  | {
      readonly filterType: 'MARKET_LOT_SIZE';
      readonly minQty: Decimal;
      readonly maxQty: Decimal;
      readonly stepSize: Decimal;
    }
  | {
      readonly filterType: 'PERCENT_PRICE_BY_SIDE';
      readonly bidMultiplierUp: Decimal;
      readonly bidMultiplierDown: Decimal;
      readonly askMultiplierUp: Decimal;
      readonly askMultiplierDown: Decimal;
      readonly avgPriceMins: number;
    }
  | { readonly filterType: 'MAX_NUM_ORDERS'; readonly maxNumOrders: number }
  | { readonly filterType: 'MAX_POSITION'; readonly maxPosition: Decimal };

/** An order as the filters see it. */
export interface Draft {
  readonly side: Side;
  readonly type: OrderType;
  readonly price: Decimal;
  readonly stopPrice?: Decimal;
  readonly quantity: Decimal;
  /** Average over the filter's minutes, what a market order is valued at. */
  readonly averagePrice: Decimal;
  /** Of its account in the symbol, without it. */
  readonly openOrders: number;
  /** What the account has of the base asset, and would have if its open buys were filled. */
  readonly position: () => Decimal;
}

/** The first filter the draft does not pass, by name; null when it passes all. */
export function failedFilter(filters: readonly Filter[], draft: Draft): string | null {
  for (const filter of filters) if (!passes(filter, draft)) return filter.filterType;
  return null;
}

/** A bound or step of 0 is switched off. */
function passes(filter: Filter, draft: Draft): boolean {
  const anyPrice = takesAnyPrice(draft.type);
  switch (filter.filterType) {
    case 'PRICE_FILTER':
      return prices(draft).every((price) => within(price, filter.minPrice, filter.maxPrice, filter.tickSize));
    case 'LOT_SIZE':
      return within(draft.quantity, filter.minQty, filter.maxQty, filter.stepSize);
    case 'MIN_NOTIONAL':
      return (anyPrice && !filter.applyToMarket) || notional(draft) >= filter.minNotional;
    case 'NOTIONAL':
      return (
        ((anyPrice && !filter.applyMinToMarket) || notional(draft) >= filter.minNotional) &&
        ((anyPrice && !filter.applyMaxToMarket) || notional(draft) <= filter.maxNotional)
      );
    case 'MARKET_LOT_SIZE':
      return !anyPrice || within(draft.quantity, filter.minQty, filter.maxQty, filter.stepSize);
    case 'PERCENT_PRICE_BY_SIDE': {
      const { bidMultiplierUp, bidMultiplierDown, askMultiplierUp, askMultiplierDown } = filter;
      const [up, down] =
        draft.side === 'BUY' ? [bidMultiplierUp, bidMultiplierDown] : [askMultiplierUp, askMultiplierDown];
      const bound = (multiplier: Decimal): Decimal => mul(draft.averagePrice, multiplier, 'halfEven');
      return anyPrice || (draft.price <= bound(up) && draft.price >= bound(down));
    }
    case 'MAX_NUM_ORDERS':
      return draft.openOrders < filter.maxNumOrders;
    case 'MAX_POSITION':
      return draft.side === 'SELL' || draft.position() + draft.quantity <= filter.maxPosition;
  }
}

function within(amount: Decimal, least: Decimal, greatest: Decimal, step: Decimal): boolean {
  return amount >= least && (greatest === 0n || amount <= greatest) && (step === 0n || amount % step === 0n);
}

function prices({ type, price, stopPrice }: Draft): Decimal[] {
  return [...(takesAnyPrice(type) ? [] : [price]), ...(stopPrice === undefined ? [] : [stopPrice])];
}

function notional(draft: Draft): Decimal {
  return mul(takesAnyPrice(draft.type) ? draft.averagePrice : draft.price, draft.quantity);
}
