// The production machines and runtime through histories that a seed decides: processes killed, paused and taken over,
// commits and answers lost, a venue that is late, lags and is cut off. `npm run test:sim` runs many more of them.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { campaign, firstFailure, keepSeeds, keptSeeds, seedsFrom } from './campaign.ts';
import { runHistory } from './history.ts';
import { MUTANTS } from './mutants.ts';

const HISTORIES = 150;
/** Most mutants need a dozen, the subtlest a few hundred. */
const SEEDS_TO_CONVICT = 1_000;

test('no history breaks an invariant: those that did once, and others', async (t) => {
  const result = await campaign([...keptSeeds(), ...seedsFrom(1, HISTORIES)]);
  t.deepEqual(result.failed, []);
  t.log(JSON.stringify(result));
});

test('the histories are rough: fills, crashes, takeovers, cuts and doubts come up in great number', async (t) => {
  const result = await campaign(seedsFrom(10_001, 60));
  t.true(result.calm >= 3, `${result.calm} without a fault, where reconciliation must change nothing`);
  t.true(result.orders > 200, `${result.orders} orders`);
  t.true(result.fills > 150, `${result.fills} fills`);
  t.true(result.crashes > 100, `${result.crashes} crashes`);
  t.true(result.takeovers > 60, `${result.takeovers} takeovers`);
  t.true(result.fencedOff > 0, `${result.fencedOff} commits of processes that were taken over`);
  t.true(result.cuts > 30, `${result.cuts} cuts`);
  t.true(result.doubts > 30, `${result.doubts} doubts`);
  t.true(result.adopted > 20, `${result.adopted} orders of others`);
  t.true(result.amends > 5, `${result.amends} amends`);
  t.true(result.replacements > 10, `${result.replacements} orders in the place of others`);
  t.true(result.busts > 15, `${result.busts} trades taken back`);
});

test('what the venue counts and does not show is inferred, and gives way to what it shows at last', async (t) => {
  const result = await campaign(seedsFrom(1, 200));
  t.deepEqual(result.failed, []);
  t.true(result.inferred > 0, `${result.inferred} inferred executions`);
});

test('a seed decides everything: run again, it gives the same journals and the same books of the venue', async (t) => {
  const hashes = new Set<string>();
  for (const seed of seedsFrom(1, 12)) {
    const first = (await runHistory(seed)).hash();
    t.is((await runHistory(seed)).hash(), first, `seed ${seed}`);
    hashes.add(first);
  }
  t.is(hashes.size, 12);
});

for (const { does, flaws, breaks } of MUTANTS) {
  test(`the oracle convicts a gateway that ${does}`, async (t) => {
    const failure = await firstFailure(seedsFrom(1, SEEDS_TO_CONVICT), flaws, breaks);
    if (failure === null) return t.fail(`${SEEDS_TO_CONVICT} histories, and none breaks ${breaks}`);
    t.log(`seed ${failure.seed}: ${failure.finding.slice(0, 150)}`);
    t.pass();
  });
}

test('the command says what it ran and ends well when nothing is broken', async (t) => {
  const run = promisify(execFile);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'meltica-sim-'));
  t.teardown(() => fs.rmSync(folder, { recursive: true }));
  const kept = path.join(folder, 'seeds.json');
  fs.writeFileSync(kept, '[]');
  keepSeeds([30_001, 30_000], kept);
  const { stdout } = await run(process.execPath, [path.join(import.meta.dirname, 'run.ts'), '3', '20001', kept]);
  t.regex(stdout, /^5 histories, \d+ a minute: \d+ calm, \d+ orders, \d+ adopted, \d+ amends/);
  t.regex(stdout, /no invariant was broken/);
  t.deepEqual(keptSeeds(kept), [30_000, 30_001]);
});
