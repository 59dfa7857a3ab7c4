// What a strategy instance keeps between messages, and what it can ask of the world.

import type { BusMessage } from '../bus/messages.ts';
import type { OrderType } from '../market/execution.ts';
import type { Instrument } from '../market/instrument.ts';
import type { AuditRow, StrategyInstanceRow } from '../market/records.ts';
import type { OrderInput, OrderMessage } from '../order/messages.ts';
import type { ProviderMessage } from '../provider/messages.ts';
import type { Record as RecordRow, Reply, Send, Spawn } from '../runtime/effect.ts';
import { invariant } from '../runtime/invariant.ts';
import type { Delivered, Json } from '../runtime/message.ts';
import { FAULT_PERIOD_MS, FAULTS_MAX } from './bounds.ts';
import type {
  OwnOrder,
  ShownOrder,
  StartSandbox,
  StrategyCommand,
  StrategyInput,
  StrategyMessage,
} from './messages.ts';

export interface StrategyContext extends StrategyInput {
  /** An operator wants it to run. */
  readonly wanted: boolean;
  /** Number of the newest sandbox asked for, or of the request to stop it. */
  readonly sandbox: number;
  /** Client order ids used up so far, by orders that were made, were denied, or may replace another. */
  readonly placed: number;
  readonly denied: number;
  /** What the module wants to hear, by its own word; empty before its first start. */
  readonly events: readonly string[];
  /** Providers of the scope that are ready. */
  readonly links: { readonly [provider: string]: ProviderLink };
  /** Orders that may still work, by client order id. */
  readonly open: { readonly [clientOrderId: string]: OwnOrder };
  /** Base quantity by `provider symbol`; nothing held is not listed. */
  readonly positions: { readonly [place: string]: string };
  /** What the module last saved. */
  readonly state: Json;
  readonly faults: Faults;
  readonly reason: string | null;
}

export interface ProviderLink {
  readonly venue: string;
  readonly account: string;
  readonly fenceMarginMs: number;
  readonly recvWindowMs: number;
  readonly amends: OrderInput['amends'];
  readonly orderTypes: readonly OrderType[];
  /** Of the symbols in scope. */
  readonly instruments: { readonly [symbol: string]: Instrument };
}
export interface Faults {
  /** When the last fatal ones were; those before the period are forgotten. */
  readonly times: readonly number[];
  /** All, also those that were not fatal. */
  readonly count: number;
  readonly last: string | null;
}

export type StrategyEvent = Delivered<StrategyMessage>;
export type Heard<Type extends StrategyMessage['type']> = Extract<StrategyEvent, { readonly type: Type }>;
export type StrategyEffect =
  | StrategyCommand
  | Send<BusMessage | OrderMessage | ProviderMessage>
  | Spawn<OrderInput>
  | RecordRow<StrategyInstanceRow | AuditRow>
  | Reply;

/** What follows from a message besides a change of state. */
export interface Outcome {
  readonly changes: Partial<StrategyContext>;
  readonly effects: readonly StrategyEffect[];
}

export function createContext(input: StrategyInput): StrategyContext {
  const { instanceId, strategy, revision, config, scope, riskScope, orderPrefix } = input;
  return {
    instanceId,
    strategy,
    revision,
    config,
    scope,
    riskScope,
    orderPrefix,
    wanted: false,
    sandbox: 0,
    placed: 0,
    denied: 0,
    events: [],
    links: {},
    open: {},
    positions: {},
    state: null,
    faults: { times: [], count: 0, last: null },
    reason: null,
  };
}

/** The message as one of the types it can be where this is asked. */
export function heard<Type extends StrategyMessage['type']>(
  event: StrategyEvent,
  ...types: readonly Type[]
): Heard<Type> {
  const fits = (types as readonly string[]).includes(event.type);
  invariant(fits, 'an action hears the messages it is made for', { heard: event.type, types });
  return event as Heard<Type>;
}

/** Of a decision or answer: of the sandbox that counts now. */
export function isOwn({ sandbox }: StrategyContext, event: StrategyEvent): boolean {
  return 'sandbox' in event && event.sandbox === sandbox;
}

export function isConfiguredSo(context: StrategyContext, { revision, config, scope }: Heard<'Configure'>): boolean {
  const wanted = { revision, config, scope };
  const kept = { revision: context.revision, config: context.config, scope: context.scope };
  return JSON.stringify(canonical(kept)) === JSON.stringify(canonical(wanted));
}

/** The same JSON with its keys in order. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return entries.map(([key, below]) => [key, canonical(below)]);
}

/** A fatal fault counts against the instance for a while. */
export function noteFault(
  { faults }: StrategyContext,
  reason: string,
  fatal: boolean,
  at: number,
): Partial<StrategyContext> {
  const recent = faults.times.filter((time) => time > at - FAULT_PERIOD_MS);
  const times = fatal ? [...recent, at].slice(-FAULTS_MAX - 1) : recent;
  return { faults: { times, count: faults.count + 1, last: reason }, ...(fatal ? { reason } : {}) };
}

/** One more fatal fault now would be one too many. */
export function isLastStraw({ faults }: StrategyContext, at: number): boolean {
  return faults.times.filter((time) => time > at - FAULT_PERIOD_MS).length >= FAULTS_MAX;
}

/** What a record holds under a key that came from outside: `constructor` is nobody's provider. */
export function own<Value>(from: { readonly [key: string]: Value }, key: string): Value | undefined {
  return Object.hasOwn(from, key) ? from[key] : undefined;
}

export function startArgs(context: StrategyContext, at: number): StartSandbox {
  const { instanceId, sandbox, strategy, revision, config, scope, state, open, positions } = context;
  const held = Object.entries(positions).map(([place, quantity]) => {
    const [provider = '', symbol = ''] = place.split(' ');
    return { provider, symbol, quantity };
  });
  const account = { orders: Object.values(open).map(shown), positions: held };
  return { instanceId, sandbox, strategy, revision, config, scope, state, account, startedAt: at };
}

function shown({ linked: _linked, replacement: _replacement, ...order }: OwnOrder): ShownOrder {
  return order;
}

export function instanceRow(context: StrategyContext, status: StrategyInstanceRow['status']): StrategyInstanceRow {
  const { instanceId, strategy, revision, config, scope, reason } = context;
  const texts = { config: JSON.stringify(config), scope: JSON.stringify(scope) };
  return { table: 'strategy_instances', instanceId, strategy, revision, status, ...texts, reason };
}

export function auditRow({ instanceId }: StrategyContext, action: string, detail: string): AuditRow {
  return { table: 'audit_log', actor: `strategy/${instanceId}`, action, detail };
}
