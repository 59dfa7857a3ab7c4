// New terms for an open order. The order amends itself at its venue, or ends and is replaced by a new one; either way
// the reports tell. What the instance itself refuses is told at once: the order stands as it did.
import { clientOrderId } from '../market/client-order-id.ts';
import { compare, parse } from '../market/decimal.ts';
import { type OrderMessage, orderKey } from '../order/messages.ts';
import { send } from '../runtime/effect.ts';
import { type Heard, type Outcome, own, type StrategyContext } from './context.ts';
import type { OwnOrder, Replacement } from './messages.ts';
import { notify, orderNamed } from './own-orders.ts';
import { hasPrice, type Refused, refused, rounded } from './terms.ts';

type Wish = Heard<'AmendOrder'>;
type NewTerms = Omit<Replacement, 'clientOrderId'>;

/** Nothing where there is no such order any more: its end has been told. */
export function amendOrder(context: StrategyContext, wish: Wish): Outcome {
  const order = orderNamed(context.open, wish);
  if (order === undefined) return { changes: {}, effects: [] };
  const terms = newTerms(context, order, wish);
  if ('refusal' in terms) return { changes: {}, effects: [refusal(context, order, terms.refusal, wish.at)] };
  // An order is replaced once at most, so one id is enough for all amends of it.
  const placed = order.replacement === null ? context.placed + 1 : context.placed;
  const id = order.replacement?.clientOrderId ?? clientOrderId(context.orderPrefix, placed);
  const kept = { ...order, replacement: { clientOrderId: id, ...terms } };
  const message: OrderMessage = { type: 'AmendOrder', ...terms, replacement: id, reason: 'the strategy asked for it' };
  const effects = [send(orderKey(order.clientOrderId), message)];
  return { changes: { placed, open: { ...context.open, [order.clientOrderId]: kept } }, effects };
}

/** On tick and lot; the price null where it stays as it is. */
function newTerms(context: StrategyContext, order: OwnOrder, wish: Wish): NewTerms | Refused {
  const { provider, symbol, orderType, cancelling, filledQuantity } = order;
  // 1. Whether it can be amended at all.
  if (cancelling) return refused('AMEND_INVALID', { state: 'being canceled' });
  if (orderType === 'Market') return refused('AMEND_INVALID', { orderType });
  if (wish.price !== null && !hasPrice(order)) return refused('AMEND_INVALID', { price: wish.price, orderType });
  const link = own(context.links, provider);
  if (link === undefined) return refused('PROVIDER_NOT_READY', { provider });
  const instrument = own(link.instruments, symbol);
  if (instrument === undefined) return refused('INSTRUMENT_UNKNOWN', { provider, symbol });
  // 2. What it would be.
  const asked = { quantity: wish.quantity ?? order.quantity, price: wish.price ?? order.price };
  const terms = rounded({ ...order, ...asked }, instrument);
  if (!terms.ok) return terms;
  const { quantity } = terms;
  if (compare(parse(quantity), parse(filledQuantity)) <= 0) {
    return refused('AMEND_INVALID', { quantity, filledQuantity, remedy: 'cancel what is left' });
  }
  const price = isSame(terms.price, order.price) ? null : terms.price;
  const isNothing = price === null && isSame(quantity, order.quantity) && order.replacement === null;
  return isNothing
    ? refused('AMEND_INVALID', { quantity, price: order.price ?? 'none', change: 'none' })
    : { quantity, price };
}

function isSame(left: string | null, right: string | null): boolean {
  return left === right || (left !== null && right !== null && parse(left) === parse(right));
}

function refusal(context: StrategyContext, order: OwnOrder, reason: string, timestamp: number) {
  const { ref, clientOrderId: id, provider, symbol } = order;
  const which = { clientOrderId: id, ref, provider, symbol, strategyInstance: context.instanceId };
  return notify(context, { type: 'AmendRefused', ...which, reason: `DENIED ${reason}`, timestamp });
}
