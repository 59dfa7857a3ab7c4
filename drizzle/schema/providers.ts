import { sql } from 'drizzle-orm';
import { check, pgTable, text, unique } from 'drizzle-orm/pg-core';
import { actors } from './actors.ts';
import {
  counter,
  createdAt,
  decimal,
  deletedAt,
  document,
  identity,
  instant,
  reference,
  updatedAt,
} from './columns.ts';

/** Configured venue accounts. Written by the provider's actor. */
export const providers = pgTable(
  'providers',
  {
    id: identity(),
    /** The name orders, balances and routes refer to; never changed and never used again for another account. */
    name: text('name').notNull(),
    actorId: reference('actor_id')
      .notNull()
      .references(() => actors.id),
    /** Which adapter speaks to the venue. */
    adapter: text('adapter').notNull(),
    /** The adapter's settings. Credentials are references (`env:NAME`), never values. */
    settings: document('settings').notNull(),
    status: text('status').notNull(),
    /** Why it is degraded, stopped or failed. */
    reason: text('reason'),
    /** Raised by every change. */
    version: counter('version').notNull().default(1),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    deletedAt: deletedAt(),
  },
  (table) => [
    unique('providers_name_key').on(table.name),
    check(
      'providers_status_check',
      sql`${table.status} in ('pending', 'starting', 'running', 'degraded', 'stopped', 'failed')`,
    ),
  ],
);

/** Which market data a provider carries, one row per route type and symbol; replaced as a set. */
export const providerRoutes = pgTable(
  'provider_routes',
  {
    id: identity(),
    provider: text('provider')
      .notNull()
      .references(() => providers.name),
    /** `TRADE`, `TICKER`, `ORDERBOOK.SNAPSHOT`, ... */
    type: text('type').notNull(),
    symbol: text('symbol').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    deletedAt: deletedAt(),
  },
  (table) => [unique('provider_routes_key').on(table.provider, table.type, table.symbol)],
);

/** What a provider can trade, and in which steps. */
export const instruments = pgTable(
  'instruments',
  {
    id: identity(),
    provider: text('provider')
      .notNull()
      .references(() => providers.name),
    /** Canonical symbol, `BASE-QUOTE`. */
    symbol: text('symbol').notNull(),
    base: text('base').notNull(),
    quote: text('quote').notNull(),
    priceIncrement: decimal('price_increment').notNull(),
    quantityIncrement: decimal('quantity_increment').notNull(),
    minQuantity: decimal('min_quantity').notNull(),
    /** Greatest quantity of one order; 0: none is known. */
    maxQuantity: decimal('max_quantity').notNull(),
    /** Smallest price × quantity the venue takes, in the quote asset. */
    minNotional: decimal('min_notional').notNull(),
    /** Raised when a step or a bound changes; orders before it were rounded by the one before. */
    version: counter('version').notNull().default(1),
    /** Since when this version holds, by the time it was seen. */
    validFrom: instant('valid_from').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    deletedAt: deletedAt(),
  },
  (table) => [unique('instruments_symbol_key').on(table.provider, table.symbol)],
);

/** Every version of an instrument's steps and bounds. Append-only. */
export const instrumentVersions = pgTable(
  'instrument_versions',
  {
    id: identity(),
    instrumentId: reference('instrument_id')
      .notNull()
      .references(() => instruments.id),
    version: counter('version').notNull(),
    priceIncrement: decimal('price_increment').notNull(),
    quantityIncrement: decimal('quantity_increment').notNull(),
    minQuantity: decimal('min_quantity').notNull(),
    maxQuantity: decimal('max_quantity').notNull(),
    minNotional: decimal('min_notional').notNull(),
    /** It holds until the next version does. */
    validFrom: instant('valid_from').notNull(),
    createdAt: createdAt(),
  },
  (table) => [unique('instrument_versions_version_key').on(table.instrumentId, table.version)],
);
