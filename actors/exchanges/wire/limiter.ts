// What may be sent when. The venue counts the weight of requests by address and the new orders of an account,
// answers 429 beyond that, and bans the address (418) if it goes on. A cancel must never wait behind reads, so
// there is one queue for each kind of request, and the lower kinds leave a part of the limit untouched. What a kind
// waits for is kept from those after it: else many light requests would hold a heavy one back for ever.
import type { IncomingHttpHeaders } from 'node:http';
import type { Cancel, Clock } from './clock.ts';
import { type UsageWindow, usageWindow } from './window.ts';

export type Priority = 'cancel' | 'query' | 'submit' | 'rest';

/** Asked again by whoever needs it: better told soon that nothing is known than late. */
export function isUrgent(priority: Priority): boolean {
  return priority === 'cancel' || priority === 'query';
}

export interface LimiterRequest {
  readonly priority: Priority;
  readonly weight: number;
  /** Refused instead of granted at or after this time. */
  readonly giveUpAt: number;
}

export type Turn = { readonly granted: true } | { readonly granted: false; readonly reason: string };

export interface VenueLimit {
  readonly kind: 'REQUEST_WEIGHT' | 'ORDERS';
  readonly intervalMs: number;
  readonly limit: number;
}

const PRIORITIES: readonly Priority[] = ['cancel', 'query', 'submit', 'rest'];
/** The part of the weight limit that is there for this kind and those before it. */
const SHARE: { readonly [priority in Priority]: number } = { cancel: 1, query: 0.95, submit: 0.9, rest: 0.8 };
/** The venue's own at the time of writing, until its exchangeInfo says otherwise. */
const DEFAULTS: readonly VenueLimit[] = [
  { kind: 'REQUEST_WEIGHT', intervalMs: 60_000, limit: 6_000 },
  { kind: 'ORDERS', intervalMs: 10_000, limit: 100 },
];
/** A 429 for too many orders comes without Retry-After (rest-api.md, "Order Rate Limits"). */
const ORDERS_PAUSE_MS = 10_000;
/** The shortest ban (rest-api.md, "IP Limits"). */
const BAN_MS = 120_000;
/** The longest ban (same place): a header that says more is not believed. */
const BAN_MAX_MS = 3 * 86_400_000;

interface Waiting extends LimiterRequest {
  readonly settle: (turn: Turn) => void;
}
type Window = VenueLimit & { readonly window: UsageWindow };
/** The first of a queue, and when it may go. */
interface Head {
  readonly request: LimiterRequest;
  readonly at: number;
}

export class Limiter {
  readonly #clock: Clock;
  readonly #queueMax: number;
  readonly #queues: { readonly [priority in Priority]: Waiting[] } = { cancel: [], query: [], submit: [], rest: [] };
  #windows = DEFAULTS.map(open);
  #isLearned = false;
  #stoppedUntil = 0;
  #ordersStoppedUntil = 0;
  #wake: Cancel | null = null;
  #closed = false;

  constructor(options: { readonly clock: Clock; readonly queueMax: number }) {
    this.#clock = options.clock;
    this.#queueMax = options.queueMax;
  }

