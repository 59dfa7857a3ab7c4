// The pre-trade decision: pure, on the scope's own facts and the time of the message. An order over a limit is denied
// at once; it never waits for a token, because it would then be sent on a market it was not decided on.
import { add, compare, type Decimal, div, format, isZero, max, mul, parse, sub } from '../market/decimal.ts';
import { detailText, type RefusalCode } from '../market/refusals.ts';
import { bookOf, type Exposure, INSTRUMENTS_MAX, instrumentKey, RESERVATIONS_MAX, worstCase } from './exposure.ts';
import type { RiskLimits, RiskMessage } from './messages.ts';

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

/** Tokens in thousandths: a millisecond at n orders per second adds n of them. */
export interface Bucket {
  readonly tokens: number;
  readonly at: number;
}
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
}

export interface Denial {
  readonly code: RefusalCode;
  readonly detail: string;
  readonly breachType: BreachType;
  /** Says that the strategy is wrong, not that it is early: counts towards the kill switch. */
  readonly isBreach: boolean;
}

// Pace, missing market data and our own bounds are not the strategy's mistakes.
const NO_BREACH: readonly RefusalCode[] = ['RATE_OVER_LIMIT', 'REFERENCE_MISSING', 'REFERENCE_STALE', 'EXPOSURE_FULL'];

export function denial(
  code: RefusalCode,
  breachType: BreachType,
  detail: { readonly [key: string]: string | number },
): Denial {
  return { code, breachType, detail: detailText(detail), isBreach: !NO_BREACH.includes(code) };
}

/** The bucket with what has flown in since; a scope starts with a full one. */
export function refill({ orderThrottle, orderBurst }: RiskLimits, bucket: Bucket, at: number): Bucket {
  const capacity = Math.max(orderBurst, 1) * 1_000;
  return { tokens: Math.min(capacity, bucket.tokens + Math.max(at - bucket.at, 0) * orderThrottle), at };
}

export function fullBucket({ orderBurst }: RiskLimits): Bucket {
  return { tokens: Math.max(orderBurst, 1) * 1_000, at: 0 };
}

/** Null grants. `bucket` is refilled to `at`; checks run in upstream's order. */
export function judge(facts: RiskFacts, bucket: Bucket, request: ReserveRequest, at: number): Denial | null {
  const { limits } = facts;
  if (limits.orderThrottle > 0 && bucket.tokens < 1_000) {
    return denial('RATE_OVER_LIMIT', 'RATE_LIMIT', { perSecond: limits.orderThrottle, burst: limits.orderBurst });
  }
  if (limits.allowedOrderTypes.length > 0 && !limits.allowedOrderTypes.includes(request.orderType)) {
    return denial('ORDER_TYPE_NOT_ALLOWED', 'ORDER_TYPE', {
      orderType: request.orderType,
      allowed: limits.allowedOrderTypes.join(' '),
    });
  }
  const quantity = positive(request.quantity);
  if (quantity === null) return denial('QUANTITY_INVALID', 'ORDER_VALIDATION', { quantity: request.quantity });
  const price = request.orderType === 'Limit' ? positive(request.price) : null;
  if (request.orderType === 'Limit' && price === null) {
    return denial('PRICE_INVALID', 'ORDER_VALIDATION', { price: request.price ?? 'none' });
  }
  const priced = judgePrice(facts, request, price, at);
  if ('code' in priced) return priced;
  return judgeExposure(facts, request, quantity, priced.worth);
}

/**
 * A market order always needs a fresh reference, a limit order where there is a band: what cannot be compared is
 * denied. A market order is worth the upper edge of the band; a limit order at least the reference.
 */
function judgePrice(
  facts: RiskFacts,
  request: ReserveRequest,
  price: Decimal | null,
  at: number,
): Denial | { readonly worth: Decimal } {
  const band = parse(facts.limits.priceBandPercent);
  const instrument = instrumentKey(request);
  const reference = facts.references[instrument];
  const ageMs = reference === undefined ? 0 : at - reference.at;
  const isNeeded = price === null || !isZero(band);
  if (reference === undefined) {
    if (isNeeded) return denial('REFERENCE_MISSING', 'ORDER_VALIDATION', { instrument });
    return { worth: price };
  }
  if (ageMs > REFERENCE_FRESH_MS) {
    if (isNeeded)
      return denial('REFERENCE_STALE', 'ORDER_VALIDATION', { instrument, ageMs, maximumMs: REFERENCE_FRESH_MS });
    return { worth: price };
  }
  const middle = parse(reference.price);
  const distance = div(mul(middle, band), parse('100'), 'down');
  const lower = sub(middle, distance);
  const upper = add(middle, distance);
  if (price === null) return { worth: upper };
  if (!isZero(band) && (compare(price, lower) < 0 || compare(price, upper) > 0)) {
    const edges = {
      price: format(price),
      lower: format(lower),
      upper: format(upper),
      bandPercent: facts.limits.priceBandPercent,
    };
    return denial('PRICE_OUTSIDE_BAND', 'PRICE_BAND', { ...edges, symbol: request.symbol });
  }
  return { worth: max(price, middle) };
}

/** Only the side the order adds to is judged: what reduces a position is never over its limit. */
function judgeExposure(
  { limits, exposure }: RiskFacts,
  request: ReserveRequest,
  quantity: Decimal,
  worth: Decimal,
): Denial | null {
  const instrument = instrumentKey(request);
  const book = bookOf(exposure, instrument);
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
  const isNew = exposure.books[instrument] === undefined;
  if (exposure.orders >= RESERVATIONS_MAX || (isNew && Object.keys(exposure.books).length >= INSTRUMENTS_MAX)) {
    return denial('EXPOSURE_FULL', 'UNKNOWN', {
      orders: exposure.orders,
      ordersMax: RESERVATIONS_MAX,
      instrumentsMax: INSTRUMENTS_MAX,
    });
  }
  return null;
}

function positive(text: string | null): Decimal | null {
  if (text === null || !/^\d{1,20}(\.\d{1,18})?$/.test(text)) return null;
  const amount = parse(text);
  return isZero(amount) ? null : amount;
}
