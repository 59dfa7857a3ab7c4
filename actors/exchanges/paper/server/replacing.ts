// Operations that change an order into another: amend, which keeps its place in the book, and cancel-replace, which
// does two things and says of each what became of it. Source: binance-spot-api-docs rest-api.md, 2025-05.
import { executionId } from '../core/execution-id.ts';
import type { Order } from '../core/order.ts';
import { isOpen } from '../core/order.ts';
import type { Refusal } from '../core/refusal.ts';
import * as refusals from '../core/refusal.ts';
import { Refused } from '../core/refusal.ts';
import { type Replaced, replace } from '../core/replace.ts';
import type { Venue } from '../venue.ts';
import type { Caller, Operation } from './operation.ts';
import { type ReadOrder, readOrder, readRequestId, readRestriction } from './order-form.ts';
import { CLIENT_ORDER_ID, type Params } from './params.ts';
import { findOrder, type OrderKey, readOrderKey, readSymbol } from './reading.ts';
import { amendedOrder, canceledOrder, type Json, placedOrder } from './views.ts';

const MODES = ['STOP_ON_FAILURE', 'ALLOW_FAILURE'] as const;
const RATE_MODES = ['DO_NOTHING', 'CANCEL_ONLY'] as const;

export function replacingOperations(venue: Venue): Operation[] {
  const signed = { security: 'signed' } as const;
  return [
    {
      rest: 'PUT /api/v3/order/amend/keepPriority',
      ws: 'order.amend.keepPriority',
      // It only takes away, as a cancel does.
      kind: 'cancel',
      ...signed,
      read: (params, caller) => amend(venue, params, caller),
    },
    {
      rest: 'POST /api/v3/order/cancelReplace',
      ws: 'order.cancelReplace',
      kind: 'submit',
      ...signed,
      read: (params, caller) => cancelReplace(venue, params, caller),
    },
  ];
}

function amend(venue: Venue, params: Params, caller: Caller): () => unknown {
  const rules = readSymbol(venue, params);
  const key = readOrderKey(params);
  const quantity = params.amount('newQty', 'quantity');
  const clientOrderId = readRequestId(venue, params);
  return () => {
    if (venue.status(rules.name) !== 'TRADING') throw new Refused(refusals.AMEND_CLOSED);
    const order = findOrder(venue.state, caller.account, rules.name, key);
    if (!order || !isOpen(order)) throw new Refused(refusals.AMEND_UNKNOWN_ORDER);
    const before = order.clientOrderId;
    const amended = venue.engine.amend(order, quantity, clientOrderId, venue.now());
    if ('code' in amended) throw new Refused(amended);
    const number = venue.commit(amended);
    return {
      transactTime: amended.at,
      executionId: executionId(number, 0),
      amendedOrder: amendedOrder(order, before),
    };
  };
}

function cancelReplace(venue: Venue, params: Params, caller: Caller): () => unknown {
  const read = readOrder(venue, params, caller);
  const mode = params.oneOf('cancelReplaceMode', MODES, refusals.invalidData('cancelReplaceMode'));
  if (mode === undefined) throw new Refused(refusals.mandatory('cancelReplaceMode'));
  const key = readCancelKey(params);
  const cancelId = readRequestId(venue, params, 'cancelNewClientOrderId');
  const restriction = readRestriction(params);
  const over = params.oneOf(
    'orderRateLimitExceededMode',
    RATE_MODES,
    refusals.invalidData('orderRateLimitExceededMode'),
  );
  return () => {
    const { request, rules } = read;
    const status = venue.status(rules.name);
    if (status === 'HALT') throw new Refused(refusals.MARKET_CLOSED);
    const at = venue.now();
    // Filters come before either half is tried.
    const filter = venue.engine.filterRefusal(venue.engine.sized(request), at);
    if (filter) throw new Refused(filter);
    const order = findOrder(venue.state, caller.account, rules.name, key);
    const stopOnFailure = mode === 'STOP_ON_FAILURE';
    const tooMany = caller.quota.refusal();
    if (tooMany && over !== 'CANCEL_ONLY') throw new Refused(tooMany);
    const closed = status === 'TRADING' ? tooMany : refusals.MARKET_CLOSED;
    const wish = { order, restriction, cancelId, request, stopOnFailure, closed };
    const replaced = replace(venue.engine, wish, at);
    if (replaced.outcome) venue.commit(replaced.outcome);
    if (replaced.placed && !isRefusal(replaced.placed)) caller.quota.placed(1);
    return answer(replaced, read, cancelId);
  };
}

function readCancelKey(params: Params): OrderKey {
  const orderId = params.integer('cancelOrderId');
  const clientOrderId = params.text('cancelOrigClientOrderId', CLIENT_ORDER_ID);
  if (orderId === undefined && clientOrderId === undefined) {
    throw new Refused(refusals.eitherMandatory('cancelOrigClientOrderId', 'cancelOrderId'));
  }
  return { orderId, clientOrderId };
}

/** Refused where anything failed: with -2022 when nothing was done, with -2021 when one of the two was. */
function answer({ canceled, placed, outcome }: Replaced, { rules, response }: ReadOrder, cancelId: string): Json {
  const isCanceled = !isRefusal(canceled);
  const isPlaced = placed !== null && !isRefusal(placed);
  const placedResult = isPlaced ? 'SUCCESS' : 'FAILURE';
  const data: Json = {
    cancelResult: isCanceled ? 'SUCCESS' : 'FAILURE',
    newOrderResult: placed === null ? 'NOT_ATTEMPTED' : placedResult,
    cancelResponse: isRefusal(canceled) ? words(canceled) : canceledOrder(canceled, cancelId),
    newOrderResponse:
      placed === null || isRefusal(placed)
        ? placed && words(placed)
        : placedOrder(placed, outcome?.reports ?? [], rules, response),
  };
  if (isCanceled && isPlaced) return data;
  throw new Refused(isCanceled || isPlaced ? refusals.partlyReplaced(data) : refusals.notReplaced(data));
}

function isRefusal(result: Order | Refusal): result is Refusal {
  return 'code' in result;
}

function words({ code, msg }: Refusal): Json {
  return { code, msg };
}
