// Durable actors on PostgreSQL: what an engineer imports to make XState machines durable.
export { type ActorDefinition, type ActorOptions, defineActor, DEFAULT_RESTART, effect, type EffectContext, type EffectDefinition, type RestartPolicy, type Schema, type StoredSnapshot } from './actor.ts';
export { DEFAULT_BOUNDS, type RuntimeBounds } from './bounds.ts';
export { CRASH_POINTS, type CrashHook, type CrashPoint } from './crash-points.ts';
export { command, type Command, type DomainRow, type Effect, publish, type Publish, record, type Record, reply, type Reply, send, type Send, spawn, type Spawn, supervise, type Supervise } from './effect.ts';
export { type RuntimeCode, RuntimeError } from './errors.ts';
export type { ActorDetail, ActorSummary, Inspector, RuntimeHealth, TransitionView } from './inspect.ts';
export type { Delivery, Intake, TellOptions } from './intake.ts';
export { invariant, InvariantBroken, unreachable } from './invariant.ts';
export { type ActorKey, type Delivered, effectKey, type Envelope, idOf, type Json, kindOf, type Message } from './message.ts';
export { type Meter, NO_METER } from './meter.ts';
export { type ActorRow, type Clock, type History, type Log, type Store, StoreFault, type StoreFaultKind, type TransitionRow, type WriteSet } from './ports.ts';
export { replay, type Replayed } from './replay.ts';
export { type Answer, createSystem, type Snapshot, type System, type SystemOptions } from './system.ts';
