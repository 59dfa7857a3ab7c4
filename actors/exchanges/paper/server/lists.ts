// Operations on pairs of orders of which one at most is to trade (OCO), in the present form, which names the one above
// the market and the one below it, and in the older one, which names the limit and the stop.
// Source: binance-spot-api-docs rest-api.md, 2025-01.
import type { PlaceRequest } from '../core/engine.ts';
import { placeList } from '../core/lists.ts';
import { type OrderType, type TimeInForce, takesAnyPrice } from '../core/order.ts';
import type { OrderList } from '../core/order-lists.ts';
import * as refusals from '../core/refusal.ts';
import { Refused } from '../core/refusal.ts';
import type { VenueState } from '../core/state.ts';
import type { Venue } from '../venue.ts';
import type { Caller, Operation } from './operation.ts';
import { readPrevention, readRequestId, readResponse, TIMES_IN_FORCE } from './order-form.ts';
import { CLIENT_ORDER_ID, type Params } from './params.ts';
import { checkTakesCancels, checkTakesOrders, cut, readStretch, readSymbol } from './reading.ts';
import { canceledOrder, listView, placedOrder } from './views.ts';

const AGAINST: readonly OrderType[] = ['LIMIT_MAKER', 'TAKE_PROFIT', 'TAKE_PROFIT_LIMIT'];
const WITH: readonly OrderType[] = ['STOP_LOSS', 'STOP_LOSS_LIMIT'];

type Read = (venue: Venue, params: Params, caller: Caller) => () => unknown;

export function listOperations(venue: Venue): Operation[] {
  const operation = (rest: Operation['rest'], ws: string | null, kind: Operation['kind'], read: Read): Operation => ({
    rest,
    ...(ws !== null && { ws }),
    kind,
    security: 'signed',
    read: (params, caller) => read(venue, params, caller),
  });
  return [
    operation('POST /api/v3/orderList/oco', 'orderList.place.oco', 'submit', (...given) => place(...given, present)),
    operation('POST /api/v3/order/oco', 'orderList.place', 'submit', (...given) => place(...given, older)),
    operation('DELETE /api/v3/orderList', 'orderList.cancel', 'cancel', cancel),
    operation('GET /api/v3/orderList', 'orderList.status', 'query', query),
    operation('GET /api/v3/openOrderList', 'openOrderLists.status', 'query', open),
    operation('GET /api/v3/allOrderList', 'allOrderLists', 'query', all),
  ];
}

interface Legs {
  readonly above: PlaceRequest;
  readonly below: PlaceRequest;
}
type ReadLegs = (venue: Venue, params: Params, common: Common) => Legs;
type Common = Pick<PlaceRequest, 'account' | 'symbol' | 'side' | 'quantity' | 'selfTradePrevention'>;

function place(venue: Venue, params: Params, caller: Caller, readLegs: ReadLegs): () => unknown {
  const rules = readSymbol(venue, params);
  const side = params.oneOf('side', ['BUY', 'SELL'], refusals.SIDE_INVALID);
  if (side === undefined) throw new Refused(refusals.mandatory('side'));
  const quantity = params.amount('quantity', 'quantity');
  const clientOrderId = readRequestId(venue, params, 'listClientOrderId');
  const { account } = caller;
  const symbol = rules.name;
  const legs = readLegs(venue, params, { account, symbol, side, quantity, ...readPrevention(params) });
  const response = readResponse(params) ?? 'RESULT';
  return () => {
    checkTakesOrders(venue, symbol);
    const over = caller.quota.refusal();
    if (over) throw new Refused(over);
    const placement = placeList(venue.engine, { account, symbol, clientOrderId, ...legs }, venue.now());
    if ('refusal' in placement) throw new Refused(placement.refusal);
    const { list, outcome } = placement;
    venue.commit(outcome);
    caller.quota.placed(2);
    const orders = venue.state.lists.ordersOf(list);
    return {
      ...listView(venue.state, list),
      orderReports: orders.map((order) => placedOrder(order, outcome.reports, rules, response)),
    };
  };
}

/** Above a sell are its limits and below it its stops, and the other way round for a buy. */
function present(venue: Venue, params: Params, common: Common): Legs {
  const above = readLeg(venue, params, common, 'above', common.side === 'SELL' ? AGAINST : WITH);
  const below = readLeg(venue, params, common, 'below', common.side === 'SELL' ? WITH : AGAINST);
  return { above, below };
}

