// exchangeInfo: what is listed and under which rules.
import type { MarketStatus } from '../core/facts.ts';
import type { Filter } from '../core/filters.ts';
import { ASSET_PLACES, type SymbolRules } from '../core/symbol.ts';
import type { Venue } from '../venue.ts';
import { ORDER_TYPES, PREVENTION_MODES } from './order-form.ts';
import type { Params } from './params.ts';
import type { RateLimits } from './rate-limits.ts';
import { readSymbols } from './reading.ts';
import { eight } from './views.ts';

export function exchangeInfo(venue: Venue, limits: RateLimits, params: Params): () => unknown {
  const { rules } = readSymbols(venue, params);
  for (const name of ['permissions', 'showPermissionSets', 'symbolStatus']) params.text(name);
  return () => ({
    timezone: 'UTC',
    serverTime: venue.host.now(),
    rateLimits: limits.list(),
    exchangeFilters: [],
    symbols: rules.map((symbol) => describe(symbol, venue.status(symbol.name))),
  });
}

/** The protocol has no word for a market that takes cancels only; BREAK says that it is not for good. */
const STATUS = { TRADING: 'TRADING', CANCEL_ONLY: 'BREAK', HALT: 'HALT' } as const;

function describe(rules: SymbolRules, status: MarketStatus): object {
  return {
    symbol: rules.name,
    status: STATUS[status],
    baseAsset: rules.base,
    baseAssetPrecision: ASSET_PLACES,
    quoteAsset: rules.quote,
    quotePrecision: ASSET_PLACES,
    quoteAssetPrecision: ASSET_PLACES,
    baseCommissionPrecision: ASSET_PLACES,
    quoteCommissionPrecision: ASSET_PLACES,
    orderTypes: ORDER_TYPES,
    icebergAllowed: false,
    ocoAllowed: true,
    otoAllowed: false,
    quoteOrderQtyMarketAllowed: true,
    allowTrailingStop: false,
    cancelReplaceAllowed: true,
    amendAllowed: true,
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: false,
    filters: rules.filters.map(filterView),
    permissions: [],
    permissionSets: [['SPOT']],
    defaultSelfTradePreventionMode: 'NONE',
    allowedSelfTradePreventionModes: PREVENTION_MODES,
  };
}

/** Amounts with eight places, everything else as it is. */
function filterView(filter: Filter): object {
  return Object.fromEntries(
    Object.entries(filter).map(([name, value]) => [name, typeof value === 'bigint' ? eight(value) : value]),
  );
}
