// What a round of reconciliation decides: what is told, booked, alarmed, and when submits are held back.
import test from 'ava';
import { orderKey } from '../../actors/order/messages.ts';
import { BOOKINGS_MAX, BUSY_LOOKS, OPENING_LOOK_MS, RECONCILE_INTERVAL_MS } from '../../actors/provider/bounds.ts';
import type { Reconciled } from '../../actors/provider/messages.ts';
import { type Effect, record, reply, send } from '../../actors/runtime/effect.ts';
import {
  connected,
  foreign,
  type ProviderScene,
  providerIn,
  reconciled,
  STARTED_AT,
  submit,
  watch,
} from '../support/providers.ts';

type Found = Partial<Reconciled>;

function audit(action: string, detail: object, actor = 'provider/paper'): Effect {
  return record({ table: 'audit_log', actor, action, detail: JSON.stringify(detail) });
}
function line(posting: string, kind: string, account: string, amount: string, asset: string, bookedAt: number): Effect {
  return record({ table: 'ledger_entries', posting, kind, provider: 'paper', asset, bookedAt, account, amount });
}
function restricted(reason: string): Effect {
  return send('risk/firm', { type: 'RestrictTrading', provider: 'paper', symbol: null, reason });
}
function off(asset: string, amount: string, isBusy = false) {
  return { asset, amount, isBusy };
}
function held(asset: string, available: string, observedAt = 7) {
  return { asset, available, locked: '0', observedAt };
}
/** The next round of a provider that is ready. */
function round(provider: ProviderScene, found: Found): ProviderScene {
  const asking = provider.waits('nextRound');
  return asking.hears(reconciled(asking.context.session, asking.context.rounds.round, found));
}
const first = (found: Found): ProviderScene => providerIn('running.reconciling.asking').hears(reconciled(1, 1, found));
const UNPAID = { fee: null, feeAsset: null, liquidity: null, tradedAt: 1 };
const FILLED = { tradeId: '5', venueOrderId: '7', quantity: '0.4', price: '100', ...UNPAID };
const NOW = STARTED_AT + 30_000;

test('what the account holds at first is booked as an opening, from outside to available', (t) => {
  const found = { balances: [held('BTC', '2')], differences: [off('BTC', '2')] };
  const seen = first(found);
  t.deepEqual(seen.effects, [
    record({ table: 'balances', provider: 'paper', asset: 'BTC', available: '2', locked: '0', observedAt: 7 }),
  ]);
  // What was traded just before is found by the next looks, which come soon.
  t.deepEqual(seen.timers, { nextRound: OPENING_LOOK_MS });
  const opened = round(round(seen, found), found);
  const at = STARTED_AT + 2 * OPENING_LOOK_MS;
  t.deepEqual(opened.effects, [
    line('opening:paper:BTC', 'transfer', 'external', '-2', 'BTC', at),
    line('opening:paper:BTC', 'transfer', 'available', '2', 'BTC', at),
    audit('BALANCES_OPENED', { BTC: '2' }),
  ]);
  t.is(opened.state, 'running.ready.settled');
  t.deepEqual(opened.timers, { nextRound: RECONCILE_INTERVAL_MS });
});

test('a round without differences records and sends nothing, also where orders fill as their trades say', (t) => {
  const opened = first({ balances: [held('BTC', '2')] });
  const trading = opened.hears(submit('a1'));
  const quiet = round(trading, {
    balances: [held('BTC', '2', 99)],
    openOrders: [{ clientOrderId: 'a1', filledQuantity: '0.5', traded: '0.5' }],
  });
  t.deepEqual(quiet.effects, []);
  t.is(quiet.state, 'running.ready.settled');
  const last = { at: NOW, skewMs: 3, asked: 0, missing: 0, adopted: 0, differences: 0 };
  t.deepEqual(quiet.context.rounds.last, last);
  t.is(quiet.context.rounds.totals.done, 2);
});

test('balances are written down when they change, and as nothing when the asset is listed no more', (t) => {
  const row = (asset: string, available: string, observedAt: number): Effect =>
    record({ table: 'balances', provider: 'paper', asset, available, locked: '0', observedAt });
  const one = first({ balances: [held('BTC', '2')] });
  t.deepEqual(one.effects, [row('BTC', '2', 7)]);
  const pushed = one.hears({ type: 'BalancesObserved', balances: [held('ETH', '2', 20)] });
  t.deepEqual(pushed.effects, [row('ETH', '2', 20)]);
  t.deepEqual(pushed.hears({ type: 'BalancesObserved', balances: [held('ETH', '9', 19)] }).effects, []);
  const next = round(pushed, { balances: [held('BTC', '1', 21)] });
  t.deepEqual(next.effects, [row('BTC', '1', 21), row('ETH', '0', NOW)]);
  t.deepEqual(round(next, { balances: [held('BTC', '1', 22)] }).effects, []);
});

