// Pre-trade risk, control by control: what it grants, what it denies and with which words, and the kill switch.
import test from 'ava';
import { INSTRUMENTS_MAX, RESERVATIONS_MAX } from '../../actors/risk/exposure.ts';
import { DEFAULT_LIMITS, REFERENCE_FRESH_MS } from '../../actors/risk/limits.ts';
import { send } from '../../actors/runtime/effect.ts';
import { filled, NO_LIMITS, price, released, risk, riskLines, STARTED_AT, wants } from '../support/risks.ts';

const granted = (id: string): string => `order/${id} ReservationGranted`;

/** The code an order was denied with; null when it was granted. */
function codeOf(scene: ReturnType<typeof risk>): string | null {
  const [first] = scene.effects;
  return first?.type === 'send' && 'code' in first.message ? String(first.message.code) : null;
}

test('the limits are upstream defaults, and a new scope records its own', (t) => {
  t.deepEqual(DEFAULT_LIMITS, {
    maxPositionSize: '250',
    maxNotionalValue: '50000',
    notionalCurrency: 'USDT',
    orderThrottle: 5,
    orderBurst: 3,
    maxConcurrentOrders: 6,
    priceBandPercent: '1',
    allowedOrderTypes: ['Limit', 'Market'],
    killSwitchEnabled: true,
    maxRiskBreaches: 3,
  });
  const scene = risk();
  t.is(scene.state, 'active');
  t.deepEqual(scene.effects, [
    {
      type: 'record',
      row: { table: 'risk_limits', scope: 'firm', limits: JSON.stringify(NO_LIMITS), halted: false, reason: null },
    },
  ]);
});

test('a granted order is reserved in whole, and nothing else is said', (t) => {
  const scene = risk().hears(wants('a'));
  t.deepEqual(riskLines(scene), [granted('a')]);
  t.deepEqual(scene.context.exposure, {
    books: {
      'paper:BTC-USDT': { position: '0', buys: '1', sells: '0', orders: 1, open: { a: { side: 'Buy', left: '1' } } },
    },
    orders: 1,
  });
});

test('a denied order is told its code, and the bus hears of it with the name of the breach', (t) => {
  const scene = risk({ maxPositionSize: '0.5' }).at(11_000).hears(wants('a'));
  t.deepEqual(scene.effects, [
    {
      type: 'send',
      to: 'order/a',
      message: {
        type: 'ReservationDenied',
        code: 'POSITION_OVER_LIMIT',
        reason: 'projectedPosition=1, maxPosition=0.5',
      },
    },
    {
      type: 'publish',
      topic: 'risk/firm',
      event: {
        type: 'RiskControl',
        strategyId: 'mm-1',
        provider: 'paper',
        symbol: 'BTC-USDT',
        status: 'TRIGGERED',
        reason: 'POSITION_OVER_LIMIT: projectedPosition=1, maxPosition=0.5',
        breachType: 'POSITION_LIMIT',
        killSwitchEngaged: false,
        circuitBreakerOpen: false,
        timestamp: 11_000,
      },
    },
  ]);
  t.is(scene.context.exposure.orders, 0);
});

test('a fill moves worth from the reservation to the position, and the end releases what is left', (t) => {
  const scene = risk().hears(wants('a'), filled('a', '0.4'));
  t.deepEqual(scene.context.exposure.books['paper:BTC-USDT'], {
    position: '0.4',
    buys: '0.6',
    sells: '0',
    orders: 1,
    open: { a: { side: 'Buy', left: '0.6' } },
  });
  const over = scene.hears(released('a'));
  t.deepEqual(over.context.exposure.books['paper:BTC-USDT'], {
    position: '0.4',
    buys: '0',
    sells: '0',
    orders: 0,
    open: {},
  });
  t.deepEqual(over.hears(released('a')).context, over.context);
});

test('an instrument without position and orders is forgotten', (t) => {
  const scene = risk().hears(
    wants('a'),
    filled('a', '1'),
    released('a'),
    wants('b', { side: 'Sell' }),
    filled('b', '1', 'Sell'),
  );
  t.deepEqual(scene.hears(released('b')).context.exposure, { books: {}, orders: 0 });
});

test('a fill of an order that has no reservation moves the position all the same', (t) => {
  const scene = risk().hears(filled('gone', '0.3', 'Sell'));
  t.is(scene.context.exposure.books['paper:BTC-USDT']?.position, '-0.3');
  t.is(scene.context.exposure.orders, 0);
});

