// A durable Postgres of the benchmark's own: embedded, fsync on, data on the disk; DATABASE_URL where set.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { startEmbedded } from '../../persistence/embedded/index.ts';
import { migrateUp } from '../../persistence/migrate.ts';

export interface BenchServer {
  /** A fresh migrated database; for the yardsticks with the provider that their orders name. */
  database(options?: { readonly provider?: boolean }): Promise<string>;
  query(database: string, text: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startServer(): Promise<BenchServer> {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'meltica-bench-'));
  fs.chmodSync(dataDir, 0o755);
  const server =
    process.env['DATABASE_URL'] === undefined
      ? await startEmbedded({ dataDir, durable: true, removeOnStop: true })
      : null;
  const url = server?.url ?? (process.env['DATABASE_URL'] as string);
  let made = 0;
  return {
    async database(options = {}) {
      made += 1;
      const name = `bench_${process.pid}_${made}`;
      const admin = new pg.Client(url);
      await admin.connect();
      await admin.query(`create database ${name}`);
      await admin.end();
      const own = new URL(url);
      own.pathname = `/${name}`;
      await migrateUp(own.href);
      if (options.provider === true) await addProvider(own.href);
      return own.href;
    },
    async query(database, text) {
      const client = new pg.Client(database);
      await client.connect();
      await client.query(text);
      await client.end();
    },
    async stop() {
      await server?.stop();
    },
  };
}

async function addProvider(url: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(
    `insert into actors (id, key, kind, shard, machine_version, version, status, state, snapshot)
     values (1, 'provider/paper', 'provider', 0, 1, 1, 'active', 'open', '{}')`,
  );
  await client.query(
    `insert into providers (name, actor_id, adapter, settings, status) values ('paper', 1, 'binance', '{}', 'running')`,
  );
  await client.end();
}
