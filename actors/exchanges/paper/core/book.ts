// One symbol's order book: price levels best last, orders within a level in order of arrival.
// Every change of a level takes the next update id and is remembered in `touched`, for the depth streams.
import type { Decimal } from '../../../market/decimal.ts';
import { min } from '../../../market/decimal.ts';
import { type Order, remaining, type Side } from './order.ts';

export interface Level {
  readonly price: Decimal;
  quantity: Decimal;
  /** By id, in order of arrival: a Map iterates as it was filled and forgets in constant time. */
  readonly orders: Map<number, Order>;
}

export interface Match {
  readonly maker: Order;
  readonly price: Decimal;
  readonly quantity: Decimal;
}

export type Meet = (maker: Order, wanted: Decimal) => 'trade' | 'pass' | 'cancelOut' | 'stop';

const trade: Meet = () => 'trade';

export interface TouchedLevel {
  readonly side: Side;
  readonly price: Decimal;
}

export class Book {
  updateId = 0;
  private readonly bids: Level[] = [];
  private readonly asks: Level[] = [];
  private touched: TouchedLevel[] = [];

  /** Puts an order behind those at its price. */
  add(order: Order): void {
    const levels = this.levelsOf(order.side);
    const index = place(levels, order.side, order.price);
    let level = levels[index];
    if (level?.price !== order.price) {
      level = { price: order.price, quantity: 0n, orders: new Map() };
      levels.splice(index, 0, level);
    }
    level.orders.set(order.id, order);
    level.quantity += remaining(order);
    this.touch(order);
  }

  /** A trade or an amend took `quantity` of a resting order; call before the order's own progress is written. */
  reduce(order: Order, quantity: Decimal): void {
    const level = this.levelOf(order);
    if (!level) return;
    level.quantity -= quantity;
    if (remaining(order) === quantity) level.orders.delete(order.id);
    this.dropIfEmpty(level, order);
    this.touch(order);
  }

  holds(order: Order): boolean {
    return this.levelOf(order) !== undefined;
  }

  /** Takes a resting order off, with what is left of it. An order that does not rest changes nothing. */
  remove(order: Order): void {
    const level = this.levelOf(order);
    if (!level) return;
    level.quantity -= remaining(order);
    level.orders.delete(order.id);
    this.dropIfEmpty(level, order);
    this.touch(order);
  }

  /**
   * What an incoming order would trade with, best price first, first come first. Changes nothing. `meet` says of each
   * order that it comes to whether it trades with it, passes it over, wants so much less for it, or comes no further.
   */
  matches(side: Side, limit: Decimal | null, quantity: Decimal, meet: Meet = trade): Match[] {
    const found: Match[] = [];
    const levels = this.levelsOf(side === 'BUY' ? 'SELL' : 'BUY');
    let wanted = quantity;
    for (let index = levels.length - 1; index >= 0 && wanted > 0n; index -= 1) {
      const level = levels[index] as Level;
      if (limit !== null && (side === 'BUY' ? level.price > limit : level.price < limit)) break;
      for (const maker of level.orders.values()) {
        if (wanted === 0n) break;
        const meeting = meet(maker, wanted);
        if (meeting === 'stop') return found;
        if (meeting === 'pass') continue;
        const taken = min(wanted, remaining(maker));
        if (meeting === 'trade') found.push({ maker, price: level.price, quantity: taken });
        wanted -= taken;
      }
    }
    return found;
  }

  /** Best first. */
  depth(side: Side, count: number): Level[] {
    return this.levelsOf(side).slice(-count).reverse();
  }

  best(side: Side): Level | undefined {
    return this.levelsOf(side).at(-1);
  }

  /** Resting quantity at a price; 0 where nothing rests. */
  quantityAt(side: Side, price: Decimal): Decimal {
    const levels = this.levelsOf(side);
    const level = levels[place(levels, side, price)];
    return level?.price === price ? level.quantity : 0n;
  }

  /** Levels changed since the last call, oldest first, a level as often as it changed. */
  takeTouched(): TouchedLevel[] {
    const { touched } = this;
    this.touched = [];
    return touched;
  }

  private levelsOf(side: Side): Level[] {
    return side === 'BUY' ? this.bids : this.asks;
  }

  private levelOf(order: Order): Level | undefined {
    const levels = this.levelsOf(order.side);
    const level = levels[place(levels, order.side, order.price)];
    return level?.price === order.price && level.orders.has(order.id) ? level : undefined;
  }

  private dropIfEmpty(level: Level, order: Order): void {
    if (level.orders.size > 0) return;
    const levels = this.levelsOf(order.side);
    levels.splice(place(levels, order.side, level.price), 1);
  }

  private touch(order: Order): void {
    this.updateId += 1;
    this.touched.push({ side: order.side, price: order.price });
  }
}

/** Index of the price, or where it belongs: bids rise towards the end, asks fall, so that the best is last. */
function place(levels: readonly Level[], side: Side, price: Decimal): number {
  let low = 0;
  let high = levels.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = (levels[middle] as Level).price;
    if (side === 'BUY' ? other < price : other > price) low = middle + 1;
    else high = middle;
  }
  return low;
}
