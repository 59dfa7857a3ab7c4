// What an order books, what the venue takes back, and what it never shows: rows 22, 30, 52 to 54 and the ledger.
import test from 'ava';
import { INFER_AFTER_ASKS } from '../../actors/order/facts.ts';
import {
  busted,
  execution,
  FAREWELL,
  found,
  ledger,
  lines,
  type OrderScene,
  orderIn,
  reported,
  then,
  word,
} from '../support/orders.ts';

const PART = reported(word('open', '0.4'), execution('1', '0.4', { price: '99', fee: '0.0004', feeAsset: 'BTC' }));

test('an accepted order locks what the venue holds back, and its end gives it back', (t) => {
  t.deepEqual(ledger(orderIn('working')), ['available USDT -100', 'locked USDT 100']);
  t.deepEqual(ledger(orderIn('working', { side: 'Sell', quantity: '3' }).at(1)), ['available BTC -1', 'locked BTC 1']);
  const ended = orderIn('working').hears(reported(word('canceled')));
  t.deepEqual(ledger(ended), ['available USDT 100', 'locked USDT -100']);
  t.deepEqual(ledger(orderIn('working', { orderType: 'Market', price: null })), []);
});

test('a buy takes the quote for the base, pays its fee, and what a better price left over is free again', (t) => {
  t.deepEqual(ledger(orderIn('working').hears(PART)), [
    'available USDT -39.6',
    'external USDT 39.6',
    'external BTC -0.4',
    'available BTC 0.4',
    'available BTC -0.0004',
    'fees BTC 0.0004',
    'available USDT 40',
    'locked USDT -40',
  ]);
});

test('a sell gives the base for the quote; a fee the venue paid us comes back', (t) => {
  const fill = execution('1', '1', { fee: '-0.02', feeAsset: 'USDT' });
  const sold = orderIn('working', { side: 'Sell' }).hears(reported(word('filled', '1', { side: 'Sell' }), fill));
  t.deepEqual(ledger(sold), [
    'available USDT 100',
    'external USDT -100',
    'external BTC 1',
    'available BTC -1',
    'available USDT 0.02',
    'fees USDT -0.02',
    'available BTC 1',
    'locked BTC -1',
  ]);
});

test('a fee that was not known is booked when it is, once', (t) => {
  const silent = execution('1', '0.4', { fee: null, feeAsset: null });
  const scene = orderIn('working').hears(reported(word('open', '0.4'), silent));
  const told = scene.hears(found(word('open', '0.4'), execution('1', '0.4')));
  t.deepEqual(lines(told), ['execution 1 charged', 'order working PARTIAL 0.4', 'risk/firm FeeLearned']);
  t.deepEqual(ledger(told), ['available BTC -0.001', 'fees BTC 0.001']);
  t.deepEqual(ledger(told.hears(found(word('open', '0.4'), execution('1', '0.4')))), []);
});

test('row 52: a busted fill is undone in rows, books, exposure and reports, and the rest is open again', (t) => {
  const scene = orderIn('working')
    .hears(PART)
    .hears(busted(word('open', '0'), '1'));
  then(t, scene, {
    life: 'working',
    effects: [
      'execution 1 busted',
      'order working ACK 0',
      'risk/firm ExposureFilled 0.4',
      'risk/firm ReservationAmended 1',
      'orders/mm-1 ACK 0 +-0.4',
      'audit EXECUTION_BUSTED',
    ],
    surprises: 1,
  });
  t.deepEqual(ledger(scene), [
    'available USDT 39.6',
    'external USDT -39.6',
    'external BTC 0.4',
    'available BTC -0.4',
    'available BTC 0.0004',
    'fees BTC -0.0004',
    'available USDT -40',
    'locked USDT 40',
  ]);
  t.like(
    scene.effects.find((effect) => effect.type === 'send'),
    { message: { kind: 'bust' } },
  );
});