test('a difference three rounds in a row find is unexplained: suspense, alarm, only smaller positions', (t) => {
  const opened = first({ balances: [held('BTC', '2')] });
  const found = { balances: [held('BTC', '2')], differences: [off('BTC', '-0.3')] };
  const twice = round(round(opened, found), found);
  t.deepEqual(twice.effects, []);
  const third = round(twice, found);
  const posting = 'difference:paper:BTC:4';
  const at = STARTED_AT + 90_000;
  t.deepEqual(third.effects, [
    line(posting, 'correction', 'suspense', '0.3', 'BTC', at),
    line(posting, 'correction', 'available', '-0.3', 'BTC', at),
    audit('BALANCE_UNEXPLAINED', { provider: 'paper', asset: 'BTC', amount: '-0.3', unexplained: '-0.3' }),
    restricted('BALANCE_UNEXPLAINED: BTC -0.3'),
  ]);
  t.is(third.context.rounds.totals.unexplained, 1);
  t.deepEqual(round(third, { balances: [held('BTC', '2')] }).effects, []);
});

test('rounds that follow each other fast prove nothing: the venue had no time to list what it counts', (t) => {
  const found = { balances: [held('BTC', '2')], differences: [off('BTC', '-0.3')] };
  let provider = first({ balances: [held('BTC', '2')] });
  const again = (at: number): ProviderScene => {
    const asking = provider.at(STARTED_AT + at).hears({ type: 'Reconnected', session: 1 });
    return asking.hears(reconciled(1, asking.context.rounds.round, found));
  };
  for (const at of [1_000, 2_000, 3_000, 10_999]) provider = again(at);
  t.deepEqual(provider.context.unexplained, {});
  t.deepEqual(again(11_000).context.unexplained, { BTC: '-0.3' });
});

test('a difference that changes or goes away was on its way', (t) => {
  const opened = first({ balances: [held('BTC', '2')] });
  const found = (amount: string): Found => ({ balances: [held('BTC', '2')], differences: [off('BTC', amount)] });
  let provider = opened;
  for (const amount of ['0.1', '0.1', '0.2', '0.1', '0.1']) provider = round(provider, found(amount));
  provider = round(provider, { balances: [held('BTC', '2')] });
  for (const amount of ['0.1', '0.1']) provider = round(provider, found(amount));
  t.deepEqual(provider.effects, []);
  t.deepEqual(provider.context.unexplained, {});
});

test('rounds that left something or told of the asset do not count, and a traded asset takes more of them', (t) => {
  const opened = first({ balances: [held('BTC', '2')] }).hears(submit('a1'));
  const differing = [off('BTC', '1')];
  const open = { openOrders: [{ clientOrderId: 'a1', filledQuantity: '0', traded: '0' }] };
  const base = { balances: [held('BTC', '2')], ...open };
  const twice = round(round(opened, { ...base, differences: differing }), { ...base, differences: differing });
  const unclear: readonly Found[] = [
    { ...base, differences: differing, unresolved: 1 },
    { ...base, differences: differing, openOrders: [] },
    { ...base, differences: differing, found: [{ id: 'a1', order: foreign('a1', '7'), executions: [FILLED] }] },
  ];
  for (const found of unclear) t.is(round(twice, found).context.assets['BTC']?.looks, 2);
  const third = round(round(twice, unclear[0] ?? {}), { ...base, differences: differing });
  t.is(third.context.unexplained['BTC'], '1');
  let traded = opened;
  const busy = { ...base, differences: [off('BTC', '1', true)] };
  for (let look = 1; look < BUSY_LOOKS; look += 1) traded = round(traded, busy);
  t.deepEqual(traded.context.unexplained, {});
  t.is(round(traded, busy).context.unexplained['BTC'], '1');
});

test('what comes back just as it went is restored, without another restriction', (t) => {
  const found = (amount: string): Found => ({ balances: [held('BTC', '2')], differences: [off('BTC', amount)] });
  let provider = first({ balances: [held('BTC', '2')] });
  for (let n = 0; n < 3; n += 1) provider = round(provider, found('-0.3'));
  for (let n = 0; n < 3; n += 1) provider = round(provider, found('0.3'));
  const restored = audit('BALANCE_RESTORED', { provider: 'paper', asset: 'BTC', amount: '0.3', unexplained: '0' });
  t.deepEqual(provider.effects.slice(2), [restored]);
  t.deepEqual(provider.context.unexplained, {});
});

