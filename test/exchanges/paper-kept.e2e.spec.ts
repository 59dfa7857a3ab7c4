// The paper venue of a running gateway: whatever ended it, it comes back on its ledger and at its address.
import { mkdir, readFile, rename, rmdir } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { keepVenue } from '../../bin/paper.ts';
import { readEnvironment } from '../../config/env.ts';
import { loadConfig } from '../../config/index.ts';
import { memoryLog } from '../control/support.ts';
import { scratch } from '../support/paper.ts';
import { until } from '../support/system.ts';

test('a venue that cannot be started again is tried until it can', async (t) => {
  t.timeout(120_000);
  const dataDir = await scratch(t);
  const log = memoryLog();
  const kept = await keepVenue({ ...loadConfig(readEnvironment()), dataDir }, log);
  t.teardown(() => kept.release());
  const folder = path.join(dataDir, 'venue');
  const ledger = path.join(folder, 'ledger.jsonl');
  const before = await readFile(ledger, 'utf8');
  const ping = () =>
    fetch(`${kept.handle.restUrl}/api/v3/ping`).then(
      ({ status }) => status,
      () => null,
    );
  t.is(await ping(), 200);
  // 1. Something stands in its way while it is down.
  await rename(ledger, path.join(folder, 'aside'));
  await mkdir(ledger);
  process.kill(await pidIn(folder), 'SIGKILL');
  const failures = () => log.lines.filter(({ text }) => text.startsWith('the paper venue could not be started again'));
  await until('it failed twice', () => failures().length >= 2, 60_000);
  t.is(await ping(), null);
  // 2. It is out of the way.
  await rmdir(ledger);
  await rename(path.join(folder, 'aside'), ledger);
  await until('it answers', async () => (await ping()) === 200, 60_000);
  t.true((await readFile(ledger, 'utf8')).startsWith(before));
});

async function pidIn(folder: string): Promise<number> {
  const place = JSON.parse(await readFile(path.join(folder, 'venue.json'), 'utf8')) as { readonly pid: number };
  return place.pid;
}
