// Who may submit, and which orders a round asks to look at themselves.
import test from 'ava';
import { ASKED_ORDERS_MAX, LIVE_ORDERS_MAX, WAITING_ORDERS_MAX } from '../../actors/provider/bounds.ts';
import { compare } from '../../actors/provider/live-orders.ts';
import { type Effect, send } from '../../actors/runtime/effect.ts';
import {
  PROVIDER_STATES,
  type ProviderScene,
  providerIn,
  reconciled,
  STARTED_AT,
  submit,
} from '../support/providers.ts';

function granted(id: string): Effect {
  return send(`order/${id}`, { type: 'SubmitGranted' });
}
function refused(id: string, reason: string): Effect {
  return send(`order/${id}`, { type: 'SubmitRefused', reason });
}
function asked(id: string): Effect {
  return send(`order/${id}`, { type: 'ReconcileRequested' });
}
function many(count: number): ReturnType<typeof submit>[] {
  return Array.from({ length: count }, (_, index) => submit(`o${index}`));
}
function seen(clientOrderId: string, filledQuantity = '0', traded = '0') {
  return { clientOrderId, filledQuantity, traded };
}

test('a ready provider grants a submit and knows the order from then on', (t) => {
  const provider = providerIn('running.ready.settled').hears(submit('a1'));
  t.deepEqual(provider.effects, [granted('a1')]);
  t.deepEqual(provider.context.live, { a1: { symbol: 'BTC-USDT', since: STARTED_AT, filled: '0', askedAt: 0 } });
  t.deepEqual(provider.hears({ type: 'OrderClosed', clientOrderId: 'a1' }).context.live, {});
});

test('an order that asks again is granted again, and what is known of it stays', (t) => {
  const first = providerIn('running.ready.settled').hears(submit('a1')).waits('nextRound');
  const known = first.hears(reconciled(1, 2, { openOrders: [seen('a1', '0.5')] }));
  const again = known.hears(submit('a1'));
  t.deepEqual(again.effects, [granted('a1')]);
  t.deepEqual(again.context.live, known.context.live);
  t.is(again.context.live['a1']?.filled, '0.5');
});

test('submits are granted when ready, wait where that will come by itself, and are refused elsewhere', (t) => {
  const outcome = (provider: ProviderScene): string => {
    const { effects, context } = provider.hears(submit('a1'));
    if (context.waiting.length > 0) return effects.length === 0 ? 'waits' : 'waits and is told';
    return effects.map((effect) => (effect.type === 'send' ? effect.message.type : effect.type)).join();
  };
  const outcomes = Object.fromEntries(PROVIDER_STATES.map((state) => [state, outcome(providerIn(state))]));
  t.deepEqual(outcomes, {
    pending: 'SubmitRefused',
    starting: 'waits',
    'running.reconciling.asking': 'waits',
    'running.reconciling.pausing': 'waits',
    'running.reconciling.catchingUp': 'waits',
    'running.ready.settled': 'SubmitGranted',
    'running.ready.checking': 'SubmitGranted',
    'degraded.waiting': 'waits',
    'degraded.opening': 'waits',
    stopped: 'SubmitRefused',
    failed: 'SubmitRefused',
    removed: 'SubmitRefused',
  });
});

test('becoming ready grants those who waited, in the order of their requests', (t) => {
  const provider = providerIn('running.reconciling.asking').hears(submit('a1'), submit('a2'), submit('a1'), {
    type: 'OrderClosed',
    clientOrderId: 'gone',
  });
  const ready = provider.hears(reconciled(1, 1));
  t.deepEqual(ready.effects, [granted('a1'), granted('a2')]);
  t.deepEqual(ready.context.waiting, []);
});

test('an order that is closed while it waits is not granted', (t) => {
  const waiting = providerIn('starting').hears(submit('a1'), submit('a2'), {
    type: 'OrderClosed',
    clientOrderId: 'a1',
  });
  t.deepEqual(waiting.context.waiting, [{ clientOrderId: 'a2', symbol: 'BTC-USDT' }]);
});

test('the wait list is bounded: one more is refused with the bound in the reason', (t) => {
  const full = providerIn('starting').hears(...many(WAITING_ORDERS_MAX));
  t.deepEqual(full.effects, []);
  const over = full.hears(submit('more'));
  t.deepEqual(over.effects, [
    refused('more', `ORDER_REFUSED: waiting=${WAITING_ORDERS_MAX}, allowed=${WAITING_ORDERS_MAX}`),
  ]);
  t.is(over.context.waiting.length, WAITING_ORDERS_MAX);
});

test('the orders at the venue are bounded: one more is refused with the bound in the reason', (t) => {
  const full = providerIn('running.ready.settled').hears(...many(LIVE_ORDERS_MAX));
  const over = full.hears(submit('more'));
  t.deepEqual(over.effects, [refused('more', `ORDER_REFUSED: live=${LIVE_ORDERS_MAX}, allowed=${LIVE_ORDERS_MAX}`)]);
  t.is(Object.keys(over.context.live).length, LIVE_ORDERS_MAX);
});