test('an asset is not opened while a trade that paid its fee in it is on its way to the books', (t) => {
  const found = { balances: [held('BNB', '2')], differences: [off('BNB', '2')] };
  const seen = round(first(found), found);
  const trade = { tradeId: '5', venueOrderId: '77', quantity: '0.4', price: '100', ...UNPAID };
  const paid = { ...trade, fee: '0.1', feeAsset: 'BNB' };
  const late = (execution: typeof trade | typeof paid): ProviderScene =>
    round(seen, { ...found, missing: 1, found: [{ id: null, order: foreign('web1', '77'), executions: [execution] }] });
  t.true(late(trade).context.assets['BNB']?.isOpened);
  t.false(late(paid).context.assets['BNB']?.isOpened);
});

test('an asset that comes later begins with what it holds once nothing is on its way', (t) => {
  let provider = first({ balances: [held('BTC', '2')] });
  const found = { balances: [held('BTC', '2'), held('SOL', '5')], differences: [off('SOL', '5')] };
  for (let n = 0; n < 2; n += 1) provider = round(provider, found);
  t.is(provider.effects.length, 0);
  provider = round(provider, found);
  t.deepEqual(provider.effects.slice(0, 1), [
    line('opening:paper:SOL', 'transfer', 'external', '-5', 'SOL', STARTED_AT + 40_000),
  ]);
});

test('at the first look an asset of an order of others that has filled waits until the books have its fills', (t) => {
  const order = { ...foreign('web1', '77'), filledQuantity: '0.4' };
  const found = [{ id: null, order, executions: [] }];
  const balances = [held('BTC', '2'), held('USDT', '60'), held('ETH', '1')];
  const differences = [off('BTC', '2'), off('ETH', '1'), off('USDT', '60')];
  const { assets } = first({ found, balances, differences }).context;
  t.deepEqual([assets['BTC']?.looks, assets['USDT']?.looks, assets['ETH']?.looks], [0, 0, 1]);
});

test('more differences than a round may book wait for the next', (t) => {
  const names = Array.from({ length: BOOKINGS_MAX + 5 }, (_, n) => `A${String(n).padStart(3, '0')}`);
  const balances = names.map((name) => held(name, '1'));
  const found = { balances, differences: names.map((name) => off(name, '1')) };
  const all = round(round(first(found), found), found);
  const opened = Object.values(all.context.assets).filter(({ isOpened }) => isOpened);
  t.is(opened.length, BOOKINGS_MAX);
});

test('a person says what a difference was, and it leaves suspense under their name', (t) => {
  const found = { balances: [held('BTC', '2')], differences: [off('BTC', '-0.3')] };
  let provider = first({ balances: [held('BTC', '2')] });
  for (let n = 0; n < 3; n += 1) provider = round(provider, found);
  const explain = { type: 'ExplainDifference', by: 'ann', asset: 'BTC', reason: 'withdrawn' } as const;
  const explained = provider.hears(explain);
  const [from, to, ...rest] = explained.effects;
  const amounts = [from, to].map((effect) => (effect?.type === 'record' && 'amount' in effect.row ? effect.row : null));
  t.like(amounts[0], { kind: 'transfer', account: 'external', amount: '0.3', asset: 'BTC' });
  t.like(amounts[1], { kind: 'transfer', account: 'suspense', amount: '-0.3', asset: 'BTC' });
  const detail = { provider: 'paper', asset: 'BTC', amount: '-0.3', reason: 'withdrawn' };
  t.deepEqual(rest, [audit('BALANCE_EXPLAINED', detail, 'ann'), reply({ accepted: true, detail: '' })]);

  const again = explained.hears(explain);
  const refusal = 'nothing of BTC is unexplained, unexplained are: none';
  t.deepEqual(again.effects, [reply({ accepted: false, detail: refusal })]);
});

test('executions the books lack are told to their order, and submits wait for one more look', (t) => {
  const ready = providerIn('starting').hears(watch('mm', 'BTC-USDT'));
  const trading = ready.hears(connected(1), reconciled(1, 1), submit('a1'));
  const order = { ...foreign('a1', '7'), filledQuantity: '0.4' };
  const execution = { tradeId: '5', venueOrderId: '7', quantity: '0.4', price: '100', ...UNPAID };
  const openOrders = [{ clientOrderId: 'a1', filledQuantity: '0', traded: '0' }];
  const told = round(trading, { openOrders, missing: 1, found: [{ id: 'a1', order, executions: [execution] }] });
  t.is(told.state, 'running.reconciling.catchingUp');
  t.deepEqual(told.effects, [
    send('strategy/mm', { type: 'ProviderLost', provider: 'paper', reason: 'executions were missed, missing=1' }),
    send('order/a1', { type: 'ReconcileRequested' }),
    send('order/a1', { type: 'OrderReported', order, execution, reason: null }),
    audit('EXECUTIONS_MISSED', { provider: 'paper', round: 2, missing: 1, asked: 0, adopted: 0 }),
  ]);
  t.deepEqual(told.hears(submit('a2')).effects, []);
  const caught = told.waits('nextLook').hears(reconciled(1, 3, { openOrders }));
  t.is(caught.state, 'running.ready.settled');
});

