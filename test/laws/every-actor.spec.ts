// Every kind in `actors` keeps the laws of durable actors, on the lives that were recorded of it and on thousands that
// were made from them. A kind that is added has them for free once somebody has recorded how it lives.
import test from 'ava';
import fc from 'fast-check';
import { actors } from '../../actors/index.ts';
import { recorded } from '../histories/recorded.ts';
import { grows } from './bounded.ts';
import { LAWS, type Law } from './laws.ts';
import { lifeOf, live } from './life.ts';
import { mutated } from './mutations.ts';
import { HOARDER, PLANTED, POKED, SOUND } from './planted.ts';

const RUNS = 250;
const RECORDER = 'test/histories/record.ts';
const laws: readonly (readonly [string, Law])[] = Object.entries(LAWS);

for (const definition of actors) {
  const { kind, version } = definition;
  const histories = recorded(kind, version);
  const lives = histories.map(lifeOf);

  test(`${kind}: it is recorded how version ${version} lives`, (t) => {
    t.true(lives.length > 0, `record it: ${RECORDER} says how`);
    for (const life of lives)
      t.deepEqual(
        live(definition, life).filter(({ step }) => step?.handled !== true),
        [],
      );
  });
  if (lives.length === 0) continue;

  for (const [, { sentence, broken }] of laws) {
    test(`${kind}: ${sentence}`, (t) => {
      for (const life of lives) t.is(broken(definition, life), null);
      fc.assert(
        fc.property(mutated(lives), (life) => holds(broken(definition, life))),
        { numRuns: RUNS },
      );
    });
  }

  test(`${kind}: no message from outside makes it grow without end`, (t) => {
    t.is(grows(definition, lives), null);
  });
}

function holds(found: string | null): void {
  if (found !== null) throw new Error(found);
}

for (const [name, { sentence, broken }] of laws) {
  for (const [fault, definition] of Object.entries(PLANTED[name as keyof typeof PLANTED])) {
    test(`a machine that ${fault} is caught: ${sentence}`, (t) => {
      const found = broken(definition, POKED);
      t.log(found);
      t.is(typeof found, 'string');
    });
  }
  test(`a sound machine is not: ${sentence}`, (t) => t.is(broken(SOUND, POKED), null));
}

test('a machine that keeps all it hears is caught: no message from outside makes it grow without end', (t) => {
  t.regex(grows(HOARDER, [POKED]) ?? '', /^4000 times Poke: the snapshot has \d+ characters$/);
  t.is(grows(SOUND, [POKED]), null);
});
