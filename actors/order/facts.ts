// What is known of an order. The machine's guards read these facts and nothing else.
import { type Decimal, max, parse, sub } from '../market/decimal.ts';
import { type Fills, NO_FILLS } from './fills.ts';
import type { OrderInput, OrderMessage } from './messages.ts';

/** A decision older than this is canceled instead of sent: sooner where no price bounds what it may cost by then. */
export const STALE_AFTER_MS = 30_000;
export const MARKET_STALE_AFTER_MS = 5_000;
/** A "not found" counts only when asked after the fence, and only this many of them prove absence. */
export const ABSENCES_PROVE = 2;
/** Questions without a useful answer before an operator is told. */
export const ALARM_AFTER_ASKS = 8;
/** "Not found" answers about a working order before an operator is told. */
export const ALARM_AFTER_ABSENCES = 3;
/** Whole answers in a row that show less than was taken, before what they do not show counts as taken back. */
export const DENIALS_PROVE = 3;
/** Answers about an ended order that show no execution for what they count, before it is inferred. */
export const INFER_AFTER_ASKS = 24;
/** Cancels of one order, refused while it stays open, before the wish is given up. */
export const CANCELS_MAX = 5;
/** Amends without an answer before an operator is told; they go on. */
export const ALARM_AFTER_AMENDS = 5;

const BACKOFF_FIRST_MS = 250;
export const BACKOFF_MAX_MS = 10_000;

/** Where the venue's words, or the end we gave it ourselves, put an order: names of life states. */
export type Standing =
  | 'parked'
  | 'working'
  | 'closing'
  | 'filled'
  | 'canceled'
  | 'expired'
  | 'rejected'
  | 'denied'
  | 'absent';
export type Life = Standing | 'adopted' | 'intent' | 'queued' | 'sending' | 'doubt';
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
  | 'ORDER_OF_ANOTHER'
  | 'ORDER_CHANGED_BY_ANOTHER'
  | 'AMEND_UNANSWERED'
  | 'EXECUTION_BUSTED'
  | 'EXECUTION_CORRECTED'
  | 'EXECUTION_INFERRED'
  | 'EXECUTION_CONFLICTING'
  | 'EXECUTION_LATE'
  | 'EXECUTIONS_MISSING'
  | 'REJECT_AFTER_ACCEPT'
  | 'NOT_SENT_YET_KNOWN'
  | 'CANCEL_GIVEN_UP';

/** Quantity and price. */
export interface Terms {
  readonly quantity: string;
  readonly price: string | null;
}

/** The order that takes this one's place once it has ended. */
export interface Replacement extends Terms {
  readonly clientOrderId: string;
}

/** The venue's final word. */
export type Verdict = 'filled' | 'canceled' | 'expired' | null;

/**
 * What is kept of the input. A hundred thousand live orders are in memory at once: what is told again elsewhere, or
 * only rarely differs, is left out. `asked` is null where nothing was rounded.
 */
export interface KeptInput extends Omit<OrderInput, 'asked' | 'linkedTo'> {
  readonly asked: OrderInput['asked'] | null;
}

export interface OrderContext extends Fills {
  readonly order: KeptInput;
  /** The terms as they stand: those of the order until it is amended. */
  readonly quantity: string;
  readonly price: string | null;
  /** The venue's time of its newest word: an older one does not change the terms. */
  readonly wordAt: number;
  /** Asked of risk, then of the venue. */
  readonly amendment: Terms | null;
  readonly amends: number;
  readonly amendRefusal: string | null;
  /** Wished; it is placed when this order has ended with something left. */
  readonly replacement: Replacement | null;
  readonly replacedBy: string | null;
  readonly linkedTo: string | null;
  /** The other order of the pair was told to go. */
  readonly unlinked: boolean;
  /** A cancel is wished or on its way. */
  readonly canceling: boolean;
  /** What the ledger holds as locked for it, and how many postings that took. */
  readonly locked: string;
  readonly locks: number;
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
  /** Whole answers in a row that show less than was taken; absent until the first, which spares the others the room. */
  readonly denials?: number;
  /** A question about the working or ended order is out: one at a time. */
  readonly asking: boolean;
  readonly cancels: number;
  /** Of them refused: what the give-up counts. One that was lost is asked again for as long as it takes. */
  readonly cancelRefusals: number;
  readonly surprises: number;
}

export interface Told {
  readonly surprise: Surprise;
  readonly detail: string;
}

/** A message by its type. */
export type MessageOf<Type extends OrderMessage['type']> = Extract<OrderMessage, { readonly type: Type }>;

