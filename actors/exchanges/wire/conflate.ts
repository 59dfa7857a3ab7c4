// At most one emission every so many ms: the first change at once, what follows together at the end of the pause.
import type { Cancel, Clock } from './clock.ts';

export interface Conflated {
  changed(): void;
  close(): void;
}

/** `emit` reads the state as it is then. */
export function conflated(clock: Clock, everyMs: number, emit: () => void): Conflated {
  let quietUntil = 0;
  let pending: Cancel | null = null;
  const flush = (): void => {
    pending = null;
    quietUntil = clock.now() + everyMs;
    emit();
  };
  return {
    changed: () => {
      if (pending) return;
      const waitMs = quietUntil - clock.now();
      // A clock that was set back must not silence the feed.
      if (waitMs > 0 && waitMs <= everyMs) pending = clock.after(waitMs, flush);
      else flush();
    },
    close: () => {
      pending?.();
      pending = null;
    },
  };
}
