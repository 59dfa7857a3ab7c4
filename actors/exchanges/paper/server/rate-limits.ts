// How much may be asked in a while. Weight counts for the venue's address as Binance counts it for a caller's: here all
// callers share one, for all are on loopback. Orders count for their account.
// Intervals are those of the clock, not sliding. Who goes on asking beyond the limit is banned, the second time for
// longer. Source: binance-spot-api-docs rest-api.md "LIMITS" and rate-limits.md, 2025-01.

import type { Refusal } from '../core/refusal.ts';
import * as refusals from '../core/refusal.ts';

export interface RateLimitTerms {
  readonly weightPerMinute: number;
  readonly ordersPer10s: number;
  readonly ordersPerDay: number;
}

/** Beyond what two cores can ask: a test that wants to meet a limit sets it. Binance has 6,000, 100 and 200,000. */
export const DEFAULT_LIMITS: RateLimitTerms = {
  weightPerMinute: 6_000_000,
  ordersPer10s: 1_000_000,
  ordersPerDay: 1_000_000_000,
};

export interface Limit {
  readonly rateLimitType: 'REQUEST_WEIGHT' | 'ORDERS';
  readonly interval: 'SECOND' | 'MINUTE' | 'DAY';
  readonly intervalNum: number;
  readonly limit: number;
}

/** As answers over the WebSocket API carry it, and headers over REST. */
export interface LimitCount extends Limit {
  readonly count: number;
}

/** Who may place orders asks before and tells after. */
export interface OrderQuota {
  refusal(): Refusal | null;
  placed(orders: number): void;
}

const SECOND_MS = 1_000;
const INTERVAL_MS = { SECOND: SECOND_MS, MINUTE: 60 * SECOND_MS, DAY: 86_400 * SECOND_MS } as const;
const LETTERS = { SECOND: 's', MINUTE: 'm', DAY: 'd' } as const;
/** Requests over the limit before it is a ban. */
const IGNORED_MAX = 20;
const BAN_MS = 120_000;
const BAN_MS_MAX = 3 * INTERVAL_MS.DAY;

export class RateLimits {
  private terms: RateLimitTerms;
  private readonly now: () => number;
  private readonly weight = new Counter();
  private readonly orders = new Map<string, { readonly seconds: Counter; readonly day: Counter }>();
  private ignored = 0;
  private bans = 0;
  private banned: { readonly status: number; readonly untilAt: number } | null = null;

  constructor(terms: RateLimitTerms, now: () => number) {
    this.terms = terms;
    this.now = now;
  }

  set(terms: Partial<RateLimitTerms>): RateLimitTerms {
    this.terms = { ...this.terms, ...terms };
    return this.terms;
  }

  /** Every request is refused with the status for so long; 0 ends it. */
  ban(status: 418 | 429, seconds: number): void {
    this.banned = seconds > 0 ? { status, untilAt: this.now() + seconds * SECOND_MS } : null;
    this.ignored = 0;
  }

  /** As exchangeInfo lists them. */
  list(): Limit[] {
    const { weightPerMinute, ordersPer10s, ordersPerDay } = this.terms;
    return [
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: weightPerMinute },
      { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: ordersPer10s },
      { rateLimitType: 'ORDERS', interval: 'DAY', intervalNum: 1, limit: ordersPerDay },
    ];
  }

  /** Counts a request of this weight, unless it is refused. */
  take(weight: number): Refusal | null {
    const now = this.now();
    if (this.banned && this.banned.untilAt > now) return this.refuse(this.banned.status, this.banned.untilAt);
    this.banned = null;
    const start = startOf(now, INTERVAL_MS.MINUTE);
    if (this.weight.at(start) === 0) this.ignored = 0;
    if (this.weight.at(start) + weight <= this.terms.weightPerMinute) {
      this.weight.add(start, weight);
      return null;
    }
    this.ignored += 1;
    if (this.ignored <= IGNORED_MAX) return this.refuse(429, start + INTERVAL_MS.MINUTE);
    this.banned = { status: 418, untilAt: now + Math.min(BAN_MS * 2 ** this.bans, BAN_MS_MAX) };
    this.bans += 1;
    return this.refuse(418, this.banned.untilAt);
  }

  quota(account: string): OrderQuota {
    const counted = this.countersOf(account);
    return {
      refusal: () => {
        const over = this.orderCounts(account).find(({ count, limit }) => count >= limit);
        if (!over) return null;
        const lengthMs = over.intervalNum * INTERVAL_MS[over.interval];
        const waitMs = startOf(this.now(), lengthMs) + lengthMs - this.now();
        return refusals.tooManyOrders(over.limit, `${over.intervalNum} ${over.interval}`, inSeconds(waitMs));
      },
      placed: (orders) => {
        counted.seconds.add(startOf(this.now(), 10 * SECOND_MS), orders);
        counted.day.add(startOf(this.now(), INTERVAL_MS.DAY), orders);
      },
    };
  }

  weightCount(): LimitCount[] {
    const count = this.weight.at(startOf(this.now(), INTERVAL_MS.MINUTE));
    return this.list().flatMap((limit) => (limit.rateLimitType === 'ORDERS' ? [] : [{ ...limit, count }]));
  }

  orderCounts(account: string): LimitCount[] {
    const { seconds, day } = this.countersOf(account);
    return this.list().flatMap((limit) => {
      if (limit.rateLimitType !== 'ORDERS') return [];
      const start = startOf(this.now(), limit.intervalNum * INTERVAL_MS[limit.interval]);
      return [{ ...limit, count: (limit.interval === 'DAY' ? day : seconds).at(start) }];
    });
  }

  private refuse(status: number, untilAt: number): Refusal {
    const retryAfterS = inSeconds(untilAt - this.now());
    return status === 418
      ? refusals.banned(untilAt, retryAfterS)
      : refusals.tooMuchWeight(this.terms.weightPerMinute, retryAfterS);
  }

  private countersOf(account: string): { readonly seconds: Counter; readonly day: Counter } {
    let counters = this.orders.get(account);
    if (!counters) {
      counters = { seconds: new Counter(), day: new Counter() };
      this.orders.set(account, counters);
    }
    return counters;
  }
}

/** Counts within one interval and forgets with the next. */
class Counter {
  private start = 0;
  private count = 0;

  at(start: number): number {
    return start === this.start ? this.count : 0;
  }

  add(start: number, count: number): void {
    this.count = this.at(start) + count;
    this.start = start;
  }
}

/** `x-mbx-used-weight-1m`, `x-mbx-order-count-10s`. */
export function headerOf({ rateLimitType, interval, intervalNum }: Limit): string {
  return `x-mbx-${rateLimitType === 'ORDERS' ? 'order-count' : 'used-weight'}-${intervalNum}${LETTERS[interval]}`;
}

function startOf(at: number, lengthMs: number): number {
  return at - (at % lengthMs);
}

function inSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / SECOND_MS));
}
