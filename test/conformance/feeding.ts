import type { FeedRequest } from '../../actors/exchanges/exchange.ts';
import { compare, parse } from '../../actors/market/decimal.ts';
import type { MarketEvent } from '../../actors/market/market-event.ts';
import { until } from '../support/binance.ts';
import type { Conformance, Opened } from './case.ts';

/** These are run against a market that moves by itself. */
export const FEEDING: readonly Conformance[] = [
  feed('C53', 'Trade', 'price and quantity above zero, an id, a time'),
  feed('C54', 'Ticker', 'last price above zero, the bid below the ask'),
  feed('C55', 'BookSnapshot', 'levels on both sides, best first, the bids below the asks'),
  feed('C56', 'KlineSummary', 'a minute from its first to its last millisecond, low and high around the others'),
  {
    number: 'C57',
    title: 'feeds that are no longer wanted',
    prerequisite: 'trades and books are subscribed',
    action: 'subscribe to tickers alone, then to nothing',
    events: 'tickers and no more, then none',
    criterion: 'after each change is confirmed nothing of the old comes, and no loss is told',
    run: async (t, world) => {
      const { session, listener } = await world.open();
      const symbol = 'BTC-USDT';
      await session.subscribe([
        { type: 'Trade', symbol },
        { type: 'BookSnapshot', symbol },
      ]);
      await until('a book', () => listener.market.some(({ type }) => type === 'BookSnapshot'));
      await session.subscribe([{ type: 'Ticker', symbol }]);
      const from = listener.market.length;
      await until('tickers', () => listener.market.slice(from).filter(({ type }) => type === 'Ticker').length > 2);
      t.true(listener.market.slice(from).every(({ type }) => type === 'Ticker'));
      await session.subscribe([]);
      const end = listener.market.length;
      await new Promise((resolve) => setTimeout(resolve, 500));
      t.is(listener.market.length, end);
      t.deepEqual(listener.changes, []);
    },
  },
  {
    number: 'C58',
    title: 'a feed of what is not listed',
    prerequisite: 'trades are subscribed',
    action: 'subscribe to trades and to a symbol that the venue does not list',
    events: 'trades go on',
    criterion: 'refused with the symbol in the words; what was subscribed stands',
    run: async (t, world) => {
      const { session, listener } = await world.open();
      await session.subscribe([{ type: 'Trade', symbol: 'BTC-USDT' }]);
      const both = [
        { type: 'Trade', symbol: 'BTC-USDT' },
        { type: 'Trade', symbol: 'NOT-LISTED' },
      ] as const;
      await t.throwsAsync(session.subscribe(both), { message: /NOT-LISTED/ });
      const seen = listener.market.length;
      await until('more trades', () => listener.market.length > seen);
    },
  },
  {
    number: 'C59',
    title: 'feeds after a cut',
    prerequisite: 'books are subscribed',
    action: 'cut every socket',
    events: 'disconnected, connected; then books again',
    criterion: 'told once each, although several sockets were lost',
    run: async (t, world) => {
      const opened = await world.open();
      const { listener } = opened;
      await subscribed(opened, 'BookSnapshot');
      await world.cut();
      await until('the reconnect', () => listener.changes.includes('connected'));
      const seen = listener.market.length;
      await until('books again', () => listener.market.length > seen + 2);
      t.is(listener.changes.length, 2);
    },
  },
];

function feed(number: string, type: FeedRequest['type'], criterion: string): Conformance {
  return {
    number,
    title: `feed: ${type}`,
    prerequisite: 'C01, and a market that moves',
    action: `subscribe to ${type} of BTC-USDT`,
    events: `events of the type ${type}, by the provider's name and our symbol`,
    criterion,
    run: async (t, world) => {
      const opened = await world.open();
      await subscribed(opened, type);
      for (const event of opened.listener.market) {
        t.like(event, { type, provider: 'main', symbol: 'BTC-USDT' });
        t.true(isSound(event), JSON.stringify(event.payload));
      }
      t.deepEqual(opened.listener.changes, []);
    },
  };
}

function isSound({ type, payload }: MarketEvent): boolean {
  switch (type) {
    case 'Trade':
      return [payload.price, payload.quantity].every((amount) => isRising('0', amount)) && payload.tradeId !== '';
    case 'Ticker':
      return isRising('0', payload.lastPrice) && isRising(payload.bidPrice, payload.askPrice);
    case 'BookSnapshot': {
      const [bids, asks] = [payload.bids.map(({ price }) => price), payload.asks.map(({ price }) => price)] as const;
      return bids.length > 0 && asks.length > 0 && isRising(...bids.toReversed(), ...asks);
    }
    case 'KlineSummary': {
      const { openTime, closeTime, lowPrice, highPrice, openPrice, closePrice } = payload;
      const ends = [openPrice, closePrice];
      const isAround = ends.every((price) => !isRising(price, lowPrice) && !isRising(highPrice, price));
      return closeTime - openTime === 59_999 && isAround;
    }
  }
}

async function subscribed({ session, listener }: Opened, type: FeedRequest['type']): Promise<void> {
  await session.subscribe([{ type, symbol: 'BTC-USDT' }]);
  await until(type, () => listener.market.length > 0);
}

/** Each amount above the one before. */
function isRising(...amounts: readonly string[]): boolean {
  return amounts.every((amount, index) => index === 0 || compare(parse(amounts[index - 1] ?? '0'), parse(amount)) < 0);
}
