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
import { release, reserve } from './exposure.ts';
import { type Denial, fullBucket, type ReserveRequest } from './limits.ts';
import { type RiskInput, type RiskMessage, riskKey } from './messages.ts';

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
    decide: enqueueActions(({ context, enqueue }, request: Heard<'ReserveRequested'>) => {
      const { changes, denial } = decision.decide(context, request);
      enqueue.assign(() => changes);
      if (denial === null)
        enqueue.emit(send<OrderMessage>(orderKey(request.clientOrderId), { type: 'ReservationGranted' }));
      else for (const effect of denied({ ...context, ...changes }, request, denial)) enqueue.emit(effect);
    }),
    denyAll: enqueueActions(({ context, enqueue }, request: Heard<'ReserveRequested'>) => {
      for (const effect of denied(context, request, decision.haltedDenial(context))) enqueue.emit(effect);
    }),
    takeFill: assign(({ context }, filled: Heard<'ExposureFilled'>) => decision.takeFill(context, filled)),
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
    answer: emit(({ context }) => reply({ halted: context.halt !== null, reason: context.halt?.reason ?? null })),
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
  version: '1',
  options: { maxIterations: 100 },
  context: ({ input }) => decision.firstContext(input),
  initial: 'active',
  on: {
    ExposureFilled: { actions: { type: 'takeFill', params: heard } },
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
        EngageKillSwitch: { actions: [{ type: 'engage', params: heard }, 'answer'] },
        ReleaseKillSwitch: { actions: 'answer' },
      },
    },
    halted: {
      entry: ['recordLimits', 'announceHalt'],
      on: {
        ReserveRequested: { actions: { type: 'denyAll', params: heard } },
        EngageKillSwitch: { actions: 'answer' }, // the first reason stays
        ReleaseKillSwitch: { target: 'active', actions: [{ type: 'resume', params: heard }, 'answer'] },
      },
    },
  },
});

function denied(
  context: decision.RiskContext,
  request: ReserveRequest & { readonly at: number },
  denial: Denial,
): Effect[] {
  const { clientOrderId, strategyInstance, provider, symbol, at } = request;
  const { code, detail, breachType } = denial;
  const about = { strategyId: strategyInstance, provider, symbol, reason: `${code}: ${detail}`, breachType };
  return [
    send<OrderMessage>(orderKey(clientOrderId), { type: 'ReservationDenied', code, reason: detail }),
    publish(riskKey(context.scope), decision.control(context, 'TRIGGERED', about, at)),
  ];
}

function haltEffects(context: decision.RiskContext, at: number): Effect[] {
  const { scope, providers, halt } = context;
  if (halt === null) return [];
  const { reason } = halt;
  return [
    record<AuditRow>({ table: 'audit_log', actor: riskKey(scope), action: 'KILL_SWITCH_ENGAGED', detail: reason }),
    ...providers.map((name) => send<ProviderMessage>(providerKey(name), { type: 'TradingHalted', reason })),
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
    ...providers.map((name) => send<ProviderMessage>(providerKey(name), { type: 'TradingResumed' })),
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
