// Words of the venue that come late or out of order, and what they do not change.
import test from 'ava';
import { ALARM_AFTER_ASKS, BACKOFF_MAX_MS, CANCELS_MAX, DENIALS_PROVE } from '../../actors/order/facts.ts';
import {
  busted,
  cancel,
  cancelOf,
  execution,
  found,
  lines,
  notFound,
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

test('executions a whole answer does not show any more were taken back, when three in a row say so', (t) => {
  const fills = [execution('1', '0.4'), execution('2', '0.3')] as const;
  const part = orderIn('working').hears(
    reported(word('open', '0.4', { updatedAt: 1_000 }), fills[0]),
    reported(word('open', '0.7', { updatedAt: 2_000 }), fills[1]),
  );
  const answer = found(word('open', '0.4', { updatedAt: 3_000 }), fills[0]);
  const ask = (scene: typeof part) => scene.hears(reconcile).hears(answer);
  let denied = part;
  for (let count = 1; count < DENIALS_PROVE; count += 1) {
    denied = ask(denied);
    then(t, denied, { life: 'working', effects: [], timers: { AskAgainDue: BACKOFF_MAX_MS } });
    t.is(denied.context.filled, '0.7');
  }
  then(t, ask(denied), {
    life: 'working',
    effects: [
      'execution 2 busted',
      'order working PARTIAL 0.4',
      'risk/firm ExposureFilled 0.3',
      'risk/firm ReservationAmended 0.6',
      'orders/mm-1 PARTIAL 0.4 +-0.3',
      'audit EXECUTION_BUSTED',
    ],
    timers: { AskAgainDue: BACKOFF_MAX_MS },
    surprises: 1,
  });
  t.is(ask(denied).context.denials, 0);
  t.is(part.context.denials, undefined);
  // "Not found" denies the order, not its executions: it counts apart.
  const vanishing = part.hears(reconcile, notFound(0), reconcile, notFound(0));
  t.is(ask(vanishing).context.filled, '0.7');
  // A word that counts them again starts anew; a copy that lags behind, or does not show all it counts, proves nothing.
  const again = ask(denied.hears(reported(word('open', '0.7', { updatedAt: 3_500 }))));
  t.is(again.context.filled, '0.7');
  const stale = found(word('open', '0.4', { updatedAt: 1_500 }), fills[0]);
  const partial = found(word('open', '0.4', { updatedAt: 3_000 }));
  for (const one of [stale, partial]) {
    let scene = part;
    for (let count = 0; count < 2 * DENIALS_PROVE; count += 1) scene = scene.hears(reconcile).hears(one);
    t.is(scene.context.filled, '0.7');
  }
});

test('the reason of an end that waited for executions is that of the venue', (t) => {
  const closing = orderIn('working').hears(reported(word('canceled', '0.5'), null, 'LIQUIDATION'));
  const over = closing.hears(reported(word('canceled', '0.5'), execution('1', '0.5')));
  t.is(over.context.standing, 'canceled');
  t.is(over.context.reason, 'LIQUIDATION');
  t.is(closing.hears(reported(word('filled', '1'), execution('1', '1'))).context.reason, null);
});

test('row 24: another fee under a known key is told like other data; the first fee to come is taken', (t) => {
  const [uncharged, charged] = [execution('1', '0.4', { fee: null, feeAsset: null }), execution('1', '0.4')];
  const part = orderIn('working').hears(reported(word('open', '0.4'), uncharged));
  const told = part.hears(reported(word('open', '0.4'), charged));
  t.true(lines(told).includes('execution 1 charged'));
  t.deepEqual(lines(told.hears(reported(word('open', '0.4'), uncharged))), []);
  const other = told.hears(reported(word('open', '0.4'), execution('1', '0.4', { fee: '0.002' })));
  t.deepEqual(lines(other), ['audit EXECUTION_CONFLICTING']);
});

test('row 32: a working order that is shown less than is counted raises the alarm once', (t) => {
  let scene = orderIn('working').hears(reported(word('open', '0.5', { updatedAt: 1_000 })));
  const said: string[] = [];
  for (let count = 0; count < 2 * ALARM_AFTER_ASKS; count += 1) {
    const told = scene.hears(found(word('open', '0.5', { updatedAt: 1_000 })));
    said.push(...lines(told).filter((line) => line.startsWith('audit')));
    scene = told.waits('AskAgainDue');
  }
  t.deepEqual(said, ['audit EXECUTIONS_MISSING']);
});

test('row 21: "rejected" after an end that the venue gave is an anomaly, and changes nothing', (t) => {
  for (const life of ['filled', 'canceled'] as const) {
    const scene = orderIn(life).hears(reported(word('rejected')));
    then(t, scene, { life, effects: ['audit REJECT_AFTER_ACCEPT'], surprises: 1 });
  }
  then(t, orderIn('rejected').hears(reported(word('rejected'))), { life: 'rejected', effects: [] });
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
  t.true(lines(revived).includes('provider/paper OrderStands'));
  const over = orderIn('filled').hears(busted(word('canceled', '0', { updatedAt: 2_000 }), '1'));
  t.false(lines(over).includes('provider/paper OrderStands'));
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
