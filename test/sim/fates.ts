// What becomes of an order at the venue of a history: it rests and is filled in parts, is taken at once, waits for its
// stop price; now and then the venue ends it by itself, shows a trade long after it counted, or takes one back.
import { type Decimal, format, mul, parse, sub } from '../../actors/market/decimal.ts';
import { type BookOrder, type BookTrade, isWorking, lastOf, type Version } from './book.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

const LOT = parse('0.001');
const TICK = parse('0.01');
/** Of a market order: around the price of the instrument. */
const MARKET_CENTS = [9_800, 10_200] as const;
const BUSTED = 0.08;
const BUST_MS = 25_000;

export interface FatesOptions {
  readonly timeline: Timeline;
  /** Share of the trades that count long before they are shown. */
  readonly hidden: () => number;
}

/** Where it happens. */
export interface Floor {
  trigger(order: BookOrder): void;
  fill(order: BookOrder, trade: BookTrade): void;
  end(order: BookOrder, status: 'canceled' | 'expired'): void;
  /** Takes a trade back and, where there is one, puts another in its place. `status` is where that leaves the order. */
  bust(order: BookOrder, trade: BookTrade, correction: BookTrade | null, status: Version['status']): void;
  /** Something the venue will do whatever becomes of the order. */
  later(ms: number, work: () => void): void;
}

export class Fates {
  readonly #floor: Floor;
  readonly #options: FatesOptions;
  #trades = 0;
  #lastTrade: BookTrade | null = null;

  constructor(floor: Floor, options: FatesOptions) {
    this.#floor = floor;
    this.#options = options;
  }

  begin(order: BookOrder, fate: Random): void {
    if (lastOf(order).status === 'parked') return this.#wait(order, fate);
    const { orderType, timeInForce } = order.request;
    if (orderType === 'Market' || timeInForce === 'IOC' || timeInForce === 'FOK') this.#takeAtOnce(order, fate);
    else this.#rest(order, fate);
  }

