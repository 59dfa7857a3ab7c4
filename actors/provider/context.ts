// What a provider keeps between messages, and what it can ask of the world.
import type { Instrument } from '../market/instrument.ts';
import type { AuditRow, BalanceRow, InstrumentRow, ProviderRoutesRow, ProviderRow } from '../market/records.ts';
import type { OrderMessage } from '../order/messages.ts';
import type { Record as RecordRow, Reply, Send } from '../runtime/effect.ts';
import { invariant } from '../runtime/invariant.ts';
import type { Delivered } from '../runtime/message.ts';
import type { StrategyMessage } from '../strategy/messages.ts';
import type { ProviderCommand, ProviderInput, ProviderMessage, Route } from './messages.ts';

export interface ProviderContext extends ProviderInput, OrderBook {
  /** An operator wants it to run. */
  readonly wanted: boolean;
  /** Submits are granted. */
  readonly ready: boolean;
  /** Number of the newest session asked for. */
  readonly session: number;
  /** Attempts to connect that failed in a row. */
  readonly failures: number;
  readonly reason: string | null;
  /** Kill switches that are engaged: why, by risk scope. Nothing is sent while there is one. */
  readonly halts: { readonly [scope: string]: string };
  /** What the venue said of itself when it was connected last. */
  readonly link: Link | null;
  /** Of watched symbols. */
  readonly instruments: { readonly [symbol: string]: Instrument };
  readonly watchers: Watchers;
  readonly feeds: { readonly wanted: number; readonly held: number; readonly failures: number };
  readonly rounds: Rounds;
  /** Assets the account held at the last look: one that is not listed any more holds nothing. */
  readonly assets: readonly string[];
  /** Orders placed by others: how many, and the newest of them. */
  readonly external: { readonly count: number; readonly recent: readonly string[] };
}

export interface Link {
  readonly venue: string;
  readonly account: string;
  readonly fenceMarginMs: number;
  readonly recvWindowMs: number;
  readonly skewMs: number;
}

export interface OrderBook {
  /** Orders that may be at the venue, by client order id. */
  readonly live: { readonly [clientOrderId: string]: LiveOrder };
  /** Orders that wait for the venue to become ready, in the order of their requests. */
  readonly waiting: readonly WaitingOrder[];
}
export interface LiveOrder {
  readonly symbol: string;
  /** When it was granted. */
  readonly since: number;
  /** Filled quantity by the venue's word when it was last asked to look at itself, and the round of that. */
  readonly filled: string;
  readonly askedAt: number;
}
export interface WaitingOrder {
  readonly clientOrderId: string;
  readonly symbol: string;
}

export type Watchers = { readonly [watcher: string]: Watcher };
export interface Watcher {
  readonly routes: readonly Route[];
  /** It was told that the provider is ready, and not yet that it is lost. */
  readonly told: boolean;
}

export interface Rounds {
  /** Number of the newest round. */
  readonly round: number;
  readonly askedAt: number;
  /** When the last round that succeeded began; null before the first. */
  readonly doneAt: number | null;
  readonly failures: number;
  /** Orders the last round left for the next one. */
  readonly rest: number;
}

export type ProviderEvent = Delivered<ProviderMessage>;
export type Heard<Type extends ProviderMessage['type']> = Extract<ProviderEvent, { readonly type: Type }>;
export type ProviderEffect =
  | ProviderCommand
  | Send<OrderMessage | StrategyMessage>
  | RecordRow<ProviderRow | ProviderRoutesRow | InstrumentRow | BalanceRow | AuditRow>
  | Reply;

/** What follows from a message besides a change of state. */
export interface Outcome {
  readonly changes: Partial<ProviderContext>;
  readonly effects: readonly ProviderEffect[];
}

export function createContext({ name, adapter, settings }: ProviderInput): ProviderContext {
  return {
    name,
    adapter,
    settings,
    wanted: false,
    ready: false,
    session: 0,
    failures: 0,
    reason: null,
    halts: {},
    link: null,
    instruments: {},
    watchers: {},
    feeds: { wanted: 0, held: 0, failures: 0 },
    rounds: { round: 0, askedAt: 0, doneAt: null, failures: 0, rest: 0 },
    assets: [],
    external: { count: 0, recent: [] },
    live: {},
    waiting: [],
  };
}

/** The message as one of the types it can be where this is asked. */
export function heard<Type extends ProviderMessage['type']>(
  event: ProviderEvent,
  ...types: readonly Type[]
): Heard<Type> {
  invariant((types as readonly string[]).includes(event.type), 'an action hears the messages it is made for', {
    heard: event.type,
    types,
  });
  return event as Heard<Type>;
}

/** Of an answer or report: of the session and, where it has them, the feeds and the round that count now. */
export function isCurrent({ session, feeds, rounds }: ProviderContext, event: ProviderEvent): boolean {
  if (!('session' in event) || event.session !== session) return false;
  if ('feeds' in event && event.feeds !== feeds.wanted) return false;
  return !('round' in event) || event.round === rounds.round;
}

/** Settings are a flat object: the order of their keys means nothing. */
export function isConfiguredSo({ adapter, settings }: ProviderContext, other: Heard<'Configure'>): boolean {
  const sorted = (entries: ProviderInput['settings']): string =>
    JSON.stringify(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
  return adapter === other.adapter && sorted(settings) === sorted(other.settings);
}

export function linkOf({ venue, account, fenceMarginMs, recvWindowMs, skewMs }: Heard<'Connected'>): Link {
  return { venue, account, fenceMarginMs, recvWindowMs, skewMs };
}

export function faultOf({ failures }: ProviderContext, event: ProviderEvent): Partial<ProviderContext> {
  const { reason } = heard(event, 'ConnectFailed', 'Disconnected');
  return { reason, failures: failures + 1 };
}

export function providerRow(
  { name, adapter, settings, reason }: ProviderContext,
  status: ProviderRow['status'],
): ProviderRow {
  return { table: 'providers', name, adapter, settings: JSON.stringify(settings), status, reason };
}
