// Reconciliation with books of its own on a real database: what the account began with, a trade that no report told
// of, and a difference that a person must explain.
import test, { type ExecutionContext } from 'ava';
import { actors } from '../../actors/index.ts';
import type { VenueOrder } from '../../actors/market/execution.ts';
import type { ProviderContext } from '../../actors/provider/context.ts';
import { createMarketHub, createSessionHost } from '../../actors/provider/index.ts';
import { DEFAULT_LIMITS } from '../../actors/risk/index.ts';
import { SUPERVISOR } from '../../actors/supervisor/index.ts';
import type { NodeStarted } from '../../actors/supervisor/messages.ts';
import { systemClock } from '../../bin/clock.ts';
import { createStore } from '../../persistence/index.ts';
import { testDatabase } from '../support/db.ts';
import { CAPABILITIES, fakeExchange } from '../support/fake-exchange.ts';
import { fakeSandboxes } from '../support/fake-sandbox.ts';
import { foreign, INPUT, watch } from '../support/providers.ts';
import { differences, query, quiet, run, until } from '../support/system.ts';

async function node(t: ExecutionContext, url: string) {
  const exchange = fakeExchange();
  exchange.answers.balances = balances('2', '1000');
  // Rounds follow each other at once here.
  exchange.answers.capabilities = { ...CAPABILITIES, readLagMs: 1 };
  const store = createStore({ url });
  const started = Promise.withResolvers<Awaited<ReturnType<typeof run>>['system']>();
  const sessions = createSessionHost({
    adapters: { binance: exchange.open },
    secrets: () => 'value',
    intake: {
      tell: async (...all) => (await started.promise).tell(...all),
      deliver: async (...all) => (await started.promise).deliver(...all),
      exists: async (...all) => (await started.promise).exists(...all),
    },
    hub: createMarketHub((error) => {
      throw error;
    }),
    riskScopes: () => ['firm'],
    clock: systemClock,
    log: quiet,
  });
  const ports = { exchanges: sessions, sessions, books: store.books, sandboxes: fakeSandboxes() };
  const { system, stop } = await run({ url, actors, ports, bus: 'bus/main', supervisor: SUPERVISOR });
  started.resolve(system);
  await system.spawn(SUPERVISOR, {});
  const risks = [{ scope: 'firm', limits: DEFAULT_LIMITS }];
  const message: NodeStarted = {
    type: 'NodeStarted',
    node: 'test',
    epoch: '1',
    providers: [INPUT],
    strategies: [],
    risks,
  };
  await system.deliver(SUPERVISOR, message);
  const context = (): ProviderContext => system.snapshot('provider/paper')?.context as object as ProviderContext;
  const done = (): number => context().rounds.totals.done;
  let ended: Promise<void> | null = null;
  const end = (): Promise<void> => {
    ended ??= stop().then(async () => {
      await sessions.closeAll();
      await store.close();
    });
    return ended;
  };
  t.teardown(end);
  return {
    ...{ system, exchange, context },
    /** Lets the link be lost and come back: every reconnect is followed by a round. */
    async round() {
      const before = done();
      const session = exchange.sessions.at(-1);
      session?.listener.onDisconnected('cut');
      session?.listener.onConnected();
      await until('the round after the reconnect', () => done() > before);
    },
    ready: () => until('the first round', () => done() > 0),
    end,
  };
}

function balances(btc: string, usdt: string) {
  const rest = { locked: '0', observedAt: Date.now() };
  return [
    { asset: 'BTC', available: btc, ...rest },
    { asset: 'USDT', available: usdt, ...rest },
  ];
}

async function ledgerOf(url: string): Promise<{ [line: string]: string }> {
  const rows = await query<{ line: string; balance: string }>(
    url,
    `select account || ' ' || asset as line, trim_scale(balance)::text as balance from ledger_balances
      where balance <> 0 order by 1`,
  );
  return Object.fromEntries(rows.map(({ line, balance }) => [line, balance]));
}

async function actionsOf(url: string): Promise<string[]> {
  const rows = await query<{ action: string }>(url, 'select action from audit_log order by id');
  return rows.map(({ action }) => action).filter((action) => action !== 'ChildAdded');
}

