// Orders at the venue that nobody here placed: adopted with an actor of their own, passed on, and alarmed once.
import test from 'ava';
import fc from 'fast-check';
import { clientOrderId, externalOrderId } from '../../actors/market/client-order-id.ts';
import type { VenueOrder } from '../../actors/market/execution.ts';
import type { OrderInput } from '../../actors/order/messages.ts';
import { type Effect, record, send, spawn } from '../../actors/runtime/effect.ts';
import {
  connected,
  foreign,
  PROVIDER_STATES,
  providerIn,
  reconciled,
  STARTED_AT,
  seenExternal,
  submit,
} from '../support/providers.ts';

const KEY = 'order/extpapero77';
const ORDER = foreign('web1', '77');
const FILL = {
  ...{ tradeId: '5', venueOrderId: '77', quantity: '0.4', price: '100' },
  ...{ fee: null, feeAsset: null, liquidity: null, tradedAt: 1 },
};
const INPUT: OrderInput = {
  ...{ clientOrderId: 'extpapero77', provider: 'paper', venue: 'PAPER', account: 'main', symbol: 'BTC-USDT' },
  ...{ side: 'Buy', quantity: '1', price: '100', orderType: 'Limit', timeInForce: 'GTC', postOnly: false },
  ...{ stopPrice: null, asked: { quantity: '1', price: '100' }, goodTillAt: null, amends: 'none', linkedTo: null },
  ...{ replaces: null, external: { clientOrderId: 'web1', venueOrderId: '77' }, strategyInstance: 'EXTERNAL' },
  ...{ riskScope: 'firm', placedAt: STARTED_AT, recvWindowMs: 0, fenceMarginMs: 0 },
};

function alarm(action: string, order: VenueOrder): Effect {
  const { clientOrderId, venueOrderId, symbol, side, quantity, rawStatus } = order;
  const detail = { provider: 'paper', clientOrderId, venueOrderId, symbol, side, quantity, rawStatus };
  return record({ table: 'audit_log', actor: 'provider/paper', action, detail: JSON.stringify(detail) });
}
function reported(order: VenueOrder, change: object = {}): Effect {
  return send(KEY, { type: 'OrderReported', order, execution: null, reason: null, ...change });
}

test('an order of somebody else gets an actor of its own, is told what the venue says, and is reconciled', (t) => {
  const adopted = providerIn('running.ready.settled').hears(seenExternal(ORDER));
  t.deepEqual(adopted.effects, [alarm('ExternalOrderSeen', ORDER), spawn(KEY, INPUT), reported(ORDER)]);
  t.is(adopted.context.external.count, 1);

  const filled = { ...ORDER, filledQuantity: '0.4' };
  const again = adopted.hears(seenExternal(filled, { execution: FILL, reason: 'trade' }));
  t.deepEqual(again.effects, [reported(filled, { execution: FILL, reason: 'trade' })]);

  const asked = adopted.waits('nextRound').hears(reconciled(1, 2));
  t.deepEqual(asked.effects, [send(KEY, { type: 'ReconcileRequested' })]);
  t.deepEqual(adopted.hears({ type: 'OrderClosed', clientOrderId: 'extpapero77' }).context.live, {});
});

test('what the venue does not say of an order of somebody else is taken from what it says', (t) => {
  const input = (order: VenueOrder): OrderInput | null => {
    const { effects } = providerIn('running.ready.settled').hears(seenExternal(order));
    const spawned = effects.find((effect) => effect.type === 'spawn');
    return spawned?.type === 'spawn' ? (spawned.input as OrderInput) : null;
  };
  t.is(input({ ...ORDER, price: null })?.orderType, 'Market');
  const stop = { ...ORDER, status: 'parked', orderType: 'StopLimit', stopPrice: '90' } as const;
  t.like(input(stop), { orderType: 'StopLimit', stopPrice: '90' });
});

test('an order that is over is adopted for its fills alone, and is not waited for', (t) => {
  const over = { ...ORDER, status: 'canceled' } as const;
  const unfilled = providerIn('running.ready.settled').hears(seenExternal(over));
  t.deepEqual(unfilled.effects, [alarm('ExternalOrderSeen', over)]);
  const filled = { ...over, filledQuantity: '0.4' };
  const adopted = providerIn('running.ready.settled').hears(seenExternal(filled));
  t.deepEqual(adopted.effects.slice(1), [spawn(KEY, INPUT), reported(filled)]);
  t.deepEqual(adopted.context.live, {});
  // A fill the venue takes back is of an order with a fill.
  const busted = { tradeId: '5', venueOrderId: '77' };
  const back = providerIn('running.ready.settled').hears(seenExternal(over, { busted }));
  t.deepEqual(back.effects.slice(1), [spawn(KEY, INPUT), reported(over, { busted })]);
});

