// What a word of the venue adds to the facts of an order, and where it puts the order.
import { type Decimal, format, max, parse } from '../market/decimal.ts';
import type { Execution, VenueOrder } from '../market/execution.ts';
import {
  ALARM_AFTER_ASKS,
  type MessageOf,
  type OrderContext,
  type Standing,
  type Surprise,
  type Told,
  told,
  type Verdict,
} from './facts.ts';
import { type FreshFill, takeFills } from './fills.ts';

/** What the venue said, by whichever way it came. */
export interface VenueWord {
  readonly order: VenueOrder;
  readonly executions: readonly Execution[];
  readonly reason: string | null;
  /** Answers a question: never a cause to ask the next one at once, or two could go on for ever. */
  readonly isAnswer: boolean;
}

export interface Learned {
  readonly facts: OrderContext;
  readonly fresh: readonly FreshFill[];
  readonly surprises: readonly Told[];
  /** What was believed over works again, and what was released must be reserved again. */
  readonly revived: boolean;
  /** Executions are missing: the venue must be asked for them. */
  readonly ask: boolean;
}

export function wordOf(message: MessageOf<'SubmitAcked' | 'CancelAcked' | 'OrderFound' | 'OrderReported'>): VenueWord {
  const { order } = message;
  switch (message.type) {
    case 'OrderReported':
      return {
        order,
        executions: message.execution === null ? [] : [message.execution],
        reason: message.reason,
        isAnswer: false,
      };
    case 'CancelAcked':
      return { order, executions: [], reason: null, isAnswer: false };
    default:
      return { order, executions: message.executions, reason: null, isAnswer: message.type === 'OrderFound' };
  }
}

/** The facts after a word of the venue; null when it says nothing that is not known. */
export function learn(context: OrderContext, word: VenueWord, at: number): Learned | null {
  if (word.order.status === 'rejected' && word.executions.length === 0) return learnRejected(context, word, at);
  // 1. The executions: taken in every state, also after the end.
  const quantity = parse(context.order.quantity);
  const counted = parse(context.venueFilled);
  const venueFilled = max(counted, venueCount(word.order));
  const { fills, filled, fresh, conflicting } = takeFills(context, word.executions, venueFilled);
  // 2. Where that puts the order.
  const revived = context.completedAt !== null && context.verdict === null;
  const verdict = context.verdict ?? verdictOf(word.order);
  const standing = standingOf(context, verdict, filled >= quantity, venueFilled > filled);
  const missing = venueFilled > filled && standing !== 'closing';
  const ask = missing && !word.isAnswer && !context.asking;
  // 3. What nobody expected.
  const fruitless = word.isAnswer && standing === 'closing' && context.standing === 'closing' && fresh.length === 0;
  const surprises = surprisesOf(context, word, { over: filled > quantity, fresh, conflicting, revived, fruitless });
  const heard = fresh.length > 0 || surprises.length > 0 || fruitless || venueFilled !== counted;
  const moved = standing !== context.standing || context.acknowledgedAt === null;
  const settled = word.isAnswer && context.asking;
  if (!heard && !moved && !settled && !ask) return null;
  // 4. The facts.
  const over = standing !== 'working' && standing !== 'closing';
  const facts: OrderContext = {
    ...context,
    ...fills,
    standing,
    verdict: standing === 'filled' ? 'filled' : verdict,
    venueOrderId: context.venueOrderId ?? word.order.venueOrderId,
    venueFilled: format(venueFilled),
    acknowledgedAt: context.acknowledgedAt ?? at,
    completedAt: over ? (revived ? at : (context.completedAt ?? at)) : null,
    reason: moved ? word.reason : context.reason,
    asks: moved ? 0 : context.asks + (fruitless ? 1 : 0),
    absences: 0,
    asking: ask || (context.asking && !word.isAnswer),
    surprises: context.surprises + surprises.length,
  };
  return { facts, fresh, surprises, revived, ask };
}

