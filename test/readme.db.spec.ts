// The example of the README, word for word: extracted, pointed at this checkout, run twice with a kill in between.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { testDatabase } from './support/db.ts';
import { query, until } from './support/system.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

test('the durable actor of the README rings after its process was killed and started again', async (t) => {
  const url = await testDatabase();
  const readme = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8');
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const lines = example.split('\n').filter((line) => line.trim() !== '');
  t.true(lines.length <= 30, `the example has ${lines.length} lines`);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'meltica-readme-'));
  t.teardown(() => fs.rmSync(folder, { recursive: true, force: true }));
  fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  const file = path.join(folder, 'reminder.mts');
  fs.writeFileSync(
    file,
    example
      .replace("'meltica'", JSON.stringify(pathToFileURL(path.join(ROOT, 'bin/embed.ts')).href))
      .replace('{ actors: [reminder] }', `{ actors: [reminder], databaseUrl: ${JSON.stringify(url)} }`),
  );
  const first = start(file);
  t.teardown(() => void first.child.kill('SIGKILL'));
  await until(
    'the reminder is committed',
    async () => (await query(url, `select 1 from actors where key = 'reminder/tea'`)).length === 1,
  );
  first.child.kill('SIGKILL');
  t.is(first.output(), '');
  const second = start(file);
  t.teardown(() => void second.child.kill('SIGKILL'));
  await until('it rings', () => second.output().includes('tea is ready'), 40_000);
  await until(
    'it rests',
    async () => (await query(url, `select 1 from actors where key = 'reminder/tea' and status = 'done'`)).length === 1,
  );
  t.is(second.output().split('tea is ready').length, 2);
});

function start(file: string) {
  const child = spawn(process.execPath, ['--import', path.join(ROOT, 'config/drizzle-cjs.mjs'), file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return { child, output: () => text };
}
