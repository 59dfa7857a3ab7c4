// One order, from the strategy's decision to the last execution that can ever come.
//
// Guarantees: the venue is asked to submit once per claim, and there is a second claim only after proof that nothing
// was sent; a lost answer leads to doubt, which only an answer of the venue ends; an execution is taken in every
// state, once. A crash while the submit runs: the runtime delivers SubmitInterrupted, and the order asks before it
// decides. `sending` has no timer, because the effect's answer or SubmitInterrupted always comes.
//
// Evidence (SubmitAcked, CancelAcked, OrderFound, OrderReported) is taken in one place, the life region, whatever the
// state. Where it puts the order is the fact `standing` (facts.ts); each state lists the standings it gives way to.
// The cancel region never acts on a message the life region acts on: it follows the facts.
//
// Ends are not final states of XState: they rest, and a message that comes after all is applied.
import { assign, cancel, emit, enqueueActions, raise, setup } from 'xstate';
import { refusalText } from '../market/refusals.ts';
import { command, type Effect, record, reply } from '../runtime/effect.ts';
import type { Delivered } from '../runtime/message.ts';
import * as evidence from './evidence.ts';
import * as facts from './facts.ts';
import type { OrderInput, OrderMessage } from './messages.ts';
import * as report from './report.ts';

/** From the cancel region to the life region: nothing was sent, so the order can end here. */
interface Withdrawn {
  readonly type: 'Withdrawn';
  readonly reason: string;
}
/** From itself: a question about the working order got no answer, and what it would have told is still unknown. */
interface AskAgainDue {
  readonly type: 'AskAgainDue';
}
export type OrderEvent = Delivered<OrderMessage | Withdrawn | AskAgainDue>;
type Heard<Type extends OrderEvent['type']> = Extract<OrderEvent, { readonly type: Type }>;
type Evidence = Heard<'SubmitAcked' | 'CancelAcked' | 'OrderFound' | 'OrderReported'>;
type Silence = Heard<'OrderNotFound' | 'QueryFailed'>;
interface Ending {
  readonly end: facts.OwnEnd;
  readonly reason: string;
  readonly at: number;
}

const orderSetup = setup({
  types: {
    context: {} as facts.OrderContext,
    events: {} as OrderEvent,
    input: {} as OrderInput,
    emitted: {} as Effect,
    tags: {} as 'resting',
  },
  delays: {
    slotAgain: ({ context }) => facts.backoffMs(context.unsent),
    askAgain: ({ context }) => facts.backoffMs(context.asks),
    askAnew: facts.BACKOFF_MAX_MS,
    cancelAgain: ({ context }) => facts.backoffMs(context.cancels),
  },
  guards: {
    stands: ({ context }, standing: facts.Standing) => context.standing === standing,
    isStale: ({ context }, { at }: { at: number }) => facts.isStale(context, at),
    isProvedAbsent: ({ context }, { askedAt }: { askedAt: number }) => facts.isProvedAbsent(context, askedAt),
    isAsking: ({ context }) => context.asking,
    isAlive: ({ context }) => context.acknowledgedAt !== null && context.completedAt === null,
    isUndecidable: ({ context }) => facts.isUndecidable(context),
    isUnsent: ({ context }) => facts.isUnsent(context),
    isOpen: ({ context }) => context.acknowledgedAt !== null && !facts.hasEnded(context),
    hasEnded: ({ context }) => facts.hasEnded(context),
    mayCancelAgain: ({ context }) => context.cancels < facts.CANCELS_MAX,
  },
  actions: {
    askRisk: emit(({ context }) => report.reserveRequest(context)),
    restoreReservation: emit(({ context }) => report.restoreRequest(context)),
    askProvider: emit(({ context }) => report.submitRequest(context)),
    recordOrder: emit(({ context }, life: facts.Life) => record(report.orderRow(context, life))),
    claim: assign(({ context }, { at }: { at: number }) => facts.claimFacts(context, at)),
    unclaim: assign(({ context }) => ({ signedAt: null, deadlineAt: null, fenceAt: null, unsent: context.unsent + 1 })),
    submitToVenue: emit(({ context }) => command('submitOrder', report.submitArgs(context))),
    doubtIt: assign((_, reason: string) => ({ asks: 0, absences: 0, reason })),
    askVenue: emit(({ context }) => report.askVenue(context)),
    askAnewLater: raise(({ event: { at, messageId } }) => ({ type: 'AskAgainDue' as const, at, messageId }), {
      id: 'AskAgainDue',
      delay: 'askAnew',
    }),
    askAnewNoMore: cancel('AskAgainDue'),
    startAsking: assign({ asking: true }),
    stopAsking: assign({ asking: false }),
    cancelAtVenue: emit(({ context }) => command('cancelOrder', report.venueRef(context))),
    countCancel: assign(({ context }) => ({ cancels: context.cancels + 1 })),
    firstCancel: assign({ cancels: 1 }),
    wishCancel: assign((_, { reason }: Heard<'CancelOrder'>) => ({ cancelReason: reason })),
    withdraw: raise(({ event }, reason: string) => ({
      type: 'Withdrawn' as const,
      reason,
      at: event.at,
      messageId: event.messageId,
    })),
    answer: emit(({ context }, refusal: report.Refusal | null) => reply(report.answer(context, refusal))),
    recordDeclaration: emit((_, event: Heard<'DeclareAbsent'>) => report.declared(event)),
    takeWord: enqueueActions(({ context, enqueue }, event: Evidence) => {
      const learned = evidence.learn(context, evidence.wordOf(event), event.at);
      if (learned === null) return;
      enqueue.assign(() => learned.facts);
      for (const effect of report.consequences(context, learned, event.at)) enqueue.emit(effect);
    }),
    countSilence: enqueueActions(({ context, enqueue }, event: Silence) => {
      const { changes, alarm } = facts.countSilence(context, event);
      enqueue.assign(() => changes);
      if (alarm !== null) enqueue.emit(report.alarm(context, alarm));
    }),
    end: enqueueActions(({ context, enqueue }, { end, reason, at }: Ending) => {
      const ended = { ...context, standing: end, completedAt: at, reason };
      enqueue.assign(() => ended);
      for (const effect of report.ending(ended, end, at)) enqueue.emit(effect);
    }),
    tell: enqueueActions(({ context, enqueue }, told: facts.Told) => {
      enqueue.assign({ surprises: context.surprises + 1 });
      enqueue.emit(report.alarm(context, told));
    }),
  },
});

