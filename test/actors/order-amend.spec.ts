// Rows 45 to 51 of the order's table: new terms, in place or by another order.
import test from 'ava';
import { ALARM_AFTER_AMENDS } from '../../actors/order/facts.ts';
import type { Effect } from '../../actors/runtime/effect.ts';
import {
  acked,
  amend,
  amendOf,
  busted,
  cancel,
  execution,
  FAREWELL,
  found,
  lines,
  type OrderScene,
  orderIn,
  queryFailed,
  reconcile,
  reported,
  then,
  unknown,
  word,
  yes,
} from '../support/orders.ts';

const NOT_AMENDABLE = 'ORDER_NOT_AMENDABLE: clientOrderId=mm1abc00000001, state=working';
const ASKED = ['risk/firm AmendRequested 0.6', 'order working ACK 0 PendingReplace'];
const AMENDED = [
  'order working ACK 0 PendingReplace',
  'risk/firm ReservationAmended 0.6',
  'orders/mm-1 ACK 0',
  'risk/firm ReservationAmended 0.6',
  'order working ACK 0',
];
const granted = { type: 'AmendGranted' } as const;
const lost = { type: 'AmendUnknown', reason: 'timeout' } as const;
const refusal = { type: 'AmendRejected', code: '-2038', reason: 'no' } as const;
const reduced = (filled = '0') => word('open', filled, { quantity: '0.6', updatedAt: 2_000 });

function sent(): OrderScene {
  return orderIn('working').hears(amend('0.6'), granted);
}

test('row 45: an amend asks risk first, and then the venue', (t) => {
  const asked = orderIn('working').hears(amend('0.6'));
  then(t, asked, { life: 'working', amend: 'asked', effects: [yes('working'), ...ASKED] });
  const scene = asked.hears(granted);
  then(t, scene, { life: 'working', amend: 'sent', effects: ['amendOrder'] });
  t.deepEqual(scene.effects[0], {
    type: 'command',
    name: 'amendOrder',
    args: { provider: 'paper', clientOrderId: 'mm1abc00000001', symbol: 'BTC-USDT', quantity: '0.6', price: '100' },
  });
});

test('row 45: what risk denies is not sent, and the strategy hears why', (t) => {
  const asked = orderIn('working').hears(amend('0.6'));
  const scene = asked.hears({ type: 'AmendDenied', code: 'X', reason: 'too much' });
  then(t, scene, { life: 'working', effects: ['order working ACK 0', 'orders/mm-1 ACK 0 (DENIED X: too much)'] });
  t.is(scene.context.quantity, '1');
});

test('row 46: amended, the order has its new terms, and only they are reserved', (t) => {
  then(t, sent().hears({ type: 'AmendAcked', order: reduced() }), {
    life: 'working',
    effects: AMENDED,
  });
});

test('row 46: the report on the stream may come before the answer, which then says nothing new', (t) => {
  const amended = sent().hears(reported(reduced()));
  t.is(amended.context.quantity, '0.6');
  then(t, amended.hears({ type: 'AmendAcked', order: reduced() }), { life: 'working', effects: [] });
});

test('row 47: new terms at or below what is filled already end the order as filled', (t) => {
  const part = orderIn('working').hears(reported(word('open', '0.7'), execution('1', '0.7')));
  const scene = part.hears(amend('0.7'), granted);
  then(t, scene.hears(reported(word('filled', '0.7', { quantity: '0.7', updatedAt: 2_000 }))), {
    life: 'filled',
    effects: ['order filled FILLED 0.7', 'orders/mm-1 PARTIAL 0.7', 'orders/mm-1 FILLED 0.7', ...FAREWELL],
  });
});

test('row 48: a refused amend is a question first: the terms may be these already', (t) => {
  const scene = sent().hears(refusal);
  then(t, scene, { life: 'working', amend: 'refused', effects: ['queryOrder'], timers: { amendAgain: 500 } });
  t.is(scene.hears(found(reduced())).context.quantity, '0.6');
  then(t, scene.hears(found(word('open'))), {
    life: 'working',
    effects: ['risk/firm ReservationAmended 1', 'order working ACK 0', 'orders/mm-1 ACK 0 (-2038: no)'],
  });
  const unanswered = scene.hears(queryFailed).waits('amendAgain');
  t.regex(unanswered.state, /amend\.refused/);
  t.deepEqual(lines(unanswered), ['queryOrder']);
});

