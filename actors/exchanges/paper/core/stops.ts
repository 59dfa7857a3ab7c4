// Stop orders of one symbol that wait for their price. Which way a price has to go to reach a stop follows from the
// type and the side: a stop loss follows the market, a take profit meets it.
import type { Decimal } from '../../../market/decimal.ts';
import type { Order, OrderTerms } from './order.ts';

export class Stops {
  private readonly orders = new Map<number, Order>();

  add(order: Order): void {
    this.orders.set(order.id, order);
  }

  /** An order that does not wait here changes nothing. */
  remove(order: Order): void {
    this.orders.delete(order.id);
  }

  ids(): number[] {
    return [...this.orders.keys()];
  }

  /** Those a trade at this price sets off, in the order they came. */
  reachedBy(price: Decimal): Order[] {
    if (this.orders.size === 0) return [];
    return [...this.orders.values()].filter((order) => isReached(order, price));
  }
}

export function isReached(
  { side, type, stopPrice }: Pick<OrderTerms, 'side' | 'type' | 'stopPrice'>,
  price: Decimal,
): boolean {
  if (stopPrice === undefined) return false;
  const isLoss = type === 'STOP_LOSS' || type === 'STOP_LOSS_LIMIT';
  const isAboveMarket = isLoss === (side === 'BUY');
  return isAboveMarket ? price >= stopPrice : price <= stopPrice;
}
