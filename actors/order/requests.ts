// What an order asks of others: of the venue, of risk, of its provider, and of the orders it is tied to.
import { format, max } from '../market/decimal.ts';
import { type ProviderMessage, providerKey } from '../provider/messages.ts';
import { type RiskMessage, riskKey } from '../risk/messages.ts';
import { type Command, command, type Effect, send, spawn } from '../runtime/effect.ts';
import { left, type OrderContext } from './facts.ts';
import type { Fill } from './fills.ts';
import { fillPosting } from './ledger.ts';
import type { AmendArgs, OrderInput, OrderMessage, QueryArgs, SubmitArgs, VenueRef } from './messages.ts';
import { orderKey } from './messages.ts';

/** An order of somebody else goes by the id they gave it, and is meant by the venue's. */
export function venueRef({ order }: OrderContext): VenueRef {
  const { provider, clientOrderId, symbol, external } = order;
  if (external === null) return { provider, clientOrderId, symbol };
  return { provider, clientOrderId: external.clientOrderId, venueOrderId: external.venueOrderId, symbol };
}

export function submitArgs(context: OrderContext): SubmitArgs {
  const { order, signedAt, deadlineAt } = context;
  return {
    ...venueRef(context),
    side: order.side,
    orderType: order.orderType,
    // The venue keeps it as long as we do not cancel it.
    timeInForce: order.timeInForce === 'GTD' ? 'GTC' : order.timeInForce,
    postOnly: order.postOnly,
    quantity: order.quantity,
    price: order.price,
    stopPrice: order.stopPrice,
    signedAt: signedAt ?? 0,
    deadlineAt: deadlineAt ?? 0,
  };
}

export function askVenue(context: OrderContext): Command<'queryOrder', QueryArgs> {
  const { signedAt, order } = context;
  const isOurs = order.external === null && signedAt !== null;
  return command('queryOrder', { ...venueRef(context), ...(isOurs && { signedAt }) });
}

export function amendAtVenue(context: OrderContext): Command<'amendOrder', AmendArgs> {
  const { quantity, price } = context.amendment ?? context;
  return command('amendOrder', { ...venueRef(context), quantity, price });
}

function what({ order }: OrderContext) {
  const { clientOrderId, provider, symbol, side } = order;
  return { clientOrderId, provider, symbol, side };
}

function toRisk({ order }: OrderContext, message: RiskMessage): Effect {
  return send<RiskMessage>(riskKey(order.riskScope), message);
}

export function reserveRequest(context: OrderContext): Effect {
  const { orderType, stopPrice, strategyInstance } = context.order;
  const { quantity, price } = context;
  const asked = { ...what(context), orderType, quantity, price, stopPrice, strategyInstance };
  return toRisk(context, { type: 'ReserveRequested', ...asked });
}

/** The reservation of what was not filled yet, asked back after it had been released, or never made. */
export function restoreRequest(context: OrderContext): Effect {
  const { price } = context;
  return toRisk(context, { type: 'ReservationRestored', ...what(context), quantity: format(left(context)), price });
}

/** With the new terms; what is filled already needs no room. */
export function amendRequest(context: OrderContext): Effect {
  const { amendment, filled } = context;
  const { orderType, strategyInstance } = context.order;
  const { quantity, price } = amendment ?? context;
  const open = format(left({ quantity, filled }));
  return toRisk(context, {
    type: 'AmendRequested',
    ...what(context),
    orderType,
    quantity: open,
    price,
    strategyInstance,
  });
}

/** What is left; while an amend is under way, of the larger of the old and the new quantity. */
export function reservationAmended(context: OrderContext): Effect {
  const { clientOrderId, provider, symbol } = context.order;
  const { amendment, filled } = context;
  const wished = amendment === null ? 0n : left({ quantity: amendment.quantity, filled });
  const quantity = format(max(left(context), wished));
  return toRisk(context, { type: 'ReservationAmended', clientOrderId, provider, symbol, quantity });
}

export function exposureFilled(context: OrderContext, fill: Fill, kind: 'fill' | 'bust'): Effect {
  const { account, strategyInstance } = context.order;
  const { quantity, price, fee, feeAsset } = fill;
  const posting = kind === 'fill' ? fillPosting(context, fill) : `bust:${fillPosting(context, fill)}`;
  const who = { ...what(context), account, strategyInstance };
  return toRisk(context, { type: 'ExposureFilled', ...who, quantity, price, fee, feeAsset, kind, posting });
}

export function feeLearned(context: OrderContext, { fee, feeAsset }: Fill): Effect[] {
  const { provider, account, strategyInstance, symbol } = context.order;
  if (fee === null || feeAsset === null) return [];
  return [toRisk(context, { type: 'FeeLearned', provider, account, strategyInstance, symbol, fee, feeAsset })];
}

/** The venue did more than it was asked to: until a person has looked, only what reduces the position may go there. */
export function restrict(context: OrderContext, reason: string): Effect {
  const { provider, symbol } = context.order;
  return toRisk(context, { type: 'RestrictTrading', provider, symbol, reason });
}

export function submitRequest({ order }: OrderContext): Effect {
  const { clientOrderId, symbol } = order;
  return send<ProviderMessage>(providerKey(order.provider), { type: 'SubmitRequested', clientOrderId, symbol });
}

/** It is at the venue: the provider looks after it, whatever it lets go otherwise. */
export function stands({ order: { clientOrderId, provider, symbol } }: OrderContext): Effect {
  return send<ProviderMessage>(providerKey(provider), { type: 'OrderStands', clientOrderId, symbol });
}

/** Risk forgets the order and the provider frees its slot; a denied order has neither. */
export function farewell(context: OrderContext): readonly Effect[] {
  const { clientOrderId, provider, symbol } = context.order;
  return [toRisk(context, { type: 'ReservationReleased', clientOrderId, provider, symbol }), closed(context)];
}

/** Whoever still waits for it need not. */
export function closed({ order: { clientOrderId, provider } }: OrderContext): Effect {
  return send<ProviderMessage>(providerKey(provider), { type: 'OrderClosed', clientOrderId });
}

/** One cancels the other: it is told once. */
export function unlink({ order, linkedTo }: OrderContext): Effect[] {
  if (linkedTo === null) return [];
  const reason = `linked order ${order.clientOrderId} was filled or has ended`;
  return [send<OrderMessage>(orderKey(linkedTo), { type: 'CancelOrder', reason })];
}

/**
 * The order that takes the place of one that has ended: of the quantity wished what was not filled. Nothing where
 * nothing is left. The other order of a pair is tied to it instead.
 */
export function successor(context: OrderContext, at: number): Effect[] {
  const { order, replacement, filled, linkedTo } = context;
  if (replacement === null) return [];
  const { clientOrderId, quantity: asked, price } = replacement;
  const open = left({ quantity: asked, filled });
  if (open === 0n) return [];
  const quantity = format(open);
  const replaces = order.clientOrderId;
  const input: OrderInput = {
    ...order,
    clientOrderId,
    quantity,
    price,
    asked: { quantity: asked, price },
    linkedTo,
    replaces,
    placedAt: at,
  };
  const tie =
    linkedTo === null ? [] : [send<OrderMessage>(orderKey(linkedTo), { type: 'LinkOrder', linkedTo: clientOrderId })];
  return [spawn(orderKey(clientOrderId), input), ...tie];
}
