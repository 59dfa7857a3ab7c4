// exchangeInfo: what is listed and under which rules.
import type { Filter } from '../core/filters.ts';
import { ASSET_PLACES, type SymbolRules } from '../core/symbol.ts';
import type { Venue } from '../venue.ts';
import { ORDER_TYPES, PREVENTION_MODES } from './order-form.ts';
import type { Params } from './params.ts';
import { readSymbols } from './reading.ts';
import { eight } from './views.ts';

export function exchangeInfo(venue: Venue, params: Params): () => unknown {
  const { rules } = readSymbols(venue, params);
  for (const name of ['permissions', 'showPermissionSets', 'symbolStatus']) params.text(name);
  return () => ({
    timezone: 'UTC',
    serverTime: venue.host.now(),
    rateLimits: [],
    exchangeFilters: [],
    symbols: rules.map((symbol) => describe(symbol, venue.isOpen)),
  });
}

function describe(rules: SymbolRules, open: boolean): object {
  return {
    symbol: rules.name,
    status: open ? 'TRADING' : 'HALT',
    baseAsset: rules.base,
    baseAssetPrecision: ASSET_PLACES,
    quoteAsset: rules.quote,
    quotePrecision: ASSET_PLACES,
    quoteAssetPrecision: ASSET_PLACES,
    baseCommissionPrecision: ASSET_PLACES,
    quoteCommissionPrecision: ASSET_PLACES,
    orderTypes: ORDER_TYPES,
    icebergAllowed: false,
    ocoAllowed: false,
    otoAllowed: false,
    quoteOrderQtyMarketAllowed: false,
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
