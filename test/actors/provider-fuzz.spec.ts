// Whatever a provider hears in whatever order: it never throws, handles all of it, keeps its bounds, and stops.
import test from 'ava';
import fc from 'fast-check';
import { parse } from '../../actors/market/decimal.ts';
import type { LedgerRow } from '../../actors/market/records.ts';
import * as bounds from '../../actors/provider/bounds.ts';
import type { ProviderContext } from '../../actors/provider/context.ts';
import type { ProviderMessage } from '../../actors/provider/messages.ts';
import { DEFAULT_BOUNDS } from '../../actors/runtime/bounds.ts';
import type { Effect } from '../../actors/runtime/effect.ts';
import { type Saying, walk, walks } from '../support/chance.ts';
import {
  BTC,
  connected,
  ETH,
  foreign,
  INPUT,
  LINK,
  PROVIDER_STATES,
  providerIn,
  reconciled,
  SETTINGS,
  seenExternal,
  submit,
} from '../support/providers.ts';

const LENGTH = { minLength: 20, maxLength: 80 };
type Said = Saying<ProviderMessage, ProviderContext>;

const id = fc.integer({ min: 0, max: 30 }).map((n) => `o${n}`);
/** How far from the present one an answer's number is: mostly it is that one. */
const off = fc.constantFrom(0, 0, 0, 0, -1, 1);
const symbols = fc.subarray(['BTC-USDT', 'ETH-USDT', 'XRP-USDT']);
const quantity = fc.constantFrom('0', '0.1', '0.10', '2');
const signed = fc.constantFrom('1', '-0.5', '1');
const balances = fc.array(
  fc.record({ asset: fc.constantFrom('BTC', 'ETH'), available: quantity, locked: quantity, observedAt: fc.nat() }),
  { maxLength: 3 },
);
const openOrders = fc.array(fc.record({ clientOrderId: id, filledQuantity: quantity, traded: quantity }), {
  maxLength: 4,
});
const others = fc
  .record({ n: fc.nat({ max: 200 }), status: fc.constantFrom('open', 'canceled', 'parked'), filledQuantity: quantity })
  .map(
    ({ n, ...word }) => ({ ...foreign(n % 3 === 0 ? `dep00000${100 + n}` : `web${n}`, String(n)), ...word }) as const,
  );
const found = fc.array(fc.record({ id: fc.option(id, { nil: null }), order: others, executions: fc.constant([]) }), {
  maxLength: 3,
});
const small = fc.nat({ max: 2 });
const differences = fc
  .subarray(['BTC', 'ETH', 'SOL'])
  .chain((assets) =>
    fc.tuple(...assets.map((asset) => fc.record({ asset: fc.constant(asset), amount: signed, isBusy: fc.boolean() }))),
  );
const watcher = fc.nat({ max: 80 }).map((n) => `strategy/s${n}` as const);
const routes = symbols.map((all) => all.map((symbol) => ({ type: 'Trade' as const, symbol })));
const reason = fc.string({ maxLength: 5 });

