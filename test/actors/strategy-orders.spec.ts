// From a module's decisions to orders, and from reports back to the module.
import test from 'ava';
import fc from 'fast-check';
import { mul, parse } from '../../actors/market/decimal.ts';
import { command, type Effect, record, send, spawn } from '../../actors/runtime/effect.ts';
import { OPEN_ORDERS_MAX, STATE_CHARS_MAX } from '../../actors/strategy/bounds.ts';
import type { PlaceOrder, StrategyMessage } from '../../actors/strategy/messages.ts';
import { rounded } from '../../actors/strategy/terms.ts';
import { BTC } from '../support/providers.ts';
import { execReport, FIRST_ORDER, LOST, place, READY, STRATEGY_AT, strategyIn } from '../support/strategies.ts';

const INPUT = {
  ...{ clientOrderId: FIRST_ORDER, provider: 'paper', venue: 'PAPER', account: 'main', symbol: 'BTC-USDT' },
  ...{ side: 'Buy', orderType: 'Limit', timeInForce: 'GTC', postOnly: true, quantity: '0.5', price: '100' },
  ...{ stopPrice: null, asked: { quantity: '0.5', price: '100' }, goodTillAt: null, amends: 'reduce' },
  ...{ linkedTo: null, replaces: null, external: null },
  ...{ strategyInstance: 'mm-1', riskScope: 'firm', placedAt: STRATEGY_AT, recvWindowMs: 5_000, fenceMarginMs: 16_000 },
};

function notified(event: object, sandbox = 1): Effect {
  return command('notifySandbox', { instanceId: 'mm-1', sandbox, event });
}
function denialOf(change: Partial<PlaceOrder>, ...before: readonly PlaceOrder[]): string {
  const { effects } = strategyIn('running')
    .hears(...before)
    .hears(place(change));
  const [effect] = effects;
  if (effects.length !== 1 || effect?.type !== 'command') return `not denied: ${JSON.stringify(effects)}`;
  const { event } = effect.args as { event: { state: string; ref: string; rejectReason: string } };
  return `${effect.name} ${event.ref} ${event.state} ${event.rejectReason}`;
}

test('a decision becomes an order in the same turn, under the next client order id of the instance', (t) => {
  const first = strategyIn('running').hears(place());
  t.deepEqual(first.effects, [spawn(`order/${FIRST_ORDER}`, INPUT)]);
  const order = { clientOrderId: FIRST_ORDER, provider: 'paper', symbol: 'BTC-USDT', side: 'Buy', orderType: 'Limit' };
  const life = { filledQuantity: '0', state: 'PENDING', cancelling: false, linked: false, replacement: null };
  const rest = { quantity: '0.5', price: '100', stopPrice: null, ...life };
  t.deepEqual(first.context.open, { [FIRST_ORDER]: { ref: '1', ...order, ...rest } } as typeof first.context.open);

  const second = first.hears(
    place({ ref: '2', orderType: 'Market', price: null, timeInForce: 'IOC', postOnly: false }),
  );
  const market = { ...INPUT, clientOrderId: 'mm100000002', orderType: 'Market', price: null, timeInForce: 'IOC' };
  const asked = { quantity: '0.5', price: null };
  t.deepEqual(second.effects, [spawn('order/mm100000002', { ...market, asked, postOnly: false })]);
});

test('a sandbox that is still starting may decide and is told already', (t) => {
  const launching = strategyIn('starting.launching').hears(place());
  t.deepEqual(launching.effects, [spawn(`order/${FIRST_ORDER}`, INPUT)]);
  t.deepEqual(launching.hears(execReport('ACK')).effects, [notified({ ...execReport('ACK'), ref: '1' })]);
});

test('what cannot be sent is denied to the module with its reason, and no order is made', (t) => {
  const denied = (reason: string): string => `notifySandbox 1 REJECTED DENIED ${reason}`;
  t.is(denialOf({ quantity: 'x' }), denied('QUANTITY_INVALID: quantity=x'));
  t.is(denialOf({ quantity: '-1' }), denied('QUANTITY_INVALID: quantity=-1'));
  const tooSmall = 'quantity=0.0009, symbol=BTC-USDT, minimum=0.001';
  t.is(denialOf({ quantity: '0.0009' }), denied(`QUANTITY_BELOW_MINIMUM: ${tooSmall}`));
  const tooLarge = 'quantity=101, symbol=BTC-USDT, maximum=100';
  t.is(denialOf({ quantity: '101' }), denied(`QUANTITY_ABOVE_MAXIMUM: ${tooLarge}`));
  t.is(denialOf({ price: null }), denied('PRICE_INVALID: price=none, symbol=BTC-USDT'));
  t.is(denialOf({ price: '0.001' }), denied('PRICE_INVALID: price=0.001, symbol=BTC-USDT'));
  const tooCheap = 'price=9.99, quantity=0.5, minimum=5, symbol=BTC-USDT';
  t.is(denialOf({ price: '9.999' }), denied(`NOTIONAL_BELOW_MINIMUM: ${tooCheap}`));
  const outside = 'symbol=ETH-USDT, allowed=providers and symbols in scope';
  t.is(denialOf({ symbol: 'ETH-USDT' }), denied(`ORDER_REFUSED: provider=paper, ${outside}`));
  const nowhere = 'symbol=BTC-USDT, allowed=providers and symbols in scope';
  t.is(denialOf({ provider: 'constructor' }), denied(`ORDER_REFUSED: provider=constructor, ${nowhere}`));
});

