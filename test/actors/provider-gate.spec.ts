// Who may submit, and which orders a round asks to look at themselves.
import test from 'ava';
import { NO_ACCOUNT } from '../../actors/exchanges/exchange.ts';
import {
  ASKED_ORDERS_MAX,
  BEHIND_ROUNDS_MAX,
  LIVE_ORDERS_MAX,
  RECONCILE_INTERVAL_MS,
  STANDING_ORDERS_MAX,
  WAITING_ORDERS_MAX,
} from '../../actors/provider/bounds.ts';
import { compare } from '../../actors/provider/live-orders.ts';
import type { ProviderMessage } from '../../actors/provider/messages.ts';
import { type Effect, record, send } from '../../actors/runtime/effect.ts';
import { lifeOf, orderIn, reported, word } from '../support/orders.ts';
import {
  connected,
  foreign,
  PROVIDER_STATES,
  type ProviderScene,
  providerIn,
  reconciled,
  STARTED_AT,
  seenExternal,
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
function stands(clientOrderId: string, symbol = 'BTC-USDT'): ProviderMessage {
  return { type: 'OrderStands', clientOrderId, symbol };
}
function canceled(provider: ProviderScene): readonly string[] {
  const { effects } = provider.hears({ type: 'CancelAll', by: 'ann', reason: 'panic', symbol: null });
  return effects.flatMap((effect) => (effect.type === 'send' ? [effect.to] : []));
}
function notLookedAfter(clientOrderId: string): Effect {
  const detail = { clientOrderId, symbol: 'BTC-USDT', live: STANDING_ORDERS_MAX, allowed: STANDING_ORDERS_MAX };
  const action = 'ORDER_NOT_LOOKED_AFTER';
  return record({ table: 'audit_log', actor: 'provider/paper', action, detail: JSON.stringify(detail) });
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
  // Halted by a node that told no scope, and released by one that does.
  const nameless = providerIn('running.ready.settled').hears({ type: 'TradingHalted', reason: 'loss' });
  t.deepEqual(nameless.hears({ type: 'TradingResumed', scope: 'firm' }).context.halts, {});
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

test('an order that is at the venue is looked after in every state and whatever is halted: a panic reaches it', (t) => {
  for (const state of PROVIDER_STATES) {
    for (const provider of [providerIn(state), providerIn(state).hears({ type: 'TradingHalted', reason: 'loss' })]) {
      const { effects, context, ...after } = provider.hears(stands('a1'));
      t.is(after.state, state);
      t.deepEqual(effects, [], state);
      t.like(context.live, { a1: { symbol: 'BTC-USDT', filled: '0', askedAt: 0 } });
      t.deepEqual(canceled(provider.hears(stands('a1'))), ['order/a1'], state);
    }
  }
});

test('an order that works again while the kill switch is engaged tells so itself, and a panic cancels it', (t) => {
  const revived = orderIn('rejected').hears(reported(word('open')));
  t.is(lifeOf(revived), 'working');
  const words = revived.effects.flatMap((effect) =>
    effect.type === 'send' && effect.to === 'provider/paper' ? [effect.message as ProviderMessage] : [],
  );
  const halted = providerIn('running.ready.settled').hears({ type: 'TradingHalted', reason: 'loss' });
  t.deepEqual(canceled(halted.hears(...words)), [`order/${revived.context.order.clientOrderId}`]);
});

test('an order that is known to be at the venue is not looked after anew, and does not wait to be let go', (t) => {
  const known = providerIn('running.ready.settled')
    .hears(submit('a1'))
    .at(STARTED_AT + 9);
  t.deepEqual(known.hears(stands('a1')).context.live, known.context.live);
  const waiting = providerIn('starting').hears(submit('a1'), submit('a2'), stands('a1'));
  t.deepEqual(waiting.context.waiting, [{ clientOrderId: 'a2', symbol: 'BTC-USDT' }]);
});

test('where no further order would be let go, one that is there is taken still, up to a bound that is told', (t) => {
  const full = providerIn('running.ready.settled').hears(...many(LIVE_ORDERS_MAX));
  const one = full.hears(stands('stood'), seenExternal(foreign('web1', '77')));
  t.deepEqual(Object.keys(one.context.live).slice(-2), ['stood', 'extpapero77']);
  t.deepEqual(one.hears(submit('more')).effects, [
    refused('more', `ORDER_REFUSED: live=${LIVE_ORDERS_MAX + 2}, allowed=${LIVE_ORDERS_MAX}`),
  ]);

  const room = STANDING_ORDERS_MAX - LIVE_ORDERS_MAX;
  const over = full.hears(...Array.from({ length: room }, (_, n) => stands(`s${n}`)));
  t.is(Object.keys(over.context.live).length, STANDING_ORDERS_MAX);
  const beyond = over.hears(stands('beyond'));
  t.deepEqual(beyond.effects, [notLookedAfter('beyond')]);
  t.deepEqual(beyond.context.live, over.context.live);
  const other = over.hears(seenExternal(foreign('web1', '77')));
  t.deepEqual(other.effects[1], notLookedAfter('extpapero77'));
  t.deepEqual(other.context.live, over.context.live);
  // Of one that is over nothing is left to look after.
  const gone = over.hears(seenExternal({ ...foreign('web1', '77'), status: 'canceled', filledQuantity: '1' }));
  t.false(gone.effects.some((effect) => effect.type === 'record' && JSON.stringify(effect).includes('NOT_LOOKED')));
});

test('orders that wait for a symbol risk restricts are refused, the others wait on', (t) => {
  const restrict = (symbol: string | null) => ({ type: 'TradingRestricted', symbol, reason: 'overfill' }) as const;
  const waiting = providerIn('starting').hears(submit('a1'), submit('a2', 'ETH-USDT'), submit('a3'));
  const one = waiting.hears(restrict('BTC-USDT'));
  const reason = 'TRADING_RESTRICTED: restricted=paper:BTC-USDT, reason=overfill';
  t.deepEqual(one.effects, [refused('a1', reason), refused('a3', reason)]);
  t.deepEqual(one.context.waiting, [{ clientOrderId: 'a2', symbol: 'ETH-USDT' }]);
  t.deepEqual(waiting.hears(restrict(null)).context.waiting, []);
  // What risk grants from here on is granted in the knowledge of it.
  t.deepEqual(one.hears(connected(1), reconciled(1, 1)).effects.at(-1), granted('a2'));
  t.deepEqual(one.hears(connected(1), reconciled(1, 1), submit('a4')).effects.at(-1), granted('a4'));
  for (const state of PROVIDER_STATES) t.deepEqual(providerIn(state).hears(restrict(null)).effects, [], state);
});

test('an order that was let go before a restriction, and asks again because nothing was sent, is refused', (t) => {
  const sending = providerIn('running.ready.settled').hears(submit('a1'), submit('a2', 'ETH-USDT'));
  const restricted = sending.hears({ type: 'TradingRestricted', symbol: 'BTC-USDT', reason: 'overfill' });
  t.deepEqual(restricted.effects, []);
  t.deepEqual(restricted.hears(submit('a1')).effects, [refused('a1', 'TRADING_RESTRICTED: symbol=BTC-USDT')]);
  t.deepEqual(restricted.hears(submit('a2', 'ETH-USDT')).effects, [granted('a2')]);
  // Nobody knows here whether it was sent: until it says that it is over, it is at the venue.
  t.deepEqual(canceled(restricted.hears(submit('a1'))), ['order/a1', 'order/a2']);
});

const FILL = {
  ...{ tradeId: '5', venueOrderId: '77', quantity: '1', price: '100' },
  ...{ fee: null, feeAsset: null, liquidity: null, tradedAt: 1 },
};
const TOLD = {
  id: 'a1',
  order: { ...foreign('a1', '77'), status: 'filled', filledQuantity: '1' },
  executions: [FILL],
} as const;
function types({ effects }: ProviderScene): readonly string[] {
  return effects.flatMap((effect) => (effect.type === 'send' ? [effect.message.type] : []));
}

test('what was missed while there was no link is in the books before anything more is sent', (t) => {
  const back = providerIn('degraded.waiting').hears(submit('a9')).waits('reconnectDelay').hears(connected(2));
  const missed = back.hears(reconciled(2, 2, { missing: 1, found: [TOLD] }));
  t.is(missed.state, 'running.reconciling.catchingUp');
  t.deepEqual(types(missed), ['ReconcileRequested', 'OrderReported']);
  t.deepEqual(missed.timers, { nextLook: 1_000 });
  const again = missed.waits('nextLook').hears(reconciled(2, 3));
  t.is(again.state, 'running.ready.settled');
  t.deepEqual(again.effects, [granted('a9')]);
});

test('so are the fills of an order of somebody else that the round adopted', (t) => {
  const connecting = providerIn('running.reconciling.asking').hears(submit('a9'));
  const adopted = connecting.hears(reconciled(1, 1, { found: [{ ...TOLD, id: null }] }));
  t.is(adopted.state, 'running.reconciling.catchingUp');
  t.deepEqual(adopted.waits('nextLook').hears(reconciled(1, 2)).effects.at(-1), granted('a9'));

  const alone = providerIn('starting').hears(connected(1, { riskScopes: [] }));
  t.is(alone.hears(reconciled(1, 1, { found: [{ ...TOLD, id: null }] })).state, 'running.ready.settled');
});

test('as long as looks get on they go on, and what the venue hides does not keep trading shut', (t) => {
  const looks = (missing: (look: number) => number, found: readonly object[] = []): number => {
    let provider = providerIn('running.reconciling.asking');
    let count = 0;
    for (; provider.state === 'running.reconciling.asking' && count < 100; count += 1) {
      provider = provider.hears(reconciled(1, count + 1, { missing: missing(count), found: found as never }));
      if (provider.state === 'running.reconciling.catchingUp') provider = provider.waits('nextLook');
    }
    t.is(provider.state, 'running.ready.settled');
    t.false('behind' in provider.context.rounds);
    return count;
  };
  t.is(
    looks(() => 0),
    1,
  );
  t.is(
    looks((look) => Math.max(0, 8 - look)),
    9,
    'more than one round can tell of',
  );
  t.is(
    looks(() => 3),
    2,
    'hidden, and nothing to tell of',
  );
  t.is(
    looks((look) => look + 1),
    BEHIND_ROUNDS_MAX + 1,
    'more and more',
  );
  t.is(
    looks(() => 1, [TOLD]),
    BEHIND_ROUNDS_MAX + 1,
    'told again and again',
  );
  t.is(
    looks((look) => 1 + (look % 2), [TOLD]),
    BEHIND_ROUNDS_MAX + 1,
    'to and fro',
  );
});

test('a new link begins to count anew', (t) => {
  const behind = providerIn('running.reconciling.asking').hears(reconciled(1, 1, { missing: 3 }));
  t.is(behind.context.rounds.behind, 1);
  const cut = behind.hears({ type: 'Reconnected', session: 1 });
  t.false('behind' in cut.context.rounds);
  t.is(cut.hears(reconciled(1, 2, { missing: 3 })).state, 'running.reconciling.catchingUp');
});

test('without credentials nothing is sent, and the account that was there before is left as it was', (t) => {
  const reason = 'MARKET_DATA_ONLY: provider=paper';
  const keyless = providerIn('degraded.waiting').hears(submit('a9')).waits('reconnectDelay');
  const open = keyless.hears(connected(2, { account: NO_ACCOUNT }));
  const gone = [{ asset: 'BTC', amount: '-1', isBusy: false }];
  const ready = open.hears(reconciled(2, 2, { differences: gone }));
  t.is(ready.state, 'running.ready.settled');
  t.deepEqual(ready.effects, [refused('a9', reason)]);
  t.deepEqual(ready.hears(submit('a1')).effects, [refused('a1', reason)]);
  let later = ready;
  for (let round = 3; round < 20; round += 1)
    later = later.waits('nextRound').hears(reconciled(2, round, { differences: gone }));
  t.deepEqual(later.context, { ...ready.context, rounds: later.context.rounds });
  t.deepEqual(later.timers, { nextRound: RECONCILE_INTERVAL_MS });
  // With its keys again it asks for the trades since it last saw them.
  t.is(later.context.rounds.doneAt, keyless.context.rounds.doneAt);
});
