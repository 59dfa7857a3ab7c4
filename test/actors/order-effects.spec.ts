// The order's effects: whatever an exchange answers or fails with becomes exactly one message.
import test from 'ava';
import type { Capabilities, ExchangeSession } from '../../actors/exchanges/exchange.ts';
import { cancelOrder, type OrderPorts, queryOrder, submitOrder } from '../../actors/order/effects.ts';
import { orderActor } from '../../actors/order/index.ts';
import type { SubmitArgs } from '../../actors/order/messages.ts';
import type { EffectContext } from '../../actors/runtime/actor.ts';
import { fakeExchange } from '../support/fake-exchange.ts';
import { execution, word } from '../support/orders.ts';

const REF = { provider: 'paper', clientOrderId: 'a', symbol: 'BTC-USDT' };
const ARGS: SubmitArgs = {
  ...REF,
  side: 'Buy',
  orderType: 'Limit',
  timeInForce: 'GTC',
  postOnly: true,
  quantity: '1',
  price: '100',
  stopPrice: null,
  signedAt: 1_000,
  deadlineAt: 6_000,
};

const KEEPS: Capabilities = { ...fakeExchange().answers.capabilities, orderHistoryMs: null };

/** A session of which one method is there. */
function context(method: Partial<ExchangeSession> | null, capabilities = KEEPS): EffectContext<OrderPorts> {
  const session = { capabilities, ...method } as ExchangeSession;
  const find = (provider: string) => (provider === 'paper' && method !== null ? session : null);
  const signal = new AbortController().signal;
  return { key: 'order/a#3.1', actor: 'order/a', at: 1_000, attempt: 1, signal, ports: { exchanges: { find } } };
}

test('a submit passes the claim on as it was committed, and its answer back', async (t) => {
  const seen: object[] = [];
  const answer = await submitOrder.perform(ARGS, {
    ...context({
      submit: async (request) => {
        seen.push(request);
        return { outcome: 'accepted', order: word('open'), executions: [execution('1', '0.1')] };
      },
    }),
  });
  const { provider: _provider, ...request } = ARGS;
  t.deepEqual(seen, [request]);
  t.deepEqual(answer, { type: 'SubmitAcked', order: word('open'), executions: [execution('1', '0.1')] });
});

test('every outcome of a submit has its message', async (t) => {
  const outcomes = [
    [
      { outcome: 'rejected', code: '-1', reason: 'r' },
      { type: 'SubmitRejected', code: '-1', reason: 'r' },
    ],
    [
      { outcome: 'notSent', reason: 'r' },
      { type: 'SubmitNotSent', reason: 'r' },
    ],
    [
      { outcome: 'unknown', reason: 'r' },
      { type: 'SubmitUnknown', reason: 'r' },
    ],
  ] as const;
  for (const [outcome, message] of outcomes) {
    t.deepEqual(await submitOrder.perform(ARGS, context({ submit: async () => outcome })), message);
  }
});

test('row 8: an acceptance without an order id is unknown', async (t) => {
  const submit = async () => ({
    outcome: 'accepted' as const,
    order: word('open', '0', { venueOrderId: '' }),
    executions: [],
  });
  const answer = await submitOrder.perform(ARGS, context({ submit }));
  t.deepEqual(answer, { type: 'SubmitUnknown', reason: 'the venue accepted without an order id' });
});

test('every outcome of a cancel has its message, and a confirmation that changed nothing is unknown', async (t) => {
  const outcomes = [
    [
      { outcome: 'canceled', order: word('canceled') },
      { type: 'CancelAcked', order: word('canceled') },
    ],
    [
      { outcome: 'canceled', order: word('parked') },
      { type: 'CancelUnknown', reason: 'asked, and still open' },
    ],
    [
      { outcome: 'canceled', order: word('open') },
      { type: 'CancelUnknown', reason: 'asked, and still open' },
    ],
    [
      { outcome: 'rejected', code: '-1', reason: 'r' },
      { type: 'CancelRejected', code: '-1', reason: 'r' },
    ],
    [
      { outcome: 'unknown', reason: 'r' },
      { type: 'CancelUnknown', reason: 'r' },
    ],
  ] as const;
  for (const [outcome, message] of outcomes) {
    t.deepEqual(await cancelOrder.perform(REF, context({ cancel: async () => outcome })), message);
  }
});