export function firstFacts({ linkedTo, asked, ...input }: OrderInput): OrderContext {
  const isRounded = asked.quantity !== input.quantity || asked.price !== input.price;
  const order: KeptInput = { ...input, asked: isRounded ? asked : null };
  return {
    order,
    quantity: order.quantity,
    price: order.price,
    wordAt: 0,
    amendment: null,
    amends: 0,
    amendRefusal: null,
    replacement: null,
    replacedBy: null,
    linkedTo,
    unlinked: false,
    canceling: false,
    locked: '0',
    locks: 0,
    standing: null,
    verdict: null,
    venueOrderId: null,
    venueFilled: '0',
    ...NO_FILLS,
    // What somebody else placed has long been sent.
    signedAt: order.external === null ? null : order.placedAt,
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
    cancelRefusals: 0,
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

/** Its terms stay as they are: it has ended, is wished away, or is somebody else's. */
export function isFixed(context: OrderContext): boolean {
  const isLeaving = context.canceling && context.replacement === null;
  return hasEnded(context) || isLeaving || context.order.external !== null;
}

/** Accepted, and as far as we know it can still trade. */
export function isOpen(context: OrderContext): boolean {
  return context.acknowledgedAt !== null && !hasEnded(context);
}

/** Whether the venue changes these terms in place; otherwise the order is canceled and another one placed. */
export function isNativeAmend(context: OrderContext, wish: Terms): boolean {
  const { order, quantity, price } = context;
  const samePrice = wish.price === null || isSameAmount(wish.price, price);
  if (order.amends === 'none' || !isOpen(context)) return false;
  if (order.amends === 'full') return true;
  return samePrice && parse(wish.quantity) < parse(quantity);
}

/** The terms asked for; a price that is not named stays. */
export function termsOf({ price }: OrderContext, wish: Terms): Terms {
  return { quantity: wish.quantity, price: wish.price ?? price };
}

export function hasTerms({ quantity, price }: Terms, terms: Terms | null): boolean {
  return terms !== null && parse(terms.quantity) === parse(quantity) && isSameAmount(terms.price, price);
}

function isSameAmount(one: string | null, other: string | null): boolean {
  return one === other || (one !== null && other !== null && parse(one) === parse(other));
}

export function left({ quantity, filled }: Pick<OrderContext, 'quantity' | 'filled'>): Decimal {
  return max(sub(parse(quantity), parse(filled)), 0n);
}

export function isMissingFills({ venueFilled, filled }: OrderContext): boolean {
  return parse(venueFilled) > parse(filled);
}

/** There is an order to take its place, with something left for it. */
export function isReplaced({ replacement, filled }: OrderContext): boolean {
  return replacement !== null && parse(replacement.quantity) > parse(filled);
}

/** Its time has passed: it must not stay at the venue, however often a cancel is refused. */
export function isOverdue({ order: { goodTillAt } }: OrderContext, at: number): boolean {
  return goodTillAt !== null && at >= goodTillAt;
}

export function isStale(context: OrderContext, at: number): boolean {
  return at - context.order.placedAt > staleAfterMs(context);
}

export function staleAfterMs({ order }: OrderContext): number {
  return order.orderType === 'Market' ? MARKET_STALE_AFTER_MS : STALE_AFTER_MS;
}

export function isProvedAbsent(context: OrderContext, askedAt: number): boolean {
  return isAfterFence(context, askedAt) && context.absences + 1 >= ABSENCES_PROVE;
}

export function isAfterFence(context: OrderContext, askedAt: number): boolean {
  return context.fenceAt !== null && askedAt > context.fenceAt;
}

/**
 * No answer of the venue is going to decide it: its requests have no deadline, so that absence is never proved, or it
 * was asked often and nothing came of it. A person may.
 */
export function isUndecidable({ standing, signedAt, fenceAt, asks, absences }: OrderContext): boolean {
  if (standing === 'working' || standing === 'parked') return absences >= ALARM_AFTER_ABSENCES;
  return asks >= ALARM_AFTER_ASKS || (signedAt !== null && fenceAt === null && standing === null);
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
  if (standing === 'working' || standing === 'parked') {
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

export function amendUnanswered({ amends, order, amendment }: OrderContext): Told {
  const asked = `quantity=${amendment?.quantity}, price=${amendment?.price ?? 'none'}`;
  return told('AMEND_UNANSWERED', `provider=${order.provider}, amends=${amends}, ${asked}`);
}

export function told(surprise: Surprise, detail: string): Told {
  return { surprise, detail };
}
