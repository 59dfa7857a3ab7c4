import { never, until } from '../support/binance.ts';
import { type Conformance, find, orderOf, place, refOf } from './case.ts';

const UNLESS: Conformance['unless'] = {
  lacks: 'amend',
  isLacking: ({ amend }) => amend === 'none',
  criterion: 'rejected as AMEND_UNSUPPORTED; the order stands as it was',
  run: async (t, world) => {
    const opened = await world.open();
    const request = orderOf({ quantity: '0.03' });
    await place(opened, request);
    const outcome = await opened.session.amend({ ...refOf(request), quantity: '0.01', price: '49000.0' }, never);
    t.like(outcome, { outcome: 'rejected', code: 'AMEND_UNSUPPORTED' });
    t.like((await find(opened, request)).order, { status: 'open', quantity: '0.03' });
  },
};

export const AMENDING: readonly Conformance[] = [
  {
    number: 'C37',
    title: 'amend: a smaller quantity',
    prerequisite: 'an order for 0.03 rests',
    action: 'amend it to 0.01',
    events: 'a report with the new quantity',
    criterion: 'amended; both its ids stay; asking says 0.01, and others can take no more',
    unless: UNLESS,
    run: async (t, world) => {
      const opened = await world.open();
      const request = orderOf({ quantity: '0.03' });
      const { order } = await place(opened, request);
      const terms = { ...refOf(request), quantity: '0.01', price: '49000.0' };
      const { clientOrderId, venueOrderId } = order;
      const amended = { clientOrderId, venueOrderId, quantity: '0.01', status: 'open', price: '49000' } as const;
      t.like(await opened.session.amend(terms, never), { outcome: 'amended', order: amended });
      t.like((await find(opened, request)).order, amended);
      await until('its report', () => opened.listener.reports.some((report) => report.order.quantity === '0.01'));
      t.like(opened.listener.reports.at(-1)?.order, amended);
      await world.others('Sell', '49000.0', '0.02');
      t.like((await find(opened, request)).order, { status: 'filled', filledQuantity: '0.01' });
    },
  },
  {
    number: 'C38',
    title: 'amend: more, or another price',
    prerequisite: 'an order for 0.03 rests at 49000',
    action: 'amend it to 0.04, and to a price of 48000',
    events: 'none',
    criterion: 'rejected as AMEND_UNSUPPORTED; the order stands as it was',
    unless: { ...UNLESS, lacks: 'amend', isLacking: ({ amend }) => amend === 'none' },
    run: async (t, world) => {
      const opened = await world.open();
      const request = orderOf({ quantity: '0.03' });
      await place(opened, request);
      for (const terms of [
        { quantity: '0.04', price: '49000' },
        { quantity: '0.01', price: '48000' },
      ]) {
        const outcome = await opened.session.amend({ ...refOf(request), ...terms }, never);
        t.like(outcome, { outcome: 'rejected', code: 'AMEND_UNSUPPORTED' });
      }
      t.like((await find(opened, request)).order, { status: 'open', quantity: '0.03', price: '49000' });
      await until('its report', () => opened.listener.reports.length > 0);
      t.is(opened.listener.reports.length, 1);
    },
  },
  {
    number: 'C39',
    title: 'amend refused',
    prerequisite: 'one order is filled, 0.02 of another, and a third was never placed',
    action: 'amend each to 0.01',
    events: 'none',
    criterion: 'rejected: a question, not an answer; nothing changes',
    unless: UNLESS,
    run: async (t, world) => {
      const opened = await world.open();
      const [filled, partly, absent] = [orderOf({ quantity: '0.02' }), orderOf({ quantity: '0.03' }), orderOf()];
      await place(opened, filled);
      await place(opened, partly);
      await world.others('Sell', '49000.0', '0.04');
      for (const request of [filled, partly, absent]) {
        const outcome = await opened.session.amend({ ...refOf(request), quantity: '0.01', price: '49000.0' }, never);
        t.is(outcome.outcome, 'rejected');
      }
      t.like((await find(opened, partly)).order, { status: 'open', quantity: '0.03', filledQuantity: '0.02' });
    },
  },
  {
    number: 'C40',
    title: 'amend with a lost answer',
    prerequisite: 'an order for 0.03 rests; the next amend is done, and its answer is cut off',
    action: 'amend it to 0.01, ask, amend it to 0.01 again',
    events: 'a report with the new quantity',
    criterion: 'unknown; asking says 0.01; the second time it is amended, as it has these terms already',
    unless: UNLESS,
    run: async (t, world) => {
      const opened = await world.open();
      const request = orderOf({ quantity: '0.03' });
      await place(opened, request);
      await world.next('amend', 'lostAnswer');
      const terms = { ...refOf(request), quantity: '0.01', price: '49000.0' };
      t.is((await opened.session.amend(terms, never)).outcome, 'unknown');
      t.like((await find(opened, request)).order, { status: 'open', quantity: '0.01' });
      t.like(await opened.session.amend(terms, never), { outcome: 'amended', order: { quantity: '0.01' } });
    },
  },
];
