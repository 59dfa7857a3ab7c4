// Lives that nobody lived: recorded ones with messages lost, repeated, out of order, of another life, at other times.
import fc from 'fast-check';
import type { Happening, Life } from './life.ts';

/** A longer life is cut: what goes wrong goes wrong early. */
const HAPPENINGS_MAX = 60;

type Mutation = (happenings: readonly Happening[], others: readonly Life[]) => readonly Happening[];

const drop: fc.Arbitrary<Mutation> = fc.nat().map((at) => (all) => all.toSpliced(at % Math.max(all.length, 1), 1));
const repeat: fc.Arbitrary<Mutation> = fc.tuple(fc.nat(), fc.nat()).map(([from, to]) => (all) => {
  const again = all[from % Math.max(all.length, 1)];
  return again === undefined ? all : all.toSpliced(to % (all.length + 1), 0, again);
});
const shuffle: fc.Arbitrary<Mutation> = fc
  .array(fc.nat(1_000), { minLength: 1, maxLength: 40 })
  .map((keys) => (all) => {
    const keyed = all.map((happening, index) => ({ happening, key: keys[index % keys.length] ?? 0 }));
    return keyed.sort((one, two) => one.key - two.key).map(({ happening }) => happening);
  });
const cut: fc.Arbitrary<Mutation> = fc.nat().map((at) => (all) => all.slice(0, at % (all.length + 1)));
/** A piece of another life of the kind is lived in the middle of this one. */
const mix: fc.Arbitrary<Mutation> = fc
  .record({ other: fc.nat(), from: fc.nat(), length: fc.integer({ min: 1, max: 12 }), at: fc.nat() })
  .map(({ other, from, length, at }) => (all, others) => {
    const strange = others[other % Math.max(others.length, 1)]?.happenings ?? [];
    const begin = from % Math.max(strange.length, 1);
    return all.toSpliced(at % (all.length + 1), 0, ...strange.slice(begin, begin + length));
  });
const retime: fc.Arbitrary<Mutation> = fc
  .array(fc.constantFrom(0, 0, 1, 250, 30_000, 3_600_000), { minLength: 1, maxLength: 10 })
  .map((gaps) => (all) => all.map((happening, index) => ({ ...happening, afterMs: gaps[index % gaps.length] ?? 0 })));
const fire: fc.Arbitrary<Mutation> = fc.tuple(fc.nat(), fc.nat(10)).map(
  ([at, anyTimer]) =>
    (all) =>
      all.toSpliced(at % (all.length + 1), 0, { afterMs: 1, anyTimer }),
);

const mutations = fc.array(fc.oneof(drop, repeat, shuffle, cut, mix, retime, fire), { minLength: 1, maxLength: 6 });

export function mutated(lives: readonly Life[]): fc.Arbitrary<Life> {
  return fc.tuple(fc.constantFrom(...lives), mutations).map(([life, changes]) => {
    const first = life.happenings.slice(0, HAPPENINGS_MAX);
    const happenings = changes.reduce<readonly Happening[]>((all, change) => change(all, lives), first);
    return { ...life, happenings: happenings.slice(0, HAPPENINGS_MAX) };
  });
}
