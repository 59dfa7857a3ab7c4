// What the supervisor keeps between messages, and what it can ask of the world.
import type { BusMessage } from '../bus/messages.ts';
import type { AuditRow } from '../market/records.ts';
import type { ProviderInput, ProviderMessage } from '../provider/messages.ts';
import type { RiskInput, RiskMessage } from '../risk/messages.ts';
import {
  type Publish,
  type Record as RecordRow,
  type Reply,
  record,
  type Send,
  type Spawn,
  type Supervise,
} from '../runtime/effect.ts';
import { invariant } from '../runtime/invariant.ts';
import type { ActorKey, Delivered } from '../runtime/message.ts';
import type { StrategyInput, StrategyMessage } from '../strategy/messages.ts';
import { type ActorGivenUp, SUPERVISOR, type SupervisorMessage } from './messages.ts';

export interface SupervisorContext {
  /** Who owns the shard, and since which epoch; null before the first start. */
  readonly node: string | null;
  readonly epoch: string | null;
  /** By actor key. */
  readonly children: { readonly [key: string]: Child };
  /** Actors that failed lately, by key. */
  readonly failures: { readonly [key: string]: Failure };
  /** How many were given up, and the newest of them. */
  readonly givenUp: { readonly count: number; readonly recent: readonly ActorKey[] };
}

export interface Child {
  /** file: named by the configuration, and gone with it. operator: added, and kept until removed. */
  readonly origin: 'file' | 'operator';
  /** Of the configuration it was last told. */
  readonly digest: string;
}
export interface Failure {
  /** Within the period of the actor's policy, oldest first. */
  readonly times: readonly number[];
  /** It is suspended until then; null while it runs. */
  readonly dueAt: number | null;
}

export type SupervisorEvent = Delivered<SupervisorMessage>;
export type Heard<Type extends SupervisorMessage['type']> = Extract<SupervisorEvent, { readonly type: Type }>;
export type SupervisorEffect =
  | Send<BusMessage | ProviderMessage | StrategyMessage | RiskMessage>
  | Spawn<ProviderInput | StrategyInput | RiskInput | object>
  | RecordRow<AuditRow>
  | Publish<ActorGivenUp>
  | Supervise
  | Reply;

/** What follows from a message besides a change of state. */
export interface Outcome {
  readonly changes: Partial<SupervisorContext>;
  readonly effects: readonly SupervisorEffect[];
}

export function createContext(): SupervisorContext {
  return { node: null, epoch: null, children: {}, failures: {}, givenUp: { count: 0, recent: [] } };
}

/** The message as one of the types it can be where this is asked. */
export function heard<Type extends SupervisorMessage['type']>(
  event: SupervisorEvent,
  ...types: readonly Type[]
): Heard<Type> {
  const fits = (types as readonly string[]).includes(event.type);
  invariant(fits, 'an action hears the messages it is made for', { heard: event.type, types });
  return event as Heard<Type>;
}

export function audit(action: string, detail: object): RecordRow<AuditRow> {
  return record({ table: 'audit_log', actor: SUPERVISOR, action, detail: JSON.stringify(detail) });
}
