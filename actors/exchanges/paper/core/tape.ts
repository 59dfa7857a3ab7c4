// A symbol's public record: last trades, aggregate trades, candles and the statistics made from them.
// Memory only and bounded; a restarted venue begins a new tape, while clients' own trades come from the ledger.
import { type Decimal, div, max, min, mul } from '../../../market/decimal.ts';
import { type Candle, Candles } from './candles.ts';
import type { Traded } from './facts.ts';

export interface PublicTrade {
  readonly id: number;
  readonly price: Decimal;
  readonly quantity: Decimal;
  readonly quote: Decimal;
  readonly at: number;
  readonly buyerIsMaker: boolean;
  readonly buyerOrderId: number;
  readonly sellerOrderId: number;
}

/** What one taker order traded at one price. */
export interface AggregateTrade {
  readonly id: number;
  readonly price: Decimal;
  quantity: Decimal;
  readonly firstTradeId: number;
  lastTradeId: number;
  readonly at: number;
  readonly buyerIsMaker: boolean;
  readonly takerOrderId: number;
}

export interface DayStatistics {
  readonly open: Decimal;
  readonly high: Decimal;
  readonly low: Decimal;
  readonly last: Decimal;
  readonly lastQuantity: Decimal;
  readonly previousClose: Decimal;
  readonly volume: Decimal;
  readonly quoteVolume: Decimal;
  readonly openAt: number;
  readonly closeAt: number;
  readonly firstTradeId: number;
  readonly lastTradeId: number;
  readonly trades: number;
}

const KEPT = 1_000;
const DAY_MINUTES = 1_440;

export class Tape {
  readonly candles = new Candles();
  readonly trades: PublicTrade[] = [];
  readonly aggregates: AggregateTrade[] = [];
  private lastPrice: Decimal;

  /** The price before the first trade. */
  constructor(price: Decimal) {
    this.lastPrice = price;
  }

  get last(): Decimal {
    return this.lastPrice;
  }

  /** Returns the aggregate that it opened or joined. */
  add(trade: Traded, at: number): { trade: PublicTrade; aggregate: AggregateTrade } {
    const { id, price, quantity } = trade;
    const buyerIsMaker = trade.takerSide === 'SELL';
    const quote = mul(price, quantity);
    const [buyerOrderId, sellerOrderId] = [trade.buyer.orderId, trade.seller.orderId];
    const entry: PublicTrade = { id, price, quantity, quote, at, buyerIsMaker, buyerOrderId, sellerOrderId };
    this.lastPrice = price;
    keep(this.trades, entry);
    this.candles.add({ id, price, quantity, quote, buyerIsTaker: !buyerIsMaker, at });
    return { trade: entry, aggregate: this.aggregate(entry) };
  }

  /** Volume-weighted over the last minutes; the last price when nothing traded or minutes is 0. */
  average(minutes: number, at: number): Decimal {
    const candles = minutes > 0 ? this.candles.list('1m', at).slice(-minutes) : [];
    const volume = candles.reduce((sum, candle) => sum + candle.volume, 0n);
    if (volume === 0n) return this.lastPrice;
    return div(
      candles.reduce((sum, candle) => sum + candle.quoteVolume, 0n),
      volume,
      'halfEven',
    );
  }

  day(at: number): DayStatistics {
    const candles = this.candles.list('1m', at);
    const window = candles.slice(-DAY_MINUTES);
    const first = window[0];
    const traded = window.filter((candle) => candle.trades > 0);
    const sum = (pick: (candle: Candle) => Decimal): Decimal =>
      traded.reduce((total, candle) => total + pick(candle), 0n);
    return {
      open: first?.open ?? this.lastPrice,
      high: window.reduce((high, candle) => max(high, candle.high), first?.high ?? this.lastPrice),
      low: window.reduce((low, candle) => min(low, candle.low), first?.low ?? this.lastPrice),
      last: this.lastPrice,
      lastQuantity: this.trades.at(-1)?.quantity ?? 0n,
      previousClose: candles.at(-DAY_MINUTES - 1)?.close ?? first?.open ?? this.lastPrice,
      volume: sum((candle) => candle.volume),
      quoteVolume: sum((candle) => candle.quoteVolume),
      openAt: at - DAY_MINUTES * 60_000,
      closeAt: at,
      firstTradeId: traded[0]?.firstTradeId ?? -1,
      lastTradeId: traded.at(-1)?.lastTradeId ?? -1,
      trades: traded.reduce((total, candle) => total + candle.trades, 0),
    };
  }

  private aggregate(trade: PublicTrade): AggregateTrade {
    const takerOrderId = trade.buyerIsMaker ? trade.sellerOrderId : trade.buyerOrderId;
    const last = this.aggregates.at(-1);
    if (last?.takerOrderId === takerOrderId && last.price === trade.price) {
      last.quantity += trade.quantity;
      last.lastTradeId = trade.id;
      return last;
    }
    const { price, quantity, at, buyerIsMaker } = trade;
    // Numbered by its first trade: rising, and without a counter that a restart would have to remember.
    const opened = {
      id: trade.id,
      price,
      quantity,
      firstTradeId: trade.id,
      lastTradeId: trade.id,
      at,
      buyerIsMaker,
      takerOrderId,
    };
    keep(this.aggregates, opened);
    return opened;
  }
}

function keep<Item>(list: Item[], item: Item): void {
  list.push(item);
  if (list.length > 2 * KEPT) list.splice(0, list.length - KEPT);
}
