// Durable transitions of the order lifecycle at saturation: created, granted, claimed, acknowledged, filled.
// The order machine and its effects are the production ones; risk and provider are one-state machines that answer
// at once, so that what is measured is the order, and the venue accepts within the process.
import { setTimeout as pause } from 'node:timers/promises';
import { emit, enqueueActions, setup } from 'xstate';
import type { SubmitRequest } from '../../actors/exchanges/exchange.ts';
import type { ProviderRow } from '../../actors/market/records.ts';
import { orderActor } from '../../actors/order/index.ts';
import type { OrderInput, OrderMessage } from '../../actors/order/messages.ts';
import { type Filled, holdFill, type Positions } from '../../actors/risk/holdings.ts';
import type { RiskMessage } from '../../actors/risk/messages.ts';
import { type ActorDefinition, defineActor } from '../../actors/runtime/actor.ts';
import { type Effect, type Record, record, type Send, send } from '../../actors/runtime/effect.ts';
import type { ActorKey, Delivered } from '../../actors/runtime/message.ts';
import type { ActorRow, Store, WriteSet } from '../../actors/runtime/ports.ts';
import { createSystem, type System } from '../../actors/runtime/system.ts';
import { systemClock } from '../../bin/clock.ts';
import { createStore } from '../../persistence/index.ts';
import { type Lifecycle, lifecycleOf, transitionsOf } from './lifecycle.ts';

const QUIET = {
  debug() {},
  info() {},
  warn(_: object, text: string) {
    console.error(text);
  },
  error(_: object, text: string) {
    console.error(text);
  },
};

/** A kind that answers one message with one message and takes the rest without a word. */
function stub(kind: string, asked: string, answer: string, ignored: readonly string[]): ActorDefinition {
  const machine = setup({
    types: {
      context: {} as object,
      events: {} as Delivered<{ readonly type: string; readonly clientOrderId: string }>,
      emitted: {} as Send | Record<ProviderRow>,
    },
    actions: {
      recordItself: emit(() =>
        record({
          table: 'providers',
          name: 'paper',
          adapter: 'binance',
          settings: '{}',
          status: 'running',
          reason: null,
        }),
      ),
      answer: emit(({ event }) => send(`order/${event.clientOrderId}` as ActorKey, { type: answer })),
    },
  }).createMachine({
    id: kind,
    version: '1',
    options: { maxIterations: 10 },
    context: () => ({}),
    initial: 'open',
    states: {
      open: {
        entry: kind === 'provider' ? ['recordItself'] : [],
        on: { [asked]: { actions: 'answer' }, ...Object.fromEntries(ignored.map((type) => [type, {}])) },
      },
    },
  });
  return defineActor({ kind, version: 1, machine });
}

/** Grants every order, and keeps the positions as the real one does. */
const risk = setup({
  types: {
    context: {} as { readonly positions: Positions },
    events: {} as Delivered<RiskMessage>,
    emitted: {} as Effect,
  },
  actions: {
    grant: emit((_, { clientOrderId }: { readonly clientOrderId: string }) =>
      send(`order/${clientOrderId}`, { type: 'ReservationGranted' }),
    ),
    hold: enqueueActions(({ context, enqueue }, filled: Filled) => {
      const { positions, effects } = holdFill(context.positions, filled);
      enqueue.assign(() => ({ positions }));
      for (const effect of effects) enqueue.emit(effect);
    }),
  },
}).createMachine({
  id: 'risk',
  version: '1',
  options: { maxIterations: 10 },
  context: () => ({ positions: {} }),
  on: {
    ReserveRequested: { actions: { type: 'grant', params: ({ event }) => event } },
    ExposureFilled: { actions: { type: 'hold', params: ({ event }) => event } },
    ReservationReleased: {},
  },
});

export const BENCH_ACTORS = [
  orderActor,
  defineActor({ kind: 'risk', version: 1, machine: risk }),
  stub('provider', 'SubmitRequested', 'SubmitGranted', ['OrderClosed']),
];

export function orderInput(clientOrderId: string): OrderInput {
  return {
    clientOrderId,
    provider: 'paper',
    venue: 'BINANCE',
    account: 'paper',
    symbol: 'BTC-USDT',
    side: 'Buy',
    orderType: 'Limit',
    timeInForce: 'GTC',
    postOnly: true,
    quantity: '0.00150',
    price: '59999.50',
    stopPrice: null,
    asked: { quantity: '0.00150', price: '59999.50' },
    goodTillAt: null,
    amends: 'none',
    linkedTo: null,
    replaces: null,
    external: null,
    strategyInstance: 'mm-1',
    riskScope: 'paper',
    placedAt: Date.now(),
    recvWindowMs: 5_000,
    fenceMarginMs: 16_000,
  };
}

