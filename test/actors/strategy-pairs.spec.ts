// Stop prices, times and pairs: what a module asks of an order beyond side, quantity and price.
import test from 'ava';
import fc from 'fast-check';
import { parse } from '../../actors/market/decimal.ts';
import type { OrderInput } from '../../actors/order/messages.ts';
import { command, type Effect, type Spawn, send } from '../../actors/runtime/effect.ts';
import { OPEN_ORDERS_MAX } from '../../actors/strategy/bounds.ts';
import type { PlaceOrder, StrategyMessage } from '../../actors/strategy/messages.ts';
import { rounded } from '../../actors/strategy/terms.ts';
import { BTC } from '../support/providers.ts';
import {
  execReport,
  FIRST_ORDER,
  place,
  placePair,
  READY,
  STRATEGY_AT,
  type StrategyScene,
  strategyIn,
} from '../support/strategies.ts';

const SECOND_ORDER = 'mm100000002';
const STOP = { orderType: 'Stop', price: null, stopPrice: '90', postOnly: false } as const;
const STOP_LIMIT = { ...STOP, orderType: 'StopLimit', price: '89' } as const;

function inputs({ effects }: { readonly effects: readonly Effect[] }): readonly OrderInput[] {
  return effects.filter((effect): effect is Spawn<OrderInput> => effect.type === 'spawn').map(({ input }) => input);
}

/** Ref and reason of every denial; the effects that are none by what they are. */
function told({ effects }: { readonly effects: readonly Effect[] }): readonly string[] {
  return effects.map((effect) => {
    if (effect.type === 'send') return `${effect.to} ${effect.message.type}`;
    if (effect.type !== 'command') return effect.type;
    const { event } = effect.args as { event: { ref: string; rejectReason: string } };
    return `${event.ref} ${event.rejectReason}`;
  });
}
function reasonOf(change: Partial<PlaceOrder>): string {
  return told(strategyIn('running').hears(place(change))).join();
}

test('a stop order goes out with its stop price, as it was asked for beside as it is', (t) => {
  const scene = strategyIn('running').hears(
    place({ ...STOP, side: 'Sell', quantity: '0.5009', stopPrice: '90.019' }),
    place({ ...STOP_LIMIT, ref: '2', side: 'Sell', price: '89.991', stopPrice: '90.019' }),
  );
  const [stop, stopLimit] = inputs(scene);
  const asked = { quantity: '0.5009', price: null };
  t.like(stop, { orderType: 'Stop', quantity: '0.5', price: null, stopPrice: '90.01', asked });
  const wanted = { quantity: '0.5', price: '89.991' };
  t.like(stopLimit, { orderType: 'StopLimit', price: '90', stopPrice: '90.01', asked: wanted });
  t.is(scene.context.open[FIRST_ORDER]?.stopPrice, '90.01');
});

test('no rounding triggers an order earlier than asked or makes its price worse', (t) => {
  const amount = fc
    .tuple(fc.integer({ min: 50, max: 2_000 }), fc.nat({ max: 99_999_999 }))
    .map(([whole, rest]) => `${whole}.${String(rest).padStart(8, '0')}`);
  const side = fc.constantFrom('Buy' as const, 'Sell' as const);
  fc.assert(
    fc.property(amount, amount, side, (price, stopPrice, which) => {
      const terms = rounded(place({ ...STOP_LIMIT, side: which, price, stopPrice }), BTC);
      if (!terms.ok || terms.price === null || terms.stopPrice === null) throw new Error('it was not taken');
      const [limit, stop] = [parse(terms.price), parse(terms.stopPrice)];
      if (limit % parse('0.01') !== 0n || stop % parse('0.01') !== 0n) throw new Error('off the tick');
      const isBuy = which === 'Buy';
      if (isBuy ? stop < parse(stopPrice) : stop > parse(stopPrice)) throw new Error('it triggers too early');
      if (isBuy ? limit > parse(price) : limit < parse(price)) throw new Error('the price got worse');
      const moved = (stop - parse(stopPrice)) * (isBuy ? 1n : -1n);
      if (moved >= parse('0.01')) throw new Error('further than a tick');
    }),
  );
  t.pass();
});

test('a time good till is kept with the order', (t) => {
  const goodTillAt = STRATEGY_AT + 1;
  for (const change of [{}, STOP, STOP_LIMIT]) {
    const [input] = inputs(strategyIn('running').hears(place({ ...change, timeInForce: 'GTD', goodTillAt })));
    t.like(input, { timeInForce: 'GTD', goodTillAt });
  }
});

