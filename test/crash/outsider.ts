// Somebody else who trades on the same account, past the gateway: by hand, or with another program. The gateway must
// find what they do, book it, and never take it for its own.
import { type Random, seeded } from '../../actors/exchanges/paper/core/random.ts';
import type { World } from './world.ts';

export interface OutsiderOptions {
  readonly seed: number;
  readonly paceMs: number;
}

interface VenueOrder {
  readonly orderId: number;
  readonly clientOrderId: string;
  readonly status: string;
}

const SYMBOL = 'BTCUSDT';
/** No client order id of ours has such a sign. */
const PREFIX = 'web_';

export class Outsider {
  readonly #world: World;
  readonly #random: Random;
  readonly #paceMs: number;
  #timer: NodeJS.Timeout | null = null;
  #placed = 0;
  readonly #acting = new Set<Promise<void>>();

  constructor(world: World, { seed, paceMs }: OutsiderOptions) {
    this.#world = world;
    this.#paceMs = paceMs;
    this.#random = seeded(seed, 'outsider');
  }

  start(): void {
    // The venue drops some of its requests as well, by the fault switch: it does not care.
    this.#timer ??= setInterval(() => this.#begin(), this.#paceMs);
  }

  /** No new orders, and those that rest are canceled. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    // What is held up on its way would come to rest after we looked.
    await Promise.all(this.#acting);
    const open = (await this.#world.asSomebodyElse('GET', 'openOrders', { symbol: SYMBOL })) as readonly VenueOrder[];
    for (const { orderId } of open.filter(({ clientOrderId }) => clientOrderId.startsWith(PREFIX))) {
      await this.#world.asSomebodyElse('DELETE', 'order', { symbol: SYMBOL, orderId });
    }
  }

  #begin(): void {
    const acting = this.#act()
      .catch(() => {})
      .finally(() => this.#acting.delete(acting));
    this.#acting.add(acting);
  }

  /** Rests and is left, rests and is canceled, or fills at once. */
  async #act(): Promise<void> {
    const { bid, ask } = await this.#world.prices();
    const side = this.#random() < 0.5 ? 'BUY' : 'SELL';
    const crosses = this.#random() < 0.5;
    const reach = crosses ? 0.001 : -0.001 * this.#random();
    const price = side === 'BUY' ? ask * (1 + reach) : bid * (1 - reach);
    this.#placed += 1;
    const terms = { side, type: 'LIMIT', timeInForce: crosses ? 'IOC' : 'GTC', price: price.toFixed(2) };
    const quantity = (0.0002 + this.#random() * 0.001).toFixed(5);
    const newClientOrderId = `${PREFIX}${this.#placed}`;
    const placed = await this.#world.asSomebodyElse('POST', 'order', {
      symbol: SYMBOL,
      ...terms,
      quantity,
      newClientOrderId,
    });
    const { orderId, status } = placed as VenueOrder;
    if (status !== 'NEW' || this.#random() < 0.5) return;
    await new Promise((resolve) => setTimeout(resolve, this.#random() * 500));
    await this.#world.asSomebodyElse('DELETE', 'order', { symbol: SYMBOL, orderId });
  }
}
