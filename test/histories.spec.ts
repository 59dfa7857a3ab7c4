// Recorded journals fold to what was stored when they were recorded, for as long as their machine version is the
// present one: whoever changes what a machine means raises its version, or hears of it here.
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { actors } from '../actors/index.ts';
import { orderActor } from '../actors/order/index.ts';
import type { History } from '../actors/runtime/ports.ts';
import { readHistories, replayHistory } from '../bin/replay.ts';
import { charsOf, choose, recorded, recordedFiles, stepsOf, textOf } from './histories/recorded.ts';

const CHARS_MAX = 350_000;

for (const file of recordedFiles()) {
  const name = path.basename(file);
  const histories = readHistories(file);

  test(`${name} replays without a difference`, (t) => {
    t.true(histories.length > 0);
    for (const history of histories) {
      const { difference, transitions, snapshot } = replayHistory(actors, history);
      t.is(difference, null, `${history.key}: was the machine changed without raising its version?`);
      t.is(transitions, history.version);
      t.is(snapshot, history.snapshot);
    }
  });

  test(`${name} holds whole journals of the kind and version it is named for`, (t) => {
    for (const { kind, key, machineVersion, version, state, transitions } of histories) {
      t.is(name, `${kind}.v${machineVersion}.json`);
      t.true(key.startsWith(`${kind}/`));
      t.deepEqual(
        transitions.map(({ number }) => number),
        Array.from({ length: version }, (_, index) => index + 1),
      );
      t.is(transitions.at(-1)?.toState, state);
      for (const [index, { fromState, at }] of transitions.entries()) {
        t.is(fromState, transitions[index - 1]?.toState ?? null);
        t.true(at >= (transitions[index - 1]?.at ?? 0), 'time never runs back');
      }
    }
  });

  test(`${name}: whatever is changed in a journal, the first difference is told`, (t) => {
    for (const history of histories) {
      for (const { what, changed, told } of spoiled(history)) {
        const { difference } = replayHistory(actors, changed);
        t.regex(difference ?? 'no difference', told, `${history.key}: ${what}`);
      }
    }
  });

  test(`${name} knows no secrets`, (t) => {
    const text = fs.readFileSync(file, 'utf8');
    t.notRegex(text, /postgres(?:ql)?:\/\/[^"]*@|BEGIN [A-Z ]*PRIVATE KEY/);
    const credentials = [...text.matchAll(/\\"(?:[a-z]*key|[a-z]*secret|passphrase|password|token)\\":\\"([^"\\]*)/gi)];
    const bare = credentials
      .map(([, value = '']) => value)
      .filter((value) => !/^(?:env|file):|^[a-z]+\/[\w-]+$/.test(value));
    t.deepEqual(bare, []);
  });
}

/** A journal with one thing wrong, and what must be said of it. */
function spoiled(history: History): readonly { what: string; changed: History; told: RegExp }[] {
  const { transitions } = history;
  const last = transitions.at(-1);
  if (last === undefined) return [];
  const at = (index: number, row: Partial<typeof last>): History => ({
    ...history,
    transitions: transitions.map((one, i) => (i === index ? { ...one, ...row } : one)),
  });
  const middle = Math.floor(transitions.length / 2);
  const number = transitions[middle]?.number ?? 0;
  return [
    {
      what: 'another state',
      changed: at(middle, { toState: 'nowhere' }),
      told: new RegExp(`^transition ${number} \\(.*\\) leads to .*, stored is nowhere$`),
    },
    {
      what: 'a body that is cut',
      changed: at(middle, { body: '{"type":' }),
      told: new RegExp(`^transition ${number} \\(.*\\) throws: `),
    },
    {
      what: 'one is missing',
      changed: { ...history, transitions: transitions.toSpliced(middle, 1) },
      told:
        middle === transitions.length - 1
          ? /^the snapshot is of version/
          : new RegExp(`^transition ${number} is missing, the next one stored is ${number + 1}$`),
    },
    {
      what: 'the end is missing',
      changed: { ...history, transitions: transitions.slice(0, -1) },
      told: new RegExp(`^the snapshot is of version ${history.version}, the journal ends at ${history.version - 1}$`),
    },
    {
      what: 'another snapshot',
      changed: { ...history, snapshot: history.snapshot.replace(/\d(?=[^\d]*$)|\}$/, '_') },
      told: /^the snapshot differs from character \d+: replayed ".*", stored ".*"$/,
    },
    {
      what: 'another machine',
      changed: { ...history, machineVersion: 0 },
      told: /^stored by machine version 0, this program has version \d+$/,
    },
    { what: 'another kind', changed: { ...history, kind: 'nothing' }, told: /^there is no actor kind nothing$/ },
  ];
}

test('every kind is recorded in its present version, and no kind in one that is gone', (t) => {
  const present = actors.map(({ kind, version }) => `${kind}.v${version}.json`);
  t.deepEqual(
    recordedFiles().map((file) => path.basename(file)),
    present.sort(),
  );
});

test('the recorded histories stay small', (t) => {
  const sizes = recordedFiles().map((file) => fs.statSync(file).size);
  t.true(sizes.reduce((sum, size) => sum + size, 0) < CHARS_MAX);
});

test('the recorder adds what shows something new, and nothing twice', (t) => {
  const histories = recorded('order', orderActor.version);
  const [first, second] = histories;
  if (first === undefined || second === undefined) return t.fail('there are no recorded orders');
  t.deepEqual(choose([first, first], [], 1_000_000), [first]);
  t.deepEqual(choose([first], [first], 1_000_000), []);
  t.deepEqual(choose([first], [], charsOf(first) - 1), []);
  t.deepEqual(
    new Set(choose(histories, [], 1_000_000).flatMap((one) => [...stepsOf(one)])),
    new Set(histories.flatMap((one) => [...stepsOf(one)])),
  );
  t.deepEqual(JSON.parse(textOf([first, second])), [first, second]);
});
