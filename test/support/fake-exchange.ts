// An exchange by hand: opens when told, answers what a test gives it, and lets the test speak as the venue.
import {
  type Capabilities,
  ExchangeFault,
  type ExchangeListener,
  type ExchangeSession,
  type ExchangeSettings,
  type FeedRequest,
  type OpenExchange,
  type OrderRef,
  type OrderReport,
  type QueryOutcome,
  type SubmitOutcome,
  type SubmitRequest,
} from '../../actors/exchanges/exchange.ts';
import type { VenueOrder, VenueTrade } from '../../actors/market/execution.ts';
import type { Instrument } from '../../actors/market/instrument.ts';
import { BTC } from './providers.ts';

export const CAPABILITIES: Capabilities = {
  requestDeadline: true,
  queryByClientOrderId: true,
  clientOrderIdMax: 36,
  clientOrderIdChars: 'A-Za-z0-9',
  amend: 'reduce',
  orderTypes: ['Limit', 'Market'],
  timesInForce: ['GTC', 'IOC', 'FOK'],
  selfTradePrevention: false,
  cancelAllAfter: false,
  orderHistoryMs: null,
  tradeHistoryMs: null,
  skewMs: 1_000,
  processingMs: 10_000,
  readLagMs: 5_000,
};

/** What the venue answers; a test changes it at will. */
export interface Answers {
  capabilities: Capabilities;
  instruments: readonly Instrument[];
  skewMs: number;
  openOrders: readonly VenueOrder[];
  trades: readonly VenueTrade[];
  /** Symbols of which it knows nothing. */
  unlisted: readonly string[];
  balances: readonly { asset: string; available: string; locked: string; observedAt: number }[];
  failSubscribe: Error | null;
  /** By venue order id; one that is not here is not found. */
  orders: { readonly [venueOrderId: string]: QueryOutcome };
  /** Null: no spec expects a submit. */
  submit: ((request: SubmitRequest) => SubmitOutcome) | null;
}

/** One opened session, as the test sees it. */
export interface FakeSession {
  readonly settings: ExchangeSettings;
  readonly listener: ExchangeListener;
  readonly signal: AbortSignal;
  readonly session: ExchangeSession;
  readonly feeds: (readonly FeedRequest[])[];
  closed: boolean;
}

export interface FakeExchange {
  readonly open: OpenExchange;
  readonly answers: Answers;
  readonly sessions: readonly FakeSession[];
  readonly tradesAsked: { symbol: string; sinceAt: number }[];
  /** What was asked for, in order. */
  readonly queried: OrderRef[];
  /** From now on opening waits until the returned function is called; an Error makes it fail. */
  hold(): (failure?: Error) => void;
}

export function fakeExchange(): FakeExchange {
  const sessions: FakeSession[] = [];
  const tradesAsked: { symbol: string; sinceAt: number }[] = [];
  const queried: OrderRef[] = [];
  const answers: Answers = {
    capabilities: CAPABILITIES,
    instruments: [BTC],
    skewMs: 3,
    openOrders: [],
    trades: [],
    unlisted: [],
    balances: [],
    failSubscribe: null,
    orders: {},
    submit: null,
  };
  let gate: Promise<void> = Promise.resolve();
  return {
    answers,
    sessions,
    tradesAsked,
    queried,
    hold() {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      promise.catch(() => {});
      gate = promise;
      return (failure) => (failure === undefined ? resolve() : reject(failure));
    },
    async open(settings, listener, signal) {
      const made: FakeSession = {
        settings,
        listener,
        signal,
        feeds: [],
        closed: false,
        session: sessionOf(
          answers,
          { tradesAsked, queried },
          {
            subscribe: (feeds) => made.feeds.push(feeds),
            close: () => {
              made.closed = true;
            },
          },
        ),
      };
      sessions.push(made);
      await gate;
      return made.session;
    },
  };
}

function sessionOf(
  answers: Answers,
  { tradesAsked, queried }: Pick<FakeExchange, 'tradesAsked' | 'queried'>,
  on: { readonly subscribe: (feeds: readonly FeedRequest[]) => void; readonly close: () => void },
): ExchangeSession {
  const unasked = (): never => {
    throw new Error('no spec asks this of the session');
  };
  return {
    venue: 'PAPER',
    account: 'main',
    get capabilities() {
      return answers.capabilities;
    },
    instruments: async () => answers.instruments,
    clockSkewMs: async () => answers.skewMs,
    submit: async (request) => answers.submit?.(request) ?? unasked(),
    cancel: async () => unasked(),
    amend: async () => unasked(),
    query: async (order) => {
      queried.push(order);
      return answers.orders[order.venueOrderId ?? ''] ?? { outcome: 'notFound', askedAt: 0 };
    },
    openOrders: async () => answers.openOrders,
    trades: async (request) => {
      tradesAsked.push({ ...request });
      if (answers.unlisted.includes(request.symbol))
        throw new ExchangeFault(`symbol=${request.symbol}, allowed: an instrument the venue lists`, {
          retryable: false,
        });
      return answers.trades.filter(({ symbol, tradedAt }) => symbol === request.symbol && tradedAt >= request.sinceAt);
    },
    balances: async () => answers.balances,
    subscribe: async (feeds) => {
      if (answers.failSubscribe !== null) throw answers.failSubscribe;
      on.subscribe(feeds);
    },
    close: async () => on.close(),
  };
}

export function report(order: VenueOrder, reportId: string): OrderReport {
  return { reportId, order, execution: null, reason: null };
}
