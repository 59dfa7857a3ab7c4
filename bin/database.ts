// The database a command works on: the one of the configuration, else the embedded one of the data folder.
import fs from 'node:fs';
import path from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { type Config, loadConfig, type Settings } from '../config/index.ts';
import { readEnvironment } from '../config/env.ts';
import type { Store } from '../actors/runtime/ports.ts';
import { type EmbeddedPostgres, startEmbedded } from '../persistence/embedded/index.ts';
import { createStore, type StoreOptions } from '../persistence/index.ts';

export interface OpenDatabase {
  readonly store: Omit<StoreOptions, 'log'>;
  /** Null where the configuration names a server. */
  readonly embedded: EmbeddedPostgres | null;
  close(): Promise<void>;
}

export async function openDatabase(settings: Settings): Promise<OpenDatabase> {
  const { database, dataDir } = settings;
  const embedded = database.dsn === undefined ? await startEmbedded({ dataDir: path.join(dataDir, 'postgres'), durable: true }) : null;
  const store = {
    url: embedded?.url ?? (database.dsn as string),
    tls: tlsOf(database),
    poolSize: database.poolSize,
    connectTimeoutMs: database.connectTimeoutMs,
    answerTimeoutMs: database.answerTimeoutMs,
    lockTimeoutMs: database.lockTimeoutMs,
  };
  return { store, embedded, close: async () => embedded?.stop() };
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
