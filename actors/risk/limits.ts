// The pre-trade decision: pure, on the scope's own facts and the time of the message. An order over a limit is denied
// at once; it never waits for a token, because it would then be sent on a market it was not decided on.
import { add, compare, type Decimal, div, format, isZero, max, mul, parse, sub } from '../market/decimal.ts';
import { detailText, type RefusalCode } from '../market/refusals.ts';
import {
  type Book,
  bookOf,
  type Exposure,
  INSTRUMENTS_MAX,
  instrumentKey,
  RESERVATIONS_MAX,
  release,
  reservedFor,
  worstCase,
} from './exposure.ts';
import { POSITIONS_MAX, type Positions } from './holdings.ts';
import type { RiskLimits, RiskMessage } from './messages.ts';
import { type Bucket, TOKEN } from './pace.ts';
import { type Restrictions, reduces, restrictionOf } from './restriction.ts';

/** Upstream's defaults. */
export const DEFAULT_LIMITS: RiskLimits = {
  maxPositionSize: '250',
  maxNotionalValue: '50000',
  notionalCurrency: 'USDT',
  orderThrottle: 5,
  orderBurst: 3,
  maxConcurrentOrders: 6,
  priceBandPercent: '1',
  allowedOrderTypes: ['Limit', 'Market'],
  killSwitchEnabled: true,
  maxRiskBreaches: 3,
};

/** A reference price older than this says nothing about the market. Providers repeat theirs three times as often. */
export const REFERENCE_FRESH_MS = 60_000;

/** Upstream's names, as RiskControl carries them. */
export type BreachType =
  | 'RATE_LIMIT'
  | 'ORDER_TYPE'
  | 'ORDER_VALIDATION'
  | 'PRICE_BAND'
  | 'POSITION_LIMIT'
  | 'NOTIONAL_LIMIT'
  | 'CONCURRENCY'
  | 'KILL_SWITCH'
  | 'UNKNOWN';

export type ReserveRequest = Extract<RiskMessage, { readonly type: 'ReserveRequested' }>;
export type AmendRequest = Extract<RiskMessage, { readonly type: 'AmendRequested' }>;
/** What asks for room: a new order, or an open one for other terms. */
export type RoomRequest = ReserveRequest | AmendRequest;

export interface Reference {
  readonly price: string;
  readonly at: number;
}

/** What a decision is made on. */
export interface RiskFacts {
  readonly limits: RiskLimits;
  readonly bucket: Bucket;
  readonly exposure: Exposure;
  /** Keyed `provider:symbol`. */
  readonly references: { readonly [instrument: string]: Reference };
  readonly restrictions: Restrictions;
  readonly positions: Positions;
}

export interface Denial {
  readonly code: RefusalCode;
  readonly detail: string;
  readonly breachType: BreachType;
  /** Says that the strategy is wrong, not that it is early: counts towards the kill switch. */
  readonly isBreach: boolean;
}

// Pace, missing market data, our own bounds and what somebody else did at the venue are not the strategy's mistakes.
const NO_BREACH: readonly RefusalCode[] = [
  'RATE_OVER_LIMIT',
  'REFERENCE_MISSING',
  'REFERENCE_STALE',
  'EXPOSURE_FULL',
  'TRADING_RESTRICTED',
];

export function denial(
  code: RefusalCode,
  breachType: BreachType,
  detail: { readonly [key: string]: string | number },
): Denial {
  return { code, breachType, detail: detailText(detail), isBreach: !NO_BREACH.includes(code) };
}

/**
 * Null grants. `bucket` is refilled to `at`; checks run in upstream's order. An open order that asks for other terms is
 * judged as if it were new and had nothing reserved yet.
 */
export function judge(facts: RiskFacts, bucket: Bucket, request: RoomRequest, at: number): Denial | null {
  const { limits } = facts;
  if (limits.orderThrottle > 0 && bucket.tokens < TOKEN) {
    return denial('RATE_OVER_LIMIT', 'RATE_LIMIT', { perSecond: limits.orderThrottle, burst: limits.orderBurst });
  }
  if (limits.allowedOrderTypes.length > 0 && !limits.allowedOrderTypes.includes(request.orderType)) {
    return denial('ORDER_TYPE_NOT_ALLOWED', 'ORDER_TYPE', {
      orderType: request.orderType,
      allowed: limits.allowedOrderTypes.join(' '),
    });
  }
  const terms = termsOf(request);
  if ('code' in terms) return terms;
  const priced = judgePrice(facts, request, terms, at);
  if ('code' in priced) return priced;
  const others = request.type === 'AmendRequested' ? release(facts.exposure, request) : facts.exposure;
  const book = bookOf(others, instrumentKey(request));
  return (
    judgeRestriction(facts, request, book, terms.quantity) ??
    judgeExposure(facts, request, book, { quantity: terms.quantity, worth: priced.worth }) ??
    judgeRoom({ ...facts, exposure: others }, request, book, terms.quantity)
  );
}

interface Terms {
  readonly quantity: Decimal;
  /** Null where the order takes any price. */
  readonly price: Decimal | null;
  /** Where the venue wakes it; an amend leaves it as it was granted. */
  readonly stop: Decimal | null;
}

function termsOf(request: RoomRequest): Denial | Terms {
  const { orderType } = request;
  const quantity = positive(request.quantity);
  if (quantity === null) return denial('QUANTITY_INVALID', 'ORDER_VALIDATION', { quantity: request.quantity });
  const isPriced = orderType === 'Limit' || orderType === 'StopLimit';
  const price = isPriced ? positive(request.price) : null;
  if (isPriced && price === null) {
    return denial('PRICE_INVALID', 'ORDER_VALIDATION', { price: request.price ?? 'none' });
  }
  if (request.type === 'AmendRequested' || (orderType !== 'Stop' && orderType !== 'StopLimit')) {
    return { quantity, price, stop: null };
  }
  const stop = positive(request.stopPrice);
  if (stop === null) {
    return denial('STOP_PRICE_INVALID', 'ORDER_VALIDATION', { stopPrice: request.stopPrice ?? 'none' });
  }
  return { quantity, price, stop };
}

