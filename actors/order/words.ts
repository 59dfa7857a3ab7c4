// The words the table in machine.ts is written in: its guards read the facts and nothing else, its actions change the
// facts or emit an effect, its delays are steps of a back-off.
import { assign, cancel, emit, enqueueActions, raise, setup } from 'xstate';
import { command, type Effect, record, reply } from '../runtime/effect.ts';
import type { Delivered } from '../runtime/message.ts';
import type * as endings from './endings.ts';
import * as evidence from './evidence.ts';
import * as facts from './facts.ts';
import type { OrderInput, OrderMessage } from './messages.ts';
import * as report from './report.ts';
import * as requests from './requests.ts';
import * as rows from './rows.ts';
import { type Evidence as Word, wordOf } from './venue-word.ts';

/** From itself: a question about the working order got no answer, and what it would have told is still unknown. */
interface AskAgainDue {
  readonly type: 'AskAgainDue';
}
/** From itself: the time a GTD order was good till. */
interface GoodTillDue {
  readonly type: 'GoodTillDue';
}
/** From the amend region to the cancel region: it gives way to the order that replaces it. */
interface ReplaceWished {
  readonly type: 'ReplaceWished';
  readonly reason: string;
}
export type OrderEvent = Delivered<OrderMessage | endings.Withdrawn | AskAgainDue | GoodTillDue | ReplaceWished>;
export type Heard<Type extends OrderEvent['type']> = Extract<OrderEvent, { readonly type: Type }>;
type Evidence = Delivered<Word>;
type Silence = Heard<'OrderNotFound' | 'QueryFailed'>;

