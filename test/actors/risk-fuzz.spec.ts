// Risk under anything, and orders and risk together: the limits hold, and what was reserved comes back.
import test from 'ava';
import fc from 'fast-check';
import { add, format, parse, sub } from '../../actors/market/decimal.ts';
import type { OrderMessage } from '../../actors/order/messages.ts';
import type { Book } from '../../actors/risk/exposure.ts';
import type { RiskMessage } from '../../actors/risk/messages.ts';
import {
  acked,
  cancel,
  execution,
  FENCE_AT,
  found,
  notFound,
  type OrderScene,
  reported,
  unknown,
  word,
} from '../support/orders.ts';
import { amends, filled, price, type RiskScene, released, risk, wants } from '../support/risks.ts';
import { TradeWorld } from '../support/trade-world.ts';

const LIMIT = '3';
const ids = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const sides = fc.constantFrom<'Buy' | 'Sell'>('Buy', 'Sell');
const quantities = fc.constantFrom('0.1', '0.5', '1', '1.4', '2.9');

const requests = fc
  .record({ id: ids, side: sides, quantity: quantities })
  .map(({ id, side, quantity }): RiskMessage => wants(id + side, { side, quantity }));
const anything: fc.Arbitrary<RiskMessage> = fc.oneof(
  { weight: 4, arbitrary: requests },
  fc.record({ id: ids, side: sides }).map(({ id, side }) => released(id + side)),
  fc
    .record({ id: ids, side: sides, quantity: quantities })
    .map(({ id, side, quantity }) => filled(id + side, quantity, side)),
  fc
    .record({ id: ids, side: sides, quantity: quantities })
    .map(({ id, side, quantity }): RiskMessage => amends(id + side, { side, quantity })),
  fc.record({ id: ids, side: sides, quantity: quantities }).map(({ id, side, quantity }): RiskMessage => {
    return { type: 'ReservationAmended', clientOrderId: id + side, provider: 'paper', symbol: 'BTC-USDT', quantity };
  }),
  fc.constantFrom<RiskMessage>(price('100'), price('250'), { type: 'EngageKillSwitch', reason: 'drill' }),
);

function sum(amounts: readonly string[]): string {
  return format(amounts.map(parse).reduce(add, 0n));
}

function bookIn({ context }: RiskScene): Book | undefined {
  return context.exposure.books['paper:BTC-USDT'];
}

/** A fill of a granted order never takes more than is left of it, and an amend leaves no more than was granted. */
function honest(scene: RiskScene, message: RiskMessage): boolean {
  if (message.type !== 'ExposureFilled' && message.type !== 'ReservationAmended') return true;
  const left = bookIn(scene)?.open[message.clientOrderId]?.left;
  return left !== undefined && parse(message.quantity) <= parse(left);
}

test('with every granted order filled no position passes its limit, whatever was asked in whatever order', (t) => {
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 60, size: 'max' }), (messages) => {
      let scene = risk({ maxPositionSize: LIMIT, maxRiskBreaches: 0 });
      for (const message of messages) {
        if (!honest(scene, message)) continue;
        scene = scene.hears(message);
        const book = bookIn(scene);
        if (book === undefined) continue;
        t.true(add(parse(book.position), parse(book.buys)) <= parse(LIMIT));
        t.true(sub(parse(book.position), parse(book.sells)) >= -parse(LIMIT));
      }
    }),
    { numRuns: 200 },
  );
});

test('a book is the sum of its orders, also under fills nobody granted', (t) => {
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 60, size: 'max' }), (messages) => {
      const scene = risk({ killSwitchEnabled: false }).hears(...messages);
      t.true(scene.handled);
      const book = bookIn(scene);
      const open = Object.values(book?.open ?? {});
      t.is(scene.context.exposure.orders, open.length);
      t.is(book?.orders ?? 0, open.length);
      for (const [side, total] of [
        ['Buy', book?.buys],
        ['Sell', book?.sells],
      ] as const) {
        t.is(total ?? '0', sum(open.filter((one) => one.side === side).map(({ left }) => left)));
      }
    }),
    { numRuns: 200 },
  );
});

