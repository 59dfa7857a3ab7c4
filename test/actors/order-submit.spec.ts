// The order's transition table, rows 1 to 18: from the decision to the first word of the venue.
import test from 'ava';
import {
  ALARM_AFTER_ABSENCES,
  ALARM_AFTER_ASKS,
  MARKET_STALE_AFTER_MS,
  STALE_AFTER_MS,
} from '../../actors/order/facts.ts';
import {
  acked,
  cancel,
  execution,
  FAREWELL,
  FENCE_AT,
  found,
  lifeOf,
  lines,
  notFound,
  orderIn,
  PLACED_AT,
  queryFailed,
  reconcile,
  reported,
  then,
  unknown,
  word,
  yes,
} from '../support/orders.ts';

test('a new order is recorded and asks risk to reserve the worst case', (t) => {
  const scene = orderIn('intent');
  then(t, scene, { life: 'intent', effects: ['order intent PENDING 0', 'risk/firm ReserveRequested 1'] });
  t.deepEqual(scene.effects, [
    {
      type: 'record',
      row: {
        table: 'orders',
        clientOrderId: 'mm1abc00000001',
        provider: 'paper',
        strategyInstance: 'mm-1',
        symbol: 'BTC-USDT',
        side: 'Buy',
        orderType: 'Limit',
        timeInForce: 'GTC',
        quantity: '1',
        price: '100',
        stopPrice: null,
        askedQuantity: '1',
        askedPrice: '100',
        goodTillAt: null,
        linkedTo: null,
        replaces: null,
        replacedBy: null,
        isExternal: false,
        status: 'PendingNew',
        placedAt: PLACED_AT,
        state: 'PENDING',
        life: 'intent',
        venueOrderId: null,
        filledQuantity: '0',
        filledQuote: '0',
        signedAt: null,
        deadlineAt: null,
        acknowledgedAt: null,
        completedAt: null,
        reason: null,
      },
    },
    {
      type: 'send',
      to: 'risk/firm',
      message: {
        type: 'ReserveRequested',
        clientOrderId: 'mm1abc00000001',
        provider: 'paper',
        symbol: 'BTC-USDT',
        side: 'Buy',
        orderType: 'Limit',
        quantity: '1',
        price: '100',
        stopPrice: null,
        strategyInstance: 'mm-1',
      },
    },
  ]);
});

test('row 1: a reserved order is queued and asks the provider for a slot', (t) => {
  const scene = orderIn('intent').hears({ type: 'ReservationGranted' });
  then(t, scene, { life: 'queued', effects: ['order queued PENDING 0', 'provider/paper SubmitRequested'] });
});

test('row 2: an order that risk denies ends, and the strategy is told the code', (t) => {
  const scene = orderIn('intent').hears({
    type: 'ReservationDenied',
    code: 'POSITION_OVER_LIMIT',
    reason: 'maximum=2',
  });
  then(t, scene, {
    life: 'denied',
    effects: ['order denied REJECTED 0', 'orders/mm-1 REJECTED 0 (DENIED POSITION_OVER_LIMIT: maximum=2)'],
  });
  t.true(scene.resting);
});

test('row 3: the claim writes what will be signed, and only then submits', (t) => {
  const scene = orderIn('queued').at(2_000).hears({ type: 'SubmitGranted' });
  then(t, scene, { life: 'sending', effects: ['order sending PENDING 0', 'submitOrder 2000..7000'] });
  t.deepEqual(scene.effects[1], {
    type: 'command',
    name: 'submitOrder',
    args: {
      provider: 'paper',
      clientOrderId: 'mm1abc00000001',
      symbol: 'BTC-USDT',
      side: 'Buy',
      orderType: 'Limit',
      timeInForce: 'GTC',
      postOnly: false,
      quantity: '1',
      price: '100',
      stopPrice: null,
      signedAt: 2_000,
      deadlineAt: 7_000,
    },
  });
  t.is(scene.context.fenceAt, 23_000);
});

