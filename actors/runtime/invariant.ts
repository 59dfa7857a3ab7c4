// Conditions that hold unless the code is wrong. Breaking one is a bug: the turn fails, never the data.

export class InvariantBroken extends Error {
  override readonly name = 'InvariantBroken';
}

/** Throws when `condition` is false; `rule` is the sentence that was broken, `detail` the values at hand. */
export function invariant(condition: boolean, rule: string, detail: object = {}): asserts condition {
  if (!condition) throw new InvariantBroken(`${rule} ${JSON.stringify(detail)}`);
}

/** Closes an exhaustive switch. */
export function unreachable(value: never): never {
  throw new InvariantBroken(`every case is handled ${JSON.stringify(value)}`);
}
