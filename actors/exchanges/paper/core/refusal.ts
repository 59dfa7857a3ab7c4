// What the venue says when it does not do something: Binance's codes with Binance's exact words, because
// clients match on both. Source: binance-spot-api-docs errors.md, 2025-01-09; for amends, 2025-05.

/** `{code, msg}` of the protocol and the HTTP status it travels under. */
export interface Refusal {
  readonly code: number;
  readonly msg: string;
  readonly status: number;
  /** What was done and what was not, where a request asks for two things. */
  readonly data?: object;
  /** After how many seconds it may be asked again. */
  readonly retryAfterS?: number;
}

/** Unwinds the reading of a request; the one place that catches it is the dispatcher. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.msg);
    this.refusal = refusal;
  }
}

function refusal(code: number, msg: string, status = 400): Refusal {
  return { code, msg, status };
}

export const FAILED = refusal(-1000, 'An unknown error occurred while processing the request.', 500);
export const BODY_TOO_LARGE = refusal(-1000, 'Request body is larger than 65536 bytes.', 413);
export const TOO_MANY_QUEUED = refusal(-1003, 'Too many requests queued.', 429);
export const OUTSIDE_RECV_WINDOW = refusal(-1021, 'Timestamp for this request is outside of the recvWindow.');
export const AHEAD_OF_SERVER = refusal(-1021, "Timestamp for this request was 1000ms ahead of the server's time.");
export const SIGNATURE_INVALID = refusal(-1022, 'Signature for this request is not valid.');
export const DUPLICATE_VALUES = refusal(-1101, 'Duplicate values for a parameter detected.');
export const TIF_INVALID = refusal(-1115, 'Invalid timeInForce.');
export const TYPE_INVALID = refusal(-1116, 'Invalid orderType.');
export const SIDE_INVALID = refusal(-1117, 'Invalid side.');
export const INTERVAL_INVALID = refusal(-1120, 'Invalid interval.');
export const SYMBOL_INVALID = refusal(-1121, 'Invalid symbol.');
export const LISTEN_KEY_UNKNOWN = refusal(-1125, 'This listenKey does not exist.');
export const MORE_THAN_24_HOURS = refusal(-1127, 'More than 24 hours between startTime and endTime.');
export const INSUFFICIENT_BALANCE = refusal(-2010, 'Account has insufficient balance for requested action.');
export const DUPLICATE_ORDER = refusal(-2010, 'Duplicate order sent.');
export const WOULD_TAKE = refusal(-2010, 'Order would immediately match and take.');
export const MARKET_CLOSED = refusal(-2010, 'Market is closed.');
export const CANCEL_CLOSED = refusal(-2011, 'Market is closed.');
export const AMEND_CLOSED = refusal(-2038, 'Market is closed.');
export const UNKNOWN_ORDER = refusal(-2011, 'Unknown order sent.');
export const NO_SUCH_ORDER = refusal(-2013, 'Order does not exist.');
export const KEY_FORMAT_INVALID = refusal(-2014, 'API-key format invalid.', 401);
export const KEY_REJECTED = refusal(-2015, 'Invalid API-key, IP, or permissions for action.', 401);
export const PATH_UNKNOWN = refusal(-1000, 'Path or method is not part of this API.', 404);
export const METHOD_UNKNOWN = refusal(-1000, 'Unknown method.');
export const JSON_INVALID = refusal(-1135, 'Invalid JSON Request');

export const WOULD_TRIGGER = refusal(-2010, 'Stop price would trigger immediately.');
export const LIST_PRICES = refusal(-2010, 'The relationship of the prices for the orders is not correct.');
export const UNKNOWN_LIST = refusal(-2011, 'Unknown order list sent.');
export const NO_SUCH_LIST = refusal(-2018, 'Order list does not exist.');
export const CANCEL_RESTRICTED = refusal(-2011, 'Order was not canceled due to cancel restrictions.');
export const RESTRICTIONS_INVALID = refusal(
  -1145,
  'cancelRestrictions has to be either ONLY_NEW or ONLY_PARTIALLY_FILLED.',
);
export const PREVENTION_NOT_ALLOWED = refusal(
  -1013,
  'This symbol does not allow the specified self-trade prevention mode.',
);
export const AMEND_UNKNOWN_ORDER = refusal(-2038, 'Unknown order sent.');
export const AMEND_DUPLICATE = refusal(-2038, 'Duplicate order sent.');
export const AMEND_INCREASE = refusal(-2038, 'Order amend (quantity increase) is not supported.');
export const AMEND_NOTHING = refusal(-2038, 'The requested action would change no state; rejecting.');
/** Binance documents no words for these two. */
export const AMEND_LIST = refusal(-2038, 'Order amend is not supported for orders of a list.');
export const AMEND_EXECUTED = refusal(-2038, 'Order amend (quantity not above the executed one) is not supported.');

