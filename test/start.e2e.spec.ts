// The command as a user runs it: on a fresh folder, killed the hard way, started again, stopped, and looked at.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { startEmbedded } from '../persistence/embedded/index.ts';
import { isRunning } from '../persistence/embedded/process-mark.ts';
import { testDatabase } from './support/db.ts';
import { query, until } from './support/system.ts';

const COMMAND = path.resolve(import.meta.dirname, '../bin/meltica.mjs');
const OPEN = /^ {2}open (http:\/\/127\.0\.0\.1:\d+)\/\?token=([\w-]{32,})$/;
const LINGER_MS = 5_000;

test.beforeEach((t) => t.timeout(240_000));

test('it trades, goes on after a kill -9, stops when told to, and leaves nothing running', async (t) => {
  const data = folder(t);
  // 1. From nothing to the first trades.
  const first = await start(t, data);
  t.is(fs.statSync(path.join(data, 'token')).mode & 0o777, 0o600);
  t.is(fs.readFileSync(path.join(data, 'token'), 'utf8').trim(), first.token);
  await showsNothingWithoutToken(t, first);
  await until('orders appear', async () => (await orders(first)).length > 0, 60_000);
  await until('they are executed', async () => (await count(data, 'executions')) > 0, 60_000);
  // 2. Killed: the venue lives on, and so does what was committed.
  const before = {
    executions: await count(data, 'executions'),
    orders: await count(data, 'orders'),
    place: placeOf(data),
  };
  const ledger = fs.readFileSync(path.join(data, 'venue/ledger.jsonl'), 'utf8');
  process.kill(await servingPid(data), 'SIGKILL');
  t.is(await first.exited, 137);
  // 3. Started again, it is the same system at the same venue, and goes on.
  const second = await start(t, data);
  t.is(second.token, first.token);
  t.is(placeOf(data).port, before.place.port);
  t.true(fs.readFileSync(path.join(data, 'venue/ledger.jsonl'), 'utf8').startsWith(ledger), 'the ledger only grew');
  t.true((await count(data, 'executions')) >= before.executions);
  const [node] = await query<{ epoch: string }>(urlOf(data), 'select epoch from nodes');
  t.is(node?.epoch, '2');
  await until('it trades on', async () => (await count(data, 'orders')) > before.orders + 2, 60_000);
  // 4. An operator pulls the kill switch: nothing is submitted until it is released by name.
  await holdsWhileKillSwitchIsEngaged(t, data, second);
  // 5. A second supervisor of the same data waits, says so, and ends when told to.
  const waiting = await waitsItsTurn(t, urlOf(data));
  // 6. Told to stop, it does, within the time it promises.
  const serving = await servingPid(data);
  const postmaster = postmasterOf(data);
  const venue = placeOf(data).pid;
  const stoppedIn = performance.now();
  second.child.kill('SIGTERM');
  t.is(await second.exited, 0);
  t.true(performance.now() - stoppedIn < 10_000);
  t.false(isRunning(serving));
  t.false(isRunning(postmaster));
  await until('the venues are gone', () => ![venue, waiting.venue].some(isRunning), LINGER_MS + 20_000);
  // 7. What it left behind: the lease given back, and journals that fold to every snapshot.
  await gaveItsLeaseBack(t, data);
  const replayed = await run(t, ['replay', '--all'], { MELTICA_DATA_DIR: data });
  t.regex(replayed.out, /^\d+ actors, \d+ transitions, 0 differences\n$/);
  t.is(replayed.status, 0);
});

async function showsNothingWithoutToken(t: ExecutionContext, { url, token }: Started): Promise<void> {
  for (const open of ['/health/live', '/health/ready']) t.is((await get(url + open)).status, 200, open);
  for (const shut of ['/', '/debug/actors', '/debug/runtime', '/debug/stream', '/metrics', '/nowhere']) {
    t.is((await get(url + shut)).status, 401, shut);
    t.is((await get(url + shut, 'x'.repeat(token.length))).status, 401, shut);
  }
  t.is((await get(`${url}/debug/actors`, token)).status, 200);
  t.is((await get(`${url}/metrics`, token)).status, 200);
}

