// A tidy rule: a sentence that holds for the whole project, and a small project for which it does not.
import type { Project } from './source.ts';

export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly what: string;
}

export interface Rule {
  readonly sentence: string;
  /** What to do about a finding. */
  readonly advice: string;
  /** Files by path that break the rule once each: the rule is tested on them. */
  readonly planted: Readonly<Record<string, string>>;
  find(project: Project): Finding[];
}

/** The escape, on the line or the line above it: `// tidy-ok: reason`, or biome's own where biome asks too. */
const EXCUSE = /\/\/ (?:tidy-ok|biome-ignore \S+): \S/;

export interface Verdict {
  readonly findings: readonly Finding[];
  readonly excused: readonly Finding[];
}

export function judge(rule: Rule, project: Project): Verdict {
  const findings: Finding[] = [];
  const excused: Finding[] = [];
  for (const finding of rule.find(project)) {
    const lines = (project.texts.get(finding.file) ?? '').split('\n');
    const here = lines[finding.line - 1] ?? '';
    const above = lines[finding.line - 2] ?? '';
    const isExcused = EXCUSE.test(here) || (EXCUSE.test(above) && above.trimStart().startsWith('//'));
    (isExcused ? excused : findings).push(finding);
  }
  return { findings, excused };
}

export function report({ advice }: Rule, findings: readonly Finding[]): string {
  const list = findings.map(({ file, line, what }) => `  ${file}:${line}  ${what}`);
  return [`${findings.length} found. ${advice}`, ...list].join('\n');
}
