// What the supervisor can hear.
import { DEFAULT_LIMITS } from '../../actors/risk/limits.ts';
import type { SupervisorMessage } from '../../actors/supervisor/messages.ts';
import type { Alphabet } from './walk.ts';

const POLICY = { intensity: 2, periodMs: 60_000, backoffMs: 100, maxBackoffMs: 1_000 };
const PROVIDER = { name: 'paper', adapter: 'binance', settings: {} };
const STRATEGY = {
  instanceId: 'mm-1',
  strategy: 'mm',
  revision: '1',
  config: {},
  scope: { paper: { symbols: ['BTC-USDT'] } },
  riskScope: 'other',
  orderPrefix: 'mm1',
};
const key = 'order/mm1abc00000001';

export const supervisor: Alphabet = {
  starts: [{ input: {} }],
  timers: [],
  messages: (): readonly SupervisorMessage[] => [
    { type: 'NodeStarted', node: 'a', epoch: '1', providers: [PROVIDER], strategies: [], risks: [] },
    { type: 'NodeStopping' },
    { type: 'ActorFailed', key, reason: 'x', policy: POLICY },
    { type: 'ResumeDue', key },
    { type: 'ResumeActor', key },
    { type: 'AddProvider', input: { ...PROVIDER, name: 'other' }, start: true },
    { type: 'AddStrategy', input: STRATEGY, start: true },
    { type: 'AddRisk', input: { scope: 'other', limits: DEFAULT_LIMITS } },
    { type: 'RemoveChild', key: 'provider/other' },
  ],
};
