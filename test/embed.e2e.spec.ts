// The package's openSystem, with its own embedded server: opened, refused, opened again on what is there.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import { openSystem } from '../bin/embed.ts';
import { type CounterMessage, counterActor } from './support/machines.ts';
import { contextOf, counter } from './support/system.ts';

test('what cannot start leaves nothing open, and what was stopped opens again as it was', async (t) => {
  t.timeout(120_000);
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'meltica-embed-'));
  await chmod(dataDir, 0o755); // the server's account must get there
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const actors = [counterActor()];
  await t.throwsAsync(openSystem({ actors: [...actors, ...actors], dataDir }), { message: /counter/ });
  // Would be refused if the server of the first were still there: a data folder has one user.
  const first = await openSystem({ actors, dataDir });
  await first.spawn(counter('a'), { step: 1 });
  await first.ask(counter('a'), { type: 'Add', amount: 3 } as CounterMessage);
  await first.stop();
  await first.stop();
  const second = await openSystem({ actors, dataDir });
  t.is(contextOf(second, counter('a')).total, 3);
  await second.stop();
});
