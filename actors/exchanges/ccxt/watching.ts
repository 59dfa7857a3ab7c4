// A channel of ccxt: watch calls that are asked again for ever, until one of them fails. ccxt reconnects by being
// asked again, and loses what came in between without a word; so a failure is a lost connection here.

import type { Clock } from '../wire/clock.ts';
import { within } from '../wire/clock.ts';
import type { Channel, Held } from '../wire/keep-open.ts';
import type { CcxtBounds } from './bounds.ts';
import type { CcxtExchange } from './library.ts';
import { classesOf, reasonOf } from './outcome.ts';

/** One watch call; resolves when something came. */
export type Watch = () => Promise<void>;

export interface WatchingOptions {
  readonly name: string;
  readonly exchange: CcxtExchange;
  readonly clock: Clock;
  readonly bounds: CcxtBounds;
  readonly watches: readonly Watch[];
  /** After a loss, before it is tried anew. */
  readonly onLost: (loss: Loss) => Promise<void>;
}

export interface Loss {
  readonly reason: string;
  /** The connection stands: what was watched is broken by itself. */
  readonly isAlone: boolean;
}

const OPEN = 1;

export class Watching implements Channel {
  readonly name: string;
  readonly #options: WatchingOptions;
  #lost = Promise.withResolvers<Loss>();
  #isAlone = false;
  #round = 0;

  constructor(options: WatchingOptions) {
    this.name = options.name;
    this.#options = options;
  }

  async open(signal: AbortSignal): Promise<Held> {
    const { clock, bounds, watches } = this.#options;
    this.#round += 1;
    const round = this.#round;
    const lost = Promise.withResolvers<Loss>();
    this.#lost = lost;
    const first = Promise.withResolvers<void>();
    const onAbort = (): void => lost.resolve({ reason: 'it was called off', isAlone: false });
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    void lost.promise.then(() => signal.removeEventListener('abort', onAbort));
    for (const watch of watches) void this.#watch(watch, round, first.resolve);
    const failed = lost.promise.then(({ reason }): never => {
      throw new Error(reason);
    });
    const settled = this.#settled(round);
    const message = `nothing was confirmed within ${bounds.connectMs + bounds.settleMs} ms`;
    try {
      await within(clock, bounds.connectMs + bounds.settleMs, Promise.race([first.promise, settled, failed]), message);
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
      await this.#end(await lost.promise);
      throw error;
    }
    // The loss of a held connection is told when all of it is put away.
    return { closed: lost.promise.then((loss) => this.#end(loss).then(() => loss.reason)) };
  }

  /** Whether the last loss was of these watches alone. */
  get isAlone(): boolean {
    return this.#isAlone;
  }

  /** Gives the connection up: what cannot be read or handed on must be asked for. */
  fail(reason: string): void {
    this.#lost.resolve({ reason, isAlone: false });
  }

  close(): void {
    this.#round += 1;
    this.fail('the session was closed');
  }

  async #watch(watch: Watch, round: number, onFirst: () => void): Promise<void> {
    const { resolve } = this.#lost;
    try {
      while (this.#round === round) {
        await watch();
        onFirst();
      }
    } catch (error) {
      resolve({ reason: reasonOf(error), isAlone: !isOfConnection(error) });
    }
  }

  /** No venue confirms alike; a subscription that is refused fails its watch, so quiet on an open socket is consent. */
  async #settled(round: number): Promise<void> {
    const { clock, bounds, exchange } = this.#options;
    let quietSince: number | null = null;
    while (this.#round === round) {
      const clients = Object.values(exchange.clients ?? {});
      const isOpen = clients.length > 0 && clients.every(({ connection }) => connection?.readyState === OPEN);
      quietSince = isOpen ? (quietSince ?? clock.now()) : null;
      if (quietSince !== null && clock.now() - quietSince >= bounds.settleMs) return;
      await new Promise<void>((resolve) => clock.after(bounds.settleStepMs, resolve));
    }
  }

  async #end(loss: Loss): Promise<void> {
    this.#round += 1;
    this.#isAlone = loss.isAlone;
    await this.#options.onLost(loss);
  }
}

/** ccxt counts a hole in the numbers of a book (InvalidNonce, ChecksumError) to the failures of the network. */
function isOfConnection(error: unknown): boolean {
  const names = classesOf(error);
  return names.includes('NetworkError') && !names.includes('InvalidNonce');
}
