import { ExchangeFault } from '../../actors/exchanges/exchange.ts';
import { add, format, parse, sub } from '../../actors/market/decimal.ts';
import { never, until } from '../support/binance.ts';
import { type Conformance, find, type Opened, orderOf, place, refOf } from './case.ts';
import { fillsOf } from './filling.ts';

const PAGE = 3;

export const ASKING: readonly Conformance[] = [
  {
    number: 'C41',
    title: "query by client order id and by the venue's id",
    prerequisite: 'an order rests, partly filled',
    action: 'ask by either id, and by an id of the venue that nobody has',
    events: 'none',
    criterion: 'the same answer to both; not found for the third',
    run: async (t, world) => {
      const opened = await world.open();
      const request = orderOf({ quantity: '0.03' });
      const { order } = await place(opened, request);
      await world.others('Sell', '49000.0', '0.01');
      const byClient = await find(opened, request);
      const { venueOrderId } = order;
      t.deepEqual(await opened.session.query({ ...refOf(request), venueOrderId }, never), byClient);
      t.like(byClient, { order: { venueOrderId, filledQuantity: '0.01' } });
      const nobody = { ...refOf(request), venueOrderId: '987654321' };
      t.is((await opened.session.query(nobody, never)).outcome, 'notFound');
    },
  },
  {
    number: 'C42',
    title: 'open orders',
    prerequisite: 'of three orders one is cancelled; another one was placed by hand',
    action: 'list the open orders',
    events: 'none',
    criterion: 'the three that are open, with their terms',
    run: async (t, world) => {
      const opened = await world.open();
      const requests = [orderOf(), orderOf({ price: '48000.0' }), orderOf({ side: 'Sell', price: '70000.0' })] as const;
      for (const request of requests) await place(opened, request);
      await opened.session.cancel(refOf(requests[0]), never);
      await world.byHand('Buy', '47000.0', '0.01');
      const listed = await opened.session.openOrders(never);
      t.deepEqual(
        listed.map(({ side, price, quantity, status }) => `${side} ${quantity}@${price} ${status}`).toSorted(),
        ['Buy 0.01@47000 open', 'Buy 0.01@48000 open', 'Sell 0.01@70000 open'],
      );
    },
  },
  {
    number: 'C43',
    title: 'trades since, in pages',
    prerequisite: `eight fills, and pages of ${PAGE}`,
    action: 'ask for the trades since before the first, and since the fifth',
    events: 'none',
    criterion: 'all eight, oldest first, each once; then none before the fifth',
    run: async (t, world) => {
      const opened = await world.open({ tradesPage: PAGE });
      await place(opened, orderOf({ quantity: '0.08' }));
      const since = Date.now() - 60_000;
      for (let fill = 0; fill < 8; fill += 1) {
        await world.others('Sell', '49000.0', '0.01');
        // So that there is a time between two of them.
        await until('the fill', () => fillsOf(opened).length > fill);
        const seenAt = Date.now();
        await until('the next millisecond', () => Date.now() > seenAt + 1);
      }
      const ids = fillsOf(opened).map(({ tradeId }) => tradeId);
      const { session } = opened;
      const all = await session.trades({ symbol: 'BTC-USDT', sinceAt: since }, never);
      t.deepEqual(
        all.map(({ tradeId }) => tradeId),
        ids,
      );
      const sinceAt = all[4]?.tradedAt ?? 0;
      const later = await session.trades({ symbol: 'BTC-USDT', sinceAt }, never);
      t.deepEqual(
        later.map(({ tradeId }) => tradeId),
        ids.slice(4),
      );
      const unlisted = session.trades({ symbol: 'NOT-LISTED', sinceAt }, never);
      const fault = await t.throwsAsync<ExchangeFault>(unlisted, { instanceOf: ExchangeFault, message: /NOT-LISTED/ });
      // Rounds of reconciliation go on without it.
      t.false(fault?.retryable);
    },
  },
  {
    number: 'C44',
    title: 'balances',
    prerequisite: 'C01',
    action: 'read the balances, place a buy of 0.01 at 49000, read them, cancel it, read them',
    events: 'the balances of USDT as they became',
    criterion: '490 more are locked and 490 less available, then none; what is empty is not listed',
    run: async (t, world) => {
      const opened = await world.open();
      const before = await usdt(opened);
      const request = orderOf();
      await place(opened, request);
      const { available, locked } = await usdt(opened);
      t.is(format(sub(parse(before.available), parse(available))), '490');
      t.is(format(sub(parse(locked), parse(before.locked))), '490');
      await until('the balances', () => opened.listener.balances.length > 0);
      await opened.session.cancel(refOf(request), never);
      const after = await usdt(opened);
      t.is(format(add(parse(after.available), parse(after.locked))), before.available);
      t.is(after.locked, '0');
    },
  },
];

async function usdt({ session }: Opened): Promise<{ readonly available: string; readonly locked: string }> {
  const balances = await session.balances(never);
  return balances.find(({ asset }) => asset === 'USDT') ?? { available: '0', locked: '0' };
}
