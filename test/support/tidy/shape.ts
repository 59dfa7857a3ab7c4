// Sizes, words that may not appear, and files that nothing uses.
import path from 'node:path';
import type { Finding, Rule } from './rule.ts';
import { lineOf, type Project, type Source } from './source.ts';

const FILE_LINES = 500;
const FUNCTION_LINES = 70;
const LINE_COLUMNS = 120;

const FILE_SIZE: Rule = {
  sentence: `no program is longer than ${FILE_LINES} lines`,
  advice: 'Split it by what its parts are about.',
  planted: { 'actors/runtime/a.ts': 'x();\n'.repeat(FILE_LINES + 1) },
  find: (project) =>
    project
      .programs()
      .map(({ file, text }) => ({ file, line: 1, lines: text.trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > FILE_LINES)
      .map(({ file, line, lines }) => ({ file, line, what: `has ${lines} lines` })),
};

const LINE_LENGTH: Rule = {
  sentence: `no line of a program is longer than ${LINE_COLUMNS} columns`,
  advice: 'Break it.',
  planted: { 'actors/runtime/a.ts': `// ${'x'.repeat(LINE_COLUMNS)}` },
  find: (project) =>
    project.programs().flatMap(({ file, text }) =>
      text
        .split('\n')
        .map((line, index) => ({ file, line: index + 1, what: `has ${line.length} columns`, length: line.length }))
        .filter(({ length }) => length > LINE_COLUMNS),
    ),
};

const FUNCTION_SIZE: Rule = {
  sentence: `no function is longer than ${FUNCTION_LINES} lines`,
  advice: 'Give its parts names of their own.',
  planted: { 'actors/runtime/a.ts': `function f(a: { b: 1 }): { c: 1 } {\n${'  x();\n'.repeat(FUNCTION_LINES)}}` },
  find: (project) =>
    project.programs().flatMap((source) =>
      functionsOf(source)
        .filter(({ lines }) => lines > FUNCTION_LINES)
        .map(({ line, lines }) => ({ file: source.file, line, what: `a function of ${lines} lines` })),
    ),
};

const NOT_A_NAME = new Set(['if', 'for', 'while', 'switch', 'catch', 'with', 'function', 'return', 'await', 'super']);

/** Functions, methods and arrows with a body, and how many lines they take. */
export function functionsOf({ text, code }: Source): { line: number; lines: number }[] {
  const found: { line: number; lines: number }[] = [];
  const add = (from: number, body: number | undefined): void => {
    if (body === undefined) return;
    const line = lineOf(text, from);
    found.push({ line, lines: lineOf(text, matching(code, body)) - line + 1 });
  };
  for (const { index, 0: head } of code.matchAll(/=>\s*\{/g)) add(index, index + head.length - 1);
  for (const { index, 0: head, 1: name } of code.matchAll(/(?<![.\w])([\w$#]+)\s*(?:<[^()]*>)?\s*\(/g)) {
    const before = code.slice(Math.max(0, index - 20), index);
    const named = /\bfunction\s*\*?\s*$/.test(before);
    if (!named && (NOT_A_NAME.has(name ?? '') || /\bnew\s+$/.test(before))) continue;
    add(index, bodyAfter(code, matching(code, index + head.length - 1), named));
  }
  return found;
}

/** The brace that opens the body after a parameter list, past the type of the result. */
function bodyAfter(code: string, closing: number, named: boolean): number | undefined {
  const rest = code.slice(closing + 1);
  const direct = /^\s*\{/.exec(rest);
  if (direct) return closing + direct[0].length;
  if (!/^\s*:/.test(rest)) return undefined;
  for (let at = closing + 1; at < code.length; at += 1) {
    const char = code[at] ?? '';
    if (char === '{') {
      // After these a brace opens a type.
      if (!/[:|&<,([]$|=>$/.test(code.slice(closing, at).trimEnd())) return at;
      at = matching(code, at);
    } else if (char === ';' || (!named && /[?=)]/.test(char) && code[at + 1] !== '>')) return undefined;
  }
  return undefined;
}

function matching(code: string, open: number): number {
  const opening = code[open];
  const closing = opening === '(' ? ')' : '}';
  let depth = 0;
  for (let at = open; at < code.length; at += 1) {
    if (code[at] === opening) depth += 1;
    if (code[at] === closing) depth -= 1;
    if (depth === 0) return at;
  }
  return code.length - 1;
}

interface Banned {
  readonly sentence: string;
  readonly advice: string;
  readonly pattern: RegExp;
  /** In code only, or in comments and strings too. */
  readonly where: 'code' | 'text';
  readonly except?: RegExp;
  readonly planted: string;
}

const UNFINISHED = ['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|');

const BANNED: readonly Banned[] = [
  {
    sentence: 'nothing is left to be done later',
    advice: 'Do it, or leave the word out.',
    pattern: new RegExp(`\\b(?:${UNFINISHED})\\b`, 'g'),
    where: 'text',
    planted: `// ${UNFINISHED.split('|')[0]} later`,
  },
  {
    sentence: 'nothing is of the type any, and no type is forced by way of unknown',
    advice: 'Parse the value, or give it a type.',
    pattern: /:\s*any\b(?=\s*[;,)=[|&>}])|\bas\s+any\b|<any\b|\bas\s+unknown\s+as\b/g,
    where: 'code',
    planted: 'export const x = y as unknown as Z;',
  },
  {
    sentence: 'no check of types is silenced',
    advice: 'Correct the types.',
    pattern: /@ts-(?:ignore|nocheck|expect-error)/g,
    where: 'text',
    except: /^test\/support\/tidy\//,
    planted: '// @ts-ignore',
  },
  {
    sentence: 'nothing is exported by star',
    advice: 'Name what the file exports.',
    pattern: /\bexport\s*\*/g,
    where: 'code',
    planted: `export * from './b.ts';`,
  },
  {
    sentence: 'nothing is exported by default but configurations and workers of AVA',
    advice: 'Give it a name.',
    pattern: /\bexport\s+default\b|\bas default\b/g,
    where: 'code',
    except: /\.config\.[jt]s$|^test\/support\/[\w-]+\.worker\.ts$/,
    planted: 'export default 1;',
  },
  {
    sentence: 'no test is set aside or run alone',
    advice: 'Remove .only; let a condition choose between test and test.skip.',
    pattern: /\btest(?:\.serial)?\.(?:only|failing|todo)\b|^\s*test\.skip\(/gm,
    where: 'code',
    planted: `test.only('x', () => undefined);`,
  },
];

function bannedRule({ sentence, advice, pattern, where, except, planted }: Banned): Rule {
  return {
    sentence,
    advice,
    planted: { 'actors/runtime/a.ts': planted },
    find: (project) =>
      project
        .programs()
        .filter(({ file }) => !except?.test(file))
        .flatMap((source) =>
          [...source[where].matchAll(pattern)].map(({ 0: found, index }) => ({
            file: source.file,
            line: lineOf(source.text, index),
            what: found.trim(),
          })),
        ),
  };
}

const NO_DEAD_FILES: Rule = {
  sentence: 'every program is reached from a command, a test or the package',
  advice: 'Remove it, or use it.',
  planted: { 'actors/runtime/a.ts': 'export const x = 1;', 'actors/runtime/b.ts': `import './a.ts';` },
  find: (project) => {
    const reached = new Set<string>();
    const visit = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const next of namedBy(project, file)) visit(next);
    };
    for (const file of project.texts.keys()) if (isRoot(file)) visit(file);
    const dead = project.programs().filter(({ file }) => !reached.has(file));
    const first = (list: readonly Source[]): Finding[] =>
      list.map(({ file }) => ({ file, line: 1, what: 'not reached' }));
    return first(dead);
  },
};

/** Found by name by npm, AVA, drizzle-kit, or, a page, by its folder. */
const ROOT_FILES = [
  /^[\w.-]+\.config\.[jt]s$/,
  /^config\/drizzle\.config\.ts$/,
  /^package\.json$/,
  /^\.ci\/run$/,
  /^config\/.*\.ya?ml$/,
];
const ROOT_NAMES = [/^test\/bench\//, /\.(?:spec|bench)\.ts$/, /\/index\.html$/];

function isRoot(file: string): boolean {
  return [...ROOT_FILES, ...ROOT_NAMES].some((pattern) => pattern.test(file));
}

/** Files that a file imports, or names in a string: workers, children, assets, scripts of package.json. */
function namedBy(project: Project, file: string): string[] {
  const text = project.texts.get(file) ?? '';
  const isProgram = /\.[mc]?[jt]s$/.test(file);
  const strings = isProgram ? project.source(file).literals.map(({ value }) => value) : (text.match(/[\w./-]+/g) ?? []);
  const folder = path.posix.dirname(file);
  return strings.flatMap((string) => {
    const name = string.replace(/^\.?\/?dist\/(.*)\.(?:js|d\.ts)$/, '$1.ts');
    const places = [
      name,
      path.posix.join(folder, name),
      name.replace(/^\.?\//, ''),
      path.posix.join(folder, '..', name),
    ];
    return places.filter((place) => /\.\w+$/.test(place) && project.has(place));
  });
}

export const SHAPE_RULES: readonly Rule[] = [
  FILE_SIZE,
  LINE_LENGTH,
  FUNCTION_SIZE,
  ...BANNED.map(bannedRule),
  NO_DEAD_FILES,
];
