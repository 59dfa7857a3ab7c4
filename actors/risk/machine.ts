// Risk of one account scope: grants or denies reservations, follows fills, and holds the kill switch.
//
// Guarantees: with every granted order filled, no position passes its limit; a decision and the reservation it makes
// are one commit with the order that asked, so two strategies cannot race for the same room. Engaged, the kill switch
// is part of the stored state: it denies every order, lets cancels pass, and is released by a named person alone.
import { assign, emit, enqueueActions, setup } from 'xstate';
import type { AuditRow, RiskLimitsRow } from '../market/records.ts';
import { type OrderMessage, orderKey } from '../order/messages.ts';
import { type ProviderMessage, providerKey } from '../provider/messages.ts';
import { type Effect, publish, record, reply, send } from '../runtime/effect.ts';
import type { Delivered } from '../runtime/message.ts';
import * as decision from './decision.ts';
import { release, reserve, resize } from './exposure.ts';
import { holdFee, holdFill } from './holdings.ts';
import type { Denial, RoomRequest } from './limits.ts';
import { type RiskInput, type RiskMessage, riskKey } from './messages.ts';
import { fullBucket } from './pace.ts';
import { lift, placeOf } from './restriction.ts';

export type RiskEvent = Delivered<RiskMessage>;
type Heard<Type extends RiskEvent['type']> = Extract<RiskEvent, { readonly type: Type }>;

const riskSetup = setup({
  types: {
    context: {} as decision.RiskContext,
    events: {} as RiskEvent,
    input: {} as RiskInput,
    emitted: {} as Effect,
  },
  guards: {
    isHalted: ({ context }) => context.halt !== null,
  },
  actions: {
    decide: enqueueActions(({ context, enqueue }, request: RoomRequest & { readonly at: number }) => {
      const { changes, denial } = decision.decide(context, request);
      enqueue.assign(() => changes);
      if (denial === null) enqueue.emit(granted(request));
      else for (const effect of denied({ ...context, ...changes }, request, denial)) enqueue.emit(effect);
    }),
    denyAll: enqueueActions(({ context, enqueue }, request: RoomRequest & { readonly at: number }) => {
      for (const effect of denied(context, request, decision.haltedDenial(context))) enqueue.emit(effect);
    }),
    takeFill: enqueueActions(({ context, enqueue }, filled: Heard<'ExposureFilled'>) => {
      const { positions, effects } = holdFill(context.positions, filled);
      enqueue.assign(() => ({ ...decision.takeFill(context, filled), positions }));
      for (const effect of effects) enqueue.emit(effect);
    }),
    takeFee: enqueueActions(({ context, enqueue }, learned: Heard<'FeeLearned'>) => {
      const { positions, effects } = holdFee(context.positions, learned);
      enqueue.assign(() => ({ positions }));
      for (const effect of effects) enqueue.emit(effect);
    }),
    restrict: enqueueActions(({ context, enqueue }, restricted: Heard<'RestrictTrading'>) => {
      const changes = decision.takeRestriction(context, restricted);
      if (changes === null) return;
      enqueue.assign(() => changes);
      enqueue.emit(restrictionAudit(riskKey(context.scope), 'TRADING_RESTRICTED', restricted, restricted.reason));
      // Orders that were granted before it may still wait there.
      const { provider, symbol, reason } = restricted;
      if (changes.restrictions === undefined || !context.providers.includes(provider)) return;
      enqueue.emit(send<ProviderMessage>(providerKey(provider), { type: 'TradingRestricted', symbol, reason }));
    }),
    lift: enqueueActions(({ context, enqueue }, lifted: Heard<'LiftRestriction'>) => {
      const restrictions = lift(context.restrictions, lifted);
      const gone = Object.keys(context.restrictions).filter((place) => !Object.hasOwn(restrictions, place));
      if (gone.length === 0) return;
      enqueue.assign(() => ({ restrictions }));
      enqueue.emit(restrictionAudit(lifted.by, 'RESTRICTION_LIFTED', lifted, gone.join(' ')));
    }),
    amend: assign(({ context }, order: Heard<'ReservationAmended'>) => ({
      exposure: resize(context.exposure, order),
    })),
    restore: assign(({ context }, order: Heard<'ReservationRestored'>) => ({
      exposure: reserve(context.exposure, order),
    })),
    forget: assign(({ context }, order: Heard<'ReservationReleased'>) => ({
      exposure: release(context.exposure, order),
    })),
    noteReference: assign(({ context }, moved: Heard<'ReferencePriceMoved'>) => ({
      references: decision.noteReference(context, moved),
    })),
    setLimits: assign((_, { limits }: Heard<'SetLimits'>) => ({ limits, bucket: fullBucket(limits) })),
    engage: assign((_, { reason, at }: Heard<'EngageKillSwitch'>) => ({
      halt: { reason, breachType: 'KILL_SWITCH' as const, strategyId: '', provider: '', symbol: '', at },
    })),
    recordLimits: emit(({ context }) => record(limitsRow(context))),
    audit: emit(({ context }, { action, detail }: { action: string; detail: string }) => {
      return record<AuditRow>({ table: 'audit_log', actor: riskKey(context.scope), action, detail });
    }),
    answer: emit(({ context }) => reply(decision.standing(context))),
    announceHalt: enqueueActions(({ context, event, enqueue }) => {
      for (const effect of haltEffects(context, event.at)) enqueue.emit(effect);
    }),
    resume: enqueueActions(({ context, enqueue }, { by, at }: Heard<'ReleaseKillSwitch'>) => {
      const resumed = { ...context, halt: null, breaches: {} };
      enqueue.assign(() => resumed);
      for (const effect of resumeEffects(context, resumed, by, at)) enqueue.emit(effect);
    }),
  },
});

