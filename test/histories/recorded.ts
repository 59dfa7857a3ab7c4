// The recorded histories: test/histories/<kind>.v<version>.json, arrays as `meltica inspect KEY --history` prints them.
// They are real journals, complete from number 1, and are replayed for as long as their machine version is the present
// one.
import fs from 'node:fs';
import path from 'node:path';
import type { History } from '../../actors/runtime/ports.ts';
import { readHistories } from '../../bin/replay.ts';

export const FOLDER = import.meta.dirname;

export function fileOf(kind: string, version: number): string {
  return path.join(FOLDER, `${kind}.v${version}.json`);
}

export function recordedFiles(): readonly string[] {
  const names = fs.readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => path.join(FOLDER, name));
}

/** Of one kind and machine version; none when nobody has recorded any. */
export function recorded(kind: string, version: number): readonly History[] {
  const file = fileOf(kind, version);
  return fs.existsSync(file) ? readHistories(file) : [];
}

/** What a history shows: where a message was heard, and where it led. */
export function stepsOf({ transitions }: History): ReadonlySet<string> {
  return new Set(transitions.map(({ fromState, type, toState }) => `${fromState ?? ''} + ${type} = ${toState}`));
}

/** Of the candidates those that show a step nobody before them shows: the one that shows most for its size first. */
export function choose(
  candidates: readonly History[],
  known: readonly History[],
  charsMax: number,
): readonly History[] {
  const seen = new Set(known.flatMap((history) => [...stepsOf(history)]));
  const chosen: History[] = [];
  let left = charsMax - known.reduce((sum, history) => sum + charsOf(history), 0);
  let rest = candidates.map((history) => ({ history, steps: stepsOf(history), chars: charsOf(history) }));
  for (;;) {
    const room = left;
    rest = rest.filter(({ chars, steps }) => chars <= room && [...steps].some((step) => !seen.has(step)));
    const worth = ({ steps, chars }: (typeof rest)[number]): number =>
      [...steps].filter((step) => !seen.has(step)).length / chars;
    const best = rest.reduce<(typeof rest)[number] | null>(
      (one, two) => (one === null || worth(two) > worth(one) ? two : one),
      null,
    );
    if (best === null) return chosen;
    for (const step of best.steps) seen.add(step);
    chosen.push(best.history);
    left -= best.chars;
    rest = rest.filter((one) => one !== best);
  }
}

export function charsOf(history: History): number {
  return textOf([history]).length;
}

/** One line per transition: what is added to a history is seen in a diff. */
export function textOf(histories: readonly History[]): string {
  return `[${histories.map(oneText).join(',')}\n]\n`;
}

function oneText({ transitions, ...head }: History): string {
  const rows = transitions.map((row) => `\n    ${JSON.stringify(row)}`);
  return `\n  ${JSON.stringify(head).slice(0, -1)},"transitions":[${rows.join(',')}\n  ]}`;
}