test('row 52: an order that was filled by a busted fill is what the venue says: canceled, or open again', (t) => {
  const canceled = orderIn('filled').hears(busted(word('canceled', '0'), '1'));
  then(t, canceled, {
    life: 'canceled',
    effects: [
      'execution 1 busted',
      'order canceled CANCELLED 0',
      'risk/firm ExposureFilled 1',
      'orders/mm-1 CANCELLED 0 +-1',
      'orders/mm-1 CANCELLED 0',
      'audit EXECUTION_BUSTED',
    ],
    surprises: 1,
  });
  const open = orderIn('filled').hears(busted(word('open', '0'), '1'));
  t.deepEqual(lines(open).slice(0, 4), [
    'execution 1 busted',
    'order working ACK 0',
    'risk/firm ReservationRestored 0',
    'risk/firm ExposureFilled 1',
  ]);
  t.is(open.context.completedAt, null);
});

test('row 53: a bust of a fill that never came is remembered: the fill does not count when it comes', (t) => {
  const scene = orderIn('working').hears(busted(word('open', '0'), '7'));
  then(t, scene, { life: 'working', effects: ['audit EXECUTION_BUSTED'], surprises: 1 });
  then(t, scene.hears(reported(word('open', '0'), execution('7', '0.4'))), {
    life: 'working',
    effects: [],
    surprises: 1,
  });
  then(t, scene.hears(busted(word('open', '0'), '7')), { life: 'working', effects: [], surprises: 1 });
});

test('row 54: a corrected fill is undone and taken anew in one turn', (t) => {
  const scene = orderIn('working').hears(PART);
  const corrected = scene.hears(busted(word('open', '0.3'), '1', execution('9', '0.3')));
  t.deepEqual(lines(corrected), [
    'execution 1 busted',
    'execution 9:881 0.3',
    'order working PARTIAL 0.3',
    'risk/firm ExposureFilled 0.4',
    'risk/firm ExposureFilled 0.3',
    'risk/firm ReservationAmended 0.7',
    'orders/mm-1 ACK 0 +-0.4',
    'orders/mm-1 PARTIAL 0.3 +0.3',
    'audit EXECUTION_CORRECTED',
  ]);
});

/** Closing with 0.5 missing, asked `asks` times without being shown it. */
function closing(asks: number, change: object = {}): OrderScene {
  let scene = orderIn('closing');
  for (let count = 0; count < asks; count += 1) {
    scene = scene.waits('askAgain').hears(found(word('canceled', '0.5', change)));
  }
  return scene;
}

test('row 30: what the venue counts and never shows is inferred at its own price, flagged, and ends the order', (t) => {
  const before = closing(INFER_AFTER_ASKS - 1, { filledQuote: '49' });
  t.is(before.context.filled, '0');
  const scene = before.waits('askAgain').hears(found(word('canceled', '0.5', { filledQuote: '49' })));
  t.deepEqual(
    lines(scene).filter((line) => !line.startsWith('queryOrder')),
    [
      'execution inferred-1:881 0.5',
      'order canceled CANCELLED 0.5',
      'risk/firm ExposureFilled 0.5',
      'orders/mm-1 PARTIAL 0.5 +0.5',
      'orders/mm-1 CANCELLED 0.5',
      ...FAREWELL,
      'audit EXECUTION_INFERRED',
    ],
  );
  t.is(scene.context.filledQuote, '49');
});

test('row 30: when real ones come the inferred one gives way, and what is still missing is inferred anew', (t) => {
  const inferred = closing(INFER_AFTER_ASKS);
  const part = inferred.hears(reported(word('canceled', '0.5'), execution('1', '0.2')));
  t.is(part.context.filled, '0.5');
  t.deepEqual(
    part.context.executions.map((one) => one.split('=')[0]),
    ['1:881', 'inferred-2:881'],
  );
  const whole = part.hears(reported(word('canceled', '0.5'), execution('2', '0.3')));
  t.deepEqual(
    whole.context.executions.map((one) => one.split('=')[0]),
    ['1:881', '2:881'],
  );
  t.is(whole.context.filled, '0.5');
  t.deepEqual(lines(whole).slice(0, 2), ['execution inferred-2 busted', 'execution 2:881 0.3']);
});

test('a count of executions that were all taken back is given up after the venue has said so often enough', (t) => {
  let scene = orderIn('closing');
  for (let count = 0; count < 8; count += 1) scene = scene.waits('askAgain').hears(found(word('canceled', '0')));
  then(t, scene, {
    life: 'canceled',
    effects: [...new Set(lines(scene))],
    surprises: scene.context.surprises,
  });
});