test('row 48: an answer to a question from before the amend does not settle it', (t) => {
  const asked = orderIn('working').hears(reconcile).hears(amend('0.6'), granted, lost).waits('amendAgain');
  const refused = asked.hears(refusal);
  t.is(amendOf(refused), 'overtaken');
  const stale = refused.hears(found(word('open')));
  then(t, stale, { life: 'working', amend: 'refused', effects: ['queryOrder'], timers: { amendAgain: 1_000 } });
  then(t, stale.hears(found(reduced())), {
    life: 'working',
    effects: AMENDED,
  });
});

test("row 49: an amend without an answer is asked about and sent again, and the venue's quantity decides", (t) => {
  const doubt = sent().hears(lost);
  then(t, doubt, { life: 'working', amend: 'doubt', effects: ['queryOrder'], timers: { amendAgain: 500 } });
  t.is(doubt.hears(found(reduced())).context.quantity, '0.6');
  then(t, doubt.hears(found(word('open'))).waits('amendAgain'), {
    life: 'working',
    amend: 'sent',
    effects: ['amendOrder'],
  });
});

test('row 49: an amend without an answer goes on, the larger terms reserved, until the venue has spoken', (t) => {
  let scene = sent();
  const again = () => scene.hears(lost, found(word('open'))).waits('amendAgain');
  for (let count = 1; count < ALARM_AFTER_AMENDS; count += 1) {
    scene = again();
    t.deepEqual(lines(scene), ['amendOrder']);
  }
  scene = again();
  t.deepEqual(lines(scene), ['audit AMEND_UNANSWERED', 'amendOrder']);
  for (let count = 0; count < 20; count += 1) {
    scene = again();
    t.deepEqual(lines(scene), ['amendOrder']);
  }
  const decided = scene.hears(lost, found(reduced()));
  t.is(decided.context.quantity, '0.6');
  t.true(lines(decided).includes('risk/firm ReservationAmended 0.6'));
});

test('row 50: a fill while the amend is on its way belongs to the original', (t) => {
  const scene = sent().hears(reported(word('open', '0.4'), execution('1', '0.4')));
  then(t, scene, {
    life: 'working',
    amend: 'sent',
    effects: [
      'execution 1:881 0.4',
      'order working PARTIAL 0.4 PendingReplace',
      'risk/firm ExposureFilled 0.4',
      'orders/mm-1 PARTIAL 0.4 +0.4',
    ],
  });
  const amended = scene.hears(reported(reduced('0.4')));
  t.true(lines(amended).includes('risk/firm ReservationAmended 0.2'));
});

test('rows 45 to 49: an order that ends takes its amend with it', (t) => {
  const scenes = [orderIn('working').hears(amend('0.6')), sent(), sent().hears(lost), sent().hears(refusal)];
  for (const scene of scenes) {
    const ended = scene.hears(reported(word('canceled')));
    then(t, ended, {
      life: 'canceled',
      effects: ['order canceled CANCELLED 0', 'orders/mm-1 CANCELLED 0', ...FAREWELL],
    });
    t.is(ended.context.amendment, null);
    t.true(ended.hears(granted, refusal, lost).handled);
  }
});

const SUCCESSOR = {
  clientOrderId: 'mm1abc00000002',
  price: '101',
  asked: { quantity: '2', price: '101' },
  replaces: 'mm1abc00000001',
};

