import { sql } from 'drizzle-orm';
import { boolean, check, index, pgTable, text, unique } from 'drizzle-orm/pg-core';
import { actors } from './actors.ts';
import { createdAt, decimal, deletedAt, identity, instant, reference, updatedAt } from './columns.ts';
import { providers } from './providers.ts';

/** Orders, keyed by the actor that lives their life: its id is the order's id. */
export const orders = pgTable(
  'orders',
  {
    actorId: reference('actor_id')
      .primaryKey()
      .references(() => actors.id),
    /** Ours, unique per provider, sent to the venue as the idempotency key of the submit. */
    clientOrderId: text('client_order_id').notNull(),
    provider: text('provider')
      .notNull()
      .references(() => providers.name),
    /** Who asked for it. No foreign key: orders outlive instances, and an operator may place one. */
    strategyInstance: text('strategy_instance').notNull(),
    symbol: text('symbol').notNull(),
    side: text('side').notNull(),
    orderType: text('order_type').notNull(),
    timeInForce: text('time_in_force').notNull(),
    quantity: decimal('quantity').notNull(),
    /** Null for market orders. */
    price: decimal('price'),
    /** Of Stop and StopLimit orders: they wait at the venue until the market reaches it. */
    stopPrice: decimal('stop_price'),
    /** Quantity as the strategy asked for it, before it was rounded to the lot. */
    askedQuantity: decimal('asked_quantity').notNull(),
    /** Price as the strategy asked for it, before it was rounded to the tick. */
    askedPrice: decimal('asked_price'),
    /** When an order good till a date is canceled. */
    goodTillAt: instant('good_till_at'),
    /** Client order id of the other order of a pair: whichever of the two fills or ends first cancels the other. */
    linkedTo: text('linked_to'),
    /** Client order id of the order this one takes the place of. */
    replaces: text('replaces'),
    /** Client order id of the order that took its place. */
    replacedBy: text('replaced_by'),
    /** Placed at the venue by somebody else and adopted; the client order id is then theirs. */
    isExternal: boolean('is_external').notNull().default(false),
    /** Upstream's word for it, as the compatible API shows it. */
    state: text('state').notNull(),
    /** The word of FIX for it: of all that holds of the order at once the one that comes first there. */
    status: text('status').notNull(),
    /** The order's life region: what we know of it, in our own words. */
    life: text('life').notNull(),
    venueOrderId: text('venue_order_id'),
    /** In the base asset. May pass `quantity`: what the venue did is a fact, whatever was asked. */
    filledQuantity: decimal('filled_quantity').notNull(),
    /** Sum of price × quantity of its executions, in the quote asset. */
    filledQuote: decimal('filled_quote').notNull(),
    /** When the submit was signed: before it the venue has never heard of the order. */
    signedAt: instant('signed_at'),
    /** After it the venue refuses the submit as too old, so that absence becomes provable. */
    deadlineAt: instant('deadline_at'),
    placedAt: instant('placed_at').notNull(),
    acknowledgedAt: instant('acknowledged_at'),
    /** Set once the order can no longer trade. */
    completedAt: instant('completed_at'),
    /** Why it was denied, rejected or canceled. */
    reason: text('reason'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    deletedAt: deletedAt(),
  },
  (table) => [
    unique('orders_client_order_id_key').on(table.provider, table.clientOrderId),
    check('orders_side_check', sql`${table.side} in ('Buy', 'Sell')`),
    check('orders_order_type_check', sql`${table.orderType} in ('Limit', 'Market', 'Stop', 'StopLimit')`),
    check('orders_time_in_force_check', sql`${table.timeInForce} in ('GTC', 'IOC', 'FOK', 'GTD')`),
    check(
      'orders_state_check',
      sql`${table.state} in ('PENDING', 'ACK', 'PARTIAL', 'FILLED', 'CANCELLED', 'REJECTED', 'EXPIRED')`,
    ),
    check(
      'orders_status_check',
      sql`${table.status} in ('PendingCancel', 'PendingReplace', 'Filled', 'Canceled', 'Expired', 'Rejected',
        'PartiallyFilled', 'New', 'PendingNew')`,
    ),
    check('orders_quantity_check', sql`${table.quantity} > 0`),
    check('orders_filled_quantity_check', sql`${table.filledQuantity} >= 0`),
    index('orders_strategy_instance_idx').on(table.strategyInstance, table.actorId),
    index('orders_open_idx').on(table.actorId).where(sql`${table.completedAt} is null`),
  ],
);

/** Trades of our orders as the venue reported them; one that is known already is left as it is. */
export const executions = pgTable(
  'executions',
  {
    id: identity(),
    orderId: reference('order_id')
      .notNull()
      .references(() => orders.actorId),
    /** The same as its order's, kept here so that history is listed without a join. */
    provider: text('provider').notNull(),
    strategyInstance: text('strategy_instance').notNull(),
    venue: text('venue').notNull(),
    /** The account at the venue: trade ids are unique within it only. */
    account: text('account').notNull(),
    symbol: text('symbol').notNull(),
    tradeId: text('trade_id').notNull(),
    venueOrderId: text('venue_order_id').notNull(),
    side: text('side').notNull(),
    quantity: decimal('quantity').notNull(),
    price: decimal('price').notNull(),
    /** Negative when the venue paid us. Null until the venue tells it. */
    fee: decimal('fee'),
    feeAsset: text('fee_asset'),
    /** Null when the venue does not say. */
    liquidity: text('liquidity'),
    tradedAt: instant('traded_at').notNull(),
    /** venue: the venue showed it. inferred: it counted it and never showed it. */
    origin: text('origin').notNull().default('venue'),
    /** When the venue took it back; its ledger lines are reversed then. */
    bustedAt: instant('busted_at'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    // Both sides of a self-trade have one trade id, hence the venue order id.
    unique('executions_trade_key').on(table.venue, table.account, table.symbol, table.tradeId, table.venueOrderId),
    check('executions_side_check', sql`${table.side} in ('Buy', 'Sell')`),
    check('executions_liquidity_check', sql`${table.liquidity} in ('maker', 'taker')`),
    check('executions_origin_check', sql`${table.origin} in ('venue', 'inferred')`),
    check('executions_quantity_check', sql`${table.quantity} > 0`),
    index('executions_order_id_idx').on(table.orderId),
    index('executions_strategy_instance_idx').on(table.strategyInstance, table.id),
  ],
);