/** What a transition's params are made from. */
interface On<Type extends OrderEvent['type']> {
  readonly context: facts.OrderContext;
  readonly event: Heard<Type>;
}

function heard<Event extends OrderEvent>({ event }: { readonly event: Event }): Event {
  return event;
}

const taken = { type: 'takeWord', params: heard } as const;
const counted = { type: 'countSilence', params: heard } as const;
const yes = { type: 'answer', params: null } as const;
const no = { type: 'answer', params: 'ORDER_NOT_CANCELABLE' } as const;
const notUndecidable = { type: 'answer', params: 'ORDER_NOT_UNDECIDABLE' } as const;
const withdrawAfterAll = {
  type: 'withdraw',
  params: ({ context }: { readonly context: facts.OrderContext }) => context.cancelReason ?? '',
} as const;

function ended<Params>(params: Params) {
  return { type: 'end' as const, params };
}

/** To the life states of these standings, as soon as the facts say so. */
function follow<const Standings extends readonly facts.Standing[]>(...standings: Standings) {
  return standings.map((standing) => ({ guard: { type: 'stands' as const, params: standing }, target: standing }));
}

export const orderMachine = orderSetup.createMachine({
  id: 'order',
  version: '1',
  options: { maxIterations: 100 },
  context: ({ input }) => facts.firstFacts(input),
  type: 'parallel',
  states: {
    life: {
      initial: 'intent',
      on: {
        SubmitAcked: { actions: taken },
        CancelAcked: { actions: taken },
        OrderFound: { actions: taken },
        OrderReported: { actions: taken },
        // Answers that an event on the venue's stream has overtaken.
        ReservationGranted: {},
        ReservationDenied: [{ guard: 'isAlive', actions: 'restoreReservation' }, {}], // it is at the venue: it counts
        SubmitGranted: {},
        SubmitRefused: {},
        SubmitUnknown: {},
        SubmitInterrupted: {},
        SubmitNotSent: { actions: { type: 'tell', params: ({ event }) => facts.lateNotSent(event) } },
        SubmitRejected: { actions: [{ type: 'tell', params: ({ event }) => facts.lateReject(event) }, 'askVenue'] },
        OrderNotFound: [{ guard: 'isAsking', actions: 'stopAsking' }, {}],
        QueryFailed: [{ guard: 'isAsking', actions: 'stopAsking' }, {}],
        ReconcileRequested: {},
        DeclareAbsent: { actions: notUndecidable },
      },
      states: {
        /** Decided by the strategy, asked of risk. */
        intent: {
          entry: [{ type: 'recordOrder', params: 'intent' }, 'askRisk'],
          always: follow('working', 'closing', 'filled', 'canceled', 'expired'),
          on: {
            ReservationGranted: 'queued',
            ReservationDenied: { target: 'denied', actions: ended(denied) },
            Withdrawn: { target: 'canceled', actions: ended(withdrawn) },
          },
        },
        /** Reserved, waiting for the provider to let it go. */
        queued: {
          initial: 'asked',
          entry: { type: 'recordOrder', params: 'queued' },
          always: follow('working', 'closing', 'filled', 'canceled', 'expired'),
          on: {
            SubmitGranted: [
              { guard: { type: 'isStale', params: heard }, target: 'canceled', actions: ended(stale) },
              { target: 'sending', actions: { type: 'claim', params: heard } },
            ],
            SubmitRefused: { target: 'canceled', actions: ended(refused) },
            Withdrawn: { target: 'canceled', actions: ended(withdrawn) },
          },
          states: {
            asked: { entry: 'askProvider' },
            waiting: { after: { slotAgain: 'asked' } },
          },
        },
        /** Claimed: bytes may be on the wire. */
        sending: {
          entry: [{ type: 'recordOrder', params: 'sending' }, 'submitToVenue'],
          always: follow('working', 'closing', 'filled', 'canceled', 'expired', 'rejected'),
          on: {
            SubmitRejected: { target: 'rejected', actions: ended(rejected) },
            SubmitNotSent: [
              { guard: { type: 'isStale', params: heard }, target: 'canceled', actions: ended(stale) },
              { target: 'queued.waiting', actions: 'unclaim' },
            ],
            SubmitUnknown: { target: 'doubt', actions: { type: 'doubtIt', params: ({ event }) => event.reason } },
            SubmitInterrupted: { target: 'doubt', actions: { type: 'doubtIt', params: 'interrupted while sending' } },
          },
        },
        /** The answer was lost: only the venue can tell. */
        doubt: {
          initial: 'asking',
          entry: { type: 'recordOrder', params: 'doubt' },
          always: follow('working', 'closing', 'filled', 'canceled', 'expired', 'rejected'),
          on: {
            SubmitRejected: { target: 'rejected', actions: ended(rejected) },
            OrderNotFound: [
              { guard: { type: 'isProvedAbsent', params: heard }, target: 'absent', actions: ended(absent) },
              { target: '.waiting', actions: counted },
            ],
            QueryFailed: { target: '.waiting', actions: counted },
            DeclareAbsent: [
              {
                guard: 'isUndecidable',
                target: 'absent',
                actions: [{ type: 'recordDeclaration', params: heard }, ended(declaredAbsent), yes],
              },
              { actions: notUndecidable },
            ],
          },
          states: {
            asking: { entry: 'askVenue' },
            waiting: { after: { askAgain: 'asking' }, on: { ReconcileRequested: 'asking' } },
          },
        },
        working: {
          always: follow('closing', 'filled', 'canceled', 'expired'),
          on: {
            OrderNotFound: { actions: [counted, 'askAnewLater'] }, // vanished: never an end by itself
            QueryFailed: [{ guard: 'isAsking', actions: ['stopAsking', 'askAnewLater'] }, {}],
            ReconcileRequested: [{ guard: 'isAsking' }, { actions: ['startAsking', 'askVenue'] }],
            AskAgainDue: [{ guard: 'isAsking' }, { actions: ['startAsking', 'askVenue'] }],
          },
          exit: 'askAnewNoMore',
        },
        /** Ended at the venue with more executions than we have. */
        closing: {
          initial: 'waiting', // the stream usually brings what is missing before a question would
          always: follow('filled', 'canceled', 'expired'),
          on: {
            OrderFound: { target: '.waiting', actions: taken },
            OrderNotFound: { target: '.waiting', actions: counted },
            QueryFailed: { target: '.waiting', actions: counted },
          },
          states: {
            waiting: { after: { askAgain: 'asking' }, on: { ReconcileRequested: 'asking' } },
            asking: { entry: 'askVenue' },
          },
        },
        denied: { tags: ['resting'], always: follow('working', 'closing', 'filled', 'canceled', 'expired') },
        rejected: {
          tags: ['resting'],
          always: follow('working', 'closing', 'filled', 'canceled', 'expired'),
          on: { SubmitRejected: {} },
        },
        absent: { tags: ['resting'], always: follow('working', 'closing', 'filled', 'canceled', 'expired') },
        // Working and closing only where the end was ours.
        canceled: { tags: ['resting'], always: follow('working', 'closing', 'filled', 'expired') },
        expired: { tags: ['resting'], always: follow('filled') },
        filled: { tags: ['resting'] },
        // parked: orders the venue holds until a trigger come with contingent order types.
      },
    },
    cancel: {
      initial: 'none',
      on: { CancelRejected: {}, CancelUnknown: {} }, // the order ended while the cancel was on its way
      states: {
        none: {
          on: {
            CancelOrder: [
              { guard: 'isUnsent', actions: [yes, { type: 'withdraw', params: ({ event }) => event.reason }] },
              { guard: 'hasEnded', actions: no },
              { guard: 'isOpen', target: 'sent', actions: ['firstCancel', 'cancelAtVenue', yes] },
              { target: 'want', actions: [{ type: 'wishCancel', params: heard }, yes] },
            ],
          },
        },
        /** Wished while nobody knows whether there is anything to cancel. */
        want: {
          always: [
            { guard: 'hasEnded', target: 'none' },
            { guard: 'isUnsent', target: 'none', actions: withdrawAfterAll },
            { guard: 'isOpen', target: 'sent', actions: ['firstCancel', 'cancelAtVenue'] },
          ],
          on: { CancelOrder: { actions: yes } },
        },
        sent: {
          always: { guard: 'hasEnded', target: 'none' },
          on: {
            CancelOrder: { actions: yes },
            CancelRejected: 'refused',
            CancelUnknown: 'doubt',
          },
        },
        /** "Unknown order" too is a question: the order may be filled, or not be listed yet. */
        refused: {
          entry: 'askVenue',
          always: { guard: 'hasEnded', target: 'none' },
          on: { CancelOrder: { target: 'sent', actions: ['firstCancel', 'cancelAtVenue', yes] } },
          after: {
            cancelAgain: [
              { guard: 'mayCancelAgain', target: 'sent', actions: ['countCancel', 'cancelAtVenue'] },
              { target: 'none', actions: { type: 'tell', params: ({ context }) => facts.cancelGivenUp(context) } },
            ],
          },
        },
        /** Whether the cancel arrived is unknown. It is safe to repeat, so it is, until the order has ended. */
        doubt: {
          entry: 'askVenue',
          always: { guard: 'hasEnded', target: 'none' },
          on: { CancelOrder: { actions: yes } },
          after: { cancelAgain: { target: 'sent', actions: ['countCancel', 'cancelAtVenue'] } },
        },
      },
    },
    // Amending (queued, sent, doubt) belongs here. An order keeps its terms for life, as busts and external orders
    // are not handled either.
    amend: { initial: 'none', states: { none: {} } },
  },
});

