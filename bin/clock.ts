// The one clock of a process: wall time in ms, and timers that do not keep the process alive.
import type { Clock } from '../actors/runtime/ports.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, fn) {
    const timer = setTimeout(fn, delayMs);
    return () => clearTimeout(timer);
  },
};
