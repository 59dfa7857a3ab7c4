// npm run test:crash [-- kills [seed]]: the whole crash loop, with a table. Ends with 1 when the oracle is red.
import process from 'node:process';
import { migrateUp } from '../../persistence/migrate.ts';
import { startFastEmbedded } from '../support/postgres.ts';
import { type Killed, killLoop, type LoopReport } from './kill-loop.ts';
import { createWorld } from './world.ts';

const KILLS = 120;

const kills = Number(process.argv[2] ?? KILLS);
const seed = Number(process.argv[3] ?? Date.now() % 100_000);
const startedAt = performance.now();
const database = await startFastEmbedded();
await migrateUp(database);
const world = await createWorld({ database });
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void interrupted());
}
console.log(`${kills} kills, seed ${seed}`);
let done = 0;
try {
  const report = await killLoop(world, { kills, seed, onKill: (killed) => progress(killed) });
  print(report);
  for (const finding of report.findings) console.log(finding);
  process.exitCode = report.findings.length === 0 ? 0 : 1;
} catch (error) {
  console.error(error);
  console.error(await world.logs());
  process.exitCode = 1;
}
await world[Symbol.asyncDispose]();

async function interrupted(): Promise<void> {
  await world[Symbol.asyncDispose]();
  process.exit(130);
}

function progress({ point }: Killed): void {
  done += 1;
  if (process.stdout.isTTY) process.stdout.write(`\r${done}/${kills} ${point.padEnd(40)}`);
  else if (done % 10 === 0) console.log(`${done} kills after ${seconds(performance.now() - startedAt)} s`);
}

function print({ kills: killed, counts, findings, settledMs }: LoopReport): void {
  const byPoint = Map.groupBy(killed, ({ point }) => point);
  const rows = [...byPoint]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([point, all]) => [point, all.length] as const);
  const { intents, replaced, external, venueOrders, doubts, executions, acked, actors, transitions, lives } = counts;
  const ends = Object.entries(lives).sort(([, left], [, right]) => right - left);
  table('kills by point', [...rows, ['all', killed.length]]);
  table('what they struck', [
    ['intents', intents],
    ['of them replacements', replaced],
    ['orders of somebody else adopted', external],
    ['orders at the venue', venueOrders],
    ['orders that were in doubt, all decided', doubts],
    ['executions', executions],
    ['commands acknowledged', acked],
    ['actors replayed', actors],
    ['transitions', transitions],
    ...ends.map(([life, count]) => [`ended ${life}`, count] as const),
  ]);
  table('times', [
    [
      'start to recovered, p50',
      spread(
        killed.map(({ recoveredMs }) => recoveredMs),
        0.5,
      ),
    ],
    [
      'start to recovered, p99',
      spread(
        killed.map(({ recoveredMs }) => recoveredMs),
        0.99,
      ),
    ],
    [
      'start to trading, p50',
      spread(
        killed.map(({ readyMs }) => readyMs),
        0.5,
      ),
    ],
    [
      'start to trading, p99',
      spread(
        killed.map(({ readyMs }) => readyMs),
        0.99,
      ),
    ],
    ['faults off to last order ended', `${seconds(settledMs)} s`],
    ['all', `${seconds(performance.now() - startedAt)} s`],
  ]);
  console.log(`\n${findings.length} findings`);
}

function table(title: string, rows: readonly (readonly [name: string, value: number | string])[]): void {
  console.log(`\n${title}`);
  for (const [name, value] of rows) console.log(`  ${name.padEnd(42)} ${String(value).padStart(10)}`);
}

function spread(times: readonly (number | null)[], part: number): string {
  const known = times.filter((ms) => ms !== null).sort((left, right) => left - right);
  const at = known[Math.min(known.length - 1, Math.floor(known.length * part))];
  return at === undefined ? 'none' : `${Math.round(at)} ms`;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}
