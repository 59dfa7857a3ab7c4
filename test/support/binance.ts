// A session of the Binance adapter, with a listener that remembers what it heard.

import { openSession } from '../../actors/exchanges/binance/session.ts';
import type {
  ExchangeListener,
  ExchangeSession,
  ExchangeSettings,
  OrderReport,
  SubmitRequest,
  VenueBalance,
} from '../../actors/exchanges/exchange.ts';
import { BOUNDS, type Bounds } from '../../actors/exchanges/wire/bounds.ts';
import { systemClock } from '../../actors/exchanges/wire/clock.ts';
import type { MarketEvent } from '../../actors/market/market-event.ts';

export const never = new AbortController().signal;

export interface Heard extends ExchangeListener {
  readonly reports: OrderReport[];
  readonly balances: (readonly VenueBalance[])[];
  readonly market: MarketEvent[];
  /** 'connected' and 'disconnected: <reason>', in order. */
  readonly changes: string[];
}

export function heard(overrides: Partial<ExchangeListener> = {}): Heard {
  const reports: OrderReport[] = [];
  const balances: (readonly VenueBalance[])[] = [];
  const market: MarketEvent[] = [];
  const changes: string[] = [];
  return {
    reports,
    balances,
    market,
    changes,
    onReport: async (report) => void reports.push(report),
    onBalance: async (seen) => void balances.push(seen),
    onMarket: (event) => void market.push(event),
    onConnected: () => void changes.push('connected'),
    onDisconnected: (reason) => void changes.push(`disconnected: ${reason}`),
    ...overrides,
  };
}

/** Times a test need not wait for; what is measured about them is said in the test. */
const QUICK: Partial<Bounds> = { reconnectBaseMs: 20, reconnectCapMs: 200, controlEveryMs: 1, connectMs: 5_000 };

const sessions = new Set<ExchangeSession>();

/** For `test.after.always`: a test that failed did not close its session, whose sockets keep the process alive. */
export async function closeSessions(): Promise<void> {
  await Promise.all([...sessions].map((session) => session.close()));
}

export async function openAdapter(
  settings: ExchangeSettings,
  listener: ExchangeListener = heard(),
  bounds: Partial<Bounds> = {},
  signal: AbortSignal = never,
): Promise<ExchangeSession> {
  const options = { settings, listener, clock: systemClock, bounds: { ...BOUNDS, ...QUICK, ...bounds } };
  const session = await openSession(options, signal);
  sessions.add(session);
  return session;
}

export function limitOrder(change: Partial<SubmitRequest> = {}): SubmitRequest {
  const signedAt = Date.now();
  return {
    clientOrderId: 'm1order1',
    symbol: 'BTC-USDT',
    side: 'Buy',
    orderType: 'Limit',
    timeInForce: 'GTC',
    postOnly: false,
    quantity: '0.01000',
    price: '60000.10',
    stopPrice: null,
    signedAt,
    deadlineAt: signedAt + 5_000,
    ...change,
  };
}

/** Resolves as soon as it holds; fails with what was waited for. */
export async function until(
  what: string,
  holds: () => boolean,
  { everyMs = 5, timeoutMs = 30_000 }: { readonly everyMs?: number; readonly timeoutMs?: number } = {},
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
