// Candles of one symbol in every interval the protocol knows, built from its trades. Bounded per interval.
// Source of intervals: binance-spot-api-docs rest-api.md.
import { type Decimal, max, min } from '../../../market/decimal.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const FIXED: { readonly [interval: string]: number } = {
  '1s': SECOND,
  '1m': MINUTE,
  '3m': 3 * MINUTE,
  '5m': 5 * MINUTE,
  '15m': 15 * MINUTE,
  '30m': 30 * MINUTE,
  '1h': HOUR,
  '2h': 2 * HOUR,
  '4h': 4 * HOUR,
  '6h': 6 * HOUR,
  '8h': 8 * HOUR,
  '12h': 12 * HOUR,
  '1d': DAY,
  '3d': 3 * DAY,
  '1w': 7 * DAY,
};
/** Weeks open on Mondays; 1970-01-01 was a Thursday. */
const MONDAY = 4 * DAY;
const MONTH = '1M';

/** A day of minutes and some, for the 24-hour statistics. */
const KEPT = 1_500;

export interface Candle {
  readonly openAt: number;
  /** Last millisecond that belongs to it. */
  readonly closeAt: number;
  open: Decimal;
  high: Decimal;
  low: Decimal;
  close: Decimal;
  volume: Decimal;
  quoteVolume: Decimal;
  takerBuyVolume: Decimal;
  takerBuyQuote: Decimal;
  trades: number;
  firstTradeId: number;
  lastTradeId: number;
}

export interface CandleTrade {
  readonly id: number;
  readonly price: Decimal;
  readonly quantity: Decimal;
  readonly quote: Decimal;
  readonly buyerIsTaker: boolean;
  readonly at: number;
}

export function isInterval(text: string): boolean {
  return text === MONTH || Object.hasOwn(FIXED, text);
}

export class Candles {
  private readonly series = new Map<string, Candle[]>([...Object.keys(FIXED), MONTH].map((interval) => [interval, []]));

  add(trade: CandleTrade): void {
    for (const interval of this.series.keys()) put(this.upTo(interval, trade.at, trade.price), trade);
  }

  /** Oldest first, the last one still open; quiet intervals repeat the last price with no volume. */
  list(interval: string, at: number): readonly Candle[] {
    const candles = this.series.get(interval) ?? [];
    const last = candles.at(-1);
    if (last) this.upTo(interval, at, last.close);
    return candles;
  }

  /** The candle that holds `at`, made with those between it and the last one where they are missing. */
  private upTo(interval: string, at: number, price: Decimal): Candle {
    const candles = this.series.get(interval) as Candle[];
    let last = candles.at(-1);
    const start = openOf(interval, at);
    // After a pause longer than what is kept, the quiet candles before it would be thrown away at once.
    if (last && FIXED[interval] && (start - last.openAt) / FIXED[interval] > KEPT) {
      candles.length = 0;
      last = flat(interval, start - KEPT * FIXED[interval], last.close);
    }
    while (!last || last.closeAt < at) {
      last = flat(interval, last ? last.closeAt + 1 : start, last ? last.close : price);
      candles.push(last);
    }
    if (candles.length > KEPT) candles.splice(0, candles.length - KEPT);
    return last;
  }
}

function put(candle: Candle, trade: CandleTrade): void {
  if (candle.trades === 0) {
    candle.open = trade.price;
    candle.high = trade.price;
    candle.low = trade.price;
    candle.firstTradeId = trade.id;
  }
  candle.high = max(candle.high, trade.price);
  candle.low = min(candle.low, trade.price);
  candle.close = trade.price;
  candle.volume += trade.quantity;
  candle.quoteVolume += trade.quote;
  if (trade.buyerIsTaker) {
    candle.takerBuyVolume += trade.quantity;
    candle.takerBuyQuote += trade.quote;
  }
  candle.trades += 1;
  candle.lastTradeId = trade.id;
}

function flat(interval: string, openAt: number, price: Decimal): Candle {
  return {
    openAt,
    closeAt: nextOpen(interval, openAt) - 1,
    open: price,
    high: price,
    low: price,
    close: price,
    volume: 0n,
    quoteVolume: 0n,
    takerBuyVolume: 0n,
    takerBuyQuote: 0n,
    trades: 0,
    firstTradeId: -1,
    lastTradeId: -1,
  };
}

function openOf(interval: string, at: number): number {
  const length = FIXED[interval];
  if (length === undefined) {
    const date = new Date(at);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
  }
  const shift = interval === '1w' ? MONDAY : 0;
  return at - ((((at - shift) % length) + length) % length);
}

function nextOpen(interval: string, openAt: number): number {
  const length = FIXED[interval];
  if (length !== undefined) return openAt + length;
  const date = new Date(openAt);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
}
