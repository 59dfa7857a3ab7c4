// A strategy instance's life. Its module runs in a sandbox outside; what it decides comes in as messages, and only
// those of the sandbox that counts now are heard.
//
// stopped   by an operator, or new: its open orders are being canceled, reports about them are still kept
// starting  waits for its providers, starts the sandbox, or pauses after a fault
// running   decisions become orders
// failed    the module was given up; an operator starts it again
import { assign, emit, enqueueActions, setup } from 'xstate';
import type { StrategyInstanceRow } from '../market/records.ts';
import { command, record, reply } from '../runtime/effect.ts';
import { amendOrder } from './amending.ts';
import { restartDelay } from './bounds.ts';
import * as strategy from './context.ts';
import { heard, type Outcome, type StrategyContext, type StrategyEffect, type StrategyEvent } from './context.ts';
import * as links from './links.ts';
import type { StrategyInput } from './messages.ts';
import * as orders from './own-orders.ts';
import { placeOrder, placePair } from './placing.ts';

interface Queue {
  assign(changes: Partial<StrategyContext>): void;
  emit(effect: StrategyEffect): void;
}
function take(queue: Queue, { changes, effects }: Outcome): void {
  queue.assign(changes);
  for (const effect of effects) queue.emit(effect);
}

const machine = setup({
  types: {
    context: {} as StrategyContext,
    events: {} as StrategyEvent,
    input: {} as StrategyInput,
    emitted: {} as StrategyEffect,
  },
  delays: { restartDelay: ({ context }) => restartDelay(context.faults.times.length) },
  guards: {
    isWanted: ({ context }) => context.wanted,
    isNews: ({ context, event }) => !strategy.isConfiguredSo(context, heard(event, 'Configure')),
    isOwn: ({ context, event }) => strategy.isOwn(context, event),
    areAllReady: ({ context }) => links.areAllReady(context),
    isHopeless: ({ context, event }) =>
      strategy.isOwn(context, event) &&
      (!heard(event, 'SandboxFailed').retryable || strategy.isLastStraw(context, event.at)),
    isFatal: ({ context, event }) => strategy.isOwn(context, event) && heard(event, 'ModuleFaulted').fatal,
    isFatalOnceMore: ({ context, event }) =>
      strategy.isOwn(context, event) && heard(event, 'ModuleFaulted').fatal && strategy.isLastStraw(context, event.at),
    wantsOtherEvents: ({ context, event }) =>
      strategy.isOwn(context, event) &&
      JSON.stringify(heard(event, 'SandboxStarted').events) !== JSON.stringify(context.events),
  },
  actions: {
    // the operator's will
    want: assign(({ context }) => ({ wanted: true, reason: null, faults: { ...context.faults, times: [] } })),
    unwant: assign({ wanted: false, reason: null }),
    clearReason: assign({ reason: null }),
    configure: assign(({ context, event }) => {
      const { revision, config, scope } = heard(event, 'Configure');
      return { revision, config, scope, reason: null, faults: { ...context.faults, times: [] } };
    }),
    accept: emit(reply({ accepted: true, detail: '' })),
    refuseStart: emit(reply({ accepted: false, detail: 'the instance is started already' })),
    recordStatus: emit(({ context }, status: StrategyInstanceRow['status']) =>
      record(strategy.instanceRow(context, status)),
    ),

    // the sandbox
    startSandbox: enqueueActions(({ context, event, enqueue }) => {
      const next = { ...context, ...orders.withoutRefs(context), sandbox: context.sandbox + 1 };
      enqueue.assign({ open: next.open, sandbox: next.sandbox });
      enqueue.emit(command('startSandbox', strategy.startArgs(next, event.at)));
    }),
    stopSandbox: enqueueActions(({ context: { instanceId, sandbox }, enqueue }) => {
      enqueue.assign({ sandbox: sandbox + 1 });
      enqueue.emit(command('stopSandbox', { instanceId, sandbox: sandbox + 1 }));
    }),
    noteEvents: assign(({ event }) => ({ events: heard(event, 'SandboxStarted').events })),
    noteStartFault: assign(({ context, event }) =>
      strategy.noteFault(context, heard(event, 'SandboxFailed').reason, true, event.at),
    ),
    noteModuleFault: assign(({ context, event }) => {
      const { handler, reason, fatal, at } = heard(event, 'ModuleFaulted');
      return strategy.noteFault(context, `${handler}: ${reason}`, fatal, at);
    }),
    auditFailure: emit(({ context }) => record(strategy.auditRow(context, 'StrategyGivenUp', context.reason ?? ''))),

    // the providers
    subscribe: enqueueActions(({ context, enqueue }) => {
      for (const effect of links.subscriptions(context)) enqueue.emit(effect);
    }),
    watchProviders: enqueueActions(({ context, enqueue }) => take(enqueue, links.watchProviders(context))),
    endWatches: enqueueActions(({ context, enqueue }) => take(enqueue, links.endWatches(context))),
    forgetLinks: assign({ links: {} }),
    noteReady: enqueueActions(({ context, event, enqueue }, tells: boolean) => {
      take(enqueue, links.noteReady(context, heard(event, 'ProviderReady'), tells));
    }),
    noteLost: enqueueActions(({ context, event, enqueue }, tells: boolean) => {
      take(enqueue, links.noteLost(context, heard(event, 'ProviderLost'), tells));
    }),

    // decisions and reports
    placeOrder: enqueueActions(({ context, event, enqueue }) => {
      take(enqueue, placeOrder(context, heard(event, 'PlaceOrder')));
    }),
    placePair: enqueueActions(({ context, event, enqueue }) => {
      take(enqueue, placePair(context, heard(event, 'PlacePair')));
    }),
    amendOrder: enqueueActions(({ context, event, enqueue }) => {
      take(enqueue, amendOrder(context, heard(event, 'AmendOrder')));
    }),
    cancelOrder: enqueueActions(({ context, event, enqueue }) => {
      take(enqueue, orders.cancelOrder(context, heard(event, 'CancelOrder')));
    }),
    cancelOrders: enqueueActions(({ context, event, enqueue }) => {
      take(enqueue, orders.cancelOrders(context, heard(event, 'CancelOrders')));
    }),
    cancelAll: enqueueActions(({ context, enqueue }, reason: string) =>
      take(enqueue, orders.cancelAll(context, reason)),
    ),
    saveState: enqueueActions(({ context, event, enqueue }) => {
      take(enqueue, orders.saveState(context, heard(event, 'SaveState')));
    }),
    noteReport: enqueueActions(({ context, event, enqueue }, tells: boolean) => {
      take(enqueue, orders.noteReport(context, heard(event, 'ExecReport'), tells));
    }),
    tellControl: emit(({ context, event }) => {
      const { at: _at, messageId: _id, ...control } = heard(event, 'RiskControl');
      return orders.notify(context, control);
    }),
  },
});

