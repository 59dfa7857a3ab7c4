// ccxt keeps one object for each order book and changes it in place. Where the venue's numbers have a hole, what came
// after the hole is in the book before the hole is found. A book is whole when ccxt hands it to whoever waits for it:
// a copy is made then, and what is handed on is the copy.

const whole = new WeakMap<object, object>();

/** Of anything ccxt hands on: the first levels of what is a book. */
export function keepWhole(handed: unknown, levels: number): void {
  if (!isBook(handed)) return;
  const { bids, asks, nonce, timestamp } = handed;
  whole.set(handed, { bids: firstOf(bids, levels), asks: firstOf(asks, levels), nonce, timestamp });
}

/** The book as it was when it was last whole. */
export function wholeOf(live: unknown): unknown {
  return typeof live === 'object' && live !== null ? (whole.get(live) ?? live) : live;
}

interface LiveBook {
  readonly bids: readonly unknown[];
  readonly asks: readonly unknown[];
  readonly nonce?: unknown;
  readonly timestamp?: unknown;
}

function isBook(value: unknown): value is LiveBook {
  if (typeof value !== 'object' || value === null) return false;
  return 'bids' in value && Array.isArray(value.bids) && 'asks' in value && Array.isArray(value.asks);
}

/** Levels are changed in place too. ccxt's sides are arrays of a class of their own, which `slice` would make anew. */
function firstOf(side: readonly unknown[], levels: number): unknown[] {
  const first: unknown[] = [];
  for (const level of side) {
    if (first.length >= levels) break;
    first.push(structuredClone(level));
  }
  return first;
}
