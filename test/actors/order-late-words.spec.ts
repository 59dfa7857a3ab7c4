// Words of the venue that come late or out of order, and what they do not change.
import test from 'ava';
import { ALARM_AFTER_ASKS, BACKOFF_MAX_MS, CANCELS_MAX } from '../../actors/order/facts.ts';
import {
  busted,
  cancel,
  cancelOf,
  execution,
  found,
  lines,
  orderIn,
  reconcile,
  reported,
  then,
  word,
} from '../support/orders.ts';

test('terms that were changed and changed back are not those of a report that comes late from in between', (t) => {
  const first = orderIn('working').hears(reported(word('open', '0', { updatedAt: 1_000 })));
  const back = first.hears(reported(word('open', '0', { updatedAt: 3_000 })));
  const late = back.hears(reported(word('open', '0', { quantity: '0.5', price: '99', updatedAt: 2_000 })));
  then(t, late, { life: 'working', effects: [] });
  const ended = first.hears(reported(word('canceled', '0', { updatedAt: 3_000 })));
  t.is(ended.hears(reported(word('open', '0', { quantity: '0.5', updatedAt: 2_000 }))).context.quantity, '1');
});

test('a copy from before a trade was taken back neither fills the order nor makes it wait for that trade', (t) => {
  const working = orderIn('working').hears(reported(word('open', '0.4', { updatedAt: 1_000 }), execution('1', '0.4')));
  const undone = working.hears(busted(word('open', '0.4', { updatedAt: 3_000 }), '2'));
  const before = word('filled', '1', { updatedAt: 2_000 });
  const late = undone.hears(found(before, execution('1', '0.4'), execution('2', '0.6')));
  then(t, late, { life: 'working', effects: [], surprises: 1 });
  t.is(late.context.verdict, null);
  t.is(late.context.venueFilled, '0.4');
  const over = late.hears(reported(word('canceled', '0.4', { updatedAt: 4_000 })));
  t.is(over.context.standing, 'canceled');
});

test('a working order asks again, in a while, for what the venue counts and does not show', (t) => {
  const behind = orderIn('working').hears(reported(word('open', '0.5', { updatedAt: 1_000 })));
  const asked = behind.hears(found(word('open', '0.5', { updatedAt: 1_000 })));
  then(t, asked, { life: 'working', effects: [], timers: { AskAgainDue: BACKOFF_MAX_MS } });
  const again = asked.waits('AskAgainDue');
  t.deepEqual(lines(again), ['queryOrder']);
  const shown = again.hears(found(word('open', '0.5', { updatedAt: 1_000 }), execution('1', '0.5')));
  t.deepEqual(shown.timers, {});
  t.is(shown.context.filled, '0.5');
});

test('an order that works again is told to the provider again, so that a round misses it when it is gone', (t) => {
  const revived = orderIn('filled').hears(busted(word('open', '0', { updatedAt: 2_000 }), '1'));
  t.true(lines(revived).includes('provider/paper SubmitRequested'));
  then(t, revived.hears({ type: 'SubmitGranted' }), { life: 'working', effects: [], surprises: 2 });
  const over = orderIn('filled').hears(busted(word('canceled', '0', { updatedAt: 2_000 }), '1'));
  t.false(lines(over).includes('provider/paper SubmitRequested'));
});

test('"filled" with a count below the quantity, said again and again, is believed, and nothing is inferred', (t) => {
  let scene = orderIn('working').hears(reported(word('open', '0.4'), execution('1', '0.4')));
  scene = scene.hears(reported(word('filled', '0.4', { updatedAt: 2_000 })));
  for (let asks = 1; asks <= ALARM_AFTER_ASKS; asks += 1) {
    t.is(scene.context.standing, 'closing');
    scene = scene.waits('askAgain').hears(found(word('filled', '0.4', { updatedAt: 2_000 }), execution('1', '0.4')));
  }
  t.is(scene.context.standing, 'filled');
  t.deepEqual([scene.context.filled, scene.context.inferred], ['0.4', 0]);
});

const refusal = { type: 'CancelRejected', code: '-2011', reason: 'x' } as const;

test('cancels that got no answer do not use up the patience with a venue that refuses them', (t) => {
  let scene = orderIn('working').hears(cancel);
  for (let count = 0; count < 2 * CANCELS_MAX; count += 1) {
    scene = scene.hears({ type: 'CancelUnknown', reason: 'timeout' }, found(word('open'))).waits('cancelAgain');
  }
  for (let count = 1; count < CANCELS_MAX; count += 1) {
    scene = scene.hears(refusal, found(word('open'))).waits('cancelAgain');
    then(t, scene, { life: 'working', cancel: 'sent', effects: ['cancelOrder'] });
  }
  scene = scene.hears(refusal).waits('cancelAgain');
  t.is(cancelOf(scene), 'none');
});

test('an order that is over and is asked to look at itself says that it is over', (t) => {
  for (const life of ['filled', 'canceled', 'expired', 'rejected', 'absent', 'denied']) {
    then(t, orderIn(life).hears(reconcile), { life, effects: ['provider/paper OrderClosed'] });
  }
});

test('a report under our id of another market or side is told aloud, and none of it is booked', (t) => {
  for (const other of [{ side: 'Sell' }, { symbol: 'ETH-USDT' }] as const) {
    const scene = orderIn('working').hears(reported(word('filled', '1', other), execution('1', '1')));
    then(t, scene, { life: 'working', effects: ['audit ORDER_OF_ANOTHER'], surprises: 1 });
  }
});
