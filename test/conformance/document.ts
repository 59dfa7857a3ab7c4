// docs/conformance.md, as the suite says it.
import path from 'node:path';
import type { Conformance } from './case.ts';
import { GROUPS } from './groups.ts';

export const FILE = path.resolve(import.meta.dirname, '../../docs/conformance.md');

const PREFACE = `\
# Conformance of venue adapters

Made from \`test/conformance/\` by \`npm run docs\`; a test compares. Every case is run against every adapter, over real
sockets: the Binance adapter and ccxt's Binance class on the paper venue (\`test/conformance/binance.e2e.spec.ts\`,
\`test/conformance/ccxt.e2e.spec.ts\`), ccxt's OKX class on a small OKX (\`test/conformance/okx.e2e.spec.ts\`). Where an
adapter says in its capabilities that it cannot do what a case is about, it is tried that it refuses cleanly: no case is
left out. What these venues cannot show is how the real ones behave where their documents are silent.
`;

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
