// Source files as the tidy rules see them: text, code without comments and string contents, imports.
import fs from 'node:fs';
import path from 'node:path';

export interface Literal {
  /** Of the opening quote. */
  readonly index: number;
  readonly value: string;
}

export interface Import {
  readonly line: number;
  /** As written. */
  readonly specifier: string;
  /** The file it names, from the project's root; undefined for a package. */
  readonly file: string | undefined;
}

export interface Source {
  readonly file: string;
  readonly text: string;
  /** The text with comments and string contents blanked, so that positions stay. */
  readonly code: string;
  readonly literals: readonly Literal[];
  readonly imports: readonly Import[];
}

/** Every file of the project by its path; programs are parsed when they are first asked for. */
export class Project {
  readonly texts: ReadonlyMap<string, string>;
  readonly #parsed = new Map<string, Source>();

  constructor(texts: ReadonlyMap<string, string>) {
    this.texts = texts;
  }

  has(file: string): boolean {
    return this.texts.has(file);
  }

  source(file: string): Source {
    const known = this.#parsed.get(file) ?? parse(file, this.texts.get(file) ?? '');
    this.#parsed.set(file, known);
    return known;
  }

  /** The programs whose path matches, in order. */
  programs(pattern: RegExp = /./): Source[] {
    const files = [...this.texts.keys()].filter((file) => /\.[mc]?[jt]s$/.test(file) && pattern.test(file));
    return files.toSorted().map((file) => this.source(file));
  }
}

const SKIPPED = new Set(['node_modules', 'dist', 'coverage', '.git', '.meltica', 'fixtures', 'snapshots']);

export function readProject(root: string): Project {
  const texts = new Map<string, string>();
  const visit = (folder: string): void => {
    for (const entry of fs.readdirSync(path.join(root, folder), { withFileTypes: true })) {
      const file = path.posix.join(folder, entry.name);
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) visit(file);
      if (entry.isFile()) texts.set(file, isText(file) ? fs.readFileSync(path.join(root, file), 'utf8') : '');
    }
  };
  visit('');
  return new Project(texts);
}

function isText(file: string): boolean {
  return /(\.(m?[jt]s|json|md|ya?ml|sql|html|css|npmrc)|\/run)$/.test(file) || file === '.npmrc';
}

export function lineOf(text: string, index: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < index; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}

function parse(file: string, text: string): Source {
  const { code, literals } = mask(text);
  return { file, text, code, literals, imports: importsOf(file, text, code, literals) };
}

const IMPORT = /\b(?:import|export)\b[^'"`;()]*?\bfrom\s*(?=['"])|\bimport\s*(?=['"])|\bimport\s*\(\s*(?=['"`])/g;

function importsOf(file: string, text: string, code: string, literals: readonly Literal[]): Import[] {
  const byIndex = new Map(literals.map(({ index, value }) => [index, value]));
  const imports: Import[] = [];
  for (const match of code.matchAll(IMPORT)) {
    const index = match.index + match[0].length;
    const specifier = byIndex.get(index);
    if (specifier === undefined) continue;
    const local = specifier.startsWith('.') ? path.posix.join(path.posix.dirname(file), specifier) : undefined;
    imports.push({ line: lineOf(text, index), specifier, file: local });
  }
  return imports;
}

/** Blanks what is not code. Templates are strings, but what stands in their ${} is code. */
export function mask(text: string): { code: string; literals: Literal[] } {
  const out = text.split('');
  const literals: Literal[] = [];
  const blank = (from: number, to: number): void => {
    for (let at = from; at < to; at += 1) if (out[at] !== '\n') out[at] = ' ';
  };
  /** Brace depth at which each open template goes on. */
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  const template = (from: number): number => {
    const end = endOfTemplate(text, from);
    blank(from, end);
    if (text[end] === '$') {
      templates.push(depth);
      return end + 2;
    }
    return end + 1;
  };
  while (at < text.length) {
    const char = text[at] ?? '';
    const pair = char + (text[at + 1] ?? '');
    if (pair === '//' || pair === '/*') {
      const end = endOfComment(text, at);
      blank(at, end);
      at = end;
    } else if (char === "'" || char === '"') {
      const end = endOfQuoted(text, at);
      literals.push({ index: at, value: text.slice(at + 1, end) });
      blank(at + 1, end);
      at = end + 1;
    } else if (char === '`') {
      const end = endOfTemplate(text, at + 1);
      if (text[end] === '`') literals.push({ index: at, value: text.slice(at + 1, end) });
      at = template(at + 1);
    } else if (char === '}' && templates.at(-1) === depth) {
      templates.pop();
      at = template(at + 1);
    } else if (char === '/' && beginsExpression(out, at)) {
      const end = endOfRegExp(text, at);
      blank(at + 1, end);
      at = end + 1;
    } else {
      if (char === '{') depth += 1;
      if (char === '}') depth -= 1;
      at += 1;
    }
  }
  return { code: out.join(''), literals };
}

function endOfComment(text: string, at: number): number {
  const line = text[at + 1] === '/';
  const end = text.indexOf(line ? '\n' : '*/', at + 2);
  if (end === -1) return text.length;
  return line ? end : end + 2;
}

function endOfQuoted(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== text[start] && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1;
  return at;
}

/** At the closing backtick or at the $ of the next ${. */
function endOfTemplate(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== '`' && !(text[at] === '$' && text[at + 1] === '{')) {
    at += text[at] === '\\' ? 2 : 1;
  }
  return at;
}

function endOfRegExp(text: string, start: number): number {
  let at = start + 1;
  let inClass = false;
  while (at < text.length && (text[at] !== '/' || inClass) && text[at] !== '\n') {
    if (text[at] === '[') inClass = true;
    if (text[at] === ']') inClass = false;
    at += text[at] === '\\' ? 2 : 1;
  }
  return at;
}

/** Whether a slash here opens a regular expression: after a value it divides. */
function beginsExpression(code: readonly string[], at: number): boolean {
  const before = code
    .slice(Math.max(0, at - 20), at)
    .join('')
    .trimEnd();
  if (/\b(?:return|typeof|case|in|of|await|yield|void|delete)$/.test(before)) return true;
  return before === '' || !/[\w$)\]}'"`]$/.test(before);
}
