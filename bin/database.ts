// The database a command works on: the one of the configuration, else the embedded one of the data folder.
import fs from 'node:fs';
import path from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { textOf } from '../actors/runtime/errors.ts';
import type { Log, Store } from '../actors/runtime/ports.ts';
import { readEnvironment } from '../config/env.ts';
import { type Config, loadConfig, type Settings } from '../config/index.ts';
import { type EmbeddedPostgres, startEmbedded } from '../persistence/embedded/index.ts';
import { createStore, type StoreOptions } from '../persistence/index.ts';

export interface OpenDatabase {
  readonly store: Omit<StoreOptions, 'log'>;
  /** Null where the configuration names a server. */
  readonly embedded: EmbeddedPostgres | null;
  close(): Promise<void>;
}

/** `log` hears when the embedded server dies and is started again; without it, it is not. */
export async function openDatabase(settings: Settings, log?: Log): Promise<OpenDatabase> {
  const { database, dataDir } = settings;
  const folder = path.join(dataDir, 'postgres');
  const embedded = database.dsn === undefined ? await startEmbedded({ dataDir: folder, durable: true }) : null;
  const keeper = embedded !== null && log !== undefined ? keepAlive(embedded, folder, log) : null;
  const store = {
    url: embedded?.url ?? database.dsn ?? '',
    tls: tlsOf(database),
    poolSize: database.poolSize,
    connectTimeoutMs: database.connectTimeoutMs,
    answerTimeoutMs: database.answerTimeoutMs,
    lockTimeoutMs: database.lockTimeoutMs,
  };
  return { store, embedded, close: async () => (keeper === null ? embedded?.stop() : keeper.stop()) };
}

/** A server that ends without being asked is started again on the same port; what was not committed is sent again. */
function keepAlive(first: EmbeddedPostgres, folder: string, log: Log): { stop(): Promise<void> } {
  let current = first;
  let stopping = false;
  const watch = async (): Promise<void> => {
    for (;;) {
      const { asked, detail } = await current.exited;
      if (asked || stopping) return;
      log.error({ detail }, 'PostgreSQL ended by itself and is started again');
      current = await startEmbedded({ dataDir: folder, durable: true });
      if (current.url !== first.url)
        log.error(
          {},
          'PostgreSQL came back on another port, because its own was taken: stop this process and start it again',
        );
    }
  };
  void watch().catch((error: unknown) =>
    log.error(
      { error: textOf(error) },
      'PostgreSQL could not be started again: stop this process, see to the cause, start it again',
    ),
  );
  return {
    async stop() {
      stopping = true;
      await current.stop();
    },
  };
}

function tlsOf({ tls, caFile }: Config['database']): ConnectionOptions | undefined {
  if (tls === 'disable') return undefined;
  const ca = caFile === undefined ? {} : { ca: fs.readFileSync(caFile) };
  return { ...ca, rejectUnauthorized: tls === 'verify-full' };
}

/** For commands that look: opens the database of the configuration, and closes it. */
export async function withStore<Result>(work: (store: Store) => Promise<Result>): Promise<Result> {
  const database = await openDatabase(loadConfig(readEnvironment()));
  const store = createStore(database.store);
  try {
    return await work(store);
  } finally {
    await store.close();
    await database.close();
  }
}
