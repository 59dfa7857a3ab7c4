import type { Capabilities } from '../../actors/exchanges/exchange.ts';
import { never, until } from '../support/binance.ts';
import { type Conformance, find, orderOf, place, refOf, type World } from './case.ts';
import { fillsOf } from './filling.ts';

const UNLESS: Conformance['unless'] = {
  lacks: 'stop orders',
  isLacking: ({ orderTypes }: Capabilities) => !orderTypes.includes('Stop') || !orderTypes.includes('StopLimit'),
  criterion: 'both kinds are rejected as UNSENDABLE, and nothing leaves',
  run: async (t, world) => {
    const { session } = await world.open();
    for (const change of [STOP, { ...STOP, orderType: 'StopLimit', price: '51500.0' } as const]) {
      t.like(await session.submit(orderOf(change), never), { outcome: 'rejected', code: 'UNSENDABLE' });
    }
    t.deepEqual(await session.openOrders(never), []);
  },
};
const STOP = { orderType: 'Stop', price: null, stopPrice: '51000.0' } as const;

export const STOPPING: readonly Conformance[] = [
  {
    number: 'C33',
    title: 'stop parked, then triggered',
    prerequisite: 'the last trade was at 50000',
    action: 'submit a buy stop at 51000; then others trade at 51000',
    events: 'a report, parked; after the trade, reports up to filled',
    criterion: 'parked with type and stop price in answer, query, list and stream; then filled at what is there',
    unless: UNLESS,
    run: async (t, world) => {
      const opened = await world.open();
      const { session, listener } = opened;
      await trade(world, '50000.0');
      const request = orderOf(STOP);
      const parked = {
        status: 'parked',
        orderType: 'Stop',
        stopPrice: '51000',
        price: null,
        filledQuantity: '0',
      } as const;
      t.like((await place(opened, request)).order, parked);
      t.like((await find(opened, request)).order, parked);
      t.like((await session.openOrders(never))[0], parked);
      await until('its report', () => listener.reports.length > 0);
      t.like(listener.reports[0]?.order, parked);
      await world.others('Sell', '51000.0', '0.02');
      await world.others('Buy', '51000.0', '0.01');
      await until('the end', () => listener.reports.at(-1)?.order.status === 'filled');
      t.deepEqual(
        fillsOf(opened).map(({ quantity, price }) => `${quantity}@${price}`),
        ['0.01@51000'],
      );
      t.like((await find(opened, request)).order, { status: 'filled', filledQuantity: '0.01', orderType: 'Stop' });
    },
  },
  {
    number: 'C34',
    title: 'stop limit on both sides',
    prerequisite: 'the last trade was at 50000',
    action: 'submit a buy stop limit above and a sell stop limit below; then others trade at either stop price',
    events: 'reports: parked, then open',
    criterion: 'each rests at its own price once its stop was traded, and not before',
    unless: UNLESS,
    run: async (t, world) => {
      const opened = await world.open();
      await trade(world, '50000.0');
      const buy = orderOf({ orderType: 'StopLimit', stopPrice: '51000.0', price: '50500.0' });
      const sell = orderOf({ side: 'Sell', orderType: 'StopLimit', stopPrice: '49000.0', price: '52000.0' });
      for (const request of [buy, sell]) t.is((await place(opened, request)).order.status, 'parked');
      await trade(world, '50900.0');
      t.is((await find(opened, buy)).order.status, 'parked');
      await trade(world, '51000.0');
      t.like((await find(opened, buy)).order, { status: 'open', price: '50500', orderType: 'StopLimit' });
      t.is((await find(opened, sell)).order.status, 'parked');
      t.is((await opened.session.cancel(refOf(buy), never)).outcome, 'canceled');
      await trade(world, '49000.0');
      t.like((await find(opened, sell)).order, { status: 'open', price: '52000', stopPrice: '49000' });
    },
  },
  {
    number: 'C35',
    title: 'a stop the market has passed',
    prerequisite: 'the last trade was at 50000',
    action: 'submit a buy stop at 49500',
    events: 'none',
    criterion: "rejected with the venue's words, and no order is there",
    unless: UNLESS,
    run: async (t, world) => {
      const { session } = await world.open();
      await trade(world, '50000.0');
      const request = orderOf({ ...STOP, stopPrice: '49500.0' });
      t.is((await session.submit(request, never)).outcome, 'rejected');
      t.is((await session.query(refOf(request), never)).outcome, 'notFound');
    },
  },
  {
    number: 'C36',
    title: 'cancel a parked stop',
    prerequisite: 'a stop order is parked',
    action: 'cancel it',
    events: 'reports: parked, canceled',
    criterion: 'canceled, and a trade at its price wakes nothing',
    unless: UNLESS,
    run: async (t, world) => {
      const opened = await world.open();
      await trade(world, '50000.0');
      const request = orderOf(STOP);
      await place(opened, request);
      t.is((await opened.session.cancel(refOf(request), never)).outcome, 'canceled');
      await trade(world, '51000.0');
      t.like((await find(opened, request)).order, { status: 'canceled', filledQuantity: '0' });
      await until('both reports', () => opened.listener.reports.length >= 2);
      t.deepEqual(
        opened.listener.reports.map(({ order }) => order.status),
        ['parked', 'canceled'],
      );
    },
  },
];

/** Others among themselves: the market stands at this price from here on. */
async function trade(world: World, price: string): Promise<void> {
  await world.others('Sell', price, '0.001');
  await world.others('Buy', price, '0.001');
}
