// The parameters of a new order, read and checked as Binance does; placing, testing and replacing share them.
import type { Decimal } from '../../../market/decimal.ts';
import type { PlaceRequest } from '../core/engine.ts';
import { type OrderType, type SelfTradePrevention, type TimeInForce, takesAnyPrice } from '../core/order.ts';
import * as refusals from '../core/refusal.ts';
import { Refused } from '../core/refusal.ts';
import type { CancelRestriction } from '../core/replace.ts';
import type { SymbolRules } from '../core/symbol.ts';
import type { Venue } from '../venue.ts';
import type { Caller } from './operation.ts';
import { CLIENT_ORDER_ID, type Params } from './params.ts';
import { readSymbol } from './reading.ts';
import type { ResponseType } from './views.ts';

/** As exchangeInfo lists them. */
export const ORDER_TYPES: readonly OrderType[] = [
  'LIMIT',
  'LIMIT_MAKER',
  'MARKET',
  'STOP_LOSS',
  'STOP_LOSS_LIMIT',
  'TAKE_PROFIT',
  'TAKE_PROFIT_LIMIT',
];
export const PREVENTION_MODES: readonly SelfTradePrevention[] = [
  'NONE',
  'EXPIRE_TAKER',
  'EXPIRE_MAKER',
  'EXPIRE_BOTH',
  'DECREMENT',
];
/** Of the protocol, and not of this venue. */
const OTHER_MODES = ['TRANSFER'] as const;
export const TIMES_IN_FORCE: readonly TimeInForce[] = ['GTC', 'IOC', 'FOK'];
const RESPONSES: readonly ResponseType[] = ['ACK', 'RESULT', 'FULL'];
const RESTRICTIONS: readonly CancelRestriction[] = ['ONLY_NEW', 'ONLY_PARTIALLY_FILLED'];

export interface ReadOrder {
  readonly request: PlaceRequest;
  readonly rules: SymbolRules;
  readonly response: ResponseType;
}

export function readOrder(venue: Venue, params: Params, caller: Caller): ReadOrder {
  const rules = readSymbol(venue, params);
  const side = params.oneOf('side', ['BUY', 'SELL'], refusals.SIDE_INVALID) ?? missing('side');
  const type = params.oneOf('type', ORDER_TYPES, refusals.TYPE_INVALID) ?? missing('type');
  for (const [name, refusal] of Object.entries(refusals.UNSUPPORTED_PARAMETERS)) {
    if (params.text(name) !== undefined) throw new Refused(refusal);
  }
  const prevention = readPrevention(params);
  const timeInForce = readTimeInForce(params, type);
  const size = readSize(params, type);
  const { price, stop } = readPrices(params, type);
  const clientOrderId = readRequestId(venue, params);
  const usual: ResponseType = type === 'LIMIT' || type === 'MARKET' ? 'FULL' : 'ACK';
  const response = readResponse(params) ?? usual;
  const { account } = caller;
  const terms = { account, symbol: rules.name, clientOrderId, side, type, timeInForce, price, ...size };
  return { request: { ...terms, ...stop, ...prevention }, rules, response };
}

/** The request's own client id. */
export function readRequestId(venue: Venue, params: Params, name = 'newClientOrderId'): string {
  return params.text(name, CLIENT_ORDER_ID) ?? newClientId(venue);
}

export function readResponse(params: Params): ResponseType | undefined {
  return params.oneOf('newOrderRespType', RESPONSES, refusals.invalidData('newOrderRespType'));
}

/** For requests that came without one. */
export function newClientId(venue: Venue): string {
  return venue.host.secret().slice(0, 22);
}

export function readRestriction(params: Params): CancelRestriction | undefined {
  return params.oneOf('cancelRestrictions', RESTRICTIONS, refusals.RESTRICTIONS_INVALID);
}

/** Nothing where it is NONE, which is what an order without one has. */
export function readPrevention(params: Params): Pick<PlaceRequest, 'selfTradePrevention'> {
  const name = 'selfTradePreventionMode';
  const mode = params.oneOf(name, [...PREVENTION_MODES, ...OTHER_MODES], refusals.invalidData(name));
  if (mode === 'TRANSFER') throw new Refused(refusals.PREVENTION_NOT_ALLOWED);
  return mode === undefined || mode === 'NONE' ? {} : { selfTradePrevention: mode };
}

/** Mandatory for limit orders that may rest or wait, and refused for the others, as on Binance. */
function readTimeInForce(params: Params, type: OrderType): TimeInForce {
  if (!takesAnyPrice(type) && type !== 'LIMIT_MAKER')
    return params.oneOf('timeInForce', TIMES_IN_FORCE, refusals.TIF_INVALID) ?? missing('timeInForce');
  params.refuse('timeInForce');
  return 'GTC';
}

/** A market order may say what it is to cost, or to bring, instead of how much it is for. */
function readSize(params: Params, type: OrderType): Pick<PlaceRequest, 'quantity' | 'quoteQuantity'> {
  const name = 'quoteOrderQty';
  if (type !== 'MARKET') params.refuse(name);
  if (!params.has(name)) return { quantity: params.amount('quantity', 'quantity') };
  params.refuse('quantity');
  return { quantity: 0n, quoteQuantity: params.amount(name, 'quote order quantity') };
}

function readPrices(params: Params, type: OrderType): { price: Decimal; stop: Pick<PlaceRequest, 'stopPrice'> } {
  const isStop = type.startsWith('STOP_LOSS') || type.startsWith('TAKE_PROFIT');
  if (takesAnyPrice(type)) params.refuse('price');
  if (!isStop) params.refuse('stopPrice');
  return {
    price: takesAnyPrice(type) ? 0n : params.amount('price', 'price'),
    stop: isStop ? { stopPrice: params.amount('stopPrice', 'stopPrice') } : {},
  };
}

function missing(parameter: string): never {
  throw new Refused(refusals.mandatory(parameter));
}
