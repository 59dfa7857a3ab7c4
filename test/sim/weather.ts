// What can go wrong in a history, and how much of it: drawn once from its seed.
import type { Wire } from './life.ts';
import type { Random } from './random.ts';

type Range = readonly [from: number, to: number];

/** Shares are from 0 to 1, times in ms. */
export interface Weather {
  /** What of the venue answers nothing for a while: its history comes back whole. */
  readonly down: 'nothing' | 'history' | 'all';
  readonly database: {
    readonly latency: Range;
    readonly lost: number;
    /** A commit whose answer is lost arrives this much later at most, unless its session is ended before. */
    readonly lateMs: number;
    readonly transient: number;
  };
  readonly venue: {
    readonly latency: Range;
    readonly lost: number;
    readonly delayed: number;
    readonly notSent: number;
    readonly rejected: number;
    /** Accepted long after the request came in. */
    readonly slow: number;
    /** Share of trades that count long before they are shown. */
    readonly hidden: number;
    /** Cancels and amends refused although the order works. */
    readonly cancelRefused: number;
    /** How far reads may be behind. */
    readonly lagMs: number;
  };
  readonly stream: {
    readonly latency: Range;
    readonly duplicated: number;
    readonly reordered: boolean;
    /** Mean time between two cuts; 0 for none. */
    readonly cutEveryMs: number;
  };
}

export interface Forecast {
  readonly calm: boolean;
  readonly storm: Weather;
  /** While the storm lasts. */
  readonly kills: number;
  readonly pauses: number;
  /** Share of submits in the middle of which the process is killed or paused. */
  readonly struck: number;
  /** After the storm nobody asks for the end of orders for a while. */
  readonly patient: boolean;
  /** A second process waits for the lease. */
  readonly standby: boolean;
  readonly skewMs: number;
  /** The clock of the process that serves is set once. */
  readonly clockSet: boolean;
  /** The venue does not answer, or its history does not, for a while. */
  readonly outage: { readonly atMs: number; readonly forMs: number; readonly down: 'history' | 'all' } | null;
  /** Requests have one, and are refused after it. Without one, whether an order was placed a person decides. */
  readonly deadline: boolean;
  /** How much of an amend the venue can do. */
  readonly amend: 'none' | 'reduce' | 'full';
  /** Somebody puts something into the account. */
  readonly deposits: boolean;
}

/** The venue's bounds below are the session's capabilities: a venue that breaks its word proves nothing. */
export const CLEAR: Weather = {
  down: 'nothing',
  database: { latency: [1, 2], lost: 0, lateMs: 0, transient: 0 },
  venue: {
    latency: [25, 50],
    lost: 0,
    delayed: 0,
    notSent: 0,
    rejected: 0.05,
    slow: 0,
    hidden: 0,
    cancelRefused: 0,
    lagMs: 0,
  },
  stream: { latency: [1, 2], duplicated: 0, reordered: false, cutEveryMs: 0 },
};

export function forecast(random: Random): Forecast {
  const amend = random.pick(['none', 'reduce', 'reduce', 'full'] as const);
  const deadline = !random.fork('deadline').chance(0.2);
  if (random.chance(0.15)) {
    const nothing = { kills: 0, pauses: 0, struck: 0, skewMs: 0, clockSet: false, patient: false, standby: false };
    return { calm: true, storm: CLEAR, ...nothing, outage: null, deadline, amend, deposits: false };
  }
  const some = (most: number): number => (random.chance(0.65) ? random.next() * most : 0);
  return {
    calm: false,
    storm: {
      down: 'nothing',
      database: { latency: [1, random.between(2, 40)], lost: some(0.15), lateMs: 1_500, transient: some(0.15) },
      venue: {
        latency: [2, random.between(10, 400)],
        lost: some(0.4),
        delayed: some(0.2),
        notSent: some(0.15),
        rejected: some(0.15),
        slow: some(0.25),
        hidden: some(0.15),
        cancelRefused: some(0.3),
        lagMs: Math.round(some(4_800)),
      },
      stream: {
        latency: [1, random.between(5, 600)],
        duplicated: some(0.4),
        reordered: random.chance(0.4),
        cutEveryMs: random.chance(0.6) ? random.between(3_000, 20_000) : 0,
      },
    },
    kills: random.chance(0.7) ? random.between(1, 4) : 0,
    pauses: random.chance(0.4) ? random.between(1, 3) : 0,
    struck: some(0.5),
    standby: random.chance(0.6),
    patient: random.chance(0.35),
    skewMs: random.between(0, 800),
    clockSet: random.chance(0.25),
    outage: random.chance(0.25)
      ? {
          atMs: random.between(2_000, 25_000),
          forMs: random.between(2_000, 18_000),
          down: random.pick(['history', 'all']),
        }
      : null,
    deadline,
    amend,
    deposits: random.chance(0.08),
  };
}

const PATIENCE_MS = 10_000;

/** One request to the database. */
export function databaseWire({ database: { latency, lost } }: Weather, random: Random): Wire {
  const fate = random.chance(lost) ? random.pick(['lostBefore', 'lostAfter'] as const) : 'ok';
  const patienceMs = fate === 'ok' ? 2_000 : random.between(1, 300);
  return { thereMs: random.between(...latency), backMs: random.between(...latency), fate, patienceMs };
}

/** One request to the venue; a delayed one may outlive its deadline, and the caller's patience. */
export function venueWire({ venue: { latency, lost, delayed } }: Weather, random: Random): Wire {
  const fate = random.chance(lost) ? random.pick(['lostBefore', 'lostAfter'] as const) : 'ok';
  const thereMs = random.chance(delayed) ? random.between(500, 9_000) : random.between(...latency);
  const backMs = random.chance(delayed) ? random.between(500, 4_000) : random.between(...latency);
  return { thereMs, backMs, fate, patienceMs: fate === 'ok' ? PATIENCE_MS : random.between(200, PATIENCE_MS) };
}
