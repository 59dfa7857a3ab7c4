// The document of the suite says what the suite says, and its numbers can be referred to.
import fs from 'node:fs';
import test from 'ava';
import { conformanceDocument, FILE } from './document.ts';
import { GROUPS } from './groups.ts';

test('docs/conformance.md is what the suite says; npm run docs writes it anew', (t) => {
  t.is(fs.readFileSync(FILE, 'utf8'), conformanceDocument());
});

test('cases are numbered without a gap, in order, and each says all of itself', (t) => {
  const cases = GROUPS.flatMap(([, group]) => group);
  t.deepEqual(
    cases.map(({ number }) => number),
    cases.map((_, index) => `C${String(index + 1).padStart(2, '0')}`),
  );
  t.is(new Set(cases.map(({ title }) => title)).size, cases.length);
  for (const { number, prerequisite, action, events, criterion, unless } of cases) {
    for (const text of [prerequisite, action, events, criterion, ...(unless ? [unless.lacks, unless.criterion] : [])]) {
      t.regex(text, /[^.\s]$/, `${number}: ${text}`);
    }
  }
});
