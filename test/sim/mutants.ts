// Gateways and venues that are wrong on purpose: an oracle that never turns red proves nothing.
import type {
  CancelOutcome,
  ExchangeListener,
  ExchangeSession,
  OpenExchange,
} from '../../actors/exchanges/exchange.ts';
import { actors, orderActor } from '../../actors/index.ts';
import type { Execution } from '../../actors/market/execution.ts';
import type { OrderMessage, SubmitArgs, VenueRef } from '../../actors/order/messages.ts';
import type { ActorDefinition, EffectDefinition } from '../../actors/runtime/actor.ts';
import { viewOf } from './book.ts';
import * as wrong from './mutants-actors.ts';
import type { Forecast } from './weather.ts';
import type { Flaws, World } from './world.ts';

export interface Mutant {
  /** What it does wrong, in words that follow "a gateway that". */
  readonly does: string;
  readonly flaws: Flaws;
  /** The invariant that convicts it. */
  readonly breaks: string;
}

type Submit = EffectDefinition<SubmitArgs>;
const submitOrder = orderActor.effects['submitOrder'] as Submit;
const queryOrder = orderActor.effects['queryOrder'] as EffectDefinition<VenueRef>;

/** The production actors with another effect of orders. */
function ordering(effects: ActorDefinition['effects']): readonly ActorDefinition[] {
  const mutant = { ...orderActor, effects: { ...orderActor.effects, ...effects } };
  return actors.map((actor) => (actor === orderActor ? mutant : actor));
}

async function unknownIsRejected(...of: Parameters<Submit['perform']>): Promise<OrderMessage | null> {
  const answer = (await submitOrder.perform(...of)) as OrderMessage | null;
  if (answer?.type !== 'SubmitUnknown') return answer;
  return { type: 'SubmitRejected', code: 'TIMEOUT', reason: answer.reason };
}

/** A "not found" that speaks of a moment after every fence. */
async function foundMissing(...of: Parameters<(typeof queryOrder)['perform']>): Promise<OrderMessage | null> {
  const answer = (await queryOrder.perform(...of)) as OrderMessage | null;
  return answer?.type === 'OrderNotFound' ? { ...answer, askedAt: answer.askedAt + 60_000 } : answer;
}

type Change = (session: ExchangeSession, world: World) => Partial<ExchangeSession>;

/** Every session with some of its methods replaced. */
function sessions(change: Change): NonNullable<Flaws['exchange']> {
  return (open, world) => async (settings, listener, signal) => {
    const session = await open(settings, listener, signal);
    return { ...session, ...change(session, world) };
  };
}

/** Every session with another listener. */
function listeners(change: (listener: ExchangeListener) => Partial<ExchangeListener>): NonNullable<Flaws['exchange']> {
  return (open: OpenExchange): OpenExchange =>
    (settings, listener, signal) =>
      open(settings, { ...listener, ...change(listener) }, signal);
}

function triedAgain(session: ExchangeSession): Partial<ExchangeSession> {
  return {
    async submit(request, signal) {
      const answer = await session.submit(request, signal);
      return answer.outcome === 'unknown' ? session.submit(request, signal) : answer;
    },
  };
}

/** Not in the list of open orders is taken for "was never sent": the order goes for another slot. */
function unlistedIsUnsent(session: ExchangeSession): Partial<ExchangeSession> {
  return {
    async submit(request, signal) {
      const answer = await session.submit(request, signal);
      if (answer.outcome !== 'unknown') return answer;
      const open = await session.openOrders(signal);
      const isListed = open.some(({ clientOrderId }) => clientOrderId === request.clientOrderId);
      return isListed ? answer : { outcome: 'notSent', reason: 'it is not listed' };
    },
  };
}

function signedWhenSent(session: ExchangeSession, { timeline }: World): Partial<ExchangeSession> {
  return {
    submit: (request, signal) =>
      session.submit({ ...request, signedAt: timeline.now, deadlineAt: timeline.now + 5_000 }, signal),
  };
}

