// What risk can hear.
import { DEFAULT_LIMITS } from '../../actors/risk/limits.ts';
import type { RiskMessage } from '../../actors/risk/messages.ts';
import type { Alphabet } from './walk.ts';

const what = { clientOrderId: 'mm1abc00000001', provider: 'paper', symbol: 'BTC-USDT', side: 'Buy' } as const;
const who = { account: 'main', strategyInstance: 'mm-1' } as const;
const request = {
  ...what,
  orderType: 'Limit',
  quantity: '1',
  price: '100',
  stopPrice: null,
  strategyInstance: 'mm-1',
} as const;
const fill = { ...what, ...who, quantity: '1', price: '100', fee: '0.1', feeAsset: 'USDT', posting: 'p' } as const;
const limits = { ...DEFAULT_LIMITS, maxPositionSize: '2' };

export const risk: Alphabet = {
  starts: [{ input: { scope: 'main', limits } }],
  timers: [],
  messages: (): readonly RiskMessage[] => [
    { type: 'ReserveRequested', ...request },
    { type: 'AmendRequested', ...request },
    {
      type: 'ReservationAmended',
      clientOrderId: what.clientOrderId,
      provider: 'paper',
      symbol: 'BTC-USDT',
      quantity: '1',
    },
    { type: 'ReservationRestored', ...what, quantity: '1', price: '100' },
    { type: 'ReservationReleased', clientOrderId: what.clientOrderId, provider: 'paper', symbol: 'BTC-USDT' },
    { type: 'ExposureFilled', ...fill, kind: 'fill' },
    { type: 'ExposureFilled', ...fill, kind: 'bust' },
    { type: 'FeeLearned', ...who, provider: 'paper', symbol: 'BTC-USDT', fee: '1', feeAsset: 'USDT' },
    { type: 'RestrictTrading', provider: 'paper', symbol: null, reason: 'x' },
    { type: 'LiftRestriction', provider: 'paper', symbol: null, by: 'ann' },
    { type: 'ReferencePriceMoved', provider: 'paper', symbol: 'BTC-USDT', price: '100' },
    { type: 'SetLimits', limits },
    { type: 'EngageKillSwitch', reason: 'x' },
    { type: 'ReleaseKillSwitch', by: 'ann' },
  ],
};
