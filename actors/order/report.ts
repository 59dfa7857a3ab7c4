// What an order tells, made from its facts: its public reports, and everything that follows from a word of the venue.
import { type Decimal, div, format, isZero, parse, sub } from '../market/decimal.ts';
import { refusalText } from '../market/refusals.ts';
import { type Effect, publish, record } from '../runtime/effect.ts';
import type { Learned } from './evidence.ts';
import type { Life, OrderContext, OwnEnd, Standing } from './facts.ts';
import type { Fill } from './fills.ts';
import { bookBust, bookFee, bookFill, bookLock } from './ledger.ts';
import type { ExecReport, OrderAnswer } from './messages.ts';
import * as requests from './requests.ts';
import { alarm, changedExecution, executionRow, orderRow, publicState } from './rows.ts';

export type Refusal = 'ORDER_NOT_CANCELABLE' | 'ORDER_NOT_AMENDABLE' | 'ORDER_NOT_UNDECIDABLE';

export function answer(
  context: OrderContext,
  refusal: Refusal | null,
): OrderAnswer & { readonly [key: string]: string | boolean } {
  const state = lifeOf(context);
  const { clientOrderId } = context.order;
  const detail = refusal === null ? '' : refusalText(refusal, { clientOrderId, state });
  return { accepted: refusal === null, state, detail };
}

/** An order in doubt is still being sent, for all that the facts know. */
function lifeOf({ standing, signedAt }: OrderContext): string {
  return standing ?? (signedAt === null ? 'queued' : 'sending');
}

/** What follows from an end that we gave it; the facts hold it already. */
export function ending(before: OrderContext, context: OrderContext, end: OwnEnd, at: number): Effect[] {
  const report = execReport(context, endState(end), at, sumsOf(context), null);
  return [
    record(orderRow(context, end)),
    publishReport(report),
    ...(end === 'denied' ? [] : requests.farewell(context)),
    ...wordsToTied(before, context, at),
  ];
}

/**
 * Everything that follows from a word of the venue, in this order: rows, books, risk, reports, farewell, the orders it
 * is tied to, alarms, question.
 */
export function consequences(before: OrderContext, learned: Learned, at: number): Effect[] {
  const { facts, surprises, ask } = learned;
  const effects: Effect[] = [];
  const life = facts.standing;
  if (life !== null && isPublicChange(before, learned)) {
    effects.push(...rows(learned, life, at), ...books(before, learned, at), ...exposure(before, learned));
    for (const report of reportsOf(before, learned, life, at)) effects.push(publishReport(report));
    const isEnd = facts.completedAt !== null && (before.completedAt === null || learned.revived);
    if (isEnd) effects.push(...requests.farewell(facts));
    // The provider had let it go.
    if (learned.revived && facts.completedAt === null) effects.push(requests.stands(facts));
    effects.push(...wordsToTied(before, facts, at));
  }
  for (const told of surprises) {
    effects.push(alarm(facts, told));
    if (told.surprise === 'ORDER_OVERFILLED') effects.push(requests.restrict(facts, `ORDER_OVERFILLED ${told.detail}`));
  }
  if (ask) effects.push(requests.askVenue(facts));
  return effects;
}

/** To the orders it is tied to: the one that takes its place, else the other of a pair. */
function wordsToTied(before: OrderContext, facts: OrderContext, at: number): readonly Effect[] {
  if (facts.replacedBy !== before.replacedBy) return requests.successor(facts, at);
  return facts.unlinked && !before.unlinked ? requests.unlink(facts) : [];
}

function rows({ facts, fresh, undone, charged }: Learned, life: Standing, at: number): Effect[] {
  return [
    ...undone.map(({ execution }) => changedExecution(facts, execution, at)),
    ...fresh.map(({ execution }) => record(executionRow(facts, execution))),
    ...charged.map((execution) => changedExecution(facts, execution, null)),
    record(orderRow(facts, life)),
  ];
}

function books(before: OrderContext, { facts, fresh, undone, charged }: Learned, at: number): Effect[] {
  return [
    ...undone.flatMap(({ execution }) => bookBust(facts, execution, at)),
    ...fresh.flatMap(({ execution }) => bookFill(facts, execution, at)),
    ...charged.flatMap((execution) => bookFee(facts, execution, at)),
    ...bookLock(before, facts, at),
  ];
}

/** What risk must know, in the order in which it became so. */
function exposure(before: OrderContext, { facts, fresh, undone, charged, revived }: Learned): Effect[] {
  const isNewHere = facts.order.external !== null && before.acknowledgedAt === null;
  const amended = facts.quantity !== before.quantity || undone.length > 0;
  const isLive = facts.completedAt === null;
  return [
    ...(revived || isNewHere ? [requests.restoreRequest({ ...before, ...termsOf(facts) })] : []),
    ...undone.map(({ execution }) => requests.exposureFilled(facts, execution, 'bust')),
    ...fresh.map(({ execution }) => requests.exposureFilled(facts, execution, 'fill')),
    ...charged.flatMap((execution) => requests.feeLearned(facts, execution)),
    ...(amended && isLive ? [requests.reservationAmended(facts)] : []),
  ];
}

function termsOf({ quantity, price }: OrderContext) {
  return { quantity, price };
}

interface Sums {
  readonly filled: Decimal;
  readonly filledQuote: Decimal;
}

