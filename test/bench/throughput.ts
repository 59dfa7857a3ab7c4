// Durable transitions of the order lifecycle at saturation: created, granted, claimed (submitted), acknowledged, filled.
// The order machine and its effects are the production ones; risk and provider are one-state machines that answer
// at once, so that what is measured is the order, and the venue accepts within the process.
import { emit, setup } from 'xstate';
import type { SubmitRequest } from '../../actors/exchanges/exchange.ts';
import type { ProviderRow } from '../../actors/market/records.ts';
import { orderActor } from '../../actors/order/index.ts';
import type { OrderInput, OrderMessage } from '../../actors/order/messages.ts';
import { type ActorDefinition, defineActor } from '../../actors/runtime/actor.ts';
import { type Record, record, type Send, send } from '../../actors/runtime/effect.ts';
import type { ActorKey, Delivered } from '../../actors/runtime/message.ts';
import type { ActorRow, Store, WriteSet } from '../../actors/runtime/ports.ts';
import { createSystem, type System } from '../../actors/runtime/system.ts';
import { systemClock } from '../../bin/clock.ts';
import { createStore } from '../../persistence/index.ts';
import { type Lifecycle, lifecycleOf } from './lifecycle.ts';

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

export const BENCH_ACTORS = [
  orderActor,
  stub('risk', 'ReserveRequested', 'ReservationGranted', ['ExposureFilled', 'ReservationReleased']),
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

/** Keeps `open` orders alive at once for `seconds`; counts the orders' own transitions. */
export async function measureThroughput(
  url: string,
  options: { readonly open: number; readonly seconds: number; readonly prefix: string },
): Promise<Throughput> {
  const store = createStore({ url, log: QUIET });
  const sets: WriteSet[] = [];
  let orderTransitions = 0;
  let turns = 0;
  let groups = 0;
  const watched: Store = {
    ...store,
    async commit(set) {
      await store.commit(set);
      if (sets.length < 12) sets.push(set);
      groups += 1;
      turns += set.transitions.length;
    },
  };
  let orders = 0;
  let filled = 0;
  let running = true;
  // What is still on its way when the measuring ends is turned away, as it should be.
  const complain = (error: unknown): void => {
    if (running) console.error(error);
  };
  const spawnNext = (): void => {
    if (!running) return;
    orders += 1;
    void system.spawn(`order/${options.prefix}${orders}`, orderInput(`${options.prefix}${orders}`)).catch(complain);
  };
  const ports = venue(
    () => system,
    () => {
      filled += 1;
      spawnNext();
    },
    complain,
  );
  const system: System = createSystem({
    actors: BENCH_ACTORS,
    store: watched,
    clock: systemClock,
    log: QUIET,
    node: 'bench',
    ports,
  });
  await system.start();
  await Promise.all([system.spawn('risk/paper', {}), system.spawn('provider/paper', {})]);
  // One life on its own first, for the yardsticks.
  spawnNext();
  for (let waited = 0; filled < 1; waited += 1) {
    if (waited > 2_000)
      throw new Error(`the first order does not fill: ${JSON.stringify(system.snapshot(`order/${options.prefix}1`))}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const life = lifecycleOf(sets, `order/${options.prefix}1`);
  for (let n = 0; n < options.open; n += 1) spawnNext();
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const from = { filled, turns, groups, at: performance.now() };
  await new Promise((resolve) => setTimeout(resolve, options.seconds * 1_000));
  const elapsed = (performance.now() - from.at) / 1_000;
  orderTransitions = (filled - from.filled) * life.steps.length;
  const result = {
    transitionsPerSecond: orderTransitions / elapsed,
    turnsPerSecond: (turns - from.turns) / elapsed,
    groups: groups - from.groups,
    orders: filled - from.filled,
    life,
    working: workingOf(sets, `order/${options.prefix}1`),
  };
  running = false;
  await system.stop();
  await store.close();
  return result;
}
