// A real PostgreSQL that lives and dies with this process, its data in a folder.
//
// Of a process killed with -9 it leaves no server behind: see the watcher in server.ts. Should a server run
// all the same (no `sh` on Windows, a killed watcher), the next start takes it over.
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { give } from './account.ts';
import { findBinaries } from './binaries.ts';
import { type Cluster, openCluster, openFolder } from './cluster.ts';
import { explainFile } from './failure.ts';
import { withLock } from './lock.ts';
import { readPostmaster } from './postmaster.ts';
import { isAlive, processMark } from './process-mark.ts';
import { adoptServer, type Exit, type Server, startServer, waitUntilReady, watchOnly } from './server.ts';

export { EmbeddedPostgresFault } from './failure.ts';
export type { Exit } from './server.ts';

const ORPHAN_STOPS_WITHIN_MS = 500;

export interface EmbeddedOptions {
  readonly dataDir: string;
  /** False gives up the disk's promises for speed: for tests. */
  readonly durable: boolean;
  /** Also when this process dies. */
  readonly removeOnStop?: boolean;
  readonly maxConnections?: number;
  readonly onLog?: (line: string) => void;
}

export interface EmbeddedPostgres {
  /** Of the database postgres, with the password in it. The same after a restart when its port is still free. */
  readonly url: string;
  /** Where the data are. */
  readonly data: string;
  /** True for a server that was running already. */
  readonly reused: boolean;
  /** Resolves when the server is gone, whoever ended it. startEmbedded with the same folder starts it again. */
  readonly exited: Promise<Exit>;
  /** Ends the server, unless another living process started it. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const folder = path.resolve(options.dataDir);
  openFolder(folder);
  try {
    return await withLock(path.join(folder, 'lock'), () => startLocked(folder, options));
  } catch (error) {
    throw explainFile('start PostgreSQL', folder, error);
  }
}

async function startLocked(folder: string, options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { cluster, programs } = await openCluster(folder, findBinaries, options.durable);
  const joined = await joinRunning(cluster);
  if (joined) return describe(cluster, joined, true);
  const port = Number(readFile(folder, 'port'));
  if (options.removeOnStop) give(folder, cluster.account); // the watcher removes it, under that account
  const server = await startServer(cluster, {
    postgres: programs.postgres,
    settings: settings(options),
    removeOnStop: options.removeOnStop ?? false,
    preferredPort: port > 0 ? port : undefined,
    onLog: options.onLog ?? (() => undefined),
  });
  recordOwner(cluster);
  fs.writeFileSync(path.join(folder, 'port'), String(server.port));
  return describe(cluster, server, false);
}

/** The server that runs already, if one does. */
async function joinRunning(cluster: Cluster): Promise<Server | undefined> {
  const owner = readFile(cluster.folder, 'owner');
  const owned = owner !== undefined && isAlive(owner);
  // Without its owner it is about to stop, as soon as its watcher has run.
  if (!owned && readPostmaster(cluster.data)) await sleep(ORPHAN_STOPS_WITHIN_MS);
  const running = await waitUntilReady(cluster.data);
  if (!running) return undefined;
  if (owned) return watchOnly(running.port, running.pid);
  recordOwner(cluster);
  return adoptServer(cluster, running.port, running.pid);
}

function describe(cluster: Cluster, server: Server, reused: boolean): EmbeddedPostgres {
  return {
    url: `postgres://postgres:${cluster.password}@127.0.0.1:${server.port}/postgres`,
    data: cluster.data,
    reused,
    exited: server.exited,
    stop: server.stop,
    [Symbol.asyncDispose]: server.stop,
  };
}

function settings({ durable, maxConnections }: EmbeddedOptions): string[] {
  const common = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '', // their paths may not exceed 107 bytes
    max_connections: String(maxConnections ?? 100),
    max_parallel_workers_per_gather: '0', // small queries; and parallel ones want a large /dev/shm
    jit: 'off',
  };
  // Checkpoints are rare and spread, since after each one every touched page goes to the log whole. A group
  // commit is one large write, which fits the log's buffers and reuses segments that are there.
  const safe = {
    shared_buffers: '256MB',
    wal_buffers: '16MB',
    min_wal_size: '512MB',
    max_wal_size: '2GB',
    wal_compression: 'on',
    checkpoint_timeout: '15min',
    checkpoint_completion_target: '0.9',
    autovacuum_naptime: '15s', // queue tables turn over fast
  };
  const fast = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum: 'off' };
  return Object.entries({ ...common, ...(durable ? safe : fast) }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
}

function recordOwner({ folder }: Cluster): void {
  fs.writeFileSync(path.join(folder, 'owner'), processMark(process.pid));
}

function readFile(folder: string, name: string): string | undefined {
  try {
    return fs.readFileSync(path.join(folder, name), 'utf8').trim();
  } catch {
    return undefined;
  }
}
