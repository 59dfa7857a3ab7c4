// A provider's life: connect, reconcile, be ready, and come back by itself after the link is lost.
//
// pending   created, never started
// starting  its first session is being opened
// running   connected: reconciling (submits wait), then ready (submits are granted)
// degraded  the link is lost: the session heals itself, or a new one is opened after a growing pause
// stopped   by an operator: stays so across restarts until somebody starts it
// failed    the venue or the settings refuse it: a pause would not help
// removed   by an operator, after it was stopped: its rows are marked as deleted, a Start brings it back
//
// `wanted` in the context is the operator's will and outlives every fault and restart. Answers and reports carry the
// session they belong to; those of an earlier one fall through to the root, where late messages end without effect.
import { assign, cancel, emit, enqueueActions, raise, setup } from 'xstate';
import type { ProviderRow } from '../market/records.ts';
import { refusalText } from '../market/refusals.ts';
import { command, record, reply } from '../runtime/effect.ts';
import * as balances from './balances.ts';
import * as behind from './behind.ts';
import { RECONCILE_FAILURES_MAX, RECONCILE_REST_MS, RELIST_MS, retryDelay } from './bounds.ts';
import * as provider from './context.ts';
import { heard, type Outcome, type ProviderContext, type ProviderEffect, type ProviderEvent } from './context.ts';
import * as external from './external.ts';
import * as feeds from './feeds.ts';
import * as gate from './gate.ts';
import * as liveOrders from './live-orders.ts';
import type { ProviderInput } from './messages.ts';
import * as reconcile from './reconcile.ts';
import * as removal from './removal.ts';

interface Queue {
  assign(changes: Partial<ProviderContext>): void;
  emit(effect: ProviderEffect): void;
}
function take(queue: Queue, { changes, effects }: Outcome): void {
  queue.assign(changes);
  for (const effect of effects) queue.emit(effect);
}

