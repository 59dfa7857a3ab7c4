// What a provider hears, and the commands it gives. One actor per configured venue account (`provider/<name>`).
import type { VenueOrder, VenueTrade } from '../market/execution.ts';
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
export type OpenOrderSeen = Pick<VenueOrder, 'clientOrderId' | 'venueOrderId' | 'filledQuantity'>;

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
  // from the session
  | { readonly type: 'Disconnected'; readonly session: number; readonly reason: string }
  | { readonly type: 'Reconnected'; readonly session: number }
  | { readonly type: 'BalancesObserved'; readonly balances: readonly BalanceSeen[] }
  /** An order or trade under a client order id we do not know. */
  | { readonly type: 'ExternalOrderSeen'; readonly order: VenueOrder }
  // from orders
  | { readonly type: 'SubmitRequested'; readonly clientOrderId: string; readonly symbol: string }
  | { readonly type: 'OrderClosed'; readonly clientOrderId: string }
  // from strategies; a second request of a watcher replaces its first
  | { readonly type: 'WatchRequested'; readonly watcher: ActorKey; readonly routes: readonly Route[] }
  | { readonly type: 'WatchEnded'; readonly watcher: ActorKey }
  // from risk
  /** `scope` is the risk scope that says so: what one scope halted, another does not resume. */
  | { readonly type: 'TradingHalted'; readonly reason: string; readonly scope?: string }
  | { readonly type: 'TradingResumed'; readonly scope?: string }
  // from its own timer
  | { readonly type: 'FeedsRetryDue' };

export interface Connected {
  readonly type: 'Connected';
  readonly session: number;
  readonly venue: string;
  readonly account: string;
  readonly fenceMarginMs: number;
  readonly recvWindowMs: number;
  readonly skewMs: number;
  /** All of the venue's, or those of the watched symbols where it has more than a message should carry. */
  readonly instruments: readonly Instrument[];
}

export interface Reconciled {
  readonly type: 'Reconciled';
  readonly session: number;
  readonly round: number;
  /** Open orders that have an order actor. */
  readonly openOrders: readonly OpenOrderSeen[];
  /** Open orders that nobody here placed. */
  readonly external: readonly VenueOrder[];
  /** Trades of `openOrders` since the last round. */
  readonly trades: readonly VenueTrade[];
  readonly balances: readonly BalanceSeen[];
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
  readonly sinceAt: number;
  readonly symbols: readonly string[];
}

export function providerKey(name: string): ActorKey<'provider'> {
  return `provider/${name}`;
}