/** An order that was rejected with executions was accepted before: what was left of it is canceled. */
function verdictOf({ status }: VenueOrder): Verdict {
  if (status === 'open') return null;
  return status === 'rejected' ? 'canceled' : status;
}

/** A filled order counts as filled whole: some venues report it with a count that lags behind. */
function venueCount(order: VenueOrder): Decimal {
  const counted = parse(order.filledQuantity);
  return order.status === 'filled' ? max(counted, parse(order.quantity)) : counted;
}

function standingOf(context: OrderContext, verdict: Verdict, complete: boolean, missing: boolean): Standing {
  // An end the venue gave stays: only its last execution can still turn it into filled.
  if (context.completedAt !== null && context.verdict !== null) return complete ? 'filled' : context.verdict;
  if (missing) return verdict === null ? 'working' : 'closing';
  if (complete) return 'filled';
  return verdict ?? 'working';
}

interface Findings {
  readonly over: boolean;
  readonly fresh: readonly FreshFill[];
  readonly conflicting: readonly Execution[];
  readonly revived: boolean;
  /** Asked for missing executions, answered without one. */
  readonly fruitless: boolean;
}

function surprisesOf(context: OrderContext, word: VenueWord, findings: Findings): Learned['surprises'] {
  const { over, fresh, conflicting, revived, fruitless } = findings;
  const surprises: Told[] = [];
  const tell = (surprise: Surprise, detail: string): void => void surprises.push(told(surprise, detail));
  if (context.acknowledgedAt === null && context.signedAt === null) {
    tell('ORDER_SENT_BY_ANOTHER', `venueOrderId=${word.order.venueOrderId}, status=${word.order.rawStatus}`);
  } else if (revived) {
    tell('ORDER_REVIVED', `venueOrderId=${word.order.venueOrderId}, status=${word.order.rawStatus}`);
  }
  for (const one of conflicting) {
    tell('EXECUTION_CONFLICTING', `tradeId=${one.tradeId}, quantity=${one.quantity}, price=${one.price}`);
  }
  if (fruitless && context.asks + 1 === ALARM_AFTER_ASKS) tell('EXECUTIONS_MISSING', `asks=${ALARM_AFTER_ASKS}`);
  if (fresh.length === 0) return surprises;
  const listed = fresh.map(({ execution }) => `${execution.tradeId}:${execution.quantity}`).join(' ');
  if (context.venueOrderId !== null && context.venueOrderId !== word.order.venueOrderId) {
    tell('ORDER_ID_CHANGED', `venueOrderId=${word.order.venueOrderId}, known=${context.venueOrderId}`);
  }
  if (over) tell('ORDER_OVERFILLED', `added=${listed}, quantity=${context.order.quantity}`);
  else if (context.completedAt !== null && !revived) tell('EXECUTION_LATE', `added=${listed}`);
  return surprises;
}

/** "Rejected" ends an order that was sent and never acknowledged; after that it contradicts and is only a question. */
function learnRejected(context: OrderContext, word: VenueWord, at: number): Learned | null {
  if (context.completedAt !== null) return null;
  const unexpected: Surprise | null =
    context.acknowledgedAt !== null
      ? 'REJECT_AFTER_ACCEPT'
      : context.signedAt === null
        ? 'ORDER_SENT_BY_ANOTHER'
        : null;
  if (unexpected === null) {
    const facts: OrderContext = {
      ...context,
      standing: 'rejected',
      completedAt: at,
      reason: word.reason ?? word.order.rawStatus,
      asking: false,
    };
    return { facts, fresh: [], surprises: [], revived: false, ask: false };
  }
  const ask = context.acknowledgedAt !== null && !word.isAnswer && !context.asking;
  const facts = { ...context, asking: ask || (context.asking && !word.isAnswer), surprises: context.surprises + 1 };
  const detail = `venueOrderId=${word.order.venueOrderId}, reason=${word.reason ?? word.order.rawStatus}`;
  return { facts, fresh: [], surprises: [{ surprise: unexpected, detail }], revived: false, ask };
}
