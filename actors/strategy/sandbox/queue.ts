// Events that wait for the module. Order events go first, all of them, in order. Of market data the newest is worth
// most: one ticker and one book per symbol wait, a newer one takes the place of the older; trades and bars wait in
// order up to a bound, above which the oldest goes.
import type { MarketEvent } from '../../market/market-event.ts';
import type { OrderEvent } from './events.ts';

export type Waiting =
  | { readonly lane: 'order'; readonly event: OrderEvent }
  | { readonly lane: 'market'; readonly event: MarketEvent };

export class EventQueue {
  readonly #orderDepth: number;
  readonly #marketDepth: number;
  #orders: OrderEvent[] = [];
  #taken = 0;
  /** In order of arrival: a Map keeps the place of a key whose value is replaced. */
  readonly #market = new Map<string, MarketEvent>();
  #arrived = 0;
  #conflated = 0;
  #dropped = 0;

  constructor(bounds: { readonly orderDepth: number; readonly marketDepth: number }) {
    this.#orderDepth = bounds.orderDepth;
    this.#marketDepth = bounds.marketDepth;
  }

  /** False when the bound is reached and the event is not taken. */
  pushOrder(event: OrderEvent): boolean {
    if (this.#orders.length - this.#taken >= this.#orderDepth) return false;
    this.#orders.push(event);
    return true;
  }

  pushMarket(event: MarketEvent): void {
    this.#arrived += 1;
    const key = this.#keyOf(event);
    if (this.#market.has(key)) this.#conflated += 1;
    else if (this.#market.size >= this.#marketDepth) this.#dropOldest();
    this.#market.set(key, event);
  }

  shift(): Waiting | null {
    const order = this.#orders[this.#taken];
    if (order) {
      this.#taken += 1;
      if (this.#taken === this.#orders.length) this.#empty();
      return { lane: 'order', event: order };
    }
    const oldest = this.#market.entries().next().value;
    if (oldest === undefined) return null;
    this.#market.delete(oldest[0]);
    return { lane: 'market', event: oldest[1] };
  }

  clear(): void {
    this.#empty();
    this.#market.clear();
  }

  get counts() {
    const waiting = this.#orders.length - this.#taken + this.#market.size;
    return { waiting, conflated: this.#conflated, dropped: this.#dropped };
  }

  #empty(): void {
    this.#orders = [];
    this.#taken = 0;
  }

  #keyOf(event: MarketEvent): string {
    const conflates = event.type === 'Ticker' || event.type === 'BookSnapshot';
    return `${event.type} ${event.provider} ${event.symbol}${conflates ? '' : ` ${this.#arrived}`}`;
  }

  /** A ticker or book that waits is the newest of its symbol, so a trade or bar goes before one of them. */
  #dropOldest(): void {
    let victim: string | undefined;
    for (const [key, event] of this.#market) {
      victim ??= key;
      if (event.type === 'Ticker' || event.type === 'BookSnapshot') continue;
      victim = key;
      break;
    }
    if (victim !== undefined) this.#market.delete(victim);
    this.#dropped += 1;
  }
}
