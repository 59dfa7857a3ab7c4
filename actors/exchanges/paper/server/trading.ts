// Operations that change orders: place, test, cancel. Amend and cancel-replace are further entries of this list.
import type { PlaceRequest } from '../core/engine.ts';
import { isOpen, type Order, type OrderType, type TimeInForce } from '../core/order.ts';
import * as refusals from '../core/refusal.ts';
import { Refused } from '../core/refusal.ts';
import type { SymbolRules } from '../core/symbol.ts';
import type { Venue } from '../venue.ts';
import type { Caller, Operation } from './operation.ts';
import { CLIENT_ORDER_ID, type Params } from './params.ts';
import { findOrder, readOrderKey, readSymbol } from './reading.ts';
import { canceledOrder, placedOrder, type ResponseType } from './views.ts';

const TYPES: readonly OrderType[] = ['LIMIT', 'LIMIT_MAKER', 'MARKET'];
const TIMES_IN_FORCE: readonly TimeInForce[] = ['GTC', 'IOC', 'FOK'];
const RESPONSES: readonly ResponseType[] = ['ACK', 'RESULT', 'FULL'];

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
  ];
}

function place(venue: Venue, params: Params, caller: Caller): () => unknown {
  const { request, rules, response } = readOrder(venue, params, caller);
  return () => {
    if (!venue.isOpen) throw new Refused(refusals.MARKET_CLOSED);
    const placement = venue.engine.place(request, venue.now());
    venue.commit(placement.outcome);
    if ('refusal' in placement) throw new Refused(placement.refusal);
    return placedOrder(placement.order, placement.outcome.reports, rules, response);
  };
}

function test(venue: Venue, params: Params, caller: Caller): () => unknown {
  const { request } = readOrder(venue, params, caller);
  return () => {
    const refusal = venue.isOpen ? venue.engine.test(request, venue.now()) : refusals.MARKET_CLOSED;
    if (refusal) throw new Refused(refusal);
    return {};
  };
}

function cancel(venue: Venue, params: Params, caller: Caller): () => unknown {
  const rules = readSymbol(venue, params);
  const key = readOrderKey(params);
  const requestId = readRequestId(venue, params);
  return () => {
    const order = findOrder(venue, caller.account, rules.name, key);
    if (!order || !isOpen(order)) throw new Refused(refusals.UNKNOWN_ORDER);
    venue.commit(venue.engine.cancel(order, requestId, venue.now()));
    return canceledOrder(order, requestId);
  };
}

function cancelAll(venue: Venue, params: Params, caller: Caller): () => unknown {
  const rules = readSymbol(venue, params);
  return () => {
    const open: Order[] = [...venue.state.histories.of(caller.account, rules.name).open.values()];
    if (open.length === 0) throw new Refused(refusals.UNKNOWN_ORDER);
    const requestId = newClientId(venue);
    venue.commit(venue.engine.cancelAll(open, requestId, venue.now()));
    return open.map((order) => canceledOrder(order, requestId));
  };
}

interface ReadOrder {
  readonly request: PlaceRequest;
  readonly rules: SymbolRules;
  readonly response: ResponseType;
}

function readOrder(venue: Venue, params: Params, caller: Caller): ReadOrder {
  const rules = readSymbol(venue, params);
  const side = params.oneOf('side', ['BUY', 'SELL'], refusals.SIDE_INVALID) ?? missing('side');
  const type = readType(params);
  for (const [name, refusal] of Object.entries(refusals.UNSUPPORTED_PARAMETERS)) {
    if (params.text(name) !== undefined) throw new Refused(refusal);
  }
  params.oneOf('selfTradePreventionMode', ['NONE'], refusals.invalidData('selfTradePreventionMode'));
  const timeInForce = readTimeInForce(params, type);
  const quantity = params.amount('quantity', 'quantity');
  if (type === 'MARKET') params.refuse('price');
  const price = type === 'MARKET' ? 0n : params.amount('price', 'price');
  const clientOrderId = readRequestId(venue, params);
  const usual: ResponseType = type === 'LIMIT_MAKER' ? 'ACK' : 'FULL';
  const response = params.oneOf('newOrderRespType', RESPONSES, refusals.invalidData('newOrderRespType')) ?? usual;
  const { account } = caller;
  return {
    request: { account, symbol: rules.name, clientOrderId, side, type, timeInForce, price, quantity },
    rules,
    response,
  };
}

function readType(params: Params): OrderType {
  const type = params.required('type');
  const unsupported = Object.hasOwn(refusals.UNSUPPORTED_TYPES, type) ? refusals.UNSUPPORTED_TYPES[type] : undefined;
  if (unsupported) throw new Refused(unsupported);
  return params.oneOf('type', TYPES, refusals.TYPE_INVALID) ?? missing('type');
}

/** Mandatory for LIMIT and refused for the others, as on Binance. */
function readTimeInForce(params: Params, type: OrderType): TimeInForce {
  if (type === 'LIMIT')
    return params.oneOf('timeInForce', TIMES_IN_FORCE, refusals.TIF_INVALID) ?? missing('timeInForce');
  params.refuse('timeInForce');
  return 'GTC';
}

function readRequestId(venue: Venue, params: Params): string {
  return params.text('newClientOrderId', CLIENT_ORDER_ID) ?? newClientId(venue);
}

/** For requests that came without one. */
function newClientId(venue: Venue): string {
  return venue.host.secret().slice(0, 22);
}

function missing(parameter: string): never {
  throw new Refused(refusals.mandatory(parameter));
}
