// Simulated time: a queue of events. An event runs, every promise that hangs on it settles, and only then comes the
// next one, so that a history is one sequence and takes as long as its computing.
import TinyQueue from 'tinyqueue';

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  canceled: boolean;
}

const START = 1_700_000_000_000;

export class Timeline {
  #now = START;
  #order = 0;
  readonly #queue = new TinyQueue<Event>([], (a, b) => a.at - b.at || a.order - b.order);

  /** The true time, which the venue and the database have; processes have clocks of their own. */
  get now(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): () => void {
    const event: Event = { at: this.#now + Math.max(0, delayMs), order: this.#order, run, canceled: false };
    this.#order += 1;
    this.#queue.push(event);
    return () => {
      event.canceled = true;
    };
  }

  /** The next event and all that follows from it at once. False when nothing is left to happen. */
  async step(): Promise<boolean> {
    for (let event = this.#queue.pop(); event !== undefined; event = this.#queue.pop()) {
      if (event.canceled) continue;
      this.#now = Math.max(this.#now, event.at);
      event.run();
      await settled();
      return true;
    }
    return false;
  }
}

/** Node runs the queue of ticks only when no microtask is left: everything that could go on has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
