// What a provider does to the world. Every command may be repeated: the host compares its numbers, and the answer
// carries them, so that the machine knows whether it still counts.
import { ExchangeFault } from '../exchanges/exchange.ts';
import type { AccountBooks } from '../market/books.ts';
import { effect } from '../runtime/actor.ts';
import { textOf } from '../runtime/errors.ts';
import { look } from './look.ts';
import type { HoldFeeds, OpenSession, ProviderMessage, Reconcile, SessionRef } from './messages.ts';
import type { SessionHost } from './session.ts';

export interface ProviderPorts {
  readonly sessions: SessionHost;
  /** What reconciliation compares the account with. */
  readonly books: AccountBooks;
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

/** After a long absence there are many pages of trades to read. */
const LOOK_MS = 120_000;

export const reconcile = effect<Reconcile, ProviderPorts>({
  ...ONCE,
  timeoutMs: LOOK_MS,
  async perform(request, { ports, signal, at }): Promise<ProviderMessage> {
    const { session, round } = request;
    try {
      const sight = ports.sessions.beginLook(request, signal);
      const isKnown = (id: string): Promise<boolean> => ports.sessions.isOurs(id);
      return await look(request, { ...sight, books: ports.books, isKnown, at });
    } catch (error) {
      return { type: 'ReconcileFailed', session, round, reason: textOf(error) };
    }
  },
  failed: ({ session, round }, reason): ProviderMessage => ({ type: 'ReconcileFailed', session, round, reason }),
});
