// Records histories, by hand:
//
//   node bin/node24.mjs test/histories/record.ts                 plays test/histories/scenes.ts and records its actors
//   node bin/node24.mjs test/histories/record.ts DATABASE_URL    records actors of a database that lived
//
// What is recorded already stays. A history is added when it shows a step (state, message, next state) that none of its
// kind shows, up to CHARS_MAX for each kind. After a machine version was raised the files of the version before go.
// Nothing is left out of a journal: look through what was added before it is committed, and never record a database
// that knows real accounts.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { actors } from '../../actors/index.ts';
import type { History } from '../../actors/runtime/ports.ts';
import { createLog } from '../../actors/telemetry/log.ts';
import { type Gateway, startGateway } from '../../bin/gateway.ts';
import { startOrAdoptVenue, type VenueHandle } from '../../bin/venue.ts';
import { startEmbedded } from '../../persistence/embedded/index.ts';
import { createStore } from '../../persistence/index.ts';
import { migrateUp } from '../../persistence/migrate.ts';
import { choose, fileOf, recorded, textOf } from './recorded.ts';
import { LIMITS, MODULES, PLAYS, SCOPE } from './scenes.ts';

/** Of one kind's file. */
const CHARS_MAX = 75_000;
/** A longer journal is no example. */
const TRANSITIONS_MAX = 150;
const SHIPPED = path.resolve(import.meta.dirname, '../../config/strategies');

/** What a part's process is told. */
interface Told {
  readonly play: string;
  readonly part: number;
  readonly database: string;
  readonly venue: Pick<VenueHandle, 'restUrl' | 'streamUrl' | 'wsApiUrl' | 'adminToken' | 'pid'>;
  readonly keys: { readonly apiKey: string; readonly secret: string };
}

/** Every actor of a database whose journal is short enough. */
async function gather(url: string): Promise<readonly History[]> {
  const found: History[] = [];
  const store = createStore({ url });
  for (const { key } of await store.listKeys({ limit: 10_000 })) {
    const history = await store.history(key);
    if (history !== null && history.version <= TRANSITIONS_MAX) found.push(history);
  }
  await store.close();
  return found;
}

function record(found: readonly History[]): void {
  for (const { kind, version } of actors) {
    const known = recorded(kind, version);
    const candidates = found.filter((history) => history.kind === kind && history.machineVersion === version);
    const chosen = choose(candidates, known, CHARS_MAX);
    if (chosen.length > 0) fs.writeFileSync(fileOf(kind, version), textOf([...known, ...chosen]));
    console.log(`${kind}: ${candidates.length} looked at, ${chosen.length} added to ${known.length}`);
  }
}

async function playAll(names: readonly string[]): Promise<readonly History[]> {
  const found: History[] = [];
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'meltica-record-'));
  const postgres = await startEmbedded({ dataDir: path.join(folder, 'postgres'), durable: false, removeOnStop: true });
  try {
    for (const name of names) {
      const url = await databaseFor(postgres.url, `play_${name}`);
      await play(name, url, path.join(folder, name));
      found.push(...(await gather(url)));
    }
    return found;
  } finally {
    await postgres.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

async function databaseFor(server: string, name: string): Promise<string> {
  const client = new pg.Client(server);
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  const url = new URL(server);
  url.pathname = name;
  await migrateUp(url.href);
  return url.href;
}

async function play(name: string, database: string, dataDir: string): Promise<void> {
  const { speed, parts } = playOf(name);
  const venue = await startOrAdoptVenue({ dataDir, seed: 7, speed, lingerMs: 10_000 });
  const { restUrl, streamUrl, wsApiUrl, adminToken, pid, accounts } = venue;
  const [account] = accounts;
  if (account === undefined) throw new Error('the venue has no account');
  const keys = { apiKey: account.apiKey, secret: account.secret };
  try {
    for (const [part, { name: what }] of parts.entries()) {
      console.log(`${name} ${part + 1} of ${parts.length}: ${what}`);
      const child = fork(import.meta.filename, [], { stdio: 'inherit' });
      child.send({
        play: name,
        part,
        database,
        venue: { restUrl, streamUrl, wsApiUrl, adminToken, pid },
        keys,
      } satisfies Told);
      const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
      if (code !== 0 && signal !== 'SIGKILL') throw new Error(`${what} ended with ${code ?? signal}`);
    }
  } finally {
    await venue.stop();
  }
}

function playOf(name: string): (typeof PLAYS)[string] {
  const found = PLAYS[name];
  if (found === undefined) throw new Error(`there is no play ${name}: ${Object.keys(PLAYS).join(', ')}`);
  return found;
}

/** One part, in a process of its own: it ends as the part says. */
async function playPart({ play: name, part, database, venue, keys }: Told): Promise<void> {
  const { strategies, parts } = playOf(name);
  const { restUrl, streamUrl, wsApiUrl } = venue;
  const settings = {
    venue: 'PAPER',
    restUrl,
    streamUrl,
    wsApiUrl,
    apiKey: 'env:KEY',
    apiSecret: 'env:SECRET',
    recvWindowMs: 800,
  };
  const gateway: Gateway = await startGateway({
    store: { url: database },
    children: {
      providers: [{ name: 'paper', adapter: 'binance', settings }],
      strategies,
      risks: [{ scope: SCOPE, limits: LIMITS }],
    },
    secrets: (reference) => (reference === 'env:KEY' ? keys.apiKey : keys.secret),
    modules: {
      source: async (module) => MODULES[module] ?? fs.readFileSync(path.join(SHIPPED, `${module}.js`), 'utf8'),
    },
    api: { address: '127.0.0.1:0', token: 'token-of-the-recorder-0123456789abcdef', allowedHosts: [] },
    environment: 'test',
    log: createLog({ level: 'error', pretty: false }),
    bounds: { leaseMs: 2_000 },
    onFailed: (error) => {
      console.error(error);
      process.exit(1);
    },
  });
  const end = await parts[part]?.({ system: gateway.system, venue });
  if (end === 'kill') process.kill(process.pid, 'SIGKILL');
  await gateway.stop();
  process.exit(0);
}

if (import.meta.main && process.send !== undefined) process.once('message', (told: Told) => void playPart(told));
else if (import.meta.main) {
  const [wanted] = process.argv.slice(2);
  const names = wanted === undefined ? Object.keys(PLAYS) : [wanted];
  record(wanted?.startsWith('postgres') ? await gather(wanted) : await playAll(names));
}
