// Strategy instances for specs: one input, the messages of a life, and the shortest way into each state.
import type { ExecReport } from '../../actors/order/messages.ts';
import type { StrategyContext } from '../../actors/strategy/context.ts';
import { strategyMachine } from '../../actors/strategy/machine.ts';
import type {
  AmendOrder,
  OrderWish,
  PlaceOrder,
  StrategyInput,
  StrategyMessage,
} from '../../actors/strategy/messages.ts';
import { given, type Scene } from './given.ts';
import { BTC, LINK } from './providers.ts';

export type StrategyScene = Scene<StrategyMessage, StrategyContext>;

export const STRATEGY_AT = 2_000_000;
export const STRATEGY: StrategyInput = {
  instanceId: 'mm-1',
  strategy: 'market-maker',
  revision: 'sha256:1',
  config: { spread: 10 },
  scope: { paper: { symbols: ['BTC-USDT'] } },
  riskScope: 'firm',
  orderPrefix: 'mm1',
};
export const FIRST_ORDER = 'mm100000001';

const { skewMs: _skew, ...facts } = LINK;
const CAN = { amends: 'reduce', orderTypes: ['Limit', 'Market', 'Stop', 'StopLimit'] } as const;
type Of<Type extends StrategyMessage['type']> = Extract<StrategyMessage, { readonly type: Type }>;
export const READY: Of<'ProviderReady'> = {
  ...{ type: 'ProviderReady', provider: 'paper', ...facts, ...CAN, instruments: [BTC] },
};
export const LOST: Of<'ProviderLost'> = { type: 'ProviderLost', provider: 'paper', reason: 'cut' };

export function sandboxStarted(sandbox: number, ...events: readonly string[]): StrategyMessage {
  return { type: 'SandboxStarted', sandbox, events };
}

export function place(change: Partial<PlaceOrder> = {}): PlaceOrder {
  const what = { ref: '1', provider: 'paper', symbol: 'BTC-USDT', side: 'Buy', orderType: 'Limit' } as const;
  const terms = { quantity: '0.5', price: '100', stopPrice: null, timeInForce: 'GTC', postOnly: true } as const;
  return { type: 'PlaceOrder', sandbox: 1, ...what, ...terms, goodTillAt: null, linkedTo: null, ...change };
}

/** A limit order to sell and a stop order below it. */
export function placePair(limit: Partial<OrderWish> = {}, stop: Partial<OrderWish> = {}): Of<'PlacePair'> {
  const { type: _type, sandbox, linkedTo: _linkedTo, ...wish } = place({ side: 'Sell', postOnly: false });
  const other: OrderWish = { ...wish, ref: '2', orderType: 'Stop', price: null, stopPrice: '90' };
  return {
    type: 'PlacePair',
    sandbox,
    orders: [
      { ...wish, ...limit },
      { ...other, ...stop },
    ],
  };
}

export function amend(change: Partial<AmendOrder> = {}): AmendOrder {
  return { type: 'AmendOrder', sandbox: 1, clientOrderId: null, ref: '1', quantity: null, price: null, ...change };
}

/** The order says that it stands as it did. */
export function amendRefused(clientOrderId = FIRST_ORDER): ExecReport {
  return execReport('ACK', { clientOrderId, rejectReason: 'ORDER_REJECTED: code=-2038' });
}

export function fault(sandbox: number, fatal = true): StrategyMessage {
  return { type: 'ModuleFaulted', sandbox, handler: 'onTrade', reason: 'TypeError: x', fatal };
}

/** A report about the first order, as the order actor would publish it. */
export function execReport(state: ExecReport['state'], change: Partial<ExecReport> = {}): ExecReport {
  return {
    type: 'ExecReport',
    clientOrderId: FIRST_ORDER,
    exchangeOrderId: '7',
    provider: 'paper',
    symbol: 'BTC-USDT',
    strategyInstance: 'mm-1',
    state,
    side: 'Buy',
    orderType: 'Limit',
    price: '100',
    quantity: '0.5',
    filledQuantity: '0',
    remainingQty: '0.5',
    avgFillPrice: null,
    lastQuantity: null,
    lastPrice: null,
    commissionAmount: null,
    commissionAsset: null,
    timestamp: 1,
    rejectReason: null,
    ...change,
  };
}

/** A strategy in a state, reached the shortest way; its sandbox is number 1 where it has one. */
export function strategyIn(state: StrategyState, change: Partial<StrategyInput> = {}): StrategyScene {
  const start: StrategyScene = given(strategyMachine, { ...STRATEGY, ...change }, STRATEGY_AT);
  const watching = (): StrategyScene => start.hears({ type: 'Start' });
  const launching = (): StrategyScene => watching().hears(READY);
  const running = (): StrategyScene => launching().hears(sandboxStarted(1));
  const ways: { readonly [State in StrategyState]: () => StrategyScene } = {
    stopped: () => start,
    'starting.watching': watching,
    'starting.launching': launching,
    'starting.pausing': () => running().hears(fault(1)),
    running,
    failed: () => launching().hears({ type: 'SandboxFailed', sandbox: 1, reason: 'no export', retryable: false }),
  };
  return ways[state]();
}

export const STRATEGY_STATES = [
  'stopped',
  'starting.watching',
  'starting.launching',
  'starting.pausing',
  'running',
  'failed',
] as const;
export type StrategyState = (typeof STRATEGY_STATES)[number];