function cancelRefusedIsCanceled(session: ExchangeSession, { venue }: World): Partial<ExchangeSession> {
  return {
    async cancel(request, signal): Promise<CancelOutcome> {
      const answer = await session.cancel(request, signal);
      const [order] = venue.of(request.clientOrderId);
      if (answer.outcome !== 'rejected' || order === undefined) return answer;
      return { outcome: 'canceled', order: { ...viewOf(order), status: 'canceled' } };
    },
  };
}

/** Much is missed on the stream, and nobody asks for the end of what works. */
function unheardAndUnasked(drawn: Forecast): Forecast {
  const stream = { ...drawn.storm.stream, cutEveryMs: 2_500 };
  return { ...drawn, calm: false, patient: true, storm: { ...drawn.storm, stream } };
}

/** A stream that says nothing of an order's fills: reconciliation finds them, and a calm history shows that it did. */
const fillsUntold = listeners((listener) => ({
  onReport: async (report) => {
    if (report.execution === null) await listener.onReport(report);
  },
}));

/** A fill that overtakes the answer to its submit, dropped: the same. */
const earlyFillsDropped: NonNullable<Flaws['exchange']> = (open) => async (settings, listener, signal) => {
  const acknowledged = new Set<string>();
  const onReport: ExchangeListener['onReport'] = async (report) => {
    if (report.execution === null || acknowledged.has(report.order.clientOrderId)) await listener.onReport(report);
  };
  const session = await open(settings, { ...listener, onReport }, signal);
  const submit: ExchangeSession['submit'] = async (request, signal) => {
    const answer = await session.submit(request, signal);
    acknowledged.add(request.clientOrderId);
    return answer;
  };
  return { ...session, submit };
};

/** No execution is told a second time, whichever way it came first; one whose fee is told later is. */
const toldOnce: NonNullable<Flaws['exchange']> = (open) => async (settings, listener, signal) => {
  const told = new Set<string>();
  const isNew = ({ venueOrderId, tradeId, fee }: Execution): boolean => {
    const name = `${venueOrderId} ${tradeId} ${fee === null ? 'without its fee' : 'with it'}`;
    return !told.has(name) && told.add(name).has(name);
  };
  const onReport: ExchangeListener['onReport'] = async (report) => {
    const { execution } = report;
    await listener.onReport({ ...report, execution: execution !== null && isNew(execution) ? execution : null });
  };
  const session = await open(settings, { ...listener, onReport }, signal);
  const submit: ExchangeSession['submit'] = async (request, signal) => {
    const answer = await session.submit(request, signal);
    return answer.outcome === 'accepted' ? { ...answer, executions: answer.executions.filter(isNew) } : answer;
  };
  const query: ExchangeSession['query'] = async (request, signal) => {
    const answer = await session.query(request, signal);
    return answer.outcome === 'found' ? { ...answer, executions: answer.executions.filter(isNew) } : answer;
  };
  return { ...session, submit, query };
};

/** A gateway that counts an execution as often as it is told, before a venue that tells it once. */
export const TOLD_ONCE: Flaws = { actors: wrong.toldTwiceCountsTwice, exchange: toldOnce };

