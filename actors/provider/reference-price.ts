// The last price of each symbol, for the risk actors: durable messages, so at a bounded pace. The newest price always
// arrives; while it holds still it is said again, since a price nobody repeats counts as stale.
import type { Clock } from '../runtime/ports.ts';

export interface PricePace {
  /** Between two prices of one symbol. */
  readonly everyMs: number;
  /** After this long without a change the price is said again. */
  readonly repeatMs: number;
}

export interface PricePacer {
  note(symbol: string, price: string): void;
  /** Forgets all prices: after the link is lost nothing is known about them. */
  reset(): void;
}

interface Pending {
  price: string;
  toldAt: number;
  told: string | null;
  cancel: () => void;
}

export function createPricePacer(
  clock: Clock,
  pace: PricePace,
  tell: (symbol: string, price: string) => void,
): PricePacer {
  const prices = new Map<string, Pending>();

  function say(symbol: string, pending: Pending): void {
    pending.cancel();
    pending.told = pending.price;
    pending.toldAt = clock.now();
    pending.cancel = clock.after(pace.repeatMs, () => say(symbol, pending));
    tell(symbol, pending.price);
  }

  return {
    note(symbol, price) {
      const known = prices.get(symbol);
      if (known === undefined) {
        const pending: Pending = { price, toldAt: 0, told: null, cancel: () => {} };
        prices.set(symbol, pending);
        say(symbol, pending);
        return;
      }
      if (known.price === price) return;
      // A change is on its way already, or this is the first one since the last price was told.
      const isScheduled = known.price !== known.told;
      known.price = price;
      if (isScheduled) return;
      const waitMs = known.toldAt + pace.everyMs - clock.now();
      if (waitMs <= 0) return say(symbol, known);
      known.cancel();
      known.cancel = clock.after(waitMs, () => say(symbol, known));
    },
    reset() {
      for (const { cancel } of prices.values()) cancel();
      prices.clear();
    },
  };
}
