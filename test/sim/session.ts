// A session with the venue of a history, with everything that can happen to requests, answers and reports in between.
import {
  type AmendOutcome,
  type AmendRequest,
  type CancelOutcome,
  type Capabilities,
  ExchangeFault,
  type ExchangeListener,
  type ExchangeSession,
  type OpenExchange,
  type OrderRef,
  type QueryOutcome,
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
  readonly onSending: (name: SentName, request: Sent) => void;
  readonly amend: Capabilities['amend'];
}
export type SentName = 'submitOrder' | 'cancelOrder' | 'amendOrder' | 'queryOrder';
export interface Sent {
  readonly clientOrderId: string;
  readonly venueOrderId?: string;
  readonly signedAt?: number;
}

export const CAPABILITIES: Capabilities = {
  requestDeadline: true,
  queryByClientOrderId: true,
  clientOrderIdMax: 36,
  clientOrderIdChars: 'A-Za-z0-9',
  amend: 'reduce',
  orderTypes: ['Limit', 'Market', 'Stop', 'StopLimit'],
  timesInForce: ['GTC', 'IOC', 'FOK'],
  selfTradePrevention: false,
  cancelAllAfter: false,
  orderHistoryMs: null,
  tradeHistoryMs: null,
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
    const answer = await ask(options, () => true);
    if (answer === LOST) throw new ExchangeFault('the venue could not be reached', { retryable: true });
    return createSession(options, listener);
  };
}

function createSession(options: SessionOptions, listener: ExchangeListener): ExchangeSession {
  const { venue, life } = options;
  const stream = openStream(options, listener);
  const read = <Result>(work: (at: number) => Result, what: Part = 'rest'): Promise<Result> =>
    reading(options, work, what);
  return {
    venue: 'SIM',
    account: 'main',
    capabilities: { ...CAPABILITIES, amend: options.amend },
    instruments: () => read(() => [INSTRUMENT]),
    clockSkewMs: () => read(() => -life.skewMs),
    submit: (request) => submit(options, request),
    cancel: (request) => cancel(options, request),
    amend: (request) => amend(options, request),
    query: (request) => query(options, request),
    openOrders: () => read((at) => venue.openAt(at)),
    trades: ({ symbol, sinceAt }) => read((at) => venue.tradesSince(symbol, sinceAt, at), 'history'),
    balances: () => read((at) => venue.balancesAt(at)),
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
    // It would have taken from the book.
    if (request.postOnly && random.chance(0.2)) return { outcome: 'rejected', code: '-2010', reason: 'would match' };
    if (random.chance(storm.rejected)) return { outcome: 'rejected', code: '-2010', reason: 'insufficient balance' };
    if (random.chance(storm.slow)) {
      options.timeline.after(random.between(100, SLOW_MS), () => void venue.accept(request));
      return { outcome: 'unknown', reason: '-1007: no answer from the matching engine' };
    }
    return { outcome: 'accepted', ...venue.accept(request) };
  });
  return answer === LOST ? { outcome: 'unknown', reason: 'no answer' } : answer;
}

async function cancel(options: SessionOptions, request: OrderRef): Promise<CancelOutcome> {
  const { random, venue, weather, onSending } = options;
  onSending('cancelOrder', request);
  const isRefused = random.chance(weather().venue.cancelRefused);
  const answer = await ask(options, () => (isRefused ? null : venue.cancel(request)));
  if (answer === LOST) return { outcome: 'unknown', reason: 'no answer' };
  if (answer === null) return { outcome: 'rejected', code: '-2011', reason: 'Unknown order sent.' };
  return { outcome: 'canceled', order: answer };
}

async function amend(options: SessionOptions, request: AmendRequest): Promise<AmendOutcome> {
  const { random, venue, weather, onSending } = options;
  onSending('amendOrder', request);
  const isRefused = random.chance(weather().venue.cancelRefused);
  const answer = await ask(options, () => (isRefused ? null : venue.amend(request)));
  if (answer === LOST) return { outcome: 'unknown', reason: 'no answer' };
  if (answer === null) return { outcome: 'rejected', code: '-2038', reason: 'Order was not amended.' };
  return { outcome: 'amended', order: answer };
}

async function query(options: SessionOptions, request: OrderRef): Promise<QueryOutcome> {
  const { life, venue, onSending } = options;
  if (request.clientOrderId !== '') onSending('queryOrder', request);
  const askedAt = life.now();
  const answer = await ask(options, () => venue.look(request, lagged(options)), 'history');
  if (answer === LOST) return { outcome: 'unknown', reason: 'no answer' };
  if (answer === null) return { outcome: 'notFound', askedAt };
  if (answer.filledQuantity === '0') return { outcome: 'found', order: answer, executions: [] };
  const executions = await ask(options, () => venue.tradesOf(request, lagged(options)), 'history');
  return executions === LOST
    ? { outcome: 'unknown', reason: 'no answer' }
    : { outcome: 'found', order: answer, executions };
}

/** What of the venue a request is for: its history can be out of order on its own. */
type Part = 'history' | 'rest';

function ask<Result>(options: SessionOptions, work: () => Result, part: Part = 'rest') {
  const { timeline, life, random, weather } = options;
  const { down } = weather();
  const wire = venueWire(weather(), random);
  const isDown = down === 'all' || (down === 'history' && part === 'history');
  return call(timeline, life, isDown ? { ...wire, fate: 'lostBefore' } : wire, work);
}

/** A read that fails without an answer, and sees what a lagging copy has. */
async function reading<Result>(options: SessionOptions, work: (at: number) => Result, part: Part): Promise<Result> {
  const answer = await ask(options, () => work(lagged(options)), part);
  if (answer === LOST) throw new ExchangeFault('the venue did not answer', { retryable: true });
  return answer;
}

function lagged({ timeline, random, weather }: SessionOptions): number {
  return timeline.now - random.between(0, weather().venue.lagMs);
}