async function holdsWhileKillSwitchIsEngaged(t: ExecutionContext, data: string, { url }: Started): Promise<void> {
  const tell = (message: object) =>
    run(t, ['tell', 'risk/main', JSON.stringify(message), '--url', url], { MELTICA_DATA_DIR: data });
  const submits = async (): Promise<number> => {
    const submitted = `select count(*)::int as n from transitions where type = 'SubmitGranted'`;
    return (await query<{ n: number }>(urlOf(data), submitted))[0]?.n ?? 0;
  };
  const engaged = await tell({ type: 'EngageKillSwitch', reason: 'a drill' });
  t.is(engaged.status, 0, engaged.err);
  t.like(JSON.parse(engaged.out), { key: 'risk/main', outcome: 'applied', state: 'halted' });
  const before = await submits();
  await pause(3_000);
  t.is(await submits(), before, 'nothing is submitted');
  const nobody = await tell({ type: 'ReleaseKillSwitch' });
  t.is(nobody.status, 1);
  t.regex(nobody.err, /ReleaseKillSwitch to risk\/main was refused: by: /);
  const released = await tell({ type: 'ReleaseKillSwitch', by: 'ann' });
  t.like(JSON.parse(released.out), { outcome: 'applied', state: 'active' });
  await until('it trades again', async () => (await submits()) > before, 60_000);
}

async function waitsItsTurn(t: ExecutionContext, database: string): Promise<{ readonly venue: number }> {
  const data = folder(t);
  const child = launch(t, ['start'], { ...OWN_PLACE, MELTICA_DATA_DIR: data, DATABASE_URL: database });
  const said: string[] = [];
  createInterface(child.stdout).on('line', (line) => said.push(line));
  const log = (part: string): string | undefined => said.find((line) => line.includes(part));
  await until('it waits for the lease', () => log('waiting for the lease') !== undefined, 60_000);
  t.regex(log('waiting for the lease') ?? '', new RegExp(`"holder":"${os.hostname()}:\\d+:`));
  const url = /"url":"(http[^"]*)"/.exec(log('the control API listens') ?? '')?.[1] ?? '';
  t.is((await get(`${url}/health/live`)).status, 200);
  t.is((await get(`${url}/health/ready`)).status, 503);
  child.kill('SIGTERM');
  const [status] = (await once(child, 'exit')) as [number | null];
  t.is(status, 0);
  return { venue: placeOf(data).pid };
}

async function gaveItsLeaseBack(t: ExecutionContext, data: string): Promise<void> {
  const server = await startEmbedded({ dataDir: path.join(data, 'postgres'), durable: true });
  try {
    const lease = 'select backend_pid is null as free, lease_until <= now() as past from nodes';
    t.deepEqual(await query(server.url, lease), [{ free: true, past: true }]);
  } finally {
    await server.stop();
  }
}

// --- what is wrong from the beginning

const WRONG: readonly (readonly [string, { readonly file?: string; readonly env?: NodeJS.ProcessEnv }, RegExp])[] = [
  [
    'an unknown key',
    { file: 'runtime:\n  leaseMS: 5000\n' },
    /app\.yaml: runtime\.leaseMS is unknown: known keys are leaseMs, /,
  ],
  [
    'a wrong value',
    { file: 'database:\n  poolSize: 0\n' },
    /app\.yaml: database\.poolSize was 0: a whole number from 1 to 100$/,
  ],
  [
    'a wrong value in the environment',
    { env: { MELTICA_DATABASE_POOL_SIZE: 'many' } },
    /MELTICA_DATABASE_POOL_SIZE \(database\.poolSize\) was "many": a whole number from 1 to 100$/,
  ],
  [
    'an unknown variable',
    { env: { MELTICA_POOLSIZE: '3' } },
    /unknown environment variables MELTICA_POOLSIZE: known are /,
  ],
  [
    'no such file',
    { env: { MELTICA_CONFIG_PATH: '/nowhere/app.yaml' } },
    /\/nowhere\/app\.yaml cannot be read \(ENOENT\): set /,
  ],
  [
    'a database that is not there',
    { env: { DATABASE_URL: 'postgresql://us:hunter2@127.0.0.1:1/db', MELTICA_DATABASE_CONNECT_TIMEOUT_MS: '500' } },
    /DATABASE_UNREACHABLE: 127\.0\.0\.1:1\/db does not answer: .*; is it running, and is database\.dsn .* right\?$/,
  ],
];

for (const [what, { file, env = {} }, told] of WRONG) {
  test(`${what}: one clear sentence, and exit status 1`, async (t) => {
    const data = folder(t);
    const config = path.join(data, 'app.yaml');
    if (file !== undefined) fs.writeFileSync(config, file);
    const given = file === undefined ? env : { ...env, MELTICA_CONFIG_PATH: config };
    const { status, err } = await run(t, ['start'], { ...OWN_PLACE, MELTICA_DATA_DIR: data, ...given });
    t.is(status, 1);
    t.is(err.split('\n').length, 2, 'one line');
    t.regex(err.trimEnd(), /^meltica start: /);
    t.regex(err.trimEnd(), told);
    t.false(err.includes('hunter2'));
  });
}

