// Runs a function in a world without time and chance: whoever asks for them is refused.
import crypto from 'node:crypto';

function refuse(what: string): () => never {
  return () => {
    throw new Error(`${what} was asked for`);
  };
}

class NoDate extends Date {
  constructor(...values: readonly (string | number)[]) {
    if (values.length === 0) refuse('the present date')();
    super(...(values as [number]));
  }
  static override now = refuse('the clock');
}

/** Synchronous: nothing else runs meanwhile. */
export function withoutClock<Result>(run: () => Result): Result {
  const swaps: readonly (readonly [object, string, unknown])[] = [
    [globalThis, 'Date', NoDate],
    [Math, 'random', refuse('chance')],
    [performance, 'now', refuse('the clock')],
    [globalThis, 'setTimeout', refuse('a timer')],
    [globalThis.crypto, 'randomUUID', refuse('chance')],
    [globalThis.crypto, 'getRandomValues', refuse('chance')],
    [crypto, 'randomUUID', refuse('chance')],
    [crypto, 'randomBytes', refuse('chance')],
    [process, 'hrtime', refuse('the clock')],
  ];
  const before = swaps.map(([owner, name]) => Object.getOwnPropertyDescriptor(owner, name));
  for (const [owner, name, value] of swaps)
    Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  try {
    return run();
  } finally {
    for (const [index, [owner, name]] of swaps.entries()) {
      const own = before[index];
      if (own === undefined) Reflect.deleteProperty(owner, name);
      else Object.defineProperty(owner, name, own);
    }
  }
}
