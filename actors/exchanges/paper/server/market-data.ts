// Operations anybody may ask for: the venue's rules, books, trades, candles and tickers.
import { div } from '../../../market/decimal.ts';
import { type Candle, isInterval } from '../core/candles.ts';
import * as refusals from '../core/refusal.ts';
import { Refused } from '../core/refusal.ts';
import type { SymbolRules } from '../core/symbol.ts';
import type { AggregateTrade, PublicTrade } from '../core/tape.ts';
import type { Venue } from '../venue.ts';
import { exchangeInfo } from './exchange-info.ts';
import type { Operation } from './operation.ts';
import type { Params } from './params.ts';
import type { RateLimits } from './rate-limits.ts';
import { cut, readStretch, readSymbol, readSymbols } from './reading.ts';
import { eight, percent } from './views.ts';

type Read = (venue: Venue, params: Params) => () => unknown;

const AVERAGE_MINUTES = 5;

const OPERATIONS: readonly [path: `GET /api/v3/${string}`, ws: string, read: Read][] = [
  ['GET /api/v3/ping', 'ping', () => () => ({})],
  ['GET /api/v3/time', 'time', (venue) => () => ({ serverTime: venue.host.now() })],
  ['GET /api/v3/depth', 'depth', depth],
  ['GET /api/v3/trades', 'trades.recent', trades],
  ['GET /api/v3/historicalTrades', 'trades.historical', historicalTrades],
  ['GET /api/v3/aggTrades', 'trades.aggregate', aggregateTrades],
  ['GET /api/v3/klines', 'klines', klines],
  ['GET /api/v3/uiKlines', 'uiKlines', klines],
  ['GET /api/v3/avgPrice', 'avgPrice', averagePrice],
  ['GET /api/v3/ticker/24hr', 'ticker.24hr', (venue, params) => perSymbol(venue, params, dayTicker)],
  ['GET /api/v3/ticker/price', 'ticker.price', (venue, params) => perSymbol(venue, params, priceTicker)],
  ['GET /api/v3/ticker/bookTicker', 'ticker.book', (venue, params) => perSymbol(venue, params, bookTicker)],
];

export function marketDataOperations(venue: Venue, limits: RateLimits): Operation[] {
  const info: Read = (_, params) => exchangeInfo(venue, limits, params);
  return [...OPERATIONS, ['GET /api/v3/exchangeInfo', 'exchangeInfo', info] as const].map(([rest, ws, read]) => ({
    rest,
    ws,
    kind: 'market',
    security: 'none',
    read: (params) => read(venue, params),
  }));
}

/** One object for `symbol`, a list otherwise. */
function perSymbol(venue: Venue, params: Params, view: (venue: Venue, rules: SymbolRules) => object): () => unknown {
  const { rules, single } = readSymbols(venue, params);
  return () => {
    const views = rules.map((symbol) => view(venue, symbol));
    return single ? views[0] : views;
  };
}

function depth(venue: Venue, params: Params): () => unknown {
  const rules = readSymbol(venue, params);
  const limit = params.limit(100, 5_000);
  return () => depthView(venue, rules.name, limit);
}

export function depthView(venue: Venue, symbol: string, limit: number): object {
  const book = venue.state.book(symbol);
  const side = (name: 'BUY' | 'SELL'): string[][] =>
    book.depth(name, limit).map(({ price, quantity }) => [eight(price), eight(quantity)]);
  return { lastUpdateId: book.updateId, bids: side('BUY'), asks: side('SELL') };
}

function trades(venue: Venue, params: Params): () => unknown {
  const rules = readSymbol(venue, params);
  const limit = params.limit(500, 1_000);
  return () => venue.tape(rules.name).trades.slice(-limit).map(publicTrade);
}

/** From an id on, where `trades` knows the newest only. Needs no key; one that is sent is not looked at. */
function historicalTrades(venue: Venue, params: Params): () => unknown {
  const rules = readSymbol(venue, params);
  const fromId = params.integer('fromId');
  const stretch = { fromId, startTime: undefined, endTime: undefined, limit: params.limit(500, 1_000) };
  return () => cut(venue.tape(rules.name).trades, stretch, (trade) => trade.at).map(publicTrade);
}