test('row 4: an order that is canceled before the claim ends here, whether risk has answered or not', (t) => {
  for (const life of ['intent', 'queued']) {
    const scene = orderIn(life).hears(cancel);
    then(t, scene, {
      life: 'canceled',
      effects: [
        yes('queued'),
        'order canceled CANCELLED 0',
        'orders/mm-1 CANCELLED 0 (ORDER_WITHDRAWN: reason=test)',
        ...FAREWELL,
      ],
    });
    const late = scene.hears(
      { type: 'ReservationGranted' },
      { type: 'SubmitGranted' },
      { type: 'SubmitRefused', reason: 'x' },
    );
    then(t, late, { life: 'canceled', effects: [] });
  }
});

test('row 4: an order whose decision is too old at the claim is canceled, never sent', (t) => {
  const scene = orderIn('queued')
    .at(PLACED_AT + STALE_AFTER_MS + 1)
    .hears({ type: 'SubmitGranted' });
  then(t, scene, {
    life: 'canceled',
    effects: [
      'order canceled CANCELLED 0',
      'orders/mm-1 CANCELLED 0 (ORDER_STALE: ageMs=30001, maximumMs=30000)',
      ...FAREWELL,
    ],
  });
  t.is(
    lifeOf(
      orderIn('queued')
        .at(PLACED_AT + STALE_AFTER_MS)
        .hears({ type: 'SubmitGranted' }),
    ),
    'sending',
  );
});

test('row 3: a market order that waited is too old sooner: no price bounds what it may cost by then', (t) => {
  const claimed = (afterMs: number) =>
    orderIn('queued', { orderType: 'Market', price: null })
      .at(PLACED_AT + afterMs)
      .hears({ type: 'SubmitGranted' });
  t.is(lifeOf(claimed(MARKET_STALE_AFTER_MS)), 'sending');
  const late = claimed(MARKET_STALE_AFTER_MS + 1);
  t.is(lifeOf(late), 'canceled');
  t.regex(late.context.reason ?? '', /ORDER_STALE: ageMs=5001, maximumMs=5000/);
});

test('row 4: an order the provider does not take is canceled with its reason', (t) => {
  const scene = orderIn('queued').hears({ type: 'SubmitRefused', reason: 'PROVIDER_NOT_READY: state=stopped' });
  then(t, scene, {
    life: 'canceled',
    effects: ['order canceled CANCELLED 0', 'orders/mm-1 CANCELLED 0 (PROVIDER_NOT_READY: state=stopped)', ...FAREWELL],
  });
});

test('row 5: the venue has an order that we never sent: it works, and somebody is told', (t) => {
  const scene = orderIn('queued').hears(reported(word('open')));
  then(t, scene, {
    life: 'working',
    effects: ['order working ACK 0', 'orders/mm-1 ACK 0', 'audit ORDER_SENT_BY_ANOTHER'],
    surprises: 1,
  });
  then(t, scene.hears({ type: 'SubmitGranted' }), { life: 'working', effects: [], surprises: 1 });
});

test('row 5: a fill before risk has answered counts, and a denial after it reserves all the same', (t) => {
  const scene = orderIn('intent').hears(reported(word('open', '0.4'), execution('1', '0.4')));
  then(t, scene, {
    life: 'working',
    effects: [
      'execution 1:881 0.4',
      'order working PARTIAL 0.4',
      'risk/firm ExposureFilled 0.4',
      'orders/mm-1 ACK 0',
      'orders/mm-1 PARTIAL 0.4 +0.4',
      'audit ORDER_SENT_BY_ANOTHER',
    ],
    surprises: 1,
  });
  const denied = scene.hears({ type: 'ReservationDenied', code: 'RATE_OVER_LIMIT', reason: '' });
  then(t, denied, { life: 'working', effects: ['risk/firm ReservationRestored 0.6'], surprises: 1 });
});

