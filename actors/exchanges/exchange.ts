// The port to an exchange: what provider and order effects need, whatever the venue.
// One session is one account at one venue. An adapter is `open(settings, listener)` in a folder beside this file.
import type {
  Execution,
  ExecutionRef,
  OrderType,
  Side,
  TimeInForce,
  VenueOrder,
  VenueTrade,
} from '../market/execution.ts';
import type { Instrument } from '../market/instrument.ts';
import type { MarketEvent } from '../market/market-event.ts';

/** What a venue can do that the order machine must know before it may conclude anything. */
export interface Capabilities {
  /** The venue refuses a request that arrives after its deadline; without it "not found" never becomes final. */
  readonly requestDeadline: boolean;
  readonly queryByClientOrderId: boolean;
  readonly clientOrderIdMax: number;
  /** Every character a client order id may have, as the inside of a character class: `A-Za-z0-9`. */
  readonly clientOrderIdChars: string;
  /** reduce: the quantity alone, downwards, keeping its place in the queue. full: quantity and price. */
  readonly amend: 'none' | 'reduce' | 'full';
  readonly orderTypes: readonly OrderType[];
  /** Those the venue keeps by itself; GTD is kept by the order machine whatever the venue can do. */
  readonly timesInForce: readonly TimeInForce[];
  readonly selfTradePrevention: boolean;
  /** The venue cancels everything when it has not heard of us for a while. */
  readonly cancelAllAfter: boolean;
  /** For so long the venue surely knows an order after its end, also one without a fill; null: no limit is known. */
  readonly orderHistoryMs: number | null;
  /** Trades older than this are not listed any more; null: no limit is known. */
  readonly tradeHistoryMs: number | null;
  /** Bounds added to the deadline before "not found" may be believed: clock skew, processing, read lag. */
  readonly skewMs: number;
  readonly processingMs: number;
  readonly readLagMs: number;
}

export interface SubmitRequest {
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly orderType: OrderType;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly quantity: string;
  readonly price: string | null;
  /** Of Stop and StopLimit, else null. */
  readonly stopPrice: string | null;
  /** Signed into the request. Comes from the claim that was committed, never from the moment of sending. */
  readonly signedAt: number;
  readonly deadlineAt: number;
}

/** A timeout, a cut, a 5xx or an unlisted code is `unknown`; `rejected` only by the venue's definitive list. */
export type SubmitOutcome =
  | { readonly outcome: 'accepted'; readonly order: VenueOrder; readonly executions: readonly Execution[] }
  | { readonly outcome: 'rejected'; readonly code: string; readonly reason: string }
  /** Proved: no byte of the request was written. */
  | { readonly outcome: 'notSent'; readonly reason: string }
  | { readonly outcome: 'unknown'; readonly reason: string };

export type CancelOutcome =
  | { readonly outcome: 'canceled'; readonly order: VenueOrder }
  /** Also "unknown order": a question, not an answer. */
  | { readonly outcome: 'rejected'; readonly code: string; readonly reason: string }
  | { readonly outcome: 'unknown'; readonly reason: string };

/** The order's terms as they shall be. Absolute, so that asking twice is asking once. */
export interface AmendRequest extends OrderRef {
  readonly quantity: string;
  readonly price: string | null;
}

export type AmendOutcome =
  | { readonly outcome: 'amended'; readonly order: VenueOrder }
  /** A question as a refused cancel is: the order may be filled, or have these terms already. */
  | { readonly outcome: 'rejected'; readonly code: string; readonly reason: string }
  | { readonly outcome: 'unknown'; readonly reason: string };

/** An order at the venue: by `venueOrderId` where it is given, else by our client order id. */
export interface OrderRef {
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly venueOrderId?: string;
}

export type QueryOutcome =
  | { readonly outcome: 'found'; readonly order: VenueOrder; readonly executions: readonly Execution[] }
  | { readonly outcome: 'notFound'; readonly askedAt: number }
  | { readonly outcome: 'unknown'; readonly reason: string };

export interface VenueBalance {
  readonly asset: string;
  readonly available: string;
  readonly locked: string;
  readonly observedAt: number;
}

/** An order report of the user stream: the order as it stands and, for a trade, the one fill that caused it. */
export interface OrderReport {
  /** From the venue's own numbers: the same for the same report, whenever it is delivered. */
  readonly reportId: string;
  readonly order: VenueOrder;
  readonly execution: Execution | null;
  /** An execution the venue takes back; with `execution` it is corrected by that one. */
  readonly busted?: ExecutionRef;
  readonly reason: string | null;
}

