// Orders that may be at the venue, against what the venue lists as open. The provider knows no order's state: an order
// that differs from what the venue said the last time asks about itself. A run without faults asks about nothing.
import { parse, sub } from '../market/decimal.ts';
import { type OrderMessage, orderKey } from '../order/messages.ts';
import { record, reply, type Send, send } from '../runtime/effect.ts';
import { ASKED_ORDERS_MAX, STANDING_ORDERS_MAX } from './bounds.ts';
import { auditRow, type Heard, type LiveOrder, type Outcome, type ProviderContext } from './context.ts';
import type { OpenOrderSeen } from './messages.ts';

export interface Comparison {
  /** Ids of their actors: those not asked for longest first. */
  readonly ask: readonly string[];
  readonly live: ProviderContext['live'];
  /** How many more would have to ask, and will after the next round. */
  readonly rest: number;
}

/**
 * `before`: an order granted at or after it may be missing for that reason alone.
 * An order is asked about when the venue no longer lists it as open, or lists it with a filled quantity that the
 * trades since the last round do not add up to, or as another than we know.
 */
export function compare(
  live: Comparison['live'],
  openOrders: readonly OpenOrderSeen[],
  { askedAt, before }: { readonly askedAt: number; readonly before: number },
): Comparison {
  const open = new Map(openOrders.map((order) => [order.clientOrderId, order]));
  const differing = Object.entries(live).filter(([id, order]) => {
    const seen = open.get(id);
    return seen === undefined ? order.since < before : !isExplained(order, seen);
  });
  // Whoever has not been asked for longest is first, so that nobody is left out round after round.
  differing.sort(([, left], [, right]) => left.askedAt - right.askedAt);
  const asked = new Set(differing.slice(0, ASKED_ORDERS_MAX).map(([id]) => id));
  const left = new Set(differing.slice(ASKED_ORDERS_MAX).map(([id]) => id));
  const next: { [clientOrderId: string]: LiveOrder } = {};
  for (const [id, order] of Object.entries(live)) {
    const filled = open.get(id)?.filledQuantity ?? order.filled;
    if (left.has(id)) next[id] = order;
    else next[id] = { ...order, filled, ...(asked.has(id) && { askedAt }) };
  }
  return { ask: [...asked], live: next, rest: left.size };
}

/** A venue that counts less than the last time is read late, or has taken a trade back: the order asks. */
function isExplained({ filled }: LiveOrder, seen: OpenOrderSeen): boolean {
  if (seen.isOther) return false;
  const grown = sub(parse(seen.filledQuantity), parse(filled));
  return grown >= 0n && grown <= parse(seen.traded);
}

/** What is at the venue is there, whatever the gate would say of it. */
export function takeIn({ name, live }: ProviderContext, clientOrderId: string, order: LiveOrder): Outcome {
  if (Object.hasOwn(live, clientOrderId)) return { changes: {}, effects: [] };
  const count = Object.keys(live).length;
  if (count < STANDING_ORDERS_MAX) return { changes: { live: { ...live, [clientOrderId]: order } }, effects: [] };
  const detail = { clientOrderId, symbol: order.symbol, live: count, allowed: STANDING_ORDERS_MAX };
  return { changes: {}, effects: [record(auditRow(`provider/${name}`, 'ORDER_NOT_LOOKED_AFTER', detail))] };
}

export function lookAfter(context: ProviderContext, { clientOrderId, symbol, at }: Heard<'OrderStands'>): Outcome {
  const { changes, effects } = takeIn(context, clientOrderId, { symbol, since: at, filled: '0', askedAt: 0 });
  const waiting = context.waiting.filter((order) => order.clientOrderId !== clientOrderId);
  return { changes: { ...changes, waiting }, effects };
}

export function askOrder(id: string): Send<OrderMessage> {
  return send(orderKey(id), { type: 'ReconcileRequested' });
}

/** Orders that wait for the venue are canceled like those that are there: nothing of them leaves any more. */
export function cancelAll(context: ProviderContext, { by, reason, symbol }: Heard<'CancelAll'>): Outcome {
  const { name, live, waiting } = context;
  const standing = Object.entries(live).map(([clientOrderId, order]) => ({ clientOrderId, symbol: order.symbol }));
  const all = [...standing, ...waiting].filter((order) => symbol === null || order.symbol === symbol);
  const effects = all.map(({ clientOrderId }) =>
    send<OrderMessage>(orderKey(clientOrderId), { type: 'CancelOrder', reason }),
  );
  const audit = record(auditRow(by, 'CANCEL_ALL', { provider: name, symbol, reason, orders: all.length }));
  return { changes: {}, effects: [...effects, audit, reply({ accepted: true, detail: '', orders: all.length })] };
}