function heard<Event extends RiskEvent>({ event }: { readonly event: Event }): Event {
  return event;
}

export const riskMachine = riskSetup.createMachine({
  id: 'risk',
  version: '2',
  options: { maxIterations: 100 },
  context: ({ input }) => decision.firstContext(input),
  initial: 'active',
  on: {
    ExposureFilled: { actions: { type: 'takeFill', params: heard } },
    FeeLearned: { actions: { type: 'takeFee', params: heard } },
    ReservationAmended: { actions: { type: 'amend', params: heard } },
    RestrictTrading: { actions: [{ type: 'restrict', params: heard }, 'answer'] },
    LiftRestriction: { actions: [{ type: 'lift', params: heard }, 'answer'] },
    ReservationReleased: { actions: { type: 'forget', params: heard } },
    ReservationRestored: { actions: { type: 'restore', params: heard } },
    ReferencePriceMoved: { actions: { type: 'noteReference', params: heard } },
    SetLimits: {
      actions: [
        { type: 'setLimits', params: heard },
        'recordLimits',
        { type: 'audit', params: ({ event }) => ({ action: 'LIMITS_SET', detail: JSON.stringify(event.limits) }) },
        'answer',
      ],
    },
  },
  states: {
    active: {
      entry: 'recordLimits',
      always: { guard: 'isHalted', target: 'halted' },
      on: {
        ReserveRequested: { actions: { type: 'decide', params: heard } },
        AmendRequested: { actions: { type: 'decide', params: heard } },
        EngageKillSwitch: { actions: [{ type: 'engage', params: heard }, 'answer'] },
        ReleaseKillSwitch: { actions: 'answer' },
      },
    },
    halted: {
      entry: ['recordLimits', 'announceHalt'],
      on: {
        ReserveRequested: { actions: { type: 'denyAll', params: heard } },
        AmendRequested: { actions: { type: 'denyAll', params: heard } },
        EngageKillSwitch: { actions: 'answer' }, // the first reason stays
        ReleaseKillSwitch: { target: 'active', actions: [{ type: 'resume', params: heard }, 'answer'] },
      },
    },
  },
});

function granted({ type, clientOrderId }: RoomRequest): Effect {
  const isNew = type === 'ReserveRequested';
  return send<OrderMessage>(orderKey(clientOrderId), { type: isNew ? 'ReservationGranted' : 'AmendGranted' });
}

function restrictionAudit(
  actor: string,
  action: string,
  place: { readonly provider: string; readonly symbol: string | null },
  what: string,
): Effect {
  return record<AuditRow>({ table: 'audit_log', actor, action, detail: `${placeOf(place)}: ${what}` });
}

function denied(
  context: decision.RiskContext,
  request: RoomRequest & { readonly at: number },
  denial: Denial,
): Effect[] {
  const { clientOrderId, strategyInstance, provider, symbol, at } = request;
  const { code, detail, breachType } = denial;
  const answer = request.type === 'ReserveRequested' ? 'ReservationDenied' : 'AmendDenied';
  const about = { strategyId: strategyInstance, provider, symbol, reason: `${code}: ${detail}`, breachType };
  return [
    send<OrderMessage>(orderKey(clientOrderId), { type: answer, code, reason: detail }),
    publish(riskKey(context.scope), decision.control(context, 'TRIGGERED', about, at)),
  ];
}

function haltEffects(context: decision.RiskContext, at: number): Effect[] {
  const { scope, providers, halt } = context;
  if (halt === null) return [];
  const { reason } = halt;
  return [
    record<AuditRow>({ table: 'audit_log', actor: riskKey(scope), action: 'KILL_SWITCH_ENGAGED', detail: reason }),
    ...providers.map((name) => send<ProviderMessage>(providerKey(name), { type: 'TradingHalted', reason, scope })),
    publish(riskKey(scope), decision.control(context, 'TRIGGERED', { ...halt, breachType: 'KILL_SWITCH' }, at)),
  ];
}

function resumeEffects(before: decision.RiskContext, resumed: decision.RiskContext, by: string, at: number): Effect[] {
  const { scope, providers, halt } = before;
  const about = {
    strategyId: '',
    provider: '',
    symbol: '',
    breachType: 'KILL_SWITCH' as const,
    reason: `released by ${by}`,
  };
  return [
    record<AuditRow>({ table: 'audit_log', actor: by, action: 'KILL_SWITCH_RELEASED', detail: halt?.reason ?? '' }),
    ...providers.map((name) => send<ProviderMessage>(providerKey(name), { type: 'TradingResumed', scope })),
    publish(riskKey(scope), decision.control(resumed, 'CLEARED', about, at)),
  ];
}

function limitsRow({ scope, limits, halt }: decision.RiskContext): RiskLimitsRow {
  return {
    table: 'risk_limits',
    scope,
    limits: JSON.stringify(limits),
    halted: halt !== null,
    reason: halt?.reason ?? null,
  };
}
