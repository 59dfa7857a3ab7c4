// Whether an answer to a submit speaks of the order that was sent.
import { compare, parse } from '../../market/decimal.ts';
import type { VenueOrder } from '../../market/execution.ts';
import type { SubmitRequest } from '../exchange.ts';
import { Unreadable } from './read-as.ts';

/** The terms are sent digit for digit: an answer with others is about another order, or is broken. */
export function expectAsSent(order: VenueOrder, { side, quantity, price, orderType }: SubmitRequest): void {
  const isPriced = orderType === 'Limit' || orderType === 'StopLimit';
  const asked = isPriced ? price : null;
  const isSame =
    order.side === side && isEqual(order.quantity, quantity) && (asked === null || isEqual(order.price, asked));
  if (isSame) return;
  const was = `${order.side} ${order.quantity} at ${order.price ?? 'market'}`;
  throw new Unreadable(`order: was ${was}, not ${side} ${quantity} at ${asked ?? 'market'}`);
}

function isEqual(one: string | null, other: string): boolean {
  return one !== null && compare(parse(one), parse(other)) === 0;
}
