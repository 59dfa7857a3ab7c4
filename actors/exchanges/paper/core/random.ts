// Seeded random numbers: the same seed and the same calls give the same numbers on every machine.

/** 0 ≤ x < 1. */
export type Random = () => number;

/** A generator of its own for every (seed, name, number), so that what one draws never moves another. */
export function seeded(seed: number, name: string, number = 0): Random {
  let state = hash(`${seed}/${name}/${number}`);
  // splitmix32, public domain.
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 4294967296;
  };
}

/** Mean 0, deviation 1; a sum of uniforms, so that no platform's logarithm can make a difference. */
export function gaussian(random: Random): number {
  let sum = -6;
  for (let draws = 0; draws < 12; draws += 1) sum += random();
  return sum;
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value | 0;
}
