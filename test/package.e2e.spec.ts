// What npm publishes, used as its users use it: the command from their shell, the library from their program.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { z } from 'zod';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '..');
const modules = path.join(root, 'node_modules');
const Names = z.record(z.string(), z.string());
const description = z
  .object({ version: z.string(), dependencies: Names, optionalDependencies: Names })
  .parse(JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')));

const CONSUMER = `
import { type Delivered, defineActor } from 'meltica';
import { assign, setup } from 'xstate';

type Add = { readonly type: 'Add'; readonly amount: number };
const machine = setup({
  types: { context: {} as { total: number }, events: {} as Delivered<Add> },
  actions: { add: assign({ total: ({ context, event }) => context.total + event.amount }) },
}).createMachine({ version: '1', options: { maxIterations: 100 }, context: () => ({ total: 0 }),
  on: { Add: { actions: 'add' } } });
const counter: { readonly kind: string } = defineActor({ kind: 'counter', version: 1, machine });
console.log(counter.kind);
`;
const OPTIONS = { module: 'nodenext', target: 'es2024', strict: true, skipLibCheck: true, noEmit: true, types: [] };

test.before('the package is packed from a copy of the sources, and installed', async () => {
  await pack();
});

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'meltica-package-'));
const consumer = path.join(work, 'consumer');
const installed = path.join(consumer, 'node_modules', 'meltica');
test.after.always(() => fs.rmSync(work, { recursive: true, force: true }));

test('the command runs from a shell with the Node of the host, and keeps its exit code', async (t) => {
  const command = path.join(consumer, 'node_modules/.bin/meltica');
  const env = { ...process.env, PATH: hostPath() };
  const { stdout } = await run(command, ['--version'], { cwd: work, env });
  t.is(stdout.trim(), description.version);
  const failed = await t.throwsAsync<Error & { code?: number }>(run(command, ['--no-such-option'], { cwd: work, env }));
  t.not(failed?.code, 0);
});

test('a program that uses the library passes the type check and runs', async (t) => {
  fs.writeFileSync(path.join(consumer, 'main.ts'), CONSUMER);
  fs.writeFileSync(
    path.join(consumer, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: OPTIONS, files: ['main.ts'] }),
  );
  await t.notThrowsAsync(typeCheck(consumer));
  const { stdout } = await run(process.execPath, ['main.ts'], { cwd: consumer });
  t.is(stdout.trim(), 'counter');
});

test('the types are really checked', async (t) => {
  const folder = path.join(consumer, 'wrong');
  fs.mkdirSync(folder);
  fs.writeFileSync(path.join(folder, 'main.ts'), CONSUMER.replace(`kind: 'counter'`, 'kind: 7'));
  fs.writeFileSync(
    path.join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: OPTIONS, files: ['main.ts'] }),
  );
  await t.throwsAsync(typeCheck(folder), { message: /Type 'number' is not assignable to type 'string'/ });
});

test('everything that is not a program is in the package, beside the programs that read it', (t) => {
  const assets = ['actors', 'config', 'drizzle', 'persistence'].flatMap((folder) =>
    filesIn(path.join(root, folder), folder),
  );
  const expected = assets.filter((file) => !file.endsWith('.ts'));
  t.true(expected.some((file) => file.endsWith('.sql')));
  const missing = expected.filter((file) => !fs.existsSync(path.join(installed, 'dist', file)));
  t.deepEqual(missing, []);
});

test('neither sources, tests nor tools of development are in the package', (t) => {
  const files = filesIn(installed, '').filter((file) => !file.startsWith('dist/'));
  t.deepEqual(files.filter((file) => !/^(?:README|LICENSE|CHANGELOG)/.test(file)).toSorted(), [
    'bin/launch.mjs',
    'bin/launched.mjs',
    'bin/meltica.mjs',
    'config/drizzle-cjs.mjs',
    'package.json',
  ]);
  const sources = filesIn(path.join(installed, 'dist'), '').filter((file) => /(?<!\.d)\.ts$|\.spec\./.test(file));
  t.deepEqual(sources, []);
});

/** Packed from a copy, so that a checkout in use keeps its dist/. */
async function pack(): Promise<void> {
  const copy = path.join(work, 'copy');
  const left = new Set(['node_modules', 'dist', '.git', '.meltica', 'test', 'docs']);
  fs.cpSync(root, copy, { recursive: true, filter: (file) => !left.has(path.relative(root, file)) });
  fs.symlinkSync(modules, path.join(copy, 'node_modules'));
  const { stdout } = await run('npm', ['pack', '--pack-destination', work], { cwd: copy });
  const tarball = path.join(work, stdout.trim().split('\n').at(-1) ?? '');
  fs.mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed]);
  link();
}

/** What npm install does, with the dependencies that are here: those the package declares, and no other. */
function link(): void {
  const names = Object.keys({ ...description.dependencies, ...description.optionalDependencies });
  for (const name of names.filter((each) => fs.existsSync(path.join(modules, each)))) {
    const target = path.join(consumer, 'node_modules', name);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.symlinkSync(path.join(modules, name), target);
  }
  const bin = path.join(consumer, 'node_modules/.bin');
  fs.mkdirSync(bin);
  fs.symlinkSync('../meltica/bin/meltica.mjs', path.join(bin, 'meltica'));
}

function typeCheck(folder: string) {
  const tsc = path.join(modules, 'typescript/bin/tsc');
  return run(process.execPath, [tsc, '-p', folder]).catch((error: unknown) => {
    const output = error instanceof Error && 'stdout' in error ? String(error.stdout) : '';
    throw new Error(`tsc: ${output}`, { cause: error });
  });
}

/** PATH without what npm and the launcher put before it. */
function hostPath(): string {
  const entries = (process.env['PATH'] ?? '').split(path.delimiter);
  return entries.filter((entry) => !entry.includes('node_modules')).join(path.delimiter);
}

function filesIn(folder: string, prefix: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const name = path.posix.join(prefix, entry.name);
    return entry.isDirectory() ? filesIn(path.join(folder, entry.name), name) : [name];
  });
}
