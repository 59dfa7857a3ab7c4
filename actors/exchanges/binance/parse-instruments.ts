// exchangeInfo: the symbols with their filters (filters.md), and the rate limits. Pure.
import { z } from 'zod';
import { format, max, parse, ZERO } from '../../market/decimal.ts';
import type { Instrument } from '../../market/instrument.ts';
import { isAsset } from '../../market/symbol.ts';
import type { VenueLimit } from '../wire/limiter.ts';
import { readAs } from '../wire/read-as.ts';
import { amount, text } from '../wire/readable.ts';

export interface Listing {
  /** What can be traded now. */
  readonly instruments: readonly Instrument[];
  /** Every name with a canonical form, tradable or not: orders and trades of the past have one too. */
  readonly names: readonly { readonly symbol: string; readonly venueSymbol: string }[];
  /** Null when the venue says nothing of limits; an empty list when it says that there are none. */
  readonly limits: readonly VenueLimit[] | null;
}

const filter = z.looseObject({ filterType: z.string() });
const symbolRecord = z.object({
  symbol: text,
  status: z.string(),
  baseAsset: z.string(),
  quoteAsset: z.string(),
  baseAssetPrecision: z.int().min(0).max(18).default(8),
  quoteAssetPrecision: z.int().min(0).max(18).default(8),
  isSpotTradingAllowed: z.boolean().default(true),
  filters: z.array(filter),
});
const limitRecord = z.object({
  rateLimitType: z.string(),
  interval: z.string(),
  intervalNum: z.int().positive(),
  limit: z.int().positive(),
});
const exchangeInfo = z.object({ rateLimits: z.array(limitRecord).optional(), symbols: z.array(z.unknown()) });

const priceFilter = z.object({ tickSize: amount });
const lotFilter = z.object({ minQty: amount, maxQty: amount, stepSize: amount });
const notionalFilter = z.object({ minNotional: amount });

const INTERVALS: ReadonlyMap<string, number> = new Map([
  ['SECOND', 1_000],
  ['MINUTE', 60_000],
  ['HOUR', 3_600_000],
  ['DAY', 86_400_000],
]);

type SymbolRecord = z.output<typeof symbolRecord>;

/** Symbols that cannot be read, or have no canonical form, are left out: one bad listing hides no other. */
export function parseListing(json: unknown): Listing {
  const info = readAs(exchangeInfo, json, 'exchangeInfo');
  const records = info.symbols.flatMap((one) => {
    const record = symbolRecord.safeParse(one);
    return record.success && isAsset(record.data.baseAsset) && isAsset(record.data.quoteAsset) ? [record.data] : [];
  });
  return {
    instruments: records.filter(isTradable).flatMap(instrumentOf),
    names: records.map((record) => ({ symbol: canonicalOf(record), venueSymbol: record.symbol })),
    limits: info.rateLimits?.flatMap(limitOf) ?? null,
  };
}

function canonicalOf(record: SymbolRecord): string {
  return `${record.baseAsset}-${record.quoteAsset}`;
}

function isTradable(record: SymbolRecord): boolean {
  return record.status === 'TRADING' && record.isSpotTradingAllowed;
}

/** Without a price and a lot filter the steps are not known: no instrument. */
function instrumentOf(record: SymbolRecord): Instrument[] {
  const price = priceFilter.safeParse(filterOf(record, 'PRICE_FILTER'));
  const lot = lotFilter.safeParse(filterOf(record, 'LOT_SIZE'));
  if (!price.success || !lot.success) return [];
  return [
    {
      symbol: canonicalOf(record),
      base: record.baseAsset,
      quote: record.quoteAsset,
      priceIncrement: stepOr(price.data.tickSize, record.quoteAssetPrecision),
      quantityIncrement: stepOr(lot.data.stepSize, record.baseAssetPrecision),
      minQuantity: lot.data.minQty,
      maxQuantity: lot.data.maxQty,
      minNotional: minNotionalOf(record),
    },
  ];
}

/** A step of zero disables the filter; the asset's precision is what is left. */
function stepOr(step: string, places: number): string {
  if (parse(step) > ZERO) return step;
  return places === 0 ? '1' : `0.${'1'.padStart(places, '0')}`;
}

/** Older symbols have MIN_NOTIONAL, newer ones NOTIONAL; a symbol with both obeys both. */
function minNotionalOf(record: SymbolRecord): string {
  const amounts = ['MIN_NOTIONAL', 'NOTIONAL'].map((type) => {
    const found = notionalFilter.safeParse(filterOf(record, type));
    return found.success ? parse(found.data.minNotional) : ZERO;
  });
  return format(amounts.reduce(max, ZERO));
}

function filterOf(record: SymbolRecord, type: string): unknown {
  return record.filters.find(({ filterType }) => filterType === type);
}

function limitOf(record: z.output<typeof limitRecord>): VenueLimit[] {
  const unitMs = INTERVALS.get(record.interval);
  const { rateLimitType: kind, intervalNum, limit } = record;
  if (unitMs === undefined || (kind !== 'REQUEST_WEIGHT' && kind !== 'ORDERS')) return [];
  return [{ kind, intervalMs: unitMs * intervalNum, limit }];
}