test('what does not go together is denied with its code', (t) => {
  const denials: readonly (readonly [Partial<PlaceOrder>, string])[] = [
    [{ ...STOP, stopPrice: null }, 'STOP_PRICE_INVALID: stopPrice=none, symbol=BTC-USDT'],
    [{ ...STOP, side: 'Sell', stopPrice: '0.001' }, 'STOP_PRICE_INVALID: stopPrice=0.001, symbol=BTC-USDT'],
    [{ ...STOP_LIMIT, price: null }, 'PRICE_INVALID: price=none, symbol=BTC-USDT'],
    [{ stopPrice: '90' }, 'STOP_PRICE_INVALID: stopPrice=90, orderType=Limit'],
    [{ ...STOP, orderType: 'Market' }, 'STOP_PRICE_INVALID: stopPrice=90, orderType=Market'],
    [{ ...STOP, postOnly: true }, 'POST_ONLY_INVALID: orderType=Stop'],
    [{ orderType: 'Market', price: null }, 'POST_ONLY_INVALID: orderType=Market'],
    [
      { timeInForce: 'GTD' },
      `GOOD_TILL_INVALID: goodTillAt=none, now=${STRATEGY_AT}, timeInForce=GTD, orderType=Limit`,
    ],
    [
      { timeInForce: 'GTD', goodTillAt: STRATEGY_AT },
      `GOOD_TILL_INVALID: goodTillAt=${STRATEGY_AT}, now=${STRATEGY_AT}, timeInForce=GTD, orderType=Limit`,
    ],
    [
      { goodTillAt: 9e12 },
      `GOOD_TILL_INVALID: goodTillAt=${9e12}, now=${STRATEGY_AT}, timeInForce=GTC, orderType=Limit`,
    ],
    [
      { orderType: 'Market', price: null, postOnly: false, timeInForce: 'GTD', goodTillAt: 9e12 },
      `GOOD_TILL_INVALID: goodTillAt=${9e12}, now=${STRATEGY_AT}, timeInForce=GTD, orderType=Market`,
    ],
    [{ ...STOP, quantity: '0.05' }, 'NOTIONAL_BELOW_MINIMUM: price=90, quantity=0.05, minimum=5, symbol=BTC-USDT'],
  ];
  for (const [change, reason] of denials) t.is(reasonOf(change), `1 DENIED ${reason}`);
});

test('an order type the venue lacks is denied, by the name of what it has', (t) => {
  const plain = { ...READY, orderTypes: ['Limit', 'Market'] } as const;
  const scene = strategyIn('running').hears(plain).hears(place(STOP));
  const reason = 'ORDER_TYPE_UNSUPPORTED: orderType=Stop, provider=paper, allowed=Limit Market';
  t.deepEqual(told(scene), [`1 DENIED ${reason}`]);
  t.deepEqual(scene.context.open, {});
});

test('both orders of a pair are made in one turn, each knowing the other', (t) => {
  const scene = strategyIn('running').hears(placePair());
  const [limit, stop] = inputs(scene);
  t.is(scene.effects.length, 2);
  t.like(limit, { clientOrderId: FIRST_ORDER, orderType: 'Limit', linkedTo: SECOND_ORDER });
  t.like(stop, { clientOrderId: SECOND_ORDER, orderType: 'Stop', stopPrice: '90', linkedTo: FIRST_ORDER });
  const { open, placed } = scene.context;
  t.like(open[FIRST_ORDER], { ref: '1', linked: true });
  t.like(open[SECOND_ORDER], { ref: '2', linked: true });
  t.is(placed, 2);
});

test('a pair with one order that cannot be sent is denied whole, and uses up both ids', (t) => {
  const scene = strategyIn('running').hears(placePair({}, { quantity: '0' }));
  const expected = ['1 DENIED LINK_INVALID: linkedTo=2, state=denied', '2 DENIED QUANTITY_INVALID: quantity=0'];
  t.deepEqual(told(scene), expected);
  t.like(scene.context, { open: {}, placed: 2, denied: 2 });
  const other = strategyIn('running').hears(placePair({ price: '0.001' }));
  t.deepEqual(told(other), [
    '1 DENIED NOTIONAL_BELOW_MINIMUM: price=0.01, quantity=0.5, minimum=5, symbol=BTC-USDT',
    '2 DENIED LINK_INVALID: linkedTo=1, state=denied',
  ]);
});

test('a pair needs room for both', (t) => {
  const many = Array.from({ length: OPEN_ORDERS_MAX - 1 }, (_, index) => place({ ref: `a${index}` }));
  const scene = strategyIn('running').hears(...many);
  const pair = scene.hears(placePair());
  t.deepEqual(inputs(pair), []);
  t.regex(told(pair)[1] ?? '', /^2 DENIED ORDER_REFUSED: open=199, allowed=200$/);
  t.is(inputs(scene.hears(place())).length, 1);
});

