// New terms for open orders: asked of the order, or refused at once; and the order that takes another's place.
import test from 'ava';
import { command, type Effect, send } from '../../actors/runtime/effect.ts';
import type { AmendOrder, PlaceOrder } from '../../actors/strategy/messages.ts';
import {
  amend,
  amendRefused,
  execReport,
  FIRST_ORDER,
  LOST,
  place,
  placePair,
  STRATEGY_AT,
  type StrategyScene,
  strategyIn,
} from '../support/strategies.ts';

const REPLACEMENT = 'mm100000002';
const STOP: Partial<PlaceOrder> = { orderType: 'Stop', side: 'Sell', price: null, stopPrice: '90', postOnly: false };

function working(change: Partial<PlaceOrder> = {}): StrategyScene {
  const { orderType = 'Limit', price = '100', side = 'Buy' } = change;
  return strategyIn('running').hears(place(change), execReport('ACK', { orderType, price, side }));
}
function asked(quantity: string, price: string | null, replacement = REPLACEMENT): Effect {
  const terms = { quantity, price, replacement, reason: 'the strategy asked for it' };
  return send(`order/${FIRST_ORDER}`, { type: 'AmendOrder', ...terms });
}
function notified(event: object): Effect {
  return command('notifySandbox', { instanceId: 'mm-1', sandbox: 1, event });
}
function refusalOf(scene: StrategyScene, change: Partial<AmendOrder>): string {
  const { effects, context } = scene.hears(amend(change));
  const [effect] = effects;
  if (effects.length !== 1 || effect?.type !== 'command') return `not refused: ${JSON.stringify(effects)}`;
  if (context.placed !== scene.context.placed) return 'it used up an id';
  const { event } = effect.args as { event: { type: string; reason: string } };
  return `${event.type} ${event.reason}`;
}

test('new terms are rounded and asked of the order, with the next id for the order that may replace it', (t) => {
  const amended = working().hears(amend({ quantity: '0.4009', price: '100.019' }));
  t.deepEqual(amended.effects, [asked('0.4', '100.01')]);
  const replacement = { clientOrderId: REPLACEMENT, quantity: '0.4', price: '100.01' };
  t.like(amended.context.open[FIRST_ORDER], { quantity: '0.5', price: '100', replacement });
  t.is(amended.context.placed, 2);
});

test('what is left out or is the same stays as it is', (t) => {
  t.deepEqual(working().hears(amend({ quantity: '0.4' })).effects, [asked('0.4', null)]);
  t.deepEqual(working().hears(amend({ quantity: '0.4', price: '100.00' })).effects, [asked('0.4', null)]);
  t.deepEqual(working().hears(amend({ price: '101' })).effects, [asked('0.5', '101')]);
  const sale = working({ side: 'Sell' });
  t.deepEqual(sale.hears(amend({ price: '101.001' })).effects, [asked('0.5', '101.01')]);
  t.deepEqual(working(STOP).hears(amend({ quantity: '0.4' })).effects, [asked('0.4', null)]);
});

test('an order is amended by either of its names, before it is acknowledged too', (t) => {
  const placed = strategyIn('running').hears(place());
  t.deepEqual(placed.hears(amend({ quantity: '0.4' })).effects, [asked('0.4', null)]);
  const byId = amend({ clientOrderId: FIRST_ORDER, ref: null, quantity: '0.4' });
  t.deepEqual(placed.hears(byId).effects, [asked('0.4', null)]);
  const over = placed.hears(execReport('FILLED'));
  const late = over.hears(amend({ quantity: '0.4' }));
  t.deepEqual(late.effects, []);
  t.is(late.context.placed, 1);
});

test('all amends of an order carry one id, because it is replaced once at most', (t) => {
  const twice = working()
    .hears(amend({ quantity: '0.4' }))
    .hears(amend({ quantity: '0.3' }));
  t.deepEqual(twice.effects, [asked('0.3', null)]);
  t.like(twice.context, { placed: 2, open: { [FIRST_ORDER]: { replacement: { quantity: '0.3' } } } });
  t.deepEqual(twice.hears(amend({ quantity: '0.5' })).effects, [asked('0.5', null)], 'back to what it was');
});

test('terms an order cannot have are refused at once, and the order stands', (t) => {
  const denied = (reason: string): string => `AmendRefused DENIED ${reason}`;
  const partly = working().hears(execReport('PARTIAL', { filledQuantity: '0.3' }));
  const canceled = working().hears({ type: 'CancelOrder', sandbox: 1, clientOrderId: null, ref: '1' });
  const market = working({ orderType: 'Market', price: null, postOnly: false });
  const cases: readonly (readonly [StrategyScene, Partial<AmendOrder>, string])[] = [
    [canceled, { quantity: '0.4' }, 'AMEND_INVALID: state=being canceled'],
    [market, { quantity: '0.4' }, 'AMEND_INVALID: orderType=Market'],
    [working(STOP), { price: '80' }, 'AMEND_INVALID: price=80, orderType=Stop'],
    [partly, { quantity: '0.3009' }, 'AMEND_INVALID: quantity=0.3, filledQuantity=0.3, remedy=cancel what is left'],
    [working(), { quantity: '0.5', price: '100' }, 'AMEND_INVALID: quantity=0.5, price=100, change=none'],
    [working(), {}, 'AMEND_INVALID: quantity=0.5, price=100, change=none'],
    [working(), { quantity: 'x' }, 'QUANTITY_INVALID: quantity=x'],
    [working(), { price: '0.001' }, 'PRICE_INVALID: price=0.001, symbol=BTC-USDT'],
    [working().hears(LOST), { quantity: '0.4' }, 'PROVIDER_NOT_READY: provider=paper'],
  ];
  for (const [scene, change, reason] of cases) t.is(refusalOf(scene, change), denied(reason));
});

