// What a provider can hear.
import { RECONCILE_FAILURES_MAX } from '../../actors/provider/bounds.ts';
import type { ProviderContext } from '../../actors/provider/context.ts';
import type { ProviderMessage } from '../../actors/provider/messages.ts';
import {
  BTC,
  connected,
  ETH,
  foreign,
  INPUT,
  reconciled,
  SETTINGS,
  seenExternal,
  submit,
  watch,
} from '../support/providers.ts';
import type { Alphabet } from './walk.ts';

const NEXT_ROUND = { type: 'xstate.after.nextRound.provider.running.ready.settled' };
/** Ready, with one failed round fewer than it bears. */
const LAST_STRAW: readonly (ProviderMessage | { readonly type: string })[] = [
  { type: 'Start' },
  connected(1),
  reconciled(1, 1),
  ...Array.from({ length: RECONCILE_FAILURES_MAX - 1 }, (_, n) => [
    NEXT_ROUND,
    { type: 'ReconcileFailed', session: 1, round: n + 2, reason: 'x' } as const,
  ]).flat(),
  NEXT_ROUND,
];

export const provider: Alphabet = {
  starts: [{ input: INPUT }, { input: INPUT, opening: LAST_STRAW }],
  timers: ['FeedsRetryDue'],
  messages: ({ session, feeds: { wanted: feeds }, rounds: { round } }: ProviderContext): readonly ProviderMessage[] => [
    { type: 'Start' },
    { type: 'Stop' },
    { type: 'Configure', adapter: 'binance', settings: SETTINGS },
    { type: 'Configure', adapter: 'binance', settings: { ...SETTINGS, recvWindowMs: 1_000 } },
    { type: 'NodeStarted' },
    connected(session),
    connected(session - 1),
    { type: 'ConnectFailed', session, reason: 'x', retryable: true },
    { type: 'ConnectFailed', session, reason: 'x', retryable: false },
    { type: 'Closed', session },
    { type: 'FeedsHeld', session, feeds, instruments: [ETH] },
    { type: 'FeedsHeld', session, feeds, instruments: [BTC, ETH] },
    { type: 'FeedsFailed', session, feeds, reason: 'x' },
    reconciled(session, round),
    reconciled(session, round, { missing: 1 }),
    { type: 'ReconcileFailed', session, round, reason: 'x' },
    { type: 'ClockSkewed', session, round, skewMs: 9_000, allowedMs: 1_000 },
    { type: 'Disconnected', session, reason: 'x' },
    { type: 'Reconnected', session },
    { type: 'InstrumentsChanged', session, instruments: [ETH] },
    { type: 'BalancesObserved', balances: [{ asset: 'BTC', available: '1', locked: '0', observedAt: 1 }] },
    seenExternal(foreign('web_1', '7')),
    submit('mm1abc00000001'),
    { type: 'OrderClosed', clientOrderId: 'mm1abc00000001' },
    { type: 'OrderStands', clientOrderId: 'mm1abc00000002', symbol: 'BTC-USDT' },
    watch('mm-1', 'BTC-USDT'),
    watch('mm-1', 'BTC-USDT', 'ETH-USDT'),
    { type: 'WatchEnded', watcher: 'strategy/mm-1' },
    { type: 'WatchEnded', watcher: 'strategy/none' },
    { type: 'TradingHalted', reason: 'x' },
    { type: 'TradingResumed' },
    { type: 'TradingRestricted', symbol: null, reason: 'x' },
    { type: 'CancelAll', by: 'ann', reason: 'x', symbol: null },
    { type: 'ExplainDifference', by: 'ann', asset: 'BTC', reason: 'x' },
    { type: 'Remove', by: 'ann' },
  ],
};
