import { sql } from 'drizzle-orm';
import { check, index, pgTable, text, unique } from 'drizzle-orm/pg-core';
import { counter, createdAt, decimal, deletedAt, identity, instant, reference, updatedAt } from './columns.ts';
import { executions } from './orders.ts';
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
    /** What the open quantity cost, in the quote asset; average price = cost / quantity. */
    costQuote: decimal('cost_quote').notNull(),
    realizedQuote: decimal('realized_quote').notNull(),
    /** The last execution that is counted in. */
    executionId: reference('execution_id').references(() => executions.id),
    version: counter('version').notNull().default(1),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    deletedAt: deletedAt(),
  },
  (table) => [unique('positions_holder_key').on(table.provider, table.account, table.strategyInstance, table.symbol)],
);

/** Double entry: the amounts of one posting sum to zero for each asset. Append-only. */
export const ledgerEntries = pgTable(
  'ledger_entries',
  {
    id: identity(),
    /** What its lines have in common: the key of the execution, transfer or correction they book. */
    posting: text('posting').notNull(),
    /** Null for transfers and corrections. */
    executionId: reference('execution_id').references(() => executions.id),
    /** `kind:owner`, such as `strategy:mm-1`, `venue:paper`, `fees:paper`. */
    account: text('account').notNull(),
    asset: text('asset').notNull(),
    /** Signed: what the account gains. */
    amount: decimal('amount').notNull(),
    kind: text('kind').notNull(),
    bookedAt: instant('booked_at').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    unique('ledger_entries_line_key').on(table.posting, table.account, table.asset, table.kind),
    check('ledger_entries_kind_check', sql`${table.kind} in ('trade', 'fee', 'transfer', 'correction')`),
    check('ledger_entries_amount_check', sql`${table.amount} <> 0`),
    index('ledger_entries_account_idx').on(table.account, table.asset, table.id),
    index('ledger_entries_execution_id_idx').on(table.executionId),
  ],
);
