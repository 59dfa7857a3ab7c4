// One row per figure: what was measured, against what in the same run, and whether the goal holds.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';

export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the ratio is taken against, with its figure; null for a figure that stands alone. */
  readonly against: string | null;
  readonly ratio: number | null;
  /** `>= 6`, `<= 3`; null for information. */
  readonly goal: string | null;
  readonly met: boolean | null;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** A figure with a ratio that must reach, or not exceed, the goal. */
export function judged(figure: {
  name: string;
  value: number;
  unit: string;
  against: string;
  base: number;
  atLeast?: number;
  atMost?: number;
}): Row {
  const { name, value, unit, against, base, atLeast, atMost } = figure;
  const ratio = value / base;
  const goal = atLeast === undefined ? `<= ${atMost}` : `>= ${atLeast}`;
  const met = atLeast === undefined ? ratio <= (atMost ?? 0) : ratio >= atLeast;
  return { name, value, unit, against: `${against}: ${round(base)} ${unit}`, ratio, goal, met };
}

/** A figure that must itself reach, or not exceed, the goal. */
export function bounded(figure: { name: string; value: number; unit: string; atLeast?: number; atMost?: number }): Row {
  const { name, value, unit, atLeast, atMost } = figure;
  const goal = atLeast === undefined ? `<= ${atMost} ${unit}` : `>= ${atLeast} ${unit}`;
  const met = atLeast === undefined ? value <= (atMost ?? 0) : value >= atLeast;
  return { name, value, unit, against: null, ratio: null, goal, met };
}

export function informed(name: string, value: number, unit: string): Row {
  return { name, value, unit, against: null, ratio: null, goal: null, met: null };
}

export function print(rows: readonly Row[]): void {
  const cells = rows.map(({ name, value, unit, against, ratio, goal, met }) => [
    name,
    `${round(value)} ${unit}`,
    against ?? '',
    ratio === null ? '' : ratio.toFixed(2),
    goal ?? '',
    met === null ? '' : met ? 'met' : 'MISSED',
  ]);
  const all = [['what', 'value', 'against', 'ratio', 'goal', ''], ...cells];
  const widths = (all[0] as string[]).map((_, column) => Math.max(...all.map((line) => (line[column] ?? '').length)));
  for (const line of all)
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

/** One JSON line per run: commit, machine, date, rows. */
export function append(file: string, rows: readonly Row[]): void {
  const machine = {
    cpus: os.cpus().length,
    model: os.cpus()[0]?.model ?? '',
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    node: process.version,
  };
  fs.appendFileSync(file, `${JSON.stringify({ date: new Date().toISOString(), commit: commit(), machine, rows })}\n`);
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}

function round(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);
}
