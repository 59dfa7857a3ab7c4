// The production machines and runtime through histories that a seed decides: processes killed, paused and taken over,
// commits and answers lost, a venue that is late, lags and is cut off. `npm run test:sim` runs many more of them.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { type Campaign, campaign, firstFailure, keepFailed, keepSeeds, keptSeeds, seedsFrom } from './campaign.ts';
import { runHistory } from './history.ts';
import { MUTANTS, type Mutant, TOLD_ONCE } from './mutants.ts';
import { World } from './world.ts';

const HISTORIES = 150;
/** Most mutants need a dozen, the subtlest a few hundred. */
const SEEDS_TO_CONVICT = 1_000;

/** The seed of what is found here is kept, as `npm run test:sim` does. */
async function sound(t: ExecutionContext, seeds: readonly number[]): Promise<Campaign> {
  const result = await campaign(seeds);
  keepFailed(result);
  t.deepEqual(result.failed, []);
  return result;
}

test('no history breaks an invariant: those that did once, and others', async (t) => {
  const result = await sound(t, [...keptSeeds(), ...seedsFrom(1, HISTORIES)]);
  t.log(JSON.stringify(result));
});

test('the histories are rough: fills, crashes, takeovers, cuts and doubts come up in great number', async (t) => {
  const result = await sound(t, seedsFrom(10_001, 60));
  t.true(result.calm >= 3, `${result.calm} without a fault, where reconciliation must change nothing`);
  t.true(result.orders > 200, `${result.orders} orders`);
  t.true(result.fills > 150, `${result.fills} fills`);
  t.true(result.crashes > 100, `${result.crashes} crashes`);
  t.true(result.takeovers > 60, `${result.takeovers} takeovers`);
  t.true(result.fencedOff > 0, `${result.fencedOff} commits of processes that were taken over`);
  t.true(result.cuts > 30, `${result.cuts} cuts`);
  t.true(result.doubts > 30, `${result.doubts} doubts`);
  t.true(result.declared > 0, `${result.declared} orders declared absent by a person`);
  t.true(result.adopted > 20, `${result.adopted} orders of others`);
  t.true(result.amends > 5, `${result.amends} amends`);
  t.true(result.replacements > 10, `${result.replacements} orders in the place of others`);
  t.true(result.busts > 15, `${result.busts} trades taken back`);
});

test('what the venue counts and does not show is inferred, and gives way to what it shows at last', async (t) => {
  const result = await sound(t, seedsFrom(1, 200));
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

test('a gateway that counts as often as it is told is sound before a venue that tells everything once', async (t) => {
  const calm = seedsFrom(1, 300).filter((seed) => new World(seed, {}).forecast.calm);
  const result = await campaign(calm, TOLD_ONCE);
  t.deepEqual(result.failed, []);
  t.true(result.fills > 100, `${result.fills} fills`);
});

test('of the seeds that break an invariant a few are kept, each once and beside those before', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'meltica-sim-'));
  t.teardown(() => fs.rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'seeds.json');
  fs.writeFileSync(file, '[2]\n');
  const [{ flaws }] = MUTANTS.filter(({ breaks }) => breaks === 'POSTED_TWICE') as [Mutant];
  const result = await campaign(seedsFrom(9, 5), flaws);
  t.deepEqual(
    result.failed.map(({ seed }) => seed),
    [9, 10, 11, 12, 13],
  );
  keepFailed(result, file);
  keepFailed(result, file);
  t.deepEqual(keptSeeds(file), [2, 9, 10, 11]);
  keepFailed({ ...result, failed: [{ seed: 7, finding: 'OTHER: x' }, ...result.failed.slice(4)] }, file);
  t.deepEqual(keptSeeds(file), [2, 7, 9, 10, 11, 13]);
  keepSeeds(seedsFrom(1_000, 100), file);
  t.is(keptSeeds(file).length, 106);
  t.true(
    fs
      .readFileSync(file, 'utf8')
      .split('\n')
      .every(({ length }) => length <= 120),
  );
});

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
