// The process the venue runs in: its clock, its timers, its random source. The only file of the venue that has them.
import { randomBytes } from 'node:crypto';

export interface Host {
  /** ms since 1970. */
  now(): number;
  /** Runs fn every `ms` until the returned function is called. */
  every(ms: number, fn: () => void): () => void;
  /** Runs fn once after `ms` unless the returned function is called before. */
  after(ms: number, fn: () => void): () => void;
  /** Letters and digits nobody can guess. */
  secret(): string;
}

export const systemHost: Host = {
  now: () => Date.now(),
  every: (ms, fn) => {
    const timer = setInterval(fn, ms);
    return () => clearInterval(timer);
  },
  after: (ms, fn) => {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
  secret: () => randomBytes(32).toString('hex'),
};
