// Domain rows that machines record; persistence/projections writes them in the turn's own transaction.
// Amounts are decimal strings, times ms since 1970. `actorId` of the writer is added by the runtime.

import type { OrderType, TimeInForce } from './execution.ts';

/** Upstream's order states, as the compatible API shows them. */
export type PublicOrderState = 'PENDING' | 'ACK' | 'PARTIAL' | 'FILLED' | 'CANCELLED' | 'REJECTED' | 'EXPIRED';

/** FIX OrdStatus (5.0 SP2, appendix D), of what can be true of an order the one that is shown. */
export type OrderStatus =
  | 'PendingCancel'
  | 'PendingReplace'
  | 'Filled'
  | 'Canceled'
  | 'Expired'
  | 'Rejected'
  | 'PartiallyFilled'
  | 'New'
  | 'PendingNew';

/** One row of `orders`. The first record of an order carries everything, later ones what changes. */
export interface OrderRow {
  readonly table: 'orders';
  readonly clientOrderId: string;
  readonly provider: string;
  readonly strategyInstance: string;
  readonly symbol: string;
  readonly side: 'Buy' | 'Sell';
  readonly orderType: OrderType;
  readonly timeInForce: TimeInForce;
  /** On tick and lot, as the order stands: an amend changes them. */
  readonly quantity: string;
  readonly price: string | null;
  readonly stopPrice: string | null;
  /** As the strategy asked for it, before it was rounded to tick and lot. */
  readonly askedQuantity: string;
  readonly askedPrice: string | null;
  /** Of GTD orders. */
  readonly goodTillAt: number | null;
  /** Client order ids of the other order of a pair, of the order this one replaces, and of the one that replaces it. */
  readonly linkedTo: string | null;
  readonly replaces: string | null;
  readonly replacedBy: string | null;
  /** Placed at the venue by somebody else and adopted: the client order id is then the one the venue knows it by. */
  readonly isExternal: boolean;
  readonly placedAt: number;
  readonly state: PublicOrderState;
  /** By FIX precedence over all that holds of it at once: PendingCancel, PendingReplace, Filled, ... */
  readonly status: OrderStatus;
  /** State of the order's life region, such as sending, doubt, working or filled (order/machine.ts). */
  readonly life: string;
  readonly venueOrderId: string | null;
  readonly filledQuantity: string;
  readonly filledQuote: string;
  readonly signedAt: number | null;
  readonly deadlineAt: number | null;
  readonly acknowledgedAt: number | null;
  readonly completedAt: number | null;
  readonly reason: string | null;
}

/** One row of `executions`; a known key is left as it is. */
export interface ExecutionRow {
  readonly table: 'executions';
  readonly clientOrderId: string;
  readonly provider: string;
  readonly strategyInstance: string;
  readonly venue: string;
  readonly account: string;
  readonly symbol: string;
  readonly tradeId: string;
  readonly venueOrderId: string;
  readonly side: 'Buy' | 'Sell';
  readonly quantity: string;
  readonly price: string;
  readonly fee: string | null;
  readonly feeAsset: string | null;
  readonly liquidity: 'maker' | 'taker' | null;
  readonly tradedAt: number;
  /** inferred: the venue counted it and never showed it (docs/order-lifecycle.md). */
  readonly origin: 'venue' | 'inferred';
}

/** Changes of an execution that is written already: taken back by the venue, or its fee known at last. */
export interface ExecutionChangeRow {
  readonly table: 'execution_changes';
  readonly venue: string;
  readonly account: string;
  readonly symbol: string;
  readonly tradeId: string;
  readonly venueOrderId: string;
  readonly bustedAt: number | null;
  readonly fee: string | null;
  readonly feeAsset: string | null;
}

/** Where an amount of an asset can stand; one account of each per provider (`available:paper`). */
export type LedgerAccount = 'available' | 'locked' | 'fees' | 'external' | 'suspense' | 'pnl';

/** One line of a posting. The lines of a posting sum to zero for each asset. */
export interface LedgerRow {
  readonly table: 'ledger_entries';
  /** What its lines have in common, unique for ever: the execution, the lock, the difference they book. */
  readonly posting: string;
  readonly kind: 'trade' | 'fee' | 'lock' | 'bust' | 'profit' | 'transfer' | 'correction';
  readonly account: LedgerAccount;
  readonly provider: string;
  readonly asset: string;
  /** Signed: what the account gains. Never zero. */
  readonly amount: string;
  readonly bookedAt: number;
}

/** A position after an execution: quantity and cost as they are, profit and fees as they changed. */
export interface PositionRow {
  readonly table: 'positions';
  readonly provider: string;
  readonly account: string;
  readonly strategyInstance: string;
  readonly symbol: string;
  /** Signed: negative is short. */
  readonly quantity: string;
  /** What it cost in the quote asset, signed as the quantity is; average price = cost / quantity. */
  readonly costQuote: string;
  /** Added to what was realised before. */
  readonly realizedQuote: string;
  /** Added to what was paid before, in the fee's own asset; null where the execution had none. */
  readonly fee: { readonly asset: string; readonly amount: string } | null;
}

/** What a venue said an account held. One row per (provider, asset): the newest observation. */
export interface BalanceRow {
  readonly table: 'balances';
  readonly provider: string;
  readonly asset: string;
  readonly available: string;
  readonly locked: string;
  readonly observedAt: number;
}

export interface ProviderRow {
  readonly table: 'providers';
  readonly name: string;
  readonly adapter: string;
  /** Without secrets: credentials are references. */
  readonly settings: string;
  readonly status: 'pending' | 'starting' | 'running' | 'degraded' | 'stopped' | 'failed';
  readonly reason: string | null;
  /** Marked as deleted, until a row without this comes. */
  readonly removed?: true;
}

/** The routes of a provider as a set: replaces all rows of that provider. */
export interface ProviderRoutesRow {
  readonly table: 'provider_routes';
  readonly provider: string;
  readonly routes: readonly { readonly type: string; readonly symbol: string }[];
}

export interface InstrumentRow {
  readonly table: 'instruments';
  readonly provider: string;
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly priceIncrement: string;
  readonly quantityIncrement: string;
  readonly minQuantity: string;
  readonly maxQuantity: string;
  readonly minNotional: string;
}

export interface StrategyInstanceRow {
  readonly table: 'strategy_instances';
  readonly instanceId: string;
  readonly strategy: string;
  readonly revision: string;
  readonly status: 'stopped' | 'starting' | 'running' | 'failed';
  readonly config: string;
  readonly scope: string;
  readonly reason: string | null;
}

export interface RiskLimitsRow {
  readonly table: 'risk_limits';
  readonly scope: string;
  readonly limits: string;
  readonly halted: boolean;
  readonly reason: string | null;
}

/** Append-only: who changed what. */
export interface AuditRow {
  readonly table: 'audit_log';
  readonly actor: string;
  readonly action: string;
  readonly detail: string;
}

export type MarketRow =
  | OrderRow
  | ExecutionRow
  | ExecutionChangeRow
  | LedgerRow
  | PositionRow
  | BalanceRow
  | ProviderRow
  | ProviderRoutesRow
  | InstrumentRow
  | StrategyInstanceRow
  | RiskLimitsRow
  | AuditRow;
