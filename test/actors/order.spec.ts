// The order's transition table, rows 19 to 34: what the venue's words do, in whatever state they come.
import test from 'ava';
import { BACKOFF_MAX_MS } from '../../actors/order/facts.ts';
import { EXECUTIONS_PER_ANSWER, EXECUTIONS_REMEMBERED } from '../../actors/order/fills.ts';
import {
  acked,
  cancel,
  cancelOf,
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
  word,
} from '../support/orders.ts';

test('row 19: evidence revives an order that was believed gone, and its reservation with it', (t) => {
  for (const life of ['absent', 'rejected']) {
    const open = orderIn(life).hears(reported(word('open')));
    then(t, open, {
      life: 'working',
      effects: [
        'order working ACK 0',
        'risk/firm ReservationRestored 1',
        'orders/mm-1 ACK 0',
        'provider/paper OrderStands',
        'audit ORDER_REVIVED',
      ],
      surprises: 1,
    });
    t.is(open.context.completedAt, null);
    t.false(open.resting);
    const filled = orderIn(life).hears(reported(word('filled', '1'), execution('1', '1')));
    then(t, filled, {
      life: 'filled',
      effects: [
        'execution 1:881 1',
        'order filled FILLED 1',
        'risk/firm ReservationRestored 1',
        'risk/firm ExposureFilled 1',
        'orders/mm-1 ACK 0',
        'orders/mm-1 FILLED 1 +1',
        ...FAREWELL,
        'audit ORDER_REVIVED',
      ],
      surprises: 1,
    });
    t.is(lifeOf(orderIn(life).hears(found(word('canceled', '0.2')))), 'closing');
  }
});

test('row 19: an order that was denied or withdrawn, and is at the venue all the same, works there', (t) => {
  for (const life of ['denied', 'withdrawn']) {
    const scene = orderIn(life).hears(reported(word('open')));
    then(t, scene, {
      life: 'working',
      effects: [
        'order working ACK 0',
        'risk/firm ReservationRestored 1',
        'orders/mm-1 ACK 0',
        'provider/paper OrderStands',
        'audit ORDER_SENT_BY_ANOTHER',
      ],
      surprises: 1,
    });
  }
});

test('row 20: an acknowledgement that comes again says nothing', (t) => {
  then(t, orderIn('working').hears(acked(), reported(word('open'))), { life: 'working', effects: [] });
});

test('a late acknowledgement never reopens an order the venue has ended', (t) => {
  for (const life of ['filled', 'canceled', 'expired']) {
    then(t, orderIn(life).hears(acked(), found(word('open')), reported(word('open'))), { life, effects: [] });
  }
});

test('row 21: a reject after the acknowledgement is a surprise and a question, never an end', (t) => {
  const late = orderIn('working').hears({ type: 'SubmitRejected', code: '-2010', reason: 'late' });
  then(t, late, { life: 'working', effects: ['audit REJECT_AFTER_ACCEPT', 'queryOrder'], surprises: 1 });
  const streamed = orderIn('working').hears(reported(word('rejected')));
  then(t, streamed, { life: 'working', effects: ['audit REJECT_AFTER_ACCEPT', 'queryOrder'], surprises: 1 });
  const over = orderIn('canceled').hears({ type: 'SubmitRejected', code: '-2010', reason: 'late' });
  then(t, over, { life: 'canceled', effects: ['audit REJECT_AFTER_ACCEPT', 'queryOrder'], surprises: 1 });
});

test('"not sent" about an order the venue has is recorded and believed by nobody', (t) => {
  const scene = orderIn('working').hears({ type: 'SubmitNotSent', reason: 'x' });
  then(t, scene, { life: 'working', effects: ['audit NOT_SENT_YET_KNOWN'], surprises: 1 });
});

const PART_FILL = reported(word('open', '0.25'), execution('7', '0.25', { price: '99.5' }));

test('row 22: a part fill is recorded with its fee', (t) => {
  const scene = orderIn('working').hears(PART_FILL);
  then(t, scene, {
    life: 'working',
    effects: [
      'execution 7:881 0.25',
      'order working PARTIAL 0.25',
      'risk/firm ExposureFilled 0.25',
      'orders/mm-1 PARTIAL 0.25 +0.25',
    ],
  });
  t.deepEqual(scene.effects[0], {
    type: 'record',
    row: {
      table: 'executions',
      clientOrderId: 'mm1abc00000001',
      provider: 'paper',
      strategyInstance: 'mm-1',
      venue: 'binance',
      account: 'main',
      symbol: 'BTC-USDT',
      tradeId: '7',
      venueOrderId: '881',
      side: 'Buy',
      quantity: '0.25',
      price: '99.5',
      fee: '0.001',
      feeAsset: 'BTC',
      liquidity: 'maker',
      tradedAt: 950,
      origin: 'venue',
    },
  });
});

