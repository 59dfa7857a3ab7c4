// From what a module decides to orders that can be sent, or to the reason why not.
import { clientOrderId } from '../market/client-order-id.ts';
import { type ExecReport, type OrderInput, type OrderMessage, orderKey } from '../order/messages.ts';
import { command, send, spawn } from '../runtime/effect.ts';
import { OPEN_ORDERS_MAX } from './bounds.ts';
import { type Heard, type Outcome, own, type StrategyContext, type StrategyEffect } from './context.ts';
import type { OrderWish, OwnOrder } from './messages.ts';
import { cancelOf, orderNamed } from './own-orders.ts';
import { hasPrice, inconsistency, type Refused, refused, rounded, type Terms } from './terms.ts';

/** An order under the id it gets, not made yet. */
interface Draft {
  readonly id: string;
  readonly wish: OrderWish;
  readonly terms: Terms;
}
type Good = Draft & { readonly terms: Extract<Terms, { readonly ok: true }> };

/**
 * With a partner the two become a pair. A wish that is denied then is an order that ends: its partner is canceled, as
 * it would be had risk or the venue refused it.
 */
export function placeOrder(context: StrategyContext, wish: Heard<'PlaceOrder'>): Outcome {
  const { at, linkedTo } = wish;
  const draft = draftOf(context, wish, at, 1);
  const partner = linkedTo === null ? null : partnerOf(context, linkedTo);
  if (partner !== null && 'refusal' in partner) return deny(context, [{ ...draft, terms: partner }], at);
  if (!isGood(draft)) {
    const denied = deny(context, [draft], at);
    if (partner === null) return denied;
    const { order, effect } = cancelOf(partner, 'the other order of its pair was denied');
    const open = { ...context.open, [order.clientOrderId]: order };
    return { changes: { ...denied.changes, open }, effects: [...denied.effects, effect] };
  }
  const made = make(context, draft, at, partner?.clientOrderId ?? null);
  const open = { ...context.open, [draft.id]: made.order };
  const changes = { placed: context.placed + 1 };
  if (partner === null) return { changes: { ...changes, open }, effects: [made.effect] };
  const link = send<OrderMessage>(orderKey(partner.clientOrderId), { type: 'LinkOrder', linkedTo: draft.id });
  const linked = { ...open, [partner.clientOrderId]: { ...partner, linked: true } };
  return { changes: { ...changes, open: linked }, effects: [made.effect, link] };
}

/** Each knows the other from the start. One that cannot be sent denies both. */
export function placePair(context: StrategyContext, { orders, at }: Heard<'PlacePair'>): Outcome {
  const first = draftOf(context, orders[0], at, 1);
  const second = draftOf(context, orders[1], at, 2);
  if (!isGood(first) || !isGood(second)) return deny(context, withCounterparts(first, second), at);
  const [one, two] = [make(context, first, at, second.id), make(context, second, at, first.id)];
  const open = { ...context.open, [first.id]: one.order, [second.id]: two.order };
  return { changes: { placed: context.placed + 2, open }, effects: [one.effect, two.effect] };
}

/** `nth` counts the orders of one decision. */
function draftOf(context: StrategyContext, wish: OrderWish, at: number, nth: number): Draft {
  return { id: clientOrderId(context.orderPrefix, context.placed + nth), wish, terms: termsOf(context, wish, at, nth) };
}

function isGood(draft: Draft): draft is Good {
  return draft.terms.ok;
}

function termsOf(context: StrategyContext, wish: OrderWish, at: number, nth: number): Terms {
  const { provider, symbol, orderType } = wish;
  const open = Object.keys(context.open).length;
  if (own(context.scope, provider)?.symbols.includes(symbol) !== true) {
    return refused('ORDER_REFUSED', { provider, symbol, allowed: 'providers and symbols in scope' });
  }
  if (open + nth > OPEN_ORDERS_MAX) return refused('ORDER_REFUSED', { open, allowed: OPEN_ORDERS_MAX });
  const link = own(context.links, provider);
  if (link === undefined) return refused('PROVIDER_NOT_READY', { provider });
  const instrument = own(link.instruments, symbol);
  if (instrument === undefined) return refused('INSTRUMENT_UNKNOWN', { provider, symbol });
  if (!link.orderTypes.includes(orderType)) {
    return refused('ORDER_TYPE_UNSUPPORTED', { orderType, provider, allowed: link.orderTypes.join(' ') });
  }
  return inconsistency(wish, at) ?? rounded(wish, instrument);
}

