// A clock that stands still until it is told to go on. Timers run in the order of their time.
import type { Clock } from '../../actors/exchanges/wire/clock.ts';

export interface FakeClock extends Clock {
  /** Runs everything due until then, letting promises settle in between. */
  advance(ms: number): Promise<void>;
}

export function fakeClock(startAt = 1_000_000): FakeClock {
  let at = startAt;
  let timers: { readonly dueAt: number; readonly run: () => void }[] = [];
  return {
    now: () => at,
    random: () => 0.5,
    after: (ms, run) => {
      const timer = { dueAt: at + ms, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    advance: async (ms) => {
      const until = at + ms;
      for (;;) {
        await settled();
        const [next] = timers.filter(({ dueAt }) => dueAt <= until).sort((a, b) => a.dueAt - b.dueAt);
        if (!next) break;
        timers = timers.filter((one) => one !== next);
        at = Math.max(at, next.dueAt);
        next.run();
      }
      at = until;
    },
  };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}
