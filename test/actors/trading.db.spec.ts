// All actor kinds together on a real database, with an exchange and sandboxes by hand: from the configuration of a
// node to a filled order, and on in the next process.
import test from 'ava';
import type { SubmitRequest } from '../../actors/exchanges/exchange.ts';
import { actors } from '../../actors/index.ts';
import type { VenueOrder } from '../../actors/market/execution.ts';
import type { MarketEvent } from '../../actors/market/market-event.ts';
import type { ProviderContext } from '../../actors/provider/context.ts';
import { createMarketHub, createSessionHost } from '../../actors/provider/index.ts';
import { DEFAULT_LIMITS } from '../../actors/risk/index.ts';
import type { Intake } from '../../actors/runtime/intake.ts';
import type { ActorKey } from '../../actors/runtime/message.ts';
import type { System } from '../../actors/runtime/system.ts';
import type { StrategyContext } from '../../actors/strategy/context.ts';
import { createSandboxHost } from '../../actors/strategy/index.ts';
import { SUPERVISOR } from '../../actors/supervisor/index.ts';
import type { NodeStarted } from '../../actors/supervisor/messages.ts';
import { systemClock } from '../../bin/clock.ts';
import { fakeBooks } from '../support/books.ts';
import { testDatabase } from '../support/db.ts';
import { type FakeExchange, fakeExchange } from '../support/fake-exchange.ts';
import { type FakeSandboxes, fakeSandboxes } from '../support/fake-sandbox.ts';
import { INPUT } from '../support/providers.ts';
import { FIRST_ORDER, place, STRATEGY } from '../support/strategies.ts';
import { differences, query, quiet, run, until } from '../support/system.ts';

interface Node {
  readonly system: System;
  readonly exchange: FakeExchange;
  readonly sandboxes: FakeSandboxes;
  state(key: ActorKey): string;
  stop(): Promise<void>;
  crash(): Promise<void>;
}

/** A process: the runtime, both hosts, and the supervisor told that it starts. */
async function node(url: string): Promise<Node> {
  const exchange = fakeExchange();
  const sandboxes = fakeSandboxes();
  const started = Promise.withResolvers<System>();
  const intake: Intake = {
    tell: async (...all) => (await started.promise).tell(...all),
    deliver: async (...all) => (await started.promise).deliver(...all),
    exists: async (...all) => (await started.promise).exists(...all),
  };
  const common = { intake, clock: systemClock, log: quiet };
  const hub = createMarketHub((error) => {
    throw error;
  });
  const adapters = { binance: exchange.open };
  const secrets = (reference: string): string => `value of ${reference}`;
  const sessionHost = createSessionHost({ ...common, adapters, secrets, hub, riskScopes: () => ['firm'] });
  const modules = { source: async () => 'module' };
  const sandboxHost = createSandboxHost({
    ...{ ...common, createSandbox: sandboxes.create, modules, market: hub, run: `${process.pid}.${Math.random()}` },
  });
  const ports = { exchanges: sessionHost, sessions: sessionHost, books: fakeBooks(), sandboxes: sandboxHost };
  const running = await run({ url, actors, ports, bus: 'bus/main', supervisor: SUPERVISOR, bounds: { leaseMs: 500 } });
  const { system } = running;
  started.resolve(system);
  await system.spawn(SUPERVISOR, {});
  const risks = [{ scope: 'firm', limits: DEFAULT_LIMITS }];
  const configuration = { providers: [INPUT], strategies: [STRATEGY], risks };
  const message: NodeStarted = { type: 'NodeStarted', node: 'test', epoch: '1', ...configuration };
  await system.deliver(SUPERVISOR, message);
  return {
    system,
    exchange,
    sandboxes,
    state: (key) => system.snapshot(key)?.state ?? 'none',
    stop: async () => {
      await running.stop();
      await Promise.all([sessionHost.closeAll(), sandboxHost.stopAll()]);
    },
    crash: async () => {
      await running.crash();
      // What the death of the process would end. Without its store it commits nothing, so its stop is not waited for.
      void system.stop();
      await Promise.all([sessionHost.closeAll(), sandboxHost.stopAll()]);
    },
  };
}

function ticker(lastPrice: string): MarketEvent {
  const payload = { lastPrice, bidPrice: lastPrice, askPrice: lastPrice, volume24h: '1', timestamp: 1 };
  return { type: 'Ticker', provider: 'paper', symbol: 'BTC-USDT', payload };
}
function word({ clientOrderId, quantity, price }: SubmitRequest, filledQuantity: string): VenueOrder {
  const status =
    filledQuantity === quantity
      ? ({ status: 'filled', rawStatus: 'FILLED' } as const)
      : ({ status: 'open', rawStatus: 'NEW' } as const);
  const what = { clientOrderId, venueOrderId: '7', symbol: 'BTC-USDT', side: 'Buy', quantity, price } as const;
  return { ...what, ...status, filledQuantity, updatedAt: 1 };
}

const { sandbox: _none, ...DECISION } = place({ postOnly: false });
const ORDER: ActorKey = `order/${FIRST_ORDER}`;

