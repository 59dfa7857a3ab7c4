// What a risk scope knows, and how each message changes it.
import { compare, isZero, parse } from '../market/decimal.ts';
import { refusalText } from '../market/refusals.ts';
import {
  bookOf,
  type Exposure,
  fill,
  INSTRUMENTS_MAX,
  instrumentKey,
  NO_EXPOSURE,
  reserve,
  reservedFor,
  resize,
  revert,
} from './exposure.ts';
import type { Filled } from './holdings.ts';
import { type BreachType, type Denial, denial, judge, type RiskFacts, type RoomRequest } from './limits.ts';
import type { RiskControl, RiskInput, RiskMessage } from './messages.ts';
import { fullBucket, refill, TOKEN } from './pace.ts';
import { placeOf, RESTRICTIONS_MAX, restrict } from './restriction.ts';

/** Providers a scope tells of a halt, and strategies whose breaches it counts. */
export const PROVIDERS_MAX = 64;
export const STRATEGIES_MAX = 1_000;

/** Why trading is halted, and over what. */
export interface Halt {
  readonly reason: string;
  readonly breachType: BreachType;
  readonly strategyId: string;
  readonly provider: string;
  readonly symbol: string;
  readonly at: number;
}

export interface RiskContext extends RiskFacts {
  readonly scope: string;
  readonly halt: Halt | null;
  /** Breaches in a row by strategy; a granted order starts its strategy's count anew. */
  readonly breaches: { readonly [strategyInstance: string]: number };
  /** Everyone an order was granted for. */
  readonly providers: readonly string[];
}

export interface Decision {
  readonly changes: Partial<RiskContext>;
  readonly denial: Denial | null;
}
type Timed = { readonly at: number };
type Restricted = Extract<RiskMessage, { readonly type: 'RestrictTrading' }> & Timed;

export function firstContext({ scope, limits }: RiskInput): RiskContext {
  const bucket = fullBucket(limits);
  const nothing = { references: {}, restrictions: {}, positions: {}, breaches: {}, providers: [] };
  return { scope, limits, halt: null, bucket, exposure: NO_EXPOSURE, ...nothing };
}

/** Grants with the reservation made, or denies with the breach counted and, where it is one too many, the halt. */
export function decide(context: RiskContext, request: RoomRequest & Timed): Decision {
  const bucket = refill(context.limits, context.bucket, request.at);
  const denied = judge(context, bucket, request, request.at) ?? roomForProvider(context, request);
  const isPaced = context.limits.orderThrottle > 0 && denied?.code !== 'RATE_OVER_LIMIT';
  const spent = isPaced ? { ...bucket, tokens: bucket.tokens - TOKEN } : bucket;
  if (denied !== null) return { changes: { bucket: spent, ...countBreach(context, denied, request) }, denial: denied };
  const { [request.strategyInstance]: _forgiven, ...breaches } = context.breaches;
  const providers = context.providers.includes(request.provider)
    ? context.providers
    : [...context.providers, request.provider];
  return {
    changes: { bucket: spent, exposure: granted(context.exposure, request), breaches, providers },
    denial: null,
  };
}

/** Until an amend is decided at the venue, whichever of the two terms needs more room is reserved. */
function granted(exposure: Exposure, request: RoomRequest): Exposure {
  if (request.type === 'ReserveRequested') return reserve(exposure, request);
  const before = reservedFor(exposure, request);
  if (before === null) return reserve(exposure, request);
  return parse(before) >= parse(request.quantity) ? exposure : resize(exposure, request);
}

export function haltedDenial({ halt }: RiskContext): Denial {
  return denial('KILL_SWITCH_ENGAGED', 'KILL_SWITCH', { reason: halt?.reason ?? '', since: halt?.at ?? 0 });
}

/**
 * The position after a fill. One that grew beyond its limit was not granted like this: an overfill, or an order of
 * somebody else. That halts at once.
 */
