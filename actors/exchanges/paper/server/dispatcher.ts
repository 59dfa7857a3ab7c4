// One request from arrival to answer, whatever it came over.
import type { Refusal } from '../core/refusal.ts';
import * as refusals from '../core/refusal.ts';
import { Refused } from '../core/refusal.ts';
import type { Venue } from '../venue.ts';
import { accountOperations } from './account.ts';
import type { FaultKind, Faults } from './faults.ts';
import { listOperations } from './lists.ts';
import { marketDataOperations } from './market-data.ts';
import type { Operation } from './operation.ts';
import type { Params } from './params.ts';
import type { LimitCount, RateLimits } from './rate-limits.ts';
import { recordOperations } from './records.ts';
import {
  type Credentials,
  checkArrival,
  checkDeadline,
  checkSignature,
  identify,
  readWindow,
  type Window,
} from './sign.ts';
import { tradingOperations } from './trading.ts';
import { weightOf } from './weights.ts';

export interface Call {
  readonly operation: Operation;
  readonly params: Params;
  readonly apiKey: string | undefined;
  readonly payload: string;
  readonly signature: string | undefined;
}

/** cut: end the connection. silence: leave it open and never answer. */
export type Answer = Reply | { readonly kind: 'cut' } | { readonly kind: 'silence' };

export interface Reply {
  readonly kind: 'reply';
  readonly status: number;
  readonly body: string;
  readonly limits?: readonly LimitCount[];
  readonly retryAfterS?: number | undefined;
  /** Set where it is to be sent a second time: does so, when the time has come. */
  readonly again?: (send: () => void) => void;
}

export interface DispatcherOptions {
  readonly venue: Venue;
  readonly keys: ReadonlyMap<string, Credentials>;
  readonly faults: Faults;
  readonly limits: RateLimits;
  readonly more: readonly Operation[];
  readonly warn: (text: string) => void;
}

/** Requests in the house at once; beyond it they are refused, so that a slow disk does not fill the memory. */
const IN_FLIGHT_MAX = 10_000;

export class Dispatcher {
  private readonly venue: Venue;
  private readonly keys: ReadonlyMap<string, Credentials>;
  private readonly faults: Faults;
  private readonly limits: RateLimits;
  private readonly byRest = new Map<string, Operation>();
  private readonly byMethod = new Map<string, Operation>();
  private readonly warn: (text: string) => void;
  private readonly heldUp = new Set<() => void>();
  private inFlight = 0;

  constructor(options: DispatcherOptions) {
    const { venue } = options;
    this.venue = venue;
    this.keys = options.keys;
    this.faults = options.faults;
    this.limits = options.limits;
    this.warn = options.warn;
    for (const operation of [
      ...tradingOperations(venue),
      ...listOperations(venue),
      ...recordOperations(venue),
      ...accountOperations(venue, options.limits),
      ...marketDataOperations(venue, options.limits),
      ...options.more,
    ]) {
      this.byRest.set(operation.rest, operation);
      if (operation.ws) this.byMethod.set(operation.ws, operation);
    }
  }

  /** Lets go at once of what a fault holds up. */
  close(): void {
    for (const letGo of this.heldUp) letGo();
  }

  /** `GET /api/v3/time` */
  findRest(route: string): Operation | undefined {
    return this.byRest.get(route);
  }

  /** `order.place` */
  findMethod(method: string): Operation | undefined {
    return this.byMethod.get(method);
  }

  async answer(call: Call): Promise<Answer> {
    if (this.inFlight >= IN_FLIGHT_MAX) return refuse(refusals.TOO_MANY_QUEUED);
    const over = this.limits.take(weightOf(call.operation.rest, call.params));
    if (over) return { ...refuse(over), limits: this.limits.weightCount() };
    this.inFlight += 1;
    try {
      return await this.perform(call);
    } catch (error) {
      return this.failed(call, error);
    } finally {
      this.inFlight -= 1;
    }
  }

  private async perform(call: Call): Promise<Answer> {
    const { operation, params } = call;
    // 1. Who asks, and in time?
    const { account, window } = this.authenticate(call);
    // 2. What exactly?
    const run = operation.read(params, { account, quota: this.limits.quota(account) });
    params.refuseUnread();
    // 3. Whatever the fault switch does to it on the way.
    return this.faulted(operation.kind, () => {
      // 4. Still in time, just before the engine.
      if (window) checkDeadline(window, this.venue.host.now());
      // 5. Do it, and tell no one before it is durable.
      return this.told(this.run(call, run), call, account);
    });
  }

  /** `work`, with what the fault switch has for its kind before and after it. */
  async faulted(kind: FaultKind, work: () => Reply | Promise<Reply>): Promise<Answer> {
    const { delayMs, rule } = this.faults.take(kind);
    // 1. Held up or lost on the way in.
    if (delayMs > 0) await this.holdUp(delayMs);
    if (rule?.action === 'dropBefore') return { kind: 'cut' };
    if (rule?.action === 'reply' && !rule.process) return { kind: 'reply', status: rule.status, body: rule.body };
    const answer = await work();
    // 2. Lost, or told twice, on the way out.
    if (rule?.action === 'dropAfter') return { kind: 'cut' };
    if (rule?.action === 'hang') return { kind: 'silence' };
    if (rule?.action === 'reply') return { kind: 'reply', status: rule.status, body: rule.body };
    if (rule?.action !== 'duplicate') return answer;
    return { ...answer, again: (send) => (rule.delayMs === 0 ? send() : this.venue.host.after(rule.delayMs, send)) };
  }

  /** The credentials of a signed request that is in time; also for what is not an operation, as subscriptions are. */
  authenticateSigned(call: Omit<Call, 'operation'>): { readonly account: string; readonly window: Window } {
    const credentials = identify(this.keys, call.apiKey);
    if (call.signature === undefined || call.signature === '') throw new Refused(refusals.mandatory('signature'));
    const window = readWindow(call.params);
    checkArrival(window, this.venue.host.now());
    checkSignature(credentials.secret, call.payload, call.signature);
    return { account: credentials.account, window };
  }

  private authenticate(call: Call): { readonly account: string; readonly window: Window | null } {
    if (call.operation.security === 'none') return { account: '', window: null };
    if (call.operation.security === 'key') return { account: identify(this.keys, call.apiKey).account, window: null };
    return this.authenticateSigned(call);
  }

  private async holdUp(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = this.venue.host.after(ms, resolve);
    this.heldUp.add(resolve);
    await promise;
    stop();
    this.heldUp.delete(resolve);
  }

  private run(call: Call, run: () => unknown): Reply {
    try {
      return { kind: 'reply', status: 200, body: JSON.stringify(run()) };
    } catch (error) {
      return this.failed(call, error);
    }
  }

  /** Anything but a refusal is a fault of the venue, and like any 5xx says nothing about what was done. */
  private failed(call: Call, error: unknown): Reply {
    if (error instanceof Refused) return refuse(error.refusal);
    this.warn(`a request failed: operation=${call.operation.rest}, error=${String(error)}`);
    return refuse(refusals.FAILED);
  }

  /** What was read from the state may include what another command just did. */
  private async told(answer: Reply, { operation }: Call, account: string): Promise<Reply> {
    await this.venue.settled();
    const orders = operation.kind === 'submit' ? this.limits.orderCounts(account) : [];
    return { ...answer, limits: [...this.limits.weightCount(), ...orders] };
  }
}

export function refuse({ code, msg, status, data, retryAfterS }: Refusal): Reply {
  return { kind: 'reply', status, body: JSON.stringify({ code, msg, data }), retryAfterS };
}