function denied({ event: { code, reason, at } }: On<'ReservationDenied'>): Ending {
  return { end: 'denied', reason: `DENIED ${code}: ${reason}`, at };
}

function withdrawn({ event: { reason, at } }: On<'Withdrawn'>): Ending {
  return { end: 'canceled', reason: refusalText('ORDER_WITHDRAWN', { reason }), at };
}

function refused({ event: { reason, at } }: On<'SubmitRefused'>): Ending {
  return { end: 'canceled', reason, at };
}

function stale({ context, event: { at } }: On<'SubmitGranted' | 'SubmitNotSent'>): Ending {
  const detail = { ageMs: at - context.order.placedAt, maximumMs: facts.STALE_AFTER_MS };
  return { end: 'canceled', reason: refusalText('ORDER_STALE', detail), at };
}

function rejected({ event: { code, reason, at } }: On<'SubmitRejected'>): Ending {
  return { end: 'rejected', reason: refusalText('ORDER_REJECTED', { code, reason }), at };
}

function absent({ context: { fenceAt }, event: { askedAt, at } }: On<'OrderNotFound'>): Ending {
  const detail = { fenceAt: fenceAt ?? 0, askedAt, answers: facts.ABSENCES_PROVE };
  return { end: 'absent', reason: refusalText('ORDER_ABSENT', detail), at };
}

function declaredAbsent({ event: { by, reason, at } }: On<'DeclareAbsent'>): Ending {
  return { end: 'absent', reason: refusalText('ORDER_DECLARED_ABSENT', { by, reason }), at };
}