test('every outcome of a question has its message', async (t) => {
  const outcomes = [
    [
      { outcome: 'found', order: word('open'), executions: [] },
      { type: 'OrderFound', order: word('open'), executions: [] },
    ],
    [
      { outcome: 'notFound', askedAt: 7 },
      { type: 'OrderNotFound', askedAt: 7 },
    ],
    [
      { outcome: 'unknown', reason: 'r' },
      { type: 'QueryFailed', reason: 'r' },
    ],
  ] as const;
  for (const [outcome, message] of outcomes) {
    t.deepEqual(await queryOrder.perform(REF, context({ query: async () => outcome })), message);
  }
});

test('"not found" says nothing of an order the venue may have forgotten', async (t) => {
  const forgets: Capabilities = { ...KEEPS, orderHistoryMs: 7_200_000, skewMs: 1_000 };
  const ask = (ageMs: number, signedAt = 1_000) => {
    const query: ExchangeSession['query'] = async () => ({ outcome: 'notFound', askedAt: signedAt + ageMs });
    return queryOrder.perform({ ...REF, signedAt }, context({ query }, forgets));
  };
  t.like(await ask(7_199_000), { type: 'OrderNotFound' });
  const reason = 'not found, and the venue forgets orders: ageMs=7199001, orderHistoryMs=7200000';
  t.deepEqual(await ask(7_199_001), { type: 'QueryFailed', reason });
});

test('without a session nothing was sent, and nothing is known', async (t) => {
  const reason = 'PROVIDER_NOT_READY: provider=paper, sessions=0';
  t.deepEqual(await submitOrder.perform(ARGS, context(null)), { type: 'SubmitNotSent', reason });
  t.deepEqual(await cancelOrder.perform(REF, context(null)), { type: 'CancelUnknown', reason });
  t.deepEqual(await queryOrder.perform(REF, context(null)), { type: 'QueryFailed', reason });
});

test('an effect that throws or times out is unknown; each is attempted once, the machine does the rest', (t) => {
  t.deepEqual(submitOrder.failed?.(ARGS, 'timeout'), { type: 'SubmitUnknown', reason: 'timeout' });
  t.deepEqual(cancelOrder.failed?.(REF, 'timeout'), { type: 'CancelUnknown', reason: 'timeout' });
  t.deepEqual(queryOrder.failed?.(REF, 'timeout'), { type: 'QueryFailed', reason: 'timeout' });
  for (const { attempts } of [submitOrder, cancelOrder, queryOrder]) t.is(attempts, 1);
});

test('after a crash a submit is never performed again: the order is told that it may have happened', (t) => {
  t.is(submitOrder.afterCrash, 'askFirst');
  t.deepEqual(submitOrder.interrupted?.(ARGS), { type: 'SubmitInterrupted' });
  t.deepEqual([cancelOrder.afterCrash, queryOrder.afterCrash], ['repeat', 'repeat']);
});

test('from strategies and operators an order hears cancels, and only well-formed ones', (t) => {
  t.deepEqual(Object.keys(orderActor.messages), ['CancelOrder', 'AmendOrder', 'DeclareAbsent']);
  const judge = (value: object) =>
    orderActor.messages['CancelOrder']?.['~standard'].validate(value) as { issues?: readonly object[] };
  t.is(judge({ type: 'CancelOrder', reason: 'the strategy stops' }).issues, undefined);
  for (const bad of [{ type: 'CancelOrder' }, { type: 'CancelOrder', reason: 'x'.repeat(201) }]) {
    t.truthy(judge(bad).issues);
  }
});
