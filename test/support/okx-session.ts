// A session of the ccxt adapter with ccxt's OKX class at the small OKX.
import type { ExecutionContext } from 'ava';
import { BOUNDS, type CcxtBounds } from '../../actors/exchanges/ccxt/bounds.ts';
import { loadExchange } from '../../actors/exchanges/ccxt/library.ts';
import { openSession } from '../../actors/exchanges/ccxt/session.ts';
import type { ExchangeSession, ExchangeSettings } from '../../actors/exchanges/exchange.ts';
import { systemClock } from '../../actors/exchanges/wire/clock.ts';
import { type Heard, heard, never } from './binance.ts';
import { OkxVenue } from './okx-venue.ts';

export interface OkxSession {
  readonly venue: OkxVenue;
  readonly session: ExchangeSession;
  readonly listener: Heard;
}

/** Times that a test need not wait for. */
export const QUICK = { settleMs: 200, connectMs: 20_000, keepAliveMs: 10_000, reconnectBaseMs: 20 };

export interface OkxWishes {
  readonly venue?: OkxVenue;
  readonly settings?: Partial<ExchangeSettings>;
  /** Beside those of production; QUICK where none are named. */
  readonly bounds?: Partial<CcxtBounds>;
}

export async function okxSession(t: ExecutionContext, wishes: OkxWishes = {}): Promise<OkxSession> {
  const venue = wishes.venue ?? (await okxVenue(t));
  const address = `127.0.0.1:${venue.server.port}`;
  const listener = heard();
  const settings: ExchangeSettings = {
    ...{ provider: 'main', restUrl: `http://${address}`, streamUrl: `ws://${address}`, wsApiUrl: '' },
    ...{ apiKey: 'okx-key', apiSecret: 'okx-secret', recvWindowMs: 5_000, httpTimeoutMs: 20_000 },
    ...wishes.settings,
  };
  const terms = { exchange: 'okx', passphrase: 'okx-passphrase' };
  const library = await loadExchange('okx');
  const bounds = { ...BOUNDS, ...(wishes.bounds ?? QUICK) };
  const session = await openSession({ settings, terms, listener, library, clock: systemClock, bounds }, never);
  t.teardown(() => session.close());
  return { venue, session, listener };
}

export async function okxVenue(t: ExecutionContext): Promise<OkxVenue> {
  const venue = await OkxVenue.open();
  t.teardown(async () => {
    venue.feeds.close();
    await venue.server.close();
  });
  return venue;
}
