// What a word of the venue adds to the facts of an order, and where it puts the order.
import { format, isZero, max, parse, sub } from '../market/decimal.ts';
import type { VenueOrder } from '../market/execution.ts';
import { deniedBy, fillsAfter } from './counting.ts';
import {
  ALARM_AFTER_ASKS,
  DENIALS_PROVE,
  isReplaced,
  type OrderContext,
  type Standing,
  type Surprise,
  type Told,
  told,
  type Verdict,
} from './facts.ts';
import { isBustKnown, isInferred, type TakenFills } from './fills.ts';
import { lockOf } from './ledger.ts';
import type { VenueWord } from './venue-word.ts';

export interface Learned extends Pick<TakenFills, 'undone' | 'fresh' | 'charged'> {
  readonly facts: OrderContext;
  readonly surprises: readonly Told[];
  /** What was believed over works again, and what was released must be reserved again. */
  readonly revived: boolean;
  /** Executions are missing: the venue must be asked for them. */
  readonly ask: boolean;
}

/** The facts after a word of the venue; null when it says nothing that is not known. */
export function learn(context: OrderContext, said: VenueWord, at: number): Learned | null {
  if (isOfAnother(context, said)) return learnNothing(context, said);
  if (said.order.status === 'rejected' && said.executions.length === 0) return learnRejected(context, said, at);
  const denied = deniedBy(context, said);
  const deniedBefore = context.denials ?? 0;
  const isProved = denied.length > 0 && deniedBefore + 1 >= DENIALS_PROVE;
  const denials = denied.length === 0 || isProved ? 0 : deniedBefore + 1;
  const word = isProved ? { ...said, busted: denied } : isOutdated(context, said) ? withoutCount(said) : said;
  // 1. The terms: those of the newest word.
  const terms = termsAfter(context, word.order);
  const quantity = parse(terms.quantity);
  // 2. The executions: taken and taken back in every state, also after the end.
  const { taken, venueFilled, fruitless } = fillsAfter(context, word, at);
  const { fills, filled, undone, fresh, charged } = taken;
  // 3. Where that puts the order.
  const verdict = verdictAfter(context, word);
  const position = { verdict, complete: filled >= quantity, missing: venueFilled > filled };
  const standing = standingOf(context, word.order, position);
  const isOver = standing !== 'parked' && standing !== 'working' && standing !== 'closing';
  const revived = context.completedAt !== null && (context.verdict === null || !isOver);
  const missing = position.missing && standing !== 'closing';
  const ask = missing && !word.isAnswer && !context.asking;
  // 4. What nobody expected.
  const findings = {
    over: filled > max(quantity, parse(context.quantity)),
    taken,
    revived,
    fruitless,
    amended: terms !== context,
  };
  const surprises = surprisesOf(context, word, findings);
  const happened = fresh.length + undone.length + charged.length > 0 || fills.busted !== context.busted;
  const isNewer = word.order.updatedAt > context.wordAt;
  const heard = happened || surprises.length > 0 || fruitless || venueFilled !== parse(context.venueFilled) || isNewer;
  const moved = standing !== context.standing || context.acknowledgedAt === null || terms !== context;
  const settled = word.isAnswer && context.asking;
  if (!heard && !moved && !settled && !ask && denials === deniedBefore) return null;
  // 5. The facts.
  const facts: OrderContext = {
    ...context,
    ...fills,
    ...(denials !== deniedBefore && { denials }),
    quantity: terms.quantity,
    price: terms.price,
    wordAt: Math.max(context.wordAt, word.order.updatedAt),
    standing,
    verdict: standing === 'filled' ? 'filled' : verdict,
    venueOrderId: context.venueOrderId ?? word.order.venueOrderId,
    venueFilled: format(venueFilled),
    acknowledgedAt: context.acknowledgedAt ?? at,
    completedAt: isOver ? (revived ? at : (context.completedAt ?? at)) : null,
    reason: moved ? (word.reason ?? keptReason(context, standing)) : context.reason,
    asks: moved ? 0 : context.asks + (fruitless ? 1 : 0),
    absences: 0,
    asking: ask || (context.asking && !word.isAnswer),
    surprises: context.surprises + surprises.length,
  };
  const settledFacts = withTies(context, withLock(facts, isOver), fresh.length > 0);
  return { facts: settledFacts, undone, fresh, charged, surprises, revived, ask };
}

