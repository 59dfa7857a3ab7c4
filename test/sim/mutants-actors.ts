// Actors that are wrong on purpose: the machine of one kind with one of its actions changed.
import { type AnyStateMachine, enqueueActions } from 'xstate';
import { actors, orderActor, providerActor, riskActor } from '../../actors/index.ts';
import { type Learned, learn } from '../../actors/order/evidence.ts';
import type { OrderContext } from '../../actors/order/facts.ts';
import { orderMachine } from '../../actors/order/machine.ts';
import { consequences } from '../../actors/order/report.ts';
import { reservationAmended, successor } from '../../actors/order/requests.ts';
import { type Evidence, type VenueWord, wordOf } from '../../actors/order/venue-word.ts';
import { providerMachine } from '../../actors/provider/machine.ts';
import type { Reconciled } from '../../actors/provider/messages.ts';
import { settleRound } from '../../actors/provider/reconcile.ts';
import { takeFill } from '../../actors/risk/decision.ts';
import { holdFill } from '../../actors/risk/holdings.ts';
import { riskMachine } from '../../actors/risk/machine.ts';
import type { ActorDefinition } from '../../actors/runtime/actor.ts';
import type { Effect } from '../../actors/runtime/effect.ts';

export type Actors = readonly ActorDefinition[];

/** The production actors, one of them with another machine. */
function withMachine(changed: ActorDefinition, machine: AnyStateMachine): Actors {
  return actors.map((actor) => (actor === changed ? { ...changed, machine } : actor));
}

interface Taking {
  readonly learns?: (context: OrderContext, event: Evidence, word: VenueWord, at: number) => Learned | null;
  readonly follows?: (effects: readonly Effect[]) => readonly Effect[];
}

/** Orders that take the venue's word in another way. */
function taking({
  learns = (context, _, word, at) => learn(context, word, at),
  follows = (all) => all,
}: Taking): Actors {
  const machine = orderMachine.provide({
    actions: {
      takeWord: enqueueActions(({ context, enqueue }, event) => {
        const learned = learns(context, event, wordOf(event), event.at);
        if (learned === null) return;
        enqueue.assign(() => learned.facts);
        for (const effect of follows(consequences(context, learned, event.at))) enqueue.emit(effect);
      }),
    },
  });
  return withMachine(orderActor, machine);
}

export const bustsIgnored = taking({
  learns: (context, _, word, at) => learn(context, { ...word, busted: [] }, at),
});

export const lateFillsRefused = taking({
  learns: (context, _, word, at) =>
    context.completedAt !== null && word.executions.length > 0 && word.busted.length === 0
      ? null
      : learn(context, word, at),
});

/** No key is known when it comes again; a fee that is told later is no new execution here either. */
export const toldTwiceCountsTwice = taking({
  learns: (context, _, word, at) => {
    const isTaken = (entry: string): boolean =>
      word.executions.some(({ tradeId, venueOrderId, fee }) => {
        const isCharge = fee !== null && !entry.includes('~');
        return entry.startsWith(`${tradeId}:${venueOrderId}=`) && !isCharge;
      });
    return learn({ ...context, executions: context.executions.filter((entry) => !isTaken(entry)) }, word, at);
  },
});

/** It counts what it was shown, and no more. */
export const countIgnored = taking({
  learns: (context, _, word, at) => {
    const status = word.order.status === 'filled' ? 'canceled' : word.order.status;
    const order = { ...word.order, filledQuantity: '0' };
    return learn(context, { ...word, order: context.filled === context.quantity ? order : { ...order, status } }, at);
  },
});

export const lateAckReopens = taking({
  learns: (context, event, word, at) => {
    if (event.type !== 'SubmitAcked' || context.completedAt === null) return learn(context, word, at);
    const open = { ...context, completedAt: null, verdict: null, standing: null };
    return learn(open, { ...word, order: { ...word.order, status: 'open' } }, at);
  },
});

export const locksKept = taking({
  follows: (effects) => effects.filter((effect) => !isRelease(effect)),
});

function isRelease(effect: Effect): boolean {
  if (effect.type !== 'record' || effect.row.table !== 'ledger_entries') return false;
  const row = effect.row as { readonly kind?: string; readonly account?: string; readonly amount?: string };
  if (row.kind !== 'lock') return false;
  return (row.account === 'locked') === (row.amount?.startsWith('-') === true);
}

/** The new order is placed when it is wished, with what was not filled then. */
export const replacedAtOnce = withMachine(
  orderActor,
  orderMachine.provide({
    actions: {
      noteReplacement: enqueueActions(({ context, enqueue }, { replacement: clientOrderId, quantity, price, at }) => {
        const replacement = { clientOrderId, quantity, price: price ?? context.price };
        enqueue.assign({ replacement, replacedBy: clientOrderId });
        for (const effect of successor({ ...context, replacement }, at)) enqueue.emit(effect);
      }),
    },
  }),
);

export const onlyNewTermsReserved = withMachine(
  orderActor,
  orderMachine.provide({
    actions: {
      countAmend: enqueueActions(({ context, enqueue }) => {
        enqueue.assign({ amends: context.amends + 1 });
        enqueue.emit(reservationAmended({ ...context, ...context.amendment }));
      }),
    },
  }),
);

export const baseFeesForgotten = withMachine(
  riskActor,
  riskMachine.provide({
    actions: {
      takeFill: enqueueActions(({ context, enqueue }, filled) => {
        const [base = ''] = filled.symbol.split('-');
        const fee = filled.feeAsset === base ? null : filled.fee;
        const { positions, effects } = holdFill(context.positions, { ...filled, fee });
        enqueue.assign(() => ({ ...takeFill(context, filled), positions }));
        for (const effect of effects) enqueue.emit(effect);
      }),
    },
  }),
);

/** A provider that hears only a part of what its look has seen. */
function lookingAway(hears: (seen: Pick<Reconciled, 'found' | 'openOrders'>) => Partial<Reconciled>) {
  return providerMachine.provide({
    actions: {
      settleRound: enqueueActions(({ context, event, enqueue }) => {
        if (event.type !== 'Reconciled') return;
        const { changes, effects } = settleRound(context, { ...event, ...hears(event) });
        enqueue.assign(changes);
        for (const effect of effects) enqueue.emit(effect);
      }),
    },
  });
}

export const triggersOverlooked = withMachine(
  providerActor,
  lookingAway(({ openOrders }) => ({ openOrders: openOrders.map(({ isOther: _isOther, ...seen }) => seen) })),
);

export const othersIgnored = withMachine(
  providerActor,
  lookingAway(({ found }) => ({ found: found.filter(({ id }) => id !== null) })).provide({
    actions: { noteExternal: enqueueActions(() => {}) },
  }),
);
