// Durable actors on PostgreSQL: what an engineer imports to make XState machines durable.
export {
  type ActorDefinition,
  type ActorOptions,
  DEFAULT_RESTART,
  defineActor,
  type EffectContext,
  type EffectDefinition,
  effect,
  type RestartPolicy,
  type Schema,
  type StoredSnapshot,
} from './actor.ts';
export { DEFAULT_BOUNDS, type RuntimeBounds } from './bounds.ts';
export { CRASH_POINTS, type CrashHook, type CrashPoint } from './crash-points.ts';
export {
  type Command,
  command,
  type DomainRow,
  type Effect,
  type Publish,
  publish,
  type Record,
  type Reply,
  record,
  reply,
  type Send,
  type Spawn,
  type Supervise,
  send,
  spawn,
  supervise,
} from './effect.ts';
export { type RuntimeCode, RuntimeError } from './errors.ts';
export type { ActorDetail, ActorSummary, Inspector, RuntimeHealth, TransitionView } from './inspect.ts';
export type { Answer, Delivery, Intake, TellOptions } from './intake.ts';
export { InvariantBroken, invariant, unreachable } from './invariant.ts';
export {
  type ActorKey,
  type Delivered,
  type Envelope,
  effectKey,
  idOf,
  type Json,
  kindOf,
  type Message,
} from './message.ts';
export { type Meter, NO_METER } from './meter.ts';
export {
  type ActorRow,
  type Clock,
  type History,
  type Log,
  type Store,
  StoreFault,
  type StoreFaultKind,
  type TransitionRow,
  type WriteSet,
} from './ports.ts';
export { type Replayed, replay } from './replay.ts';
export { createSystem, type Snapshot, type System, type SystemOptions } from './system.ts';