test('a report that comes after the end of an order of somebody else does not make it live again', (t) => {
  const closed = providerIn('running.ready.settled')
    .hears(seenExternal(ORDER))
    .hears({ type: 'OrderClosed', clientOrderId: 'extpapero77' });
  const late = closed.hears(seenExternal(ORDER));
  t.deepEqual(late.effects, [spawn(KEY, INPUT), reported(ORDER)]);
  t.deepEqual(late.context.live, {});
});

test('an order nobody here would count is written to the audit log once and left alone', (t) => {
  const seen = providerIn('running.ready.settled').hears(seenExternal(ORDER, { riskScope: null }));
  t.deepEqual(seen.effects, [alarm('ExternalOrderSeen', ORDER)]);
  t.deepEqual(seen.hears(seenExternal(ORDER, { riskScope: null })).effects, []);
});

test('an order under an id of ours that nobody knows is alarmed, adopted, and only smaller positions pass', (t) => {
  const id = clientOrderId('dep1mm', 7);
  const order = foreign(id, '77');
  const adopted = providerIn('running.ready.settled').hears(seenExternal(order));
  const reason = `ORDER_OF_OURS_UNKNOWN: clientOrderId=${id}, venueOrderId=77`;
  t.deepEqual(adopted.effects, [
    alarm('ExternalOrderSeen', order),
    alarm('ORDER_OF_OURS_UNKNOWN', order),
    send('risk/firm', { type: 'RestrictTrading', provider: 'paper', symbol: null, reason }),
    spawn(KEY, { ...INPUT, external: { clientOrderId: id, venueOrderId: '77' } }),
    reported(order),
  ]);
  t.deepEqual(adopted.hears(seenExternal(order)).effects, [reported(order)]);

  const other = providerIn('starting').hears(connected(1, { orderPrefix: 'dep2' }), reconciled(1, 1));
  t.is(other.hears(seenExternal(order)).effects.length, 3, 'of another deployment');
  const same = providerIn('starting').hears(connected(1, { orderPrefix: 'dep1' }), reconciled(1, 1));
  t.is(same.hears(seenExternal(order)).effects.length, 5);
});

test('a round adopts the orders it finds, with the executions it found', (t) => {
  const order = { ...ORDER, filledQuantity: '0.4' };
  const asking = providerIn('running.ready.settled').waits('nextRound');
  const found = [{ id: null, order, executions: [FILL] }];
  const adopted = asking.hears(reconciled(1, 2, { found, missing: 1 }));
  t.is(adopted.state, 'running.reconciling.catchingUp');
  t.deepEqual(adopted.effects.slice(0, 3), [
    alarm('ExternalOrderSeen', order),
    spawn(KEY, { ...INPUT, placedAt: STARTED_AT + 30_000 }),
    reported(order, { execution: FILL }),
  ]);
  t.is(adopted.context.rounds.last?.adopted, 1);
});

test('an order a round lists as open after its end was heard is asked about when it is not listed any more', (t) => {
  const over = { ...ORDER, status: 'canceled' } as const;
  const asking = providerIn('running.ready.settled').waits('nextRound').hears(seenExternal(over));
  const adopted = asking.hears(reconciled(1, 2, { found: [{ id: null, order: ORDER, executions: [] }] }));
  t.deepEqual(Object.keys(adopted.context.live), ['extpapero77']);
  const next = adopted.waits('nextRound').hears(reconciled(1, 3));
  t.deepEqual(next.effects, [send(KEY, { type: 'ReconcileRequested' })]);
});

test('orders of others are heard of in every state; before the first connection the round after it finds them', (t) => {
  for (const state of PROVIDER_STATES) {
    const before = providerIn(state);
    const after = before.hears(seenExternal(ORDER));
    t.true(after.handled, state);
    t.is(after.state, before.state, state);
    t.is(after.effects.length, before.context.link === null ? 0 : 3, state);
  }
});

test('no two orders share an id, whatever provider and venue call their own', (t) => {
  t.is(externalOrderId('paper', '77'), 'extpapero77');
  t.regex(externalOrderId('my-okx_2', '8f3a-Zo'), /^[A-Za-z0-9]+$/);
  t.not(externalOrderId('a-b', '1'), externalOrderId('ab', '1'));
  t.not(externalOrderId('a', 'o2'), externalOrderId('ao', '2'));
  const name = fc.stringMatching(/^[aoz0-]{1,4}$/);
  const id = fc.stringMatching(/^[aoz0_]{1,4}$/);
  fc.assert(
    fc.property(name, id, name, id, (p1, v1, p2, v2) => {
      const same = p1 === p2 && v1 === v2;
      return (externalOrderId(p1, v1) === externalOrderId(p2, v2)) === same;
    }),
    { numRuns: 2_000 },
  );
});

test('an order of somebody else is not granted anything: the gate counts it like ours', (t) => {
  const adopted = providerIn('running.ready.settled').hears(seenExternal(ORDER));
  t.deepEqual(Object.keys(adopted.hears(submit('a1')).context.live).sort(), ['a1', 'extpapero77']);
});