test('an order linked to an open one tells it so, and each knows the other', (t) => {
  const first = strategyIn('running').hears(place());
  for (const linkedTo of ['1', FIRST_ORDER]) {
    const second = first.hears(place({ ...STOP, ref: '2', linkedTo }));
    t.like(inputs(second)[0], { clientOrderId: SECOND_ORDER, linkedTo: FIRST_ORDER });
    t.deepEqual(second.effects[1], send(`order/${FIRST_ORDER}`, { type: 'LinkOrder', linkedTo: SECOND_ORDER }));
    t.true(second.context.open[FIRST_ORDER]?.linked);
    t.true(second.context.open[SECOND_ORDER]?.linked);
  }
});

test('a linked order that is denied cancels the other, as it would had the venue refused it', (t) => {
  const scene = strategyIn('running')
    .hears(place())
    .hears(place({ ref: '2', quantity: '0', linkedTo: '1' }));
  t.deepEqual(told(scene), ['2 DENIED QUANTITY_INVALID: quantity=0', `order/${FIRST_ORDER} CancelOrder`]);
  t.true(scene.context.open[FIRST_ORDER]?.cancelling);
  t.is(scene.context.denied, 1);
});

test('nothing is linked to an order that is over, ending, filled in part or one of a pair', (t) => {
  const linked = place({ ...STOP, ref: '3', linkedTo: '1' });
  const cases: readonly (readonly [StrategyScene, string])[] = [
    [strategyIn('running'), 'not open'],
    [strategyIn('running').hears(place(), execReport('FILLED')), 'not open'],
    [strategyIn('running').hears(place(), cancelFirst), 'being canceled'],
    [strategyIn('running').hears(place(), execReport('PARTIAL', { filledQuantity: '0.1' })), 'filled in part'],
    [strategyIn('running').hears(placePair()), 'one of another pair'],
  ];
  for (const [scene, state] of cases) {
    const denied = scene.hears(linked);
    t.deepEqual(told(denied), [`3 DENIED LINK_INVALID: linkedTo=1, state=${state}`]);
    t.deepEqual(denied.context.open, scene.context.open, 'and the other order stays as it is');
  }
  const { context } = strategyIn('running');
  t.true(Object.hasOwn(context, 'open'));
  t.is(reasonOf({ linkedTo: 'constructor' }), '1 DENIED LINK_INVALID: linkedTo=constructor, state=not open');
});
const cancelFirst: StrategyMessage = { type: 'CancelOrder', sandbox: 1, clientOrderId: FIRST_ORDER, ref: null };

test('a module cancels all its orders, or those of one provider or symbol, at once', (t) => {
  const scope = { paper: { symbols: ['BTC-USDT', 'ETH-USDT'] } };
  const both = { ...READY, instruments: [BTC, { ...BTC, symbol: 'ETH-USDT' }] };
  const scene = strategyIn('running', { scope })
    .hears(both)
    .hears(place(), place({ ref: '2', symbol: 'ETH-USDT' }));
  const canceled = (provider: string | null, symbol: string | null): readonly string[] =>
    told(scene.hears({ type: 'CancelOrders', sandbox: 1, provider, symbol }));
  const all = [`order/${FIRST_ORDER} CancelOrder`, `order/${SECOND_ORDER} CancelOrder`];
  t.deepEqual(canceled(null, null), all);
  t.deepEqual(canceled('paper', null), all);
  t.deepEqual(canceled(null, 'ETH-USDT'), all.slice(1));
  t.deepEqual(canceled('other', null), []);
  const { open } = scene.hears({ type: 'CancelOrders', sandbox: 1, provider: null, symbol: 'BTC-USDT' }).context;
  t.deepEqual([open[FIRST_ORDER]?.cancelling, open[SECOND_ORDER]?.cancelling], [true, false]);
});

test('the denial of a linked order names its terms whole', (t) => {
  const { effects } = strategyIn('running').hears(place({ ...STOP, stopPrice: '0', ref: '4' }));
  const terms = { exchangeOrderId: null, orderType: 'Stop', price: null, timestamp: STRATEGY_AT } as const;
  const rejectReason = 'DENIED STOP_PRICE_INVALID: stopPrice=0, symbol=BTC-USDT';
  const event = { ...execReport('REJECTED', { ...terms, rejectReason }), ref: '4' };
  t.deepEqual(effects, [command('notifySandbox', { instanceId: 'mm-1', sandbox: 1, event })]);
});