test('row 22: a part fill moves exposure, and the strategy is told all of it', (t) => {
  const scene = orderIn('working').at(4_000).hears(PART_FILL);
  const [exposure, report] = scene.effects.filter((effect) => effect.type !== 'record');
  t.deepEqual(exposure, {
    type: 'send',
    to: 'risk/firm',
    message: {
      type: 'ExposureFilled',
      clientOrderId: 'mm1abc00000001',
      provider: 'paper',
      account: 'main',
      strategyInstance: 'mm-1',
      symbol: 'BTC-USDT',
      side: 'Buy',
      quantity: '0.25',
      price: '99.5',
      fee: '0.001',
      feeAsset: 'BTC',
      kind: 'fill',
      posting: 'binance:main:BTC-USDT:7:881',
    },
  });
  t.deepEqual(report, {
    type: 'publish',
    topic: 'orders/mm-1',
    event: {
      type: 'ExecReport',
      clientOrderId: 'mm1abc00000001',
      exchangeOrderId: '881',
      provider: 'paper',
      symbol: 'BTC-USDT',
      strategyInstance: 'mm-1',
      state: 'PARTIAL',
      side: 'Buy',
      orderType: 'Limit',
      price: '100',
      quantity: '1',
      filledQuantity: '0.25',
      remainingQty: '0.75',
      avgFillPrice: '99.5',
      lastQuantity: '0.25',
      lastPrice: '99.5',
      commissionAmount: '0.001',
      commissionAsset: 'BTC',
      timestamp: 4_000,
      rejectReason: null,
    },
  });
});

test('the average fill price is the quote paid by the quantity filled', (t) => {
  const scene = orderIn('working').hears(
    reported(word('open', '0.1'), execution('1', '0.1', { price: '100' })),
    reported(word('open', '0.3'), execution('2', '0.2', { price: '103' })),
  );
  t.is(scene.context.filledQuote, '30.6');
  const [report] = scene.effects.slice(-1);
  t.is(report?.type === 'publish' && 'avgFillPrice' in report.event && report.event.avgFillPrice, '102');
});

test('row 23: an execution that comes again is taken once, in whatever notation and with whatever fee', (t) => {
  const once = orderIn('working').hears(reported(word('open', '0.4'), execution('1', '0.4')));
  const same = execution('1', '0.40', { price: '100.00', fee: null, feeAsset: null });
  then(t, once.hears(reported(word('open', '0.4'), same), found(word('open', '0.40'), same, same)), {
    life: 'working',
    effects: [],
  });
});

test('row 23: one trade id under two orders of the venue is two executions: a self-trade', (t) => {
  const scene = orderIn('working').hears(
    reported(word('open', '0.4'), execution('1', '0.2')),
    reported(word('open', '0.4'), execution('1', '0.2', { venueOrderId: '882' })),
  );
  t.is(scene.context.filled, '0.4');
});

test('row 24: an execution with a known key and other data is recorded as a conflict and not taken', (t) => {
  const scene = orderIn('working')
    .hears(reported(word('open', '0.4'), execution('1', '0.4')))
    .hears(reported(word('open', '0.4'), execution('1', '0.5')));
  then(t, scene, { life: 'working', effects: ['audit EXECUTION_CONFLICTING'], surprises: 1 });
  t.is(scene.context.filled, '0.4');
});

test('row 25: the last fill ends the order, and whatever became of its cancel no longer matters', (t) => {
  const scene = orderIn('working')
    .hears(cancel, reported(word('open', '0.4'), execution('1', '0.4')))
    .hears(reported(word('filled', '1'), execution('2', '0.6')));
  then(t, scene, {
    life: 'filled',
    effects: [
      'execution 2:881 0.6',
      'order filled FILLED 1',
      'risk/firm ExposureFilled 0.6',
      'orders/mm-1 FILLED 1 +0.6',
      ...FAREWELL,
    ],
  });
  then(t, scene.hears({ type: 'CancelRejected', code: '-2011', reason: 'unknown order' }), {
    life: 'filled',
    effects: [],
  });
});

test('row 26: an overfill is taken whole, in every state, and somebody is told', (t) => {
  const scene = orderIn('working').hears(reported(word('filled', '1.5'), execution('1', '1.5')));
  then(t, scene, {
    life: 'filled',
    effects: [
      'execution 1:881 1.5',
      'order filled FILLED 1.5',
      'risk/firm ExposureFilled 1.5',
      'orders/mm-1 FILLED 1.5 +1.5',
      ...FAREWELL,
      'audit ORDER_OVERFILLED',
      'risk/firm RestrictTrading',
    ],
    surprises: 1,
  });
  const more = scene.hears(reported(word('filled', '1.6'), execution('2', '0.1')));
  then(t, more, {
    life: 'filled',
    effects: [
      'execution 2:881 0.1',
      'order filled FILLED 1.6',
      'risk/firm ExposureFilled 0.1',
      'orders/mm-1 FILLED 1.6 +0.1',
      'audit ORDER_OVERFILLED',
      'risk/firm RestrictTrading',
    ],
    surprises: 2,
  });
});