/**
 * A market order always needs a fresh reference, any other where there is a band: what cannot be compared is denied.
 * An order is worth the worst it can cost: its own price, or the upper edge of the band where it has none, and at
 * least the reference. The market stands at the stop price when a stop order wakes: its band lies there.
 */
function judgePrice(
  facts: RiskFacts,
  request: RoomRequest,
  { price, stop }: Terms,
  at: number,
): Denial | { readonly worth: Decimal } {
  const band = parse(facts.limits.priceBandPercent);
  const instrument = instrumentKey(request);
  const reference = facts.references[instrument];
  const ageMs = reference === undefined ? 0 : at - reference.at;
  const own = price ?? (stop === null ? null : add(stop, distance(stop, band)));
  if (reference === undefined || ageMs > REFERENCE_FRESH_MS) {
    if (own !== null && isZero(band)) return { worth: own };
    if (reference === undefined) return denial('REFERENCE_MISSING', 'ORDER_VALIDATION', { instrument });
    return denial('REFERENCE_STALE', 'ORDER_VALIDATION', { instrument, ageMs, maximumMs: REFERENCE_FRESH_MS });
  }
  const market = parse(reference.price);
  if (own === null) return { worth: add(market, distance(market, band)) };
  const isWaiting = stop === null && request.orderType === 'StopLimit';
  const middle = stop ?? market;
  const lower = sub(middle, distance(middle, band));
  const upper = add(middle, distance(middle, band));
  if (!isZero(band) && !isWaiting && price !== null && (compare(price, lower) < 0 || compare(price, upper) > 0)) {
    const edges = {
      price: format(price),
      lower: format(lower),
      upper: format(upper),
      bandPercent: facts.limits.priceBandPercent,
    };
    return denial('PRICE_OUTSIDE_BAND', 'PRICE_BAND', { ...edges, symbol: request.symbol });
  }
  return { worth: max(own, market) };
}

function distance(price: Decimal, band: Decimal): Decimal {
  return div(mul(price, band), parse('100'), 'down');
}

/** An amend that asks for no more than is reserved enlarges nothing. */
function judgeRestriction(
  { restrictions, exposure }: RiskFacts,
  request: RoomRequest,
  book: Book,
  quantity: Decimal,
): Denial | null {
  const restriction = restrictionOf(restrictions, request);
  if (restriction === null || reduces(book, request.side, quantity)) return null;
  const reserved = request.type === 'AmendRequested' ? reservedFor(exposure, request) : null;
  if (reserved !== null && quantity <= parse(reserved)) return null;
  const { place, reason, at } = restriction;
  return denial('TRADING_RESTRICTED', 'UNKNOWN', { restricted: place, reason, since: at, position: book.position });
}

/** Only the side the order adds to is judged: what reduces a position is never over its limit. */
function judgeExposure(
  { limits }: RiskFacts,
  request: RoomRequest,
  book: Book,
  { quantity, worth }: { readonly quantity: Decimal; readonly worth: Decimal },
): Denial | null {
  const worst = worstCase(book, request.side, quantity);
  const size = max(request.side === 'Buy' ? worst : -worst, 0n);
  const maxPosition = parse(limits.maxPositionSize);
  if (!isZero(maxPosition) && size > maxPosition) {
    return denial('POSITION_OVER_LIMIT', 'POSITION_LIMIT', {
      projectedPosition: format(worst),
      maxPosition: limits.maxPositionSize,
    });
  }
  const maxNotional = parse(limits.maxNotionalValue);
  const notional = mul(size, worth, 'up');
  if (!isZero(maxNotional) && notional > maxNotional) {
    const { maxNotionalValue, notionalCurrency } = limits;
    return denial('NOTIONAL_OVER_LIMIT', 'NOTIONAL_LIMIT', {
      projectedNotional: format(notional),
      maxNotional: `${maxNotionalValue} ${notionalCurrency}`,
    });
  }
  if (limits.maxConcurrentOrders > 0 && book.orders >= limits.maxConcurrentOrders) {
    return denial('ORDERS_OVER_LIMIT', 'CONCURRENCY', {
      current: book.orders,
      max: limits.maxConcurrentOrders,
      symbol: request.symbol,
    });
  }
  return null;
}

/** What a scope can keep account of. Fills are counted beyond it, so positions can still be closed. */
function judgeRoom(
  { exposure, positions }: RiskFacts,
  request: RoomRequest,
  book: Book,
  quantity: Decimal,
): Denial | null {
  const books = Object.keys(exposure.books).length;
  const isNew = exposure.books[instrumentKey(request)] === undefined;
  const held = Object.keys(positions).length;
  const hasRoom = held < POSITIONS_MAX || reduces(book, request.side, quantity);
  if (hasRoom && exposure.orders < RESERVATIONS_MAX && !(isNew && books >= INSTRUMENTS_MAX)) return null;
  return denial('EXPOSURE_FULL', 'UNKNOWN', {
    orders: exposure.orders,
    ordersMax: RESERVATIONS_MAX,
    instrumentsMax: INSTRUMENTS_MAX,
    positions: held,
    positionsMax: POSITIONS_MAX,
  });
}

function positive(text: string | null): Decimal | null {
  if (text === null || !/^\d{1,20}(\.\d{1,18})?$/.test(text)) return null;
  const amount = parse(text);
  return isZero(amount) ? null : amount;
}
