// Market feeds over ccxt's watch calls. Its books and candles are floats: of the 15 digits that a double keeps no
// price is longer, and what an order is priced by is rounded to the tick by whoever decides it.
import { z } from 'zod';
import { compare, parse } from '../../market/decimal.ts';
import type { MarketEvent, PriceLevel } from '../../market/market-event.ts';
import { ExchangeFault, type FeedRequest } from '../exchange.ts';
import type { Clock } from '../wire/clock.ts';
import { type Conflated, conflated } from '../wire/conflate.ts';
import { readAs, Unreadable } from '../wire/read-as.ts';
import { TEXT_CHARS, time } from '../wire/readable.ts';
import { sizeOf } from './amount.ts';
import { wholeOf } from './books.ts';
import type { CcxtBounds } from './bounds.ts';
import type { CcxtExchange } from './library.ts';
import type { Watch } from './watching.ts';

export interface FeedOptions {
  readonly exchange: CcxtExchange;
  readonly clock: Clock;
  readonly bounds: CcxtBounds;
  readonly provider: string;
  readonly symbol: string;
  readonly unified: string;
  readonly emit: (event: MarketEvent) => void;
}

export interface Feed {
  readonly watch: Watch;
  /** ccxt's name for the end of it. */
  readonly unwatch: string;
  close(): void;
}

const METHODS = {
  Trade: 'watchTrades',
  Ticker: 'watchTicker',
  BookSnapshot: 'watchOrderBook',
  KlineSummary: 'watchOHLCV',
} as const satisfies { readonly [type in FeedRequest['type']]: string };
const MINUTE = '1m';
const MINUTE_MS = 60_000;

export function createFeed(type: FeedRequest['type'], options: FeedOptions): Feed {
  const { exchange, unified } = options;
  const method = METHODS[type];
  if (exchange.has[method] !== true) {
    throw new ExchangeFault(`feed=${type}, allowed: what ${exchange.id} streams`, { retryable: false });
  }
  const unwatch = `un${method[0]?.toUpperCase()}${method.slice(1)}`;
  switch (type) {
    case 'Trade':
      return { unwatch, watch: async () => onTrades(await exchange.watchTrades(unified), options), close: nothing };
    case 'KlineSummary':
      return {
        unwatch,
        watch: async () => onKlines(await exchange.watchOHLCV(unified, MINUTE), options),
        close: nothing,
      };
    case 'Ticker':
      return latest(unwatch, options, () => exchange.watchTicker(unified), tickerOf);
    case 'BookSnapshot':
      return latest(unwatch, options, () => exchange.watchOrderBook(unified), bookOf);
  }
}

/** Of states only the last one counts: it is read when it is handed on. */
function latest(
  unwatch: string,
  options: FeedOptions,
  watch: () => Promise<unknown>,
  read: (json: unknown, options: FeedOptions) => MarketEvent | null,
): Feed {
  let last: unknown = null;
  let failed: Error | null = null;
  const out: Conflated = conflated(options.clock, options.bounds.conflateMs, () => {
    // Also called by a timer, where nobody would catch it: the watch fails in its place.
    try {
      const event = read(last, options);
      if (event) options.emit(event);
    } catch (error) {
      failed = error instanceof Error ? error : new Error(String(error));
    }
  });
  return {
    unwatch,
    watch: async () => {
      last = await watch();
      out.changed();
      if (failed === null) return;
      const error = failed;
      failed = null;
      throw error;
    },
    close: () => out.close(),
  };
}

const decimal = z.unknown().transform((value, context) => {
  const text = sizeOf(value);
  if (text !== null) return text;
  context.addIssue({ code: 'custom', message: 'not a decimal' });
  return z.NEVER;
});
const trade = z.object({
  id: z.string().max(TEXT_CHARS).nullish(),
  side: z.enum(['buy', 'sell']),
  price: decimal,
  amount: decimal,
  timestamp: time,
});

function onTrades(json: unknown, { provider, symbol, emit }: FeedOptions): void {
  for (const { id, side, price, amount, timestamp } of readAs(z.array(trade), json, 'trades')) {
    // Not every venue numbers its trades.
    const tradeId = id ? id : `${timestamp}-${side}-${price}-${amount}`;
    const payload = { tradeId, side: side === 'buy' ? 'Buy' : 'Sell', price, quantity: amount, timestamp } as const;
    emit({ type: 'Trade', provider, symbol, payload });
  }
}

const candle = z.tuple([time, decimal, decimal, decimal, decimal, decimal]);

function onKlines(json: unknown, { provider, symbol, emit }: FeedOptions): void {
  for (const [openTime, openPrice, highPrice, lowPrice, closePrice, volume] of readAs(
    z.array(candle),
    json,
    'candles',
  )) {
    const closeTime = openTime + MINUTE_MS - 1;
    const payload = { openPrice, closePrice, highPrice, lowPrice, volume, openTime, closeTime };
    emit({ type: 'KlineSummary', provider, symbol, payload });
  }
}

const ticker = z.object({
  last: z.unknown().optional(),
  bid: z.unknown().optional(),
  ask: z.unknown().optional(),
  baseVolume: z.unknown().optional(),
  timestamp: time.nullish(),
});

/** A market without one side has no ticker. */
function tickerOf(json: unknown, { provider, symbol, clock }: FeedOptions): MarketEvent | null {
  const { last, bid, ask, baseVolume, timestamp } = readAs(ticker, json, 'ticker');
  const [lastPrice, bidPrice, askPrice] = [sizeOf(last), sizeOf(bid), sizeOf(ask)];
  if (lastPrice === null || bidPrice === null || askPrice === null) return null;
  const volume24h = sizeOf(baseVolume) ?? '0';
  const payload = { lastPrice, bidPrice, askPrice, volume24h, timestamp: timestamp ?? Math.round(clock.now()) };
  return { type: 'Ticker', provider, symbol, payload };
}

const book = z.object({
  bids: z.array(z.unknown()),
  asks: z.array(z.unknown()),
  nonce: z.int().nullish(),
  timestamp: time.nullish(),
});

/** A book that crosses itself is in the middle of being mended by ccxt. */
function bookOf(live: unknown, { provider, symbol, clock, bounds }: FeedOptions): MarketEvent | null {
  const { bids, asks, nonce, timestamp } = readAs(book, wholeOf(live), 'order book');
  const levels = (side: readonly unknown[]): PriceLevel[] => side.slice(0, bounds.bookLevels).map(levelOf);
  const [ours, theirs] = [levels(bids), levels(asks)];
  const [bid, ask] = [ours[0], theirs[0]];
  if (bid && ask && compare(parse(bid.price), parse(ask.price)) >= 0) return null;
  const id = nonce ?? 0;
  const lastUpdate = timestamp ?? Math.round(clock.now());
  const payload = { bids: ours, asks: theirs, checksum: '', lastUpdate, firstUpdateId: id, finalUpdateId: id };
  return { type: 'BookSnapshot', provider, symbol, payload };
}

function levelOf(level: unknown): PriceLevel {
  const [price, quantity] = Array.isArray(level) ? [sizeOf(level[0]), sizeOf(level[1])] : [null, null];
  if (price === null || quantity === null) throw new Unreadable('order book: a level is no pair of decimals');
  return { price, quantity };
}

function nothing(): void {}