test('row 51: other terms than the venue can change are a cancel, and a new order of what is left', (t) => {
  const part = orderIn('working').hears(reported(word('open', '0.4'), execution('1', '0.4')));
  const wished = part.hears(amend('2', '101'));
  then(t, wished, {
    life: 'working',
    cancel: 'sent',
    effects: [yes('working'), 'order working PARTIAL 0.4 PendingCancel', 'cancelOrder'],
  });
  const scene = wished.at(7_000).hears(reported(word('canceled', '0.4')));
  const { order } = scene.context;
  t.deepEqual(scene.effects.at(-1), {
    type: 'spawn',
    key: 'order/mm1abc00000002',
    input: { ...order, ...SUCCESSOR, quantity: '1.6', linkedTo: null, placedAt: 7_000 },
  });
  t.is(scene.context.replacedBy, 'mm1abc00000002');
  const [report] = scene.effects.filter(({ type }) => type === 'publish');
  t.like(report, { event: { state: 'CANCELLED', replacedBy: 'mm1abc00000002' } });
  t.true(scene.effects.indexOf(report as Effect) < scene.effects.length - 1, 'the report comes before the order');
});

test('row 51: a late fill of the canceled order is awaited before the new one is sized', (t) => {
  const wished = orderIn('working').hears(amend('2', '101'));
  const closing = wished.hears({ type: 'CancelAcked', order: word('canceled', '0.5') });
  t.false(closing.effects.some(({ type }) => type === 'spawn'));
  const scene = closing.hears(reported(word('open', '0.5'), execution('1', '0.5')));
  const [successor] = scene.effects.filter(({ type }) => type === 'spawn');
  t.like(successor, { input: { quantity: '1.5', replaces: 'mm1abc00000001' } });
});

test('row 51: an order that fills after all is not replaced', (t) => {
  const wished = orderIn('working').hears(amend('0.5', '101'));
  for (const end of [reported(word('filled', '1'), execution('1', '1'))]) {
    t.false(wished.hears(end).effects.some(({ type }) => type === 'spawn'));
  }
  const enough = wished.hears(reported(word('open', '0.5'), execution('1', '0.5')));
  t.false(enough.hears(reported(word('canceled', '0.5'))).effects.some(({ type }) => type === 'spawn'));
});

test('row 51: an order that was never sent makes way at once; one in doubt when it is known', (t) => {
  const queued = orderIn('queued').hears(amend('2'));
  t.true(lines(queued).includes('order canceled CANCELLED 0'));
  t.true(queued.effects.some(({ type }) => type === 'spawn'));
  const doubt = orderIn('sending').hears(unknown).hears(amend('2'));
  then(t, doubt, { life: 'doubt', cancel: 'want', effects: [yes('sending')], timers: {} });
  t.deepEqual(lines(doubt.hears(acked())).at(-1), 'cancelOrder');
});

test('an amend to the terms it has changes nothing; one of an ended or leaving order is refused', (t) => {
  then(t, orderIn('working').hears(amend('1')), { life: 'working', effects: [yes('working')] });
  for (const scene of [orderIn('filled'), orderIn('canceled'), orderIn('closing')]) {
    t.regex(lines(scene.hears(amend('0.6'))).join(), /"accepted":false.*ORDER_NOT_AMENDABLE/);
  }
  t.regex(lines(sent().hears(amend('0.5'))).join(), /ORDER_NOT_AMENDABLE/);
});

test('row 51: whoever cancels an order that makes way means what would take its place as well', (t) => {
  const wished = orderIn('working').hears(amend('2', '101'));
  const lostCancel = { type: 'CancelUnknown', reason: 'timeout' } as const;
  const refusedCancel = { type: 'CancelRejected', code: '-2011', reason: 'no' } as const;
  for (const scene of [wished, wished.hears(lostCancel), wished.hears(refusedCancel)]) {
    const canceled = scene.hears(cancel);
    t.regex(lines(canceled).join(), /ACK 0 \(ORDER_NOT_AMENDABLE: .*being canceled\)/);
    const over = canceled.hears(reported(word('canceled')));
    then(t, over, {
      life: 'canceled',
      effects: ['order canceled CANCELLED 0', 'orders/mm-1 CANCELLED 0', ...FAREWELL],
    });
    t.is(over.context.replacedBy, null);
  }
});

