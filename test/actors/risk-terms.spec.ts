// What risk says of stop orders, of amends, and of instruments it restricted.
import test from 'ava';
import { riskActor } from '../../actors/risk/index.ts';
import type { RiskMessage } from '../../actors/risk/messages.ts';
import { RESTRICTIONS_MAX } from '../../actors/risk/restriction.ts';
import { send } from '../../actors/runtime/effect.ts';
import {
  amends,
  filled,
  NO_LIMITS,
  price,
  type RiskScene,
  released,
  risk,
  riskLines,
  wants,
} from '../support/risks.ts';

/** The code an order was denied with; null when it was granted. */
function codeOf(scene: RiskScene): string | null {
  const [first] = scene.effects;
  return first?.type === 'send' && 'code' in first.message ? String(first.message.code) : null;
}

const granted = (id: string): string => `order/${id} ReservationGranted`;
const ALL = ['Limit', 'Market', 'Stop', 'StopLimit'] as const;
const stop = (change: object = {}) => wants('a', { orderType: 'Stop', price: null, stopPrice: '110', ...change });
const stopLimit = (change: object = {}) =>
  wants('a', { orderType: 'StopLimit', price: '111', stopPrice: '110', ...change });

test('a stop order needs a stop price, and a stop-limit order a price too', (t) => {
  const scene = risk({ allowedOrderTypes: ALL });
  t.is(codeOf(scene.hears(stop())), null);
  t.is(codeOf(scene.hears(stopLimit())), null);
  for (const stopPrice of [null, '0', '-1', 'x']) {
    t.is(codeOf(scene.hears(stop({ stopPrice }))), 'STOP_PRICE_INVALID');
    t.is(codeOf(scene.hears(stopLimit({ stopPrice }))), 'STOP_PRICE_INVALID');
  }
  t.is(codeOf(scene.hears(stopLimit({ price: null }))), 'PRICE_INVALID');
  t.is(codeOf(risk().hears(stop())), 'ORDER_TYPE_NOT_ALLOWED');
});

test('a stop order is worth the worse of its stop price, with the band, and the market', (t) => {
  const limits = { allowedOrderTypes: ALL, maxNotionalValue: '111.1' };
  const scene = (band: string, reference: string) =>
    risk({ ...limits, priceBandPercent: band }).hears(price(reference));
  t.is(codeOf(scene('1', '100').hears(stop())), null, '110 and 1 % are 111.1');
  t.is(codeOf(scene('1.1', '100').hears(stop())), 'NOTIONAL_OVER_LIMIT');
  t.is(codeOf(scene('1', '112').hears(stop())), 'NOTIONAL_OVER_LIMIT', 'the market stands above it');
  t.is(codeOf(scene('2', '100').hears(stopLimit())), null, '111');
  t.is(codeOf(scene('2', '100').hears(stopLimit({ price: '111.2' }))), 'NOTIONAL_OVER_LIMIT');
});

test('the band of a stop-limit order lies around its stop price, where the market stands when it wakes', (t) => {
  const scene = risk({ allowedOrderTypes: ALL, priceBandPercent: '1' }).hears(price('100'));
  t.is(codeOf(scene.hears(stopLimit({ price: '111.1' }))), null);
  t.is(codeOf(scene.hears(stopLimit({ price: '111.11' }))), 'PRICE_OUTSIDE_BAND');
  t.is(codeOf(risk({ allowedOrderTypes: ALL, priceBandPercent: '1' }).hears(stop())), 'REFERENCE_MISSING');
  t.is(
    codeOf(risk({ allowedOrderTypes: ALL }).hears(stop())),
    null,
    'without a band its own price says what it is worth',
  );
});

function leftOf(scene: RiskScene, id = 'a'): string | undefined {
  return scene.context.exposure.books['paper:BTC-USDT']?.open[id]?.left;
}

test('an amend is judged as if the order were new, and the greater of both terms is reserved meanwhile', (t) => {
  const scene = risk({ maxPositionSize: '3' }).hears(wants('a', { quantity: '2' }));
  const up = scene.hears(amends('a', { quantity: '3' }));
  t.deepEqual(riskLines(up), ['order/a AmendGranted']);
  t.is(leftOf(up), '3');
  t.is(up.context.exposure.books['paper:BTC-USDT']?.buys, '3');
  t.is(up.context.exposure.orders, 1);
  const down = scene.hears(amends('a', { quantity: '1' }));
  t.deepEqual([riskLines(down)[0], leftOf(down)], ['order/a AmendGranted', '2']);
  t.is(leftOf(down.hears(filled('a', '0.5'))), '1.5');
});

