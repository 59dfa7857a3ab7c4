// What an instance asks of its orders, heard by real ones; what they publish, heard by it.
import test from 'ava';
import type { OrderContext } from '../../actors/order/facts.ts';
import { orderMachine } from '../../actors/order/machine.ts';
import type { ExecReport, OrderInput, OrderMessage } from '../../actors/order/messages.ts';
import type { Effect, Send, Spawn } from '../../actors/runtime/effect.ts';
import { given, type Scene } from '../support/given.ts';
import { acked, word } from '../support/orders.ts';
import { amend, FIRST_ORDER, place, placePair, STRATEGY_AT, strategyIn } from '../support/strategies.ts';

type OrderScene = Scene<OrderMessage, OrderContext>;
type Seen = { readonly effects: readonly Effect[] };

const SECOND_ORDER = 'mm100000002';
const STOP = { orderType: 'Stop', price: null, stopPrice: '90', postOnly: false } as const;

/** The orders that were made, each as its actor begins. */
function made({ effects }: Seen): readonly OrderScene[] {
  const spawns = effects.filter((effect): effect is Spawn<OrderInput> => effect.type === 'spawn');
  return spawns.map(({ input }) => given(orderMachine, input, STRATEGY_AT));
}
function said({ effects }: Seen, to: string): readonly OrderMessage[] {
  const sends = effects.filter((effect): effect is Send<OrderMessage> => effect.type === 'send' && effect.to === to);
  return sends.map(({ message }) => message);
}
function published({ effects }: Seen): readonly ExecReport[] {
  return effects.flatMap((effect) => (effect.type === 'publish' ? [effect.event as ExecReport] : []));
}
function working(order: OrderScene): OrderScene {
  const { clientOrderId, quantity, side } = order.context.order;
  const open = acked(word('open', '0', { clientOrderId, quantity, side }));
  return order.hears({ type: 'ReservationGranted' }, { type: 'SubmitGranted' }, open);
}

test('an order of every type begins from what the instance decides, and is acknowledged under its name', (t) => {
  const goodTillAt = STRATEGY_AT + 60_000;
  for (const change of [{}, STOP, { ...STOP, orderType: 'StopLimit', price: '91' }] as const) {
    const strategy = strategyIn('running').hears(place({ ...change, timeInForce: 'GTD', goodTillAt }));
    const [order] = made(strategy).map(working);
    const [report, ...more] = order === undefined ? [] : published(order);
    t.deepEqual(more, []);
    const heard = strategy.hears(...(report === undefined ? [] : [report]));
    t.like(heard.context.open[FIRST_ORDER], { ref: '1', state: 'ACK', quantity: '0.5' });
  }
});

test('the orders of a pair cancel each other by the ids they were given', (t) => {
  const [limit, stop] = made(strategyIn('running').hears(placePair()));
  const denied: OrderMessage = { type: 'ReservationDenied', code: 'RATE_OVER_LIMIT', reason: 'burst=3' };
  t.like(said(limit?.hears(denied) ?? { effects: [] }, `order/${SECOND_ORDER}`)[0], { type: 'CancelOrder' });
  t.like(said(stop?.hears(denied) ?? { effects: [] }, `order/${FIRST_ORDER}`)[0], { type: 'CancelOrder' });
});

test('an order learns of its partner from the instance, and cancels it when it ends', (t) => {
  const first = strategyIn('running').hears(place());
  const second = first.hears(place({ ...STOP, ref: '2', linkedTo: '1' }));
  const order = made(first)[0]?.hears(...said(second, `order/${FIRST_ORDER}`));
  t.true(order?.handled);
  const ended = order?.hears({ type: 'ReservationDenied', code: 'RATE_OVER_LIMIT', reason: 'burst=3' });
  t.like(said(ended ?? { effects: [] }, `order/${SECOND_ORDER}`)[0], { type: 'CancelOrder' });
});

test('new terms are understood by the order they are asked of', (t) => {
  const placed = strategyIn('running').hears(place());
  const asked = said(placed.hears(amend({ quantity: '0.4' })), `order/${FIRST_ORDER}`);
  t.is(asked.length, 1);
  for (const order of made(placed).map(working)) {
    const amended = order.hears(...asked);
    t.true(amended.handled);
    t.regex(JSON.stringify(amended.effects), /"type":"AmendRequested"/);
  }
});