test('row 6: an order that was provably not sent asks for a new slot after a pause, and claims anew', (t) => {
  const waiting = orderIn('sending').hears({ type: 'SubmitNotSent', reason: 'connection refused' });
  then(t, waiting, { life: 'queued', effects: ['order queued PENDING 0'], timers: { slotAgain: 500 } });
  t.is(waiting.context.signedAt, null);
  const asked = waiting.waits('slotAgain');
  then(t, asked, { life: 'queued', effects: ['provider/paper SubmitRequested'] });
  then(t, asked.hears({ type: 'SubmitGranted' }), {
    life: 'sending',
    effects: ['order sending PENDING 0', 'submitOrder 1500..6500'],
  });
});

test('row 6: an order that was not sent and has become too old is canceled', (t) => {
  const scene = orderIn('sending')
    .at(PLACED_AT + STALE_AFTER_MS + 1)
    .hears({ type: 'SubmitNotSent', reason: 'connection refused' });
  then(t, scene, {
    life: 'canceled',
    effects: [
      'order canceled CANCELLED 0',
      'orders/mm-1 CANCELLED 0 (ORDER_STALE: ageMs=30001, maximumMs=30000)',
      ...FAREWELL,
    ],
  });
});

test('row 6: while an order waits for a new slot it can be canceled, and nothing is left armed', (t) => {
  const scene = orderIn('sending').hears({ type: 'SubmitNotSent', reason: 'x' }).hears(cancel);
  then(t, scene, {
    life: 'canceled',
    effects: [
      yes('queued'),
      'order canceled CANCELLED 0',
      'orders/mm-1 CANCELLED 0 (ORDER_WITHDRAWN: reason=test)',
      ...FAREWELL,
    ],
  });
});

test('row 7: an acknowledged order works under the id of the venue', (t) => {
  for (const life of ['sending', 'doubt']) {
    const scene = orderIn(life).at(3_000).hears(acked());
    then(t, scene, { life: 'working', effects: ['order working ACK 0', 'orders/mm-1 ACK 0'] });
    t.is(scene.context.venueOrderId, '881');
    t.is(scene.context.acknowledgedAt, 3_000);
  }
});

test('row 7: an acceptance that brings its executions is a fill at once', (t) => {
  const scene = orderIn('sending').hears(acked(word('filled', '1'), execution('1', '0.4'), execution('2', '0.6')));
  then(t, scene, {
    life: 'filled',
    effects: [
      'execution 1:881 0.4',
      'execution 2:881 0.6',
      'order filled FILLED 1',
      'risk/firm ExposureFilled 0.4',
      'risk/firm ExposureFilled 0.6',
      'orders/mm-1 ACK 0',
      'orders/mm-1 PARTIAL 0.4 +0.4',
      'orders/mm-1 FILLED 1 +0.6',
      ...FAREWELL,
    ],
  });
});

test('row 9: a definitive reject ends the order and releases the reservation', (t) => {
  const scene = orderIn('sending').hears({ type: 'SubmitRejected', code: '-2010', reason: 'insufficient balance' });
  then(t, scene, {
    life: 'rejected',
    effects: [
      'order rejected REJECTED 0',
      'orders/mm-1 REJECTED 0 (ORDER_REJECTED: code=-2010, reason=insufficient balance)',
      ...FAREWELL,
    ],
  });
});

test('row 9: an order the venue rejects on its stream ends the same way', (t) => {
  const scene = orderIn('sending').hears(reported(word('rejected'), null, 'would take'));
  then(t, scene, {
    life: 'rejected',
    effects: ['order rejected REJECTED 0', 'orders/mm-1 REJECTED 0 (would take)', ...FAREWELL],
  });
});

