// Placing two orders of which one at most is to trade. Both together hold what the dearer one needs: the first of them
// holds it, until one trades or goes off; that one then holds its own need, and the other one has expired.
import { type Decimal, max } from '../../../market/decimal.ts';
import type { Engine, PlaceRequest } from './engine.ts';
import type { Fact } from './facts.ts';
import { lockedFor, type OrderTerms } from './order.ts';
import type { OrderList } from './order-lists.ts';
import type { Outcome } from './outcome.ts';
import type { Refusal } from './refusal.ts';
import * as refusals from './refusal.ts';

export interface ListRequest {
  readonly account: string;
  readonly symbol: string;
  readonly clientOrderId: string;
  /** Of the same side and quantity, on either side of the last price. */
  readonly above: PlaceRequest;
  readonly below: PlaceRequest;
}

export type ListPlacement =
  | { readonly list: OrderList; readonly outcome: Outcome }
  | { readonly refusal: Refusal; readonly outcome: null };

export function placeList(engine: Engine, request: ListRequest, at: number): ListPlacement {
  const { state } = engine;
  const { account, symbol, clientOrderId, above, below } = request;
  const refusal = refusalOf(engine, request, at);
  if (refusal) return { refusal, outcome: null };
  // As on Binance the one that waits comes first.
  const legs = above.stopPrice === undefined ? [below, above] : [above, below];
  const [listId, firstId] = [state.lists.nextId, state.nextOrderId];
  const orderIds = legs.map((_, index) => firstId + index);
  const list: OrderList = { id: listId, account, symbol, clientOrderId, orderIds, placedAt: at };
  const needs = needOf(request);
  const placed = legs.map((leg, index): Fact => {
    const order: OrderTerms = { id: firstId + index, ...leg, listId, placedAt: at };
    return { type: 'OrderPlaced', order, locked: index === 0 ? needs : 0n };
  });
  return { list, outcome: engine.record([{ type: 'ListPlaced', list }, ...placed], at) };
}

function needOf({ above, below }: ListRequest): Decimal {
  return max(lockedFor(above, above.quantity), lockedFor(below, below.quantity));
}

function refusalOf(engine: Engine, request: ListRequest, at: number): Refusal | null {
  const { account, symbol, clientOrderId, above, below } = request;
  const { lists, accounts } = engine.state;
  const { lastPrice } = engine.state.listed(symbol);
  const filter = engine.filterRefusal(above, at) ?? engine.filterRefusal(below, at);
  if (filter) return filter;
  const named = lists.named(account, clientOrderId);
  const isTaken = named !== undefined && !lists.isDone(named);
  if (isTaken || above.clientOrderId === below.clientOrderId) return refusals.DUPLICATE_ORDER;
  const [high, low] = [above, below].map((leg) => leg.stopPrice ?? leg.price) as [Decimal, Decimal];
  if (high <= lastPrice || low >= lastPrice) return refusals.LIST_PRICES;
  const alone = engine.legRefusal(above) ?? engine.legRefusal(below);
  if (alone) return alone;
  const free = accounts.free(account, engine.state.paidIn(above));
  return free < needOf(request) ? refusals.INSUFFICIENT_BALANCE : null;
}
