// A session with the venue of a history, with everything that can happen to requests, answers and reports in between.
import {
  type Capabilities,
  ExchangeFault,
  type ExchangeListener,
  type ExchangeSession,
  type OpenExchange,
  type SubmitOutcome,
  type SubmitRequest,
} from '../../actors/exchanges/exchange.ts';
import type { Instrument } from '../../actors/market/instrument.ts';
import { call, type Life, LOST } from './life.ts';
import type { Random } from './random.ts';
import { openStream } from './stream.ts';
import type { Timeline } from './timeline.ts';
import { SYMBOL, type Venue } from './venue.ts';
import { venueWire, type Weather } from './weather.ts';

export interface SessionOptions {
  readonly timeline: Timeline;
  readonly venue: Venue;
  readonly life: Life;
  readonly random: Random;
  readonly weather: () => Weather;
  /** Told of every request as it leaves. */
  readonly onCut: () => void;
  readonly onSending: (name: 'submitOrder' | 'cancelOrder' | 'queryOrder', request: Sent) => void;
}
export interface Sent {
  readonly clientOrderId: string;
  readonly signedAt?: number;
}

export const CAPABILITIES: Capabilities = {
  requestDeadline: true,
  queryByClientOrderId: true,
  clientOrderIdMax: 36,
  skewMs: 1_000,
  processingMs: 10_000,
  readLagMs: 5_000,
};
/** Below `processingMs`. */
const SLOW_MS = 9_500;

const INSTRUMENT: Instrument = {
  symbol: SYMBOL,
  base: 'BTC',
  quote: 'USDT',
  priceIncrement: '0.01',
  quantityIncrement: '0.001',
  minQuantity: '0.001',
  maxQuantity: '100',
  minNotional: '0.01',
};

export function openSimExchange(options: SessionOptions): OpenExchange {
  return async (_settings, listener) => {
    const { timeline, life, random, weather } = options;
    const answer = await call(timeline, life, venueWire(weather(), random), () => true);
    if (answer === LOST) throw new ExchangeFault('the venue could not be reached', { retryable: true });
    return createSession(options, listener);
  };
}

function createSession(options: SessionOptions, listener: ExchangeListener): ExchangeSession {
  const { timeline, venue, life } = options;
  const stream = openStream(options, listener);
  const read = <Result>(work: (at: number) => Result): Promise<Result> => reading(options, work);
  return {
    venue: 'SIM',
    account: 'main',
    capabilities: CAPABILITIES,
    instruments: () => read(() => [INSTRUMENT]),
    clockSkewMs: () => read(() => -life.skewMs),
    submit: (request) => submit(options, request),
    async cancel(request) {
      options.onSending('cancelOrder', request);
      const isRefused = options.random.chance(options.weather().venue.cancelRefused);
      const answer = await ask(options, () => (isRefused ? null : venue.cancel(request.clientOrderId)));
      if (answer === LOST) return { outcome: 'unknown', reason: 'no answer' };
      if (answer === null) return { outcome: 'rejected', code: '-2011', reason: 'Unknown order sent.' };
      return { outcome: 'canceled', order: answer };
    },
    async query(request) {
      options.onSending('queryOrder', request);
      const askedAt = life.now();
      const { clientOrderId } = request;
      const answer = await ask(options, () => venue.look(clientOrderId, lagged(options)));
      if (answer === LOST) return { outcome: 'unknown', reason: 'no answer' };
      if (answer === null) return { outcome: 'notFound', askedAt };
      if (answer.filledQuantity === '0') return { outcome: 'found', order: answer, executions: [] };
      const executions = await ask(options, () => venue.tradesOf(clientOrderId, lagged(options)));
      return executions === LOST
        ? { outcome: 'unknown', reason: 'no answer' }
        : { outcome: 'found', order: answer, executions };
    },
    openOrders: () => read((at) => venue.openAt(at)),
    trades: ({ symbol, sinceAt }) => read((at) => venue.tradesSince(symbol, sinceAt, at)),
    balances: () => read(() => [{ asset: 'USDT', available: '1000000', locked: '0', observedAt: timeline.now }]),
    subscribe: () => read(() => stream.price()),
    close: async () => stream.close(),
  };
}

async function submit(options: SessionOptions, request: SubmitRequest): Promise<SubmitOutcome> {
  const { life, random, venue, weather } = options;
  const { venue: storm } = weather();
  if (life.now() >= request.deadlineAt) return { outcome: 'notSent', reason: 'the deadline passed before it was sent' };
  if (random.chance(storm.notSent)) return { outcome: 'notSent', reason: 'the connection was refused' };
  options.onSending('submitOrder', request);
  const answer = await ask(options, (): SubmitOutcome => {
    const late = venue.refusal(request);
    if (late !== null) return { outcome: 'rejected', code: '-1021', reason: late };
    if (random.chance(storm.rejected)) return { outcome: 'rejected', code: '-2010', reason: 'insufficient balance' };
    if (random.chance(storm.slow)) {
      options.timeline.after(random.between(100, SLOW_MS), () => venue.accept(request));
      return { outcome: 'unknown', reason: '-1007: no answer from the matching engine' };
    }
    return { outcome: 'accepted', ...venue.accept(request) };
  });
  return answer === LOST ? { outcome: 'unknown', reason: 'no answer' } : answer;
}

function ask<Result>({ timeline, life, random, weather }: SessionOptions, work: () => Result) {
  return call(timeline, life, venueWire(weather(), random), work);
}

/** A read that fails without an answer, and sees what a lagging copy has. */
async function reading<Result>(options: SessionOptions, work: (at: number) => Result): Promise<Result> {
  const answer = await ask(options, () => work(lagged(options)));
  if (answer === LOST) throw new ExchangeFault('the venue did not answer', { retryable: true });
  return answer;
}

function lagged({ timeline, random, weather }: SessionOptions): number {
  return timeline.now - random.between(0, weather().venue.lagMs);
}