const plain: fc.Arbitrary<ProviderMessage> = fc.oneof(
  fc.constantFrom<ProviderMessage>(
    { type: 'Start' },
    { type: 'Stop' },
    { type: 'NodeStarted' },
    { type: 'FeedsRetryDue' },
    { type: 'TradingHalted', reason: 'loss' },
    { type: 'TradingResumed' },
    { type: 'Configure', adapter: 'binance', settings: SETTINGS },
    { type: 'Configure', adapter: 'okx', settings: {} },
    { type: 'Remove', by: 'ann' },
    { type: 'CancelAll', by: 'ann', reason: 'panic', symbol: null },
    { type: 'ExplainDifference', by: 'ann', asset: 'BTC', reason: 'a deposit' },
  ),
  fc.record({ type: fc.constant('BalancesObserved' as const), balances }),
  others.map((order): ProviderMessage => seenExternal(order)),
  id.map((clientOrderId): ProviderMessage => ({ type: 'OrderClosed', clientOrderId })),
  id.map((clientOrderId): ProviderMessage => ({ type: 'OrderStands', clientOrderId, symbol: 'BTC-USDT' })),
  fc.record({
    type: fc.constant('TradingRestricted' as const),
    symbol: fc.constantFrom('BTC-USDT', 'ETH-USDT', null),
    reason,
  }),
  fc.record({ type: fc.constant('WatchRequested' as const), watcher, routes }),
  fc.record({ type: fc.constant('WatchEnded' as const), watcher }),
);
const answers: fc.Arbitrary<Said> = fc.oneof(
  off.map(
    (n): Said =>
      ({ session }) =>
        connected(session + n, { instruments: [BTC, ETH] }),
  ),
  fc.tuple(off, reason, fc.boolean()).map(
    ([n, why, retryable]): Said =>
      ({ session }) => ({ type: 'ConnectFailed', session: session + n, reason: why, retryable }),
  ),
  fc.tuple(off, reason).map(
    ([n, why]): Said =>
      ({ session }) => ({ type: 'Disconnected', session: session + n, reason: why }),
  ),
  off.map(
    (n): Said =>
      ({ session }) => ({ type: 'Reconnected', session: session + n }),
  ),
  off.map(
    (n): Said =>
      ({ session }) => ({ type: 'Closed', session: session + n }),
  ),
  off.map(
    (n): Said =>
      ({ session, feeds }) => ({ type: 'FeedsHeld', session, feeds: feeds.wanted + n, instruments: [BTC] }),
  ),
  fc.tuple(off, reason).map(
    ([n, why]): Said =>
      ({ session, feeds }) => ({ type: 'FeedsFailed', session, feeds: feeds.wanted + n, reason: why }),
  ),
  fc.record({ n: off, openOrders, found, balances, differences, missing: small, left: small, unresolved: small }).map(
    ({ n, ...seen }): Said =>
      ({ session, rounds }) =>
        reconciled(session, rounds.round + n, seen),
  ),
  fc.tuple(off, reason).map(
    ([n, why]): Said =>
      ({ session, rounds }) => ({ type: 'ReconcileFailed', session, round: rounds.round + n, reason: why }),
  ),
);
const skews: fc.Arbitrary<Said> = off.map(
  (n): Said =>
    ({ session, rounds }) => ({
      type: 'ClockSkewed',
      session,
      round: rounds.round + n,
      skewMs: 9_000,
      allowedMs: 1_000,
    }),
);
/** What a venue without faults says next. */
const onward: fc.Arbitrary<Said> = fc.constantFrom<Said>(
  ({ session }) => connected(session, { instruments: [BTC] }),
  ({ session, rounds }) => reconciled(session, rounds.round),
  () => ({ type: 'Start' }),
);
const saying: fc.Arbitrary<Said> = fc.oneof(
  { weight: 3, arbitrary: onward },
  { weight: 3, arbitrary: answers },
  { weight: 1, arbitrary: skews },
  {
    weight: 2,
    arbitrary: plain.map(
      (message): Said =>
        () =>
          message,
    ),
  },
  {
    weight: 2,
    arbitrary: id.map(
      (clientOrderId): Said =>
        () =>
          submit(clientOrderId),
    ),
  },
);

/** What the lines of each posting come to, by asset. */
function sumsOf(effects: readonly Effect[]): { [posting: string]: { [asset: string]: bigint } } {
  const sums: { [posting: string]: { [asset: string]: bigint } } = {};
  for (const effect of effects) {
    if (effect.type !== 'record' || effect.row.table !== 'ledger_entries') continue;
    const { posting, asset, amount } = effect.row as LedgerRow;
    sums[posting] = { ...sums[posting], [asset]: (sums[posting]?.[asset] ?? 0n) + parse(amount) };
  }
  return sums;
}

