import { never, until } from '../support/binance.ts';
import { type Conformance, find, orderOf, place, refOf } from './case.ts';

export const CANCELING: readonly Conformance[] = [
  {
    number: 'C21',
    title: 'cancel an open order',
    prerequisite: 'an order rests',
    action: 'cancel by client order id, then again',
    events: 'two reports: open, canceled',
    criterion: 'canceled; the second cancel is rejected, a question; asking says canceled, and it is listed no more',
    run: async (t, world) => {
      const opened = await world.open();
      const { session, listener } = opened;
      const request = orderOf();
      await place(opened, request);
      const outcome = await session.cancel(refOf(request), never);
      t.like(outcome, { outcome: 'canceled', order: { clientOrderId: request.clientOrderId, status: 'canceled' } });
      t.is((await session.cancel(refOf(request), never)).outcome, 'rejected');
      t.is((await find(opened, request)).order.status, 'canceled');
      t.deepEqual(await session.openOrders(never), []);
      await until('both reports', () => listener.reports.length >= 2);
      t.deepEqual(
        listener.reports.map(({ order }) => `${order.clientOrderId} ${order.status}`),
        [`${request.clientOrderId} open`, `${request.clientOrderId} canceled`],
      );
    },
  },
  {
    number: 'C22',
    title: 'cancel a filled order',
    prerequisite: 'an order is filled',
    action: 'cancel it, then ask',
    events: 'none for the cancel',
    criterion: 'rejected, never canceled; asking says filled',
    run: async (t, world) => {
      const opened = await world.open();
      const request = orderOf();
      await place(opened, request);
      await world.others('Sell', '49000.0', '0.01');
      t.is((await opened.session.cancel(refOf(request), never)).outcome, 'rejected');
      t.is((await find(opened, request)).order.status, 'filled');
    },
  },
  {
    number: 'C23',
    title: 'cancel an unknown order',
    prerequisite: 'C01',
    action: 'cancel an order that nobody placed',
    events: 'none',
    criterion: 'rejected: a question, not an answer',
    run: async (t, world) => {
      const { session } = await world.open();
      t.is((await session.cancel(refOf(orderOf()), never)).outcome, 'rejected');
    },
  },
  {
    number: 'C24',
    title: 'cancel with a lost answer',
    prerequisite: 'an order rests; the next cancel is done, and its answer is cut off',
    action: 'cancel, then ask',
    events: 'a report, canceled',
    criterion: 'unknown; asking says canceled',
    run: async (t, world) => {
      const opened = await world.open();
      const request = orderOf();
      await place(opened, request);
      await world.next('cancel', 'lostAnswer');
      t.is((await opened.session.cancel(refOf(request), never)).outcome, 'unknown');
      t.is((await find(opened, request)).order.status, 'canceled');
    },
  },
  {
    number: 'C25',
    title: 'cancel that never arrived',
    prerequisite: 'an order rests; the next cancel is cut off before the venue acts',
    action: 'cancel, ask, cancel again',
    events: 'a report, canceled',
    criterion: 'unknown; asking says open; the second cancel cancels',
    run: async (t, world) => {
      const opened = await world.open();
      const request = orderOf();
      await place(opened, request);
      await world.next('cancel', 'lostRequest');
      t.is((await opened.session.cancel(refOf(request), never)).outcome, 'unknown');
      t.is((await find(opened, request)).order.status, 'open');
      t.is((await opened.session.cancel(refOf(request), never)).outcome, 'canceled');
    },
  },
  {
    number: 'C26',
    title: "cancel by the venue's id",
    prerequisite: 'an order rests that somebody placed by hand',
    action: "cancel by the venue's id",
    events: 'a report, canceled',
    criterion: 'canceled, whatever its client order id is',
    run: async (t, world) => {
      const { session } = await world.open();
      const venueOrderId = await world.byHand('Buy', '48000.0', '0.01');
      const ref = { clientOrderId: 'notused', symbol: 'BTC-USDT', venueOrderId };
      t.like(await session.cancel(ref, never), { outcome: 'canceled', order: { venueOrderId, status: 'canceled' } });
      t.deepEqual(await session.openOrders(never), []);
    },
  },
];
