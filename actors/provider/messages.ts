// What a provider hears, and the commands it gives. One actor per configured venue account (`provider/<name>`).
import type { Execution, ExecutionRef, OrderType, VenueOrder } from '../market/execution.ts';
import type { Instrument } from '../market/instrument.ts';
import type { Command } from '../runtime/effect.ts';
import type { ActorKey } from '../runtime/message.ts';

export interface ProviderInput {
  readonly name: string;
  /** Adapter identifier, e.g. `binance`. */
  readonly adapter: string;
  /** Settings without secrets: credentials are references (`env:NAME`, `file:PATH`). */
  readonly settings: { readonly [key: string]: string | number };
}

export interface Route {
  readonly type: 'Trade' | 'Ticker' | 'BookSnapshot' | 'KlineSummary';
  readonly symbol: string;
}
export interface BalanceSeen {
  readonly asset: string;
  readonly available: string;
  readonly locked: string;
  readonly observedAt: number;
}
/** As much of an open order as reconciliation compares. */
export interface OpenOrderSeen {
  /** Id of its actor: for an order of somebody else that is not the venue's client order id. */
  readonly clientOrderId: string;
  readonly filledQuantity: string;
  /** Quantity of its trades since the last round that the books know, or that are too young to be missed. */
  readonly traded: string;
  /** It has triggered, its terms are others than ours, or we count more fills, for longer than such news takes. */
  readonly isOther?: true;
}

/** An order a round has something to tell of: executions the books lack, or that it is open at the venue at all. */
export interface FoundOrder {
  /** Id of its actor; null where there is none. */
  readonly id: string | null;
  readonly order: VenueOrder;
  readonly executions: readonly Execution[];
}

/** What an account holds of an asset beyond what the books say, signed. */
export interface AssetDifference {
  readonly asset: string;
  readonly amount: string;
  /** It was traded shortly before or while we looked: by itself the amount says nothing. */
  readonly isBusy: boolean;
  /** Between these is what trades on their way do not account for; absent: nothing is on its way. */
  readonly least?: string;
  readonly most?: string;
}

// `session` numbers the sessions a provider asked for: an answer or report of an earlier one says nothing about
// the present. `feeds` and `round` do the same for requests within a session.
export type ProviderMessage =
  // from an operator, configuration or the supervisor
  | { readonly type: 'Start' }
  | { readonly type: 'Stop' }
  | { readonly type: 'Configure'; readonly adapter: string; readonly settings: ProviderInput['settings'] }
  /** A process took this shard: sessions of the process before are gone. */
  | { readonly type: 'NodeStarted' }
  // answers of its effects
  | Connected
  | { readonly type: 'ConnectFailed'; readonly session: number; readonly reason: string; readonly retryable: boolean }
  | { readonly type: 'Closed'; readonly session: number }
  /** The market feeds are exactly those asked for; with the instruments of their symbols. */
  | {
      readonly type: 'FeedsHeld';
      readonly session: number;
      readonly feeds: number;
      readonly instruments: readonly Instrument[];
    }
  | { readonly type: 'FeedsFailed'; readonly session: number; readonly feeds: number; readonly reason: string }
  | Reconciled
  | { readonly type: 'ReconcileFailed'; readonly session: number; readonly round: number; readonly reason: string }
  /** The clocks are further apart than the venue's answers can be trusted with. */
  | {
      readonly type: 'ClockSkewed';
      readonly session: number;
      readonly round: number;
      readonly skewMs: number;
      readonly allowedMs: number;
    }
  // from the session
  | { readonly type: 'Disconnected'; readonly session: number; readonly reason: string }
  | { readonly type: 'Reconnected'; readonly session: number }
  /** The venue changed what it says of instruments; with those that changed. */
  | { readonly type: 'InstrumentsChanged'; readonly session: number; readonly instruments: readonly Instrument[] }
  | { readonly type: 'BalancesObserved'; readonly balances: readonly BalanceSeen[] }
  /** An order or trade under a client order id we do not know. */
  | ExternalOrderSeen
  // from orders
  | { readonly type: 'SubmitRequested'; readonly clientOrderId: string; readonly symbol: string }
  | { readonly type: 'OrderClosed'; readonly clientOrderId: string }
  /** It is at the venue, whether or not it was granted: it is looked after. There is no answer. */
  | { readonly type: 'OrderStands'; readonly clientOrderId: string; readonly symbol: string }
  // from strategies; a second request of a watcher replaces its first
  | { readonly type: 'WatchRequested'; readonly watcher: ActorKey; readonly routes: readonly Route[] }
  | { readonly type: 'WatchEnded'; readonly watcher: ActorKey }
  // from risk
  /** `scope` is the risk scope that says so: what one scope halted, another does not resume. */
  | { readonly type: 'TradingHalted'; readonly reason: string; readonly scope?: string }
  | { readonly type: 'TradingResumed'; readonly scope?: string }
  /** Orders judged before it, and not sent yet, are refused: who still wants them asks risk anew. Null: all symbols. */
  | { readonly type: 'TradingRestricted'; readonly symbol: string | null; readonly reason: string }
  // from an operator
  /** Every live order, or those of one symbol, is asked to cancel. */
  | { readonly type: 'CancelAll'; readonly by: string; readonly reason: string; readonly symbol: string | null }
  /** What is in suspense of an asset is booked as what it was: a deposit, a withdrawal, a transfer. */
  | { readonly type: 'ExplainDifference'; readonly by: string; readonly asset: string; readonly reason: string }
  /** Its rows are marked as deleted; only where it is stopped and nobody needs it. A Start brings it back. */
  | { readonly type: 'Remove'; readonly by: string }
  // from its own timer
  | { readonly type: 'FeedsRetryDue' };

