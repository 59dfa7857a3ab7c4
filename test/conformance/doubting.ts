import { never } from '../support/binance.ts';
import { type Conformance, find, orderOf, place, refOf } from './case.ts';

export const DOUBTING: readonly Conformance[] = [
  {
    number: 'C15',
    title: 'lost answer',
    prerequisite: 'the next order is taken, and its answer is cut off',
    action: 'submit, then ask',
    events: 'one report, open',
    criterion: 'unknown; it was sent once, and asking finds it',
    run: async (t, world) => {
      const opened = await world.open();
      await world.next('submit', 'lostAnswer');
      const request = orderOf();
      t.is((await opened.session.submit(request, never)).outcome, 'unknown');
      t.is((await find(opened, request)).order.status, 'open');
      t.is((await opened.session.openOrders(never)).length, 1);
    },
  },
  {
    number: 'C16',
    title: 'lost request',
    prerequisite: 'the next order is cut off before the venue acts',
    action: 'submit, then ask',
    events: 'none',
    criterion:
      'unknown as in C15, for the two look alike; asking says not found, as of a time after the question began',
    run: async (t, world) => {
      const { session } = await world.open();
      await world.next('submit', 'lostRequest');
      const request = orderOf();
      t.is((await session.submit(request, never)).outcome, 'unknown');
      const askedFrom = Date.now();
      const answer = await session.query(refOf(request), never);
      t.is(answer.outcome, 'notFound');
      t.true(answer.outcome === 'notFound' && answer.askedAt >= askedFrom && answer.askedAt <= Date.now());
    },
  },
  {
    number: 'C17',
    title: 'an answer that says nothing',
    prerequisite: 'the next order is taken, and answered as by a busy server',
    action: 'submit, then ask',
    events: 'one report, open',
    criterion: 'unknown, and asking finds it',
    run: async (t, world) => {
      const opened = await world.open();
      await world.next('submit', 'busy');
      const request = orderOf();
      t.is((await opened.session.submit(request, never)).outcome, 'unknown');
      t.is((await find(opened, request)).order.status, 'open');
    },
  },
  {
    number: 'C18',
    title: 'the venue goes away',
    prerequisite: 'C01, then nobody listens any more',
    action: 'submit and ask',
    events: 'disconnected',
    criterion:
      'unknown until the loss is noticed, then not sent, as no byte leaves; asking is unknown, not "not found"',
    run: async (t, world) => {
      const { session } = await world.open();
      await world.away();
      const outcomes: string[] = [];
      // A kept connection may be written to until its end is heard of.
      while (outcomes.at(-1) !== 'notSent' && outcomes.length < 50) {
        outcomes.push((await session.submit(orderOf(), never)).outcome);
      }
      t.is(outcomes.at(-1), 'notSent');
      t.true(
        outcomes.slice(0, -1).every((outcome) => outcome === 'unknown'),
        outcomes.join(),
      );
      t.is((await session.query(refOf(orderOf()), never)).outcome, 'unknown');
    },
  },
  {
    number: 'C19',
    title: 'never sent',
    prerequisite: 'C01',
    action: 'ask for an order that nobody placed',
    events: 'none',
    criterion: 'not found',
    run: async (t, world) => {
      const { session } = await world.open();
      t.is((await session.query(refOf(orderOf()), never)).outcome, 'notFound');
    },
  },
  {
    number: 'C20',
    title: 'called off',
    prerequisite: 'C01',
    action: 'submit with a signal that is aborted already',
    events: 'none',
    criterion: 'not sent, and the session goes on',
    run: async (t, world) => {
      const opened = await world.open();
      const request = orderOf();
      t.is((await opened.session.submit(request, AbortSignal.abort())).outcome, 'notSent');
      t.is((await opened.session.query(refOf(request), never)).outcome, 'notFound');
      await place(opened, orderOf());
    },
  },
];
