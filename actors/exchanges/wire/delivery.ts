// Hands events on one at a time, in order, each after the one before is durable. When more are waiting than the
// bound allows, the source is held until half of them are gone.

export type Event = () => Promise<void>;

export interface Flow {
  hold(): void;
  release(): void;
  /** An event could not be made durable. The stream cannot be asked again: what waits is given up with it. */
  fail(reason: string): void;
}

export class Delivery {
  readonly #queueMax: number;
  readonly #flow: Flow;
  #waiting: Event[] = [];
  #running = false;
  #held = false;
  #closed = false;

  constructor(queueMax: number, flow: Flow) {
    this.#queueMax = queueMax;
    this.#flow = flow;
  }

  push(event: Event): void {
    if (this.#closed) return;
    this.#waiting.push(event);
    if (!this.#held && this.#waiting.length >= this.#queueMax) {
      this.#held = true;
      this.#flow.hold();
    }
    if (!this.#running) void this.#run();
  }

  /** Whether a source that begins now must wait. */
  get held(): boolean {
    return this.#held;
  }

  /** Forgets what waits: after a close nobody listens. */
  close(): void {
    this.#closed = true;
    this.#waiting = [];
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let event = this.#waiting.shift(); event; event = this.#waiting.shift()) {
      try {
        await event();
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        this.#waiting = [];
        this.#flow.fail(`an event could not be handed on: ${why}`);
      }
      if (this.#held && this.#waiting.length <= this.#queueMax / 2) {
        this.#held = false;
        this.#flow.release();
      }
    }
    this.#running = false;
  }
}