/** `riskScope` counts it; null where nothing here trades with this provider. */
export interface ExternalOrderSeen {
  readonly type: 'ExternalOrderSeen';
  readonly order: VenueOrder;
  readonly execution: Execution | null;
  readonly busted?: ExecutionRef;
  readonly reason: string | null;
  readonly riskScope: string | null;
}

export interface Connected {
  readonly type: 'Connected';
  readonly session: number;
  readonly venue: string;
  readonly account: string;
  readonly fenceMarginMs: number;
  readonly recvWindowMs: number;
  readonly skewMs: number;
  readonly readLagMs: number;
  readonly amends: 'none' | 'reduce' | 'full';
  readonly orderTypes: readonly OrderType[];
  /** Who counts what happens here: the first of them counts the orders of others, too. */
  readonly riskScopes: readonly string[];
  /** What the client order ids of this deployment begin with; empty: any id of our form counts as ours. */
  readonly orderPrefix: string;
  /** All of the venue's, or those of the watched symbols where it has more than a message should carry. */
  readonly instruments: readonly Instrument[];
}

export interface Reconciled {
  readonly type: 'Reconciled';
  readonly session: number;
  readonly round: number;
  readonly skewMs: number;
  /** Open orders that have an order actor. */
  readonly openOrders: readonly OpenOrderSeen[];
  /** Open orders without an actor or not live here, and orders with executions the books lack. */
  readonly found: readonly FoundOrder[];
  /** How much of the time since the last round the venue's history of trades does not reach back to. */
  readonly unseenMs: number;
  /** How many trades were so old that the books should have had them, and had not. */
  readonly missing: number;
  /** Orders left for the next round, which follows soon and looks back as far as this one. */
  readonly left: number;
  /** Orders with missing trades that the venue did not tell of: the next round asks again. */
  readonly unresolved: number;
  /** Assets of trades the books lack that were not told of; absent though some were not: any may be among them. */
  readonly unclear?: readonly string[];
  readonly balances: readonly BalanceSeen[];
  /** Of assets where account and books differ. */
  readonly differences: readonly AssetDifference[];
}

/** Arguments of the provider's commands (performed by effects.ts after the commit). All may be repeated. */
export type ProviderCommand =
  | Command<'openSession', OpenSession>
  | Command<'closeSession', SessionRef>
  | Command<'holdFeeds', HoldFeeds>
  | Command<'reconcile', Reconcile>;

export interface SessionRef {
  readonly name: string;
  readonly session: number;
}
export interface OpenSession extends SessionRef {
  readonly adapter: string;
  readonly settings: ProviderInput['settings'];
  /** Symbols whose instruments are needed whatever else the venue lists. */
  readonly symbols: readonly string[];
}
export interface HoldFeeds extends SessionRef {
  readonly feeds: number;
  readonly routes: readonly Route[];
}
export interface Reconcile extends SessionRef {
  readonly round: number;
  /** Beginning of the last round that saw everything; null before the first. */
  readonly sinceAt: number | null;
  /** Where account and books differ: the beginning of the last round that saw everything before they did. */
  readonly offSinceAt?: number;
  readonly symbols: readonly string[];
  /** Ids of the orders the provider counts as live. */
  readonly live: readonly string[];
}

export function providerKey(name: string): ActorKey<'provider'> {
  return `provider/${name}`;
}