test('an overfill takes the whole position and only as much reservation as there is', (t) => {
  const book = risk().hears(wants('a'), filled('a', '1.5')).context.exposure.books['paper:BTC-USDT'];
  t.deepEqual([book?.position, book?.buys], ['1.5', '0']);
});

test('a revived order is reserved again whatever the limits say', (t) => {
  const revive = {
    type: 'ReservationRestored',
    clientOrderId: 'a',
    provider: 'paper',
    symbol: 'BTC-USDT',
    side: 'Buy',
    quantity: '9',
    price: '100',
  } as const;
  const scene = risk({ maxPositionSize: '2' }).hears(revive, revive);
  t.deepEqual([scene.context.exposure.orders, scene.context.exposure.books['paper:BTC-USDT']?.buys], [1, '9']);
  t.is(codeOf(scene.hears(wants('b'))), 'POSITION_OVER_LIMIT');
});

test('an order that asks again is granted again and reserved once', (t) => {
  const scene = risk({ maxPositionSize: '3' }).hears(wants('a')).hears(wants('a'));
  t.deepEqual(riskLines(scene), [granted('a')]);
  t.is(scene.context.exposure.orders, 1);
});

test('the position limit counts every working order of the side: worst case, not only what is filled', (t) => {
  const limits = { maxPositionSize: '3' };
  t.is(codeOf(risk(limits).hears(wants('a', { quantity: '3' }))), null);
  t.is(codeOf(risk(limits).hears(wants('a', { quantity: '3.000000000000000001' }))), 'POSITION_OVER_LIMIT');
  const two = risk(limits).hears(wants('a'), wants('b'), filled('b', '0.5'));
  t.is(codeOf(two.hears(wants('c', { quantity: '1' }))), null);
  t.is(codeOf(two.hears(wants('c', { quantity: '1.1' }))), 'POSITION_OVER_LIMIT');
});

test('buys and sells are judged each on their own side: one never makes room for the other', (t) => {
  const scene = risk({ maxPositionSize: '3' }).hears(wants('a', { quantity: '3' }));
  t.is(codeOf(scene.hears(wants('b', { side: 'Sell', quantity: '3' }))), null);
  t.is(codeOf(scene.hears(wants('b', { side: 'Sell', quantity: '3.1' }))), 'POSITION_OVER_LIMIT');
});

test('an order that reduces a position is never over its limit', (t) => {
  const scene = risk().hears(wants('a', { quantity: '9' }), filled('a', '9'), released('a'));
  const limited = scene.hears({
    type: 'SetLimits',
    limits: { ...NO_LIMITS, maxPositionSize: '2', maxNotionalValue: '200' },
  });
  t.is(codeOf(limited.hears(wants('b', { side: 'Sell', quantity: '1' }))), null);
  t.is(codeOf(limited.hears(wants('b', { quantity: '1' }))), 'POSITION_OVER_LIMIT');
});

test('the notional limit values the worst case at the price of the order, at least the market price', (t) => {
  const limits = { maxNotionalValue: '250' };
  t.is(codeOf(risk(limits).hears(wants('a', { quantity: '2.5' }))), null);
  t.is(codeOf(risk(limits).hears(wants('a'), wants('b', { quantity: '1.6' }))), null);
  t.is(
    codeOf(
      risk(limits)
        .hears(wants('a'))
        .hears(wants('b', { quantity: '1.6' })),
    ),
    'NOTIONAL_OVER_LIMIT',
  );
  const cheap = wants('a', { side: 'Sell', price: '1', quantity: '2.5' });
  t.is(codeOf(risk(limits).hears(price('101')).hears(cheap)), 'NOTIONAL_OVER_LIMIT');
});

test('a market order is valued at the upper edge of the band', (t) => {
  const limits = { maxNotionalValue: '101', priceBandPercent: '1' };
  const market = wants('a', { orderType: 'Market', price: null });
  t.is(codeOf(risk(limits).hears(price('100')).hears(market)), null);
  t.is(codeOf(risk(limits).hears(price('100.1')).hears(market)), 'NOTIONAL_OVER_LIMIT');
});

test('positions of the same symbol at two providers are two positions', (t) => {
  const scene = risk({ maxPositionSize: '1' })
    .hears(wants('a'))
    .hears(wants('b', { provider: 'other' }));
  t.deepEqual(riskLines(scene), [granted('b')]);
});

