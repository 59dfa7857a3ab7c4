// The last line of a test run, which .ci/run and people rely on: counts that never contradict the exit code.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';

const root = path.resolve(import.meta.dirname, '..');
const PASSES = `test('passes', (t) => t.pass());`;

const RUNS = [
  ['a run that passes', PASSES, 0, '1 passed, 0 failed'],
  ['a skipped test', `${PASSES} test.skip('later', (t) => t.pass());`, 0, '1 passed, 0 failed, 1 skipped'],
  ['a failure', `${PASSES} test('fails', (t) => t.is(1, 2));`, 1, '1 passed, 1 failed'],
  ['a hook that fails', `test.before(() => { throw new Error('no'); }); ${PASSES}`, 1, '0 passed, 2 failed'],
  ['a file that cannot be loaded', `import './nowhere.js'; ${PASSES}`, 1, '0 passed, 1 failed'],
  ['a file that ends the process', `test('ends', () => process.exit(0));`, 1, '0 passed, 1 failed'],
  ['a test that never ends', `test('hangs', () => new Promise(() => undefined));`, 1, '0 passed, 1 failed'],
  ['a file without tests', '', 1, '0 passed, 1 failed'],
] as const;

for (const [what, body, code, line] of RUNS) {
  test(`${what} ends with the line ${line}`, async (t) => {
    const { exit, last } = await ava(t, `import test from 'ava';\n${body}`);
    t.is(last, line);
    t.is(exit, code);
  });
}

test('a run that finds no test file fails in the same form', async (t) => {
  t.deepEqual(await ava(t, undefined), { exit: 1, last: '0 passed, 1 failed' });
});

/** Runs AVA with our configuration on a project of one test file. */
async function ava(t: ExecutionContext, content: string | undefined): Promise<{ exit: number; last: string }> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'meltica-closing-'));
  t.teardown(() => fs.rmSync(folder, { recursive: true, force: true }));
  for (const file of ['ava.config.js', 'config/drizzle-cjs.mjs'])
    fs.cpSync(path.join(root, file), path.join(folder, file));
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
  if (content !== undefined) {
    fs.mkdirSync(path.join(folder, 'test'));
    fs.writeFileSync(path.join(folder, 'test/a.spec.ts'), content);
  }
  const cli = path.join(root, 'node_modules/ava/entrypoints/cli.js');
  // Told of AVA's own variables, it would take itself for a test.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AVA')));
  const child = spawn(process.execPath, [cli], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)));
  const [out] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { exit: await closed, last: out.trimEnd().split('\n').at(-1) ?? '' };
}