test('row 10: a lost answer is doubt: the venue is asked, nothing is sent again, nothing is released', (t) => {
  const scene = orderIn('sending').hears(unknown);
  then(t, scene, { life: 'doubt', effects: ['order doubt PENDING 0', 'queryOrder'] });
  t.is(scene.context.reason, 'timeout');
});

test('row 11: a process that ended while sending leaves doubt', (t) => {
  const scene = orderIn('sending').hears({ type: 'SubmitInterrupted' });
  then(t, scene, { life: 'doubt', effects: ['order doubt PENDING 0', 'queryOrder'] });
});

test('row 12: a fill before the acknowledgement is one, and the acknowledgement after it says nothing new', (t) => {
  for (const life of ['sending', 'doubt']) {
    const partial = orderIn(life).hears(reported(word('open', '0.4'), execution('1', '0.4')));
    then(t, partial, {
      life: 'working',
      effects: [
        'execution 1:881 0.4',
        'order working PARTIAL 0.4',
        'risk/firm ExposureFilled 0.4',
        'orders/mm-1 ACK 0',
        'orders/mm-1 PARTIAL 0.4 +0.4',
      ],
    });
    then(t, partial.hears(acked()), { life: 'working', effects: [] });
    const whole = orderIn(life).hears(reported(word('filled', '1'), execution('1', '1')));
    t.is(lifeOf(whole), 'filled');
    then(t, whole.hears(acked()), { life: 'filled', effects: [] });
  }
});

test('row 13: an order found open works, and what it filled meanwhile is taken from the answer', (t) => {
  const scene = orderIn('doubt').hears(found(word('open', '0.4'), execution('1', '0.4')));
  then(t, scene, {
    life: 'working',
    effects: [
      'execution 1:881 0.4',
      'order working PARTIAL 0.4',
      'risk/firm ExposureFilled 0.4',
      'orders/mm-1 ACK 0',
      'orders/mm-1 PARTIAL 0.4 +0.4',
    ],
  });
});

test('row 14: an order found ended has ended', (t) => {
  then(t, orderIn('doubt').hears(found(word('expired'))), {
    life: 'expired',
    effects: ['order expired EXPIRED 0', 'orders/mm-1 ACK 0', 'orders/mm-1 EXPIRED 0', ...FAREWELL],
  });
  then(t, orderIn('doubt').hears(found(word('canceled', '0.3'))), {
    life: 'closing',
    effects: ['order closing ACK 0', 'orders/mm-1 ACK 0'],
    timers: { askAgain: 250 },
  });
});

test('row 15: an order found rejected, or rejected late, is rejected', (t) => {
  const ways = [found(word('rejected')), { type: 'SubmitRejected', code: '-2010', reason: 'late' } as const];
  for (const way of ways) {
    const scene = orderIn('doubt').hears(way);
    t.is(lifeOf(scene), 'rejected');
    t.deepEqual(lines(scene).slice(-2), FAREWELL);
  }
});

