// The command on recorded histories, as somebody with a file and no database uses it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { recordedFiles } from './histories/recorded.ts';

const COMMAND = path.resolve(import.meta.dirname, '../bin/meltica.mjs');

test('meltica replay --file finds no difference in any recorded file, and exits with 0', async (t) => {
  t.true(recordedFiles().length > 0);
  for (const file of recordedFiles()) {
    const { status, out } = await replay(t, file);
    t.regex(out, /^\d+ actors, \d+ transitions, 0 differences\n$/);
    t.is(status, 0, file);
  }
});

test('on a copy that was tampered with it tells the first difference, and exits with 1', async (t) => {
  const [file] = recordedFiles();
  const [first, ...rest] = JSON.parse(fs.readFileSync(file as string, 'utf8'));
  const transitions = first.transitions.map((row: object, index: number) =>
    index === 1 ? { ...row, toState: 'elsewhere' } : row,
  );
  const copy = path.join(folder(t), 'copy.json');
  fs.writeFileSync(copy, JSON.stringify([{ ...first, transitions }, ...rest]));
  const { status, out } = await replay(t, copy);
  t.regex(out, new RegExp(`^first difference: ${first.key}: transition 2 \\(.*\\) leads to .*, stored is elsewhere\n`));
  t.regex(out, /, 1 differences\n$/);
  t.is(status, 1);
});

test('what is no file of histories is refused in one sentence', async (t) => {
  const missing = await replay(t, path.join(folder(t), 'missing.json'));
  t.regex(missing.err, /^meltica replay: .*no such file.*missing\.json/);
  t.is(missing.status, 1);
  const file = path.join(folder(t), 'other.json');
  fs.writeFileSync(file, '{"a":1}');
  const other = await replay(t, file);
  t.regex(other.err, /^meltica replay: .*other\.json holds no histories: the file: .*expected array.*\n$/);
  t.is(other.status, 1);
});

async function replay(t: ExecutionContext, file: string): Promise<{ status: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [COMMAND, 'replay', '--file', file], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  const closed = once(child, 'close');
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [status] = (await closed) as [number | null];
  return { status, out, err };
}

function folder(t: ExecutionContext): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'meltica-histories-'));
  t.teardown(() => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}
