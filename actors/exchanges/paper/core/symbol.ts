// The symbols the venue lists: assets, filters, and where the synthetic market starts.
import { type Decimal, parse, roundUp } from '../../../market/decimal.ts';
import type { Filter } from './filters.ts';

/** Every amount of the protocol has eight places, and balances are kept to them. */
export const ASSET_PLACES = 8;
export const ASSET_UNIT: Decimal = 10n ** 10n;

export interface SymbolRules {
  readonly name: string;
  readonly base: string;
  readonly quote: string;
  readonly filters: readonly Filter[];
  readonly tickSize: Decimal;
  readonly stepSize: Decimal;
  /** Mid price of the synthetic market before its first tick. */
  readonly startPrice: Decimal;
}

export interface SymbolTerms {
  readonly base: string;
  readonly quote: string;
  readonly startPrice: string;
  readonly tickSize: string;
  readonly stepSize: string;
  readonly maxQuantity: string;
  readonly minNotional: string;
}

export const DEFAULT_SYMBOLS: readonly SymbolTerms[] = [
  {
    base: 'BTC',
    quote: 'USDT',
    startPrice: '60000',
    tickSize: '0.01',
    stepSize: '0.00001',
    maxQuantity: '9000',
    minNotional: '5',
  },
  {
    base: 'ETH',
    quote: 'USDT',
    startPrice: '3000',
    tickSize: '0.01',
    stepSize: '0.0001',
    maxQuantity: '9000',
    minNotional: '5',
  },
];

/** Binance has 200; a load test opens more. */
const MAX_OPEN_ORDERS = 1_000;

/** A symbol with the filters Binance gives every spot symbol, in exchangeInfo's order. */
export function listSymbol(terms: SymbolTerms): SymbolRules {
  const tickSize = parse(terms.tickSize);
  const stepSize = parse(terms.stepSize);
  const filters: Filter[] = [
    { filterType: 'PRICE_FILTER', minPrice: tickSize, maxPrice: parse('1000000'), tickSize },
    { filterType: 'LOT_SIZE', minQty: stepSize, maxQty: parse(terms.maxQuantity), stepSize },
    {
      filterType: 'NOTIONAL',
      minNotional: parse(terms.minNotional),
      applyMinToMarket: true,
      maxNotional: parse('9000000'),
      applyMaxToMarket: false,
      avgPriceMins: 5,
    },
    { filterType: 'MARKET_LOT_SIZE', minQty: 0n, maxQty: parse(terms.maxQuantity), stepSize: 0n },
    {
      filterType: 'PERCENT_PRICE_BY_SIDE',
      bidMultiplierUp: parse('5'),
      bidMultiplierDown: parse('0.2'),
      askMultiplierUp: parse('5'),
      askMultiplierDown: parse('0.2'),
      avgPriceMins: 5,
    },
    { filterType: 'MAX_NUM_ORDERS', maxNumOrders: MAX_OPEN_ORDERS },
  ];
  return withFilters(terms, filters);
}

/** The same with filters of one's own; PRICE_FILTER and LOT_SIZE give the steps. */
export function withFilters(terms: SymbolTerms, filters: readonly Filter[]): SymbolRules {
  const tickSize = parse(terms.tickSize);
  const stepSize = parse(terms.stepSize);
  // Only then is a price times a quantity exact in eight places, and no unit is lost to rounding.
  if ((tickSize * stepSize) % (ASSET_UNIT * 10n ** 18n) !== 0n) {
    throw new RangeError(
      `SYMBOL_STEPS: symbol=${terms.base}${terms.quote}, tickSize=${terms.tickSize}, stepSize=${terms.stepSize},` +
        ` allowed: at most ${ASSET_PLACES} places together`,
    );
  }
  const startPrice = roundUp(parse(terms.startPrice), tickSize);
  const { base, quote } = terms;
  return Object.freeze({ name: `${base}${quote}`, base, quote, filters, tickSize, stepSize, startPrice });
}
