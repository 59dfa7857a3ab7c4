// What an order can hear.

import { ALARM_AFTER_ABSENCES, ALARM_AFTER_ASKS, CANCELS_MAX, type OrderContext } from '../../actors/order/facts.ts';
import type { OrderMessage } from '../../actors/order/messages.ts';
import type { Message } from '../../actors/runtime/message.ts';
import {
  acked,
  amend,
  busted,
  cancel,
  execution,
  found,
  notFound,
  orderInput,
  queryFailed,
  reconcile,
  reported,
  unknown,
  word,
} from '../support/orders.ts';
import type { Alphabet, Start } from './walk.ts';

const reduced = { quantity: '0.6', updatedAt: 2_000 };
const ALWAYS: readonly OrderMessage[] = [
  { type: 'ReservationGranted' },
  { type: 'ReservationDenied', code: 'X', reason: 'x' },
  { type: 'SubmitGranted' },
  { type: 'SubmitRefused', reason: 'x' },
  { type: 'SubmitRejected', code: 'X', reason: 'x' },
  { type: 'SubmitNotSent', reason: 'x' },
  { type: 'SubmitInterrupted' },
  unknown,
  acked(),
  acked(word('parked')),
  reported(word('open')),
  reported(word('open', '0', reduced)),
  reported(word('open', '0.4'), execution('1', '0.4')),
  reported(word('filled', '1'), execution('2', '1')),
  reported(word('canceled')),
  reported(word('canceled', '0.5')),
  reported(word('expired')),
  reported(word('rejected')),
  busted(word('open'), '2'),
  busted(word('parked'), '2'),
  busted(word('canceled'), '2'),
  busted(word('expired'), '2'),
  busted(word('canceled', '0.5'), '2'),
  found(word('open')),
  found(word('open', '0', reduced)),
  found(word('canceled', '0.5')),
  { type: 'CancelAcked', order: word('canceled') },
  { type: 'CancelRejected', code: 'X', reason: 'x' },
  { type: 'CancelUnknown', reason: 'x' },
  { type: 'AmendGranted' },
  { type: 'AmendDenied', code: 'X', reason: 'x' },
  { type: 'AmendAcked', order: word('open', '0', reduced) },
  { type: 'AmendRejected', code: 'X', reason: 'x' },
  { type: 'AmendUnknown', reason: 'x' },
  queryFailed,
  reconcile,
  cancel,
  amend('0.6'),
  amend('1'),
  amend('2'),
  { type: 'DeclareAbsent', by: 'ann', reason: 'x' },
  { type: 'LinkOrder', linkedTo: 'mm1abc00000009' },
];

const SENT: readonly Message[] = [{ type: 'ReservationGranted' }, { type: 'SubmitGranted' }, acked()];
const AGAIN = {
  cancel: 'xstate.after.cancelAgain.order.cancel.doubt',
  amend: 'xstate.after.amendAgain.order.amend.doubt',
};
const round: readonly (OrderMessage | { readonly type: string })[] = [
  { type: 'CancelUnknown', reason: 'x' },
  { type: 'AmendUnknown', reason: 'x' },
  queryFailed,
  { type: AGAIN.cancel },
  { type: AGAIN.amend },
];
/** As often as cancels and amends are tried. */
const GIVEN_UP = [...SENT, amend('0.6'), { type: 'AmendGranted' }, cancel, ...round, ...round, ...round, ...round];

const refusal: readonly (OrderMessage | { readonly type: string })[] = [
  { type: 'CancelRejected', code: 'X', reason: 'x' },
  queryFailed,
  { type: 'xstate.after.cancelAgain.order.cancel.refused' },
];
/** As often as a cancel may be refused. */
const REFUSED = [...SENT, cancel, ...Array.from({ length: CANCELS_MAX - 1 }, () => refusal).flat()];

/** As often as a working or parked order may not be found, and an ended one be asked for what it lacks. */
const vanished = Array.from({ length: ALARM_AFTER_ABSENCES }, () => [reconcile, notFound(0)]).flat();
const PARKED: readonly Message[] = [...SENT.slice(0, 2), acked(word('parked'))];
const unanswered = [{ type: 'xstate.after.askAgain.order.life.closing.waiting' }, queryFailed];
const CLOSING = [
  ...SENT,
  reported(word('canceled', '0.5')),
  ...Array.from({ length: ALARM_AFTER_ASKS }, () => unanswered).flat(),
];

export const order: Alphabet = {
  starts: [
    orderInput(),
    orderInput({ recvWindowMs: 0 }),
    orderInput({ timeInForce: 'GTD', goodTillAt: 61_000 }),
    orderInput({ placedAt: -60_000 }),
    orderInput({ external: { clientOrderId: 'web_1', venueOrderId: '881' }, recvWindowMs: 0 }),
  ]
    .map((input): Start => ({ input }))
    .concat(
      { input: orderInput(), opening: GIVEN_UP },
      { input: orderInput(), opening: REFUSED },
      { input: orderInput({ placedAt: -29_000 }), opening: SENT.slice(0, 2) },
      { input: orderInput(), opening: [...SENT, ...vanished] },
      { input: orderInput(), opening: [...PARKED, ...vanished] },
      { input: orderInput(), opening: CLOSING },
    ),
  timers: ['AskAgainDue', 'GoodTillDue'],
  messages: ({ fenceAt }: OrderContext): readonly Message[] => [...ALWAYS, notFound((fenceAt ?? 0) + 1), notFound(0)],
};
