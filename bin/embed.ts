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

// biome-ignore lint/performance/noReExportAll: the package is the runtime's face and one function more
export * from '../actors/runtime/index.ts'; // tidy-ok: the same reason
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

/** A migrated database, a started system on it. `stop()` closes all of it; what fails to start leaves nothing open. */
export async function openSystem(options: OpenOptions): Promise<System> {
  const { actors, databaseUrl, dataDir = '.meltica', log = CONSOLE, projections = [], ...rest } = options;
  await using opened = new AsyncDisposableStack();
  // 1. A database, ours or given, with the tables.
  const embedded =
    databaseUrl === undefined
      ? await startEmbedded({ dataDir: path.resolve(dataDir, 'postgres'), durable: true })
      : null;
  opened.defer(async () => embedded?.stop());
  const url = embedded?.url ?? databaseUrl ?? '';
  await migrateUp(url);
  // 2. A system on it.
  const store = createStore({ url, log, projections });
  opened.defer(() => store.close());
  const node = `${os.hostname()}:${process.pid}`;
  const system = createSystem({ actors, store, log, clock: systemClock, node, ...rest });
  opened.defer(system.stop.bind(system));
  await system.start();
  // 3. From here on its own stop closes the rest, in the opposite order.
  const closing = opened.move();
  system.stop = () => closing.disposeAsync();
  return system;
}