export interface FeedRequest {
  readonly type: 'Trade' | 'Ticker' | 'BookSnapshot' | 'KlineSummary';
  readonly symbol: string;
}

/** Called by the adapter. `onReport` and `onBalance` return when the report is durable: the stream waits. */
export interface ExchangeListener {
  onReport(report: OrderReport): Promise<void>;
  onBalance(balances: readonly VenueBalance[]): Promise<void>;
  onMarket(event: MarketEvent): void;
  /**
   * User stream and feeds up again: what was missed in between must be reconciled. Only ever after
   * `onDisconnected`; the first connection is the session itself.
   */
  onConnected(): void;
  onDisconnected(reason: string): void;
}

/** What a session without credentials names as its account: market data, and nothing of it is ever to be compared. */
export const NO_ACCOUNT = 'public';

export interface ExchangeSession {
  readonly venue: string;
  readonly account: string;
  readonly capabilities: Capabilities;
  instruments(signal: AbortSignal): Promise<readonly Instrument[]>;
  /** Venue clock minus ours, ms. */
  clockSkewMs(signal: AbortSignal): Promise<number>;
  submit(request: SubmitRequest, signal: AbortSignal): Promise<SubmitOutcome>;
  cancel(order: OrderRef, signal: AbortSignal): Promise<CancelOutcome>;
  /** Where the venue cannot (`capabilities.amend`), rejected with AMEND_UNSUPPORTED and nothing sent. */
  amend(request: AmendRequest, signal: AbortSignal): Promise<AmendOutcome>;
  query(order: OrderRef, signal: AbortSignal): Promise<QueryOutcome>;
  openOrders(signal: AbortSignal): Promise<readonly VenueOrder[]>;
  /** Trades of the account in a symbol at or after sinceAt, oldest first, all pages. */
  trades(
    request: { readonly symbol: string; readonly sinceAt: number },
    signal: AbortSignal,
  ): Promise<readonly VenueTrade[]>;
  /** Everything the account holds: an asset that is not listed holds nothing. */
  balances(signal: AbortSignal): Promise<readonly VenueBalance[]>;
  /** Makes the market feeds exactly these; resolves when the venue confirmed them, however long that takes. */
  subscribe(feeds: readonly FeedRequest[]): Promise<void>;
  close(): Promise<void>;
}

export interface ExchangeSettings {
  /** Stamped on market events; the adapter's name when absent. */
  readonly provider?: string;
  /** Part of the key of every execution; the adapter's name when absent. A paper venue needs one of its own. */
  readonly venue?: string;
  /** This and the other two: empty where nobody configured it. The adapter goes to its venue's hosts, or refuses. */
  readonly restUrl: string;
  /** Market streams. */
  readonly streamUrl: string;
  /** WebSocket API for the user data stream. */
  readonly wsApiUrl: string;
  /** This and the next: both empty for market data alone, without an account. */
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly recvWindowMs: number;
  readonly httpTimeoutMs: number;
  /** Of adapters that reach many exchanges: which. */
  readonly exchange?: string;
  /** The third credential of some venues. */
  readonly passphrase?: string;
  /** Names the account in the key of every execution where the venue does not. */
  readonly account?: string;
  /** The venue's test network, or its demo trading. */
  readonly sandbox?: boolean;
  /** Price levels a book begins with; the adapter's own when absent, and without effect where the stream begins it. */
  readonly snapshotDepth?: number;
  /** The list of instruments is read anew this often, so that what was listed meanwhile is known. */
  readonly listingRefreshMs?: number;
}

/** The world failed: a venue could not be reached, refused a read or answered nonsense. Holds no secret. */
export class ExchangeFault extends Error {
  /** False where trying again cannot help: keys the venue refuses, a symbol it does not list. */
  readonly retryable: boolean;

  constructor(message: string, options: { readonly retryable: boolean }) {
    super(message);
    this.name = 'ExchangeFault';
    this.retryable = options.retryable;
  }
}

/** Connects REST, user stream and market stream; rejects with an ExchangeFault naming what could not be reached. */
export type OpenExchange = (
  settings: ExchangeSettings,
  listener: ExchangeListener,
  signal: AbortSignal,
) => Promise<ExchangeSession>;

/** The sessions that are open in this process, by provider name. */
export interface ExchangeDirectory {
  /** Null while the provider has none: nothing can be sent and nothing asked. */
  find(provider: string): ExchangeSession | null;
}
