// AVA's shared worker: one server for the whole run, and databases on it for the test files that ask.
import type { SharedWorker } from 'ava/plugin';
import pg from 'pg';
import { chooseServer, dockerHas, findDocker, imageFrom, startContainer, startFastEmbedded } from './postgres.ts';
import { reapAfterUs } from './reaper.ts';

export type DatabaseKind = 'migrated' | 'empty';
export type Answer = { readonly url: string } | { readonly error: string };

interface Server {
  readonly admin: pg.Pool;
  /** Every database of this run begins with it. */
  readonly prefix: string;
  urlOf(database: string): string;
}

export default async function serve({ negotiateProtocol }: SharedWorker.FactoryOptions): Promise<void> {
  const protocol = negotiateProtocol<DatabaseKind | Answer>(['ava-4']).ready();
  let server: Promise<Server> | undefined;
  let template: Promise<string> | undefined;
  let made = 0;
  for await (const request of protocol.subscribe()) {
    server ??= boot();
    if (request.data === 'migrated') template ??= server.then(makeTemplate);
    made += 1;
    void answer(server, request.data === 'migrated' ? template : undefined, made, request);
  }
}

async function answer(
  booting: Promise<Server>,
  template: Promise<string> | undefined,
  number: number,
  request: SharedWorker.ReceivedMessage<DatabaseKind | Answer>,
): Promise<void> {
  try {
    const { admin, prefix, urlOf } = await booting;
    const name = `${prefix}_${number}`;
    const copy = template ? `template ${await template} strategy file_copy` : 'template template0';
    await admin.query(`create database ${name} ${copy}`);
    request.testWorker.teardown(async () => {
      await admin.query(`drop database if exists ${name} with (force)`);
    });
    request.reply({ url: urlOf(name) });
  } catch (error) {
    request.reply({ error: error instanceof Error ? error.message : String(error) });
  }
}

async function boot(): Promise<Server> {
  const startedAt = performance.now();
  const image = imageFrom(process.env);
  const choice = await chooseServer(process.env, () => dockerHas(image));
  const url = await (choice === 'given'
    ? givenUrl()
    : choice === 'embedded'
      ? startFastEmbedded()
      : containerUrl(image));
  const admin = new pg.Pool({ connectionString: url, max: 1 }); // one at a time: a template may have one reader
  admin.on('error', () => {}); // the server ends while a session is idle; a query on it would say so
  const version = await admin.query<{ server_version: string }>('show server_version');
  const prefix = `meltica_test_${process.pid}_${Math.random().toString(36).slice(2, 8)}`;
  if (choice === 'given') reapAfterUs({ type: 'databases', url, prefix });
  const tookMs = Math.round(performance.now() - startedAt);
  console.log(`PostgreSQL ${version.rows[0]?.server_version} (${choice}) ready in ${tookMs} ms`);
  const urlOf = (database: string): string => {
    const target = new URL(url);
    target.pathname = `/${database}`;
    return target.href;
  };
  return { admin, prefix, urlOf };
}

function givenUrl(): Promise<string> {
  const url = process.env['DATABASE_URL'];
  return url ? Promise.resolve(url) : Promise.reject(new Error('DATABASE_URL is not set'));
}

async function containerUrl(image: string): Promise<string> {
  const container = await startContainer(image);
  const docker = await findDocker();
  if (docker) reapAfterUs({ type: 'container', docker, id: container.getId() });
  return container.getConnectionUri();
}

/** Migrated once; each test file gets a copy, which costs milliseconds. */
async function makeTemplate({ admin, prefix, urlOf }: Server): Promise<string> {
  const name = `${prefix}_template`;
  await admin.query(`create database ${name}`);
  const { migrateUp } = await import('../../persistence/migrate.ts');
  await migrateUp(urlOf(name));
  await admin.query(`alter database ${name} with allow_connections false`); // a copy wants its source unused
  return name;
}
