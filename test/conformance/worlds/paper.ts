// The paper venue as a world of the suite: seen through the Binance adapter, or through ccxt's Binance class.
import type { ExecutionContext } from 'ava';
import { openSession as openBinance } from '../../../actors/exchanges/binance/session.ts';
import { BOUNDS as CCXT_BOUNDS } from '../../../actors/exchanges/ccxt/bounds.ts';
import { loadExchange } from '../../../actors/exchanges/ccxt/library.ts';
import { openSession as openCcxt } from '../../../actors/exchanges/ccxt/session.ts';
import type { ExchangeSession, ExchangeSettings } from '../../../actors/exchanges/exchange.ts';
import { DEFAULT_MARKET } from '../../../actors/exchanges/paper/core/market.ts';
import { BOUNDS } from '../../../actors/exchanges/wire/bounds.ts';
import { systemClock } from '../../../actors/exchanges/wire/clock.ts';
import { type Heard, heard, never } from '../../support/binance.ts';
import { ALICE, BOB, Client, openVenue } from '../../support/paper.ts';
import type { Meets, OpenChange, World } from '../case.ts';

type OpenSession = (settings: ExchangeSettings, listener: Heard, change: OpenChange) => Promise<ExchangeSession>;

const QUICK = { reconnectBaseMs: 20, reconnectCapMs: 200, connectMs: 20_000 };

/** `openVenue` closes with the test, the market of its own makes trades where feeds are looked at. */
export async function paperWorld(t: ExecutionContext, open: OpenSession, isLive: boolean): Promise<World> {
  const venue = await openVenue(t, isLive ? { market: DEFAULT_MARKET, speed: 1 } : {});
  const [hand, bob] = [new Client(venue.port), new Client(venue.port, BOB)];
  const sessions: ExchangeSession[] = [];
  const done = async (work: ReturnType<Client['admin']>): Promise<void> => {
    const { status, text } = await work;
    if (status >= 300) throw new Error(`${status} ${text}`);
  };
  const admin = (path: string, body: object): Promise<void> => done(hand.admin('POST', path, body));
  const bust: World['bust'] = (tradeId, correction) =>
    admin(correction ? '/venue/correct' : '/venue/bust', {
      ...{ account: ALICE.name, symbol: 'BTCUSDT', tradeId: Number(tradeId), ...correction },
    });
  return {
    secrets: [ALICE.apiKey, ALICE.secret],
    open: async (change = {}) => {
      const listener = heard(change.onReport && { onReport: change.onReport });
      const session = await open(settingsOf(venue.port, change), listener, change);
      sessions.push(session);
      return { session, listener };
    },
    others: (side, price, quantity) => done(bob.limit(side.toUpperCase(), price, quantity)),
    byHand: async (side, price, quantity) => {
      const { body } = await hand.limit(side.toUpperCase(), price, quantity);
      return String(body['orderId']);
    },
    next: (kind, meets) => admin('/faults', { rules: [{ operation: operationOf(kind), times: 1, ...ruleOf(meets) }] }),
    repeatReports: () => admin('/faults/reports', { duplicate: 1 }),
    setClock: (offsetMs) => admin('/venue/clock', { offsetMs }),
    cut: () => admin('/faults/cut', { sockets: 'all' }),
    stall: () => admin('/faults/stall', { sockets: 'all' }),
    away: () => venue.close(),
    bust,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(sessions.map((session) => session.close()));
      await venue.close();
    },
  };
}

/** The venue counts an amend among the cancels: it only takes away. */
function operationOf(kind: 'submit' | 'cancel' | 'amend'): string {
  return kind === 'amend' ? 'cancel' : kind;
}

function ruleOf(meets: Meets): object {
  if (typeof meets === 'object') return { action: 'delay', ...meets };
  return { action: { lostAnswer: 'dropAfter', lostRequest: 'dropBefore', busy: 'reply' }[meets] };
}

function settingsOf(port: number, { apiSecret }: OpenChange): ExchangeSettings {
  return {
    restUrl: `http://127.0.0.1:${port}`,
    // ccxt tells spot streams from others by this word in the address.
    streamUrl: `ws://127.0.0.1:${port}/stream`,
    wsApiUrl: `ws://127.0.0.1:${port}`,
    apiKey: ALICE.apiKey,
    apiSecret: apiSecret ?? ALICE.secret,
    recvWindowMs: 60_000,
    httpTimeoutMs: 20_000,
    venue: 'paper',
    provider: 'main',
  };
}

export const throughBinance: OpenSession = (settings, listener, { tradesPage, productionBounds }) => {
  const page = tradesPage === undefined ? {} : { tradesPage };
  const bounds = productionBounds ? BOUNDS : { ...BOUNDS, ...QUICK, controlEveryMs: 1, ...page };
  return openBinance({ settings, listener, clock: systemClock, bounds }, never);
};

export const throughCcxt: OpenSession = async (settings, listener, { tradesPage, productionBounds }) => {
  const library = await loadExchange('binance');
  const page = tradesPage === undefined ? {} : { tradesAsked: tradesPage, tradesFull: tradesPage };
  const quick = { ...QUICK, settleMs: 200, balanceEveryMs: 20, keepAliveMs: 10_000, ...page };
  const bounds = productionBounds ? CCXT_BOUNDS : { ...CCXT_BOUNDS, ...quick };
  return openCcxt({ settings, terms: { exchange: 'binance' }, listener, library, clock: systemClock, bounds }, never);
};
