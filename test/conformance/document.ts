// docs/conformance.md, as the suite says it.
import fs from 'node:fs';
import path from 'node:path';
import type { Conformance } from './case.ts';
import { GROUPS } from './groups.ts';

export const FILE = path.resolve(import.meta.dirname, '../../docs/conformance.md');

const FOLDER = import.meta.dirname;
const SPEC = '.e2e.spec.ts';

const PREFACE = `\
# Conformance of venue adapters

Made from \`test/conformance/\` by \`npm run docs\`; a test compares. Every case is run against every adapter, over real
sockets:

${specs().join('\n')}

Where an adapter says in its capabilities that it cannot do what a case is about, it is tried that it refuses cleanly:
no case is left out. What these venues cannot show is how the real ones behave where their documents are silent.
`;

/** Each by its first line, which says what runs on what. */
function specs(): readonly string[] {
  const files = fs.readdirSync(FOLDER).filter((file) => file.endsWith(SPEC));
  return files.toSorted().map((file) => {
    const [first = ''] = fs.readFileSync(path.join(FOLDER, file), 'utf8').split('\n');
    return `- \`test/conformance/${file}\`: ${first.replace(/^\/\/ /, '')}`;
  });
}

export function conformanceDocument(): string {
  const groups = GROUPS.map(([title, cases]) => `## ${title}\n\n${cases.map(entryOf).join('\n')}`);
  return [PREFACE, ...groups].join('\n');
}

function entryOf(one: Conformance): string {
  const { number, title, prerequisite, action, events, criterion, unless } = one;
  const lines = [
    ['Prerequisite', prerequisite],
    ['Action', action],
    ['Events', events],
    ['Passes when', criterion],
    ...(unless ? [[`Without ${unless.lacks}`, unless.criterion]] : []),
  ];
  return `### ${number} ${title}\n\n${lines.map(([name, text]) => `- ${name}: ${text}.\n`).join('')}`;
}
