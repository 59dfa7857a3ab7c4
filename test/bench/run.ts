// npm run bench: every figure with the one it is judged against, measured in the same run on the same machine.
// Appends one line to results.jsonl; --json prints one object; exits 1 when a goal is missed.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { addFinishedOrders, addLiveOrders, type Boot, measureBoot } from './boot.ts';
import { writeByHand } from './by-hand.ts';
import { type BenchServer, startServer } from './database.ts';
import { measureLatency } from './latency.ts';
import type { Lifecycle } from './lifecycle.ts';
import { measureReplay } from './replay.ts';
import { append, bounded, informed, judged, median, print, type Row } from './report.ts';
import { writeSetBased } from './set-based.ts';
import { BENCH_ACTORS, measureThroughput, type Throughput } from './throughput.ts';

const RESULTS = path.join(import.meta.dirname, 'results.jsonl');
const OPEN_ORDERS = 3_000;
const SECONDS = 5;
const ROUNDS = 3;
const BESIDE_ROUNDS = 5;
/** Above every id that the runs before it can have used. */
const LIVE_FROM = 10_000_000;
const LIVE_ORDERS = 100_000;
const FINISHED_ORDERS = 1_000_000;

const { values } = parseArgs({ options: { json: { type: 'boolean' }, quick: { type: 'boolean' } } });
const say = (text: string): void => console.error(text);
const server = await startServer();
const rows: Row[] = [];
try {
  const life = await throughput(server, rows);
  await latency(server, rows);
  await boot(server, rows, life, values.quick === true ? FINISHED_ORDERS / 20 : FINISHED_ORDERS);
} finally {
  await server.stop();
}
append(RESULTS, rows);
if (values.json === true) console.log(JSON.stringify({ rows }));
else print(rows);
process.exitCode = rows.some(({ met }) => met === false) ? 1 : 0;

/** Engine and yardsticks in turns, so that a noisy machine is noisy for all; medians of the rounds. */
async function throughput(bench: BenchServer, out: Row[]): Promise<Lifecycle> {
  const engine: Throughput[] = [];
  const byHand: number[] = [];
  const setBased: number[] = [];
  const poolSize = await bestPool(bench);
  for (let round = 1; round <= ROUNDS; round += 1) {
    say(`throughput, round ${round} of ${ROUNDS}`);
    const ours = await measureThroughput(await bench.database(), {
      open: OPEN_ORDERS,
      seconds: SECONDS,
      prefix: `r${round}x`,
    });
    engine.push(ours);
    byHand.push(await writeByHand(await bench.database({ provider: true }), ours.life, poolSize, SECONDS));
    const sizes: number[] = [];
    for (const size of [100, 500, 1_000])
      sizes.push(await writeSetBased(await bench.database({ provider: true }), ours.life, size, SECONDS / 2));
    setBased.push(Math.max(...sizes));
  }
  const value = median(engine.map(({ transitionsPerSecond }) => transitionsPerSecond));
  const name = 'durable transitions of the order lifecycle';
  out.push(
    judged({
      name,
      value,
      unit: '/s',
      against: `one transaction each, pool of ${poolSize}`,
      base: median(byHand),
      atLeast: 6,
    }),
  );
  out.push(judged({ name, value, unit: '/s', against: 'set-based SQL alone', base: median(setBased), atLeast: 0.6 }));
  out.push(informed('whole lives of orders', median(engine.map(({ orders }) => orders / SECONDS)), '/s'));
  out.push(
    informed(
      'turns in a group',
      median(engine.map(({ turnsPerSecond, groups }) => (turnsPerSecond * SECONDS) / groups)),
      'turns',
    ),
  );
  return (engine[0] as Throughput).life;
}

async function bestPool(bench: BenchServer): Promise<number> {
  const { life } = await measureThroughput(await bench.database(), { open: 10, seconds: 0.2, prefix: 'w' });
  const found: [size: number, perSecond: number][] = [];
  for (const size of [2, 4, 8, 16, 32])
    found.push([size, await writeByHand(await bench.database({ provider: true }), life, size, 1.5)]);
  const sizes = found.map(([size, perSecond]) => `${size}: ${Math.round(perSecond)}/s`);
  say(`one transaction each, by pool size: ${sizes.join(', ')}`);
  return found.reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}

