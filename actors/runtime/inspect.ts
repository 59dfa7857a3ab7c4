// What an operator may see of a running system. Read from memory: nothing here waits for the database
// except the detail of one actor's past.
import type { ActorKey, Json } from './message.ts';
import type { ActorStatus, DeadLetterReason } from './ports.ts';

export interface ActorSummary {
  readonly key: ActorKey;
  readonly kind: string;
  readonly status: ActorStatus;
  readonly state: string;
  /** Number of the last committed transition. */
  readonly version: number;
  readonly machineVersion: number;
  readonly mailboxDepth: number;
  readonly pendingTimers: number;
  readonly pendingEffects: number;
  /** When the last transition of this process was committed, ms; null when there was none since boot. */
  readonly lastTransitionAt: number | null;
  readonly lastMessage: string | null;
}

export interface TransitionView {
  readonly key: ActorKey;
  readonly number: number;
  readonly messageId: string;
  readonly type: string;
  readonly body: Json;
  readonly from: string | null;
  readonly to: string;
  readonly at: number;
  readonly sender: ActorKey | null;
  readonly cause: string | null;
  readonly correlation: string;
}

export interface ActorDetail extends ActorSummary {
  /** The stored snapshot: value, context. */
  readonly snapshot: Json;
  /** Message types the machine has a transition for in this state; guards may still refuse. */
  readonly accepts: readonly string[];
  readonly timers: readonly { readonly id: string; readonly dueAt: number; readonly message: string }[];
  readonly effects: readonly {
    readonly key: string;
    readonly name: string;
    readonly state: 'queued' | 'running' | 'waiting';
    readonly attempts: number;
  }[];
  /** Newest first. */
  readonly transitions: readonly TransitionView[];
}

export interface RuntimeHealth {
  readonly phase: 'booting' | 'running' | 'stopping' | 'stopped' | 'failed';
  readonly reason: string | null;
  readonly epoch: string;
  readonly commitNumber: string;
  readonly actors: number;
  readonly mailboxDepth: number;
  readonly pendingEffects: number;
  readonly pendingTimers: number;
}

export interface Inspector {
  /** Live actors, by key; `after` is the last key of the page before. */
  list(filter: {
    readonly kind?: string;
    readonly state?: string;
    readonly after?: string;
    readonly limit: number;
  }): readonly ActorSummary[];
  /** Also an actor that is done and no longer in memory; null when there never was one. */
  find(key: ActorKey, options: { readonly transitions: number }): Promise<ActorDetail | null>;
  /** Every committed transition from now on, in commit order. Returns the way to stop. */
  onTransition(listener: (view: TransitionView) => void): () => void;
  deadLetters(filter: { readonly limit: number }): Promise<
    readonly {
      readonly id: string;
      readonly key: ActorKey;
      readonly type: string;
      readonly reason: DeadLetterReason;
      readonly error: string;
      readonly createdAt: number;
    }[]
  >;
  health(): RuntimeHealth;
}