/** Parameters that are in the protocol but not on this venue, with the words of their refusal. */
export const UNSUPPORTED_PARAMETERS: { readonly [name: string]: Refusal } = {
  icebergQty: refusal(-2010, 'Iceberg orders are not supported for this symbol.'),
  trailingDelta: refusal(-2010, 'Trailing stop orders are not supported for this symbol.'),
};

/** One half was done. The status is what tells a client that something was. */
export function partlyReplaced(data: object): Refusal {
  return { code: -2021, msg: 'Order cancel-replace partially failed.', status: 409, data };
}

export function notReplaced(data: object): Refusal {
  return { code: -2022, msg: 'Order cancel-replace failed.', status: 400, data };
}

export function tooMuchWeight(limit: number, retryAfterS: number): Refusal {
  const msg =
    `Too much request weight used; current limit is ${limit} request weight per 1 MINUTE.` +
    ' Please use WebSocket Streams for live updates to avoid polling the API.';
  return { ...refusal(-1003, msg, 429), retryAfterS };
}

export function banned(untilAt: number, retryAfterS: number): Refusal {
  const msg =
    `Way too much request weight used; IP banned until ${untilAt}.` +
    ' Please use WebSocket Streams for live updates to avoid bans.';
  return { ...refusal(-1003, msg, 418), retryAfterS };
}

export function tooManyOrders(limit: number, interval: string, retryAfterS: number): Refusal {
  return {
    ...refusal(-1015, `Too many new orders; current limit is ${limit} orders per ${interval}.`, 429),
    retryAfterS,
  };
}

export function filterFailure(name: string): Refusal {
  return refusal(-1013, `Filter failure: ${name}`);
}

/** Zero or negative amounts are refused before any filter: "Invalid quantity." or "Invalid price.". */
export function amountInvalid(parameter: string): Refusal {
  return refusal(-1013, `Invalid ${parameter}.`);
}

export function illegalCharacters(parameter: string, legal: string): Refusal {
  return refusal(-1100, `Illegal characters found in parameter '${parameter}'; legal range is '${legal}'.`);
}

export function mandatory(parameter: string): Refusal {
  return refusal(-1102, `Mandatory parameter '${parameter}' was not sent, was empty/null, or malformed.`);
}

export function eitherMandatory(one: string, other: string): Refusal {
  return refusal(-1102, `Param '${one}' or '${other}' must be sent, but both were empty/null!`);
}

export function unread(read: number, sent: number): Refusal {
  return refusal(-1104, `Not all sent parameters were read; read '${read}' parameter(s) but was sent '${sent}'.`);
}

export function emptyParameter(parameter: string): Refusal {
  return refusal(-1105, `Parameter '${parameter}' was empty.`);
}

export function notRequired(parameter: string): Refusal {
  return refusal(-1106, `Parameter '${parameter}' sent when not required.`);
}

export function tooPrecise(parameter: string): Refusal {
  return refusal(-1111, `Parameter '${parameter}' has too much precision.`);
}

export function invalidData(parameter: string): Refusal {
  return refusal(-1130, `Data sent for parameter '${parameter}' is not valid.`);
}