test('a provider handles everything in every order, keeps its bounds and can always be stopped', (t) => {
  fc.assert(
    fc.property(fc.constantFrom(...PROVIDER_STATES), walks(saying, LENGTH), (state, steps) => {
      const postings = new Set<string>();
      const end = walk(providerIn(state), steps, (scene, said) => {
        const { context, timers } = scene;
        if (!scene.handled) throw new Error(`${said} was not handled in ${scene.state}`);
        if (context.waiting.length > bounds.WAITING_ORDERS_MAX) throw new Error('the wait list grew past its bound');
        if (Object.keys(context.watchers).length > bounds.WATCHERS_MAX) throw new Error('too many watchers');
        if (context.external.recent.length > bounds.EXTERNAL_ORDERS_MAX) throw new Error('too many external orders');
        for (const [posting, sums] of Object.entries(sumsOf(scene.effects))) {
          if (Object.values(sums).some((sum) => sum !== 0n)) throw new Error(`${posting} does not sum to zero`);
          if (postings.has(posting)) throw new Error(`${posting} was booked twice`);
          postings.add(posting);
        }
        if (context.ready !== scene.state.startsWith('running.ready'))
          throw new Error(`ready is wrong in ${scene.state}`);
        // Whoever waits is waited for: in no other state is there something that would grant or refuse them.
        const holds =
          scene.state === 'starting' ||
          scene.state.startsWith('running.reconciling') ||
          scene.state.startsWith('degraded');
        if (context.waiting.length > 0 && !holds) throw new Error(`orders wait in ${scene.state}`);
        const told = Object.values(context.watchers).some((one) => one.told);
        if (told && !context.ready) throw new Error(`a watcher believes that the provider is ready in ${scene.state}`);
        if ('feedsRetry' in timers && !scene.state.startsWith('running'))
          throw new Error(`feeds are retried in ${scene.state}`);
        if (scene.state === 'stopped' && Object.keys(timers).length > 0) throw new Error('a stopped provider ticks');
      });
      const stopped = end.hears({ type: 'Stop' });
      if (stopped.state !== 'stopped' && stopped.state !== 'removed') throw new Error(`Stop led to ${stopped.state}`);
    }),
    { numRuns: 300 },
  );
  t.pass();
});

/** As many as a round may tell of, each with as many executions as it may tell. */
const FOUND_ORDERS = Array.from({ length: bounds.FOUND_ORDERS_MAX }, (_, n) => ({
  id: null,
  order: { ...foreign(`web${n}`, `1234567890${n}`), filledQuantity: '0.5' },
  executions: Array.from({ length: bounds.FOUND_EXECUTIONS_MAX }, (_execution, m) => ({
    ...{ tradeId: `123456789${m}`, venueOrderId: `1234567890${n}`, quantity: '0.05000000', price: '123456.12345678' },
    ...{ fee: '0.12345678', feeAsset: 'USDT', liquidity: 'maker' as const, tradedAt: 1_760_000_000_000 },
  })),
}));