test('row 51: the newest wish follows an order that makes way; one that is wished away gets no terms', (t) => {
  const twice = orderIn('working').hears(amend('2', '101')).hears(amend('3', '102'));
  then(t, twice, { life: 'working', cancel: 'sent', effects: [yes('working')] });
  const [successor] = twice.hears(reported(word('canceled'))).effects.filter(({ type }) => type === 'spawn');
  t.like(successor, { input: { quantity: '3', price: '102' } });
  const leaving = orderIn('working').hears(cancel).hears(amend('2'));
  t.regex(lines(leaving).join('\n'), /"accepted":false[\s\S]*ACK 0 \(ORDER_NOT_AMENDABLE/);
  t.false(leaving.hears(reported(word('canceled'))).effects.some(({ type }) => type === 'spawn'));
});

test('new terms that are refused while others are asked for are refused aloud', (t) => {
  const second = sent().hears(amend('0.5'));
  then(t, second, {
    life: 'working',
    amend: 'sent',
    effects: [
      `reply {"accepted":false,"state":"working","detail":"${NOT_AMENDABLE}"}`,
      'order working ACK 0 PendingReplace',
      `orders/mm-1 ACK 0 (${NOT_AMENDABLE}, change=being amended)`,
    ],
  });
});

test('row 45: the larger of the terms stays reserved when a trade is taken back meanwhile', (t) => {
  const filled = reported(word('open', '0.4', { updatedAt: 1_000 }), execution('1', '0.4'));
  const scene = orderIn('working', { amends: 'full' }).hears(filled).hears(amend('3'), granted);
  const undone = scene.hears(busted(word('open', '0', { updatedAt: 2_000 }), '1'));
  t.true(lines(undone).includes('risk/firm ReservationAmended 3'));
  const settled = undone.hears(reported(word('open', '0', { quantity: '3', updatedAt: 3_000 })));
  t.is(
    lines(settled)
      .filter((line) => line.startsWith('risk/firm ReservationAmended'))
      .at(-1),
    'risk/firm ReservationAmended 3',
  );
});

test('row 47: new terms that a fill has passed meanwhile are no overfill', (t) => {
  const scene = sent().hears(
    reported(word('filled', '0.7', { quantity: '0.6', updatedAt: 2_000 }), execution('1', '0.7')),
  );
  t.is(scene.context.standing, 'filled');
  t.false(lines(scene).includes('audit ORDER_OVERFILLED'));
});

test('amounts are compared by their value, however they are written', (t) => {
  then(t, orderIn('working').hears(amend('1.00', '100.0')), { life: 'working', effects: [yes('working')] });
  const asked = orderIn('working').hears(amend('0.60', '100.00'), granted);
  then(t, asked.hears(reported(reduced())), {
    life: 'working',
    effects: AMENDED,
  });
});

test('terms that somebody else changed at the venue are taken, once and aloud, and never from an older word', (t) => {
  const changed = orderIn('working').hears(reported(word('open', '0', { quantity: '0.8', updatedAt: 2_000 })));
  then(t, changed, {
    life: 'working',
    effects: [
      'order working ACK 0',
      'risk/firm ReservationAmended 0.8',
      'orders/mm-1 ACK 0',
      'audit ORDER_CHANGED_BY_ANOTHER',
    ],
    surprises: 1,
  });
  then(t, changed.hears(reported(word('open'))), { life: 'working', effects: [], surprises: 1 });
});

test('a replacement is given up when the old order will not go, and the strategy is told', (t) => {
  let scene = orderIn('working').hears(amend('2'));
  for (let count = 1; count <= 5; count += 1) {
    scene = scene
      .hears({ type: 'CancelRejected', code: '-2011', reason: 'x' }, found(word('open')))
      .waits('cancelAgain');
  }
  t.regex(lines(scene).join('\n'), /audit CANCEL_GIVEN_UP[\s\S]*ACK 0 \(CANCEL_GIVEN_UP/);
  t.is(scene.context.replacement, null);
  t.regex(lines(scene.hears(cancel)).join(), /cancelOrder/);
});