export function takeFill(context: RiskContext, filled: Filled): Partial<RiskContext> {
  const exposure = filled.kind === 'bust' ? revert(context.exposure, filled) : fill(context.exposure, filled);
  const instrument = instrumentKey(filled);
  const before = magnitude(context.exposure, instrument);
  const position = magnitude(exposure, instrument);
  const maximum = parse(context.limits.maxPositionSize);
  if (
    context.halt !== null ||
    !context.limits.killSwitchEnabled ||
    isZero(maximum) ||
    position <= maximum ||
    position <= before
  ) {
    return { exposure };
  }
  const detail = {
    projectedPosition: bookOf(exposure, instrument).position,
    maxPosition: context.limits.maxPositionSize,
  };
  const { provider, symbol, at } = filled;
  const reason = refusalText('POSITION_OVER_LIMIT', { ...detail, clientOrderId: filled.clientOrderId });
  return { exposure, halt: { reason, breachType: 'POSITION_LIMIT', strategyId: '', provider, symbol, at } };
}

/** Null where the place is restricted already: the first reason stays. One place too many halts the scope. */
export function takeRestriction(context: RiskContext, restricted: Restricted): Partial<RiskContext> | null {
  const { provider, symbol, reason, at } = restricted;
  if (Object.hasOwn(context.restrictions, placeOf(restricted))) return null;
  if (Object.keys(context.restrictions).length < RESTRICTIONS_MAX) {
    return { restrictions: restrict(context.restrictions, restricted) };
  }
  if (context.halt !== null) return null;
  const why = `${RESTRICTIONS_MAX} places are restricted already, and ${placeOf(restricted)} should be too: ${reason}`;
  return { halt: { reason: why, breachType: 'UNKNOWN', strategyId: '', provider, symbol: symbol ?? '', at } };
}

/** What an operator is answered. */
export function standing({ halt, restrictions }: RiskContext) {
  const restricted = Object.entries(restrictions).map(([place, { reason, at }]) => ({ place, reason, at }));
  return { halted: halt !== null, reason: halt?.reason ?? null, restricted };
}

/** The newest price by instrument. A scope that knows as many as it can forgets the one it heard of longest ago. */
export function noteReference(
  { references }: RiskContext,
  moved: { readonly provider: string; readonly symbol: string; readonly price: string } & Timed,
): RiskContext['references'] {
  const instrument = instrumentKey(moved);
  const next = { ...references, [instrument]: { price: moved.price, at: moved.at } };
  const instruments = Object.keys(next);
  if (instruments.length <= INSTRUMENTS_MAX) return next;
  const oldest = instruments.reduce((left, right) => ((next[right]?.at ?? 0) < (next[left]?.at ?? 0) ? right : left));
  const { [oldest]: _forgotten, ...rest } = next;
  return rest;
}

/** Upstream's event about a denied order, a halt or its end. */
export function control(
  context: RiskContext,
  status: RiskControl['status'],
  about: Omit<Halt, 'at'>,
  timestamp: number,
): RiskControl {
  const { strategyId, provider, symbol, reason, breachType } = about;
  return {
    type: 'RiskControl',
    strategyId,
    provider,
    symbol,
    status,
    reason,
    breachType,
    killSwitchEngaged: context.halt !== null,
    // There is no breaker that closes by itself: what halts stays halted until a person releases it.
    circuitBreakerOpen: false,
    timestamp,
  };
}

function roomForProvider({ providers }: RiskContext, { provider }: RoomRequest): Denial | null {
  if (providers.length < PROVIDERS_MAX || providers.includes(provider)) return null;
  return denial('EXPOSURE_FULL', 'UNKNOWN', { providers: providers.length, providersMax: PROVIDERS_MAX });
}

function countBreach(context: RiskContext, denied: Denial, request: RoomRequest & Timed): Partial<RiskContext> {
  if (!denied.isBreach) return {};
  const { strategyInstance, provider, symbol, at } = request;
  const { [strategyInstance]: before = 0, ...others } = context.breaches;
  const kept = Object.entries(others).slice(-(STRATEGIES_MAX - 1));
  const count = before + 1;
  const breaches = { ...Object.fromEntries(kept), [strategyInstance]: count };
  const { killSwitchEnabled, maxRiskBreaches } = context.limits;
  if (!killSwitchEnabled || maxRiskBreaches === 0 || count < maxRiskBreaches) return { breaches };
  const reason = `${count} breaches in a row, allowed ${maxRiskBreaches - 1}, last ${denied.code}: ${denied.detail}`;
  return {
    breaches,
    halt: { reason, breachType: denied.breachType, strategyId: strategyInstance, provider, symbol, at },
  };
}

function magnitude(exposure: Exposure, instrument: string): bigint {
  const position = parse(bookOf(exposure, instrument).position);
  return compare(position, 0n) < 0 ? -position : position;
}
