// Cancel-replace: an order ends and another comes in its place, as one command and one line of the ledger.
import { merged } from './applying.ts';
import type { Engine, PlaceRequest } from './engine.ts';
import { isOpen, type Order } from './order.ts';
import { NO_ID, type Outcome, type Report } from './outcome.ts';
import type { Refusal } from './refusal.ts';
import * as refusals from './refusal.ts';

/** Which open orders a cancel is meant for; others it leaves alone. */
export type CancelRestriction = 'ONLY_NEW' | 'ONLY_PARTIALLY_FILLED';

export interface ReplaceWish {
  /** The order to end, if there is one. */
  readonly order: Order | undefined;
  readonly restriction: CancelRestriction | undefined;
  /** The cancel's own client id. */
  readonly cancelId: string;
  readonly request: PlaceRequest;
  /** Place nothing when nothing could be canceled. */
  readonly stopOnFailure: boolean;
  /** Why no new order is taken, if none is. */
  readonly closed: Refusal | null;
}

export interface Replaced {
  readonly canceled: Order | Refusal;
  /** Null when it was not attempted. */
  readonly placed: Order | Refusal | null;
  readonly outcome: Outcome | null;
}

/** Null when the cancel may go ahead. */
export function cancelRefusal(order: Order | undefined, restriction: CancelRestriction | undefined): Refusal | null {
  if (!order || !isOpen(order)) return refusals.UNKNOWN_ORDER;
  const wanted = restriction === 'ONLY_NEW' ? 'NEW' : 'PARTIALLY_FILLED';
  return restriction !== undefined && order.status !== wanted ? refusals.CANCEL_RESTRICTED : null;
}

export function replace(engine: Engine, wish: ReplaceWish, at: number): Replaced {
  const { order, restriction, cancelId, request, stopOnFailure, closed } = wish;
  const refusal = cancelRefusal(order, restriction);
  if (refusal && stopOnFailure) return { canceled: refusal, placed: null, outcome: null };
  const steps: Outcome[] = [];
  if (order && !refusal) steps.push(engine.cancel(order, cancelId, at));
  const placement = closed ? { refusal: closed } : engine.place(request, at);
  if ('outcome' in placement) steps.push(placement.outcome);
  if (!refusal && 'refusal' in placement) steps.push(rejected(request, placement.refusal, at));
  return {
    canceled: refusal ?? (order as Order),
    placed: 'order' in placement ? placement.order : placement.refusal,
    outcome: steps.length > 0 ? merged(engine.state, steps, at) : null,
  };
}

const REASONS = new Map([
  [refusals.INSUFFICIENT_BALANCE, 'INSUFFICIENT_BALANCES'],
  [refusals.WOULD_TRIGGER, 'STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY'],
  [refusals.WOULD_TAKE, 'WOULD_MATCH_IMMEDIATELY'],
]);

/** The only refusal that is told on the user stream: who replaces may wait for the new order there. */
function rejected(request: PlaceRequest, refusal: Refusal, at: number): Outcome {
  const nothing = { executed: 0n, executedQuote: 0n, locked: 0n, prevented: null };
  const times = { placedAt: at, updatedAt: at, workingAt: null };
  const report: Report = {
    order: { ...request, ...nothing, ...times, id: NO_ID, status: 'REJECTED' },
    execution: 'REJECTED',
    ...{ trade: null, bust: null, prevention: null, origClientOrderId: null, requestId: null },
    reason: REASONS.get(refusal) ?? 'NONE',
  };
  return { at, facts: [], reports: [report], lists: [], positions: [], trades: [] };
}