test('row 16: "not found" before the fence proves nothing, however often it comes', (t) => {
  let scene = orderIn('doubt');
  for (const delay of [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) {
    scene = scene.hears(notFound(FENCE_AT));
    then(t, scene, { life: 'doubt', effects: [], timers: { askAgain: delay } });
    scene = scene.waits('askAgain');
    then(t, scene, { life: 'doubt', effects: ['queryOrder'] });
  }
});

test('row 17: "not found" twice after the fence is absence, and the same order is never sent again', (t) => {
  const once = orderIn('doubt').hears(notFound(FENCE_AT + 1));
  then(t, once, { life: 'doubt', effects: [], timers: { askAgain: 500 } });
  const twice = once.waits('askAgain').hears(notFound(FENCE_AT + 600));
  then(t, twice, {
    life: 'absent',
    effects: [
      'order absent REJECTED 0',
      'orders/mm-1 REJECTED 0 (ORDER_ABSENT: fenceAt=22000, askedAt=22600, answers=2)',
      ...FAREWELL,
    ],
  });
  then(t, twice.hears({ type: 'SubmitGranted' }), { life: 'absent', effects: [] });
});

test('row 17: a question that failed is no answer: it never counts towards absence', (t) => {
  const scene = orderIn('doubt')
    .at(FENCE_AT + 1)
    .hears(queryFailed, queryFailed, queryFailed);
  then(t, scene, { life: 'doubt', effects: [], timers: { askAgain: 2_000 } });
  t.is(scene.context.absences, 0);
});

test('row 18: where requests have no deadline absence is never proved: doubt stays, and says so once', (t) => {
  let scene = orderIn('doubt', { recvWindowMs: 0 });
  const said: string[] = [];
  for (let count = 0; count < 12; count += 1) {
    scene = scene.hears(notFound(Number.MAX_SAFE_INTEGER));
    said.push(...lines(scene));
    scene = scene.waits('askAgain');
  }
  t.is(lifeOf(scene), 'doubt');
  t.deepEqual(said, ['audit ORDER_UNDECIDED']);
});

const declared = { type: 'DeclareAbsent', by: 'ann', reason: 'not in the history of the venue' } as const;

test('row 18: there an operator decides, by name, and a word of the venue still corrects it', (t) => {
  const scene = orderIn('doubt', { recvWindowMs: 0 }).hears(declared);
  then(t, scene, {
    life: 'absent',
    effects: [
      'audit ORDER_DECLARED_ABSENT',
      'order absent REJECTED 0',
      'orders/mm-1 REJECTED 0 (ORDER_DECLARED_ABSENT: by=ann, reason=not in the history of the venue)',
      ...FAREWELL,
      yes('absent'),
    ],
  });
  t.is(lifeOf(scene.hears(acked())), 'working');
});

test('a person may also decide what the venue was asked in vain for long enough', (t) => {
  let doubt = orderIn('doubt');
  for (let count = 1; count < ALARM_AFTER_ASKS; count += 1) doubt = doubt.hears(queryFailed).waits('askAgain');
  t.is(lifeOf(doubt.hears(declared)), 'doubt');
  t.is(lifeOf(doubt.hears(queryFailed).hears(declared)), 'absent');

  const part = orderIn('working').hears(reported(word('open', '0.4'), execution('1', '0.4')));
  let vanished = part;
  for (let count = 1; count <= ALARM_AFTER_ABSENCES; count += 1) {
    t.is(lifeOf(vanished.hears(declared)), 'working');
    vanished = vanished.hears(reconcile, notFound(FENCE_AT + count));
  }
  then(t, vanished.hears(declared), {
    life: 'canceled',
    effects: [
      'audit ORDER_DECLARED_ABSENT',
      'order canceled CANCELLED 0.4',
      'orders/mm-1 CANCELLED 0.4 (ORDER_DECLARED_ABSENT: by=ann, reason=not in the history of the venue)',
      ...FAREWELL,
      yes('canceled'),
    ],
    surprises: 1,
  });
  t.is(lifeOf(vanished.hears(declared).hears(found(word('open', '0.4')))), 'working');

  let closing = orderIn('closing');
  for (let count = 1; count <= ALARM_AFTER_ASKS; count += 1) closing = closing.waits('askAgain').hears(queryFailed);
  t.is(lifeOf(closing.hears(declared)), 'canceled');
});

test('row 18: nobody decides for a venue that may still answer, nor for an order that is over', (t) => {
  for (const life of ['doubt', 'intent', 'queued', 'sending', 'working', 'closing', 'filled', 'absent'] as const) {
    const before = orderIn(life);
    const after = before.hears(declared);
    t.is(lifeOf(after), life);
    t.is(lines(after).length, 1);
    t.regex(lines(after)[0] ?? '', /^reply \{"accepted":false,.*ORDER_NOT_UNDECIDABLE: /);
    t.deepEqual(after.context, before.context);
  }
});
