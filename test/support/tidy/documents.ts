// Documents that stay true, and a lock that works everywhere.
import path from 'node:path';
import type { Finding, Rule } from './rule.ts';
import type { Project } from './source.ts';

const TOP = /^(?:actors|persistence|drizzle|config|bin|test|docs|\.ci)\//;

const PATHS_EXIST: Rule = {
  sentence: 'every path that a document names is there',
  advice: 'Correct the path; write a placeholder as <name>.',
  planted: { 'README.md': '# A\n\nSee `actors/nowhere.ts`.' },
  find: (project) =>
    documents(project).flatMap(({ file, lines }) =>
      lines.flatMap((text, index) =>
        namedPaths(file, text)
          .filter((name) => !isThere(project, name))
          .map((name) => ({ file, line: index + 1, what: name })),
      ),
    ),
};

/** In backticks, from one of our folders on, or as the target of a link. */
function namedPaths(file: string, text: string): string[] {
  const quoted = [...text.matchAll(/`([^`\s]+)`/g)].map(([, name = '']) => name.replace(/(?::\d+)+$/, ''));
  const ours = quoted.filter((name) => TOP.test(name) && !/[<>…$()=]|\.\.\./.test(name));
  const linked = [...text.matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => path.posix.join(path.posix.dirname(file), target));
  return [...ours.flatMap(expand), ...linked];
}

/** `a/{b,c}.ts` names two files. */
function expand(name: string): string[] {
  const [whole, before = '', choices = '', after = ''] = /^(.*?)\{([^}]*)\}(.*)$/.exec(name) ?? [];
  if (whole === undefined) return [name];
  return choices.split(',').flatMap((choice) => expand(before + choice.trim() + after));
}

function isThere(project: Project, name: string): boolean {
  const folder = name.replace(/\/?$/, '/');
  if (project.has(name) || [...project.texts.keys()].some((file) => file.startsWith(folder))) return true;
  if (!name.includes('*')) return false;
  const pattern = name
    .replace(/[.+^$]/g, '\\$&')
    .replaceAll('**', '§')
    .replaceAll('*', '[^/]*')
    .replaceAll('§', '.*');
  return [...project.texts.keys()].some((file) => new RegExp(`^${pattern}`).test(file));
}

const ONE_TITLE: Rule = {
  sentence: 'every document begins with its one title',
  advice: 'Begin with "# Title", and let parts have "##".',
  planted: { 'README.md': '# A\n\n# B\n' },
  find: (project) =>
    documents(project).flatMap(({ file, lines }) => {
      const titles = lines.flatMap((text, index) => (text.startsWith('# ') ? [index + 1] : []));
      const findings: Finding[] = titles.slice(1).map((line) => ({ file, line, what: 'another title' }));
      return titles[0] === 1 ? findings : [{ file, line: 1, what: 'no title on the first line' }, ...findings];
    }),
};

/** Lines of each document, those of code blocks blanked. */
function documents(project: Project): { file: string; lines: string[] }[] {
  const files = [...project.texts.keys()].filter((file) => file.endsWith('.md')).toSorted();
  return files.map((file) => {
    let fenced = false;
    const lines = (project.texts.get(file) ?? '').split('\n').map((line) => {
      const isFence = /^\s*```/.test(line);
      if (isFence) fenced = !fenced;
      return fenced || isFence ? '' : line;
    });
    return { file, lines };
  });
}

const LOCK_IS_PORTABLE: Rule = {
  sentence: 'the lock names no registry, so npm ci works with any',
  advice: 'Run npm install with omit-lockfile-registry-resolved=true, as .npmrc says.',
  planted: { 'package-lock.json': '{\n  "resolved": "https://registry.example/x.tgz"\n}' },
  find: (project) => {
    const text = project.texts.get('package-lock.json') ?? '';
    return text
      .split('\n')
      .map((line, index) => ({ file: 'package-lock.json', line: index + 1, what: line.trim() }))
      .filter(({ what }) => /"resolved"|https?:\/\/[^"]*registry/.test(what));
  },
};

export const DOCUMENT_RULES: readonly Rule[] = [PATHS_EXIST, ONE_TITLE, LOCK_IS_PORTABLE];
