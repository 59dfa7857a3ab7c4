// The launcher between npm, or a shell, and the program on Node 24: what happens to one happens to the other.
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { isRunning } from '../persistence/embedded/process-mark.ts';

const root = path.resolve(import.meta.dirname, '..');
const launcher = path.join(root, 'bin/node24.mjs');

/** Says its process and version, and ends with 7 when it is asked to. */
const PROGRAM = `
const version: string = process.version;
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => {
  console.log(signal);
  process.exit(7);
});
console.log(process.pid, version);
setInterval(() => undefined, 1000);
`;

test('a program runs on Node 24 or newer, whatever Node started it', async (t) => {
  const { version } = await launch(t, PROGRAM);
  t.true(Number(version.slice(1).split('.')[0]) >= 24, version);
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} reaches the program once, and its exit code comes back`, async (t) => {
    const { child, lines } = await launch(t, PROGRAM);
    child.kill(signal);
    t.is(await exitCode(child), 7);
    t.deepEqual(lines, [signal]);
  });
}

test('a program that fails gives its exit code, and one that is killed 128 and the signal', async (t) => {
  t.is(await exitCode(start(t, 'process.exit(3);')), 3);
  t.is(await exitCode(start(t, `process.kill(process.pid, 'SIGKILL');`)), 137);
});

test('when the launcher is killed with -9 the program stops as on SIGTERM', async (t) => {
  const { child, pid, lines } = await launch(t, PROGRAM);
  child.kill('SIGKILL');
  await until('the program has ended', () => !isRunning(pid));
  t.deepEqual(lines, ['SIGTERM']);
});

test('when the shell of npm dies the program stops as on SIGTERM', async (t) => {
  const file = program(t, PROGRAM);
  // A second command keeps the shell from becoming the launcher.
  const shell = spawn('/bin/sh', ['-c', `"${process.execPath}" "${launcher}" "${file}"; true`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, npm_lifecycle_event: 'start' },
  });
  const { pid } = await greeting(shell);
  shell.kill('SIGKILL');
  await until('the program has ended', () => !isRunning(pid));
  t.pass();
});

test('what is neither a file nor a command of a dependency is refused', async (t) => {
  const child = spawn(process.execPath, [launcher], { stdio: 'ignore' });
  t.is(await exitCode(child), 2);
});

function program(t: ExecutionContext, text: string): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'meltica-launch-'));
  t.teardown(() => fs.rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'program.mts');
  fs.writeFileSync(file, text);
  return file;
}

function start(t: ExecutionContext, text: string): ChildProcess {
  const child = spawn(process.execPath, [launcher, program(t, text)], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}

async function launch(t: ExecutionContext, text: string) {
  const child = start(t, text);
  return { child, ...(await greeting(child)) };
}

/** The first line; later ones come to `lines`. */
function greeting(child: ChildProcess): Promise<{ pid: number; version: string; lines: string[] }> {
  return new Promise((resolve, reject) => {
    if (!child.stdout) throw new Error('the program has no output');
    const lines: string[] = [];
    const reader = createInterface({ input: child.stdout });
    reader.once('line', (first) => {
      const [pid, version = ''] = first.split(' ');
      reader.on('line', (line) => lines.push(line));
      resolve({ pid: Number(pid), version, lines });
    });
    child.on('exit', () => reject(new Error('the program ended before its first line')));
  });
}

function exitCode(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.on('close', (code) => resolve(code)));
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited 30 s until ${what}`);
    await sleep(20);
  }
}
