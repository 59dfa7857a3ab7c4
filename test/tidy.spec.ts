// What holds for every file of the project. A rule that must bend once says so: `// tidy-ok: reason`.
import path from 'node:path';
import test from 'ava';
import { AMOUNT_RULES } from './support/tidy/amounts.ts';
import { CONFINED_RULES } from './support/tidy/confined.ts';
import { DOCUMENT_RULES } from './support/tidy/documents.ts';
import { IMPORT_RULES } from './support/tidy/imports.ts';
import { judge, report } from './support/tidy/rule.ts';
import { functionsOf, SHAPE_RULES } from './support/tidy/shape.ts';
import { mask, Project, readProject } from './support/tidy/source.ts';

const RULES = [...IMPORT_RULES, ...CONFINED_RULES, ...AMOUNT_RULES, ...SHAPE_RULES, ...DOCUMENT_RULES];
const EXCUSES_MAX = 20;
const project = readProject(path.resolve(import.meta.dirname, '..'));

for (const rule of RULES) {
  test(rule.sentence, (t) => {
    const { findings } = judge(rule, project);
    if (findings.length > 0) t.fail(report(rule, findings));
    else t.pass();
  });

  test(`a breach is found: ${rule.sentence}`, (t) => {
    const planted = new Project(new Map(Object.entries(rule.planted)));
    t.not(judge(rule, planted).findings.length, 0);
  });
}

test(`at most ${EXCUSES_MAX} lines are excused from a rule, and each needs its excuse`, (t) => {
  const excused = RULES.flatMap((rule) => judge(rule, project).excused);
  const list = excused.map(({ file, line, what }) => `${file}:${line} ${what}`);
  t.true(excused.length <= EXCUSES_MAX, list.join('\n'));
  const used = new Set(excused.map(({ file }) => file));
  const idle = project
    .programs()
    .filter(({ file, text }) => /\/\/ tidy-ok: /.test(text) && !used.has(file) && !file.startsWith('test/'));
  t.deepEqual(
    idle.map(({ file }) => file),
    [],
  );
});

test('an excuse covers its own line and the next, and nothing else', (t) => {
  const [rule] = SHAPE_RULES.filter(({ sentence }) => sentence.startsWith('nothing is exported by default'));
  if (!rule) throw new Error('the rule is gone');
  const verdict = (text: string) => judge(rule, new Project(new Map([['actors/a.ts', text]])));
  t.is(verdict('export default 1; // tidy-ok: a reason').findings.length, 0);
  t.is(verdict('// tidy-ok: a reason\nexport default 1;').excused.length, 1);
  t.is(verdict('// tidy-ok: a reason\n\nexport default 1;').findings.length, 1);
  t.is(verdict('export default 1; // tidy-ok: ').findings.length, 1);
});

test('comments, strings and regular expressions are not taken for code', (t) => {
  const text = [
    `const a = 'Date.now()'; // Date.now()`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is program text
    'const b = `Date.now() ${Date.now() /* x */} Date.now()`;',
    'const c = /[/"]Date.now()/.test(d) / 2;',
    `const e = 'it\\'s';`,
  ].join('\n');
  const { code } = mask(text);
  t.is(code.length, text.length);
  t.is(code.match(/Date\.now\(\)/g)?.length, 1);
  t.true(code.includes('.test(d) / 2;'));
});

test('imports are read in every form', (t) => {
  const text = [
    `import a from './a.ts';`,
    `import type { B,\n C } from '../b.ts';`,
    `export { d } from "./d.ts";`,
    `import './e.ts';`,
    `const f = await import('./f.ts');`,
    `// import g from './g.ts';`,
    `export const h = 1; export const from = 'x';`,
  ].join('\n');
  const { imports } = new Project(new Map([['x/y.ts', text]])).source('x/y.ts');
  t.deepEqual(
    imports.map(({ file, line }) => `${file}:${line}`),
    ['x/a.ts:1', 'b.ts:3', 'x/d.ts:4', 'x/e.ts:5', 'x/f.ts:6'],
  );
});

test('functions of every form are measured from their name to their last brace', (t) => {
  const text = `function a(x: { y: 1 }, z = () => ({})): Promise<{ b: 1 }> {
  if (x) {
    return;
  }
}
class C {
  #m<T>(): void {
    for (const a of b) {
    }
  }
}
const f = async (x: number): Promise<void> => {
  call({ a: 1 });
};
const g = condition ? call() : { a: 1 };
`;
  const source = new Project(new Map([['a.ts', text]])).source('a.ts');
  t.deepEqual(functionsOf(source), [
    { line: 12, lines: 3 },
    { line: 1, lines: 5 },
    { line: 7, lines: 4 },
  ]);
});
