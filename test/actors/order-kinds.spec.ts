// Orders that are not plain: parked (row 35), good till a time, linked, and placed by somebody else (rows 55, 56).
import test from 'ava';
import { CANCELS_MAX } from '../../actors/order/facts.ts';
import {
  acked,
  cancel,
  execution,
  FAREWELL,
  found,
  ledger,
  lines,
  type OrderScene,
  orderIn,
  reconcile,
  reported,
  then,
  word,
  yes,
} from '../support/orders.ts';

const STOP = { orderType: 'StopLimit', stopPrice: '99' } as const;

test('row 7: a stop order the venue accepted is parked, and its terms go there as they were committed', (t) => {
  const sending = orderIn('sending', STOP);
  t.like(
    sending.effects.find((effect) => effect.type === 'command'),
    {
      args: { orderType: 'StopLimit', stopPrice: '99', price: '100', timeInForce: 'GTC' },
    },
  );
  const scene = sending.hears(acked(word('parked')));
  then(t, scene, { life: 'parked', effects: ['order parked ACK 0', 'orders/mm-1 ACK 0'] });
  t.deepEqual(ledger(scene), ['available USDT -100', 'locked USDT 100']);
});

test('row 35: triggered it works, and an older word does not park it again', (t) => {
  const working = orderIn('parked', STOP).hears(reported(word('open')));
  then(t, working, { life: 'working', effects: ['order working ACK 0'] });
  then(t, working.hears(reported(word('parked'))), { life: 'working', effects: [] });
});

test('rows 25, 27 and 57: a parked order fills, ends, is canceled and reconciled like a working one', (t) => {
  const parked = orderIn('parked', STOP);
  then(t, parked.hears(reconcile), { life: 'parked', effects: ['queryOrder'] });
  then(t, parked.hears(cancel), {
    life: 'parked',
    cancel: 'sent',
    effects: ['order parked ACK 0 PendingCancel', 'cancelOrder', yes('parked')],
  });
  t.is(parked.hears(reported(word('expired'))).context.standing, 'expired');
  const filled = parked.hears(reported(word('filled', '1'), execution('1', '1')));
  t.is(filled.context.standing, 'filled');
});

const GTD = { timeInForce: 'GTD', goodTillAt: 61_000 } as const;

test('a GTD order goes to the venue as GTC and is canceled when its time has come', (t) => {
  const sending = orderIn('sending', GTD);
  t.like(
    sending.effects.find((effect) => effect.type === 'command'),
    { args: { timeInForce: 'GTC' } },
  );
  const working = orderIn('working', GTD);
  t.deepEqual(working.timers, { GoodTillDue: 60_000 });
  then(t, working.waits('GoodTillDue'), {
    life: 'working',
    cancel: 'sent',
    effects: ['order working ACK 0 PendingCancel', 'cancelOrder'],
  });
});

test('a GTD order that was not sent ends at its time, one in doubt when it is known, and an end disarms it', (t) => {
  const queued = orderIn('queued', GTD).waits('GoodTillDue');
  t.is(queued.context.standing, 'canceled');
  const doubt = orderIn('doubt', GTD).waits('GoodTillDue');
  t.regex(doubt.state, /cancel\.want/);
  t.deepEqual(orderIn('filled', GTD).timers, {});
});

test('a GTD order whose time has passed does not stay at the venue, however often its cancel is refused', (t) => {
  let scene = orderIn('working', GTD).waits('GoodTillDue');
  for (let count = 0; count <= CANCELS_MAX; count += 1) {
    scene = scene
      .hears({ type: 'CancelRejected', code: '-2011', reason: 'x' }, found(word('open')))
      .waits('cancelAgain');
    then(t, scene, { life: 'working', cancel: 'sent', effects: ['cancelOrder'] });
  }
});

const SIBLING = 'order/mm1abc00000009 CancelOrder';
const linked = (): OrderScene => orderIn('working', { linkedTo: 'mm1abc00000009' });

test('of a linked pair the first fill cancels the other, once', (t) => {
  const part = linked().hears(reported(word('open', '0.4'), execution('1', '0.4')));
  t.is(lines(part).at(-1), SIBLING);
  t.false(lines(part.hears(reported(word('filled', '1'), execution('2', '0.6')))).includes(SIBLING));
});

