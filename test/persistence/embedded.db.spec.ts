// The embedded server through everything that can happen to it. Each test has a folder of its own.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import pg from 'pg';
import { z } from 'zod';
import { type EmbeddedPostgres, startEmbedded } from '../../persistence/embedded/index.ts';
import { readPostmaster } from '../../persistence/embedded/postmaster.ts';
import { isRunning } from '../../persistence/embedded/process-mark.ts';

const root = process.getuid?.() === 0;
const Held = z.object({ url: z.string(), data: z.string(), reused: z.boolean() });
const holderFile = path.resolve(import.meta.dirname, '../support/embedded-holder.ts');

test('a server starts, keeps its data over a stop, and comes back under the same URL', async (t) => {
  const folder = temporaryFolder(t);
  const first = await start(t, folder);
  t.false(first.reused);
  await query(first.url, 'create table t as select 7 as n');
  await first.stop();
  t.deepEqual((await first.exited).asked, true);
  t.is(readPostmaster(first.data), undefined);

  const second = await start(t, folder);
  t.is(second.url, first.url);
  t.deepEqual(await query(second.url, 'select n from t'), [{ n: 7 }]);
});

test('a durable server keeps the promises of the disk, and a fast one does not claim to', async (t) => {
  const durable = await start(t, temporaryFolder(t), { durable: true });
  t.deepEqual(await query(durable.url, 'show fsync'), [{ fsync: 'on' }]);
  t.deepEqual(await query(durable.url, 'show synchronous_commit'), [{ synchronous_commit: 'on' }]);
  t.deepEqual(await query(durable.url, 'show max_wal_size'), [{ max_wal_size: '2GB' }]);
  const fast = await start(t, temporaryFolder(t), { maxConnections: 17 });
  t.deepEqual(await query(fast.url, 'show fsync'), [{ fsync: 'off' }]);
  t.deepEqual(await query(fast.url, 'show max_connections'), [{ max_connections: '17' }]);
});

test('the death of the postmaster is noticed, and the next start has what was committed', async (t) => {
  const folder = temporaryFolder(t);
  const first = await start(t, folder, { durable: true });
  await query(first.url, 'create table t as select 7 as n');
  process.kill(postmasterOf(first).pid, 'SIGKILL');
  const exit = await first.exited;
  t.false(exit.asked);
  t.regex(exit.detail, /ended with code 137/);

  const second = await start(t, folder, { durable: true });
  t.false(second.reused);
  t.deepEqual(await query(second.url, 'select n from t'), [{ n: 7 }]);
});

test('a postmaster.pid of a dead process, or of another program, does not keep the server from starting', async (t) => {
  const folder = temporaryFolder(t);
  const first = await start(t, folder);
  await first.stop();
  const { uid, gid } = fs.statSync(first.data);
  const other = spawn('sleep', ['600'], { stdio: 'ignore', ...(root ? { uid, gid } : {}) }); // of the server's own user
  t.teardown(() => killAndWait(other));
  const dead = spawn('true', { stdio: 'ignore' });
  await new Promise((resolve) => dead.on('exit', resolve));
  for (const pid of [dead.pid, other.pid]) {
    const lines = [pid, first.data, 1, 5432, '', '127.0.0.1', '', 'ready', ''];
    fs.writeFileSync(path.join(first.data, 'postmaster.pid'), lines.join('\n'), { mode: 0o600 });
    fs.chownSync(path.join(first.data, 'postmaster.pid'), uid, gid);
    const next = await start(t, folder);
    t.false(next.reused);
    t.not(postmasterOf(next).pid, pid);
    await next.stop();
  }
});

test('data of another major version are refused, with both versions and what to do', async (t) => {
  const folder = temporaryFolder(t);
  const first = await start(t, folder);
  await first.stop();
  fs.writeFileSync(path.join(first.data, 'PG_VERSION'), '17\n');
  const message =
    `the data in ${first.data} were made by PostgreSQL 17 and this is PostgreSQL 18: ` +
    'move them with pg_dump or pg_upgrade, or set MELTICA_DATA_DIR to an empty folder';
  await t.throwsAsync(start(t, folder), { message });
});

test('a folder that may not be written is refused in one sentence', async (t) => {
  let folder = '/sys/meltica'; // where even root may not write
  if (!root) {
    folder = path.join(temporaryFolder(t), 'closed');
    fs.mkdirSync(folder, { mode: 0o500 });
  }
  const error = await t.throwsAsync(start(t, folder), { name: 'EmbeddedPostgresFault' });
  t.regex(
    error?.message ?? '',
    /^could not keep the database in \S+: .*(may not write there|read-only).*choose another folder/,
  );
});

test('a folder with other files in the place of the database is refused, and left alone', async (t) => {
  const folder = temporaryFolder(t);
  fs.mkdirSync(path.join(folder, 'data'));
  fs.writeFileSync(path.join(folder, 'data', 'thesis.txt'), 'mine');
  await t.throwsAsync(start(t, folder), { message: /is not empty and holds no database/ });
  t.is(fs.readFileSync(path.join(folder, 'data', 'thesis.txt'), 'utf8'), 'mine');
});

test('two first starts at once make one server, which both use', async (t) => {
  const folder = temporaryFolder(t);
  const held = await Promise.all([hold(t, folder), hold(t, folder)]);
  t.is(held[0]?.url, held[1]?.url);
  t.deepEqual(
    held.map(({ reused }) => reused).toSorted((a, b) => Number(a) - Number(b)),
    [false, true],
  );
  t.deepEqual(await query(held[0]?.url ?? '', 'select 1 as n'), [{ n: 1 }]);
});