test('open orders of an instrument are counted until their outcome is known', (t) => {
  const full = risk({ maxConcurrentOrders: 2 }).hears(wants('a'), wants('b'), filled('a', '1'));
  const denied = full.hears(wants('c'));
  t.is(riskLines(denied)[0], 'order/c ReservationDenied ORDERS_OVER_LIMIT current=2, max=2, symbol=BTC-USDT');
  t.is(codeOf(full.hears(wants('c', { symbol: 'ETH-USDT' }))), null);
  t.is(codeOf(full.hears(released('a')).hears(wants('c'))), null);
});

test('orders over the rate are denied at once, and tokens flow back with time', (t) => {
  const burst = risk({ orderThrottle: 5, orderBurst: 3 }).hears(wants('a'), wants('b'), wants('c'));
  const over = burst.hears(wants('d'));
  t.is(riskLines(over)[0], 'order/d ReservationDenied RATE_OVER_LIMIT perSecond=5, burst=3');
  t.is(codeOf(over.at(STARTED_AT + 199).hears(wants('d'))), 'RATE_OVER_LIMIT');
  const later = over.at(STARTED_AT + 200).hears(wants('d'));
  t.is(codeOf(later), null);
  t.is(codeOf(later.hears(wants('e'))), 'RATE_OVER_LIMIT');
});

test('a rest fills the bucket to the burst and no further', (t) => {
  const scene = risk({ orderThrottle: 5, orderBurst: 3 }).at(STARTED_AT + 3_600_000);
  t.is(codeOf(scene.hears(wants('a'), wants('b'), wants('c')).hears(wants('d'))), 'RATE_OVER_LIMIT');
});

test('only allowed order types pass', (t) => {
  const limits = { allowedOrderTypes: ['Limit' as const] };
  t.is(codeOf(risk(limits).hears(wants('a'))), null);
  const market = risk(limits)
    .hears(price('100'))
    .hears(wants('a', { orderType: 'Market', price: null }));
  t.is(riskLines(market)[0], 'order/a ReservationDenied ORDER_TYPE_NOT_ALLOWED orderType=Market, allowed=Limit');
});

test('a quantity or price that is no positive decimal is denied', (t) => {
  for (const quantity of ['0', '-1', '1e3', '', 'NaN', '0.0000000000000000001']) {
    t.is(codeOf(risk().hears(wants('a', { quantity }))), 'QUANTITY_INVALID', quantity);
  }
  for (const bad of [null, '0', '-1', 'x']) t.is(codeOf(risk().hears(wants('a', { price: bad }))), 'PRICE_INVALID');
});

test('a limit price must lie within the band around the reference, both edges included', (t) => {
  const scene = risk({ priceBandPercent: '1' }).hears(price('100'));
  for (const inside of ['99', '101', '100']) t.is(codeOf(scene.hears(wants('a', { price: inside }))), null, inside);
  const below = scene.hears(wants('a', { price: '98.99' }));
  const detail = 'price=98.99, lower=99, upper=101, bandPercent=1, symbol=BTC-USDT';
  t.is(riskLines(below)[0], `order/a ReservationDenied PRICE_OUTSIDE_BAND ${detail}`);
  t.is(codeOf(scene.hears(wants('a', { price: '101.01' }))), 'PRICE_OUTSIDE_BAND');
});

test('what needs a reference is denied without one: market orders always, limit orders where there is a band', (t) => {
  const market = wants('a', { orderType: 'Market', price: null });
  t.is(codeOf(risk().hears(market)), 'REFERENCE_MISSING');
  t.is(codeOf(risk({ priceBandPercent: '1' }).hears(wants('a'))), 'REFERENCE_MISSING');
  t.is(codeOf(risk().hears(wants('a'))), null);
  const other = risk({ priceBandPercent: '1' }).hears({ ...price('100'), provider: 'other' } as ReturnType<
    typeof price
  >);
  t.is(codeOf(other.hears(wants('a'))), 'REFERENCE_MISSING');
});

test('a reference that is too old is none', (t) => {
  const scene = risk({ priceBandPercent: '1' }).hears(price('100'));
  t.is(codeOf(scene.at(STARTED_AT + REFERENCE_FRESH_MS).hears(wants('a'))), null);
  const stale = scene.at(STARTED_AT + REFERENCE_FRESH_MS + 1).hears(wants('a'));
  t.is(
    riskLines(stale)[0],
    'order/a ReservationDenied REFERENCE_STALE instrument=paper:BTC-USDT, ageMs=60001, maximumMs=60000',
  );
});

