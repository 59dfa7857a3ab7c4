// Sandboxes by hand: a test sees what each was started with and hears, and decides in the module's place.
import type { MarketEvent } from '../../actors/market/market-event.ts';
import type { OrderEvent, Sandbox, SandboxOptions } from '../../actors/strategy/sandbox/index.ts';

/** A started sandbox, as the test sees it. */
export interface MadeSandbox {
  readonly options: SandboxOptions;
  readonly market: MarketEvent[];
  readonly orders: OrderEvent[];
  stopped: boolean;
}

export interface FakeSandboxes {
  readonly made: readonly MadeSandbox[];
  readonly create: (options: SandboxOptions) => Promise<Sandbox>;
  /** From now on starting waits until the returned function is called. */
  hold(): () => void;
}

const METADATA = { name: 'm', tag: null, displayName: 'M', description: '', config: [], events: ['Trade' as const] };
const STATS = { calls: 0, faults: 0, waiting: 0, conflated: 0, dropped: 0 };

export function fakeSandboxes(): FakeSandboxes {
  const made: MadeSandbox[] = [];
  let gate: Promise<void> = Promise.resolve();
  return {
    made,
    async create(options) {
      const one: MadeSandbox = { options, market: [], orders: [], stopped: false };
      made.push(one);
      await gate;
      return {
        metadata: METADATA,
        market: (event) => void one.market.push(event),
        order: (event) => void one.orders.push(event),
        stats: () => STATS,
        stop: async () => {
          one.stopped = true;
        },
      };
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
  };
}