test('row 27: an order that ended at the venue with all its executions here has ended, and its cancel with it', (t) => {
  const part = orderIn('working').hears(cancel, reported(word('open', '0.4'), execution('1', '0.4')));
  t.is(cancelOf(part), 'sent');
  then(t, part.hears(reported(word('canceled', '0.4'), null, 'CANCELED by user')), {
    life: 'canceled',
    effects: ['order canceled CANCELLED 0.4', 'orders/mm-1 CANCELLED 0.4 (CANCELED by user)', ...FAREWELL],
  });
  then(t, orderIn('working').hears(reported(word('expired'), null, 'EXPIRED')), {
    life: 'expired',
    effects: ['order expired EXPIRED 0', 'orders/mm-1 EXPIRED 0 (EXPIRED)', ...FAREWELL],
  });
});

test('row 28: an order that ended with more executions than we have is closing, and nothing is released', (t) => {
  const scene = orderIn('working').hears(reported(word('canceled', '0.5')));
  then(t, scene, { life: 'closing', effects: ['order closing ACK 0'], timers: { askAgain: 250 } });
  then(t, scene.waits('askAgain'), { life: 'closing', effects: ['queryOrder'] });
});

test('row 28: "filled" without its executions is closing until they are here', (t) => {
  const scene = orderIn('working').hears(reported(word('filled', '0')));
  t.is(lifeOf(scene), 'closing');
  t.is(lifeOf(scene.hears(reported(word('open', '1'), execution('1', '1')))), 'filled');
});

test('row 29: the execution that was missing ends a closing order by its verdict', (t) => {
  const scene = orderIn('closing').hears(reported(word('open', '0.5'), execution('1', '0.5')));
  then(t, scene, {
    life: 'canceled',
    effects: [
      'execution 1:881 0.5',
      'order canceled CANCELLED 0.5',
      'risk/firm ExposureFilled 0.5',
      'orders/mm-1 PARTIAL 0.5 +0.5',
      'orders/mm-1 CANCELLED 0.5',
      ...FAREWELL,
    ],
  });
});