  /** Triggered, or never. */
  #wait(order: BookOrder, fate: Random): void {
    if (fate.chance(0.4)) return;
    this.#options.timeline.after(fate.between(200, 15_000), () => {
      if (lastOf(order).status !== 'parked') return;
      this.#floor.trigger(order);
      if (order.request.orderType === 'Stop') this.#takeAtOnce(order, fate);
      else this.#rest(order, fate);
    });
  }

  /** Some now, the rest never. */
  #takeAtOnce(order: BookOrder, fate: Random): void {
    const { price, timeInForce } = order.request;
    const whole = price === null || fate.chance(0.5);
    const parts = timeInForce === 'FOK' && !whole ? 0 : fate.between(1, 2);
    for (let part = 1; part <= parts; part += 1) this.#fill(order, fate, whole && part === parts);
    this.#floor.end(order, 'expired');
  }

  /** Filled in parts, and now and then ended by the venue or by somebody with the keys. */
  #rest(order: BookOrder, fate: Random): void {
    const { timeline } = this.#options;
    const parts = fate.between(0, 4);
    let atMs = 0;
    for (let part = 0; part < parts; part += 1) {
      const isFirst = part === 0 && !order.request.postOnly;
      atMs += isFirst && fate.chance(0.5) ? fate.between(1, 20) : fate.between(200, 9_000);
      const last = fate.chance(0.35);
      timeline.after(atMs, () => this.#fill(order, fate, last));
    }
    if (!fate.chance(0.12)) return;
    const end = fate.pick(['expired', 'canceled'] as const);
    timeline.after(fate.between(1_000, 20_000), () => this.#floor.end(order, end));
  }

  #fill(order: BookOrder, fate: Random, whole: boolean): void {
    const before = lastOf(order);
    if (before.status !== 'open') return;
    const left = sub(before.quantity, before.filled);
    const lots = Number(left / LOT);
    const trade = this.#trade(order, whole || lots <= 1 ? left : BigInt(fate.between(1, lots)) * LOT, fate);
    this.#floor.fill(order, trade);
    if (fate.chance(BUSTED)) this.#bustLater(order, trade, fate);
  }

  #trade(order: BookOrder, quantity: Decimal, fate: Random): BookTrade {
    const { symbol, side } = order.request;
    const { timeline, hidden } = this.#options;
    const last = this.#lastTrade;
    // The other side of the last trade may be ours as well: then both carry its id.
    const isSelf = last !== null && last.side !== side && last.venueOrderId !== order.venueOrderId && fate.chance(0.3);
    if (!isSelf) this.#trades += 1;
    const price = priceOf(order, fate);
    const isHidden = fate.chance(hidden());
    const trade: BookTrade = {
      tradeId: isSelf ? last.tradeId : String(this.#trades),
      venueOrderId: order.venueOrderId,
      ...{ symbol, side, price },
      quantity: format(quantity),
      ...feeOf(order, quantity, price, fate),
      liquidity: 'maker',
      tradedAt: timeline.now,
      ...timesOf(timeline.now, isHidden, fate),
    };
    this.#lastTrade = isSelf ? null : trade;
    return trade;
  }

  /** Taken back, or corrected, when it has been seen: also when the order has ended. */
  #bustLater(order: BookOrder, trade: BookTrade, fate: Random): void {
    const afterMs = Math.max(trade.shownAt, trade.chargedAt) - trade.tradedAt + fate.between(50, BUST_MS);
    this.#floor.later(afterMs, () => {
      const last = lastOf(order);
      if (!last.trades.includes(trade)) return;
      const correction = fate.chance(0.4) ? this.#correction(trade, fate) : null;
      const missing = correction === null || correction.quantity !== trade.quantity;
      this.#floor.bust(order, trade, correction, statusAfter(last, missing, fate));
    });
  }

  #correction(trade: BookTrade, fate: Random): BookTrade {
    this.#trades += 1;
    const quantity = parse(trade.quantity);
    const less = quantity > LOT && fate.chance(0.5) ? sub(quantity, LOT) : quantity;
    const { now } = this.#options.timeline;
    return {
      ...trade,
      tradeId: String(this.#trades),
      quantity: format(less),
      tradedAt: now,
      shownAt: now,
      chargedAt: now,
    };
  }
}

/** Where an order is left when less of it is filled: one that was filled works again, or is over with the rest. */
function statusAfter(last: Version, missing: boolean, fate: Random): Version['status'] {
  if (isWorking(last) || last.status !== 'filled' || !missing) return last.status;
  return fate.pick(['open', 'canceled', 'canceled', 'filled'] as const);
}

/** Its own price or a better one. */
function priceOf(order: BookOrder, fate: Random): string {
  const { price } = lastOf(order);
  if (price === null) return format(BigInt(fate.between(...MARKET_CENTS)) * TICK);
  const better = BigInt(fate.chance(0.3) ? fate.between(1, 20) : 0) * TICK;
  return format(order.request.side === 'Buy' ? sub(parse(price), better) : parse(price) + better);
}

/** In what the order receives, or in a third asset. */
function feeOf({ request }: BookOrder, quantity: Decimal, price: string, fate: Random) {
  const [base = '', quote = ''] = request.symbol.split('-');
  if (fate.chance(0.2)) return { fee: '0.0001', feeAsset: 'BNB' };
  const rate = parse('0.001');
  if (request.side === 'Buy') return { fee: format(mul(quantity, rate)), feeAsset: base };
  return { fee: format(mul(mul(quantity, parse(price)), rate)), feeAsset: quote };
}

/** When it is shown, and when it is told what it cost. */
function timesOf(now: number, isHidden: boolean, fate: Random): Pick<BookTrade, 'shownAt' | 'chargedAt'> {
  const shownAt = now + (isHidden ? hiddenMs(fate) : 0);
  return { shownAt, chargedAt: !isHidden && fate.chance(0.06) ? now + fate.between(500, 6_000) : shownAt };
}

/** Usually seconds; now and then so long that the execution is inferred before it is seen. */
function hiddenMs(fate: Random): number {
  return fate.chance(0.1) ? fate.between(220_000, 260_000) : fate.between(500, 40_000);
}