test('a trade that stays missing holds submits back once, not at every look', (t) => {
  const missed = round(providerIn('running.ready.settled'), { missing: 1 });
  const still = missed.waits('nextLook').hears(reconciled(1, 3, { missing: 1 }));
  t.is(still.state, 'running.ready.settled');
  const next = round(still, { missing: 1 });
  t.is(next.state, 'running.ready.settled');
  t.is(round(next, { missing: 2 }).state, 'running.reconciling.catchingUp');
  t.is(next.context.rounds.totals.missing, 3);
});

test('an order that works at the venue and is not live here is told that it does', (t) => {
  const order = foreign('a9', '9');
  const told = round(providerIn('running.ready.settled'), { found: [{ id: 'a9', order, executions: [] }] });
  t.deepEqual(told.effects, [send('order/a9', { type: 'OrderReported', order, execution: null, reason: null })]);
  const known = round(providerIn('running.ready.settled').hears(submit('a9')), {
    openOrders: [{ clientOrderId: 'a9', filledQuantity: '0', traded: '0' }],
    found: [{ id: 'a9', order, executions: [] }],
  });
  t.deepEqual(known.effects, []);
});

test('what a round left is looked for again soon, from where it began to look', (t) => {
  const left = round(providerIn('running.ready.settled'), { left: 3 });
  t.is(left.timers['nextRound'], 1_000);
  t.is(left.context.rounds.doneAt, STARTED_AT);
  const unresolved = round(providerIn('running.ready.settled'), { unresolved: 3 });
  t.is(unresolved.timers['nextRound'], 30_000);
  t.is(unresolved.context.rounds.doneAt, STARTED_AT);
  t.is(round(unresolved, {}).context.rounds.doneAt, STARTED_AT + 60_000);
});

test('a history that does not reach back to the last round is alarmed', (t) => {
  const blind = round(providerIn('running.ready.settled'), { unseenMs: 90_000 });
  t.deepEqual(blind.effects, [audit('HISTORY_TOO_SHORT', { provider: 'paper', unseenMs: 90_000 })]);
});

test('a clock that is off holds submits back until it is right again, and is alarmed once', (t) => {
  const skewed = { type: 'ClockSkewed', session: 1, skewMs: -4_000, allowedMs: 1_000 } as const;
  const alarm = audit('CLOCK_SKEWED', { provider: 'paper', skewMs: -4_000, allowedMs: 1_000 });
  const checking = providerIn('running.ready.settled')
    .waits('nextRound')
    .hears({ ...skewed, round: 2 });
  t.is(checking.state, 'running.reconciling.pausing');
  t.deepEqual(checking.effects, [alarm]);
  const still = checking.waits('reconcileRetry').hears({ ...skewed, round: 3 });
  t.is(still.state, 'running.reconciling.pausing');
  t.deepEqual(still.effects, []);
  t.deepEqual(still.hears(submit('a1')).effects, []);
  t.is(still.context.rounds.totals.skewed, 2);
  const right = still.hears(submit('a1')).waits('reconcileRetry').hears(reconciled(1, 4));
  t.is(right.state, 'running.ready.settled');
  t.deepEqual(right.effects, [send('order/a1', { type: 'SubmitGranted' })]);
  t.is(right.context.link?.skewMs, 3);
});

test('a panic cancels every order that is live or waits, of all symbols or of one, and says how many', (t) => {
  const ready = providerIn('running.ready.settled').hears(submit('a1'), submit('e1', 'ETH-USDT'));
  const waiting = ready.hears({ type: 'Reconnected', session: 1 }).hears(submit('a2'));
  const cancel = (id: string): Effect => send(orderKey(id), { type: 'CancelOrder', reason: 'panic' });
  const asked = { type: 'CancelAll', by: 'ann', reason: 'panic' } as const;
  const answer = (symbol: string | null, orders: number): Effect[] => [
    audit('CANCEL_ALL', { provider: 'paper', symbol, reason: 'panic', orders }, 'ann'),
    reply({ accepted: true, detail: '', orders }),
  ];
  const all = waiting.hears({ ...asked, symbol: null });
  t.deepEqual(all.effects, [cancel('a1'), cancel('e1'), cancel('a2'), ...answer(null, 3)]);
  const one = waiting.hears({ ...asked, symbol: 'ETH-USDT' });
  t.deepEqual(one.effects, [cancel('e1'), ...answer('ETH-USDT', 1)]);
});