test('of a linked pair any end of one is the end of the other', (t) => {
  const ends: readonly OrderScene[] = [
    linked().hears(reported(word('canceled'))),
    linked().hears(reported(word('expired'))),
    orderIn('sending', { linkedTo: 'mm1abc00000009' }).hears({ type: 'SubmitRejected', code: '-2010', reason: 'x' }),
    orderIn('intent', { linkedTo: 'mm1abc00000009' }).hears({ type: 'ReservationDenied', code: 'X', reason: 'x' }),
  ];
  for (const scene of ends) t.is(lines(scene).filter((line) => line === SIBLING).length, 1);
});

test('an order learns of its other half later, and cancels it at once if it has filled by then', (t) => {
  const link = { type: 'LinkOrder', linkedTo: 'mm1abc00000009' } as const;
  const late = orderIn('working').hears(link);
  then(t, late, { life: 'working', effects: ['order working ACK 0'] });
  t.is(lines(late.hears(reported(word('canceled')))).at(-1), SIBLING);
  for (const life of ['filled', 'rejected']) t.true(lines(orderIn(life).hears(link)).includes(SIBLING));
});

test('what takes the place of a linked order is linked instead of it', (t) => {
  const wish = { type: 'AmendOrder', quantity: '2', price: null, replacement: 'mm1abc00000002', reason: '' } as const;
  const scene = linked()
    .hears(wish)
    .hears(reported(word('canceled')));
  t.false(lines(scene).includes(SIBLING));
  t.is(lines(scene).at(-1), 'order/mm1abc00000009 LinkOrder');
  t.like(
    scene.effects.find((effect) => effect.type === 'spawn'),
    { input: { linkedTo: 'mm1abc00000009' } },
  );
});

const EXTERNAL = {
  external: { clientOrderId: 'web_1', venueOrderId: '881' },
  strategyInstance: 'EXTERNAL',
  amends: 'none',
  recvWindowMs: 0,
} as const;

test('row 55: an order of somebody else is never submitted; it counts from the first word of it', (t) => {
  const adopted = orderIn('intent', EXTERNAL);
  then(t, adopted, { life: 'adopted', effects: ['order adopted PENDING 0'] });
  const scene = adopted.hears(reported(word('open', '0.4'), execution('1', '0.4')));
  then(t, scene, {
    life: 'working',
    effects: [
      'execution 1:881 0.4',
      'order working PARTIAL 0.4',
      'risk/firm ReservationRestored 1',
      'risk/firm ExposureFilled 0.4',
      'orders/EXTERNAL ACK 0',
      'orders/EXTERNAL PARTIAL 0.4 +0.4',
    ],
  });
  t.deepEqual(ledger(scene).slice(-2), ['available USDT -60', 'locked USDT 60']);
});

test('row 55: it is asked about and canceled by the ids it has at the venue', (t) => {
  const working = orderIn('intent', EXTERNAL).hears(reported(word('open')));
  const args = { provider: 'paper', clientOrderId: 'web_1', venueOrderId: '881', symbol: 'BTC-USDT' };
  t.deepEqual(working.hears(reconcile).effects, [{ type: 'command', name: 'queryOrder', args }]);
  t.deepEqual(
    working.hears(cancel).effects.filter((effect) => effect.type === 'command'),
    [{ type: 'command', name: 'cancelOrder', args }],
  );
});

test('row 55: one that ended with its fills is booked whole', (t) => {
  const scene = orderIn('intent', EXTERNAL).hears(reported(word('filled', '1'), execution('1', '1')));
  then(t, scene, {
    life: 'filled',
    effects: [
      'execution 1:881 1',
      'order filled FILLED 1',
      'risk/firm ReservationRestored 1',
      'risk/firm ExposureFilled 1',
      'orders/EXTERNAL ACK 0',
      'orders/EXTERNAL FILLED 1 +1',
      ...FAREWELL,
    ],
  });
});

test('an order of somebody else follows what they change, without alarm, and is not ours to amend', (t) => {
  const working = orderIn('intent', EXTERNAL).hears(reported(word('open')));
  const changed = working.hears(reported(word('open', '0', { quantity: '0.8', updatedAt: 2_000 })));
  t.is(changed.context.quantity, '0.8');
  t.is(changed.context.surprises, 0);
  const wish = { type: 'AmendOrder', quantity: '2', price: null, replacement: 'mm1abc00000002', reason: '' } as const;
  t.regex(lines(changed.hears(wish)).join(), /ORDER_NOT_AMENDABLE/);
});