test('a port that is in use: one clear sentence, exit status 1, and nothing left running', async (t) => {
  const data = folder(t);
  const other = http.createServer().listen(0, '127.0.0.1');
  t.teardown(() => other.close());
  await once(other, 'listening');
  const { port } = other.address() as net.AddressInfo;
  const place = {
    ...OWN_PLACE,
    MELTICA_DATA_DIR: data,
    MELTICA_API_ADDR: `127.0.0.1:${port}`,
    DATABASE_URL: await testDatabase(),
  };
  const { status, err } = await run(t, ['start'], place);
  t.is(status, 1);
  t.regex(
    err,
    new RegExp(
      `^meltica start: the control API cannot listen on 127\\.0\\.0\\.1:${port}: another process has it: .*\\n$`,
    ),
  );
  await until('the venue is gone', () => !isRunning(placeOf(data).pid), LINGER_MS + 20_000);
});

// --- what a user does

/** Nothing of the machine's own configuration; any port; a market that moves. */
const OWN_PLACE: NodeJS.ProcessEnv = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:MELTICA_|DATABASE_URL$|AVA)/.test(name))),
  MELTICA_API_ADDR: '127.0.0.1:0',
  MELTICA_VENUE_LINGER_MS: String(LINGER_MS),
  MELTICA_VENUE_SPEED: '5',
};

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  readonly token: string;
  readonly exited: Promise<number | null>;
}

/** Resolves with what the line that invites to the page says. */
async function start(t: ExecutionContext, data: string): Promise<Started> {
  const child = launch(t, ['start'], { ...OWN_PLACE, MELTICA_DATA_DIR: data });
  const exited = once(child, 'exit').then(([status]) => status as number | null);
  const invited = new Promise<{ readonly url: string; readonly token: string }>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const [, url, token] = OPEN.exec(line) ?? [];
      if (url !== undefined && token !== undefined) resolve({ url, token });
    });
    void exited.then((status) => reject(new Error(`it ended with ${status} and never said where it is`)));
  });
  return { child, exited, ...(await invited) };
}

function launch(t: ExecutionContext, args: readonly string[], env: NodeJS.ProcessEnv) {
  // A group of its own, so that a test that fails leaves nothing behind.
  const child = spawn(process.execPath, [COMMAND, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  child.stderr.resume();
  t.teardown(() => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  });
  return child;
}

async function run(t: ExecutionContext, args: readonly string[], env: NodeJS.ProcessEnv) {
  const child = launch(t, args, { ...OWN_PLACE, ...env });
  const closed = once(child, 'close');
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [status] = (await closed) as [number | null];
  return { status, out, err };
}

function get(url: string, token?: string): Promise<Response> {
  return fetch(url, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
}

async function orders({ url, token }: Started): Promise<readonly unknown[]> {
  const { actors } = (await (await get(`${url}/debug/actors?kind=order`, token)).json()) as {
    actors: readonly unknown[];
  };
  return actors;
}

/** As root the embedded server keeps its data elsewhere: removed with the folder. */
function folder(t: ExecutionContext): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'meltica-start-'));
  t.teardown(() => {
    const elsewhere = path.join(made, 'postgres/elsewhere');
    const places = fs.existsSync(elsewhere) ? [fs.readFileSync(elsewhere, 'utf8').trim(), made] : [made];
    for (const place of places) fs.rmSync(place, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  });
  return made;
}

function read(data: string, name: string): string {
  return fs.readFileSync(path.join(data, name), 'utf8').trim();
}

function urlOf(data: string): string {
  return `postgres://postgres:${read(data, 'postgres/password')}@127.0.0.1:${read(data, 'postgres/port')}/postgres`;
}

async function count(data: string, table: 'executions' | 'orders'): Promise<number> {
  const [row] = await query<{ n: string }>(urlOf(data), `select count(*) as n from ${table}`);
  return Number(row?.n);
}

/** `host:pid:run`, as the lease tells it. */
async function servingPid(data: string): Promise<number> {
  const [row] = await query<{ node: string }>(urlOf(data), 'select node from nodes');
  return Number(row?.node.split(':').at(-2));
}

function postmasterOf(data: string): number {
  const elsewhere = path.join(data, 'postgres/elsewhere');
  const parent = fs.existsSync(elsewhere) ? fs.readFileSync(elsewhere, 'utf8').trim() : path.join(data, 'postgres');
  return Number(fs.readFileSync(path.join(parent, 'data/postmaster.pid'), 'utf8').split('\n')[0]);
}

function placeOf(data: string): { readonly pid: number; readonly port: number } {
  return JSON.parse(read(data, 'venue/venue.json')) as { pid: number; port: number };
}