/** Only an order that has not begun to end or to fill can be one of a pair, and of one only. */
function partnerOf({ open }: StrategyContext, name: string): OwnOrder | Refused {
  const order = orderNamed(open, { ref: name, clientOrderId: null }) ?? own(open, name);
  if (order === undefined) return refused('LINK_INVALID', { linkedTo: name, state: 'not open' });
  const { state, cancelling, linked } = order;
  if (cancelling) return refused('LINK_INVALID', { linkedTo: name, state: 'being canceled' });
  if (state === 'PARTIAL') return refused('LINK_INVALID', { linkedTo: name, state: 'filled in part' });
  return linked ? refused('LINK_INVALID', { linkedTo: name, state: 'one of another pair' }) : order;
}

function make(context: StrategyContext, { id, wish, terms }: Good, at: number, linkedTo: string | null) {
  const { quantity, price, stopPrice } = terms;
  const { ref, provider, symbol, side, orderType } = wish;
  const what = { ref, clientOrderId: id, provider, symbol, side, orderType, quantity, price, stopPrice };
  const life = { filledQuantity: '0', state: 'PENDING', cancelling: false, replacement: null } as const;
  const order: OwnOrder = { ...what, ...life, linked: linkedTo !== null };
  const input = orderInput(context, { id, wish, terms }, at, linkedTo);
  return { order, effect: spawn(orderKey(id), input) };
}

function orderInput(
  { instanceId, riskScope, links }: StrategyContext,
  { id, wish, terms: { quantity, price, stopPrice } }: Good,
  placedAt: number,
  linkedTo: string | null,
): OrderInput {
  const { provider, symbol, side, orderType, timeInForce, postOnly, goodTillAt } = wish;
  const { venue = '', account = '', recvWindowMs = 0, fenceMarginMs = 0, amends = 'none' } = links[provider] ?? {};
  const what = { clientOrderId: id, provider, venue, account, symbol, side, orderType, timeInForce, postOnly };
  const asked = { quantity: wish.quantity, price: hasPrice(wish) ? wish.price : null };
  const terms = { quantity, price, stopPrice, asked, goodTillAt, amends };
  const relations = { linkedTo, replaces: null, external: null };
  const who = { strategyInstance: instanceId, riskScope, placedAt, recvWindowMs, fenceMarginMs };
  return { ...what, ...terms, ...relations, ...who };
}

/** The one that could have been sent is denied for the other's sake. */
function withCounterparts(first: Draft, second: Draft): readonly Draft[] {
  const because = (draft: Draft, other: Draft): Draft =>
    draft.terms.ok
      ? { ...draft, terms: refused('LINK_INVALID', { linkedTo: other.wish.ref, state: 'denied' }) }
      : draft;
  return [because(first, second), because(second, first)];
}

/** A number of the sequence is used up either way, so that no two reports ever share a client order id. */
function deny(context: StrategyContext, drafts: readonly Draft[], at: number): Outcome {
  const { instanceId, sandbox, placed, denied } = context;
  const effects: StrategyEffect[] = [];
  for (const { id, wish, terms } of drafts) {
    if (terms.ok) continue;
    const event = { ...denial(context, wish, id, terms.refusal, at), ref: wish.ref };
    effects.push(command('notifySandbox', { instanceId, sandbox, event }));
  }
  return { changes: { placed: placed + drafts.length, denied: denied + drafts.length }, effects };
}

/** The report of an order that never was. */
function denial(
  { instanceId }: StrategyContext,
  { provider, symbol, side, orderType, price, quantity }: OrderWish,
  id: string,
  refusal: string,
  at: number,
): ExecReport {
  return {
    type: 'ExecReport',
    clientOrderId: id,
    exchangeOrderId: null,
    provider,
    symbol,
    strategyInstance: instanceId,
    state: 'REJECTED',
    side,
    orderType,
    price,
    quantity,
    filledQuantity: '0',
    remainingQty: quantity,
    avgFillPrice: null,
    lastQuantity: null,
    lastPrice: null,
    commissionAmount: null,
    commissionAsset: null,
    timestamp: at,
    rejectReason: `DENIED ${refusal}`,
  };
}
