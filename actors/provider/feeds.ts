// Who watches what, and what of it the venue must send: the union of all watchers' routes, exactly.
import type { Instrument } from '../market/instrument.ts';
import type { InstrumentRow, ProviderRoutesRow } from '../market/records.ts';
import { record, send } from '../runtime/effect.ts';
import type { ActorKey } from '../runtime/message.ts';
import type { StrategyMessage } from '../strategy/messages.ts';
import { INSTRUMENTS_MAX, ROUTES_MAX, WATCHERS_MAX } from './bounds.ts';
import type {
  Heard,
  Link,
  Outcome,
  ProviderContext,
  ProviderEffect,
  ProviderEvent,
  Watcher,
  Watchers,
} from './context.ts';
import type { HoldFeeds, OpenSession, Route } from './messages.ts';

/** Upstream's names of the routes, as `provider_routes` and the compatible API show them. */
const ROUTE_NAMES: { readonly [Type in Route['type']]: string } = {
  Trade: 'TRADE',
  Ticker: 'TICKER',
  BookSnapshot: 'ORDERBOOK.SNAPSHOT',
  KlineSummary: 'KLINE.SUMMARY',
};

/** The union of all routes, sorted: equal sets are equal lists. */
export function routesOf(watchers: Watchers): Route[] {
  const union = new Map<string, Route>();
  for (const { routes } of Object.values(watchers)) {
    for (const { type, symbol } of routes) union.set(`${symbol} ${type}`, { type, symbol });
  }
  return [...union.keys()].sort().map((key) => union.get(key) as Route);
}

export function symbolsOf(routes: readonly Route[]): string[] {
  return [...new Set(routes.map(({ symbol }) => symbol))].sort();
}

export function sameRoutes(left: Watchers, right: Watchers): boolean {
  return JSON.stringify(routesOf(left)) === JSON.stringify(routesOf(right));
}

/** Null when one more watcher or route would pass a bound. */
export function withWatcher(watchers: Watchers, watcher: string, routes: readonly Route[]): Watchers | null {
  const next = { ...watchers, [watcher]: { routes: routesOf({ [watcher]: { routes, told: false } }), told: false } };
  const entries = Object.values(next);
  const count = entries.reduce((sum, entry) => sum + entry.routes.length, 0);
  return entries.length > WATCHERS_MAX || count > ROUTES_MAX ? null : next;
}

export function withoutWatcher(watchers: Watchers, watcher: string): Watchers {
  const { [watcher]: _ended, ...rest } = watchers;
  return rest;
}

/** The watchers after a WatchRequested or WatchEnded; as they were where a bound refuses it. */
export function watchersAfter({ watchers }: ProviderContext, event: Heard<'WatchRequested' | 'WatchEnded'>): Watchers {
  if (event.type === 'WatchEnded') return withoutWatcher(watchers, event.watcher);
  return withWatcher(watchers, event.watcher, event.routes) ?? watchers;
}

export function noteWatch(context: ProviderContext, event: Heard<'WatchRequested' | 'WatchEnded'>): Outcome {
  const watchers = watchersAfter(context, event);
  const changes = { watchers, instruments: watchedInstruments(watchers, context.instruments, []) };
  const refused = event.type === 'WatchRequested' && watchers === context.watchers;
  const reason = `WATCH_REFUSED: allowed: ${WATCHERS_MAX} watchers with ${ROUTES_MAX} routes together`;
  return { changes, effects: refused ? [send(event.watcher, lostMessage(context, reason))] : [] };
}

/** Tells the watchers that can be told: what there is to know of their symbols is known. */
export function tellReady(context: ProviderContext): Outcome {
  const { link, ready, feeds, watchers, instruments } = context;
  if (!ready || link === null) return { changes: {}, effects: [] };
  const settled = feeds.held === feeds.wanted;
  const isTellable = ({ told, routes }: Watcher): boolean =>
    !told && (settled || routes.every(({ symbol }) => Object.hasOwn(instruments, symbol)));
  const keys = Object.keys(watchers).filter((key) => isTellable(watchers[key] as Watcher));
  const effects = keys.map((key) => send(key as ActorKey, readyMessage(context, link, key)));
  return { changes: withTold(watchers, keys, true), effects };
}

export function listsWatched({ watchers, instruments }: ProviderContext, event: Heard<'InstrumentsChanged'>): boolean {
  const watched = new Set(symbolsOf(routesOf(watchers)));
  return event.instruments.some(({ symbol }) => watched.has(symbol) && !Object.hasOwn(instruments, symbol));
}

/** A watched symbol got no feed, because the venue does not list it: it is delisted, halted, or mistyped. */
export function leavesGaps({ watchers }: ProviderContext, event: Heard<'FeedsHeld'>): boolean {
  const listed = new Set(event.instruments.map(({ symbol }) => symbol));
  return !symbolsOf(routesOf(watchers)).every((symbol) => listed.has(symbol));
}

