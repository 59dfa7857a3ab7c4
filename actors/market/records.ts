// Domain rows that machines record; persistence/projections writes them in the turn's own transaction.
// Amounts are decimal strings, times ms since 1970. `actorId` of the writer is added by the runtime.

/** Upstream's order states, as the compatible API shows them. */
export type PublicOrderState = 'PENDING' | 'ACK' | 'PARTIAL' | 'FILLED' | 'CANCELLED' | 'REJECTED' | 'EXPIRED';

/** One row of `orders`. The first record of an order carries everything, later ones what changes. */
export interface OrderRow {
  readonly table: 'orders';
  readonly clientOrderId: string;
  readonly provider: string;
  readonly strategyInstance: string;
  readonly symbol: string;
  readonly side: 'Buy' | 'Sell';
  readonly orderType: 'Limit' | 'Market';
  readonly timeInForce: 'GTC' | 'IOC' | 'FOK';
  readonly quantity: string;
  readonly price: string | null;
  readonly placedAt: number;
  readonly state: PublicOrderState;
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
  | BalanceRow
  | ProviderRow
  | ProviderRoutesRow
  | InstrumentRow
  | StrategyInstanceRow
  | RiskLimitsRow
  | AuditRow;
