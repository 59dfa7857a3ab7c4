// How fast orders may come: a bucket of tokens, refilled by the time of the messages.
import type { RiskLimits } from './messages.ts';

/** Tokens in thousandths: a millisecond at n orders per second adds n of them. */
export interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

/** What one order takes. */
export const TOKEN = 1_000;

/** The bucket with what has flown in since; a scope starts with a full one. */
export function refill({ orderThrottle, orderBurst }: RiskLimits, bucket: Bucket, at: number): Bucket {
  const capacity = Math.max(orderBurst, 1) * TOKEN;
  return { tokens: Math.min(capacity, bucket.tokens + Math.max(at - bucket.at, 0) * orderThrottle), at };
}

export function fullBucket({ orderBurst }: RiskLimits): Bucket {
  return { tokens: Math.max(orderBurst, 1) * TOKEN, at: 0 };
}