function publicTrade(trade: PublicTrade): object {
  return {
    id: trade.id,
    price: eight(trade.price),
    qty: eight(trade.quantity),
    quoteQty: eight(trade.quote),
    time: trade.at,
    isBuyerMaker: trade.buyerIsMaker,
    isBestMatch: true,
  };
}

function aggregateTrades(venue: Venue, params: Params): () => unknown {
  const rules = readSymbol(venue, params);
  const stretch = readStretch(params, 'fromId');
  return () => cut(venue.tape(rules.name).aggregates, stretch, (trade) => trade.at).map(aggregateTrade);
}

export function aggregateTrade(trade: AggregateTrade): object {
  return {
    a: trade.id,
    p: eight(trade.price),
    q: eight(trade.quantity),
    f: trade.firstTradeId,
    l: trade.lastTradeId,
    T: trade.at,
    m: trade.buyerIsMaker,
    M: true,
  };
}

function klines(venue: Venue, params: Params): () => unknown {
  const rules = readSymbol(venue, params);
  const interval = params.required('interval');
  if (!isInterval(interval)) throw new Refused(refusals.INTERVAL_INVALID);
  const startTime = params.integer('startTime');
  const endTime = params.integer('endTime') ?? Number.MAX_SAFE_INTEGER;
  const limit = params.limit(500, 1_000);
  return () => {
    const candles = venue.tape(rules.name).candles.list(interval, venue.now());
    const fitting = candles.filter(({ openAt }) => openAt >= (startTime ?? 0) && openAt <= endTime);
    return (startTime === undefined ? fitting.slice(-limit) : fitting.slice(0, limit)).map(kline);
  };
}

function kline(candle: Candle): unknown[] {
  return [
    candle.openAt,
    eight(candle.open),
    eight(candle.high),
    eight(candle.low),
    eight(candle.close),
    eight(candle.volume),
    candle.closeAt,
    eight(candle.quoteVolume),
    candle.trades,
    eight(candle.takerBuyVolume),
    eight(candle.takerBuyQuote),
    '0',
  ];
}

function averagePrice(venue: Venue, params: Params): () => unknown {
  const rules = readSymbol(venue, params);
  return () => {
    const tape = venue.tape(rules.name);
    const price = eight(tape.average(AVERAGE_MINUTES, venue.now()));
    return { mins: AVERAGE_MINUTES, price, closeTime: tape.trades.at(-1)?.at ?? venue.now() };
  };
}

function priceTicker(venue: Venue, rules: SymbolRules): object {
  return { symbol: rules.name, price: eight(venue.tape(rules.name).last) };
}

function bookTicker(venue: Venue, rules: SymbolRules): object {
  const book = venue.state.book(rules.name);
  const [bid, ask] = [book.best('BUY'), book.best('SELL')];
  return {
    symbol: rules.name,
    bidPrice: eight(bid?.price ?? 0n),
    bidQty: eight(bid?.quantity ?? 0n),
    askPrice: eight(ask?.price ?? 0n),
    askQty: eight(ask?.quantity ?? 0n),
  };
}

function dayTicker(venue: Venue, rules: SymbolRules): object {
  const day = venue.tape(rules.name).day(venue.now());
  const change = day.last - day.open;
  return {
    ...bookTicker(venue, rules),
    priceChange: eight(change),
    priceChangePercent: percent(change, day.open),
    weightedAvgPrice: eight(day.volume === 0n ? 0n : div(day.quoteVolume, day.volume, 'halfEven')),
    prevClosePrice: eight(day.previousClose),
    lastPrice: eight(day.last),
    lastQty: eight(day.lastQuantity),
    openPrice: eight(day.open),
    highPrice: eight(day.high),
    lowPrice: eight(day.low),
    volume: eight(day.volume),
    quoteVolume: eight(day.quoteVolume),
    openTime: day.openAt,
    closeTime: day.closeAt,
    firstId: day.firstTradeId,
    lastId: day.lastTradeId,
    count: day.trades,
  };
}
