// The fast lane: market data, balances and instruments from sessions to whoever listens in this process, in memory,
// in the caller's own turn. A listener that cannot keep up conflates for itself, one that throws is reported and goes
// on. Kept is the newest word on each instrument alone: whoever begins to listen for them hears it first.
import type { Instrument } from '../market/instrument.ts';
import type { MarketEvent } from '../market/market-event.ts';

/** What an account holds of a currency, as strategies hear of it; the durable word on it is the provider's row. */
export interface BalanceUpdate {
  readonly type: 'BalanceUpdate';
  readonly provider: string;
  readonly currency: string;
  readonly total: string;
  readonly available: string;
  readonly timestamp: number;
}

/** A venue lists an instrument, or changed its steps or bounds. */
export interface InstrumentUpdate {
  readonly type: 'InstrumentUpdate';
  readonly provider: string;
  readonly instrument: Instrument;
  readonly timestamp: number;
}
export type HubEvent = MarketEvent | BalanceUpdate | InstrumentUpdate;

export interface Interest {
  readonly provider: string;
  /** Currencies where the type is BalanceUpdate. */
  readonly symbols: readonly string[];
  readonly types: readonly HubEvent['type'][];
}
export type MarketListener = (event: HubEvent) => void;

export interface MarketHub {
  publish(event: HubEvent): void;
  /** Returns the way to end it. */
  subscribe(interest: Interest, listener: MarketListener): () => void;
}

export function createMarketHub(onError: (error: unknown, event: HubEvent) => void): MarketHub {
  const listeners = new Map<string, Set<MarketListener>>();
  const listed = new Map<string, InstrumentUpdate>();
  const tell = (listener: MarketListener, event: HubEvent): void => {
    try {
      listener(event);
    } catch (error) {
      onError(error, event);
    }
  };
  return {
    publish(event) {
      const topic = topicOf(event.provider, subjectOf(event), event.type);
      if (event.type === 'InstrumentUpdate') listed.set(topic, event);
      for (const listener of listeners.get(topic) ?? []) tell(listener, event);
    },
    subscribe({ provider, symbols, types }, listener) {
      const topics = symbols.flatMap((symbol) => types.map((type) => topicOf(provider, symbol, type)));
      // Each subscription is its own, also where two share a function.
      const own: MarketListener = (event) => listener(event);
      for (const topic of topics) listeners.set(topic, (listeners.get(topic) ?? new Set()).add(own));
      for (const known of topics.flatMap((topic) => listed.get(topic) ?? [])) tell(own, known);
      return () => {
        for (const topic of topics) {
          const all = listeners.get(topic);
          if (all?.delete(own) === true && all.size === 0) listeners.delete(topic);
        }
      };
    },
  };
}

function subjectOf(event: HubEvent): string {
  if (event.type === 'BalanceUpdate') return event.currency;
  return event.type === 'InstrumentUpdate' ? event.instrument.symbol : event.symbol;
}

function topicOf(provider: string, symbol: string, type: string): string {
  return `${provider} ${symbol} ${type}`;
}