test('what is left after an amend is what the order says, whatever was reserved', (t) => {
  const amended = (quantity: string) =>
    ({ type: 'ReservationAmended', clientOrderId: 'a', provider: 'paper', symbol: 'BTC-USDT', quantity }) as const;
  const scene = risk().hears(wants('a', { quantity: '2' }), amends('a', { quantity: '3' }));
  const settled = scene.hears(amended('1.5'));
  t.deepEqual([leftOf(settled), settled.context.exposure.books['paper:BTC-USDT']?.buys], ['1.5', '1.5']);
  const empty = settled.hears(amended('0')).hears(released('a'));
  t.deepEqual(empty.context.exposure, { books: {}, orders: 0 });
  t.deepEqual(empty.hears(amended('7')).context.exposure, { books: {}, orders: 0 }, 'an ended order has none');
});

test('a denied amend is told why, counts as a breach, and leaves the reservation', (t) => {
  const scene = risk({ maxPositionSize: '3', maxConcurrentOrders: 1, maxRiskBreaches: 0 }).hears(
    wants('a', { quantity: '2' }),
  );
  const denied = scene.hears(amends('a', { quantity: '3.1' }));
  t.deepEqual(riskLines(denied), [
    'order/a AmendDenied POSITION_OVER_LIMIT projectedPosition=3.1, maxPosition=3',
    'risk/firm TRIGGERED POSITION_LIMIT trading (POSITION_OVER_LIMIT: projectedPosition=3.1, maxPosition=3)',
  ]);
  t.is(leftOf(denied), '2');
  t.deepEqual(denied.context.breaches, { 'mm-1': 1 });
  t.is(codeOf(scene.hears(amends('a', { price: '0' }))), 'PRICE_INVALID');
  const halted = scene.hears({ type: 'EngageKillSwitch', reason: 'drill' }).hears(amends('a', { quantity: '1' }));
  t.is(riskLines(halted)[0]?.slice(0, 45), 'order/a AmendDenied KILL_SWITCH_ENGAGED reaso');
});

test('an amend pays a token like an order, and the notional limit sees its new price', (t) => {
  const paced = risk({ orderThrottle: 1, orderBurst: 1 }).hears(wants('a'));
  t.is(codeOf(paced.hears(amends('a'))), 'RATE_OVER_LIMIT');
  const limited = risk({ maxNotionalValue: '120' }).hears(wants('a'));
  t.is(codeOf(limited.hears(amends('a', { price: '120' }))), null);
  t.is(codeOf(limited.hears(amends('a', { price: '121' }))), 'NOTIONAL_OVER_LIMIT');
});

test('a parked order is amended without its stop price', (t) => {
  const scene = risk({ allowedOrderTypes: ALL, priceBandPercent: '1' }).hears(price('100'), stopLimit());
  t.is(codeOf(scene.hears(amends('a', { orderType: 'StopLimit', price: '120' }))), null);
  t.is(codeOf(scene.hears(amends('a', { orderType: 'StopLimit', price: null }))), 'PRICE_INVALID');
});

const restrict = (symbol: string | null, provider = 'paper', reason = 'overfill') =>
  ({ type: 'RestrictTrading', provider, symbol, reason }) as const;
const lift = (symbol: string | null) => ({ type: 'LiftRestriction', provider: 'paper', symbol, by: 'ada' }) as const;

test('a restriction is audited, answered and kept once, with its first reason', (t) => {
  const scene = risk().hears(restrict('BTC-USDT'));
  const answer =
    'reply {"halted":false,"reason":null,"restricted":[{"place":"paper:BTC-USDT","reason":"overfill","at":10000}]}';
  t.deepEqual(riskLines(scene), ['audit risk/firm TRADING_RESTRICTED (paper:BTC-USDT: overfill)', answer]);
  t.deepEqual(riskLines(scene.hears(restrict('BTC-USDT', 'paper', 'again'))), [answer]);
  t.is(scene.state, 'active');
});

test('a restriction is told to the provider that orders were granted for, where some may wait', (t) => {
  const scene = risk().hears(wants('a'));
  const told = (message: RiskMessage) => scene.hears(message).effects.filter(({ type }) => type === 'send');
  const word = { type: 'TradingRestricted', symbol: 'BTC-USDT', reason: 'overfill' };
  t.deepEqual(told(restrict('BTC-USDT')), [send('provider/paper', word)]);
  t.is(told(restrict(null)).length, 1);
  t.deepEqual(told(restrict('BTC-USDT', 'other')), [], 'nothing was granted for it, nothing waits there');
  const once = scene.hears(restrict('BTC-USDT'));
  t.false(riskLines(once.hears(restrict('BTC-USDT'))).some((line) => line.includes('provider/')));
});