test('a refusal tells the module which order, and that nothing of it changed', (t) => {
  const scene = working();
  const refused = scene.hears(amend({ quantity: '101' }));
  const reason = 'DENIED QUANTITY_ABOVE_MAXIMUM: quantity=101, symbol=BTC-USDT, maximum=100';
  const what = { provider: 'paper', symbol: 'BTC-USDT', strategyInstance: 'mm-1', timestamp: STRATEGY_AT };
  const event = { type: 'AmendRefused', clientOrderId: FIRST_ORDER, ref: '1', ...what, reason };
  t.deepEqual(refused.effects, [notified(event)]);
  t.deepEqual(refused.context, scene.context);
});

test('the order says that its amend came to nothing: the module hears it with its own name for the order', (t) => {
  const scene = working();
  const which = { provider: 'paper', symbol: 'BTC-USDT', strategyInstance: 'mm-1', clientOrderId: FIRST_ORDER };
  const event = { type: 'AmendRefused', ...which, reason: 'ORDER_REJECTED: code=-2038', timestamp: 1, ref: '1' };
  const refused = scene.hears(amendRefused());
  t.deepEqual(refused.effects, [notified(event)]);
  t.deepEqual(refused.context, scene.context);
  const [other] = scene.hears(amendRefused('mm100000009')).effects;
  t.deepEqual(other, notified({ ...event, clientOrderId: 'mm100000009', ref: null }));
  t.deepEqual(strategyIn('stopped').hears(amendRefused()).effects, []);
});

test('an amend at the venue is heard as a report with the new terms', (t) => {
  const amended = working().hears(amend({ quantity: '0.4', price: '99' }));
  const report = execReport('ACK', { quantity: '0.4', price: '99' });
  const done = amended.hears(report);
  t.deepEqual(done.effects, [notified({ ...report, ref: '1' })]);
  t.like(done.context.open[FIRST_ORDER], { quantity: '0.4', price: '99', ref: '1' });
});

test('an order that ends to be replaced hands its name, its terms and its pair on to the next', (t) => {
  const amended = strategyIn('running')
    .hears(placePair(), execReport('ACK', { side: 'Sell' }))
    .hears(amend({ quantity: '0.8', price: '110' }));
  const replacedBy = 'mm100000003';
  const end = execReport('CANCELLED', { side: 'Sell', filledQuantity: '0.2', replacedBy });
  const replaced = amended.hears(end);
  t.deepEqual(replaced.effects, [notified({ ...end, ref: '1' })]);
  t.deepEqual(Object.keys(replaced.context.open), ['mm100000002', replacedBy]);
  const next = { ref: '1', clientOrderId: replacedBy, quantity: '0.6', price: '110', filledQuantity: '0' } as const;
  t.like(replaced.context.open[replacedBy], { ...next, state: 'PENDING', linked: true, replacement: null });

  const ack = execReport('ACK', { clientOrderId: replacedBy, side: 'Sell', quantity: '0.6', price: '110' });
  const working = replaced.hears(ack);
  t.deepEqual(working.effects, [notified({ ...ack, ref: '1' })]);
  t.like(working.context.open[replacedBy], { ...next, state: 'ACK', linked: true });
  const cancel = send(`order/${replacedBy}`, { type: 'CancelOrder', reason: 'the strategy asked for it' });
  t.deepEqual(working.hears({ type: 'CancelOrder', sandbox: 1, clientOrderId: null, ref: '1' }).effects, [cancel]);
});

test('an instance that stops cancels the order that takes the place of one, whenever that came', (t) => {
  const amended = working().hears(amend({ price: '99' }));
  const end = execReport('CANCELLED', { replacedBy: REPLACEMENT });
  const canceled = (scene: StrategyScene): readonly string[] =>
    scene.effects.flatMap((effect) =>
      effect.type === 'send' && effect.message.type === 'CancelOrder' ? effect.to : [],
    );
  t.deepEqual(canceled(amended.hears(end).hears({ type: 'Stop' })), [`order/${REPLACEMENT}`]);
  const stopped = amended.hears({ type: 'Stop' });
  t.deepEqual(canceled(stopped), [`order/${FIRST_ORDER}`]);
  const late = stopped.hears(end);
  t.deepEqual(canceled(late), [`order/${REPLACEMENT}`]);
  t.true(late.context.open[REPLACEMENT]?.cancelling);
});

test('an order whose report names a successor nobody asked for is over', (t) => {
  const over = working().hears(execReport('CANCELLED', { replacedBy: 'xy00000001' }));
  t.deepEqual(over.context.open, {});
  const amended = working().hears(amend({ price: '99' }));
  t.deepEqual(amended.hears(execReport('CANCELLED')).context.open, {});
  t.deepEqual(amended.hears(execReport('CANCELLED', { replacedBy: 'xy00000001' })).context.open, {});
});
