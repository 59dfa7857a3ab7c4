import { never, until } from '../support/binance.ts';
import { type Conformance, find, orderOf, place, refOf } from './case.ts';

export const SUBMITTING: readonly Conformance[] = [
  {
    number: 'C06',
    title: 'submit accepted',
    prerequisite: 'C01',
    action: 'submit a limit order that rests',
    events: 'one report, open',
    criterion: 'accepted with an id of the venue, its terms as they were decided, nothing filled; it is listed once',
    run: async (t, world) => {
      const opened = await world.open();
      const request = orderOf();
      const { order, executions } = await place(opened, request);
      t.like(order, { clientOrderId: request.clientOrderId, symbol: 'BTC-USDT', side: 'Buy', status: 'open' });
      t.like(order, { quantity: '0.01', price: '49000', filledQuantity: '0', orderType: 'Limit' });
      t.true(order.venueOrderId.length > 0);
      t.deepEqual(executions, []);
      const listed = await opened.session.openOrders(never);
      t.deepEqual(
        listed.map(({ venueOrderId }) => venueOrderId),
        [order.venueOrderId],
      );
      await until('its report', () => opened.listener.reports.length > 0);
      t.like(opened.listener.reports[0]?.order, { status: 'open', venueOrderId: order.venueOrderId });
    },
  },
  rejected('C07', 'submit rejected: funds', 'a buy of more than the account holds', { quantity: '3' }),
  rejected('C08', 'submit rejected: filter', 'less than the least quantity', { quantity: '0.000001' }),
  rejected('C09', 'submit rejected: tick', 'a price between two ticks', { price: '49000.001' }),
  {
    number: 'C10',
    title: 'duplicate client order id',
    prerequisite: 'an order rests',
    action: 'submit another one under its client order id',
    events: 'none for the second',
    criterion: 'unknown, never rejected: an order of that name stands. Asking finds it, and it is there once',
    run: async (t, world) => {
      const opened = await world.open();
      const request = orderOf();
      const { order } = await place(opened, request);
      const again = orderOf({ clientOrderId: request.clientOrderId });
      t.is((await opened.session.submit(again, never)).outcome, 'unknown');
      t.is((await find(opened, request)).order.venueOrderId, order.venueOrderId);
      t.is((await opened.session.openOrders(never)).length, 1);
    },
  },
  {
    number: 'C11',
    title: 'deadline passed',
    prerequisite: 'C01',
    action: 'submit an order whose deadline was a second ago',
    events: 'none',
    criterion: 'not sent, and the venue has never heard of it',
    unless: {
      lacks: 'request deadline',
      isLacking: ({ requestDeadline }) => !requestDeadline,
      criterion: 'it is sent, as there is no deadline to keep',
      run: async (t, world) => {
        const opened = await world.open();
        const signedAt = Date.now() - 10_000;
        const { order } = await place(opened, orderOf({ signedAt, deadlineAt: signedAt + 9_000 }));
        t.is(order.status, 'open');
      },
    },
    run: async (t, world) => {
      const opened = await world.open();
      const signedAt = Date.now() - 10_000;
      const request = orderOf({ signedAt, deadlineAt: signedAt + 9_000 });
      t.is((await opened.session.submit(request, never)).outcome, 'notSent');
      t.is((await opened.session.query(refOf(request), never)).outcome, 'notFound');
    },
  },
  {
    number: 'C12',
    title: 'late request',
    prerequisite: 'the next order is held up for two seconds on its way',
    action: 'submit an order with a second to go',
    events: 'none',
    criterion: 'never accepted: rejected or unknown; the venue does not take it, and asking afterwards says so',
    unless: {
      lacks: 'request deadline',
      isLacking: ({ requestDeadline }) => !requestDeadline,
      criterion: 'it is accepted, late',
      run: async (t, world) => {
        const opened = await world.open();
        await world.next('submit', { delayMs: 2_000 });
        const signedAt = Date.now();
        const { order } = await place(opened, orderOf({ signedAt, deadlineAt: signedAt + 1_000 }));
        t.is(order.status, 'open');
      },
    },
    run: async (t, world) => {
      const opened = await world.open();
      await world.next('submit', { delayMs: 2_000 });
      const signedAt = Date.now();
      const request = orderOf({ signedAt, deadlineAt: signedAt + 1_000 });
      const { outcome } = await opened.session.submit(request, never);
      t.true(outcome === 'rejected' || outcome === 'unknown', outcome);
      t.is((await opened.session.query(refOf(request), never)).outcome, 'notFound');
      t.deepEqual(await opened.session.openOrders(never), []);
    },
  },
  {
    number: 'C13',
    title: 'an order that cannot be sent',
    prerequisite: 'C01',
    action: 'submit with a client order id, a symbol and terms that the venue does not know',
    events: 'none',
    criterion: 'rejected as UNSENDABLE with what is allowed, and nothing leaves',
    run: async (t, world) => {
      const { session } = await world.open();
      const wrong = [
        { clientOrderId: 'not ours!' },
        { clientOrderId: 'x'.repeat(session.capabilities.clientOrderIdMax + 1) },
        { symbol: 'NOT-LISTED' },
        { price: null },
        { stopPrice: '1' },
        { postOnly: true, timeInForce: 'IOC' },
      ] as const;
      for (const change of wrong) {
        const outcome = await session.submit(orderOf(change), never);
        t.like(outcome, { outcome: 'rejected', code: 'UNSENDABLE' }, JSON.stringify(change));
        t.regex(outcome.outcome === 'rejected' ? outcome.reason : '', /allowed: /);
      }
      t.deepEqual(await session.openOrders(never), []);
    },
  },
  {
    number: 'C14',
    title: 'good till date',
    prerequisite: 'C01',
    action: 'submit a limit order with GTD',
    events: 'one report, open',
    criterion: 'it rests as GTC does: when it ends is decided by the order machine',
    run: async (t, world) => {
      const opened = await world.open();
      const { order } = await place(opened, orderOf({ timeInForce: 'GTD' }));
      t.is(order.status, 'open');
    },
  },
];

function rejected(number: string, title: string, action: string, change: Parameters<typeof orderOf>[0]): Conformance {
  return {
    number,
    title,
    prerequisite: 'C01',
    action: `submit ${action}`,
    events: 'none',
    criterion: "rejected with the venue's code and words, which hold no credential; no order is there",
    run: async (t, world) => {
      const { session } = await world.open();
      const request = orderOf(change);
      const outcome = await session.submit(request, never);
      t.is(outcome.outcome, 'rejected');
      if (outcome.outcome !== 'rejected') return;
      // By the venue, and not by us before anything was sent.
      t.false(['', 'UNSENDABLE'].includes(outcome.code), outcome.code);
      t.true(outcome.reason.length > 0);
      for (const secret of world.secrets) t.false(JSON.stringify(outcome).includes(secret));
      t.is((await session.query(refOf(request), never)).outcome, 'notFound');
    },
  };
}