async function latency(bench: BenchServer, out: Row[]): Promise<void> {
  say('latency');
  const { command, bare } = await measureLatency(await bench.database(), 2_000);
  out.push(
    judged({
      name: 'one durable command, p50',
      value: command.p50,
      unit: 'ms',
      against: 'bare commit',
      base: bare.p50,
      atMost: 2,
    }),
  );
  out.push(informed('one durable command, p99', command.p99, 'ms'));
  out.push(informed('one bare commit, p99', bare.p99, 'ms'));
}

/** Two databases that live through the same, and only one has the finished orders. */
async function boot(bench: BenchServer, out: Row[], life: Lifecycle, finished: number): Promise<void> {
  const [lean, full] = [await bench.database(), await bench.database()];
  say('a run for replay and boot');
  const { working } = await measureThroughput(lean, { open: OPEN_ORDERS, seconds: SECONDS, prefix: 'b' });
  await measureThroughput(full, { open: OPEN_ORDERS, seconds: SECONDS, prefix: 'b' });
  const { perSecond } = await measureReplay(lean, BENCH_ACTORS);
  out.push(bounded({ name: 'replay from the database', value: perSecond, unit: 'transitions/s', atLeast: 20_000 }));
  say(`${finished} finished orders`);
  await addFinishedOrders(full, life, LIVE_FROM + LIVE_ORDERS, finished);
  const beside = `beside ${finished} finished orders`;
  const durable = await throughputBeside(lean, full, beside);
  say(`${LIVE_ORDERS} live orders`);
  for (const url of [lean, full]) await addLiveOrders(url, working, LIVE_FROM, LIVE_ORDERS);
  await bench.query(lean, 'checkpoint');
  const [without, withThem] = bootMedians(lean, full);
  const { actors, heapBytesPerActor } = without;
  out.push(bounded({ name: `boot with ${actors} live actors`, value: without.ms / 1_000, unit: 's', atMost: 3 }));
  out.push(bounded({ name: 'heap of a live order', value: heapBytesPerActor, unit: 'bytes', atMost: 1_024 }));
  const against = 'without them';
  const [value, base] = [withThem.ms / 1_000, without.ms / 1_000];
  out.push(judged({ name: `boot ${beside}`, value, unit: 's', against, base, atMost: 1.1 }));
  out.push(durable);
}

/** In turns, so that a noisy moment is noisy for both. */
function bootMedians(...urls: readonly [string, string]): readonly [Boot, Boot] {
  const boots = Array.from({ length: 5 }, () => urls.map((url) => measureBoot(url)));
  const medianOf = (which: 0 | 1): Boot => {
    const own = boots.map((pair) => pair[which] as Boot);
    return { ...(own[0] as Boot), ms: median(own.map(({ ms }) => ms)) };
  };
  return [medianOf(0), medianOf(1)];
}

async function throughputBeside(lean: string, full: string, beside: string): Promise<Row> {
  const found = new Map<string, number[]>([
    [lean, []],
    [full, []],
  ]);
  for (let round = 1; round <= BESIDE_ROUNDS; round += 1) {
    say(`throughput ${beside}, round ${round} of ${BESIDE_ROUNDS}`);
    for (const url of round % 2 === 1 ? [lean, full] : [full, lean]) {
      const options = { open: OPEN_ORDERS, seconds: SECONDS, prefix: `f${round}x` };
      found.get(url)?.push((await measureThroughput(url, options)).transitionsPerSecond);
    }
  }
  const [base, value] = [median(found.get(lean) ?? []), median(found.get(full) ?? [])];
  return judged({
    name: `durable transitions ${beside}`,
    value,
    unit: '/s',
    against: 'without them',
    base,
    atLeast: 0.9,
  });
}
