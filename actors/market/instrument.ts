// An instrument and its steps: a price is a multiple of the tick, a quantity of the lot.

export interface Instrument {
  /** `BASE-QUOTE`, upper case. */
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly priceIncrement: string;
  readonly quantityIncrement: string;
  readonly minQuantity: string;
  readonly maxQuantity: string;
  readonly minNotional: string;
}
