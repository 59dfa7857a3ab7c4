// Many histories one after the other, and what they came to together.
import fs from 'node:fs';
import path from 'node:path';
import { addCounts, type Counts, NO_COUNTS } from './counts.ts';
import { runHistory } from './history.ts';
import type { Flaws } from './world.ts';

export interface Campaign extends Counts {
  readonly histories: number;
  readonly calm: number;
  readonly failed: readonly { readonly seed: number; readonly finding: string }[];
}

const COLUMNS = 120;
const KEPT_OF_EACH = 3;
/** Seeds that failed once: run first, for ever. */
const KEPT = path.join(import.meta.dirname, 'seeds.json');

export function keptSeeds(file = KEPT): number[] {
  return JSON.parse(fs.readFileSync(file, 'utf8')) as number[];
}

export function keepSeeds(seeds: readonly number[], file = KEPT): void {
  const all = [...new Set([...keptSeeds(file), ...seeds])].sort((a, b) => a - b);
  fs.writeFileSync(file, textOf(all));
}

/** As the formatter wants it. */
function textOf(seeds: readonly number[]): string {
  const line = `[${seeds.join(', ')}]\n`;
  if (line.length <= COLUMNS + 1) return line;
  const lines = [''];
  for (const [index, seed] of seeds.entries()) {
    const text = index === seeds.length - 1 ? String(seed) : `${seed},`;
    const last = lines.at(-1) ?? '';
    if (last === '') lines[lines.length - 1] = `  ${text}`;
    else if (last.length + 1 + text.length <= COLUMNS) lines[lines.length - 1] = `${last} ${text}`;
    else lines.push(`  ${text}`);
  }
  return `[\n${lines.join('\n')}\n]\n`;
}

/**
 * Seeds of histories that broke an invariant are run first from then on, whoever ran them: a few for each invariant,
 * since a mistake that breaks one everywhere would fill the list.
 */
export function keepFailed({ failed }: Campaign, file = KEPT): void {
  const byInvariant = Map.groupBy(failed, ({ finding }) => finding.split(':')[0]);
  const few = [...byInvariant.values()].flatMap((all) => all.slice(0, KEPT_OF_EACH));
  if (few.length === 0) return;
  keepSeeds(
    few.map(({ seed }) => seed),
    file,
  );
}

/** Seeds from `first` on. */
export function seedsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

export async function campaign(seeds: readonly number[], flaws: Flaws = {}): Promise<Campaign> {
  const failed: { seed: number; finding: string }[] = [];
  let calm = 0;
  let counts = NO_COUNTS;
  for (const seed of seeds) {
    const history = await runHistory(seed, flaws);
    counts = addCounts(counts, history.counts);
    if (history.calm) calm += 1;
    const [finding] = history.findings;
    if (finding !== undefined) failed.push({ seed, finding });
    // A history leaves the event loop no turn of its own.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { histories: seeds.length, calm, ...counts, failed };
}

/** The first of the seeds whose history breaks this invariant, and how; null when none does. */
export async function firstFailure(
  seeds: readonly number[],
  flaws: Flaws,
  invariant: string,
): Promise<{ readonly seed: number; readonly finding: string } | null> {
  for (const seed of seeds) {
    const [failed] = (await campaign([seed], flaws)).failed;
    if (failed?.finding.startsWith(`${invariant}:`) === true) return failed;
  }
  return null;
}
