import type { ExecutionContext } from 'ava';
import { add, format, parse, ZERO } from '../../actors/market/decimal.ts';
import type { Execution } from '../../actors/market/execution.ts';
import { never, until } from '../support/binance.ts';
import { type Conformance, find, type Opened, orderOf, place, refOf } from './case.ts';

export const FILLING: readonly Conformance[] = [
  {
    number: 'C27',
    title: 'partial fills',
    prerequisite: 'an order for 0.03 rests',
    action: 'others sell 0.01 and 0.02 into it',
    events: 'three reports: open, open with the first fill, filled with the second',
    criterion: 'each fill once, with fee and liquidity; stream, query and history say the same, digit for digit',
    run: async (t, world) => {
      const opened = await world.open();
      const { session, listener } = opened;
      const request = orderOf({ quantity: '0.03' });
      const sinceAt = Date.now() - 60_000;
      await place(opened, request);
      await world.others('Sell', '49000.0', '0.01');
      await world.others('Sell', '49000.0', '0.02');
      await until('three reports', () => listener.reports.length >= 3);
      t.deepEqual(
        listener.reports.map(({ order: { status, filledQuantity } }) => `${status} ${filledQuantity}`),
        ['open 0', 'open 0.01', 'filled 0.03'],
      );
      const fills = fillsOf(opened);
      t.deepEqual(
        fills.map(({ quantity, price }) => `${quantity}@${price}`),
        ['0.01@49000', '0.02@49000'],
      );
      t.true(fills.every(({ fee, feeAsset, liquidity }) => fee && feeAsset === 'BTC' && liquidity === 'maker'));
      t.deepEqual(byTime((await find(opened, request)).executions), fills);
      const history = await session.trades({ symbol: 'BTC-USDT', sinceAt }, never);
      t.deepEqual(
        history,
        fills.map((fill) => ({ ...fill, symbol: 'BTC-USDT', side: 'Buy' as const })),
      );
    },
  },
  {
    number: 'C28',
    title: 'a fill before the answer',
    prerequisite: 'others sell 0.02 at 49000',
    action: 'buy 0.02 at 49000',
    events: 'a report with the fill, before or after the answer',
    criterion: 'answer and stream together tell the fill, the same one, and asking says filled by it alone',
    run: async (t, world) => {
      const opened = await world.open();
      await world.others('Sell', '49000.0', '0.02');
      const request = orderOf({ quantity: '0.02' });
      const { executions } = await place(opened, request);
      await until('its report', () => fillsOf(opened).length > 0);
      const told = new Map([...executions, ...fillsOf(opened)].map((fill) => [fill.tradeId, fill]));
      t.is(sumOf([...told.values()]), '0.02');
      t.is(opened.listener.reports.at(-1)?.order.status, 'filled');
      const found = await find(opened, request);
      t.is(found.order.status, 'filled');
      t.deepEqual(found.executions, [...told.values()]);
      t.is(found.executions[0]?.liquidity, 'taker');
    },
  },
  {
    number: 'C29',
    title: 'immediate or cancel',
    prerequisite: 'others sell 0.01 at 49000',
    action: 'buy 0.03 at 49000 with IOC',
    events: 'reports with the fill of 0.01 and with the end',
    criterion: 'what is there is taken, the rest ends as expired or canceled, and nothing rests',
    run: (t, world) => endsAtOnce(t, world, 'IOC', '0.01'),
  },
  {
    number: 'C30',
    title: 'fill or kill',
    prerequisite: 'others sell 0.01 at 49000',
    action: 'buy 0.03 at 49000 with FOK',
    events: 'a report of the end',
    criterion: 'nothing is filled, the order ends as expired or canceled, and nothing rests',
    run: (t, world) => endsAtOnce(t, world, 'FOK', '0'),
  },
  {
    number: 'C31',
    title: 'post-only that would take',
    prerequisite: 'others sell at 49000',
    action: 'buy at 49000, post-only',
    events: 'none, or a report of the end',
    criterion: 'nothing is filled: rejected, or accepted and ended at once, as the venue has it',
    run: async (t, world) => {
      const opened = await world.open();
      await world.others('Sell', '49000.0', '0.02');
      const request = orderOf({ postOnly: true });
      const outcome = await opened.session.submit(request, never);
      t.true(outcome.outcome === 'rejected' || outcome.outcome === 'accepted', outcome.outcome);
      const asked = await opened.session.query(refOf(request), never);
      if (outcome.outcome === 'rejected') t.is(asked.outcome, 'notFound');
      else t.like(asked, { outcome: 'found', order: { status: 'canceled', filledQuantity: '0' }, executions: [] });
      t.deepEqual(fillsOf(opened), []);
    },
  },
  {
    number: 'C32',
    title: 'market order',
    prerequisite: 'others sell 0.02 at 49000',
    action: 'buy 0.01 at the market',
    events: 'a report with the fill',
    criterion: 'filled at the price that was there; the order has no price of its own',
    run: async (t, world) => {
      const opened = await world.open();
      await world.others('Sell', '49000.0', '0.02');
      const request = orderOf({ orderType: 'Market', price: null });
      await place(opened, request);
      await until('its fill', () => fillsOf(opened).length > 0);
      t.like(fillsOf(opened)[0], { price: '49000', quantity: '0.01', liquidity: 'taker' });
      t.like((await find(opened, request)).order, { status: 'filled', price: null, orderType: 'Market' });
    },
  },
];

type Case = Conformance['run'];

async function endsAtOnce(
  t: ExecutionContext,
  world: Parameters<Case>[1],
  timeInForce: 'IOC' | 'FOK',
  filled: string,
): Promise<void> {
  const opened = await world.open();
  await world.others('Sell', '49000.0', '0.01');
  const request = orderOf({ quantity: '0.03', timeInForce });
  await place(opened, request);
  const { order, executions } = await find(opened, request);
  t.true(order.status === 'expired' || order.status === 'canceled', order.status);
  t.is(order.filledQuantity, filled);
  t.is(sumOf(executions), filled);
  t.deepEqual(await opened.session.openOrders(never), []);
  await until('the end', () => ['expired', 'canceled'].includes(opened.listener.reports.at(-1)?.order.status ?? ''));
  t.is(sumOf(fillsOf(opened)), filled);
}

export function fillsOf({ listener }: Opened): readonly Execution[] {
  return listener.reports.flatMap(({ execution }) => (execution ? [execution] : []));
}

function sumOf(fills: readonly Execution[]): string {
  return format(fills.reduce((sum, { quantity }) => add(sum, parse(quantity)), ZERO));
}

function byTime(fills: readonly Execution[]): readonly Execution[] {
  return fills.toSorted((one, other) => Number(one.tradeId) - Number(other.tradeId));
}
