// Why an order ended by our own word: the state it ends in, and the reason people and strategies are told.
import { refusalText } from '../market/refusals.ts';
import type { Delivered } from '../runtime/message.ts';
import { ABSENCES_PROVE, type MessageOf, type OrderContext, type OwnEnd, staleAfterMs } from './facts.ts';
import type { OrderMessage } from './messages.ts';

export interface Ending {
  readonly end: OwnEnd;
  readonly reason: string;
  readonly at: number;
}

/** From the cancel region to the life region: nothing was sent, so the order can end here. */
export interface Withdrawn {
  readonly type: 'Withdrawn';
  readonly reason: string;
}

interface On<Type extends OrderMessage['type']> {
  readonly context: OrderContext;
  readonly event: Delivered<MessageOf<Type>>;
}

export function denied({ event: { code, reason, at } }: On<'ReservationDenied'>): Ending {
  return { end: 'denied', reason: `DENIED ${code}: ${reason}`, at };
}

export function withdrawn({ event: { reason, at } }: { readonly event: Delivered<Withdrawn> }): Ending {
  return { end: 'canceled', reason: refusalText('ORDER_WITHDRAWN', { reason }), at };
}

export function refused({ event: { reason, at } }: On<'SubmitRefused'>): Ending {
  return { end: 'canceled', reason, at };
}

export function stale({ context, event: { at } }: On<'SubmitGranted' | 'SubmitNotSent'>): Ending {
  const detail = { ageMs: at - context.order.placedAt, maximumMs: staleAfterMs(context) };
  return { end: 'canceled', reason: refusalText('ORDER_STALE', detail), at };
}

export function rejected({ event: { code, reason, at } }: On<'SubmitRejected'>): Ending {
  return { end: 'rejected', reason: refusalText('ORDER_REJECTED', { code, reason }), at };
}

export function absent({ context: { fenceAt }, event: { askedAt, at } }: On<'OrderNotFound'>): Ending {
  const detail = { fenceAt: fenceAt ?? 0, askedAt, answers: ABSENCES_PROVE };
  return { end: 'absent', reason: refusalText('ORDER_ABSENT', detail), at };
}

/** An order the venue had accepted was there: what it filled stands, and the rest is gone. */
export function declaredGone({ context, event: { by, reason, at } }: On<'DeclareAbsent'>): Ending {
  const end = context.acknowledgedAt === null ? 'absent' : 'canceled';
  return { end, reason: refusalText('ORDER_DECLARED_ABSENT', { by, reason }), at };
}
