// What goes onto the market streams: at once on a trade or a change of the best prices, and at their pace the books,
// candles and tickers. Everything is shown only when what it shows is durable (venue.show).
import { div } from '../../../market/decimal.ts';
import type { Candle } from '../core/candles.ts';
import type { Traded } from '../core/facts.ts';
import type { Outcome } from '../core/outcome.ts';
import type { DayStatistics } from '../core/tape.ts';
import type { Venue } from '../venue.ts';
import { DepthFeed } from './depth-feed.ts';
import { aggregateTrade, depthView } from './market-data.ts';
import type { Topics } from './topics.ts';
import { eight, percent } from './views.ts';

const FAST_MS = 100;
const SLOW_MS = 1_000;
const PARTIAL_LEVELS = [5, 10, 20];
/** Candles of a second every second, all others every two. */
const KLINE_SLOW_MS = 2_000;
const KLINE_INTERVALS = ['1m', '3m', '5m', '15m', '30m', '1h', '2h', '4h', '6h', '8h', '12h', '1d', '3d', '1w', '1M'];

export class Feeds {
  private readonly venue: Venue;
  private readonly topics: Topics;
  private readonly depth = new Map<string, { fast: DepthFeed; slow: DepthFeed }>();
  private readonly bestSeen = new Map<string, string>();
  private readonly stops: (() => void)[];

  constructor(venue: Venue, topics: Topics) {
    this.venue = venue;
    this.topics = topics;
    for (const symbol of venue.state.symbols.keys()) {
      const from = venue.state.book(symbol).updateId;
      this.depth.set(symbol, { fast: new DepthFeed(from), slow: new DepthFeed(from) });
    }
    venue.onCommit((outcome) => this.prepare(outcome));
    this.stops = [
      venue.host.every(FAST_MS, () => this.each((symbol) => this.books(symbol, 'fast'))),
      venue.host.every(SLOW_MS, () => this.each((symbol) => this.slow(symbol))),
      venue.host.every(KLINE_SLOW_MS, () => this.each((symbol) => this.klines(symbol, KLINE_INTERVALS))),
    ];
  }

  close(): void {
    for (const stop of this.stops) stop();
  }

  private each(run: (symbol: string) => void): void {
    for (const symbol of this.depth.keys()) run(symbol);
  }

  /** Events of one command, made from the state as the command left it. */
  private prepare({ trades, at }: Outcome): () => void {
    const events: [topic: string, event: object][] = [];
    for (const trade of trades) {
      const topic = `${trade.symbol.toLowerCase()}@trade`;
      if (this.topics.isHeard(topic)) events.push([topic, tradeEvent(trade, at)]);
    }
    for (const symbol of this.depth.keys()) {
      events.push(...this.aggregateTrades(symbol, trades, at), ...this.best(symbol));
    }
    return () => {
      for (const [topic, event] of events) this.topics.publish(topic, () => event);
    };
  }

  /** One event a price: what a taker took there. */
  private aggregateTrades(symbol: string, trades: readonly Traded[], at: number): [string, object][] {
    const topic = `${symbol.toLowerCase()}@aggTrade`;
    if (!this.topics.isHeard(topic)) return [];
    const ids = new Set(trades.filter((trade) => trade.symbol === symbol).map(({ id }) => id));
    if (ids.size === 0) return [];
    return this.venue
      .tape(symbol)
      .aggregates.slice(-ids.size)
      .filter(({ firstTradeId }) => ids.has(firstTradeId))
      .map((aggregate) => [topic, { e: 'aggTrade', E: at, s: symbol, ...aggregateTrade(aggregate) }]);
  }

  private best(symbol: string): [string, object][] {
    const book = this.venue.state.book(symbol);
    const [bid, ask] = [book.best('BUY'), book.best('SELL')];
    const [b, B, a, A] = [bid?.price, bid?.quantity, ask?.price, ask?.quantity].map((amount) => eight(amount ?? 0n));
    const shown = `${b} ${B} ${a} ${A}`;
    if (this.bestSeen.get(symbol) === shown) return [];
    this.bestSeen.set(symbol, shown);
    return [[`${symbol.toLowerCase()}@bookTicker`, { u: book.updateId, s: symbol, b, B, a, A }]];
  }

  private slow(symbol: string): void {
    this.books(symbol, 'slow');
    this.klines(symbol, ['1s']);
    this.tickers(symbol);
  }