/** Accepts every order at once and reports its fill on the user stream. */
function venue(system: () => System, filled: () => void, complain: (error: unknown) => void) {
  let trades = 0;
  const report = async (request: SubmitRequest): Promise<void> => {
    trades += 1;
    const order = venueOrder(request, 'filled', request.quantity);
    const execution = {
      tradeId: String(trades),
      venueOrderId: order.venueOrderId,
      quantity: request.quantity,
      price: request.price ?? '0',
      fee: '0.0000015',
      feeAsset: 'BTC',
      liquidity: 'maker' as const,
      tradedAt: 1_790_000_000_500,
    };
    const message: OrderMessage = { type: 'OrderReported', order, execution, reason: null };
    await system().deliver(`order/${request.clientOrderId}`, message, { id: `report:paper:${trades}` });
    filled();
  };
  const session = {
    async submit(request: SubmitRequest) {
      setImmediate(() => void report(request).catch(complain));
      return { outcome: 'accepted' as const, order: venueOrder(request, 'open', '0'), executions: [] };
    },
  };
  return { exchanges: { find: () => session } };
}

function venueOrder(request: SubmitRequest, status: 'open' | 'filled', filledQuantity: string) {
  const { clientOrderId, symbol, side, quantity, price } = request;
  return {
    clientOrderId,
    venueOrderId: clientOrderId.slice(1),
    symbol,
    side,
    status,
    rawStatus: status === 'open' ? 'NEW' : 'FILLED',
    quantity,
    price,
    filledQuantity,
    updatedAt: 1_790_000_000_400,
  };
}

/** The order's row after its acknowledgement: the last one before it rests. */
function workingOf(sets: readonly WriteSet[], key: ActorKey): ActorRow {
  const row = sets
    .flatMap(({ created, changed }) => [...created, ...changed])
    .findLast((written) => written.key === key && written.status === 'active');
  if (row === undefined) throw new Error(`${key} never worked`);
  return row;
}

export interface Throughput {
  readonly transitionsPerSecond: number;
  readonly turnsPerSecond: number;
  readonly groups: number;
  readonly orders: number;
  readonly life: Lifecycle;
  /** The row of one order as it works at the venue. */
  readonly working: ActorRow;
}

/** Keeps `open` orders alive at once for `seconds`; counts the orders' transitions and those they caused. */
export async function measureThroughput(
  url: string,
  options: { readonly open: number; readonly seconds: number; readonly prefix: string },
): Promise<Throughput> {
  const load = await startLoad(url, options.prefix);
  const { counts } = load;
  // One life on its own first, for the yardsticks.
  const first: ActorKey = `order/${options.prefix}1`;
  load.openOrder();
  for (let waited = 0; counts.filled < 1; waited += 1) {
    if (waited > 2_000) throw new Error(`${first} does not fill: ${JSON.stringify(load.system.snapshot(first))}`);
    await pause(5);
  }
  const life = lifecycleOf(counts.sets, first);
  const working = workingOf(counts.sets, first);
  for (let n = 0; n < options.open; n += 1) load.openOrder();
  await pause(1_000);
  const from = { ...counts, at: performance.now() };
  await pause(options.seconds * 1_000);
  const seconds = (performance.now() - from.at) / 1_000;
  const orders = counts.filled - from.filled;
  const turnsPerSecond = (counts.turns - from.turns) / seconds;
  const groups = counts.groups - from.groups;
  await load.stop();
  return {
    transitionsPerSecond: (orders * transitionsOf(life)) / seconds,
    turnsPerSecond,
    groups,
    orders,
    life,
    working,
  };
}

interface Counts {
  filled: number;
  turns: number;
  groups: number;
  /** The first write-sets, in which the first order lives. */
  readonly sets: WriteSet[];
}
interface Load {
  readonly system: System;
  readonly counts: Counts;
  /** Opens one order, and one after it when it has filled. */
  openOrder(): void;
  stop(): Promise<void>;
}

async function startLoad(url: string, prefix: string): Promise<Load> {
  const store = createStore({ url, log: QUIET });
  const counts: Counts = { filled: 0, turns: 0, groups: 0, sets: [] };
  let opened = 0;
  let running = true;
  const complain = (error: unknown): void => {
    console.error(error);
    process.exitCode = 1;
  };
  const openOrder = (): void => {
    if (!running) return;
    opened += 1;
    void system.spawn(`order/${prefix}${opened}`, orderInput(`${prefix}${opened}`)).catch(complain);
  };
  const filled = (): void => {
    counts.filled += 1;
    openOrder();
  };
  const ports = venue(() => system, filled, complain);
  const options = { actors: BENCH_ACTORS, clock: systemClock, log: QUIET, node: 'bench', ports };
  const system: System = createSystem({ ...options, store: counting(store, counts) });
  await system.start();
  await Promise.all([system.spawn('risk/paper', {}), system.spawn('provider/paper', {})]);
  const stop = async (): Promise<void> => {
    running = false;
    // Every order ends, so that the next run on this database finds none that hangs in between.
    while (counts.filled < opened) await pause(10);
    await system.stop();
    await store.close();
  };
  return { system, counts, openOrder, stop };
}

function counting(store: Store, counts: Counts): Store {
  return {
    ...store,
    async commit(set) {
      await store.commit(set);
      if (counts.sets.length < 12) counts.sets.push(set);
      counts.groups += 1;
      counts.turns += set.transitions.length;
    },
  };
}
