// Operations that change orders: place, test, cancel, and those of replacing.ts.
import type { Order } from '../core/order.ts';
import * as refusals from '../core/refusal.ts';
import { Refused } from '../core/refusal.ts';
import { cancelRefusal } from '../core/replace.ts';
import type { Venue } from '../venue.ts';
import type { Caller, Operation } from './operation.ts';
import { newClientId, readOrder, readRequestId, readRestriction } from './order-form.ts';
import type { Params } from './params.ts';
import { checkTakesCancels, checkTakesOrders, findOrder, readOrderKey, readSymbol } from './reading.ts';
import { replacingOperations } from './replacing.ts';
import { canceledOrder, placedOrder } from './views.ts';

export function tradingOperations(venue: Venue): Operation[] {
  const signed = { security: 'signed' } as const;
  return [
    {
      rest: 'POST /api/v3/order',
      ws: 'order.place',
      kind: 'submit',
      ...signed,
      read: (params, caller) => place(venue, params, caller),
    },
    {
      rest: 'POST /api/v3/order/test',
      ws: 'order.test',
      kind: 'submit',
      ...signed,
      read: (params, caller) => test(venue, params, caller),
    },
    {
      rest: 'DELETE /api/v3/order',
      ws: 'order.cancel',
      kind: 'cancel',
      ...signed,
      read: (params, caller) => cancel(venue, params, caller),
    },
    {
      rest: 'DELETE /api/v3/openOrders',
      ws: 'openOrders.cancelAll',
      kind: 'cancel',
      ...signed,
      read: (params, caller) => cancelAll(venue, params, caller),
    },
    ...replacingOperations(venue),
  ];
}

function place(venue: Venue, params: Params, caller: Caller): () => unknown {
  const { request, rules, response } = readOrder(venue, params, caller);
  return () => {
    checkTakesOrders(venue, rules.name);
    const over = caller.quota.refusal();
    if (over) throw new Refused(over);
    const placement = venue.engine.place(request, venue.now());
    venue.commit(placement.outcome);
    if ('refusal' in placement) throw new Refused(placement.refusal);
    caller.quota.placed(1);
    return placedOrder(placement.order, placement.outcome.reports, rules, response);
  };
}

function test(venue: Venue, params: Params, caller: Caller): () => unknown {
  const { request } = readOrder(venue, params, caller);
  return () => {
    checkTakesOrders(venue, request.symbol);
    const refusal = venue.engine.test(request, venue.now());
    if (refusal) throw new Refused(refusal);
    return {};
  };
}

function cancel(venue: Venue, params: Params, caller: Caller): () => unknown {
  const rules = readSymbol(venue, params);
  const key = readOrderKey(params);
  const requestId = readRequestId(venue, params);
  const restriction = readRestriction(params);
  return () => {
    checkTakesCancels(venue, rules.name);
    const order = findOrder(venue.state, caller.account, rules.name, key);
    const refusal = cancelRefusal(order, restriction);
    if (!order || refusal) throw new Refused(refusal ?? refusals.UNKNOWN_ORDER);
    venue.commit(venue.engine.cancel(order, requestId, venue.now()));
    return canceledOrder(order, requestId);
  };
}

function cancelAll(venue: Venue, params: Params, caller: Caller): () => unknown {
  const rules = readSymbol(venue, params);
  return () => {
    const open: Order[] = [...venue.state.histories.of(caller.account, rules.name).open.values()];
    checkTakesCancels(venue, rules.name);
    if (open.length === 0) throw new Refused(refusals.UNKNOWN_ORDER);
    const requestId = newClientId(venue);
    venue.commit(venue.engine.cancelAll(open, requestId, venue.now()));
    return open.map((order) => canceledOrder(order, requestId));
  };
}
