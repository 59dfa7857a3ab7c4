// The life of one process: its clock, and whether it runs, is paused or is dead. Whatever reaches a process comes
// through `after`, so a paused one does nothing until it goes on, and a dead one never does anything again.
import type { Clock } from '../../actors/runtime/ports.ts';
import type { Timeline } from './timeline.ts';

export class Life implements Clock {
  readonly name: string;
  readonly #timeline: Timeline;
  #skewMs: number;
  #dead = false;
  #held: (() => void)[] | null = null;

  constructor(name: string, timeline: Timeline, skewMs: number) {
    this.name = name;
    this.#timeline = timeline;
    this.#skewMs = skewMs;
  }

  get dead(): boolean {
    return this.#dead;
  }
  get paused(): boolean {
    return this.#held !== null;
  }
  get skewMs(): number {
    return this.#skewMs;
  }

  /** Its clock is set, forwards or backwards. */
  set(skewMs: number): void {
    this.#skewMs = skewMs;
  }

  now(): number {
    return this.#timeline.now + this.#skewMs;
  }

  after(delayMs: number, fn: () => void): () => void {
    if (this.#dead) return () => {};
    let canceled = false;
    const run = (): void => {
      if (this.#dead || canceled) return;
      if (this.#held === null) fn();
      else this.#held.push(run);
    };
    const cancel = this.#timeline.after(delayMs, run);
    return () => {
      canceled = true;
      cancel();
    };
  }

  /** kill -9. */
  kill(): void {
    this.#dead = true;
    this.#held = null;
  }

  /** SIGSTOP. */
  pause(): void {
    if (!this.#dead) this.#held ??= [];
  }

  /** SIGCONT: what fell due meanwhile comes in the order in which it fell due. */
  resume(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const run of held) this.#timeline.after(0, run);
  }
}

/** What a caller sees where no answer comes. */
export const LOST = Symbol('lost');

export interface Wire {
  /** ms until the request is there, and until its answer is back. */
  readonly thereMs: number;
  readonly backMs: number;
  readonly fate: 'ok' | 'lostBefore' | 'lostAfter';
  /** How long the caller waits. */
  readonly patienceMs: number;
}

/** A request to another machine. Once it has left, it arrives whatever becomes of the process that sent it. */
export function call<Result>(
  timeline: Timeline,
  life: Life,
  wire: Wire,
  work: () => Result,
): Promise<Result | typeof LOST> {
  return new Promise((resolve, reject) => {
    if (life.dead) return;
    const giveUp = life.after(wire.patienceMs, () => resolve(LOST));
    if (wire.fate === 'lostBefore') return;
    timeline.after(wire.thereMs, () => {
      const answer = attempt(work);
      if (wire.fate === 'lostAfter') return;
      life.after(wire.backMs, () => {
        giveUp();
        if (answer.ok) resolve(answer.value);
        else reject(answer.error as Error);
      });
    });
  });
}

function attempt<Result>(work: () => Result): { ok: true; value: Result } | { ok: false; error: unknown } {
  try {
    return { ok: true, value: work() };
  } catch (error) {
    return { ok: false, error };
  }
}