test('under a restriction only what reduces the position passes, worst case and never beyond zero', (t) => {
  const scene = risk().hears(filled('x', '2'), restrict('BTC-USDT'));
  t.is(codeOf(scene.hears(wants('a'))), 'TRADING_RESTRICTED');
  t.is(codeOf(scene.hears(wants('a', { side: 'Sell', quantity: '2' }))), null);
  t.is(codeOf(scene.hears(wants('a', { side: 'Sell', quantity: '2.1' }))), 'TRADING_RESTRICTED');
  const working = scene.hears(wants('a', { side: 'Sell', quantity: '1.5' }));
  t.is(codeOf(working.hears(wants('b', { side: 'Sell', quantity: '0.6' }))), 'TRADING_RESTRICTED');
  const text = 'restricted=paper:BTC-USDT, reason=overfill, since=10000, position=2';
  t.is(riskLines(scene.hears(wants('a')))[0], `order/a ReservationDenied TRADING_RESTRICTED ${text}`);
  t.is(codeOf(risk().hears(restrict('BTC-USDT')).hears(wants('a'))), 'TRADING_RESTRICTED', 'flat, nothing passes');
});

test('under a restriction an amend may ask for less, never for more', (t) => {
  const scene = risk().hears(wants('a', { quantity: '2' }), restrict('BTC-USDT'));
  t.is(codeOf(scene.hears(amends('a', { quantity: '1' }))), null);
  t.is(codeOf(scene.hears(amends('a', { quantity: '2.1' }))), 'TRADING_RESTRICTED');
});

test('it is not the strategy that is at fault: restricted orders are no breaches, and others go on', (t) => {
  const scene = risk({ maxRiskBreaches: 1 }).hears(restrict('BTC-USDT'));
  const denied = scene.hears(wants('a'), wants('b'));
  t.deepEqual([denied.state, denied.context.breaches], ['active', {}]);
  t.deepEqual(riskLines(denied.hears(wants('c', { symbol: 'ETH-USDT' }))), [granted('c')]);
  t.deepEqual(riskLines(denied.hears(wants('c', { provider: 'other' }))), [granted('c')]);
});

test('a whole provider is restricted and lifted at once, by name', (t) => {
  const scene = risk().hears(restrict('BTC-USDT'), restrict(null));
  t.is(codeOf(scene.hears(wants('a', { symbol: 'ETH-USDT' }))), 'TRADING_RESTRICTED');
  const one = scene.hears(lift('BTC-USDT'));
  t.is(riskLines(one)[0], 'audit ada RESTRICTION_LIFTED (paper:BTC-USDT: paper:BTC-USDT)');
  t.is(codeOf(one.hears(wants('a'))), 'TRADING_RESTRICTED', 'the provider still is');
  const all = scene.hears(lift(null));
  t.deepEqual(riskLines(all), [
    'audit ada RESTRICTION_LIFTED (paper:*: paper:BTC-USDT paper:*)',
    'reply {"halted":false,"reason":null,"restricted":[]}',
  ]);
  t.deepEqual(riskLines(all.hears(wants('a'))), [granted('a')]);
  t.deepEqual(riskLines(all.hears(lift(null))), ['reply {"halted":false,"reason":null,"restricted":[]}']);
});

test('restrictions last through a halt, its end and new limits', (t) => {
  const scene = risk().hears(
    restrict('BTC-USDT'),
    { type: 'EngageKillSwitch', reason: 'drill' },
    { type: 'ReleaseKillSwitch', by: 'ada' },
    { type: 'SetLimits', limits: NO_LIMITS },
  );
  t.is(codeOf(scene.hears(wants('a'))), 'TRADING_RESTRICTED');
});

test('one place too many halts the scope: what cannot be remembered is not traded', (t) => {
  const places = Array.from({ length: RESTRICTIONS_MAX }, (_, n): RiskMessage => restrict(`A${n}-USDT`));
  const full = risk().hears(...places);
  t.is(full.state, 'active');
  const over = full.hears(restrict('BTC-USDT'));
  t.is(over.state, 'halted');
  t.regex(
    over.context.halt?.reason ?? '',
    /^64 places are restricted already, and paper:BTC-USDT should be too: overfill$/,
  );
  t.is(Object.keys(over.context.restrictions).length, RESTRICTIONS_MAX);
});

test('an operator restricts by provider and symbol, and lifts under a name', async (t) => {
  const taken = async (message: { readonly type: string }): Promise<boolean> => {
    const result = await riskActor.messages[message.type]?.['~standard'].validate(message);
    return result !== undefined && result.issues === undefined;
  };
  t.true(await taken(restrict('BTC-USDT')));
  t.true(await taken(restrict(null)));
  t.true(await taken(lift(null)));
  const { by: _nobody, ...unnamed } = lift(null);
  t.false(await taken(unnamed));
  t.false(await taken({ ...lift(null), by: '' } as RiskMessage));
  t.false(await taken(restrict(null, 'paper', '')));
  t.true(await taken({ type: 'SetLimits', limits: { ...NO_LIMITS, allowedOrderTypes: ALL } } as RiskMessage));
});
