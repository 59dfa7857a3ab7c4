// Why an order or a request about one is refused: the trade's own codes, each with what to do about it.
// The HTTP status of a code is the control plane's business; the runtime's codes are in runtime/errors.ts.

export interface RefusalText {
  readonly meaning: string;
  readonly remedy: string;
}

export const REFUSALS = {
  QUANTITY_INVALID: {
    meaning: 'The quantity is not a decimal greater than zero',
    remedy: 'Send a plain decimal such as "0.25"',
  },
  QUANTITY_BELOW_MINIMUM: {
    meaning: 'The quantity, rounded down to the lot, is below the least the venue takes',
    remedy: 'Raise the quantity; it is never rounded up',
  },
  QUANTITY_ABOVE_MAXIMUM: {
    meaning: 'The quantity is above the most the venue takes in one order',
    remedy: 'Split the order',
  },
  PRICE_INVALID: {
    meaning: 'A limit order needs a price that is a decimal greater than zero',
    remedy: 'Send the price, or a market order',
  },
  PRICE_OUTSIDE_BAND: {
    meaning: 'The price is further from the reference price than priceBandPercent allows',
    remedy: 'Check the price; widen priceBandPercent if it was meant',
  },
  REFERENCE_MISSING: {
    meaning: 'No market price of the instrument has been seen, so the price cannot be judged',
    remedy: 'Watch the market data of the instrument and wait for its first price',
  },
  REFERENCE_STALE: {
    meaning: 'The last market price of the instrument is too old to judge by',
    remedy: 'Look at the market data feed of the provider',
  },
  NOTIONAL_BELOW_MINIMUM: {
    meaning: 'Price times quantity is below the least the venue takes',
    remedy: 'Raise the quantity',
  },
  NOTIONAL_OVER_LIMIT: {
    meaning: 'With everything working filled, the position would be worth more than maxNotionalValue',
    remedy: 'Cancel working orders, reduce the position, or raise maxNotionalValue',
  },
  POSITION_OVER_LIMIT: {
    meaning: 'With everything working filled, the position would exceed maxPositionSize',
    remedy: 'Cancel working orders, reduce the position, or raise maxPositionSize',
  },
  ORDERS_OVER_LIMIT: {
    meaning: 'As many orders of the instrument are open as maxConcurrentOrders allows',
    remedy: 'Wait for one to end, cancel one, or raise maxConcurrentOrders',
  },
  RATE_OVER_LIMIT: {
    meaning: 'Orders come faster than orderThrottle and orderBurst allow',
    remedy: 'Slow down; a denied order is never sent later',
  },
  ORDER_TYPE_NOT_ALLOWED: {
    meaning: 'The order type is not among allowedOrderTypes',
    remedy: 'Use an allowed type, or allow this one',
  },
  KILL_SWITCH_ENGAGED: {
    meaning: 'Trading in this risk scope is halted',
    remedy: 'Find out why it was halted; a named person releases the kill switch',
  },
  TRADING_RESTRICTED: {
    meaning: 'Something at the venue is not as it is known here: only orders that reduce the position pass',
    remedy: 'Find out what the restriction says; a named person lifts it',
  },
  EXPOSURE_FULL: {
    meaning: 'The risk scope holds as many open orders, positions or instruments as it can keep account of',
    remedy: 'Spread the trading over more risk scopes',
  },
  INSTRUMENT_UNKNOWN: {
    meaning: 'The provider lists no such instrument',
    remedy: 'See the instruments of the provider',
  },
  PROVIDER_NOT_READY: {
    meaning: 'The provider is not connected, or is being reconciled with its venue',
    remedy: 'Wait until it runs; its state says what it waits for',
  },
  ORDER_STALE: {
    meaning: 'The order could not be sent before its decision was too old',
    remedy: 'Decide again on the present market',
  },
  ORDER_WITHDRAWN: {
    meaning: 'The order was canceled before anything of it was sent',
    remedy: 'Nothing: this is what was asked for',
  },
  MARKET_DATA_ONLY: {
    meaning: 'The provider has no credentials: it gives market data and takes no orders',
    remedy: 'Name the keys in its settings, as env:NAME or file:PATH',
  },
  ORDER_REFUSED: {
    meaning: 'The provider does not take the order',
    remedy: 'See the reason; the order was not sent',
  },
  ORDER_REJECTED: {
    meaning: 'The venue refuses the order',
    remedy: 'See the code of the venue',
  },
  ORDER_ABSENT: {
    meaning: 'It was proved that the venue never had the order and cannot get it any more',
    remedy: 'Decide again on the present market; the same order is never sent twice',
  },
  ORDER_DECLARED_ABSENT: {
    meaning: 'An operator saw at the venue that it never had the order',
    remedy: 'Decide again on the present market; the same order is never sent twice',
  },
  ORDER_NOT_UNDECIDABLE: {
    meaning: 'The venue may still decide the order: it has not been asked in vain often enough, or the order is over',
    remedy: 'Wait: an answer decides, or after some more of them a person may; else look at the state',
  },
  ORDER_NOT_AMENDABLE: {
    meaning: 'The order has ended, is being canceled or amended already, or was placed by somebody else',
    remedy: 'Wait for the outcome, or place a new order',
  },
  CANCEL_GIVEN_UP: {
    meaning: 'The venue refused to cancel the order again and again, and shows it open all the same',
    remedy: 'Look at the order at the venue; a further cancel is sent at once',
  },
  ORDER_NOT_CANCELABLE: {
    meaning: 'The order has ended, or its end is known at the venue',
    remedy: 'Nothing is left to cancel',
  },
  ORDER_TYPE_UNSUPPORTED: {
    meaning: 'The venue has no orders of this type',
    remedy: 'Use one of the allowed types; watch the price in the strategy where the venue has no stop orders',
  },
  STOP_PRICE_INVALID: {
    meaning: 'Stop orders need a stop price that is a decimal greater than zero, and no others have one',
    remedy: 'Send the stop price of a stop order; leave it out of any other',
  },
  GOOD_TILL_INVALID: {
    meaning: 'GTD orders need a time that lies ahead, and no others have one',
    remedy: 'Send a time in the future with GTD; leave it out otherwise, and with market orders',
  },
  POST_ONLY_INVALID: {
    meaning: 'Only a limit order can refuse to take liquidity',
    remedy: 'Leave post-only out, or send a limit order',
  },
  LINK_INVALID: {
    meaning: 'The order to link with is not open, is being canceled, has fills or has a partner',
    remedy: 'Place both orders of a pair together',
  },
  AMEND_INVALID: {
    meaning: 'The open order cannot have these terms',
    remedy: 'See the detail; cancel the order and place another where that is what you want',
  },
} as const satisfies { readonly [code: string]: RefusalText };

export type RefusalCode = keyof typeof REFUSALS;

/** `CODE: key=value, key=value`. Values are shown as they are: never put a secret in. */
export function refusalText(code: RefusalCode, detail: { readonly [key: string]: string | number }): string {
  return `${code}: ${detailText(detail)}`;
}

export function detailText(detail: { readonly [key: string]: string | number }): string {
  return Object.entries(detail)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}
