import { never, until } from '../support/binance.ts';
import { lateness } from '../support/lateness.ts';
import { type Conformance, find, type Opened, orderOf, place, refOf, type World } from './case.ts';
import { fillsOf } from './filling.ts';

const UNBUSTED: Conformance['unless'] = {
  lacks: 'busts',
  isLacking: (_, { bust }) => bust === null,
  criterion: 'the venue knows none: its fills are reported, and none of them as taken back',
  run: async (t, world) => {
    const opened = await filled(world);
    t.true(opened.listener.reports.every((report) => !('busted' in report)));
  },
};

export const REPORTING: readonly Conformance[] = [
  {
    number: 'C45',
    title: 'reports in order and once',
    prerequisite: 'C01',
    action: 'place ten orders and cancel each',
    events: 'twenty reports',
    criterion: 'in the order of what happened; no report and no report id comes twice',
    run: async (t, world) => {
      const opened = await world.open();
      const expected: string[] = [];
      for (let count = 0; count < 10; count += 1) {
        const request = orderOf({ price: `${40_000 + count}.0` });
        await place(opened, request);
        await opened.session.cancel(refOf(request), never);
        expected.push(`${request.clientOrderId} open`, `${request.clientOrderId} canceled`);
      }
      const { reports } = opened.listener;
      await until('twenty reports', () => reports.length >= 20);
      t.deepEqual(
        reports.map(({ order }) => `${order.clientOrderId} ${order.status}`),
        expected,
      );
      t.is(new Set(reports.map(({ reportId }) => reportId)).size, 20);
    },
  },
  {
    number: 'C46',
    title: 'a report that comes twice',
    prerequisite: 'the venue sends every report twice',
    action: 'place an order, and let others fill it',
    events: 'every report, once or twice',
    criterion: 'what comes twice has the same report id both times, and says the same',
    run: async (t, world) => {
      const opened = await world.open();
      await world.repeatReports();
      await place(opened, orderOf());
      await world.others('Sell', '49000.0', '0.01');
      await until('the fill', () => opened.listener.reports.at(-1)?.order.status === 'filled');
      const { reports } = opened.listener;
      const byId = Map.groupBy(reports, ({ reportId }) => reportId);
      t.is(byId.size, 2);
      for (const [, same] of byId) for (const report of same) t.deepEqual(report, same[0]);
    },
  },
  {
    number: 'C47',
    title: 'a gap in the stream',
    prerequisite: 'an order rests',
    action: 'cut every socket; when it is told, have the order filled; place another one after the reconnect',
    events: 'disconnected, connected, each once; then reports again',
    criterion: 'connected is told when reports come again; what fell into the gap is found by asking',
    run: async (t, world) => {
      const opened = await world.open();
      const { listener } = opened;
      const request = orderOf();
      await place(opened, request);
      await until('its report', () => listener.reports.length === 1);
      await world.cut();
      await until('the loss', () => listener.changes.length > 0);
      await world.others('Sell', '49000.0', '0.01');
      await until('the reconnect', () => listener.changes.length > 1);
      t.regex(listener.changes[0] ?? '', /^disconnected: ./);
      t.is(listener.changes[1], 'connected');
      t.is((await find(opened, request)).order.status, 'filled');
      const next = orderOf();
      await place(opened, next);
      await until('its report', () => listener.reports.at(-1)?.order.clientOrderId === next.clientOrderId);
      t.is(listener.changes.length, 2);
    },
  },
  {
    number: 'C48',
    title: 'a report that cannot be kept',
    prerequisite: 'the listener fails to make the first report durable',
    action: 'place an order, and another one after the reconnect',
    events: 'disconnected with the reason, connected',
    criterion: 'nothing is skipped in silence: the loss is told, and later reports come',
    run: async (t, world) => {
      let failures = 0;
      const onReport = async (): Promise<void> => {
        failures += 1;
        if (failures === 1) throw new Error('no room');
      };
      const opened = await world.open({ onReport });
      await place(opened, orderOf());
      await until('the reconnect', () => opened.listener.changes.at(-1) === 'connected');
      t.regex(opened.listener.changes[0] ?? '', /no room/);
      await place(opened, orderOf());
      await until('a report', () => failures > 1);
    },
  },
  {
    number: 'C49',
    title: 'a half-open socket',
    prerequisite: 'the bounds of production',
    action: 'the peers of all sockets fall silent without closing',
    events: 'disconnected',
    criterion: 'found within 5 s',
    run: async (t, world) => {
      const { listener, session } = await world.open({ productionBounds: true });
      const late = lateness();
      const stalledAt = performance.now();
      await world.stall();
      await until('the loss', () => listener.changes.length > 0);
      const tookMs = performance.now() - stalledAt - late.stop();
      t.true(tookMs < 5_000, `${tookMs} ms, ${listener.changes[0]}`);
      await session.close();
    },
  },
  {
    number: 'C50',
    title: 'an order of somebody else',
    prerequisite: 'C01',
    action: 'the owner of the account places an order by hand, which others fill',
    events: 'two reports, open and filled, the second with the fill',
    criterion: "reported and found by the venue's id as any other, under whatever client order id it has",
    run: async (t, world) => {
      const opened = await world.open();
      const { listener, session } = opened;
      const venueOrderId = await world.byHand('Buy', '49000.0', '0.01');
      await world.others('Sell', '49000.0', '0.01');
      await until('both reports', () => listener.reports.length >= 2);
      t.deepEqual(
        listener.reports.map(({ order }) => `${order.venueOrderId} ${order.status}`),
        [`${venueOrderId} open`, `${venueOrderId} filled`],
      );
      t.is(fillsOf(opened).length, 1);
      const clientOrderId = listener.reports[0]?.order.clientOrderId ?? '';
      t.true(clientOrderId.length > 0);
      const found = await session.query({ clientOrderId, symbol: 'BTC-USDT', venueOrderId }, never);
      t.like(found, { outcome: 'found', order: { status: 'filled', clientOrderId, orderType: 'Limit' } });
    },
  },
  {
    number: 'C51',
    title: 'a trade that is taken back',
    prerequisite: 'an order for 0.03 is filled by 0.01',
    action: 'the venue busts the trade',
    events: 'a report that names the trade as busted',
    criterion:
      'no execution with it; the order has nothing filled, in the report and when asked; no such trade is listed',
    unless: UNBUSTED,
    run: async (t, world) => {
      const opened = await filled(world);
      const [fill] = fillsOf(opened);
      await world.bust?.(fill?.tradeId ?? '');
      await until('the report', () => opened.listener.reports.some((report) => report.busted));
      const report = opened.listener.reports.at(-1);
      t.deepEqual(report?.busted, { tradeId: fill?.tradeId, venueOrderId: fill?.venueOrderId });
      t.is(report?.execution, null);
      t.like(report?.order, { status: 'open', filledQuantity: '0' });
      t.deepEqual(await opened.session.trades({ symbol: 'BTC-USDT', sinceAt: Date.now() - 60_000 }, never), []);
    },
  },
  {
    number: 'C52',
    title: 'a trade that is corrected',
    prerequisite: 'an order for 0.03 is filled by 0.01',
    action: 'the venue corrects the price of the trade',
    events: 'a report that names the old trade as busted and brings the new one',
    criterion: 'one report with both; the history has the new trade alone, and it says the same',
    unless: UNBUSTED,
    run: async (t, world) => {
      const opened = await filled(world);
      const [fill] = fillsOf(opened);
      await world.bust?.(fill?.tradeId ?? '', { price: '48999.0' });
      await until('the report', () => opened.listener.reports.some((report) => report.busted));
      const report = opened.listener.reports.at(-1);
      t.deepEqual(report?.busted, { tradeId: fill?.tradeId, venueOrderId: fill?.venueOrderId });
      t.like(report?.execution, { price: '48999', quantity: '0.01', venueOrderId: fill?.venueOrderId });
      t.not(report?.execution?.tradeId, fill?.tradeId);
      t.like(report?.order, { status: 'open', filledQuantity: '0.01', filledQuote: '489.99' });
      const history = await opened.session.trades({ symbol: 'BTC-USDT', sinceAt: Date.now() - 60_000 }, never);
      t.deepEqual(
        history.map(({ tradeId, price }) => [tradeId, price]),
        [[report?.execution?.tradeId, '48999']],
      );
    },
  },
];

async function filled(world: World): Promise<Opened> {
  const opened = await world.open();
  await place(opened, orderOf({ quantity: '0.03' }));
  await world.others('Sell', '49000.0', '0.01');
  await until('the fill', () => fillsOf(opened).length === 1);
  return opened;
}