  private books(symbol: string, pace: 'fast' | 'slow'): void {
    const name = symbol.toLowerCase();
    const suffix = pace === 'fast' ? '@100ms' : '';
    const book = this.venue.state.book(symbol);
    const feeds = this.depth.get(symbol);
    const touched = book.takeTouched();
    feeds?.fast.touch(touched);
    feeds?.slow.touch(touched);
    const update = feeds?.[pace].take(book);
    const partial = PARTIAL_LEVELS.map((levels) => [`${name}@depth${levels}${suffix}`, levels] as const)
      .filter(([topic]) => this.topics.isHeard(topic))
      .map(([topic, levels]) => [topic, depthView(this.venue, symbol, levels)] as const);
    const at = this.venue.now();
    this.venue.show(() => {
      if (update)
        this.topics.publish(`${name}@depth${suffix}`, () => ({ e: 'depthUpdate', E: at, s: symbol, ...update }));
      for (const [topic, view] of partial) this.topics.publish(topic, () => view);
    });
  }

  private klines(symbol: string, intervals: readonly string[]): void {
    for (const interval of intervals) {
      const topic = `${symbol.toLowerCase()}@kline_${interval}`;
      if (!this.topics.isHeard(topic)) continue;
      const at = this.venue.now();
      const candle = this.venue.tape(symbol).candles.list(interval, at).at(-1);
      if (!candle) continue;
      const view = { e: 'kline', E: at, s: symbol, k: klineEvent(symbol, interval, candle, at) };
      this.venue.show(() => this.topics.publish(topic, () => view));
    }
  }

  private tickers(symbol: string): void {
    const name = symbol.toLowerCase();
    const [mini, full] = [`${name}@miniTicker`, `${name}@ticker`];
    if (!this.topics.isHeard(mini) && !this.topics.isHeard(full)) return;
    const at = this.venue.now();
    const day = this.venue.tape(symbol).day(at);
    const book = this.venue.state.book(symbol);
    const [bid, ask] = [book.best('BUY'), book.best('SELL')];
    const best = [bid?.price, bid?.quantity, ask?.price, ask?.quantity].map((amount) => eight(amount ?? 0n));
    this.venue.show(() => {
      this.topics.publish(mini, () => ({ e: '24hrMiniTicker', E: at, s: symbol, ...miniTicker(day) }));
      this.topics.publish(full, () => ({ e: '24hrTicker', E: at, s: symbol, ...ticker(day, best) }));
    });
  }
}

function tradeEvent(trade: Traded, at: number): object {
  return {
    e: 'trade',
    E: at,
    s: trade.symbol,
    t: trade.id,
    p: eight(trade.price),
    q: eight(trade.quantity),
    b: trade.buyer.orderId,
    a: trade.seller.orderId,
    T: at,
    m: trade.takerSide === 'SELL',
    M: true,
  };
}

function klineEvent(symbol: string, interval: string, candle: Candle, at: number): object {
  return {
    t: candle.openAt,
    T: candle.closeAt,
    s: symbol,
    i: interval,
    f: candle.firstTradeId,
    L: candle.lastTradeId,
    o: eight(candle.open),
    c: eight(candle.close),
    h: eight(candle.high),
    l: eight(candle.low),
    v: eight(candle.volume),
    n: candle.trades,
    x: candle.closeAt < at,
    q: eight(candle.quoteVolume),
    V: eight(candle.takerBuyVolume),
    Q: eight(candle.takerBuyQuote),
    B: '0',
  };
}

function miniTicker(day: DayStatistics): object {
  return {
    c: eight(day.last),
    o: eight(day.open),
    h: eight(day.high),
    l: eight(day.low),
    v: eight(day.volume),
    q: eight(day.quoteVolume),
  };
}

function ticker(day: DayStatistics, [b, B, a, A]: readonly string[]): object {
  const change = day.last - day.open;
  return {
    p: eight(change),
    P: percent(change, day.open),
    w: eight(day.volume === 0n ? 0n : div(day.quoteVolume, day.volume, 'halfEven')),
    x: eight(day.previousClose),
    ...miniTicker(day),
    Q: eight(day.lastQuantity),
    b,
    B,
    a,
    A,
    O: day.openAt,
    C: day.closeAt,
    F: day.firstTradeId,
    L: day.lastTradeId,
    n: day.trades,
  };
}