/** What a live sandbox decides, and what it is told; one that is still starting hears it when it has started. */
const live = {
  PlaceOrder: [{ guard: 'isOwn', actions: 'placeOrder' }, {}],
  PlacePair: [{ guard: 'isOwn', actions: 'placePair' }, {}],
  AmendOrder: [{ guard: 'isOwn', actions: 'amendOrder' }, {}],
  CancelOrder: [{ guard: 'isOwn', actions: 'cancelOrder' }, {}],
  CancelOrders: [{ guard: 'isOwn', actions: 'cancelOrders' }, {}],
  SaveState: [{ guard: 'isOwn', actions: 'saveState' }, {}],
  ModuleFaulted: [
    { guard: 'isFatalOnceMore', target: '#strategy.failed', actions: ['noteModuleFault', 'stopSandbox'] },
    { guard: 'isFatal', target: '#strategy.starting.pausing', actions: ['noteModuleFault', 'stopSandbox'] },
    { guard: 'isOwn', actions: 'noteModuleFault' },
  ],
  ExecReport: { actions: { type: 'noteReport', params: true } },
  RiskControl: { actions: 'tellControl' },
  ProviderReady: { actions: { type: 'noteReady', params: true } },
  ProviderLost: { actions: { type: 'noteLost', params: true } },
} as const;

export const strategyMachine = machine.createMachine({
  id: 'strategy',
  version: '2',
  options: { maxIterations: 100 },
  context: ({ input }) => strategy.createContext(input),
  initial: 'stopped',
  on: {
    Stop: {
      target: '.stopped',
      actions: ['unwant', 'stopSandbox', { type: 'cancelAll', params: 'the strategy stops' }, 'endWatches', 'accept'],
    },
    Start: { actions: 'refuseStart' },
    Configure: [{ guard: 'isNews', target: '.starting', actions: ['stopSandbox', 'endWatches', 'configure'] }, {}],
    NodeStarted: [{ guard: 'isWanted', target: '.starting', actions: 'stopSandbox' }, {}],
    ExecReport: { actions: { type: 'noteReport', params: false } },
    // What a sandbox or a provider says after the instance has turned away from it.
    ProviderReady: {},
    ProviderLost: {},
    RiskControl: {},
    PlaceOrder: {},
    PlacePair: {},
    AmendOrder: {},
    CancelOrder: {},
    CancelOrders: {},
    SaveState: {},
    ModuleFaulted: {},
    SandboxStarted: {},
    SandboxFailed: {},
    SandboxStopped: {},
  },
  states: {
    stopped: {
      entry: { type: 'recordStatus', params: 'stopped' },
      on: {
        Start: { target: 'starting', actions: ['want', 'accept'] },
        Configure: { target: 'stopped', reenter: true, actions: 'configure' },
      },
    },
    starting: {
      entry: [{ type: 'recordStatus', params: 'starting' }, 'forgetLinks', 'subscribe', 'watchProviders'],
      initial: 'watching',
      states: {
        watching: {
          always: { guard: 'areAllReady', target: 'launching' },
          on: {
            ProviderReady: { actions: { type: 'noteReady', params: false } },
            ProviderLost: { actions: { type: 'noteLost', params: false } },
          },
        },
        launching: {
          entry: 'startSandbox',
          on: {
            ...live,
            SandboxStarted: [
              { guard: 'wantsOtherEvents', target: '#strategy.running', actions: ['noteEvents', 'watchProviders'] },
              { guard: 'isOwn', target: '#strategy.running' },
            ],
            SandboxFailed: [
              { guard: 'isHopeless', target: '#strategy.failed', actions: 'noteStartFault' },
              { guard: 'isOwn', target: 'pausing', actions: 'noteStartFault' },
            ],
          },
        },
        pausing: {
          after: { restartDelay: 'watching' },
          on: {
            ProviderReady: { actions: { type: 'noteReady', params: false } },
            ProviderLost: { actions: { type: 'noteLost', params: false } },
          },
        },
      },
    },
    running: {
      entry: ['clearReason', { type: 'recordStatus', params: 'running' }],
      on: live,
    },
    failed: {
      entry: [
        { type: 'cancelAll', params: 'the strategy failed' },
        'endWatches',
        'auditFailure',
        { type: 'recordStatus', params: 'failed' },
      ],
      on: {
        Start: { target: 'starting', actions: ['want', 'accept'] },
        NodeStarted: {},
      },
    },
  },
});
