// Blocks of database ids, reserved ahead so that a turn never waits for one.
import type { Store } from './ports.ts';

export class IdBlock {
  readonly #store: Store;
  readonly #sequence: 'actors' | 'outbox';
  readonly #size: number;
  #next = 0n;
  #last = -1n;

  constructor(store: Store, sequence: 'actors' | 'outbox', size: number) {
    this.#store = store;
    this.#sequence = sequence;
    this.#size = size;
  }

  get left(): number {
    return Number(this.#last - this.#next) + 1;
  }

  /** Makes sure that at least half a block is left. A crash leaves a gap in the ids, which is harmless. */
  async ensure(): Promise<void> {
    if (this.left >= this.#size / 2) return;
    const { first, last } = await this.#store.reserveIds(this.#sequence, this.#size);
    // What is left of the old block is given up: ids stay in commit order.
    this.#next = first;
    this.#last = last;
  }

  take(): bigint {
    const id = this.#next;
    this.#next += 1n;
    return id;
  }
}