export const MUTANTS: readonly Mutant[] = [
  {
    does: 'sends a submit again after a crash',
    flaws: { actors: ordering({ submitOrder: { ...submitOrder, afterCrash: 'repeat' } }) },
    breaks: 'SENT_TWICE',
  },
  {
    does: 'sends a submit again that got no answer',
    flaws: { exchange: sessions(triedAgain) },
    breaks: 'SENT_TWICE',
  },
  {
    does: 'sends a submit again that was not found',
    flaws: { exchange: sessions(unlistedIsUnsent) },
    breaks: 'SENT_TWICE',
  },
  {
    does: 'signs a request when it sends it',
    flaws: { exchange: sessions(signedWhenSent) },
    breaks: 'NOT_COMMITTED',
  },
  {
    does: 'takes a submit without an answer for rejected',
    flaws: { actors: ordering({ submitOrder: { ...submitOrder, perform: unknownIsRejected } }) },
    breaks: 'AGAINST_THE_BOOKS',
  },
  {
    does: 'believes "not found" before the fence',
    flaws: { actors: ordering({ queryOrder: { ...queryOrder, perform: foundMissing } }) },
    breaks: 'AGAINST_THE_BOOKS',
  },
  {
    does: 'gives a request no time beyond its deadline to be processed and seen',
    flaws: {
      exchange: sessions(({ capabilities }) => ({ capabilities: { ...capabilities, processingMs: 0, readLagMs: 0 } })),
    },
    breaks: 'AGAINST_THE_BOOKS',
  },
  {
    does: 'believes in a deadline where requests have none',
    flaws: {
      exchange: sessions(({ capabilities }) => ({ capabilities: { ...capabilities, requestDeadline: true } })),
    },
    breaks: 'UNPROVED',
  },
  {
    does: 'takes a refused cancel for a cancel',
    flaws: { exchange: sessions(cancelRefusedIsCanceled) },
    breaks: 'AGAINST_THE_BOOKS',
  },
  {
    does: 'counts an execution as often as it is told',
    flaws: { actors: wrong.toldTwiceCountsTwice },
    breaks: 'POSTED_TWICE',
  },
  {
    does: 'knows a trade by its id alone, without its order',
    flaws: { executionKey: ({ venue, account, symbol, tradeId }) => [venue, account, symbol, tradeId].join(' ') },
    breaks: 'POSITION',
  },
  {
    does: 'ignores the orders of others',
    flaws: { actors: wrong.othersIgnored },
    breaks: 'NO_END',
  },
  {
    does: 'overlooks what open orders have become at the venue',
    flaws: { actors: wrong.triggersOverlooked, forecast: unheardAndUnasked },
    breaks: 'UNNOTICED',
  },
  {
    does: 'ignores that a trade was taken back',
    flaws: { actors: wrong.bustsIgnored },
    breaks: 'NO_END',
  },
  {
    does: 'refuses a fill that comes after the end',
    flaws: { actors: wrong.lateFillsRefused },
    breaks: 'NO_END',
  },
  {
    does: 'ignores how much the venue counts as filled',
    flaws: { actors: wrong.countIgnored },
    breaks: 'NO_END',
  },
  {
    does: 'opens an order again by an acknowledgement that comes late',
    flaws: { actors: wrong.lateAckReopens },
    breaks: 'RESURRECTED',
  },
  {
    does: 'reserves only the new terms while an amend is under way',
    flaws: { actors: wrong.onlyNewTermsReserved },
    breaks: 'RESERVED',
  },
  {
    does: 'places the new order before the old one is over',
    flaws: { actors: wrong.replacedAtOnce },
    breaks: 'OVERSIZED',
  },
  {
    does: 'keeps locked what nothing needs any more',
    flaws: { actors: wrong.locksKept },
    breaks: 'LOCKED',
  },
  {
    does: 'forgets the fees that are paid in the base asset',
    flaws: { actors: wrong.baseFeesForgotten },
    breaks: 'POSITION',
  },
  {
    does: 'leaves the fills of its stream to reconciliation',
    flaws: { exchange: fillsUntold },
    breaks: 'REPAIRED_IN_CALM',
  },
  {
    does: 'drops a fill that comes before the acknowledgement',
    flaws: { exchange: earlyFillsDropped },
    breaks: 'REPAIRED_IN_CALM',
  },
  {
    does: 'commits whoever owns the shard',
    flaws: { unfenced: true },
    breaks: 'FENCED',
  },
  {
    does: 'forgets its timers when it starts',
    flaws: { load: (loaded) => ({ ...loaded, timers: [] }) },
    breaks: 'NO_END',
  },
  {
    does: 'forgets when it starts what was under way',
    flaws: { load: (loaded) => ({ ...loaded, outbox: [] }) },
    breaks: 'NO_END',
  },
  {
    does: 'takes a lost commit for done',
    flaws: { credulous: true },
    breaks: 'NOT_COMMITTED',
  },
];
