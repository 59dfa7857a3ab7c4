// What a provider does to the world. Every command may be repeated: the host compares its numbers, and the answer
// carries them, so that the machine knows whether it still counts.
import { ExchangeFault } from '../exchanges/exchange.ts';
import type { VenueOrder, VenueTrade } from '../market/execution.ts';
import { effect } from '../runtime/actor.ts';
import { textOf } from '../runtime/errors.ts';
import { BALANCES_MAX, EXTERNAL_ORDERS_MAX, TRADES_MAX } from './bounds.ts';
import type { HoldFeeds, OpenSession, ProviderMessage, Reconcile, SessionRef } from './messages.ts';
import type { SessionHost } from './session.ts';

export interface ProviderPorts {
  readonly sessions: SessionHost;
}

/** The machine's own back-off repeats what failed, so that an operator sees it; the runtime tries once. */
const ONCE = { afterCrash: 'repeat', attempts: 1 } as const;

export const openSession = effect<OpenSession, ProviderPorts>({
  ...ONCE,
  async perform(request, { ports, signal }): Promise<ProviderMessage> {
    const { session } = request;
    try {
      const { link, instruments } = await ports.sessions.open(request, signal);
      return { type: 'Connected', session, ...link, instruments };
    } catch (error) {
      const retryable = !(error instanceof ExchangeFault) || error.retryable;
      return { type: 'ConnectFailed', session, reason: textOf(error), retryable };
    }
  },
  failed: ({ session }, reason): ProviderMessage => ({ type: 'ConnectFailed', session, reason, retryable: true }),
});

export const closeSession = effect<SessionRef, ProviderPorts>({
  ...ONCE,
  async perform(request, { ports }): Promise<ProviderMessage> {
    await ports.sessions.close(request);
    return { type: 'Closed', session: request.session };
  },
  failed: ({ session }): ProviderMessage => ({ type: 'Closed', session }),
});

export const holdFeeds = effect<HoldFeeds, ProviderPorts>({
  ...ONCE,
  async perform(request, { ports, signal }): Promise<ProviderMessage> {
    const { session, feeds } = request;
    try {
      const instruments = await ports.sessions.hold(request, signal);
      return { type: 'FeedsHeld', session, feeds, instruments };
    } catch (error) {
      return { type: 'FeedsFailed', session, feeds, reason: textOf(error) };
    }
  },
  failed: ({ session, feeds }, reason): ProviderMessage => ({ type: 'FeedsFailed', session, feeds, reason }),
});

export const reconcile = effect<Reconcile, ProviderPorts>({
  ...ONCE,
  async perform(request, { ports, signal }): Promise<ProviderMessage> {
    const { session, round } = request;
    try {
      return await look(request, ports.sessions, signal);
    } catch (error) {
      return { type: 'ReconcileFailed', session, round, reason: textOf(error) };
    }
  },
  failed: ({ session, round }, reason): ProviderMessage => ({ type: 'ReconcileFailed', session, round, reason }),
});

/** Trades before open orders: one that fills in between is then missing from the list, and asks for that reason. */
async function look(request: Reconcile, sessions: SessionHost, signal: AbortSignal): Promise<ProviderMessage> {
  const { session, round, symbols, sinceAt } = request;
  const exchange = sessions.current(request);
  const trades: VenueTrade[] = [];
  for (const symbol of symbols) trades.push(...(await exchange.trades({ symbol, sinceAt }, signal)));
  const { ours, external } = await sorted(await exchange.openOrders(signal), sessions);
  const balances = await exchange.balances(signal);
  const open = new Set(ours.map(({ venueOrderId }) => venueOrderId));
  return {
    type: 'Reconciled',
    session,
    round,
    openOrders: ours.map(({ clientOrderId, venueOrderId, filledQuantity }) => ({
      clientOrderId,
      venueOrderId,
      filledQuantity,
    })),
    external: external.slice(0, EXTERNAL_ORDERS_MAX),
    trades: trades.filter(({ venueOrderId }) => open.has(venueOrderId)).slice(-TRADES_MAX),
    balances: balances.slice(0, BALANCES_MAX),
  };
}

async function sorted(
  orders: readonly VenueOrder[],
  sessions: SessionHost,
): Promise<{ ours: VenueOrder[]; external: VenueOrder[] }> {
  const ours: VenueOrder[] = [];
  const external: VenueOrder[] = [];
  for (const order of orders) ((await sessions.isOurs(order.clientOrderId)) ? ours : external).push(order);
  return { ours, external };
}
