import { sql } from 'drizzle-orm';
import { check, pgTable, text, unique } from 'drizzle-orm/pg-core';
import { counter, createdAt, decimal, deletedAt, identity, instant, reference, updatedAt } from './columns.ts';
import { providers } from './providers.ts';

/** What a venue said an account held: one row per provider and asset, the newest observation. */
export const balances = pgTable(
  'balances',
  {
    id: identity(),
    provider: text('provider')
      .notNull()
      .references(() => providers.name),
    asset: text('asset').notNull(),
    available: decimal('available').notNull(),
    /** Held by open orders. The total is available + locked. */
    locked: decimal('locked').notNull(),
    /** The venue's time of the observation; an older one never replaces a newer. */
    observedAt: instant('observed_at').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    deletedAt: deletedAt(),
  },
  (table) => [unique('balances_asset_key').on(table.provider, table.asset)],
);

/** What we hold by our own count, per provider account, strategy instance and symbol. */
export const positions = pgTable(
  'positions',
  {
    id: identity(),
    provider: text('provider')
      .notNull()
      .references(() => providers.name),
    account: text('account').notNull(),
    strategyInstance: text('strategy_instance').notNull(),
    symbol: text('symbol').notNull(),
    /** Signed: negative is short. */
    quantity: decimal('quantity').notNull(),
    /** What the open quantity cost, in the quote asset, signed as it is; average price = cost / quantity. */
    costQuote: decimal('cost_quote').notNull(),
    /** Profit of what was closed so far, in the quote asset, before fees. */
    realizedQuote: decimal('realized_quote').notNull(),
    /** Raised by every commit that changed it. */
    version: counter('version').notNull().default(1),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    deletedAt: deletedAt(),
  },
  (table) => [unique('positions_holder_key').on(table.provider, table.account, table.strategyInstance, table.symbol)],
);

/** Fees paid on a position's executions, added up by the asset they were charged in. */
export const positionFees = pgTable(
  'position_fees',
  {
    id: identity(),
    positionId: reference('position_id')
      .notNull()
      .references(() => positions.id),
    asset: text('asset').notNull(),
    /** Negative when the venue paid more than it took. */
    amount: decimal('amount').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [unique('position_fees_asset_key').on(table.positionId, table.asset)],
);

/** Double entry: the amounts of one posting sum to zero for each asset. Append-only. */
export const ledgerEntries = pgTable(
  'ledger_entries',
  {
    id: identity(),
    /** What its lines have in common: the execution, lock, transfer or difference they book. */
    posting: text('posting').notNull(),
    /** `kind:provider`, such as `available:paper`; kinds are available, locked, fees, external, suspense and pnl. */
    account: text('account').notNull(),
    asset: text('asset').notNull(),
    /** Signed: what the account gains. */
    amount: decimal('amount').notNull(),
    /** What happened. profit: what a closed part of a position made. correction: a difference to the venue. */
    kind: text('kind').notNull(),
    /** Time of the group that decided it. */
    bookedAt: instant('booked_at').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    // A line that comes twice is a defect and is refused. It finds the lines of a posting, too; those of an account
    // are found by walking back the keys: one more index would cost every fill.
    unique('ledger_entries_line_key').on(table.posting, table.account, table.asset, table.kind),
    check(
      'ledger_entries_kind_check',
      sql`${table.kind} in ('trade', 'fee', 'lock', 'bust', 'profit', 'transfer', 'correction')`,
    ),
    check('ledger_entries_amount_check', sql`${table.amount} <> 0`),
  ],
);

/** The sum of a ledger account's lines in one asset, kept in the commit that writes them. */
export const ledgerBalances = pgTable(
  'ledger_balances',
  {
    id: identity(),
    account: text('account').notNull(),
    asset: text('asset').notNull(),
    balance: decimal('balance').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [unique('ledger_balances_account_key').on(table.account, table.asset)],
);
