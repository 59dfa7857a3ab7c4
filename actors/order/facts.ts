// What is known of an order. The machine's guards read these facts and nothing else.
import { type Fills, NO_FILLS } from './fills.ts';
import type { OrderInput, OrderMessage } from './messages.ts';

/** A decision older than this is canceled instead of sent. */
export const STALE_AFTER_MS = 30_000;
/** A "not found" counts only when asked after the fence, and only this many of them prove absence. */
export const ABSENCES_PROVE = 2;
/** Questions without a useful answer before an operator is told. */
export const ALARM_AFTER_ASKS = 8;
/** "Not found" answers about a working order before an operator is told. */
export const ALARM_AFTER_ABSENCES = 3;
/** Cancels of one order, refused while it stays open, before the wish is given up. */
export const CANCELS_MAX = 5;

const BACKOFF_FIRST_MS = 250;
export const BACKOFF_MAX_MS = 10_000;

/** Where the venue's words, or the end we gave it ourselves, put an order: names of life states. */
export type Standing = 'working' | 'closing' | 'filled' | 'canceled' | 'expired' | 'rejected' | 'denied' | 'absent';
export type Life = Standing | 'intent' | 'queued' | 'sending' | 'doubt';
/** Ends that rest on no word of the venue about the order itself: evidence of the contrary revives it. */
export type OwnEnd = 'denied' | 'canceled' | 'rejected' | 'absent';

/** What happened against expectation: recorded in the audit log, counted, and never in the way of a fill. */
export type Surprise =
  | 'ORDER_SENT_BY_ANOTHER'
  | 'ORDER_REVIVED'
  | 'ORDER_ID_CHANGED'
  | 'ORDER_OVERFILLED'
  | 'ORDER_VANISHED'
  | 'ORDER_UNDECIDED'
  | 'EXECUTION_CONFLICTING'
  | 'EXECUTION_LATE'
  | 'EXECUTIONS_MISSING'
  | 'REJECT_AFTER_ACCEPT'
  | 'NOT_SENT_YET_KNOWN'
  | 'CANCEL_GIVEN_UP';

/** The venue's final word. */
export type Verdict = 'filled' | 'canceled' | 'expired' | null;

export interface OrderContext extends Fills {
  readonly order: OrderInput;
  /** Null until the venue has spoken of it or it has ended. */
  readonly standing: Standing | null;
  /** Kept from the first one on. */
  readonly verdict: Verdict;
  readonly venueOrderId: string | null;
  /** The highest count of filled quantity the venue has named. */
  readonly venueFilled: string;
  /** The claim: null while nothing can have been sent. */
  readonly signedAt: number | null;
  readonly deadlineAt: number | null;
  /** Null also where the venue has no deadline: absence is never proved there. */
  readonly fenceAt: number | null;
  readonly acknowledgedAt: number | null;
  readonly completedAt: number | null;
  readonly reason: string | null;
  readonly cancelReason: string | null;
  /** Slots asked for again because the one before sent nothing. */
  readonly unsent: number;
  /** Questions in a row that settled nothing: the step of the back-off. */
  readonly asks: number;
  readonly absences: number;
  /** A question about the working or ended order is out: one at a time. */
  readonly asking: boolean;
  readonly cancels: number;
  readonly surprises: number;
}

export interface Told {
  readonly surprise: Surprise;
  readonly detail: string;
}

/** A message by its type. */
export type MessageOf<Type extends OrderMessage['type']> = Extract<OrderMessage, { readonly type: Type }>;

export function firstFacts(order: OrderInput): OrderContext {
  return {
    order,
    standing: null,
    verdict: null,
    venueOrderId: null,
    venueFilled: '0',
    ...NO_FILLS,
    signedAt: null,
    deadlineAt: null,
    fenceAt: null,
    acknowledgedAt: null,
    completedAt: null,
    reason: null,
    cancelReason: null,
    unsent: 0,
    asks: 0,
    absences: 0,
    asking: false,
    cancels: 0,
    surprises: 0,
  };
}

/** The claim. What is signed is what is committed here, whenever the request leaves. */
export function claimFacts(
  { order }: OrderContext,
  at: number,
): Pick<OrderContext, 'signedAt' | 'deadlineAt' | 'fenceAt'> {
  const deadlineAt = at + order.recvWindowMs;
  return { signedAt: at, deadlineAt, fenceAt: order.recvWindowMs > 0 ? deadlineAt + order.fenceMarginMs : null };
}

/** Nothing of it can have reached the venue. */
export function isUnsent(context: OrderContext): boolean {
  return context.signedAt === null && context.acknowledgedAt === null && context.completedAt === null;
}

/** Its end is known, even where executions are still missing. */
export function hasEnded(context: OrderContext): boolean {
  return context.verdict !== null || context.completedAt !== null;
}

export function isStale(context: OrderContext, at: number): boolean {
  return at - context.order.placedAt > STALE_AFTER_MS;
}

export function isProvedAbsent(context: OrderContext, askedAt: number): boolean {
  return isAfterFence(context, askedAt) && context.absences + 1 >= ABSENCES_PROVE;
}

export function isAfterFence(context: OrderContext, askedAt: number): boolean {
  return context.fenceAt !== null && askedAt > context.fenceAt;
}

/** Sent to a venue whose requests have no deadline: no answer of it can ever prove absence. */
export function isUndecidable(context: OrderContext): boolean {
  return context.signedAt !== null && context.fenceAt === null;
}

/** 250 ms, doubled with each step, at most 10 s. */
export function backoffMs(step: number): number {
  return Math.min(BACKOFF_FIRST_MS * 2 ** Math.min(step, 16), BACKOFF_MAX_MS);
}

/** After an answer that settles nothing. The alarm comes once, when patience ends. */
export function countSilence(
  context: OrderContext,
  answer: MessageOf<'OrderNotFound' | 'QueryFailed'>,
): { changes: Partial<OrderContext>; alarm: Told | null } {
  const { standing, fenceAt, order } = context;
  const isAbsence = answer.type === 'OrderNotFound';
  if (standing === 'working') {
    const absences = context.absences + (isAbsence ? 1 : 0);
    const alarm =
      absences === ALARM_AFTER_ABSENCES
        ? told('ORDER_VANISHED', `provider=${order.provider}, answers=${absences}`)
        : null;
    return { changes: { absences, asking: false, surprises: context.surprises + (alarm === null ? 0 : 1) }, alarm };
  }
  const asks = context.asks + 1;
  const absences = context.absences + (isAbsence && isAfterFence(context, answer.askedAt) ? 1 : 0);
  const detail = `provider=${order.provider}, asks=${asks}, fenceAt=${fenceAt ?? 'none'}`;
  const alarm =
    asks === ALARM_AFTER_ASKS ? told(standing === 'closing' ? 'EXECUTIONS_MISSING' : 'ORDER_UNDECIDED', detail) : null;
  return { changes: { asks, absences, surprises: context.surprises + (alarm === null ? 0 : 1) }, alarm };
}

export function lateReject({ code, reason }: MessageOf<'SubmitRejected'>): Told {
  return told('REJECT_AFTER_ACCEPT', `code=${code}, reason=${reason}`);
}

export function lateNotSent({ reason }: MessageOf<'SubmitNotSent'>): Told {
  return told('NOT_SENT_YET_KNOWN', `reason=${reason}`);
}

export function cancelGivenUp({ cancels, order }: OrderContext): Told {
  return told('CANCEL_GIVEN_UP', `provider=${order.provider}, cancels=${cancels}`);
}

export function told(surprise: Surprise, detail: string): Told {
  return { surprise, detail };
}