const machine = setup({
  types: {
    context: {} as ProviderContext,
    events: {} as ProviderEvent,
    input: {} as ProviderInput,
    emitted: {} as ProviderEffect,
    tags: {} as 'resting',
  },
  delays: {
    reconnectDelay: ({ context }) => retryDelay(context.failures),
    reconcileRetry: ({ context }) => retryDelay(context.rounds.failures),
    nextLook: RECONCILE_REST_MS,
    nextRound: ({ context }) => reconcile.nextRoundMs(context),
  },
  guards: {
    isWanted: ({ context }) => context.wanted,
    isNews: ({ context, event }) => !provider.isConfiguredSo(context, heard(event, 'Configure')),
    isCurrent: ({ context, event }) => provider.isCurrent(context, event),
    isHopeless: ({ context, event }) => provider.isCurrent(context, event) && !heard(event, 'ConnectFailed').retryable,
    isLinkRestored: ({ context, event }) => provider.isCurrent(context, event) && context.link !== null,
    isLastStraw: ({ context, event }) =>
      provider.isCurrent(context, event) && context.rounds.failures + 1 >= RECONCILE_FAILURES_MAX,
    /** Executions were missed that the round before did not know of. */
    isAmiss: ({ context, event }) =>
      provider.isCurrent(context, event) && reconcile.isAmiss(context, heard(event, 'Reconciled')),
    /** A symbol that is watched and had no feed, because the venue did not list it. */
    listsWatched: ({ context, event }) =>
      provider.isCurrent(context, event) && feeds.listsWatched(context, heard(event, 'InstrumentsChanged')),
    leavesGaps: ({ context, event }) =>
      provider.isCurrent(context, event) && feeds.leavesGaps(context, heard(event, 'FeedsHeld')),
    /** Executions were found, and submits still wait: they wait until these are in the books. */
    isBehind: ({ context, event }) =>
      provider.isCurrent(context, event) && behind.isBehind(context, heard(event, 'Reconciled')),
    isUnneeded: ({ context }) => removal.needs(context).length === 0,
    changesRoutes: ({ context, event }) =>
      !feeds.sameRoutes(context.watchers, feeds.watchersAfter(context, heard(event, 'WatchRequested', 'WatchEnded'))),
  },
  actions: {
    // the operator's will
    want: assign({ wanted: true, failures: 0, reason: null }),
    unwant: assign({ wanted: false, failures: 0, reason: null }),
    configure: assign(({ event }) => {
      const { adapter, settings } = heard(event, 'Configure');
      return { adapter, settings, link: null, failures: 0 };
    }),
    accept: emit(reply({ accepted: true, detail: '' })),
    refuseStart: emit(reply({ accepted: false, detail: 'the provider is started already' })),
    refuseRemoval: emit(({ context }, state: string) => removal.refusal(context, state)),
    noteRemoval: enqueueActions(({ context, event, enqueue }) => {
      take(enqueue, removal.noteRemoval(context, heard(event, 'Remove')));
    }),
    recordRemoval: emit(({ context }) => record(removal.removedRow(context))),
    pruneRoutes: emit(({ context: { name } }) => record({ table: 'provider_routes', provider: name, routes: [] })),
    recordStatus: emit(({ context }, status: ProviderRow['status']) => record(provider.providerRow(context, status))),

    // the session
    beginSession: assign(({ context }) => ({ session: context.session + 1 })),
    openSession: emit(({ context }) => command('openSession', feeds.openArgs(context))),
    closeSession: emit(({ context: { name, session } }) => command('closeSession', { name, session })),
    noteLink: assign(({ event }) => ({ link: provider.linkOf(heard(event, 'Connected')) })),
    noteInstruments: enqueueActions(({ context, event, enqueue }) => {
      take(enqueue, feeds.noteInstruments(context, heard(event, 'Connected', 'FeedsHeld', 'InstrumentsChanged')));
    }),
    noteConnected: assign({ failures: 0, reason: null }),
    noteFault: assign(({ context, event }) => provider.faultOf(context, event)),

    // market data and who watches it
    noteWatch: enqueueActions(({ context, event, enqueue }) => {
      take(enqueue, feeds.noteWatch(context, heard(event, 'WatchRequested', 'WatchEnded')));
    }),
    recordRoutes: emit(({ context }) => record(feeds.routesRow(context))),
    renewFeeds: assign(({ context }) => ({ feeds: { ...context.feeds, wanted: context.feeds.wanted + 1 } })),
    holdFeeds: emit(({ context }) => command('holdFeeds', feeds.feedArgs(context))),
    noteFeeds: assign(
      ({
        context: {
          feeds: { wanted },
        },
      }) => ({ feeds: { wanted, held: wanted, failures: 0 } }),
    ),
    noteFeedsFailure: assign(({ context }) => ({ feeds: { ...context.feeds, failures: context.feeds.failures + 1 } })),
    retryFeeds: raise(({ event: { at, messageId } }) => ({ type: 'FeedsRetryDue' as const, at, messageId }), {
      id: 'feedsRetry',
      delay: ({ context }) => retryDelay(context.feeds.failures),
    }),
    awaitListing: raise(({ event: { at, messageId } }) => ({ type: 'FeedsRetryDue' as const, at, messageId }), {
      id: 'feedsRetry',
      delay: RELIST_MS,
    }),
    forgetFeedsRetry: cancel('feedsRetry'),
    becomeReady: assign({ ready: true }),
    loseReadiness: assign({ ready: false }),
    tellReady: enqueueActions(({ context, enqueue }) => take(enqueue, feeds.tellReady(context))),
    tellLost: enqueueActions(({ context, event, enqueue }) => take(enqueue, feeds.tellLost(context, event))),

    // the gate
    answerSubmit: enqueueActions(({ context, event, enqueue }, state: gate.Gate) => {
      take(enqueue, gate.answerSubmit(context, heard(event, 'SubmitRequested'), state));
    }),
    admitWaiting: enqueueActions(({ context, event, enqueue }) => take(enqueue, gate.admitWaiting(context, event.at))),
    refuseWaiting: enqueueActions(({ context, enqueue }, state: string) => {
      take(enqueue, gate.refuseWaiting(context, refusalText('PROVIDER_NOT_READY', { state })));
    }),
    forgetOrder: assign(({ context, event }) => gate.forget(context, heard(event, 'OrderClosed').clientOrderId)),
    halt: enqueueActions(({ context, event, enqueue }) => {
      take(enqueue, gate.halt(context, heard(event, 'TradingHalted')));
    }),
    resume: assign(({ context, event }) => gate.resume(context, heard(event, 'TradingResumed'))),
    refuseRestricted: enqueueActions(({ context, event, enqueue }) => {
      take(enqueue, gate.refuseRestricted(context, heard(event, 'TradingRestricted')));
    }),
    lookAfter: enqueueActions(({ context, event, enqueue }) => {
      take(enqueue, liveOrders.lookAfter(context, heard(event, 'OrderStands')));
    }),

    // reconciliation
    beginRound: assign(({ context, event }) => reconcile.beginRound(context, event.at)),
    reconcile: emit(({ context }) => command('reconcile', reconcile.roundArgs(context))),
    settleRound: enqueueActions(({ context, event, enqueue }) => {
      take(enqueue, reconcile.settleRound(context, heard(event, 'Reconciled')));
    }),
    countBehind: assign(({ context }) => behind.countBehind(context)),
    forgetBehind: assign(({ context }) => behind.forgetBehind(context)),
    noteRoundFailure: assign(({ context }) => reconcile.failRound(context)),
    noteSkew: enqueueActions(({ context, event, enqueue }) => {
      take(enqueue, reconcile.noteSkew(context, heard(event, 'ClockSkewed')));
    }),
    noteBalances: enqueueActions(({ context, event, enqueue }) => {
      take(enqueue, balances.noteBalances(context, heard(event, 'BalancesObserved').balances));
    }),
    explain: enqueueActions(({ context, event, enqueue }) => {
      take(enqueue, balances.explainDifference(context, heard(event, 'ExplainDifference')));
    }),
    noteExternal: enqueueActions(({ context, event, enqueue }) => {
      take(enqueue, external.noteExternal(context, heard(event, 'ExternalOrderSeen')));
    }),
    cancelAll: enqueueActions(({ context, event, enqueue }) => {
      take(enqueue, liveOrders.cancelAll(context, heard(event, 'CancelAll')));
    }),
  },
});

