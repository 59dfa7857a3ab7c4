// Cancel-replace: an order ends and another comes in its place, as one command and one line of the ledger.
import { merged } from './applying.ts';
import type { Engine, PlaceRequest } from './engine.ts';
import { isOpen, type Order } from './order.ts';
import type { Outcome } from './outcome.ts';
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
  return {
    canceled: refusal ?? (order as Order),
    placed: 'order' in placement ? placement.order : placement.refusal,
    outcome: steps.length > 0 ? merged(engine.state, steps, at) : null,
  };
}
