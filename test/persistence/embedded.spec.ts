import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { checkVersion } from '../../persistence/embedded/cluster.ts';
import { explain } from '../../persistence/embedded/failure.ts';
import { withLock } from '../../persistence/embedded/lock.ts';
import { isAlive, processMark } from '../../persistence/embedded/process-mark.ts';
import { freePort } from '../../persistence/embedded/server.ts';

// Outputs as PostgreSQL 18.4 writes them.
const OUTPUTS = [
  [
    'initdb: error: could not write to file "/d/data/pg_wal/xlogtemp.91": No space left on device',
    'could not make a database in /d: the disk is full: free at least 200 MB there, or choose another folder ' +
      '(initdb: error: could not write to file "/d/data/pg_wal/xlogtemp.91": No space left on device)',
  ],
  [
    'running bootstrap script ... 2026-11-23 07:56:59.963 UTC [12485] FATAL:  could not extend file "base/1/2691": ' +
      'wrote only 4096 of 8192 bytes at block 10\n2026-11-23 07:56:59.963 UTC [12485] HINT:  Check free disk space.\n' +
      '2026-11-23 07:56:59.963 UTC [12485] PANIC:  cannot abort transaction 1, it was already committed\nAborted',
    'could not make a database in /d: the disk is full: free at least 200 MB there, or choose another folder ' +
      '(FATAL:  could not extend file "base/1/2691": wrote only 4096 of 8192 bytes at block 10)',
  ],
  [
    'initdb: error: could not look up effective user ID 4711: user does not exist',
    'could not make a database in /d: the user id has no entry in /etc/passwd: add one, or set DATABASE_URL to a ' +
      'PostgreSQL of your own (initdb: error: could not look up effective user ID 4711: user does not exist)',
  ],
  [
    '2026-11-23 07:50:10.821 UTC [9471] FATAL:  data directory "/d/data" has wrong ownership\n' +
      '2026-11-23 07:50:10.821 UTC [9471] HINT:  The server must be started by the user that owns the data directory.',
    'could not make a database in /d: it belongs to another account: run as that account, or choose another folder ' +
      '(FATAL:  data directory "/d/data" has wrong ownership)',
  ],
  [
    'something new',
    'could not make a database in /d: see its message, choose another folder, or set DATABASE_URL to a PostgreSQL ' +
      'of your own (something new)',
  ],
] as const;

for (const [output, sentence] of OUTPUTS) {
  test(`one sentence says what to do about: ${output.slice(0, 60)}`, (t) => {
    t.is(explain('make a database', '/d', output).message, sentence);
  });
}

test('data of the same major version are accepted, unreadable ones are named', (t) => {
  const folder = temporaryFolder(t);
  fs.writeFileSync(path.join(folder, 'PG_VERSION'), '18\n');
  t.notThrows(() => checkVersion(folder, '18'));
  t.throws(() => checkVersion(path.join(folder, 'nowhere'), '18'), {
    message: /could not read PG_VERSION in .*nowhere/,
  });
});

test('of many who want the lock one works at a time, also when a dead process holds it at first', async (t) => {
  const file = path.join(temporaryFolder(t), 'lock');
  fs.writeFileSync(file, '999999999 1');
  let inside = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    inside += 1;
    t.is(inside, 1);
    await sleep(2);
    inside -= 1;
    done += 1;
  };
  await Promise.all(Array.from({ length: 20 }, () => withLock(file, work)));
  t.is(done, 20);
  t.false(fs.existsSync(file));
});

test('work that fails gives the lock back', async (t) => {
  const file = path.join(temporaryFolder(t), 'lock');
  await t.throwsAsync(
    withLock(file, () => Promise.reject(new Error('no'))),
    { message: 'no' },
  );
  t.is(await withLock(file, () => Promise.resolve(1)), 1);
});

test('a lock that a living process keeps is given up with its number', async (t) => {
  const file = path.join(temporaryFolder(t), 'lock');
  fs.writeFileSync(file, processMark(process.pid));
  await t.throwsAsync(
    withLock(file, () => Promise.resolve(1), { waitMs: 100 }),
    { message: `${file} has been held by process ${process.pid} for 0 s: end it, then start again` },
  );
  t.true(fs.existsSync(file));
});

test('a process is known by its mark until it ends, and a number used again is not it', async (t) => {
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
  const mark = processMark(child.pid ?? 0);
  t.true(isAlive(mark));
  if (mark.includes(' ')) t.false(isAlive(`${child.pid} 1`));
  const exited = new Promise((resolve) => child.on('exit', resolve));
  child.kill('SIGKILL');
  await exited;
  t.false(isAlive(mark));
  t.false(isAlive(''));
  t.false(isAlive('not a number'));
});

test('the preferred port is taken when it is free', async (t) => {
  const port = await freePort(undefined);
  t.is(await freePort(port), port);
});

function temporaryFolder(t: ExecutionContext): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'meltica-embedded-'));
  t.teardown(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}