test('a denial uses up a client order id, so that no two reports share one', (t) => {
  const strategy = strategyIn('running').hears(place({ quantity: '0' }), place({ ref: '2' }));
  t.deepEqual(Object.keys(strategy.context.open), ['mm100000002']);
  t.is(strategy.context.denied, 1);
});

test('a denial is told as the whole report of an order that never was', (t) => {
  const { effects } = strategyIn('running').hears(place({ quantity: '0' }));
  const terms = { exchangeOrderId: null, quantity: '0', remainingQty: '0', timestamp: STRATEGY_AT };
  const rejectReason = 'DENIED QUANTITY_INVALID: quantity=0';
  t.deepEqual(effects, [notified({ ...execReport('REJECTED', { ...terms, rejectReason }), ref: '1' })]);
});

test('while its provider is lost, orders are denied and not kept for later', (t) => {
  const lost = strategyIn('running').hears(LOST).hears(place());
  t.like(lost.effects[0], { name: 'notifySandbox' });
  t.true(JSON.stringify(lost.effects).includes('DENIED PROVIDER_NOT_READY: provider=paper'));
  t.deepEqual(lost.context.open, {});
});

test('an instrument the provider does not list is denied by name', (t) => {
  const scope = { paper: { symbols: ['BTC-USDT', 'ETH-USDT'] } };
  const strategy = strategyIn('running', { scope }).hears(place({ symbol: 'ETH-USDT' }));
  t.true(JSON.stringify(strategy.effects).includes('DENIED INSTRUMENT_UNKNOWN: provider=paper, symbol=ETH-USDT'));
});

test('open orders are bounded: one more is denied with the bound in the reason', (t) => {
  const many = Array.from({ length: OPEN_ORDERS_MAX }, (_, index) => place({ ref: String(index) }));
  const expected = `ORDER_REFUSED: open=${OPEN_ORDERS_MAX}, allowed=${OPEN_ORDERS_MAX}`;
  t.is(denialOf({ ref: 'more' }, ...many), `notifySandbox more REJECTED DENIED ${expected}`);
});

test('rounding is never worse than asked: buys down, sells up, quantities down, always on tick and lot', (t) => {
  t.deepEqual(rounded(place({ price: '100.019', quantity: '0.5009' }), BTC), {
    ok: true,
    price: '100.01',
    quantity: '0.5',
    stopPrice: null,
  });
  t.deepEqual(rounded(place({ price: '100.011', side: 'Sell' }), BTC), {
    ok: true,
    price: '100.02',
    quantity: '0.5',
    stopPrice: null,
  });
  const amount = fc
    .tuple(fc.nat({ max: 2_000 }), fc.nat({ max: 99_999_999 }))
    .map(([whole, rest]) => `${whole}.${rest}`);
  fc.assert(
    fc.property(amount, amount, fc.constantFrom('Buy' as const, 'Sell' as const), (price, quantity, side) => {
      const terms = rounded(place({ price, quantity, side }), BTC);
      if (!terms.ok || terms.price === null) return;
      const [asked, given] = [parse(price), parse(terms.price)];
      const [wanted, sent] = [parse(quantity), parse(terms.quantity)];
      if (side === 'Buy' ? given > asked : given < asked) throw new Error('the price got worse');
      if (given % parse('0.01') !== 0n || sent % parse('0.001') !== 0n) throw new Error('off tick or lot');
      if (sent > wanted || wanted - sent >= parse('0.001')) throw new Error('the quantity was not truncated');
      if (mul(given, sent) < parse('5') || sent > parse('100')) throw new Error('outside the bounds of the venue');
    }),
  );
});

test('an order is canceled by either of its names, and once it is over by neither', (t) => {
  const strategy = strategyIn('running').hears(place());
  const cancel = send(`order/${FIRST_ORDER}`, { type: 'CancelOrder', reason: 'the strategy asked for it' });
  const byRef = strategy.hears({ type: 'CancelOrder', sandbox: 1, clientOrderId: null, ref: '1' });
  t.deepEqual(byRef.effects, [cancel]);
  t.true(byRef.context.open[FIRST_ORDER]?.cancelling);
  const byId = strategy.hears({ type: 'CancelOrder', sandbox: 1, clientOrderId: FIRST_ORDER, ref: null });
  t.deepEqual(byId.effects, [cancel]);

  const over = strategy.hears(execReport('CANCELLED'));
  const late = over.hears({ type: 'CancelOrder', sandbox: 1, clientOrderId: FIRST_ORDER, ref: '1' });
  t.deepEqual(late.effects, []);
  t.true(late.handled);
});