async function tradingNode(url: string): Promise<Node> {
  const one = await node(url);
  await until('the strategy to run', () => one.state('strategy/mm-1') === 'running');
  await until('the provider to be ready', () => one.state('provider/paper').startsWith('running.ready'));
  return one;
}
function contextOf<Context>({ system }: Node, key: ActorKey): Context {
  return system.snapshot(key)?.context as Context;
}

test('a decision becomes an order at the venue, its fill comes back, and the journal replays', async (t) => {
  const url = await testDatabase();
  const one = await tradingNode(url);
  const submits: SubmitRequest[] = [];
  one.exchange.answers.submit = (request) => {
    submits.push(request);
    return { outcome: 'accepted', order: word(request, '0'), executions: [] };
  };
  const session = one.exchange.sessions[0];
  const sandbox = one.sandboxes.made[0];

  // 1. The module sees the market and decides.
  session?.listener.onMarket(ticker('100'));
  await until('the reference price to be known', async () => {
    const risk = one.system.snapshot('risk/firm');
    return JSON.stringify(risk?.context).includes('"100"');
  });
  sandbox?.options.onDecision(DECISION);
  await until('the order to work', () => one.state(ORDER).startsWith('life.working'));
  t.is(submits.length, 1);
  t.is(submits[0]?.clientOrderId, FIRST_ORDER);
  t.deepEqual(Object.keys(contextOf<ProviderContext>(one, 'provider/paper').live), [FIRST_ORDER]);

  // 2. The venue fills it.
  const request = submits[0] as SubmitRequest;
  const paid = { fee: null, feeAsset: null, liquidity: null, tradedAt: 2 };
  const execution = { tradeId: '1', venueOrderId: '7', quantity: '0.5', price: '100', ...paid };
  await session?.listener.onReport({ reportId: 'r1', order: word(request, '0.5'), execution, reason: null });
  await until('the order to be filled', () => one.state(ORDER).startsWith('life.filled'));
  await until('the module to hear of it', () => sandbox?.orders.length === 3);
  const heard = sandbox?.orders.map((event) =>
    event.type === 'ExecReport' ? `${event.ref} ${event.state}` : event.type,
  );
  t.deepEqual(heard, ['InstrumentUpdate', '1 ACK', '1 FILLED']);
  const strategy = contextOf<StrategyContext>(one, 'strategy/mm-1');
  t.deepEqual(strategy.positions, { 'paper BTC-USDT': '0.5' });
  t.deepEqual(strategy.open, {});
  await until('the provider to forget the order', () => {
    return Object.keys(contextOf<ProviderContext>(one, 'provider/paper').live).length === 0;
  });

  // 3. Nothing was lost on the way, and the journal says the same.
  await one.stop();
  t.deepEqual(await query(url, 'select * from dead_letters'), []);
  t.deepEqual(await differences(url, actors), []);
});

test('the next process connects again, reconciles, and gives the module what it had', async (t) => {
  const url = await testDatabase();
  const one = await tradingNode(url);
  let submitted: SubmitRequest | null = null;
  one.exchange.answers.submit = (request) => {
    submitted = request;
    return { outcome: 'accepted', order: word(request, '0'), executions: [] };
  };
  one.exchange.sessions[0]?.listener.onMarket(ticker('100'));
  await until('the reference price to be known', async () => {
    return JSON.stringify(one.system.snapshot('risk/firm')?.context).includes('"100"');
  });
  one.sandboxes.made[0]?.options.onDecision({ type: 'SaveState', state: { skew: 2 } });
  one.sandboxes.made[0]?.options.onDecision(DECISION);
  await until('the order to work', () => one.state(ORDER).startsWith('life.working'));
  await one.crash();

  const two = await node(url);
  await until('the strategy to run again', () => two.state('strategy/mm-1') === 'running');
  t.is(submitted === null, false);
  const begun = two.sandboxes.made.at(-1)?.options;
  t.deepEqual(begun?.state, { skew: 2 });
  t.deepEqual(
    begun?.account?.orders.map(({ clientOrderId, ref, state }) => [clientOrderId, ref, state]),
    [[FIRST_ORDER, null, 'ACK']],
  );
  t.deepEqual(Object.keys(contextOf<ProviderContext>(two, 'provider/paper').live), [FIRST_ORDER]);
  t.is(contextOf<ProviderContext>(two, 'provider/paper').session, 2);
  await two.stop();
  t.deepEqual(await differences(url, actors), []);
});

test('an operator who stops a provider finds it stopped after a restart', async (t) => {
  const url = await testDatabase();
  const one = await tradingNode(url);
  const answer = await one.system.ask('provider/paper', { type: 'Stop' });
  t.deepEqual(answer.reply, { accepted: true, detail: '' });
  t.is(answer.state, 'stopped');
  await one.stop();

  const two = await node(url);
  t.is(two.state('provider/paper'), 'stopped');
  t.is(two.exchange.sessions.length, 0);
  const rows = await query(url, "select status from providers where name = 'paper'");
  t.deepEqual(rows, [{ status: 'stopped' }]);
  await two.stop();
});