test('a kill switch refuses every submit, those that wait too, until the scope that engaged it resumes', (t) => {
  const halt = { type: 'TradingHalted', reason: 'loss', scope: 'firm' } as const;
  const halted = providerIn('starting').hears(submit('a1')).hears(halt);
  t.deepEqual(halted.effects, [refused('a1', 'KILL_SWITCH_ENGAGED: reason=loss')]);

  for (const state of PROVIDER_STATES) {
    const provider = providerIn(state).hears(halt).hears(submit('a2'));
    t.deepEqual(provider.effects, [refused('a2', 'KILL_SWITCH_ENGAGED: reason=loss')], state);
  }
  const ready = providerIn('running.ready.settled').hears(halt, { type: 'TradingResumed', scope: 'other' });
  t.deepEqual(ready.hears(submit('a3')).effects, [refused('a3', 'KILL_SWITCH_ENGAGED: reason=loss')]);
  t.deepEqual(ready.hears({ type: 'TradingResumed', scope: 'firm' }).hears(submit('a3')).effects, [granted('a3')]);
});

test('a halt outlives a stop, a start and a new node', (t) => {
  const halted = providerIn('running.ready.settled').hears(
    { type: 'TradingHalted', reason: 'loss' },
    { type: 'Stop' },
    { type: 'Start' },
    { type: 'NodeStarted' },
  );
  t.deepEqual(halted.context.halts, { '': 'loss' });
});

test('a round without faults asks nobody', (t) => {
  const checking = providerIn('running.ready.settled').hears(submit('a1'), submit('a2')).waits('nextRound');
  const done = checking.hears(reconciled(1, 2, { openOrders: [seen('a1'), seen('a2', '0.000')] }));
  t.is(done.state, 'running.ready.settled');
  t.deepEqual(done.effects, []);
});

test('orders the venue does not list any more, or lists with another quantity, are asked, each once', (t) => {
  const checking = providerIn('running.ready.settled')
    .hears(submit('a1'), submit('a2'), submit('a3'))
    .waits('nextRound');
  const done = checking.hears(reconciled(1, 2, { openOrders: [seen('a2', '0.5'), seen('a3')] }));
  t.deepEqual(done.effects, [asked('a1'), asked('a2')]);

  const next = done
    .waits('nextRound')
    .hears(reconciled(1, 3, { openOrders: [seen('a1'), seen('a2', '0.50'), seen('a3')] }));
  t.deepEqual(next.effects, []);
});

test('an order that filled by just the trades of the meantime is not asked, and what it filled is known', (t) => {
  const live = { a1: { symbol: 'BTC-USDT', since: 1, filled: '0.1', askedAt: 0 } };
  const times = { askedAt: 10, before: 10 };
  const explained = compare(live, [seen('a1', '0.3', '0.2')], times);
  t.deepEqual(explained.ask, []);
  t.is(explained.live['a1']?.filled, '0.3');
  t.deepEqual(compare(live, [seen('a1', '0.3', '0.1')], times).ask, ['a1']);
  t.deepEqual(compare(live, [seen('a1', '0.05', '0.2')], times).ask, ['a1']);
  t.deepEqual(compare(live, [{ ...seen('a1', '0.1', '0'), isOther: true }], times).ask, ['a1']);
});

test('an order granted after the round began is not missing', (t) => {
  const checking = providerIn('running.ready.checking');
  const late = checking.hears(submit('a1')).hears(reconciled(1, 2));
  t.deepEqual(late.effects, []);
});

test('more differing orders than a round may ask are asked in the rounds that follow, longest waiting first', (t) => {
  const submitted = providerIn('running.ready.settled').hears(...many(LIVE_ORDERS_MAX));
  let provider = submitted.waits('nextRound').hears(reconciled(1, 2));
  const names = new Set(provider.effects.map((effect) => (effect.type === 'send' ? effect.to : '')));
  t.is(names.size, ASKED_ORDERS_MAX);
  t.is(provider.timers['nextRound'], 1_000);
  for (const round of [3, 4]) {
    provider = provider.waits('nextRound').hears(reconciled(1, round));
    for (const effect of provider.effects) if (effect.type === 'send') names.add(effect.to);
  }
  t.is(names.size, LIVE_ORDERS_MAX);
});

test('while submits are on, an order is missing only when the venue had time to list it', (t) => {
  const settled = providerIn('running.ready.settled');
  const late = settled.at(STARTED_AT + 28_000).hears(submit('a1'));
  const first = late.at(STARTED_AT).waits('nextRound').hears(reconciled(1, 2));
  t.deepEqual(first.effects, []);
  t.deepEqual(first.waits('nextRound').hears(reconciled(1, 3)).effects, [asked('a1')]);

  // After a lost link nothing more can be on its way.
  const cut = late.hears({ type: 'Reconnected', session: 1 });
  t.deepEqual(
    cut
      .at(STARTED_AT + 28_001)
      .hears({ type: 'Reconnected', session: 1 }, reconciled(1, 3))
      .effects.slice(-1),
    [asked('a1')],
  );
});

test('a failed round of a ready provider is tried again later, the third in a row costs it its readiness', (t) => {
  let provider = providerIn('running.ready.settled').hears(submit('a1'));
  for (const round of [2, 3]) {
    provider = provider.waits('nextRound').hears({ type: 'ReconcileFailed', session: 1, round, reason: 'no answer' });
    t.is(provider.state, 'running.ready.settled');
  }
  const third = { type: 'ReconcileFailed', session: 1, round: 4, reason: 'no answer' } as const;
  const lost = provider.waits('nextRound').hears(third);
  t.is(lost.state, 'running.reconciling.pausing');
  t.false(lost.context.ready);
  t.deepEqual(lost.timers, { reconcileRetry: 4_000 });
  t.deepEqual(lost.hears(submit('a2')).effects, []);
  t.is(lost.waits('reconcileRetry').hears(reconciled(1, 5)).state, 'running.ready.settled');
});