function execReport(
  context: OrderContext,
  state: ExecReport['state'],
  at: number,
  sums: Sums,
  fill: Fill | null,
): ExecReport {
  const { order } = context;
  const { filled, filledQuote } = sums;
  const left = sub(parse(context.quantity), filled);
  return {
    type: 'ExecReport',
    clientOrderId: order.clientOrderId,
    exchangeOrderId: context.venueOrderId,
    provider: order.provider,
    symbol: order.symbol,
    strategyInstance: order.strategyInstance,
    state,
    side: order.side,
    orderType: order.orderType,
    price: context.price,
    quantity: context.quantity,
    filledQuantity: format(filled),
    remainingQty: left > 0n ? format(left) : '0',
    avgFillPrice: isZero(filled) ? null : format(div(filledQuote, filled, 'halfEven')),
    lastQuantity: fill?.quantity ?? null,
    lastPrice: fill?.price ?? null,
    commissionAmount: fill?.fee ?? null,
    commissionAsset: fill?.feeAsset ?? null,
    timestamp: at,
    rejectReason: state === 'ACK' || state === 'PARTIAL' || state === 'FILLED' ? null : context.reason,
    // Of the report of the end, so that whoever hears it knows the order that follows as its own.
    ...((state === 'CANCELLED' || state === 'EXPIRED') && context.replacedBy !== null
      ? { replacedBy: context.replacedBy }
      : {}),
  };
}

function sumsOf({ filled, filledQuote }: OrderContext): Sums {
  return { filled: parse(filled), filledQuote: parse(filledQuote) };
}

function publishReport(report: ExecReport): Effect {
  return publish(`orders/${report.strategyInstance}`, report);
}

/** The order goes on as it is: why its terms were not changed. Of one that is over its end has been told. */
export function amendRefused(context: OrderContext, reason: string, at: number): Effect[] {
  return refusedReport(context, { rejectReason: reason }, at);
}

/** The order goes on as it is: the venue would not cancel it, for itself or for the one that was to replace it. */
export function cancelRefused(context: OrderContext, at: number, wasAmend: boolean): Effect[] {
  const { clientOrderId, provider } = context.order;
  const rejectReason = refusalText('CANCEL_GIVEN_UP', { clientOrderId, provider, cancels: context.cancels });
  return refusedReport(context, { rejectReason, ...(!wasAmend && { refused: 'cancel' as const }) }, at);
}

function refusedReport(
  context: OrderContext,
  refusal: Pick<ExecReport, 'rejectReason' | 'refused'>,
  at: number,
): Effect[] {
  const life = context.standing ?? 'sending';
  const state = publicState(context, life);
  if (state !== 'ACK' && state !== 'PARTIAL') return [];
  return [
    record(orderRow(context, life)),
    publishReport({ ...execReport(context, state, at, sumsOf(context), null), ...refusal }),
  ];
}

function isPublicChange(before: OrderContext, { facts, fresh, undone, charged }: Learned): boolean {
  return (
    fresh.length + undone.length + charged.length > 0 ||
    facts.standing !== before.standing ||
    facts.venueOrderId !== before.venueOrderId ||
    facts.acknowledgedAt !== before.acknowledgedAt ||
    facts.quantity !== before.quantity ||
    facts.price !== before.price
  );
}

/**
 * The acceptance, what was taken back, one report per execution, then the end: what a strategy counts on sums up
 * either way. An execution that is taken back has a negative last quantity.
 */
function reportsOf(before: OrderContext, learned: Learned, life: Standing, at: number): ExecReport[] {
  const { facts, fresh, undone } = learned;
  const reports: ExecReport[] = [];
  const isNew = before.acknowledgedAt === null && facts.acknowledgedAt !== null;
  const isAmended = facts.quantity !== before.quantity || facts.price !== before.price;
  if (isNew || isAmended) {
    const sums = sumsOf(before);
    reports.push(execReport(facts, isZero(sums.filled) ? 'ACK' : 'PARTIAL', at, sums, null));
  }
  const late = before.completedAt !== null && !learned.revived ? endState(life) : 'PARTIAL';
  for (const one of undone) {
    const reversed = { ...one.execution, quantity: format(-parse(one.execution.quantity)) };
    reports.push(execReport(facts, isZero(one.filled) && late === 'PARTIAL' ? 'ACK' : late, at, one, reversed));
  }
  const last = fresh.at(-1);
  for (const one of fresh) {
    const state = one === last && life === 'filled' ? 'FILLED' : late;
    reports.push(execReport(facts, state, at, one, one.execution));
  }
  const told = last !== undefined && life === 'filled';
  if (facts.completedAt !== null && facts.standing !== before.standing && !told) {
    reports.push(execReport(facts, endState(life), at, sumsOf(facts), null));
  }
  return reports;
}

function endState(life: Life): ExecReport['state'] {
  if (life === 'filled') return 'FILLED';
  if (life === 'expired') return 'EXPIRED';
  return life === 'canceled' ? 'CANCELLED' : 'REJECTED';
}

export function notAmendable(context: OrderContext): string {
  const { order, canceling, amendment } = context;
  const change = canceling ? 'being canceled' : amendment === null ? 'none' : 'being amended';
  return refusalText('ORDER_NOT_AMENDABLE', { clientOrderId: order.clientOrderId, state: lifeOf(context), change });
}
