// The clock, the timers and the chance of this adapter: nothing else in the folder reads or sets them.

export type Cancel = () => void;

export interface Clock {
  now(): number;
  /** Between 0 and 1. */
  random(): number;
  after(ms: number, run: () => void): Cancel;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`, or at once when the signal is aborted: the caller looks at the signal. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal.addEventListener('abort', done);
  });
}

/** Doubles from base to cap; the upper half is random, so that many clients do not come back together. */
export function backOff(clock: Clock, failures: number, baseMs: number, capMs: number): number {
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(failures, 20));
  return ceiling * (0.5 + clock.random() / 2);
}

/** The promise's own end, or a rejection with `message` after `ms`. */
export async function within<T>(clock: Clock, ms: number, promise: Promise<T>, message: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const cancel = clock.after(ms, () => late.reject(new Error(message)));
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    cancel();
  }
}
