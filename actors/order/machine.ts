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
import * as endings from './endings.ts';
import * as facts from './facts.ts';
import { type Heard, type OrderEvent, orderSetup } from './words.ts';

export type { OrderEvent } from './words.ts';

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

function timeHasCome() {
  return { reason: 'its time has come' };
}

const cancelFirst = ['firstCancel', 'beginCancel', 'recordStatus', 'cancelAtVenue'] as const;
/** Whoever cancels means all of it: nothing takes its place any more. */
const cancelToo = { actions: ['giveUpReplacement', yes] } as const;
const declared = [
  { type: 'recordDeclaration', params: heard },
  { type: 'end', params: endings.declaredGone },
  yes,
] as const;
const whenOver = { guard: 'hasEnded', target: 'none', actions: 'endCancel' } as const;
const whenSettled = [
  { guard: 'hasEnded', target: 'none', actions: 'settleAmend' },
  { guard: 'isAmended', target: 'none', actions: ['settleAmend', 'recordStatus'] },
] as const;
const rest = { tags: ['resting'], entry: 'goodTillNoMore' } as const;
/** One question at a time; one that got no answer is asked anew, because what it would have told is still unknown. */
const atTheVenue = {
  on: {
    OrderFound: { actions: [taken, 'askAnewIfAmiss'] },
    OrderNotFound: { actions: [counted, 'askAnewLater'] }, // vanished: never an end by itself
    QueryFailed: [{ guard: 'isAsking', actions: ['stopAsking', 'askAnewLater'] }, {}],
    ReconcileRequested: [{ guard: 'isAsking' }, { actions: ['startAsking', 'askVenue'] }],
    AskAgainDue: [{ guard: 'isAsking' }, { actions: ['startAsking', 'askVenue'] }],
    DeclareAbsent: [{ guard: 'isUndecidable', target: 'canceled', actions: declared }, { actions: notUndecidable }],
  },
  exit: 'askAnewNoMore',
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
  version: '3',
  options: { maxIterations: 100 },
  context: ({ input }) => facts.firstFacts(input),
  type: 'parallel',
  states: {
    life: {
      initial: 'begun',
      on: {
        SubmitAcked: { actions: taken },
        CancelAcked: { actions: taken },
        AmendAcked: { actions: taken },
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
        ReconcileRequested: [{ guard: 'isOver', actions: 'sayClosed' }, {}],
        DeclareAbsent: { actions: notUndecidable },
        LinkOrder: [
          { guard: 'isTooLateToLink', actions: [{ type: 'link', params: heard }, 'unlinkAtOnce', 'recordStatus'] },
          { actions: [{ type: 'link', params: heard }, 'recordStatus'] },
        ],
      },
      states: {
        begun: {
          always: [
            { guard: 'isExternal', target: 'adopted' },
            { guard: 'isTimed', target: 'intent', actions: 'startGoodTill' },
            { target: 'intent' },
          ],
        },
        /** Placed at the venue by somebody else: what the venue says of it follows. */
        adopted: {
          entry: { type: 'recordOrder', params: 'adopted' },
          always: follow('parked', 'working', 'closing', 'filled', 'canceled', 'expired', 'rejected'),
        },
        /** Decided by the strategy, asked of risk. */
        intent: {
          entry: [{ type: 'recordOrder', params: 'intent' }, 'askRisk'],
          always: follow('parked', 'working', 'closing', 'filled', 'canceled', 'expired'),
          on: {
            ReservationGranted: 'queued',
            ReservationDenied: { target: 'denied', actions: ended(endings.denied) },
            Withdrawn: { target: 'canceled', actions: ended(endings.withdrawn) },
          },
        },
        /** Reserved, waiting for the provider to let it go. */
        queued: {
          initial: 'asked',
          entry: { type: 'recordOrder', params: 'queued' },
          always: follow('parked', 'working', 'closing', 'filled', 'canceled', 'expired'),
          on: {
            SubmitGranted: [
              { guard: { type: 'isStale', params: heard }, target: 'canceled', actions: ended(endings.stale) },
              { target: 'sending', actions: { type: 'claim', params: heard } },
            ],
            SubmitRefused: { target: 'canceled', actions: ended(endings.refused) },
            Withdrawn: { target: 'canceled', actions: ended(endings.withdrawn) },
          },
          states: {
            asked: { entry: 'askProvider' },
            waiting: { after: { slotAgain: 'asked' } },
          },
        },
        /** Claimed: bytes may be on the wire. */
        sending: {
          entry: [{ type: 'recordOrder', params: 'sending' }, 'submitToVenue'],
          always: follow('parked', 'working', 'closing', 'filled', 'canceled', 'expired', 'rejected'),
          on: {
            SubmitRejected: { target: 'rejected', actions: ended(endings.rejected) },
            SubmitNotSent: [
              { guard: { type: 'isStale', params: heard }, target: 'canceled', actions: ended(endings.stale) },
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
          always: follow('parked', 'working', 'closing', 'filled', 'canceled', 'expired', 'rejected'),
          on: {
            SubmitRejected: { target: 'rejected', actions: ended(endings.rejected) },
            OrderNotFound: [
              { guard: { type: 'isProvedAbsent', params: heard }, target: 'absent', actions: ended(endings.absent) },
              { target: '.waiting', actions: counted },
            ],
            QueryFailed: { target: '.waiting', actions: counted },
            DeclareAbsent: [
              { guard: 'isUndecidable', target: 'absent', actions: declared },
              { actions: notUndecidable },
            ],
          },
          states: {
            asking: { entry: 'askVenue' },
            waiting: { after: { askAgain: 'asking' }, on: { ReconcileRequested: 'asking' } },
          },
        },
        /** Accepted, and held by the venue until the market reaches its stop price. */
        parked: { ...atTheVenue, always: follow('working', 'closing', 'filled', 'canceled', 'expired') },
        working: { ...atTheVenue, always: follow('closing', 'filled', 'canceled', 'expired') },
        /** Ended at the venue with more executions than we have. */
        closing: {
          initial: 'waiting', // the stream usually brings what is missing before a question would
          // Parked and working: what had filled it was taken back.
          always: follow('parked', 'working', 'filled', 'canceled', 'expired'),
          on: {
            OrderFound: { target: '.waiting', actions: taken },
            OrderNotFound: { target: '.waiting', actions: counted },
            QueryFailed: { target: '.waiting', actions: counted },
            DeclareAbsent: [
              { guard: 'isUndecidable', target: 'canceled', actions: declared },
              { actions: notUndecidable },
            ],
          },
          states: {
            waiting: { after: { askAgain: 'asking' }, on: { ReconcileRequested: 'asking' } },
            asking: { entry: 'askVenue' },
          },
        },
        denied: { ...rest, always: follow('parked', 'working', 'closing', 'filled', 'canceled', 'expired') },
        rejected: {
          ...rest,
          always: follow('parked', 'working', 'closing', 'filled', 'canceled', 'expired'),
          on: { SubmitRejected: {} },
        },
        absent: { ...rest, always: follow('parked', 'working', 'closing', 'filled', 'canceled', 'expired') },
        // Working and closing only where the end was ours.
        canceled: { ...rest, always: follow('parked', 'working', 'closing', 'filled', 'expired') },
        expired: { ...rest, always: follow('filled') },
        // Left only when an execution is taken back.
        filled: { ...rest, always: follow('parked', 'working', 'canceled', 'expired') },
      },
    },
    cancel: {
      initial: 'none',
      // CancelRejected, CancelUnknown: the order ended while the cancel was on its way.
      on: { CancelRejected: {}, CancelUnknown: {}, GoodTillDue: {} },
      states: {
        none: {
          on: {
            CancelOrder: [
              { guard: 'isUnsent', actions: [yes, { type: 'withdraw', params: ({ event }) => event.reason }] },
              { guard: 'hasEnded', actions: no },
              { guard: 'isOpen', target: 'sent', actions: [...cancelFirst, yes] },
              { target: 'want', actions: [{ type: 'wishCancel', params: heard }, 'beginCancel', yes] },
            ],
            GoodTillDue: [
              { guard: 'isUnsent', actions: { type: 'withdraw', params: 'its time has come' } },
              { guard: 'hasEnded' },
              { guard: 'isOpen', target: 'sent', actions: cancelFirst },
              {
                target: 'want',
                actions: [{ type: 'wishCancel', params: timeHasCome }, 'beginCancel'],
              },
            ],
            ReplaceWished: [
              { guard: 'isUnsent', actions: { type: 'withdraw', params: ({ event }) => event.reason } },
              { guard: 'isOpen', target: 'sent', actions: cancelFirst },
              { target: 'want', actions: [{ type: 'wishCancel', params: heard }, 'beginCancel'] },
            ],
          },
        },
        /** Wished while nobody knows whether there is anything to cancel. */
        want: {
          always: [
            whenOver,
            { guard: 'isUnsent', target: 'none', actions: withdrawAfterAll },
            { guard: 'isOpen', target: 'sent', actions: ['firstCancel', 'cancelAtVenue'] },
          ],
          on: { CancelOrder: cancelToo },
        },
        sent: {
          always: whenOver,
          on: {
            CancelOrder: cancelToo,
            CancelRejected: { target: 'refused', actions: 'countRefusal' },
            CancelUnknown: 'doubt',
          },
        },
        /** "Unknown order" too is a question: the order may be filled, or not be listed yet. */
        refused: {
          entry: 'askVenue',
          always: whenOver,
          on: { CancelOrder: { target: 'sent', actions: ['giveUpReplacement', 'firstCancel', 'cancelAtVenue', yes] } },
          after: {
            cancelAgain: [
              { guard: 'mayCancelAgain', target: 'sent', actions: ['countCancel', 'cancelAtVenue'] },
              {
                target: 'none',
                actions: [{ type: 'tell', params: ({ context }) => facts.cancelGivenUp(context) }, 'giveUpCancel'],
              },
            ],
          },
        },
        /** Whether the cancel arrived is unknown. It is safe to repeat, so it is, until the order has ended. */
        doubt: {
          entry: 'askVenue',
          always: whenOver,
          on: { CancelOrder: cancelToo },
          after: { cancelAgain: { target: 'sent', actions: ['countCancel', 'cancelAtVenue'] } },
        },
      },
    },
    // New terms: changed in place where the venue can, else the order makes way for another one. Until the outcome is
    // known the larger of the old and the new terms stays reserved. What the venue shows decides, whoever asked.
    amend: {
      initial: 'none',
      on: {
        AmendGranted: {},
        AmendDenied: {},
        AmendRejected: {},
        AmendUnknown: {},
        AmendOrder: { actions: 'refuseNewTerms' },
      },
      states: {
        none: {
          on: {
            AmendOrder: [
              { guard: 'isFixed', actions: 'refuseNewTerms' },
              // It leaves already: the newest wish is what takes its place.
              { guard: 'isMakingWay', actions: [{ type: 'noteReplacement', params: heard }, yes] },
              { guard: { type: 'isAsItIs', params: heard }, actions: yes },
              {
                guard: { type: 'isNativeAmend', params: heard },
                target: 'asked',
                actions: [{ type: 'noteAmendment', params: heard }, yes],
              },
              {
                actions: [
                  { type: 'noteReplacement', params: heard },
                  { type: 'wishReplace', params: ({ event }) => event.reason },
                  yes,
                ],
              },
            ],
          },
        },
        asked: {
          entry: ['askRiskToAmend', 'recordStatus'],
          always: whenSettled,
          on: {
            AmendGranted: { target: 'sent', actions: ['countAmend', 'amendAtVenue'] },
            AmendDenied: {
              target: 'none',
              actions: ['forgetAmendment', { type: 'refuseAmend', params: ({ event }) => deniedText(event) }],
            },
          },
        },
        sent: {
          always: whenSettled,
          on: {
            AmendRejected: [
              { guard: 'isAsking', target: 'overtaken', actions: { type: 'noteRefusal', params: heard } },
              { target: 'refused', actions: { type: 'noteRefusal', params: heard } },
            ],
            AmendUnknown: 'doubt',
          },
        },
        /** Refused, while a question from before is out: its answer says nothing of this amend. */
        overtaken: {
          always: whenSettled,
          on: { OrderFound: 'refused', OrderNotFound: 'refused', QueryFailed: 'refused' },
        },
        /** The terms may be these already, or the order filled: they count as refused by an answer, not by a pause. */
        refused: {
          entry: ['startAsking', 'askVenue'],
          always: whenSettled,
          on: {
            OrderFound: [
              { guard: { type: 'showsAmendment', params: heard } },
              { target: 'none', actions: ['settleAmend', 'refuseAmendAfterAll'] },
            ],
          },
          after: { amendAgain: { target: 'refused', reenter: true, actions: 'countAmend' } },
        },
        /**
         * Whether the amend arrived is unknown. It is safe to repeat, because it names the terms and not a change of
         * them: so it is, until the venue shows the new terms, refuses them, or the order has ended.
         */
        doubt: {
          entry: ['startAsking', 'askVenue'],
          always: whenSettled,
          after: {
            amendAgain: [
              {
                guard: 'isAmendUnanswered',
                target: 'sent',
                actions: [
                  { type: 'tell', params: ({ context }) => facts.amendUnanswered(context) },
                  'countAmend',
                  'amendAtVenue',
                ],
              },
              { target: 'sent', actions: ['countAmend', 'amendAtVenue'] },
            ],
          },
        },
      },
    },
  },
});

function deniedText({ code, reason }: Heard<'AmendDenied'>): string {
  return `DENIED ${code}: ${reason}`;
}