test('a closing order asks at growing distances, tells once what is missing, and never ends without it', (t) => {
  let scene = orderIn('closing');
  const said: string[] = [];
  const delays: number[] = [];
  for (let count = 0; count < 12; count += 1) {
    delays.push(scene.timers['askAgain'] ?? 0);
    scene = scene.waits('askAgain').hears(count % 2 === 0 ? found(word('canceled', '0.5')) : queryFailed);
    said.push(...lines(scene));
  }
  t.is(lifeOf(scene), 'closing');
  t.deepEqual(said, ['audit EXECUTIONS_MISSING']);
  t.deepEqual(delays.slice(0, 8), [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
});

test('row 31: a fill after the end is taken, and may complete the order', (t) => {
  const late = orderIn('canceled').hears(reported(word('canceled', '0.3'), execution('1', '0.3')));
  then(t, late, {
    life: 'canceled',
    effects: [
      'execution 1:881 0.3',
      'order canceled CANCELLED 0.3',
      'risk/firm ExposureFilled 0.3',
      'orders/mm-1 CANCELLED 0.3 +0.3',
      'audit EXECUTION_LATE',
    ],
    surprises: 1,
  });
  const whole = late.hears(reported(word('filled', '1'), execution('2', '0.7')));
  then(t, whole, {
    life: 'filled',
    effects: [
      'execution 2:881 0.7',
      'order filled FILLED 1',
      'risk/firm ExposureFilled 0.7',
      'orders/mm-1 FILLED 1 +0.7',
      'audit EXECUTION_LATE',
    ],
    surprises: 2,
  });
});

test('a count that grows after the end is asked about, once', (t) => {
  const scene = orderIn('canceled').hears(reported(word('canceled', '0.3')));
  then(t, scene, { life: 'canceled', effects: ['queryOrder'] });
  then(t, scene.hears(reported(word('canceled', '0.3'))), { life: 'canceled', effects: [] });
  const failed = scene.hears(queryFailed);
  t.false(failed.context.asking);
});

test('row 32: a working order that the venue counts more of asks for the executions, one question at a time', (t) => {
  const behind = orderIn('working').hears(reported(word('open', '0.5')));
  then(t, behind, { life: 'working', effects: ['queryOrder'] });
  then(t, behind.hears(reported(word('open', '0.6')), reconcile), { life: 'working', effects: [] });
  const answered = behind.hears(found(word('open', '0.5'), execution('1', '0.2'), execution('2', '0.3')));
  t.is(answered.context.filled, '0.5');
  t.deepEqual(lines(answered.hears(reconcile)), ['queryOrder']);
});

test('row 32: an answer without the missing executions is not asked about at once: two could go on for ever', (t) => {
  const behind = orderIn('working').hears(reported(word('open', '0.5')));
  const timers = { AskAgainDue: BACKOFF_MAX_MS };
  then(t, behind.hears(found(word('open', '0.5'))), { life: 'working', effects: [], timers });
});

test('row 33: a count below ours is a stale read', (t) => {
  const scene = orderIn('working').hears(reported(word('open', '0.5'), execution('1', '0.5')));
  then(t, scene.hears(found(word('open', '0.2')), reported(word('open', '0'))), { life: 'working', effects: [] });
});

test('row 33: a stale count never makes a closing order look complete', (t) => {
  const scene = orderIn('closing').hears(reported(word('open', '0.2'), execution('1', '0.2')));
  t.deepEqual([lifeOf(scene), scene.context.venueFilled], ['closing', '0.5']);
});

test('row 34: a working order that is not found stays working; the third time somebody is told', (t) => {
  let scene = orderIn('working');
  const said: string[] = [];
  for (let count = 0; count < 5; count += 1) {
    scene = scene.hears(reconcile).hears(notFound(FENCE_AT + 1));
    said.push(...lines(scene));
  }
  t.is(lifeOf(scene), 'working');
  t.deepEqual(said, ['audit ORDER_VANISHED']);
});

test('an order takes a bounded number of executions from one answer, and the rest from the next', (t) => {
  const many = Array.from({ length: EXECUTIONS_PER_ANSWER + 10 }, (_, index) => execution(`${index}`, '0.001'));
  const answer = found(word('open', `0.${many.length}`), ...many);
  const first = orderIn('doubt').hears(answer);
  t.is(first.context.executions.length, EXECUTIONS_PER_ANSWER);
  t.is(first.hears(answer).context.executions.length, many.length);
});

test('an order that forgot its oldest executions takes none of them twice', (t) => {
  const count = EXECUTIONS_REMEMBERED + 5;
  let scene = orderIn('working', { quantity: '2000' });
  for (let index = 1; index <= count; index += 1) {
    scene = scene.hears(reported(word('open', `${index}`), execution(`${index}`, '1')));
  }
  t.is(scene.context.executions.length, EXECUTIONS_REMEMBERED);
  t.is(scene.context.forgotten, 5);
  const again = scene.hears(reported(word('open', '1'), execution('1', '1')));
  t.deepEqual([again.context.filled, lines(again)], [`${count}`, []]);
  const next = scene.hears(reported(word('open', `${count + 1}`), execution(`${count + 1}`, '1')));
  t.is(next.context.filled, `${count + 1}`);
});

test('an execution that was lost is found among those that are forgotten', (t) => {
  const count = EXECUTIONS_REMEMBERED + 5;
  const fill = (number: number) => execution(`${number}`, '1', { tradedAt: number });
  let scene = orderIn('working', { quantity: '2000' });
  for (let number = 1; number <= count; number += 1) {
    if (number !== count - 1) scene = scene.hears(reported(word('open', `${number}`), fill(number)));
  }
  t.is(scene.context.forgotten, 4);
  const all = Array.from({ length: count }, (_, index) => fill(index + 1));
  const whole = scene.hears(found(word('open', `${count}`), ...all));
  t.is(whole.context.filled, `${count}`);
  t.deepEqual(
    lines(whole).filter((line) => line.startsWith('execution')),
    [`execution ${count - 1}:881 1`],
  );
});

test('row 57: what a working order was asked and nobody answered is asked anew, until something is known', (t) => {
  for (const silence of [queryFailed, notFound(PLACED_AT)]) {
    const asked = orderIn('working').hears(reconcile);
    then(t, asked, { life: 'working', effects: ['queryOrder'] });
    const silent = asked.hears(silence);
    then(t, silent, { life: 'working', effects: [], timers: { AskAgainDue: 10_000 } });
    const again = silent.waits('AskAgainDue');
    then(t, again, { life: 'working', effects: ['queryOrder'] });
    const known = again.hears(found(word('filled', '1'), execution('1', '1')));
    t.is(lifeOf(known), 'filled');
  }
  // A later question takes the place of the one that waits, and the end of the order ends both.
  const ended = orderIn('working').hears(reconcile, queryFailed, reported(word('canceled')));
  t.is(lifeOf(ended), 'canceled');
  t.deepEqual(ended.timers, {});
});
