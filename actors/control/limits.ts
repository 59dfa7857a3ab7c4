// Every bound of the control plane. What exceeds one is refused with a sentence, or told as `dropped`.
import { invariant } from '../runtime/invariant.ts';

export interface ControlLimits {
  /** A request's body. Above: 413. */
  readonly bodyBytesMax: number;
  /** A request's line and headers together. Above: 431. */
  readonly headerBytesMax: number;
  /** From the connection, or the last answer's end, to the end of the headers. Above: 408. */
  readonly headersMs: number;
  /** From the connection to the end of the body. Above: 408. */
  readonly requestMs: number;
  /** How often the two above are looked at. */
  readonly requestCheckMs: number;
  /** A kept connection without a request, then it is closed. */
  readonly keepAliveMs: number;
  /** A connection on which nothing moves in either direction, then it is closed. */
  readonly idleMs: number;
  /** Connections at once. Above: closed at once. */
  readonly connectionsMax: number;
  /** Characters of an actor's id in a path. Above: 414. */
  readonly idLengthMax: number;
  /** Entries of one list page. */
  readonly pageMax: number;
  /** Transitions shown with one actor. */
  readonly transitionsMax: number;
  /** Readers of /debug/stream at once. Above: 503. */
  readonly streamsMax: number;
  /** Transitions kept for a reader that is slower than the system. Above: the oldest are dropped and counted. */
  readonly backlogMax: number;
  /** The same in characters. */
  readonly backlogCharsMax: number;
  readonly heartbeatMs: number;
  /** A reader that takes nothing for this long is cut off. */
  readonly stallMs: number;
  /** Requests under way at shutdown may take this long, then their connections are cut. */
  readonly closeMs: number;
}

export const CONTROL_LIMITS: ControlLimits = Object.freeze({
  bodyBytesMax: 1024 * 1024,
  headerBytesMax: 16 * 1024,
  headersMs: 10_000,
  requestMs: 15_000,
  requestCheckMs: 1_000,
  keepAliveMs: 30_000,
  idleMs: 60_000,
  connectionsMax: 256,
  idLengthMax: 512,
  pageMax: 500,
  transitionsMax: 500,
  streamsMax: 32,
  backlogMax: 1_000,
  backlogCharsMax: 1024 * 1024,
  heartbeatMs: 10_000,
  stallMs: 30_000,
  closeMs: 2_000,
});

/** The bounds with some of them changed, and the relations between them checked. */
export function controlLimits(changes: Partial<ControlLimits> = {}): ControlLimits {
  const limits = { ...CONTROL_LIMITS, ...changes };
  invariant(limits.headersMs <= limits.requestMs, 'headers arrive before the body does', { ...limits });
  invariant(limits.heartbeatMs * 2 <= limits.idleMs, 'a stream outlives one lost heartbeat', { ...limits });
  return limits;
}