  take(request: LimiterRequest, signal: AbortSignal): Promise<Turn> {
    if (this.#closed || signal.aborted) return Promise.resolve({ granted: false, reason: 'it was called off' });
    const queue = this.#queues[request.priority];
    if (queue.length >= this.#queueMax) {
      const reason = `our rate limiter's queue is full: priority=${request.priority}, waiting=${queue.length}`;
      return Promise.resolve({ granted: false, reason });
    }
    return new Promise((resolve) => {
      const onAbort = (): void => {
        this.#drop(waiting, 'it was called off');
        this.#pump();
      };
      const settle = (turn: Turn): void => {
        signal.removeEventListener('abort', onAbort);
        resolve(turn);
      };
      const waiting: Waiting = { ...request, settle };
      signal.addEventListener('abort', onAbort);
      queue.push(waiting);
      this.#pump();
    });
  }

  /** The venue's limits, from its exchangeInfo; null leaves what was known before. */
  learn(limits: readonly VenueLimit[] | null): void {
    this.#isLearned = true;
    if (limits) this.#windows = limits.map((limit) => reopen(limit, this.#windows));
    this.#pump();
  }

  /** What an answer says about use and bans. */
  observe(status: number, headers: IncomingHttpHeaders): void {
    const now = this.#clock.now();
    // What the venue counts is held against its own limit, not against one that is assumed: else a gateway that is
    // started again on a busy address of a venue that allows more could not even ask for the limits.
    for (const { kind, window, intervalMs } of this.#isLearned ? this.#windows : []) {
      const used = Number(headers[headerOf(kind, intervalMs)]);
      if (Number.isSafeInteger(used)) window.observe(now, used);
    }
    const stop = stopAfter(status, headers);
    if (stop?.scope === 'all') this.#stoppedUntil = Math.max(this.#stoppedUntil, now + stop.ms);
    if (stop?.scope === 'orders') this.#ordersStoppedUntil = Math.max(this.#ordersStoppedUntil, now + stop.ms);
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
    for (const priority of PRIORITIES) {
      for (const request of [...this.#queues[priority]]) this.#drop(request, 'the session was closed');
    }
  }

  /** Grants what may go, refuses what would be too late, and comes back when the next one can change. */
  #pump(): void {
    this.#wake?.();
    this.#wake = null;
    const now = this.#clock.now();
    const heads: Head[] = [];
    for (const priority of PRIORITIES) {
      const head = this.#pumpQueue(this.#queues[priority], now, heads);
      if (head) heads.push(head);
    }
    if (heads.length === 0) return;
    const next = Math.min(...heads.map(({ at }) => at));
    this.#wake = this.#clock.after(Math.max(1, next - now), () => this.#pump());
  }

  #pumpQueue(queue: Waiting[], now: number, before: readonly Head[]): Head | null {
    for (let first = queue[0]; first; first = queue[0]) {
      const at = Math.max(this.#goesAt(first, now), this.#yieldsUntil(first, now, before));
      if (at > now && at < first.giveUpAt) return { request: first, at };
      queue.shift();
      if (at >= first.giveUpAt) first.settle(tooLate(first, at - now));
      else this.#grant(first, now);
    }
    return null;
  }

  /** When this request may go, were it the only one. */
  #goesAt({ priority, weight }: LimiterRequest, now: number): number {
    const times = this.#windows.map(({ kind, window }) => {
      if (kind === 'REQUEST_WEIGHT') return window.freeAt(now, weight, window.limit * SHARE[priority]);
      return priority === 'submit' ? window.freeAt(now, 1, window.limit) : now;
    });
    const stopped = priority === 'submit' ? Math.max(this.#stoppedUntil, this.#ordersStoppedUntil) : this.#stoppedUntil;
    return Math.max(now, stopped, ...times);
  }

  /** When the last of those before it has gone that it would hold back. Only submits use up orders. */
  #yieldsUntil({ weight }: LimiterRequest, now: number, before: readonly Head[]): number {
    const weights = this.#windows.filter(({ kind }) => kind === 'REQUEST_WEIGHT');
    const heldBack = before.filter(({ request, at }) => {
      const ceilingOf = (limit: number): number => limit * SHARE[request.priority];
      return weights.some(({ limit, window }) => window.freeAt(now, request.weight, ceilingOf(limit), weight) > at);
    });
    return Math.max(now, ...heldBack.map(({ at }) => at));
  }

  #grant(request: Waiting, now: number): void {
    for (const { kind, window } of this.#windows) {
      if (kind === 'REQUEST_WEIGHT') window.add(now, request.weight);
      else if (request.priority === 'submit') window.add(now, 1);
    }
    request.settle({ granted: true });
  }

  #drop(request: Waiting, reason: string): void {
    const queue = this.#queues[request.priority];
    const index = queue.indexOf(request);
    if (index < 0) return;
    queue.splice(index, 1);
    request.settle({ granted: false, reason });
  }
}

function tooLate(request: LimiterRequest, waitMs: number): Turn {
  const wait = Math.max(0, Math.round(waitMs));
  return {
    granted: false,
    reason: `our rate limiter would hold it too long: priority=${request.priority}, wait=${wait} ms`,
  };
}

function open(limit: VenueLimit): Window {
  return { ...limit, window: usageWindow(limit.limit, limit.intervalMs) };
}

/** A limit that did not change keeps what was counted. */
function reopen(limit: VenueLimit, windows: readonly Window[]): Window {
  const same = windows.find((old) => old.kind === limit.kind && old.intervalMs === limit.intervalMs);
  return same?.limit === limit.limit ? same : open(limit);
}

/** `x-mbx-used-weight-1m`, `x-mbx-order-count-10s`. */
function headerOf(kind: VenueLimit['kind'], intervalMs: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
  ] as const;
  const [letter, unit] = units.find(([, ms]) => intervalMs % ms === 0) ?? ['s', 1_000];
  return `x-mbx-${kind === 'ORDERS' ? 'order-count' : 'used-weight'}-${intervalMs / unit}${letter}`;
}

function stopAfter(status: number, headers: IncomingHttpHeaders): { scope: 'all' | 'orders'; ms: number } | null {
  if (status !== 429 && status !== 418) return null;
  const seconds = Number(headers['retry-after']);
  if (Number.isFinite(seconds) && seconds > 0) return { scope: 'all', ms: Math.min(seconds * 1_000, BAN_MAX_MS) };
  return status === 418 ? { scope: 'all', ms: BAN_MS } : { scope: 'orders', ms: ORDERS_PAUSE_MS };
}