test('a cancel that the venue refused for good is told, and the order can be canceled anew', (t) => {
  const leaving = strategyIn('running').hears(place(), execReport('ACK'), {
    type: 'CancelOrder',
    sandbox: 1,
    clientOrderId: null,
    ref: '1',
  });
  const refused = leaving.hears(execReport('ACK', { rejectReason: 'CANCEL_GIVEN_UP: cancels=5', refused: 'cancel' }));
  const which = { provider: 'paper', symbol: 'BTC-USDT', strategyInstance: 'mm-1', clientOrderId: FIRST_ORDER };
  const event = { type: 'CancelRefused', ...which, reason: 'CANCEL_GIVEN_UP: cancels=5', timestamp: 1, ref: '1' };
  t.deepEqual(refused.effects, [notified(event)]);
  t.false(refused.context.open[FIRST_ORDER]?.cancelling);
});

test('a module cannot cancel the order of somebody else', (t) => {
  const strategy = strategyIn('running').hears({
    type: 'CancelOrder',
    sandbox: 1,
    clientOrderId: 'xy00000001',
    ref: null,
  });
  t.deepEqual(strategy.effects, []);
});

test('reports are told to the module with its own name for the order, and the books follow them', (t) => {
  const placed = strategyIn('running').hears(place());
  const part = execReport('PARTIAL', { filledQuantity: '0.2', lastQuantity: '0.2', lastPrice: '100' });
  const partly = placed.hears(execReport('ACK'), part);
  t.deepEqual(partly.effects, [notified({ ...execReport('ACK'), ref: '1' }), notified({ ...part, ref: '1' })]);
  t.like(partly.context.open[FIRST_ORDER], { state: 'PARTIAL', filledQuantity: '0.2', ref: '1' });

  const rest = execReport('FILLED', { filledQuantity: '0.5', lastQuantity: '0.3' });
  const filled = partly.hears(rest);
  t.deepEqual(filled.effects, [notified({ ...rest, ref: '1' })]);
  t.deepEqual(filled.context.open, {});
  t.deepEqual(filled.context.positions, { 'paper BTC-USDT': '0.5' });

  const sold = filled.hears(execReport('FILLED', { side: 'Sell', clientOrderId: 'mm100000009', lastQuantity: '0.5' }));
  t.deepEqual(sold.context.positions, {});
});

test('an execution that is taken back leaves the position, and its order works again', (t) => {
  const filled = strategyIn('running').hears(
    place(),
    execReport('FILLED', { filledQuantity: '0.5', lastQuantity: '0.5' }),
  );
  t.deepEqual(filled.context.positions, { 'paper BTC-USDT': '0.5' });
  const busted = filled.hears(execReport('PARTIAL', { filledQuantity: '0.2', lastQuantity: '-0.3' }));
  t.deepEqual(busted.context.positions, { 'paper BTC-USDT': '0.2' });
  t.like(busted.context.open[FIRST_ORDER], { state: 'PARTIAL', filledQuantity: '0.2', ref: null });
});

test('a fill after the end of an order still counts, and its order is not opened by it', (t) => {
  const ended = strategyIn('running').hears(place(), execReport('CANCELLED'));
  const late = ended.hears(execReport('CANCELLED', { filledQuantity: '0.1', lastQuantity: '0.1' }));
  t.deepEqual(late.context.positions, { 'paper BTC-USDT': '0.1' });
  t.deepEqual(late.context.open, {});
});

test('the names a former sandbox gave its orders name nothing in the next one', (t) => {
  const next = strategyIn('running').hears(place(), { type: 'NodeStarted' });
  const relaunched = next.hears(READY);
  t.is(relaunched.context.open[FIRST_ORDER]?.ref, null);
  const sandbox = relaunched.context.sandbox;
  t.deepEqual(relaunched.hears({ type: 'CancelOrder', sandbox, clientOrderId: null, ref: '1' }).effects, []);
});

test('a state is kept up to its bound; a longer one is refused in the audit log and the one before stays', (t) => {
  const saved = strategyIn('running').hears({ type: 'SaveState', sandbox: 1, state: { n: 1 } });
  t.deepEqual(saved.effects, []);
  t.deepEqual(saved.context.state, { n: 1 });
  const longer = saved.hears({ type: 'SaveState', sandbox: 1, state: 'x'.repeat(STATE_CHARS_MAX) });
  const detail = `chars=${STATE_CHARS_MAX + 2}, allowed: up to ${STATE_CHARS_MAX}; the state saved before is kept`;
  const row = { table: 'audit_log', actor: 'strategy/mm-1', action: 'StateRefused', detail };
  t.deepEqual(longer.effects, [record(row)]);
  t.deepEqual(longer.context.state, { n: 1 });
});

test('controls of its risk scope are told to the module while there is one', (t) => {
  const control: StrategyMessage = {
    type: 'RiskControl',
    status: 'TRIGGERED',
    ...{ strategyId: 'mm-1', provider: 'paper', symbol: 'BTC-USDT', reason: 'loss', breachType: 'KILL_SWITCH' },
    ...{ killSwitchEngaged: true, circuitBreakerOpen: false, timestamp: 1 },
  };
  t.deepEqual(strategyIn('running').hears(control).effects, [notified(control)]);
  t.deepEqual(strategyIn('stopped').hears(control).effects, []);
});
