// A symbol's trading rules. Each filter is a row of exchangeInfo and one entry in CHECKS; a further filter of
// the protocol (percent price, number of orders, position ...) is one more member of the union and one more entry.
// Source: binance-spot-api-docs filters.md.
import type { Decimal } from '../../../market/decimal.ts';
import { mul } from '../../../market/decimal.ts';
import type { OrderType, Side } from './order.ts';

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
    };

/** An order as the filters see it. */
export interface Draft {
  readonly side: Side;
  readonly type: OrderType;
  readonly price: Decimal;
  readonly quantity: Decimal;
  /** Average over the filter's minutes, what a market order is valued at. */
  readonly averagePrice: Decimal;
}

/** The first filter the draft does not pass, by name; null when it passes all. */
export function failedFilter(filters: readonly Filter[], draft: Draft): string | null {
  for (const filter of filters) if (!passes(filter, draft)) return filter.filterType;
  return null;
}

/** A bound or step of 0 is switched off. */
function passes(filter: Filter, draft: Draft): boolean {
  switch (filter.filterType) {
    case 'PRICE_FILTER':
      return draft.type === 'MARKET' || within(draft.price, filter.minPrice, filter.maxPrice, filter.tickSize);
    case 'LOT_SIZE':
      return within(draft.quantity, filter.minQty, filter.maxQty, filter.stepSize);
    case 'MIN_NOTIONAL':
      return (draft.type === 'MARKET' && !filter.applyToMarket) || notional(draft) >= filter.minNotional;
    case 'NOTIONAL':
      return (
        ((draft.type === 'MARKET' && !filter.applyMinToMarket) || notional(draft) >= filter.minNotional) &&
        ((draft.type === 'MARKET' && !filter.applyMaxToMarket) || notional(draft) <= filter.maxNotional)
      );
  }
}

function within(amount: Decimal, least: Decimal, greatest: Decimal, step: Decimal): boolean {
  return amount >= least && (greatest === 0n || amount <= greatest) && (step === 0n || amount % step === 0n);
}

function notional(draft: Draft): Decimal {
  return mul(draft.type === 'MARKET' ? draft.averagePrice : draft.price, draft.quantity);
}
