// defineActor: what an engineer gives the runtime to make an XState machine durable.
import type { AnyStateMachine } from 'xstate';
import type { Effect } from './effect.ts';
import { lint } from './lint.ts';
import type { ActorKey, Json, Message } from './message.ts';

/** Any schema library that speaks Standard Schema (zod, valibot, arktype, ...). */
export interface Schema<Output = unknown> {
  readonly '~standard': {
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
  };
}
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[] };

/** What an effect may know while it is performed. */
export interface EffectContext<Ports> {
  /** The idempotency key: the same at every attempt, also after a crash. */
  readonly key: string;
  readonly actor: ActorKey;
  /** Time of the group that committed it, ms. */
  readonly at: number;
  /** 1 for the first attempt of this process. */
  readonly attempt: number;
  /** Aborted at the effect's timeout and when the runtime stops or loses its lease. */
  readonly signal: AbortSignal;
  readonly ports: Ports;
}

/**
 * One command of an actor. `perform` runs after the commit, at least once, under its key; what it returns is
 * delivered back to the actor as a message, and the effect is settled by the commit that applies it.
 */
export interface EffectDefinition<Args = unknown, Ports = unknown> {
  /**
   * After a crash in the middle: `repeat` performs it again under the same key; `askFirst` performs nothing
   * and delivers `interrupted(args)` instead, so that the actor asks the outside world before it decides.
   */
  readonly afterCrash: 'repeat' | 'askFirst';
  readonly perform: (args: Args, context: EffectContext<Ports>) => Promise<Message | null>;
  /** The message that says "this may or may not have happened". Required with askFirst. */
  readonly interrupted?: (args: Args) => Message;
  /** Delivered when the attempts are used up; without it only the dead letter tells. */
  readonly failed?: (args: Args, error: string) => Message;
  /** How many of this effect run at once in the process. Default 16. */
  readonly concurrency?: number;
  /** Attempts before it is given up and becomes a dead letter. Default 1 for askFirst, 8 for repeat. */
  readonly attempts?: number;
  /** First delay between attempts, doubled each time up to 30 s. Default 200 ms. */
  readonly backoffMs?: number;
  /** An attempt that takes longer counts as failed. Default 30 s. */
  readonly timeoutMs?: number;
}

/** Erlang's words: more than `intensity` failures within `periodMs` and the supervisor gives the actor up. */
export interface RestartPolicy {
  readonly intensity: number;
  readonly periodMs: number;
  /** Pause after the first failure, doubled for each further one within the period, up to `maxBackoffMs`. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
}

export const DEFAULT_RESTART: RestartPolicy = { intensity: 5, periodMs: 60_000, backoffMs: 100, maxBackoffMs: 30_000 };

export interface ActorOptions<Machine extends AnyStateMachine = AnyStateMachine, Ports = never> {
  /** The first part of its keys. Lower-case letters, digits and dashes. */
  readonly kind: string;
  /** Of machine and context together; raised when a stored snapshot would no longer mean the same. */
  readonly version: number;
  readonly machine: Machine;
  /** What may come from outside (HTTP, venue, strategy), by type. Messages between actors are typed, not parsed. */
  readonly messages?: { readonly [type: string]: Schema };
  /** The commands the machine emits, by name. */
  // biome-ignore lint/suspicious/noExplicitAny: argument types differ per effect and are bound at `effect()`
  readonly effects?: { readonly [name: string]: EffectDefinition<any, Ports> };
  readonly restart?: RestartPolicy;
  /** From a stored snapshot of version n to one of version n + 1, keyed by n. */
  readonly upgrade?: { readonly [fromVersion: number]: (snapshot: StoredSnapshot) => StoredSnapshot };
}

/** What is persisted of a machine: state value, context, and only where needed status, output and history. */
export interface StoredSnapshot {
  readonly v: Json;
  readonly c: Json;
  readonly s?: 'done' | 'error';
  readonly o?: Json;
  readonly h?: { readonly [historyId: string]: readonly string[] };
}

export interface ActorDefinition extends ActorOptions<AnyStateMachine, never> {
  readonly messages: { readonly [type: string]: Schema };
  // biome-ignore lint/suspicious/noExplicitAny: see ActorOptions.effects
  readonly effects: { readonly [name: string]: EffectDefinition<any, any> };
  readonly restart: RestartPolicy;
  readonly upgrade: { readonly [fromVersion: number]: (snapshot: StoredSnapshot) => StoredSnapshot };
}

/**
 * Makes a machine durable. Throws MACHINE_UNFIT with every finding when the machine contains what a durable
 * machine cannot (invoke, spawn, function actions, unnamed delays, ...; see lint.ts).
 */
export function defineActor<Machine extends AnyStateMachine, Ports = never>(
  options: ActorOptions<Machine, Ports>,
): ActorDefinition {
  lint(options);
  return Object.freeze({ messages: {}, effects: {}, restart: DEFAULT_RESTART, upgrade: {}, ...options });
}

/** Types one entry of `effects`: the arguments are those of the machine's command. */
export function effect<Args, Ports>(definition: EffectDefinition<Args, Ports>): EffectDefinition<Args, Ports> {
  return definition;
}

/** For `types.emitted` in a machine that only uses some of the effects, keep them a closed union of Effect. */
export type EffectOf<Union extends Effect> = Union;
