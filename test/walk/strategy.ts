// What a strategy instance can hear.
import { FAULTS_MAX } from '../../actors/strategy/bounds.ts';
import type { StrategyContext } from '../../actors/strategy/context.ts';
import type { StrategyMessage } from '../../actors/strategy/messages.ts';
import {
  amend,
  execReport,
  fault,
  LOST,
  place,
  placePair,
  READY,
  STRATEGY,
  sandboxStarted,
} from '../support/strategies.ts';
import type { Alphabet } from './walk.ts';

const { revision, config, scope } = STRATEGY;

/** Launching again, with as many faults as it bears. Each takes a sandbox to start and one to stop. */
const FAULTY: readonly (StrategyMessage | { readonly type: string })[] = [
  { type: 'Start' },
  READY,
  ...Array.from({ length: FAULTS_MAX }, (_, n) => [
    sandboxStarted(2 * n + 1),
    fault(2 * n + 1),
    READY,
    { type: 'xstate.after.restartDelay.strategy.starting.pausing' },
  ]).flat(),
];
const control: StrategyMessage = {
  type: 'RiskControl',
  strategyId: 'mm-1',
  provider: 'paper',
  symbol: 'BTC-USDT',
  status: 'TRIGGERED',
  reason: 'x',
  breachType: 'UNKNOWN',
  killSwitchEngaged: false,
  circuitBreakerOpen: false,
  timestamp: 1,
};

export const strategy: Alphabet = {
  starts: [
    { input: STRATEGY },
    { input: STRATEGY, opening: FAULTY },
    { input: STRATEGY, opening: [...FAULTY, sandboxStarted(2 * FAULTS_MAX + 1)] },
  ],
  timers: [],
  messages: ({ sandbox }: StrategyContext): readonly StrategyMessage[] => [
    { type: 'Start' },
    { type: 'Stop' },
    { type: 'Configure', revision, config, scope },
    { type: 'Configure', revision: 'sha256:2', config, scope },
    { type: 'NodeStarted' },
    READY,
    LOST,
    sandboxStarted(sandbox),
    sandboxStarted(sandbox, 'Trade'),
    sandboxStarted(sandbox - 1),
    { type: 'SandboxFailed', sandbox, reason: 'x', retryable: true },
    { type: 'SandboxFailed', sandbox, reason: 'x', retryable: false },
    { type: 'SandboxStopped', sandbox },
    place({ sandbox }),
    place({ sandbox: sandbox - 1 }),
    { ...placePair(), sandbox },
    { ...placePair(), sandbox: sandbox - 1 },
    amend({ sandbox }),
    amend({ sandbox: sandbox - 1 }),
    { type: 'CancelOrder', sandbox, clientOrderId: null, ref: '1' },
    { type: 'CancelOrder', sandbox: sandbox - 1, clientOrderId: null, ref: '1' },
    { type: 'CancelOrders', sandbox, provider: null, symbol: null },
    { type: 'CancelOrders', sandbox: sandbox - 1, provider: null, symbol: null },
    { type: 'SaveState', sandbox, state: 1 },
    { type: 'SaveState', sandbox: sandbox - 1, state: 1 },
    fault(sandbox),
    fault(sandbox, false),
    execReport('ACK'),
    control,
  ],
};
