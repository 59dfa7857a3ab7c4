// Log lines of a module, at a rate a reader can follow. What is over it is counted and told once a second.
import type { LogLevel } from './output.ts';

type Write = (level: LogLevel, text: string) => void;

export class LogGate {
  readonly #write: Write;
  readonly #perSecond: number;
  readonly #nowMs: () => number;
  #windowStart: number;
  #lines = 0;
  #lost: { [what: string]: number } = {};

  constructor(write: Write, perSecond: number, nowMs: () => number) {
    this.#write = write;
    this.#perSecond = perSecond;
    this.#nowMs = nowMs;
    this.#windowStart = nowMs();
  }

  write(level: LogLevel, text: string): void {
    this.#turn();
    this.#lines += 1;
    if (this.#lines > this.#perSecond) this.lost('log lines of the module were left out', 1);
    else this.#write(level, text);
  }

  /** Adds to what is told, in one line each, when the second is over. */
  lost(what: string, count: number): void {
    if (count > 0) this.#lost[what] = (this.#lost[what] ?? 0) + count;
    this.#turn();
  }

  #turn(): void {
    const now = this.#nowMs();
    if (now - this.#windowStart < 1_000) return;
    this.#windowStart = now;
    this.#lines = 0;
    this.tell();
  }

  /** Tells what was lost so far. */
  tell(): void {
    const lost = this.#lost;
    this.#lost = {};
    for (const [what, count] of Object.entries(lost)) this.#write('warn', `${count} ${what}`);
  }
}