function readLeg(
  venue: Venue,
  params: Params,
  common: Common,
  where: 'above' | 'below',
  types: readonly OrderType[],
): PlaceRequest {
  const type = params.oneOf(`${where}Type`, types, refusals.TYPE_INVALID);
  if (type === undefined) throw new Refused(refusals.mandatory(`${where}Type`));
  const names = { price: `${where}Price`, stopPrice: `${where}StopPrice`, timeInForce: `${where}TimeInForce` };
  const clientOrderId = readRequestId(venue, params, `${where}ClientOrderId`);
  return { ...common, clientOrderId, ...readTerms(params, type, names) };
}

function older(venue: Venue, params: Params, common: Common): Legs {
  const limit: PlaceRequest = {
    ...common,
    clientOrderId: readRequestId(venue, params, 'limitClientOrderId'),
    ...readTerms(params, 'LIMIT_MAKER', { price: 'price', stopPrice: null, timeInForce: null }),
  };
  const type = params.has('stopLimitPrice') ? 'STOP_LOSS_LIMIT' : 'STOP_LOSS';
  const names = { price: 'stopLimitPrice', stopPrice: 'stopPrice', timeInForce: 'stopLimitTimeInForce' };
  const clientOrderId = readRequestId(venue, params, 'stopClientOrderId');
  const stop: PlaceRequest = { ...common, clientOrderId, ...readTerms(params, type, names) };
  return common.side === 'SELL' ? { above: limit, below: stop } : { above: stop, below: limit };
}

interface Names {
  readonly price: string;
  readonly stopPrice: string | null;
  readonly timeInForce: string | null;
}

function readTerms(
  params: Params,
  type: OrderType,
  names: Names,
): Pick<PlaceRequest, 'type' | 'price' | 'stopPrice' | 'timeInForce'> {
  const price = takesAnyPrice(type) ? 0n : params.amount(names.price, 'price');
  if (takesAnyPrice(type)) params.refuse(names.price);
  const stop = type === 'LIMIT_MAKER' || names.stopPrice === null;
  const stopPrice = stop ? {} : { stopPrice: params.amount(names.stopPrice ?? '', 'stopPrice') };
  if (stop && names.stopPrice !== null) params.refuse(names.stopPrice);
  return { type, price, ...stopPrice, timeInForce: readTime(params, type, names.timeInForce) };
}

function readTime(params: Params, type: OrderType, name: string | null): TimeInForce {
  if (name === null) return 'GTC';
  if (takesAnyPrice(type) || type === 'LIMIT_MAKER') {
    params.refuse(name);
    return 'GTC';
  }
  const time = params.oneOf(name, TIMES_IN_FORCE, refusals.TIF_INVALID);
  if (time === undefined) throw new Refused(refusals.mandatory(name));
  return time;
}

function cancel(venue: Venue, params: Params, caller: Caller): () => unknown {
  const rules = readSymbol(venue, params);
  const find = readListKey(params, caller, 'listClientOrderId');
  const requestId = readRequestId(venue, params);
  return () => {
    checkTakesCancels(venue, rules.name);
    const list = find(venue.state);
    if (!list || list.symbol !== rules.name || venue.state.lists.isDone(list)) {
      throw new Refused(refusals.UNKNOWN_LIST);
    }
    const orders = venue.state.lists.ordersOf(list);
    venue.commit(venue.engine.cancelAll(orders, requestId, venue.now()));
    return {
      ...listView(venue.state, list),
      orderReports: orders.map((order) => canceledOrder(order, requestId)),
    };
  };
}

function query(venue: Venue, params: Params, caller: Caller): () => unknown {
  const find = readListKey(params, caller, 'origClientOrderId');
  return () => {
    const list = find(venue.seen);
    if (!list) throw new Refused(refusals.NO_SUCH_LIST);
    return listView(venue.seen, list);
  };
}

function open(venue: Venue, _: Params, { account }: Caller): () => unknown {
  return () => {
    const { lists } = venue.seen;
    const working = lists.of(account).filter((list) => !lists.isDone(list));
    return working.map((list) => listView(venue.seen, list));
  };
}

function all(venue: Venue, params: Params, { account }: Caller): () => unknown {
  const stretch = readStretch(params, 'fromId');
  return () =>
    cut(venue.seen.lists.of(account), stretch, ({ placedAt }) => placedAt).map((list) => listView(venue.seen, list));
}

function readListKey(params: Params, { account }: Caller, name: string): (state: VenueState) => OrderList | undefined {
  const id = params.integer('orderListId');
  const clientOrderId = params.text(name, CLIENT_ORDER_ID);
  if (id === undefined && clientOrderId === undefined) throw new Refused(refusals.eitherMandatory(name, 'orderListId'));
  return ({ lists }) => {
    const found = id === undefined ? lists.named(account, clientOrderId ?? '') : lists.get(id);
    return found?.account === account ? found : undefined;
  };
}
