// Somebody else who trades on the same account, with orders nobody here knows of before the venue tells.

import type { OrderRef, SubmitRequest } from '../../actors/exchanges/exchange.ts';
import type { OrderType } from '../../actors/market/execution.ts';
import { lastOf } from './book.ts';
import { ORDER_PREFIX } from './names.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';
import { SYMBOL, type Venue } from './venue.ts';

const PLACING_MS = 30_000;

export interface OthersOptions {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly venue: Venue;
  readonly deposits: boolean;
}

export function tradeBeside({ timeline, random, venue, deposits }: OthersOptions): void {
  if (deposits) {
    timeline.after(random.between(5_000, PLACING_MS), () => venue.account.deposit('BTC', '0.5', timeline.now));
  }
  if (random.chance(0.5)) return;
  const count = random.between(1, 3);
  for (let number = 1; number <= count; number += 1) {
    const fate = random.fork(`other ${number}`);
    // Also before anybody here has looked; then it rests, because what was traded before is no business of ours.
    const isEarly = fate.chance(0.15);
    timeline.after(isEarly ? 0 : fate.between(2_000, PLACING_MS), () => placeOne(venue, timeline, fate, isEarly));
  }
}

function placeOne(venue: Venue, timeline: Timeline, fate: Random, isEarly: boolean): void {
  const request = requestOf(fate);
  const resting = { ...request, orderType: 'Limit', price: priceOf(fate), stopPrice: null, postOnly: true } as const;
  const { order } = venue.accept(isEarly ? resting : request, true);
  const { clientOrderId, symbol, venueOrderId } = order;
  const ref: OrderRef = { clientOrderId, symbol, venueOrderId };
  if (fate.chance(0.35)) timeline.after(fate.between(500, 10_000), () => amendIt(venue, ref, fate));
  if (fate.chance(0.4)) timeline.after(fate.between(1_000, 20_000), () => void venue.cancel(ref));
}

/** More or less of it, at another price. */
function amendIt(venue: Venue, ref: OrderRef, fate: Random): void {
  const order = venue.working(ref);
  if (order === null) return;
  const { price } = lastOf(order);
  venue.amend({ ...ref, quantity: quantityOf(fate), price: price === null ? null : priceOf(fate) });
}

function requestOf(fate: Random): SubmitRequest {
  const orderType: OrderType = fate.chance(0.7) ? 'Limit' : fate.pick(['Market', 'Stop', 'StopLimit']);
  const isPriced = orderType === 'Limit' || orderType === 'StopLimit';
  const isStop = orderType === 'Stop' || orderType === 'StopLimit';
  return {
    clientOrderId: nameOf(fate),
    symbol: SYMBOL,
    side: fate.pick(['Buy', 'Sell'] as const),
    orderType,
    timeInForce: 'GTC',
    postOnly: false,
    quantity: quantityOf(fate),
    price: isPriced ? priceOf(fate) : null,
    stopPrice: isStop ? priceOf(fate) : null,
    signedAt: 0,
    deadlineAt: 0,
  };
}

/** One name for many orders, as people have it; now and then one of ours, of a database that was lost. */
function nameOf(fate: Random): string {
  if (fate.chance(0.04)) return `${ORDER_PREFIX}lost0000000${fate.between(1, 9)}`;
  return fate.chance(0.3) ? 'web' : `web-${fate.between(1, 999_999)}`;
}

function quantityOf(fate: Random): string {
  return `0.0${fate.between(10, 60)}`;
}

function priceOf(fate: Random): string {
  return `100.${fate.between(1, 5)}${fate.between(1, 9)}`;
}