/** The one that came with the venue's end, when the executions that were still missing end the order. */
function keptReason({ verdict, reason }: OrderContext, standing: Standing): string | null {
  return verdict !== null && standing !== 'filled' ? reason : null;
}

/** Once a trade was taken back, a word from before counts what counts no more, and calls filled what is not. */
function isOutdated({ busted, wordAt }: OrderContext, { order, busted: undoing }: VenueWord): boolean {
  return undoing.length === 0 && busted !== null && order.updatedAt < wordAt;
}

/** What it shows of executions is as true as ever. */
function withoutCount(word: VenueWord): VenueWord {
  return { ...word, order: { ...word.order, status: 'open', filledQuantity: '0' } };
}

/** Under our id, and of another market or side: whatever it is, it is not this order, and none of it is booked. */
function isOfAnother({ order }: OrderContext, word: VenueWord): boolean {
  return word.order.symbol !== order.symbol || word.order.side !== order.side;
}

function learnNothing(context: OrderContext, { order }: VenueWord): Learned {
  const { venueOrderId, symbol, side, quantity } = order;
  const detail = `venueOrderId=${venueOrderId}, symbol=${symbol}, side=${side}, quantity=${quantity}`;
  const facts = { ...context, surprises: context.surprises + 1 };
  const nothing = { undone: [], fresh: [], charged: [], revived: false, ask: false };
  return { facts, ...nothing, surprises: [told('ORDER_OF_ANOTHER', detail)] };
}

type TermsFacts = Pick<OrderContext, 'quantity' | 'price'>;

/** The same object where they stay. A market order's price is nobody's wish, whatever a venue shows there. */
function termsAfter(context: OrderContext, { quantity, price, updatedAt }: VenueOrder): TermsFacts {
  const isPriced = context.price !== null && price !== null;
  const isSame = parse(quantity) === parse(context.quantity) && (!isPriced || parse(price) === parse(context.price));
  if (isSame || updatedAt < context.wordAt || isZero(parse(quantity))) return context;
  return {
    quantity: format(parse(quantity)),
    price: isPriced ? format(parse(price)) : context.price,
  };
}

/** An order that was rejected with executions was accepted before: what was left of it is canceled. */
function verdictOf({ status }: VenueOrder): Verdict {
  if (status === 'open' || status === 'parked') return null;
  return status === 'rejected' ? 'canceled' : status;
}

/** Kept from the first one on, but for an order that was filled by an execution that is taken back. */
function verdictAfter(context: OrderContext, word: VenueWord): Verdict {
  const isUnfilled = word.busted.length > 0 && context.verdict === 'filled';
  return isUnfilled ? verdictOf(word.order) : (context.verdict ?? verdictOf(word.order));
}

interface Position {
  readonly verdict: Verdict;
  readonly complete: boolean;
  readonly missing: boolean;
}

function standingOf(context: OrderContext, { status }: VenueOrder, position: Position): Standing {
  const { verdict, complete, missing } = position;
  // An end the venue gave stays: only its last execution can still turn it into filled.
  if (context.completedAt !== null && context.verdict !== null && verdict !== null) {
    return complete ? 'filled' : verdict;
  }
  if (missing) return verdict === null ? 'working' : 'closing';
  if (complete) return 'filled';
  if (verdict !== null) return verdict;
  // A copy that lags behind may still show it parked.
  return status === 'parked' && context.standing !== 'working' ? 'parked' : 'working';
}

/** What the ledger holds as locked follows what is left; the postings are numbered. */
function withLock(facts: OrderContext, isOver: boolean): OrderContext {
  const lock = isOver ? 0n : lockOf(facts, sub(parse(facts.quantity), parse(facts.filled)));
  const locked = format(lock);
  return locked === facts.locked ? facts : { ...facts, locked, locks: facts.locks + 1 };
}

interface Findings {
  readonly over: boolean;
  readonly taken: TakenFills;
  readonly revived: boolean;
  readonly fruitless: boolean;
  readonly amended: boolean;
}

