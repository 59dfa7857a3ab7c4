// Providers for specs: one input, the messages of a life, and the shortest way into each state.
import type { VenueOrder } from '../../actors/market/execution.ts';
import type { Instrument } from '../../actors/market/instrument.ts';
import type { Link, ProviderContext } from '../../actors/provider/context.ts';
import { providerMachine } from '../../actors/provider/machine.ts';
import type {
  Connected,
  ExternalOrderSeen,
  ProviderInput,
  ProviderMessage,
  Reconciled,
} from '../../actors/provider/messages.ts';
import { given, type Scene } from './given.ts';

export type ProviderScene = Scene<ProviderMessage, ProviderContext>;

export const STARTED_AT = 1_000_000;
export const SETTINGS = {
  restUrl: 'http://127.0.0.1:9',
  streamUrl: 'ws://127.0.0.1:9',
  wsApiUrl: 'ws://127.0.0.1:9',
  apiKey: 'env:PAPER_KEY',
  apiSecret: 'env:PAPER_SECRET',
} as const;
export const INPUT: ProviderInput = { name: 'paper', adapter: 'binance', settings: SETTINGS };

export const BTC: Instrument = {
  symbol: 'BTC-USDT',
  base: 'BTC',
  quote: 'USDT',
  priceIncrement: '0.01',
  quantityIncrement: '0.001',
  minQuantity: '0.001',
  maxQuantity: '100',
  minNotional: '5',
};
export const ETH: Instrument = { ...BTC, symbol: 'ETH-USDT', base: 'ETH' };
export const LINK: Link = {
  ...{ venue: 'PAPER', account: 'main', fenceMarginMs: 16_000, recvWindowMs: 5_000, skewMs: 3, readLagMs: 5_000 },
  ...{ amends: 'reduce', orderTypes: ['Limit', 'Market'], riskScopes: ['firm'], orderPrefix: '' },
};

export function connected(session: number, change: Partial<Connected> = {}): Connected {
  return { type: 'Connected', session, ...LINK, instruments: [BTC], ...change };
}

export function reconciled(session: number, round: number, change: Partial<Reconciled> = {}): Reconciled {
  const whole = { skewMs: 3, unseenMs: 0, missing: 0, left: 0, unresolved: 0 };
  const nothing = { openOrders: [], found: [], balances: [], differences: [] };
  return { type: 'Reconciled', session, round, ...whole, ...nothing, ...change };
}

export function watch(name: string, ...symbols: readonly string[]): ProviderMessage {
  const routes = symbols.map((symbol) => ({ type: 'Ticker' as const, symbol }));
  return { type: 'WatchRequested', watcher: `strategy/${name}`, routes };
}

export function submit(clientOrderId: string, symbol = 'BTC-USDT'): ProviderMessage {
  return { type: 'SubmitRequested', clientOrderId, symbol };
}

export function foreign(clientOrderId: string, venueOrderId: string): VenueOrder {
  const amounts = { quantity: '1', price: '100', filledQuantity: '0' };
  const status = { status: 'open', rawStatus: 'NEW' } as const;
  return { clientOrderId, venueOrderId, symbol: 'BTC-USDT', side: 'Buy', ...status, ...amounts, updatedAt: 1 };
}

/** A report or a finding about an order of somebody else. */
export function seenExternal(order: VenueOrder, change: Partial<ExternalOrderSeen> = {}): ExternalOrderSeen {
  return { type: 'ExternalOrderSeen', order, execution: null, reason: null, riskScope: 'firm', ...change };
}

/** A provider in a state, reached the shortest way; its session is number 1 where it has one. */
export function providerIn(state: ProviderState): ProviderScene {
  const start: ProviderScene = given(providerMachine, INPUT, STARTED_AT);
  const starting = (): ProviderScene => start.hears({ type: 'Start' });
  const reconciling = (): ProviderScene => starting().hears(connected(1));
  const ready = (): ProviderScene => reconciling().hears(reconciled(1, 1));
  const degraded = (): ProviderScene => ready().hears({ type: 'Disconnected', session: 1, reason: 'cut' });
  const refusal = { type: 'ConnectFailed', session: 1, reason: 'bad key', retryable: false } as const;
  const ways: { readonly [State in ProviderState]: () => ProviderScene } = {
    pending: () => start,
    starting,
    'running.reconciling.asking': reconciling,
    'running.reconciling.pausing': () =>
      reconciling().hears({ type: 'ReconcileFailed', session: 1, round: 1, reason: 'no answer' }),
    'running.reconciling.catchingUp': () =>
      ready()
        .waits('nextRound')
        .hears(reconciled(1, 2, { missing: 1 })),
    'running.ready.settled': ready,
    'running.ready.checking': () => ready().waits('nextRound'),
    'degraded.waiting': degraded,
    'degraded.opening': () => degraded().waits('reconnectDelay'),
    stopped: () => starting().hears({ type: 'Stop' }),
    failed: () => starting().hears(refusal),
    removed: () => start.hears({ type: 'Remove', by: 'ann' }),
  };
  return ways[state]();
}

export const PROVIDER_STATES = [
  'pending',
  'starting',
  'running.reconciling.asking',
  'running.reconciling.pausing',
  'running.reconciling.catchingUp',
  'running.ready.settled',
  'running.ready.checking',
  'degraded.waiting',
  'degraded.opening',
  'stopped',
  'failed',
  'removed',
] as const;
export type ProviderState = (typeof PROVIDER_STATES)[number];