const REMOVE = [
  {
    guard: 'isUnneeded' as const,
    target: 'removed' as const,
    actions: ['unwant' as const, 'noteRemoval' as const, 'accept' as const],
  },
  { actions: { type: 'refuseRemoval' as const, params: 'needed' } },
];

export const providerMachine = machine.createMachine({
  id: 'provider',
  version: '3',
  options: { maxIterations: 100 },
  context: ({ input }) => provider.createContext(input),
  initial: 'pending',
  on: {
    Stop: {
      target: '.stopped',
      actions: ['unwant', 'beginSession', 'closeSession', { type: 'refuseWaiting', params: 'stopped' }, 'accept'],
    },
    Configure: [{ guard: 'isNews', target: '.starting', actions: 'configure' }, {}],
    NodeStarted: [{ guard: 'isWanted', target: '.starting' }, {}],
    Start: { actions: 'refuseStart' },
    SubmitRequested: { actions: { type: 'answerSubmit', params: 'closed' } },
    OrderClosed: { actions: 'forgetOrder' },
    OrderStands: { actions: 'lookAfter' },
    WatchRequested: [{ guard: 'changesRoutes', actions: ['noteWatch', 'recordRoutes'] }, { actions: 'noteWatch' }],
    WatchEnded: [{ guard: 'changesRoutes', actions: ['noteWatch', 'recordRoutes'] }, { actions: 'noteWatch' }],
    TradingHalted: { actions: 'halt' },
    TradingResumed: { actions: 'resume' },
    TradingRestricted: { actions: 'refuseRestricted' },
    BalancesObserved: { actions: 'noteBalances' },
    ExternalOrderSeen: { actions: 'noteExternal' },
    CancelAll: { actions: 'cancelAll' },
    ExplainDifference: { actions: 'explain' },
    Remove: { actions: { type: 'refuseRemoval', params: 'running' } },
    // Late answers and reports of a session that is no more.
    Connected: {},
    ConnectFailed: {},
    Closed: {},
    FeedsHeld: {},
    FeedsFailed: {},
    FeedsRetryDue: {},
    Reconciled: {},
    ReconcileFailed: {},
    ClockSkewed: {},
    Disconnected: {},
    Reconnected: {},
    InstrumentsChanged: {},
  },
  states: {
    pending: {
      entry: { type: 'recordStatus', params: 'pending' },
      on: {
        Start: { target: 'starting', actions: ['want', 'accept'] },
        Configure: { target: 'pending', reenter: true, actions: 'configure' },
        Remove: REMOVE,
      },
    },
    starting: {
      entry: ['beginSession', { type: 'recordStatus', params: 'starting' }, 'openSession'],
      on: {
        SubmitRequested: { actions: { type: 'answerSubmit', params: 'holding' } },
        Connected: { guard: 'isCurrent', target: 'running', actions: ['noteLink', 'noteInstruments'] },
        ConnectFailed: [
          { guard: 'isHopeless', target: 'failed', actions: 'noteFault' },
          { guard: 'isCurrent', target: 'degraded', actions: 'noteFault' },
        ],
        // The link can be lost before the answer that says it was there.
        Disconnected: { guard: 'isCurrent', target: 'degraded', actions: 'noteFault' },
      },
    },
    running: {
      entry: ['noteConnected', 'forgetBehind', { type: 'recordStatus', params: 'running' }, 'renewFeeds', 'holdFeeds'],
      exit: 'forgetFeedsRetry',
      initial: 'reconciling',
      on: {
        SubmitRequested: { actions: { type: 'answerSubmit', params: 'holding' } },
        Disconnected: { guard: 'isCurrent', target: 'degraded', actions: 'noteFault' },
        // What was missed in between must be reconciled before anything is sent.
        Reconnected: { guard: 'isCurrent', target: 'running', reenter: true },
        FeedsHeld: [
          // A venue lists a symbol again when its halt is over: it is told then, and asked for in case that is lost.
          { guard: 'leavesGaps', actions: ['noteInstruments', 'noteFeeds', 'tellReady', 'awaitListing'] },
          { guard: 'isCurrent', actions: ['noteInstruments', 'noteFeeds', 'tellReady'] },
        ],
        FeedsFailed: { guard: 'isCurrent', actions: ['noteFeedsFailure', 'retryFeeds'] },
        FeedsRetryDue: { actions: 'holdFeeds' },
        InstrumentsChanged: [
          {
            guard: 'listsWatched',
            actions: ['noteInstruments', 'forgetFeedsRetry', 'renewFeeds', 'holdFeeds'],
          },
          { guard: 'isCurrent', actions: 'noteInstruments' },
        ],
        WatchRequested: [
          {
            guard: 'changesRoutes',
            actions: ['noteWatch', 'recordRoutes', 'forgetFeedsRetry', 'renewFeeds', 'holdFeeds', 'tellReady'],
          },
          { actions: ['noteWatch', 'tellReady'] },
        ],
        WatchEnded: [
          {
            guard: 'changesRoutes',
            actions: ['noteWatch', 'recordRoutes', 'forgetFeedsRetry', 'renewFeeds', 'holdFeeds'],
          },
          { actions: 'noteWatch' },
        ],
      },
      states: {
        reconciling: {
          initial: 'asking',
          states: {
            asking: {
              entry: ['beginRound', 'reconcile'],
              on: {
                Reconciled: [
                  { guard: 'isBehind', target: 'catchingUp', actions: ['settleRound', 'countBehind'] },
                  { guard: 'isCurrent', target: '#provider.running.ready', actions: 'settleRound' },
                ],
                ReconcileFailed: { guard: 'isCurrent', target: 'pausing', actions: 'noteRoundFailure' },
                ClockSkewed: { guard: 'isCurrent', target: 'pausing', actions: 'noteSkew' },
              },
            },
            pausing: { after: { reconcileRetry: 'asking' } },
            /** What was missed is on its way into the books. */
            catchingUp: { after: { nextLook: 'asking' } },
          },
        },
        ready: {
          entry: ['becomeReady', 'forgetBehind', 'admitWaiting', 'tellReady'],
          exit: ['loseReadiness', 'tellLost'],
          initial: 'settled',
          on: { SubmitRequested: { actions: { type: 'answerSubmit', params: 'open' } } },
          states: {
            settled: { after: { nextRound: 'checking' } },
            checking: {
              entry: ['beginRound', 'reconcile'],
              on: {
                Reconciled: [
                  {
                    guard: 'isAmiss',
                    target: '#provider.running.reconciling.catchingUp',
                    actions: ['settleRound', 'countBehind'],
                  },
                  { guard: 'isCurrent', target: 'settled', actions: 'settleRound' },
                ],
                ClockSkewed: {
                  guard: 'isCurrent',
                  target: '#provider.running.reconciling.pausing',
                  actions: 'noteSkew',
                },
                ReconcileFailed: [
                  {
                    guard: 'isLastStraw',
                    target: '#provider.running.reconciling.pausing',
                    actions: 'noteRoundFailure',
                  },
                  { guard: 'isCurrent', target: 'settled', actions: 'noteRoundFailure' },
                ],
              },
            },
          },
        },
      },
    },
    degraded: {
      entry: { type: 'recordStatus', params: 'degraded' },
      initial: 'waiting',
      on: { SubmitRequested: { actions: { type: 'answerSubmit', params: 'holding' } } },
      states: {
        waiting: {
          after: { reconnectDelay: 'opening' },
          on: {
            Start: { target: 'opening', actions: 'accept' },
            // The session found its way back before we opened another.
            Reconnected: { guard: 'isLinkRestored', target: '#provider.running' },
            Connected: { guard: 'isCurrent', actions: ['noteLink', 'noteInstruments'] },
          },
        },
        opening: {
          entry: ['beginSession', 'openSession'],
          on: {
            Connected: { guard: 'isCurrent', target: '#provider.running', actions: ['noteLink', 'noteInstruments'] },
            ConnectFailed: [
              { guard: 'isHopeless', target: '#provider.failed', actions: 'noteFault' },
              { guard: 'isCurrent', target: '#provider.degraded', reenter: true, actions: 'noteFault' },
            ],
            Disconnected: { guard: 'isCurrent', target: '#provider.degraded', reenter: true, actions: 'noteFault' },
          },
        },
      },
    },
    stopped: {
      entry: { type: 'recordStatus', params: 'stopped' },
      on: {
        Start: { target: 'starting', actions: ['want', 'accept'] },
        Configure: { target: 'stopped', reenter: true, actions: 'configure' },
        Remove: REMOVE,
      },
    },
    removed: {
      tags: ['resting'],
      entry: ['pruneRoutes', 'recordRemoval'],
      on: {
        Start: { target: 'starting', actions: ['want', 'accept', 'recordRoutes'] },
        Stop: { actions: 'accept' },
        Remove: { actions: 'accept' },
        Configure: { actions: 'configure' },
        WatchRequested: { actions: 'noteWatch' },
        WatchEnded: { actions: 'noteWatch' },
      },
    },
    failed: {
      entry: [
        { type: 'refuseWaiting', params: 'failed' },
        { type: 'recordStatus', params: 'failed' },
      ],
      on: { Start: { target: 'starting', actions: ['want', 'accept'] }, Remove: REMOVE },
    },
  },
});
