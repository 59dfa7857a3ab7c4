// The fault switch: what a test makes the venue do to requests, so that a gateway meets lost answers, dead lines and
// slow venues on purpose. Set over the admin path, on loopback and with the admin token only.
import { z } from 'zod';
import { type Random, seeded } from '../core/random.ts';
import type { OperationKind } from './operation.ts';

/** Also subscriptions to user data, which are no operation. */
export type FaultKind = OperationKind | 'subscribe';

/**
 * dropBefore: the connection is cut and nothing was done. dropAfter: it was done, durably, and the connection is cut
 * before the answer. hang: done, and never answered. reply: answered with `status` and `body` instead; done all the
 * same unless `process` is false. duplicate: done once and answered twice, the second time `delayMs` after the first,
 * over HTTP as a response nobody asked for. delay: held up for `delayMs` on the way in, before the second check of
 * recvWindow.
 */
const rule = z.strictObject({
  operation: z.enum(['submit', 'cancel', 'query', 'market', 'subscribe', 'any']),
  action: z.enum(['dropBefore', 'dropAfter', 'hang', 'reply', 'duplicate', 'delay']),
  /** Of being hit, per request. */
  probability: z.number().min(0).max(1).default(1),
  /** How often it hits before it is used up; null for ever. */
  times: z.int().positive().nullable().default(null),
  delayMs: z.int().min(0).max(600_000).default(0),
  /** Drawn anew for each request, from nothing to so much, on top of delayMs. */
  jitterMs: z.int().min(0).max(600_000).default(0),
  status: z.int().min(200).max(599).default(503),
  body: z
    .string()
    .max(65_536)
    .default('{"code":-1000,"msg":"An unknown error occurred while processing the request."}'),
  process: z.boolean().default(true),
});
export const faultRules = z.strictObject({ rules: z.array(rule).max(100) });

export type FaultRule = z.output<typeof rule>;

/** What happens to one request: a delay, and at most one thing beyond it. */
export interface Fault {
  readonly delayMs: number;
  readonly rule: FaultRule | null;
}

export class Faults {
  private rules: { readonly rule: FaultRule; hits: number }[] = [];
  private readonly random: Random;

  constructor(seed: number) {
    this.random = seeded(seed, 'faults');
  }

  /** Replaces all rules and their counts. */
  set(rules: readonly FaultRule[]): void {
    this.rules = rules.map((each) => ({ rule: each, hits: 0 }));
  }

  list(): readonly { readonly rule: FaultRule; readonly hits: number }[] {
    return this.rules;
  }

  private jitter({ jitterMs }: FaultRule): number {
    return jitterMs === 0 ? 0 : Math.round(this.random() * jitterMs);
  }

  /** Draws for one request, in the order of the rules. */
  take(kind: FaultKind): Fault {
    let delayMs = 0;
    let hit: FaultRule | null = null;
    for (const each of this.rules) {
      const { operation, times, probability, action } = each.rule;
      if (operation !== 'any' && operation !== kind) continue;
      if (times !== null && each.hits >= times) continue;
      if (action !== 'delay' && hit) continue;
      if (probability < 1 && this.random() >= probability) continue;
      each.hits += 1;
      if (action === 'delay') delayMs += each.rule.delayMs + this.jitter(each.rule);
      else hit = each.rule;
    }
    return { delayMs, rule: hit };
  }
}