test('books begin with the account, take a trade nobody reported, and keep what is unexplained', async (t) => {
  const url = await testDatabase();
  const it = await node(t, url);
  // 1. The first looks.
  await it.ready();
  t.deepEqual(await ledgerOf(url), {});
  for (let look = 1; look < 3; look += 1) await it.round();
  const opened = { 'available:paper BTC': '2', 'available:paper USDT': '1000' };
  const outside = { 'external:paper BTC': '-2', 'external:paper USDT': '-1000' };
  t.deepEqual(await ledgerOf(url), { ...opened, ...outside });
  t.deepEqual(await actionsOf(url), ['BALANCES_OPENED']);

  // 2. Somebody bought by hand while nobody listened.
  const order: VenueOrder = { ...foreign('web1', '77'), quantity: '0.4', filledQuantity: '0.4', status: 'filled' };
  const paid = { fee: '0.1', feeAsset: 'USDT', liquidity: 'taker', tradedAt: Date.now() - 200 } as const;
  const execution = { tradeId: '5', venueOrderId: '77', quantity: '0.4', price: '100', ...paid };
  it.exchange.answers.trades = [{ ...execution, symbol: 'BTC-USDT', side: 'Buy' }];
  it.exchange.answers.orders = { 77: { outcome: 'found', order, executions: [execution] } };
  it.exchange.answers.balances = balances('2.4', '959.9');
  await it.system.deliver('provider/paper', watch('none', 'BTC-USDT'));
  await it.round();
  await until('the order to be in the books', async () => {
    return it.system.snapshot('order/extpapero77')?.state.includes('filled') === true;
  });
  t.like(it.context().rounds.last, { missing: 1, adopted: 1 });
  t.like(await ledgerOf(url), {
    'available:paper BTC': '2.4',
    'available:paper USDT': '959.9',
    'fees:paper USDT': '0.1',
  });
  const executions = await query(url, `select trade_id from executions where venue_order_id = '77'`);
  t.is(executions.length, 1);

  // 3. Then there is nothing to do.
  await it.round();
  const quiet = { missing: 0, adopted: 0, asked: 0, differences: 0 };
  t.like(it.context().rounds.last, quiet);
  t.deepEqual(it.context().unexplained, {});

  // 4. Something is gone, and stays gone.
  it.exchange.answers.trades = [];
  it.exchange.answers.balances = balances('2.1', '959.9');
  for (let look = 0; look < 3; look += 1) await it.round();
  t.like(await ledgerOf(url), { 'available:paper BTC': '2.1', 'suspense:paper BTC': '0.3' });
  t.deepEqual((await actionsOf(url)).slice(-2), ['BALANCE_UNEXPLAINED', 'TRADING_RESTRICTED']);

  // 5. A person knows what it was.
  const explain = { type: 'ExplainDifference', by: 'ann', asset: 'BTC', reason: 'withdrawn' };
  const { reply } = await it.system.ask('provider/paper', explain);
  t.deepEqual(reply, { accepted: true, detail: '' });
  const after = await ledgerOf(url);
  t.is(after['suspense:paper BTC'], undefined);
  t.is((await actionsOf(url)).at(-1), 'BALANCE_EXPLAINED');
  const uneven = 'select posting from ledger_entries group by posting, asset having sum(amount) <> 0';
  t.deepEqual(await query(url, uneven), []);

  await it.end();
  t.deepEqual(await differences(url, actors), []);
});

test('a provider that is removed is marked as deleted without its routes, and comes back with a start', async (t) => {
  const url = await testDatabase();
  const it = await node(t, url);
  await it.ready();
  const rows = async () => query<{ deleted: boolean }>(url, 'select deleted_at is not null as deleted from providers');
  await it.system.ask('provider/paper', { type: 'Stop' });
  const remove = { type: 'Remove', by: 'ann' };
  const { reply } = await it.system.ask('provider/paper', remove);
  t.deepEqual(reply, { accepted: true, detail: '' });
  t.deepEqual(await rows(), [{ deleted: true }]);
  t.deepEqual(await query(url, 'select 1 from provider_routes'), []);
  await it.system.ask('provider/paper', { type: 'Start' });
  t.deepEqual(await rows(), [{ deleted: false }]);
});
