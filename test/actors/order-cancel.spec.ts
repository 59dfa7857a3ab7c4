// The order's transition table, rows 36 to 57: canceling, and asking again after a reconnect.
import test from 'ava';
import { CANCELS_MAX } from '../../actors/order/facts.ts';
import {
  acked,
  cancel,
  cancelOf,
  execution,
  FAREWELL,
  FENCE_AT,
  found,
  LIVES,
  lifeOf,
  lines,
  notFound,
  orderIn,
  queryFailed,
  reconcile,
  reported,
  then,
  unknown,
  word,
  yes,
} from '../support/orders.ts';

test('rows 36 and 38: a working order is canceled at the venue, and a second wish changes nothing', (t) => {
  const scene = orderIn('working').hears(cancel);
  then(t, scene, {
    life: 'working',
    cancel: 'sent',
    effects: ['order working ACK 0 PendingCancel', 'cancelOrder', yes('working')],
  });
  t.deepEqual(scene.effects[1], {
    type: 'command',
    name: 'cancelOrder',
    args: { provider: 'paper', clientOrderId: 'mm1abc00000001', symbol: 'BTC-USDT' },
  });
  then(t, scene.hears(cancel), { life: 'working', cancel: 'sent', effects: [yes('working')] });
});

test('row 36: an order that another sent under our id is canceled at the venue like any other', (t) => {
  const scene = orderIn('queued')
    .hears(reported(word('open')))
    .hears(cancel);
  then(t, scene, {
    life: 'working',
    cancel: 'sent',
    effects: ['order working ACK 0 PendingCancel', 'cancelOrder', yes('working')],
    surprises: 1,
  });
});

test('row 37: a cancel of an order nobody knows about waits, and is sent once the order works', (t) => {
  for (const life of ['sending', 'doubt']) {
    const wanted = orderIn(life).hears(cancel);
    then(t, wanted, { life, cancel: 'want', effects: [yes('sending')] });
    then(t, wanted.hears(cancel), { life, cancel: 'want', effects: [yes('sending')] });
    then(t, wanted.hears(acked()), {
      life: 'working',
      cancel: 'sent',
      effects: ['order working ACK 0 PendingCancel', 'orders/mm-1 ACK 0', 'cancelOrder'],
    });
  }
});

test('row 37: a cancel wished while sending ends an order that was not sent', (t) => {
  const scene = orderIn('sending').hears(cancel).hears({ type: 'SubmitNotSent', reason: 'x' });
  then(t, scene, {
    life: 'canceled',
    effects: [
      'order queued PENDING 0 PendingCancel',
      'order canceled CANCELLED 0',
      'orders/mm-1 CANCELLED 0 (ORDER_WITHDRAWN: reason=test)',
      ...FAREWELL,
    ],
  });
});

test('row 37: a cancel wished in doubt is forgotten when the order turns out to have ended', (t) => {
  for (const ending of [found(word('expired')), found(word('rejected'))]) {
    t.is(cancelOf(orderIn('doubt').hears(cancel, ending)), 'none');
  }
  const absent = orderIn('doubt').hears(cancel, notFound(FENCE_AT + 1), notFound(FENCE_AT + 1));
  t.deepEqual([lifeOf(absent), cancelOf(absent)], ['absent', 'none']);
});

test('row 39: the answer to the cancel ends the order, or leaves it closing', (t) => {
  const sent = orderIn('working').hears(cancel);
  then(t, sent.hears({ type: 'CancelAcked', order: word('canceled') }), {
    life: 'canceled',
    effects: ['order canceled CANCELLED 0', 'orders/mm-1 CANCELLED 0', ...FAREWELL],
  });
  then(t, sent.hears({ type: 'CancelAcked', order: word('canceled', '0.5') }), {
    life: 'closing',
    effects: ['order closing ACK 0'],
    timers: { askAgain: 250 },
  });
});

test('row 40: a refused cancel is a question, never a canceled order', (t) => {
  const scene = orderIn('working')
    .hears(cancel)
    .hears({ type: 'CancelRejected', code: '-2011', reason: 'unknown order' });
  then(t, scene, { life: 'working', cancel: 'refused', effects: ['queryOrder'], timers: { cancelAgain: 500 } });
  then(t, scene.hears(found(word('filled', '1'), execution('1', '1'))), {
    life: 'filled',
    effects: [
      'execution 1:881 1',
      'order filled FILLED 1',
      'risk/firm ExposureFilled 1',
      'orders/mm-1 FILLED 1 +1',
      ...FAREWELL,
    ],
  });
});

