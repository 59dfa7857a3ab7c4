// One word for several channels: connected while all of them hold. The listener hears each change once.

export class Gate {
  readonly #down = new Set<string>();
  readonly #onConnected: () => void;
  readonly #onDisconnected: (reason: string) => void;
  #closed = false;

  constructor(listener: { onConnected(): void; onDisconnected(reason: string): void }) {
    this.#onConnected = () => listener.onConnected();
    this.#onDisconnected = (reason) => listener.onDisconnected(reason);
  }

  up(channel: string): void {
    if (this.#down.delete(channel) && this.#down.size === 0 && !this.#closed) this.#onConnected();
  }

  down(channel: string, reason: string): void {
    const first = this.#down.size === 0;
    this.#down.add(channel);
    if (first && !this.#closed) this.#onDisconnected(reason);
  }

  close(): void {
    this.#closed = true;
  }
}