test('under a restriction no position grows, whatever is granted and filled', (t) => {
  const restricted: RiskMessage = { type: 'RestrictTrading', provider: 'paper', symbol: null, reason: 'drill' };
  fc.assert(
    fc.property(quantities, sides, fc.array(anything, { maxLength: 40, size: 'max' }), (held, side, messages) => {
      let scene = risk({ killSwitchEnabled: false }).hears(filled('x', held, side), restricted);
      for (const message of messages) {
        if (!honest(scene, message)) continue;
        const before = parse(bookIn(scene)?.position ?? '0');
        scene = scene.hears(message);
        const after = parse(bookIn(scene)?.position ?? '0');
        t.true(before < 0n ? after >= before && after <= 0n : after <= before && after >= 0n);
      }
    }),
    { numRuns: 200 },
  );
});

test('the kill switch never clears itself: only a named release ends it', (t) => {
  const late = fc.tuple(anything, fc.nat(10 ** 9));
  fc.assert(
    fc.property(fc.array(late, { minLength: 1, maxLength: 40 }), (steps) => {
      let scene = risk({ maxPositionSize: LIMIT }).hears({ type: 'EngageKillSwitch', reason: 'drill' });
      let at = 20_000;
      for (const [message, later] of steps) {
        at += later;
        scene = scene.at(at).hears(message);
        t.is(scene.state, 'halted');
        t.false(scene.effects.some((effect) => effect.type === 'send' && effect.message.type === 'ReservationGranted'));
      }
      t.is(scene.hears({ type: 'ReleaseKillSwitch', by: 'ada' }).state, 'active');
    }),
    { numRuns: 100 },
  );
});

const names = ['o1', 'o2', 'o3'];
const orderWords = fc.record({
  status: fc.constantFrom<'open' | 'filled' | 'canceled' | 'expired' | 'rejected'>(
    'open',
    'open',
    'open',
    'filled',
    'canceled',
    'expired',
    'rejected',
  ),
  filled: fc.constantFrom('0', '0.25', '0.5', '1'),
});
const orderFills = fc.record({ id: fc.nat(4), quantity: fc.constantFrom('0.25', '0.5', '1') });
const news: fc.Arbitrary<OrderMessage> = fc.oneof(
  fc
    .tuple(orderWords, fc.option(orderFills))
    .map(([{ status, filled: count }, fill]) =>
      reported(word(status, count), fill === null ? null : execution(`${fill.id}`, fill.quantity)),
    ),
  fc.constantFrom<OrderMessage>(
    acked(),
    unknown,
    cancel,
    notFound(FENCE_AT + 1),
    { type: 'SubmitNotSent', reason: 'x' },
    { type: 'SubmitRejected', code: 'x', reason: 'x' },
  ),
);

/** A word about this order says its side. */
function ofSide({ orders }: TradeWorld, name: string, message: OrderMessage): OrderMessage {
  const side = orders.get(name)?.context.order.side ?? 'Buy';
  return 'order' in message ? { ...message, order: { ...message.order, side } } : message;
}

/** The venue's last word: canceled, with every execution it has counted. */
function lastWord(scene: OrderScene): OrderMessage {
  const { venueFilled, filled: taken } = scene.context;
  const missing = sub(parse(venueFilled), parse(taken));
  const order = word('canceled', missing > 0n ? venueFilled : taken);
  return missing > 0n ? found(order, execution('last', format(missing))) : found(order);
}

test('when all orders have ended, nothing is reserved and the position is the sum of their executions', (t) => {
  const step = fc.record({ name: fc.constantFrom(...names), message: news });
  fc.assert(
    fc.property(
      fc.array(sides, { minLength: 3, maxLength: 3 }),
      fc.array(step, { maxLength: 40, size: 'max' }),
      (chosen, steps) => {
        const world = new TradeWorld(risk({ killSwitchEnabled: false, maxConcurrentOrders: 2 }));
        for (const [index, name] of names.entries()) world.place(name, { side: chosen[index] ?? 'Buy' });
        const say = (name: string, message: OrderMessage): void => world.tell(name, ofSide(world, name, message));
        for (const { name, message } of steps) say(name, message);
        for (const [name, scene] of world.orders) if (!scene.resting) say(name, lastWord(scene));
        const positions = [...world.orders.values()].map(({ context }) =>
          context.order.side === 'Buy' ? context.filled : `-${context.filled}`,
        );
        for (const scene of world.orders.values()) t.true(scene.resting, scene.state);
        t.is(world.risk.context.exposure.orders, 0);
        const book = bookIn(world.risk);
        t.deepEqual([book?.position ?? '0', book?.buys ?? '0', book?.sells ?? '0'], [sum(positions), '0', '0']);
      },
    ),
    { numRuns: 200 },
  );
});
