// From venue streams to market events: which streams a feed needs, and what it makes of them.
import type { FeedRequest } from '../exchange.ts';
import { conflated } from '../wire/conflate.ts';
import { createBookFeed } from './book-feed.ts';
import type { Feed, FeedContext } from './feed.ts';
import { type DayTicker, parseBookTicker, parseDayTicker, parseKline, parseTradeEvent } from './parse-stream.ts';

export function createFeed(type: FeedRequest['type'], context: FeedContext): Feed {
  const name = context.venueSymbol.toLowerCase();
  const { provider, symbol, emit } = context;
  switch (type) {
    case 'Trade':
      return plainFeed(`${name}@trade`, (json) => emit(parseTradeEvent(json, provider, symbol)));
    case 'KlineSummary':
      return plainFeed(`${name}@kline_1m`, (json) => emit(parseKline(json, provider, symbol)));
    case 'Ticker':
      return tickerFeed(`${name}@ticker`, `${name}@bookTicker`, context);
    case 'BookSnapshot':
      return createBookFeed(`${name}@depth@100ms`, context);
  }
}

function plainFeed(stream: string, onEvent: (json: unknown) => void): Feed {
  return { streams: [stream], onEvent: (_, json) => onEvent(json), onHeld: nothing, onLost: nothing, close: nothing };
}

/** The day's ticker comes once a second; the best prices in it are kept fresh by every change of them. */
function tickerFeed(dayStream: string, bookStream: string, context: FeedContext): Feed {
  const { clock, bounds, provider, symbol, emit } = context;
  let day: DayTicker | null = null;
  const out = conflated(clock, bounds.conflateMs, () => {
    if (day) emit({ type: 'Ticker', provider, symbol, payload: day });
  });
  return {
    streams: [dayStream, bookStream],
    onEvent: (stream, json) => {
      if (stream === dayStream) day = parseDayTicker(json);
      // bookTicker has no time of its own.
      else if (day) day = { ...day, ...parseBookTicker(json), timestamp: Math.max(day.timestamp, clock.now()) };
      out.changed();
    },
    onHeld: nothing,
    onLost: () => {
      day = null;
    },
    close: () => out.close(),
  };
}

function nothing(): void {}
