// What a provider keeps between messages, and what it can ask of the world.
import { NO_ACCOUNT } from '../exchanges/exchange.ts';
import type { Instrument } from '../market/instrument.ts';
import type {
  AuditRow,
  BalanceRow,
  InstrumentRow,
  LedgerRow,
  ProviderRoutesRow,
  ProviderRow,
} from '../market/records.ts';
import type { OrderInput, OrderMessage } from '../order/messages.ts';
import type { RiskMessage } from '../risk/messages.ts';
import type { Record as RecordRow, Reply, Send, Spawn } from '../runtime/effect.ts';
import { invariant } from '../runtime/invariant.ts';
import type { Delivered } from '../runtime/message.ts';
import type { StrategyMessage } from '../strategy/messages.ts';
import type { Connected, ProviderCommand, ProviderInput, ProviderMessage, Route } from './messages.ts';

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
  /** What the account held at the last look: an asset that is not listed any more holds nothing. */
  readonly assets: Assets;
  /** Differences that were booked and that nobody has explained, by asset: what the account held too much. */
  readonly unexplained: { readonly [asset: string]: string };
  /** Orders placed by others: how many, and the newest of them. */
  readonly external: { readonly count: number; readonly recent: readonly string[] };
}

export type Link = Omit<Connected, 'type' | 'session' | 'instruments'>;

export interface OrderBook {
  /** Orders that may be at the venue, by the id of their actor. */
  readonly live: { readonly [clientOrderId: string]: LiveOrder };
  /** Orders that wait for the venue to become ready, in the order of their requests. */
  readonly waiting: readonly WaitingOrder[];
}
export interface LiveOrder {
  readonly symbol: string;
  /** When it was granted, or first seen. */
  readonly since: number;
  /** Filled quantity by the venue's word when it was last listed or asked to look at itself. */
  readonly filled: string;
  /** The beginning of the round that asked it to look at itself. */
  readonly askedAt: number;
  /** Trading was restricted after it was granted: where it was not sent yet, it is not granted again. */
  readonly barred?: true;
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

export type Assets = { readonly [asset: string]: Asset };
export interface Asset {
  readonly available: string;
  readonly locked: string;
  readonly observedAt: number;
  /** The books have it: what it held at first, or a difference of nothing. */
  readonly isOpened: boolean;
  /** The newest difference between account and books, how many rounds found just that one, and when the first did. */
  readonly off: string;
  readonly looks: number;
  readonly offAt: number;
  /** Where account and books differ: since when, and the round before that saw everything. */
  readonly trail?: { readonly at: number; readonly sinceAt: number };
  /** How much is off whatever was on its way, in how many rounds in a row, and when the first of them was. */
  readonly sure?: { readonly amount: string; readonly looks: number; readonly at: number };
}

export interface Rounds {
  /** Number of the newest round. */
  readonly round: number;
  readonly askedAt: number;
  /** When the last round that saw everything began; null before the first. */
  readonly doneAt: number | null;
  readonly failures: number;
  /** Orders the last round left for the next one. */
  readonly rest: number;
  /** Rounds in a row that found what the books lack, while submits wait for the books. */
  readonly behind?: number;
  /** Rounds in a row that did not see everything, and when the first of them began. */
  readonly partial?: { readonly rounds: number; readonly since: number; readonly isTold: boolean };
  /** What the last round that was answered found. */
  readonly last: RoundResult | null;
  /** Since the provider was made. */
  readonly totals: RoundTotals;
}
export interface RoundResult {
  readonly at: number;
  readonly skewMs: number;
  /** Orders that were asked to look at themselves. */
  readonly asked: number;
  /** Executions the books should have had. */
  readonly missing: number;
  /** Orders of others that were adopted. */
  readonly adopted: number;
  /** Assets of which account and books differed. */
  readonly differences: number;
}
export interface RoundTotals {
  readonly done: number;
  readonly failed: number;
  readonly skewed: number;
  readonly missing: number;
  /** Differences that were booked because nothing explained them. */
  readonly unexplained: number;
}

export type ProviderEvent = Delivered<ProviderMessage>;
export type Heard<Type extends ProviderMessage['type']> = Extract<ProviderEvent, { readonly type: Type }>;
export type ProviderEffect =
  | ProviderCommand
  | Send<OrderMessage | StrategyMessage | RiskMessage>
  | Spawn<OrderInput>
  | RecordRow<ProviderRow | ProviderRoutesRow | InstrumentRow | BalanceRow | LedgerRow | AuditRow>
  | Reply;

/** What follows from a message besides a change of state. */
export interface Outcome {
  readonly changes: Partial<ProviderContext>;
  readonly effects: readonly ProviderEffect[];
}

export const NO_TOTALS: RoundTotals = { done: 0, failed: 0, skewed: 0, missing: 0, unexplained: 0 };

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
    rounds: { round: 0, askedAt: 0, doneAt: null, failures: 0, rest: 0, last: null, totals: NO_TOTALS },
    assets: {},
    unexplained: {},
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

export function linkOf(event: Heard<'Connected'>): Link {
  const { type: _type, session: _session, instruments: _all, at: _at, messageId: _id, ...link } = event;
  return link;
}

/** Without credentials there is market data: nothing is sent, and what was there before is left as it is. */
export function hasAccount({ link }: Pick<ProviderContext, 'link'>): boolean {
  return link?.account !== NO_ACCOUNT;
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

export function auditRow(actor: string, action: string, detail: object): AuditRow {
  return { table: 'audit_log', actor, action, detail: JSON.stringify(detail) };
}
