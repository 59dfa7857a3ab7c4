// A deadline for one call after another. Calls come thousands a second and hardly ever run late, so there is one
// timer that looks at the deadline when it fires, not one per call.
//
// A deadline that is over does not bark yet when nobody can be blamed: when this process did not get the processor
// time the call may use (the machine is busy, or slept), the call gets the same time again, a few times; when only
// this thread was held up, it looks again a little later, because the answer may be on its way.
import process from 'node:process';

/** A timer this much late says that this thread was held up. */
const HELD_UP_MS = 100;
const EXTENSIONS_MAX = 4;

interface Watched {
  readonly deadlineMs: number;
  readonly processorMs: number;
  readonly processorStart: number;
  dueAt: number;
  extensions: number;
}

export class Watchdog {
  readonly #bark: () => void;
  #timer: NodeJS.Timeout | null = null;
  #firesAt = 0;
  #watched: Watched | null = null;

  constructor(bark: () => void) {
    this.#bark = bark;
  }

  /** `processorMs` is what the call may use of the processor before it is to blame. */
  start(deadlineMs: number, processorMs: number): void {
    const dueAt = performance.now() + deadlineMs;
    this.#watched = { deadlineMs, processorMs, processorStart: processorNow(), dueAt, extensions: 0 };
    if (this.#timer === null || this.#firesAt > dueAt) this.#arm(deadlineMs);
  }

  stop(): void {
    this.#watched = null;
  }

  #arm(afterMs: number): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#firesAt = performance.now() + afterMs;
    this.#timer = setTimeout(() => this.#look(), afterMs);
    this.#timer.unref();
  }

  #look(): void {
    this.#timer = null;
    const watched = this.#watched;
    if (watched === null) return;
    const now = performance.now();
    if (now < watched.dueAt) return this.#arm(watched.dueAt - now);
    const usedMs = processorNow() - watched.processorStart;
    if (usedMs < watched.processorMs && watched.extensions < EXTENSIONS_MAX) {
      watched.extensions += 1;
      watched.dueAt = now + watched.deadlineMs;
      return this.#arm(watched.deadlineMs);
    }
    if (now - this.#firesAt > HELD_UP_MS) return this.#arm(HELD_UP_MS);
    // The answer may have arrived and wait to be read: messages are read before immediates run.
    setImmediate(() => {
      if (this.#watched === watched) this.#bark();
    });
  }
}

/** Of the whole process: what one thread of it used can only be less. */
function processorNow(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