export const orderSetup = setup({
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
    amendAgain: ({ context }) => facts.backoffMs(context.amends),
    goodTill: ({ context: { order } }) => Math.max((order.goodTillAt ?? 0) - order.placedAt, 0),
  },
  guards: {
    stands: ({ context }, standing: facts.Standing) => context.standing === standing,
    isStale: ({ context }, { at }: { at: number }) => facts.isStale(context, at),
    isProvedAbsent: ({ context }, { askedAt }: { askedAt: number }) => facts.isProvedAbsent(context, askedAt),
    isAsking: ({ context }) => context.asking,
    isAlive: ({ context }) => context.acknowledgedAt !== null && context.completedAt === null,
    isOver: ({ context }) => context.completedAt !== null,
    isExternal: ({ context }) => context.order.external !== null,
    isTimed: ({ context }) => context.order.goodTillAt !== null,
    isUndecidable: ({ context }) => facts.isUndecidable(context),
    isUnsent: ({ context }) => facts.isUnsent(context),
    isOpen: ({ context }) => facts.isOpen(context),
    isFixed: ({ context }) => facts.isFixed(context),
    isMakingWay: ({ context }) => context.replacement !== null,
    isNativeAmend: ({ context }, wish: facts.Terms) => facts.isNativeAmend(context, wish),
    isAsItIs: ({ context }, wish: facts.Terms) => facts.hasTerms(context, facts.termsOf(context, wish)),
    isAmended: ({ context }) => facts.hasTerms(context, context.amendment),
    showsAmendment: ({ context }, { order }: Heard<'OrderFound'>) => facts.hasTerms(order, context.amendment),
    isAmendUnanswered: ({ context }) => context.amends === facts.ALARM_AFTER_AMENDS,
    isTooLateToLink: ({ context }) => context.filled !== '0' || context.completedAt !== null,
    hasEnded: ({ context }) => facts.hasEnded(context),
    mayCancelAgain: ({ context, event }) =>
      context.cancelRefusals < facts.CANCELS_MAX || facts.isOverdue(context, event.at),
  },
  actions: {
    askRisk: emit(({ context }) => requests.reserveRequest(context)),
    restoreReservation: emit(({ context }) => requests.restoreRequest(context)),
    askProvider: emit(({ context }) => requests.submitRequest(context)),
    recordOrder: emit(({ context }, life: facts.Life) => record(rows.orderRow(context, life))),
    claim: assign(({ context }, { at }: { at: number }) => facts.claimFacts(context, at)),
    unclaim: assign(({ context }) => ({ signedAt: null, deadlineAt: null, fenceAt: null, unsent: context.unsent + 1 })),
    submitToVenue: emit(({ context }) => command('submitOrder', requests.submitArgs(context))),
    doubtIt: assign((_, reason: string) => ({ asks: 0, absences: 0, reason })),
    sayClosed: emit(({ context }) => requests.closed(context)),
    askVenue: emit(({ context }) => requests.askVenue(context)),
    askAnewLater: raise(({ event: { at, messageId } }) => ({ type: 'AskAgainDue' as const, at, messageId }), {
      id: 'AskAgainDue',
      delay: 'askAnew',
    }),
    /** The venue counts executions it did not show, or shows fewer than it did: the position may be wrong. */
    askAnewIfAmiss: enqueueActions(({ context, event: { at, messageId }, enqueue }) => {
      if (!facts.isMissingFills(context) && (context.denials ?? 0) === 0) return;
      enqueue.raise({ type: 'AskAgainDue' as const, at, messageId }, { id: 'AskAgainDue', delay: 'askAnew' });
    }),
    askAnewNoMore: cancel('AskAgainDue'),
    startAsking: assign({ asking: true }),
    stopAsking: assign({ asking: false }),
    cancelAtVenue: emit(({ context }) => command('cancelOrder', requests.venueRef(context))),
    countCancel: assign(({ context }) => ({ cancels: context.cancels + 1 })),
    firstCancel: assign({ cancels: 1, cancelRefusals: 0 }),
    countRefusal: assign(({ context }) => ({ cancelRefusals: context.cancelRefusals + 1 })),
    wishCancel: assign((_, { reason }: { readonly reason: string }) => ({ cancelReason: reason })),
    beginCancel: assign({ canceling: true }),
    endCancel: assign({ canceling: false }),
    recordStatus: enqueueActions(({ context, enqueue }) => {
      if (context.standing !== null) enqueue.emit(record(rows.orderRow(context, context.standing)));
    }),
    startGoodTill: raise(({ event: { at, messageId } }) => ({ type: 'GoodTillDue' as const, at, messageId }), {
      id: 'GoodTillDue',
      delay: 'goodTill',
    }),
    goodTillNoMore: cancel('GoodTillDue'),
    noteReplacement: assign(({ context }, wish: Heard<'AmendOrder'>) => ({
      replacement: { clientOrderId: wish.replacement, ...facts.termsOf(context, wish) },
    })),
    /** What was to take its place is not placed any more. */
    giveUpReplacement: enqueueActions(({ context, event, enqueue }) => {
      if (context.replacement === null) return;
      enqueue.assign({ replacement: null });
      for (const effect of report.amendRefused(context, report.notAmendable(context), event.at)) enqueue.emit(effect);
    }),
    /** The order stays: whoever wished it away hears why. */
    giveUpCancel: enqueueActions(({ context, event, enqueue }) => {
      enqueue.assign({ replacement: null, canceling: false });
      const staying = { ...context, canceling: false };
      const refused = report.cancelRefused(staying, event.at, context.replacement !== null);
      for (const effect of refused) enqueue.emit(effect);
    }),
    wishReplace: raise(({ event: { at, messageId } }, reason: string) => ({
      type: 'ReplaceWished' as const,
      reason,
      at,
      messageId,
    })),
    noteAmendment: assign(({ context }, wish: Heard<'AmendOrder'>) => ({
      amendment: facts.termsOf(context, wish),
      amends: 0,
    })),
    askRiskToAmend: emit(({ context }) => requests.amendRequest(context)),
    amendAtVenue: emit(({ context }) => requests.amendAtVenue(context)),
    countAmend: assign(({ context }) => ({ amends: context.amends + 1 })),
    settleAmend: enqueueActions(({ context, enqueue }) => {
      enqueue.assign({ amendment: null, amends: 0 });
      if (context.completedAt === null) enqueue.emit(requests.reservationAmended({ ...context, amendment: null }));
    }),
    forgetAmendment: assign({ amendment: null, amends: 0 }),
    noteRefusal: assign((_, { code, reason }: Heard<'AmendRejected'>) => ({ amendRefusal: `${code}: ${reason}` })),
    refuseAmend: enqueueActions(({ context, event, enqueue }, why: string) => {
      for (const effect of report.amendRefused(context, why, event.at)) enqueue.emit(effect);
    }),
    /** Answered, and told to whoever placed it: a strategy waits for no answer. */
    refuseNewTerms: enqueueActions(({ context, event, enqueue }) => {
      enqueue.emit(reply(report.answer(context, 'ORDER_NOT_AMENDABLE')));
      const reason = report.notAmendable(context);
      for (const effect of report.amendRefused(context, reason, event.at)) enqueue.emit(effect);
    }),
    refuseAmendAfterAll: enqueueActions(({ context, event, enqueue }) => {
      for (const effect of report.amendRefused(context, context.amendRefusal ?? '', event.at)) enqueue.emit(effect);
    }),
    link: assign((_, { linkedTo }: Heard<'LinkOrder'>) => ({ linkedTo })),
    unlinkAtOnce: enqueueActions(({ context, enqueue }) => {
      enqueue.assign({ unlinked: true });
      for (const effect of requests.unlink(context)) enqueue.emit(effect);
    }),
    withdraw: raise(({ event }, reason: string) => ({
      type: 'Withdrawn' as const,
      reason,
      at: event.at,
      messageId: event.messageId,
    })),
    answer: emit(({ context }, refusal: report.Refusal | null) => reply(report.answer(context, refusal))),
    recordDeclaration: emit((_, event: Heard<'DeclareAbsent'>) => rows.declared(event)),
    takeWord: enqueueActions(({ context, enqueue }, event: Evidence) => {
      const learned = evidence.learn(context, wordOf(event), event.at);
      if (learned === null) return;
      enqueue.assign(() => learned.facts);
      for (const effect of report.consequences(context, learned, event.at)) enqueue.emit(effect);
    }),
    countSilence: enqueueActions(({ context, enqueue }, event: Silence) => {
      const { changes, alarm } = facts.countSilence(context, event);
      enqueue.assign(() => changes);
      if (alarm !== null) enqueue.emit(rows.alarm(context, alarm));
    }),
    end: enqueueActions(({ context, enqueue }, { end, reason, at }: endings.Ending) => {
      const before = { ...context, amendment: null, canceling: false };
      const ended = evidence.withTies(before, { ...before, standing: end, completedAt: at, reason }, false);
      enqueue.assign(() => ended);
      for (const effect of report.ending(context, ended, end, at)) enqueue.emit(effect);
    }),
    tell: enqueueActions(({ context, enqueue }, told: facts.Told) => {
      enqueue.assign({ surprises: context.surprises + 1 });
      enqueue.emit(rows.alarm(context, told));
    }),
  },
});
