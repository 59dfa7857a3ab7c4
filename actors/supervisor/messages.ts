// What the supervisor hears (`supervisor/main`): configuration at boot, failures from the runtime, operators' wishes.
import type { ProviderInput } from '../provider/messages.ts';
import type { RiskInput } from '../risk/messages.ts';
import type { ActorKey } from '../runtime/message.ts';
import type { StrategyInput } from '../strategy/messages.ts';

export type SupervisorMessage =
  | NodeStarted
  | { readonly type: 'NodeStopping' }
  | ActorFailed
  /** An operator lets a failed actor go on, and its failures be forgotten. */
  | { readonly type: 'ResumeActor'; readonly key: ActorKey }
  // from an operator: children beside those of the configuration, kept across restarts
  | { readonly type: 'AddProvider'; readonly input: ProviderInput; readonly start: boolean }
  | { readonly type: 'AddStrategy'; readonly input: StrategyInput; readonly start: boolean }
  | { readonly type: 'AddRisk'; readonly input: RiskInput }
  /** Stops a child an operator added and forgets it; its rows and its history stay. */
  | { readonly type: 'RemoveChild'; readonly key: ActorKey }
  // from its own timers
  | { readonly type: 'ResumeDue'; readonly key: ActorKey };

/** A process took the shard. Configured children that do not exist are spawned, the others told what changed. */
export interface NodeStarted {
  readonly type: 'NodeStarted';
  readonly node: string;
  readonly epoch: string;
  readonly providers: readonly ProviderInput[];
  readonly strategies: readonly StrategyInput[];
  readonly risks: readonly RiskInput[];
}

/** From the runtime, in the same group as the dead letter: a turn of this actor threw or its rows were refused. */
export interface ActorFailed {
  readonly type: 'ActorFailed';
  readonly key: ActorKey;
  readonly reason: string;
  readonly policy: {
    readonly intensity: number;
    readonly periodMs: number;
    readonly backoffMs: number;
    readonly maxBackoffMs: number;
  };
}

/** Published under topic `supervisor`: an actor failed too often and takes nothing more until somebody resumes it. */
export interface ActorGivenUp {
  readonly type: 'ActorGivenUp';
  readonly key: ActorKey;
  readonly reason: string;
  /** Within the period of its policy. */
  readonly failures: number;
  readonly timestamp: number;
}

export const SUPERVISOR: ActorKey<'supervisor'> = 'supervisor/main';