test('a scope keeps account of a bounded number of orders and instruments, and denies the next', (t) => {
  let scene = risk();
  for (let index = 0; index < INSTRUMENTS_MAX; index += 1)
    scene = scene.hears(wants(`${index}`, { symbol: `A${index}-USDT` }));
  t.is(codeOf(scene.hears(wants('x'))), 'EXPOSURE_FULL');
  t.is(codeOf(scene.hears(wants('x', { symbol: 'A0-USDT' }))), null);
  const many = Array.from({ length: RESERVATIONS_MAX - INSTRUMENTS_MAX }, (_, index) =>
    wants(`y${index}`, { symbol: 'A0-USDT' }),
  );
  t.is(codeOf(scene.hears(...many).hears(wants('z', { symbol: 'A0-USDT' }))), 'EXPOSURE_FULL');
});

test('the newest reference prices are kept, a bounded number', (t) => {
  let scene = risk();
  for (let index = 0; index <= INSTRUMENTS_MAX; index += 1) {
    scene = scene
      .at(STARTED_AT + index)
      .hears({ type: 'ReferencePriceMoved', provider: 'paper', symbol: `A${index}-USDT`, price: '1' });
  }
  t.is(Object.keys(scene.context.references).length, INSTRUMENTS_MAX);
  t.false('paper:A0-USDT' in scene.context.references);
});

test('breaches in a row engage the kill switch, and every provider traded on is told', (t) => {
  const limits = { maxPositionSize: '5', maxRiskBreaches: 3 };
  const big = (id: string) => wants(id, { quantity: '9' });
  const scene = risk(limits)
    .hears(wants('a'), wants('b', { provider: 'other' }), big('x'), big('y'))
    .hears(big('z'));
  const last = 'POSITION_OVER_LIMIT: projectedPosition=10, maxPosition=5';
  const reason = `3 breaches in a row, allowed 2, last ${last}`;
  t.is(scene.state, 'halted');
  t.deepEqual(riskLines(scene), [
    'order/z ReservationDenied POSITION_OVER_LIMIT projectedPosition=10, maxPosition=5',
    `risk/firm TRIGGERED POSITION_LIMIT halted (${last})`,
    `limits halted (${reason})`,
    `audit risk/firm KILL_SWITCH_ENGAGED (${reason})`,
    `provider/paper TradingHalted ${reason}`,
    `provider/other TradingHalted ${reason}`,
    `risk/firm TRIGGERED KILL_SWITCH halted (${reason})`,
  ]);
});

test('a granted order starts its own strategy anew, and no other', (t) => {
  const limits = { maxPositionSize: '5', maxRiskBreaches: 2 };
  const big = (id: string, strategyInstance: string) => wants(id, { quantity: '9', strategyInstance });
  const scene = risk(limits).hears(big('a', 'bad'), wants('b', { strategyInstance: 'good' }));
  t.is(scene.hears(big('c', 'bad')).state, 'halted');
  t.is(scene.hears(wants('c', { strategyInstance: 'bad' }), big('d', 'bad')).state, 'active');
});

test('pace and missing market data are denied and not counted as breaches', (t) => {
  const limits = { orderThrottle: 1, orderBurst: 1, maxRiskBreaches: 1, priceBandPercent: '1' };
  const scene = risk(limits).hears(wants('a')).hears(wants('b'), wants('c'), wants('d'));
  t.deepEqual(
    [codeOf(risk(limits).hears(wants('a'))), codeOf(scene), scene.state],
    ['REFERENCE_MISSING', 'RATE_OVER_LIMIT', 'active'],
  );
});

test('with killSwitchEnabled off, or maxRiskBreaches 0, breaches never halt', (t) => {
  for (const limits of [{ killSwitchEnabled: false }, { maxRiskBreaches: 0 }]) {
    const many = Array.from({ length: 20 }, (_, index) => wants(`${index}`, { quantity: '9' }));
    t.is(risk({ maxPositionSize: '5', ...limits }).hears(...many).state, 'active');
  }
});