test('what an interrupted first start left is cleared away', async (t) => {
  const folder = temporaryFolder(t);
  fs.mkdirSync(path.join(folder, 'init-abc/data/base'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'lock'), '999999999 1');
  const server = await start(t, folder);
  t.deepEqual(await query(server.url, 'select 1 as n'), [{ n: 1 }]);
  t.deepEqual(fs.readdirSync(folder).sort(), ['data', 'owner', 'password', 'port']);
});

test('a first start that is killed half-way leaves a folder in which the next one works', async (t) => {
  const folder = temporaryFolder(t);
  const child = spawn(process.execPath, [holderFile, folder], { stdio: 'ignore' });
  await until('initdb has begun', () => fs.readdirSync(folder).some((name) => name.startsWith('init-')));
  await killAndWait(child);
  const server = await start(t, folder);
  t.false(server.reused);
  t.deepEqual(await query(server.url, 'select 1 as n'), [{ n: 1 }]);
});

test('another port is taken when the last one is occupied', async (t) => {
  const folder = temporaryFolder(t);
  const first = await start(t, folder);
  await first.stop();
  const port = Number(new URL(first.url).port);
  const squatter = net.createServer();
  await new Promise<void>((resolve) => squatter.listen(port, '127.0.0.1', resolve));
  t.teardown(() => squatter.close());
  const second = await start(t, folder);
  t.not(new URL(second.url).port, String(port));
  t.deepEqual(await query(second.url, 'select 1 as n'), [{ n: 1 }]);
});

test('a process killed with -9 leaves no server, and its temporary folder goes with it', async (t) => {
  const folder = temporaryFolder(t);
  const { child, data } = await hold(t, folder, 'removeOnStop');
  const pid = readPostmaster(data)?.pid ?? 0;
  t.true(isRunning(pid));
  await killAndWait(child);
  await until('the server has ended', () => !isRunning(pid));
  await until('the folder is gone', () => !fs.existsSync(folder));
  t.pass();
});

test('a server whose process and watcher were both killed is taken over, and then stops with us', async (t) => {
  const folder = temporaryFolder(t);
  const { child, url, data } = await hold(t, folder);
  const pid = readPostmaster(data)?.pid ?? 0;
  for (const watcher of watchersOf(child.pid ?? 0)) process.kill(watcher, 'SIGKILL');
  await killAndWait(child);
  t.true(isRunning(pid));

  const server = await start(t, folder);
  t.true(server.reused);
  t.is(server.url, url);
  await server.stop();
  t.false(isRunning(pid));
  t.true((await server.exited).asked);
});

test('who joins the server of a living process does not stop it, and hears of its end', async (t) => {
  const folder = temporaryFolder(t);
  const { child, url } = await hold(t, folder);
  const joined = await start(t, folder);
  t.true(joined.reused);
  await joined.stop();
  t.deepEqual(await query(url, 'select 1 as n'), [{ n: 1 }]);
  await killAndWait(child);
  t.false((await joined.exited).asked);
});

const onlyAsRoot = root ? test : test.skip;
onlyAsRoot('as root, data that the server cannot reach in a private folder live under /var/lib', async (t) => {
  const folder = temporaryFolder(t);
  fs.chmodSync(folder, 0o700);
  const first = await start(t, folder);
  t.teardown(() => fs.rmSync(path.dirname(first.data), { recursive: true, force: true }));
  t.true(first.data.startsWith('/var/lib/meltica-postgres-'));
  await query(first.url, 'create table t as select 7 as n');
  await first.stop();
  const second = await start(t, folder);
  t.is(second.data, first.data);
  t.deepEqual(await query(second.url, 'select n from t'), [{ n: 7 }]);
  await second.stop();
});

function temporaryFolder(t: ExecutionContext): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'meltica-embedded-'));
  fs.chmodSync(folder, 0o755);
  t.teardown(async () => {
    await until('no server runs in the folder', () => readPostmaster(path.join(folder, 'data')) === undefined);
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return folder;
}

async function start(
  t: ExecutionContext,
  dataDir: string,
  options: { durable?: boolean; maxConnections?: number } = {},
) {
  const server = await startEmbedded({ dataDir, durable: false, ...options });
  t.teardown(server.stop);
  return server;
}

/** A server held by another process, killed when the test ends. */
async function hold(t: ExecutionContext, folder: string, remove = '') {
  const child = spawn(process.execPath, [holderFile, folder, remove], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => killAndWait(child));
  for await (const line of createInterface({ input: child.stdout })) return { child, ...Held.parse(JSON.parse(line)) };
  throw new Error(`the holder of ${folder} ended before its server was ready`);
}

async function killAndWait(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.on('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}

/** The shell that watches the pipe, and the one that watches the server. */
function watchersOf(parent: number): number[] {
  const children = (pid: number): { pid: number; name: string }[] =>
    execFileSync('ps', ['-A', '-o', 'pid=,ppid=,comm='], { encoding: 'utf8' })
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, ppid]) => ppid === String(pid))
      .map(([id, , name = '']) => ({ pid: Number(id), name }));
  const shells = children(parent).filter(({ name }) => name.endsWith('sh'));
  return shells.flatMap(({ pid }) => [
    pid,
    ...children(pid)
      .filter(({ name }) => name.endsWith('sh'))
      .map((shell) => shell.pid),
  ]);
}

function postmasterOf({ data }: EmbeddedPostgres) {
  const found = readPostmaster(data);
  if (!found) throw new Error(`no postmaster.pid in ${data}`);
  return found;
}

async function query(url: string, text: string): Promise<object[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited 60 s until ${what}`);
    await sleep(10);
  }
}
