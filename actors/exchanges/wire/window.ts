// How much was used in the last interval, in tenths of it. A tenth counts until all of it has gone by, so no
// window of the interval's length, wherever the venue begins it, ever holds more than the limit.

const SLOTS = 10;

export interface UsageWindow {
  readonly limit: number;
  used(now: number): number;
  add(now: number, amount: number): void;
  /**
   * When `amount` will fit under `ceiling`, if nothing else is used until then but `besides`, and that now; now when it
   * fits already. Alone too heavy for the ceiling: when nothing else is in the window.
   */
  freeAt(now: number, amount: number, ceiling: number, besides?: number): number;
  /** What the venue counts; more than ours when others use the same address. */
  observe(now: number, used: number): void;
}

export function usageWindow(limit: number, intervalMs: number): UsageWindow {
  const slotMs = intervalMs / SLOTS;
  let slots: { readonly startAt: number; used: number }[] = [];
  const startOf = (now: number): number => Math.floor(now / slotMs) * slotMs;
  const endOf = ({ startAt }: { readonly startAt: number }): number => startAt + intervalMs + slotMs;
  const expire = (now: number): void => {
    slots = slots.filter((slot) => endOf(slot) > now);
  };
  const used = (now: number): number => {
    expire(now);
    return slots.reduce((sum, slot) => sum + slot.used, 0);
  };
  const add = (now: number, amount: number): void => {
    expire(now);
    const startAt = startOf(now);
    const slot = slots.find((one) => one.startAt === startAt);
    if (slot) slot.used += amount;
    else slots.push({ startAt, used: amount });
  };
  return {
    limit,
    used,
    add,
    freeAt: (now, amount, ceiling, besides = 0) => {
      let over = used(now) + besides + amount - ceiling;
      if (over <= 0) return now;
      const all = besides === 0 ? slots : [...slots, { startAt: startOf(now), used: besides }];
      for (const slot of all) {
        over -= slot.used;
        if (over <= 0) return endOf(slot);
      }
      const last = all.at(-1);
      return last ? endOf(last) : now;
    },
    observe: (now, seen) => {
      const missing = seen - used(now);
      if (missing > 0) add(now, missing);
    },
  };
}