function surprisesOf(context: OrderContext, word: VenueWord, findings: Findings): readonly Told[] {
  const { over, taken, revived, fruitless, amended } = findings;
  const { fresh, conflicting } = taken;
  const surprises: Told[] = [];
  const tell = (surprise: Surprise, detail: string): void => void surprises.push(told(surprise, detail));
  if (context.acknowledgedAt === null && context.signedAt === null) {
    tell('ORDER_SENT_BY_ANOTHER', `venueOrderId=${word.order.venueOrderId}, status=${word.order.rawStatus}`);
  } else if (revived) {
    tell('ORDER_REVIVED', `venueOrderId=${word.order.venueOrderId}, status=${word.order.rawStatus}`);
  }
  if (amended && context.amendment === null && context.order.external === null) {
    tell('ORDER_CHANGED_BY_ANOTHER', `quantity=${word.order.quantity}, price=${word.order.price ?? 'none'}`);
  }
  tellOfBusts(context, word, taken, tell);
  for (const one of conflicting) {
    tell('EXECUTION_CONFLICTING', `tradeId=${one.tradeId}, quantity=${one.quantity}, price=${one.price}`);
  }
  if (fruitless && context.asks + 1 === ALARM_AFTER_ASKS) tell('EXECUTIONS_MISSING', `asks=${ALARM_AFTER_ASKS}`);
  if (fresh.length === 0) return surprises;
  const listed = fresh.map(({ execution }) => `${execution.tradeId}:${execution.quantity}`).join(' ');
  if (context.venueOrderId !== null && context.venueOrderId !== word.order.venueOrderId) {
    tell('ORDER_ID_CHANGED', `venueOrderId=${word.order.venueOrderId}, known=${context.venueOrderId}`);
  }
  if (over) tell('ORDER_OVERFILLED', `added=${listed}, quantity=${context.quantity}`);
  else if (context.completedAt !== null && !revived) tell('EXECUTION_LATE', `added=${listed}`);
  return surprises;
}

function tellOfBusts(
  context: OrderContext,
  { busted, executions, isAnswer }: VenueWord,
  { fills, undone, fresh }: TakenFills,
  tell: (surprise: Surprise, detail: string) => void,
): void {
  const fresher = busted.filter((ref) => !isBustKnown(context, ref) && isBustKnown(fills, ref));
  for (const { tradeId } of fresher) {
    const booked = undone.find(({ execution }) => execution.tradeId === tradeId);
    const none = fills.forgotten > 0 ? 'it is not remembered, so nothing was reversed' : 'it had not come here';
    const taken = booked === undefined ? none : `quantity=${booked.execution.quantity}`;
    tell(
      executions.length > 0 && !isAnswer ? 'EXECUTION_CORRECTED' : 'EXECUTION_BUSTED',
      `tradeId=${tradeId}, ${taken}`,
    );
  }
  for (const { execution } of fresh.filter((one) => isInferred(one.execution))) {
    const { tradeId, quantity, price } = execution;
    tell('EXECUTION_INFERRED', `tradeId=${tradeId}, quantity=${quantity}, price=${price}`);
  }
}

/** "Rejected" ends an order that was sent and never acknowledged; after that it contradicts and is only a question. */
function learnRejected(context: OrderContext, word: VenueWord, at: number): Learned | null {
  // An end of our own is confirmed by it; an end of the venue's is contradicted.
  if (context.completedAt !== null && context.verdict === null) return null;
  const nothing = { undone: [], fresh: [], charged: [], revived: false };
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
    return { facts, ...nothing, surprises: [], ask: false };
  }
  const isOpen = context.acknowledgedAt !== null && context.completedAt === null;
  const ask = isOpen && !word.isAnswer && !context.asking;
  const facts = { ...context, asking: ask || (context.asking && !word.isAnswer), surprises: context.surprises + 1 };
  const detail = `venueOrderId=${word.order.venueOrderId}, reason=${word.reason ?? word.order.rawStatus}`;
  return { facts, ...nothing, surprises: [{ surprise: unexpected, detail }], ask };
}

/**
 * The orders it is tied to: an end makes way for its replacement, an end without one and a fill end the other of a
 * pair. Each once.
 */
export function withTies(before: OrderContext, facts: OrderContext, isFilled: boolean): OrderContext {
  const isEnd = facts.completedAt !== null && before.completedAt === null;
  const isCleared = facts.standing === 'canceled' || facts.standing === 'expired';
  const makesWay = isEnd && isCleared && isReplaced(facts) && facts.replacedBy === null;
  if (makesWay) return { ...facts, replacedBy: facts.replacement?.clientOrderId ?? null };
  return facts.linkedTo !== null && (isEnd || isFilled) ? { ...facts, unlinked: true } : facts;
}