test('a provider at all its bounds fits the runtime: its snapshot, and the effects of its longest turns', (t) => {
  const symbolsAtBound = Array.from({ length: bounds.ROUTES_MAX }, (_, n) => `LONGBASE${n}-LONGQUOTE`);
  const instruments = symbolsAtBound.map((symbol) => ({
    ...{ symbol, base: symbol.slice(0, 11), quote: 'LONGQUOTE', priceIncrement: '0.00000001', maxQuantity: '90000000' },
    ...{ quantityIncrement: '0.00000001', minQuantity: '0.00000001', minNotional: '10.00000000' },
  }));
  const orders = (count: number, from: number): ProviderMessage[] =>
    Array.from({ length: count }, (_, n) =>
      submit(`PREFIX0123456789ABCD${String(n + from).padStart(8, '0')}`, 'LONGBASE1-LONGQUOTE'),
    );
  const held = Array.from({ length: bounds.BALANCES_MAX }, (_, n) => ({
    ...{
      asset: `ASSET${n}`,
      available: '12345678.12345678',
      locked: '12345678.12345678',
      observedAt: 1_760_000_000_000,
    },
  }));
  const watchers = Array.from({ length: bounds.WATCHERS_MAX }, (_, n): ProviderMessage => {
    const mine = symbolsAtBound.slice(n * 6, n * 6 + 6).map((symbol) => ({ type: 'BookSnapshot' as const, symbol }));
    return { type: 'WatchRequested', watcher: `strategy/an-instance-with-a-long-name-${n}`, routes: mine };
  });
  const ready = providerIn('starting').hears(...watchers, connected(1), reconciled(1, 1));
  const feeds = ready.context.feeds.wanted;
  const full = ready.hears(
    { type: 'FeedsHeld', session: 1, feeds, instruments },
    ...orders(bounds.LIVE_ORDERS_MAX, 0),
    { type: 'Disconnected', session: 1, reason: 'cut' },
    ...orders(bounds.WAITING_ORDERS_MAX, 5_000),
    { type: 'Reconnected', session: 1 },
    ...Array.from({ length: bounds.STANDING_ORDERS_MAX - bounds.LIVE_ORDERS_MAX }, (_, n): ProviderMessage => {
      const clientOrderId = `PREFIX0123456789ABCD${String(n + 9_000).padStart(8, '0')}`;
      return { type: 'OrderStands', clientOrderId, symbol: 'LONGBASE1-LONGQUOTE' };
    }),
  );
  const seen = full.hears(...FOUND_ORDERS.map(({ order }) => seenExternal(order))).context.external.recent.length;
  t.is(seen, bounds.FOUND_ORDERS_MAX);
  const told = full.hears({ type: 'BalancesObserved', balances: held });
  const differing = held.map(({ asset }) => ({ asset, amount: '-12345678.12345678', isBusy: false }));
  const answer = reconciled(1, 2, { balances: held, found: FOUND_ORDERS, differences: differing });
  t.is(Object.keys(full.context.live).length, bounds.STANDING_ORDERS_MAX);
  t.is(full.context.waiting.length, bounds.WAITING_ORDERS_MAX);
  t.true(JSON.stringify(told.context).length < DEFAULT_BOUNDS.snapshotChars, `${JSON.stringify(told.context).length}`);
  const settled = full.hears(answer);
  t.true(JSON.stringify(settled.context).length < DEFAULT_BOUNDS.snapshotChars);
  t.true(settled.effects.length < DEFAULT_BOUNDS.effectsPerTurn, `${settled.effects.length}`);
  const restricted = told.hears({ type: 'TradingRestricted', symbol: null, reason: 'x'.repeat(200) });
  t.is(restricted.effects.length, bounds.WAITING_ORDERS_MAX);
  t.true(JSON.stringify(restricted.context).length < DEFAULT_BOUNDS.snapshotChars);
  const { length } = full.hears({ type: 'CancelAll', by: 'ann', reason: 'panic', symbol: null }).effects;
  t.true(length < DEFAULT_BOUNDS.effectsPerTurn, `${length}`);
  t.true(full.hears({ type: 'Stop' }).effects.length < DEFAULT_BOUNDS.effectsPerTurn);
});

test('the longest answers of a venue fit the bound on a message', (t) => {
  const ids = Array.from(
    { length: bounds.STANDING_ORDERS_MAX },
    (_, n) => `PREFIX0123456789ABCD${String(n).padStart(8, '0')}`,
  );
  const amounts = { filledQuantity: '12345678.12345678', traded: '12345678.12345678' };
  const open = ids.map((clientOrderId) => ({ clientOrderId, ...amounts }));
  const times = { observedAt: 1_760_000_000_000 };
  const balance = { asset: 'LONGASSET1', available: '12345678.12345678', locked: '0.12345678', ...times };
  const balances = Array.from({ length: bounds.BALANCES_MAX }, () => balance);
  const off = { asset: 'LONGASSET1', amount: '-12345678.12345678', isBusy: false };
  const differences = Array.from({ length: bounds.BALANCES_MAX }, () => off);
  const longest = reconciled(1, 1, { openOrders: open, found: FOUND_ORDERS, balances, differences });
  t.true(JSON.stringify(longest).length < DEFAULT_BOUNDS.bodyChars, `${JSON.stringify(longest).length}`);
  const request = providerIn('running.ready.settled').hears(
    ...ids.map((clientOrderId): ProviderMessage => ({ type: 'OrderStands', clientOrderId, symbol: 'BTC-USDT' })),
  );
  t.true(JSON.stringify(request.waits('nextRound').effects).length < DEFAULT_BOUNDS.bodyChars);
  t.true(JSON.stringify({ ...INPUT, ...LINK }).length < DEFAULT_BOUNDS.bodyChars);
});