test('halted, every order is denied, fills and releases still count, and time changes nothing', (t) => {
  const halted = risk().hears(wants('a')).hears({ type: 'EngageKillSwitch', reason: 'drill' });
  t.deepEqual(riskLines(halted), [
    'reply {"halted":true,"reason":"drill","restricted":[]}',
    'limits halted (drill)',
    'audit risk/firm KILL_SWITCH_ENGAGED (drill)',
    'provider/paper TradingHalted drill',
    'risk/firm TRIGGERED KILL_SWITCH halted (drill)',
  ]);
  const denied = halted.at(STARTED_AT + 86_400_000).hears(wants('b'));
  t.deepEqual(riskLines(denied), [
    'order/b ReservationDenied KILL_SWITCH_ENGAGED reason=drill, since=10000',
    'risk/firm TRIGGERED KILL_SWITCH halted (KILL_SWITCH_ENGAGED: reason=drill, since=10000)',
  ]);
  const after = denied.hears(filled('a', '1'), released('a'));
  t.deepEqual([after.context.exposure.books['paper:BTC-USDT']?.position, after.context.exposure.orders], ['1', 0]);
  t.is(after.hears({ type: 'EngageKillSwitch', reason: 'other' }).context.halt?.reason, 'drill');
});

test('a named person releases the kill switch, and breaches are counted anew', (t) => {
  const limits = { maxPositionSize: '5', maxRiskBreaches: 2 };
  const big = (id: string) => wants(id, { quantity: '9' });
  const halted = risk(limits).hears(wants('a'), big('x'), big('y'));
  const resumed = halted.at(20_000).hears({ type: 'ReleaseKillSwitch', by: 'ada' });
  t.is(resumed.state, 'active');
  t.deepEqual(riskLines(resumed), [
    `audit ada KILL_SWITCH_RELEASED (${halted.context.halt?.reason})`,
    'provider/paper TradingResumed',
    'risk/firm CLEARED KILL_SWITCH trading (released by ada)',
    'reply {"halted":false,"reason":null,"restricted":[]}',
    'limits trading',
  ]);
  t.is(resumed.hears(big('z')).state, 'active');
});

test('a halt and its end are told under the name of the scope: another scope there stays halted', (t) => {
  const halted = risk().hears(wants('a')).hears({ type: 'EngageKillSwitch', reason: 'drill' });
  const word = { type: 'TradingHalted', reason: 'drill', scope: 'firm' };
  t.deepEqual(halted.effects[3], send('provider/paper', word));
  const resumed = halted.hears({ type: 'ReleaseKillSwitch', by: 'ada' });
  t.deepEqual(resumed.effects[1], send('provider/paper', { type: 'TradingResumed', scope: 'firm' }));
});

test('a position that grows beyond its limit by fills alone halts at once', (t) => {
  const scene = risk({ maxPositionSize: '2' })
    .hears(wants('a', { quantity: '2' }))
    .hears(filled('a', '2.5'));
  t.is(scene.state, 'halted');
  t.is(scene.context.halt?.reason, 'POSITION_OVER_LIMIT: projectedPosition=2.5, maxPosition=2, clientOrderId=a');
  const reducing = risk()
    .hears(filled('a', '9'))
    .hears({ type: 'SetLimits', limits: { ...NO_LIMITS, maxPositionSize: '2' } });
  t.is(reducing.hears(filled('b', '1', 'Sell')).state, 'active');
});

test('a change of limits is recorded and audited, keeps positions, and never ends a halt', (t) => {
  const limits = { ...NO_LIMITS, maxPositionSize: '7', orderThrottle: 1, orderBurst: 2 };
  const scene = risk().hears(wants('a')).hears({ type: 'SetLimits', limits });
  t.deepEqual(riskLines(scene), [
    'limits trading',
    `audit risk/firm LIMITS_SET (${JSON.stringify(limits)})`,
    'reply {"halted":false,"reason":null,"restricted":[]}',
  ]);
  t.is(scene.context.exposure.orders, 1);
  t.deepEqual(scene.context.bucket, { tokens: 2_000, at: 0 });
  const halted = scene.hears({ type: 'EngageKillSwitch', reason: 'drill' }).hears({ type: 'SetLimits', limits });
  t.deepEqual([halted.state, riskLines(halted)[0]], ['halted', 'limits halted (drill)']);
});

test('releasing what is not engaged changes nothing', (t) => {
  t.deepEqual(riskLines(risk().hears({ type: 'ReleaseKillSwitch', by: 'ada' })), [
    'reply {"halted":false,"reason":null,"restricted":[]}',
  ]);
});