test('row 41: a cancel nobody knows about is asked about and then repeated, until the order has ended', (t) => {
  let scene = orderIn('working').hears(cancel);
  for (const delay of [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) {
    scene = scene.hears({ type: 'CancelUnknown', reason: 'timeout' });
    then(t, scene, { life: 'working', cancel: 'doubt', effects: ['queryOrder'], timers: { cancelAgain: delay } });
    then(t, scene.hears(cancel), {
      life: 'working',
      cancel: 'doubt',
      effects: [yes('working')],
      timers: { cancelAgain: delay },
    });
    scene = scene.hears(found(word('open'))).waits('cancelAgain');
    then(t, scene, { life: 'working', cancel: 'sent', effects: ['cancelOrder'] });
  }
  then(t, scene.hears({ type: 'CancelUnknown', reason: 'timeout' }, reported(word('canceled'))), {
    life: 'canceled',
    effects: ['queryOrder', 'order canceled CANCELLED 0', 'orders/mm-1 CANCELLED 0', ...FAREWELL],
  });
});

test('row 42: a cancel that is refused while the order stays open is tried again, then given up aloud', (t) => {
  const refusal = { type: 'CancelRejected', code: '-2011', reason: 'unknown order' } as const;
  let scene = orderIn('working').hears(cancel);
  for (let count = 1; count < CANCELS_MAX; count += 1) {
    scene = scene.hears(refusal, found(word('open'))).waits('cancelAgain');
    then(t, scene, { life: 'working', cancel: 'sent', effects: ['cancelOrder'] });
  }
  scene = scene.hears(refusal).waits('cancelAgain');
  then(t, scene, {
    life: 'working',
    effects: [
      'audit CANCEL_GIVEN_UP',
      'order working ACK 0',
      'orders/mm-1 ACK 0 (CANCEL_GIVEN_UP: clientOrderId=mm1abc00000001, provider=paper, cancels=5)',
    ],
    surprises: 1,
  });
  then(t, scene.hears(cancel), {
    life: 'working',
    cancel: 'sent',
    effects: ['order working ACK 0 PendingCancel', 'cancelOrder', yes('working')],
    surprises: 1,
  });
});

test('row 36: a new wish after a refusal is sent at once', (t) => {
  const refused = orderIn('working').hears(cancel).hears({ type: 'CancelRejected', code: 'x', reason: 'x' });
  then(t, refused.hears(cancel), { life: 'working', cancel: 'sent', effects: ['cancelOrder', yes('working')] });
});

test('row 43: a fill while the cancel is on its way is a fill', (t) => {
  const scene = orderIn('working')
    .hears(cancel)
    .hears(reported(word('open', '0.4'), execution('1', '0.4')));
  then(t, scene, {
    life: 'working',
    cancel: 'sent',
    effects: [
      'execution 1:881 0.4',
      'order working PARTIAL 0.4 PendingCancel',
      'risk/firm ExposureFilled 0.4',
      'orders/mm-1 PARTIAL 0.4 +0.4',
    ],
  });
});

test('row 44: an order that has ended is not cancelable, and says so', (t) => {
  for (const life of ['closing', 'filled', 'canceled', 'expired', 'rejected', 'denied', 'absent']) {
    const scene = orderIn(life).hears(cancel);
    const detail = `ORDER_NOT_CANCELABLE: clientOrderId=mm1abc00000001, state=${life}`;
    t.deepEqual(lines(scene), [`reply ${JSON.stringify({ accepted: false, state: life, detail })}`]);
    t.is(lifeOf(scene), life);
  }
});

test('row 57: after a reconnect every order that is not settled asks again, and no other', (t) => {
  const asking = { parked: true, working: true, doubt: true, closing: true };
  for (const life of LIVES) {
    // An order in doubt has a question out already: it asks again from its pause.
    const scene = life === 'doubt' ? orderIn(life).hears(queryFailed) : orderIn(life);
    const again = scene.hears(reconcile);
    // One that is over says so to whoever still waits for it.
    const over = scene.context.completedAt === null ? [] : ['provider/paper OrderClosed'];
    t.deepEqual(lines(again), life in asking ? ['queryOrder'] : over, life);
    t.true(again.handled);
    t.deepEqual(lines(again.hears(reconcile)), over, `${life}: a second tick asks nothing while the first is out`);
  }
});

test('every message the order can hear is handled in every state', (t) => {
  const everything = [
    cancel,
    { type: 'ReservationGranted' },
    { type: 'ReservationDenied', code: 'X', reason: 'x' },
    { type: 'SubmitGranted' },
    { type: 'SubmitRefused', reason: 'x' },
    acked(),
    { type: 'SubmitRejected', code: 'x', reason: 'x' },
    { type: 'SubmitNotSent', reason: 'x' },
    unknown,
    { type: 'SubmitInterrupted' },
    { type: 'CancelAcked', order: word('canceled') },
    { type: 'CancelRejected', code: 'x', reason: 'x' },
    { type: 'CancelUnknown', reason: 'x' },
    found(word('open')),
    notFound(5_000),
    queryFailed,
    reported(word('open')),
    reconcile,
  ] as const;
  for (const life of [...LIVES, 'withdrawn']) {
    for (const message of everything) t.true(orderIn(life).hears(message).handled, `${message.type} in ${life}`);
  }
});