/** Those who rely on an instrument that changed are told anew. */
function tellInstruments(context: ProviderContext, changed: readonly Instrument[]): ProviderEffect[] {
  const { link, watchers } = context;
  if (link === null) return [];
  const symbols = new Set(changed.map(({ symbol }) => symbol));
  const keys = Object.keys(watchers).filter((key) => {
    const { told = false, routes = [] } = watchers[key] ?? {};
    return told && routes.some(({ symbol }) => symbols.has(symbol));
  });
  return keys.map((key) => send(key as ActorKey, readyMessage(context, link, key)));
}

export function tellLost(context: ProviderContext, event: ProviderEvent): Outcome {
  const { watchers } = context;
  const keys = Object.keys(watchers).filter((key) => watchers[key]?.told === true);
  const effects = keys.map((key) => send(key as ActorKey, lostMessage(context, whyLost(event))));
  return { changes: withTold(watchers, keys, false), effects };
}

function withTold(watchers: Watchers, keys: readonly string[], told: boolean): Partial<ProviderContext> {
  if (keys.length === 0) return {};
  const changed = keys.map((key) => [key, { ...(watchers[key] as Watcher), told }] as const);
  return { watchers: { ...watchers, ...Object.fromEntries(changed) } };
}

type Ready = Extract<StrategyMessage, { readonly type: 'ProviderReady' }>;
type Lost = Extract<StrategyMessage, { readonly type: 'ProviderLost' }>;

function readyMessage({ name, instruments, watchers }: ProviderContext, link: Link, watcher: string): Ready {
  const { venue, account, fenceMarginMs, recvWindowMs, amends, orderTypes } = link;
  const watched = new Set(symbolsOf(watchers[watcher]?.routes ?? []));
  const known = Object.values(instruments).filter(({ symbol }) => watched.has(symbol));
  const able = { venue, account, fenceMarginMs, recvWindowMs, amends, orderTypes };
  return { type: 'ProviderReady', provider: name, ...able, instruments: known };
}

function lostMessage({ name }: ProviderContext, reason: string): Lost {
  return { type: 'ProviderLost', provider: name, reason };
}

function whyLost(event: ProviderEvent): string {
  if (event.type === 'Disconnected') return `the link was lost: ${event.reason}`;
  if (event.type === 'Reconnected') return 'the link was lost and is back, reconciling';
  if (event.type === 'ReconcileFailed') return `reconciliation failed: ${event.reason}`;
  if (event.type === 'Reconciled') return `executions were missed, missing=${event.missing}`;
  if (event.type === 'ClockSkewed')
    return `the clocks are apart, skewMs=${event.skewMs}, allowed: up to ${event.allowedMs}`;
  if (event.type === 'Stop') return 'the provider was stopped';
  if (event.type === 'Configure') return 'the provider was configured anew';
  return 'another node took over';
}

/** The instruments worth keeping: those somebody watches. */
export function watchedInstruments(
  watchers: Watchers,
  known: ProviderContext['instruments'],
  seen: readonly Instrument[],
): ProviderContext['instruments'] {
  const all = new Map(Object.entries(known));
  for (const instrument of seen) all.set(instrument.symbol, instrument);
  const watched = symbolsOf(routesOf(watchers)).flatMap((symbol) => all.get(symbol) ?? []);
  return Object.fromEntries(watched.map((instrument) => [instrument.symbol, instrument]));
}

/**
 * Takes the instruments a message brought; those that were not known in these words already are written down and told.
 * Feeds that are held come with all that has one: of a symbol that is not among them the next word is news.
 */
export function noteInstruments(
  context: ProviderContext,
  { type, instruments: seen }: Heard<'Connected' | 'FeedsHeld' | 'InstrumentsChanged'>,
): Outcome {
  const { name, watchers, instruments: known } = context;
  const isNew = (one: Instrument): boolean => JSON.stringify(known[one.symbol]) !== JSON.stringify(one);
  const fresh = seen.slice(0, INSTRUMENTS_MAX).filter(isNew);
  const rows = fresh.map((instrument) => record(instrumentRow(name, instrument)));
  const instruments = watchedInstruments(watchers, type === 'FeedsHeld' ? {} : known, seen);
  return { changes: { instruments }, effects: [...rows, ...tellInstruments({ ...context, instruments }, fresh)] };
}

function instrumentRow(provider: string, instrument: Instrument): InstrumentRow {
  return { table: 'instruments', provider, ...instrument };
}

export function routesRow({ name, watchers }: ProviderContext): ProviderRoutesRow {
  const routes = routesOf(watchers).map(({ type, symbol }) => ({ type: ROUTE_NAMES[type], symbol }));
  return { table: 'provider_routes', provider: name, routes };
}

export function openArgs({ name, session, adapter, settings, watchers }: ProviderContext): OpenSession {
  return { name, session, adapter, settings, symbols: symbolsOf(routesOf(watchers)) };
}

export function feedArgs({ name, session, feeds, watchers }: ProviderContext): HoldFeeds {
  return { name, session, feeds: feeds.wanted, routes: routesOf(watchers) };
}
