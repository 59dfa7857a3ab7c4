import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { systemHost } from '../../actors/exchanges/paper/host.ts';
import { lock, VenueLocked } from '../../actors/exchanges/paper/lock.ts';
import { scratch } from '../support/paper.ts';

const take = (folder: string): Promise<void> => lock(folder, process.pid, systemHost);
const locks = async (folder: string): Promise<string[]> => (await readdir(folder)).sort();

test('the first one takes it, and the same process takes it again', async (t) => {
  const folder = await scratch(t);
  await take(folder);
  t.deepEqual(await locks(folder), ['venue.lock.1']);
  await take(folder);
  t.deepEqual(await locks(folder), ['venue.lock.2']);
});

test('while its holder lives nobody else takes it', async (t) => {
  const folder = await scratch(t);
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  t.teardown(() => other.kill('SIGKILL'));
  await once(other, 'spawn');
  await lock(folder, other.pid ?? 0, systemHost);
  await t.throwsAsync(take(folder), { instanceOf: VenueLocked, message: new RegExp(`pid=${other.pid}`) });
  other.kill('SIGKILL');
  await once(other, 'exit');
  await take(folder);
  t.deepEqual(await locks(folder), ['venue.lock.2']);
});

test('a pid that was given to another process since is not its holder', async (t) => {
  const folder = await scratch(t);
  await writeFile(path.join(folder, 'venue.lock.7'), JSON.stringify({ pid: 1, began: 'another-boot/1' }));
  if (process.platform === 'linux') await take(folder);
  else await t.throwsAsync(take(folder));
  t.deepEqual(await locks(folder), [process.platform === 'linux' ? 'venue.lock.8' : 'venue.lock.7']);
});
