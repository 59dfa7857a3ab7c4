// The small OKX as a world of the suite, through ccxt's OKX class.
import { BOUNDS } from '../../../actors/exchanges/ccxt/bounds.ts';
import { loadExchange } from '../../../actors/exchanges/ccxt/library.ts';
import { openSession } from '../../../actors/exchanges/ccxt/session.ts';
import type { ExchangeSession, ExchangeSettings } from '../../../actors/exchanges/exchange.ts';
import { systemClock } from '../../../actors/exchanges/wire/clock.ts';
import { heard, never } from '../../support/binance.ts';
import { OkxVenue } from '../../support/okx-venue.ts';
import type { World } from '../case.ts';

const SECRETS = ['okx-key-for-tests', 'okx-secret-for-tests', 'okx-passphrase'];

export async function okxWorld(): Promise<World> {
  const venue = await OkxVenue.open();
  const { server } = venue;
  const sessions: ExchangeSession[] = [];
  const library = await loadExchange('okx');
  let closed: Promise<void> | null = null;
  const close = (): Promise<void> => {
    venue.feeds.close();
    closed = closed ?? server.close();
    return closed;
  };
  return {
    secrets: SECRETS,
    open: async ({ apiSecret, passphrase, tradesPage, productionBounds, onReport } = {}) => {
      const listener = heard(onReport && { onReport });
      const settings: ExchangeSettings = {
        ...{ restUrl: `http://127.0.0.1:${server.port}`, streamUrl: `ws://127.0.0.1:${server.port}`, wsApiUrl: '' },
        ...{ apiKey: 'okx-key-for-tests', apiSecret: apiSecret ?? 'okx-secret-for-tests', provider: 'main' },
        ...{ recvWindowMs: 5_000, httpTimeoutMs: 20_000 },
      };
      // The server looks at the passphrase alone.
      const terms = { exchange: 'okx', passphrase: passphrase ?? apiSecret ?? 'okx-passphrase' };
      const page = tradesPage === undefined ? {} : { tradesAsked: tradesPage, tradesFull: tradesPage };
      const quick = {
        settleMs: 200,
        balanceEveryMs: 20,
        connectMs: 20_000,
        keepAliveMs: 10_000,
        reconnectBaseMs: 20,
        ...page,
      };
      const bounds = productionBounds ? BOUNDS : { ...BOUNDS, ...quick };
      const session = await openSession({ settings, terms, listener, library, clock: systemClock, bounds }, never);
      sessions.push(session);
      return { session, listener };
    },
    others: async (side, price, quantity) => venue.others(side === 'Buy' ? 'buy' : 'sell', price, quantity),
    byHand: async (side, price, quantity) => venue.byHand(side === 'Buy' ? 'buy' : 'sell', price, quantity),
    next: async (kind, meets) => {
      venue.fault = { path: kind === 'submit' ? 'order' : 'cancel-order', meets };
    },
    repeatReports: async () => {
      venue.repeats = true;
    },
    setClock: async (offsetMs) => {
      venue.clockOffsetMs = offsetMs;
    },
    cut: async () => server.cut(),
    stall: async () => server.stall(),
    away: close,
    bust: null,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(sessions.map((session) => session.close()));
      await close();
    },
  };
}
