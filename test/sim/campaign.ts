// Many histories one after the other, and what they came to together.
import fs from 'node:fs';
import path from 'node:path';
import { type History, runHistory } from './history.ts';
import type { Flaws } from './world.ts';

export interface Campaign {
  readonly histories: number;
  readonly calm: number;
  readonly orders: number;
  readonly fills: number;
  readonly crashes: number;
  readonly takeovers: number;
  readonly fencedOff: number;
  readonly cuts: number;
  readonly doubts: number;
  readonly transitions: number;
  readonly failed: readonly { readonly seed: number; readonly finding: string }[];
}

/** Seeds that failed once: run first, for ever. */
const KEPT = path.join(import.meta.dirname, 'seeds.json');

export function keptSeeds(file = KEPT): number[] {
  return JSON.parse(fs.readFileSync(file, 'utf8')) as number[];
}

export function keepSeeds(seeds: readonly number[], file = KEPT): void {
  const all = [...new Set([...keptSeeds(file), ...seeds])].sort((a, b) => a - b);
  fs.writeFileSync(file, `${JSON.stringify(all)}\n`);
}

/** Seeds from `first` on. */
export function seedsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

export async function campaign(seeds: readonly number[], flaws: Flaws = {}): Promise<Campaign> {
  const histories: History[] = [];
  for (const seed of seeds) {
    histories.push(await runHistory(seed, flaws));
    // A history leaves the event loop no turn of its own.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const sum = (count: (history: History) => number): number => histories.reduce((all, one) => all + count(one), 0);
  return {
    histories: histories.length,
    calm: sum(({ calm }) => (calm ? 1 : 0)),
    orders: sum(({ orders }) => orders),
    fills: sum(({ fills }) => fills),
    crashes: sum(({ crashes }) => crashes),
    takeovers: sum(({ takeovers }) => takeovers),
    fencedOff: sum(({ fencedOff }) => fencedOff),
    cuts: sum(({ cuts }) => cuts),
    doubts: sum(({ doubts }) => doubts),
    transitions: sum(({ transitions }) => transitions),
    failed: histories.flatMap(({ seed, findings: [finding] }) => (finding === undefined ? [] : [{ seed, finding }])),
  };
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
