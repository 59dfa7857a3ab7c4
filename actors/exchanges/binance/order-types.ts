// Order types: ours and the venue's (enums.md, "Order types"). Pure.
//
// A stop of ours always follows the market: a buy above it, a sell below. That is STOP_LOSS at this venue, with or
// without LIMIT; TAKE_PROFIT waits on the other side and is only read, of orders somebody else placed. A stop price
// that the market has passed already is refused by the venue ("Stop price would trigger immediately.").
import type { OrderType } from '../../market/execution.ts';
import type { SubmitRequest } from '../exchange.ts';

export type VenueOrderType = 'LIMIT' | 'LIMIT_MAKER' | 'MARKET' | 'STOP_LOSS' | 'STOP_LOSS_LIMIT';

/** What a request of each type carries; the venue refuses a parameter that the type does not have (-1106). */
interface Terms {
  readonly type: VenueOrderType;
  readonly price: boolean;
  readonly stopPrice: boolean;
  readonly timeInForce: boolean;
}

const LIMIT: Terms = { type: 'LIMIT', price: true, stopPrice: false, timeInForce: true };
const TERMS: { readonly [type in OrderType]: Terms } = {
  Limit: LIMIT,
  Market: { type: 'MARKET', price: false, stopPrice: false, timeInForce: false },
  Stop: { type: 'STOP_LOSS', price: false, stopPrice: true, timeInForce: false },
  StopLimit: { type: 'STOP_LOSS_LIMIT', price: true, stopPrice: true, timeInForce: true },
};
const MAKER: Terms = { ...LIMIT, type: 'LIMIT_MAKER', timeInForce: false };

const READ: ReadonlyMap<string, OrderType> = new Map([
  ['LIMIT', 'Limit'],
  ['LIMIT_MAKER', 'Limit'],
  ['MARKET', 'Market'],
  ['STOP_LOSS', 'Stop'],
  ['TAKE_PROFIT', 'Stop'],
  ['STOP_LOSS_LIMIT', 'StopLimit'],
  ['TAKE_PROFIT_LIMIT', 'StopLimit'],
]);

export function termsOf({ orderType, postOnly }: Pick<SubmitRequest, 'orderType' | 'postOnly'>): Terms {
  return postOnly ? MAKER : TERMS[orderType];
}

/** The venue knows no GTD: such an order rests there until it is cancelled, which the order machine does in time. */
export function timeInForceOf({ timeInForce }: Pick<SubmitRequest, 'timeInForce'>): 'GTC' | 'IOC' | 'FOK' {
  return timeInForce === 'GTD' ? 'GTC' : timeInForce;
}

/** Undefined for a type nobody has seen: the order is read all the same. */
export function orderTypeOf(type: string): OrderType | undefined {
  return READ.get(type);
}

export function isStop(type: string): boolean {
  const orderType = READ.get(type);
  return orderType === 'Stop' || orderType === 'StopLimit';
}
