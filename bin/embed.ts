// The package's face for engineers who embed the runtime: everything of actors/runtime, and openSystem, which brings a
// database along.
import os from 'node:os';
import path from 'node:path';
import type { ActorDefinition } from '../actors/runtime/actor.ts';
import type { RuntimeBounds } from '../actors/runtime/bounds.ts';
import type { DomainRow } from '../actors/runtime/effect.ts';
import type { ActorKey } from '../actors/runtime/message.ts';
import type { Log } from '../actors/runtime/ports.ts';
import { createSystem, type System } from '../actors/runtime/system.ts';
import { startEmbedded } from '../persistence/embedded/index.ts';
import { createStore } from '../persistence/index.ts';
import { migrateUp } from '../persistence/migrate.ts';
import type { Projection } from '../persistence/projections/index.ts';
import { systemClock } from './clock.ts';

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
} from '../actors/runtime/actor.ts';
export { DEFAULT_BOUNDS, type RuntimeBounds } from '../actors/runtime/bounds.ts';
export { CRASH_POINTS, type CrashHook, type CrashPoint } from '../actors/runtime/crash-points.ts';
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
} from '../actors/runtime/effect.ts';
export { type RuntimeCode, RuntimeError } from '../actors/runtime/errors.ts';
export type { ActorDetail, ActorSummary, Inspector, RuntimeHealth, TransitionView } from '../actors/runtime/inspect.ts';
export type { Delivery, Intake, TellOptions } from '../actors/runtime/intake.ts';
export { InvariantBroken, invariant, unreachable } from '../actors/runtime/invariant.ts';
export {
  type ActorKey,
  type Delivered,
  type Envelope,
  effectKey,
  idOf,
  type Json,
  kindOf,
  type Message,
} from '../actors/runtime/message.ts';
export { type Meter, NO_METER } from '../actors/runtime/meter.ts';
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
} from '../actors/runtime/ports.ts';
export { type Replayed, replay } from '../actors/runtime/replay.ts';
export { type Answer, createSystem, type Snapshot, type System, type SystemOptions } from '../actors/runtime/system.ts';
export type { Projection } from '../persistence/projections/index.ts';

export interface OpenOptions {
  readonly actors: readonly ActorDefinition[];
  /** A PostgreSQL of yours; without it an embedded one keeps its data in `dataDir`. */
  readonly databaseUrl?: string;
  /** Default: `.meltica` in the working directory. */
  readonly dataDir?: string;
  /** Handed to every effect. */
  readonly ports?: object;
  /** Writers for rows that your machines record. */
  readonly projections?: readonly Projection<DomainRow>[];
  /** Hears what actors publish, and which actors failed; kinds of yours. */
  readonly bus?: ActorKey;
  readonly supervisor?: ActorKey;
  readonly bounds?: Partial<RuntimeBounds>;
  /** Default: warnings and errors on standard error. */
  readonly log?: Log;
  readonly onFailed?: (error: unknown) => void;
}

const CONSOLE: Log = {
  debug() {},
  info() {},
  warn: (detail, text) => console.error(text, detail),
  error: (detail, text) => console.error(text, detail),
};

/** A migrated database, a started system on it. `stop()` closes all of it. */
export async function openSystem(options: OpenOptions): Promise<System> {
  const { actors, databaseUrl, dataDir = '.meltica', log = CONSOLE, projections = [], ...rest } = options;
  const embedded =
    databaseUrl === undefined
      ? await startEmbedded({ dataDir: path.resolve(dataDir, 'postgres'), durable: true })
      : null;
  const url = embedded?.url ?? databaseUrl ?? '';
  await migrateUp(url);
  const store = createStore({ url, log, projections });
  const system = createSystem({
    actors,
    store,
    log,
    clock: systemClock,
    node: `${os.hostname()}:${process.pid}`,
    ...rest,
  });
  const stop = system.stop.bind(system);
  system.stop = async () => {
    await stop();
    await store.close();
    await embedded?.stop();
  };
  await system.start();
  return system;
}
