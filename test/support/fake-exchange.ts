// An exchange by hand: opens when told, answers what a test gives it, and lets the test speak as the venue.
import type {
  Capabilities,
  ExchangeListener,
  ExchangeSession,
  ExchangeSettings,
  FeedRequest,
  OpenExchange,
  OrderReport,
  SubmitOutcome,
  SubmitRequest,
} from '../../actors/exchanges/exchange.ts';
import type { VenueOrder, VenueTrade } from '../../actors/market/execution.ts';
import type { Instrument } from '../../actors/market/instrument.ts';
import { BTC } from './providers.ts';

export const CAPABILITIES: Capabilities = {
  requestDeadline: true,
  queryByClientOrderId: true,
  clientOrderIdMax: 36,
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
  balances: readonly { asset: string; available: string; locked: string; observedAt: number }[];
  failSubscribe: Error | null;
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
  /** From now on opening waits until the returned function is called; an Error makes it fail. */
  hold(): (failure?: Error) => void;
}

export function fakeExchange(): FakeExchange {
  const sessions: FakeSession[] = [];
  const tradesAsked: { symbol: string; sinceAt: number }[] = [];
  const answers: Answers = {
    capabilities: CAPABILITIES,
    instruments: [BTC],
    skewMs: 3,
    openOrders: [],
    trades: [],
    balances: [],
    failSubscribe: null,
    submit: null,
  };
  let gate: Promise<void> = Promise.resolve();
  return {
    answers,
    sessions,
    tradesAsked,
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
        session: sessionOf(answers, tradesAsked, {
          subscribe: (feeds) => made.feeds.push(feeds),
          close: () => {
            made.closed = true;
          },
        }),
      };
      sessions.push(made);
      await gate;
      return made.session;
    },
  };
}

function sessionOf(
  answers: Answers,
  tradesAsked: { symbol: string; sinceAt: number }[],
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
    query: async () => unasked(),
    openOrders: async () => answers.openOrders,
    trades: async (request) => {
      tradesAsked.push({ ...request });
      return answers.trades.filter(({ symbol }) => symbol === request.symbol);
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
