// A sandbox whose decisions, log lines and faults are kept, and events to feed it.
import type { ExecutionContext } from 'ava';
import type { MarketEvent } from '../../actors/market/market-event.ts';
import {
  createSandbox,
  type Decision,
  type Fault,
  type OrderEvent,
  type Sandbox,
  type SandboxLimits,
  type SandboxOptions,
} from '../../actors/strategy/sandbox/index.ts';

/** Room for a machine that does many things at once: what is tested is what happens, not how soon. */
export const ROOMY: Partial<SandboxLimits> = { callMs: 1_000, startMs: 2_000, bootMs: 60_000 };

export const SCOPE = { paper: { symbols: ['BTC-USDT', 'ETH-USDT'] } };

export interface World {
  readonly sandbox: Sandbox;
  readonly decisions: Decision[];
  readonly logs: string[];
  readonly faults: Fault[];
  /** Everything that was fed is handled, or the sandbox is over. */
  settled(): Promise<void>;
  /** What the module last gave to saveState. */
  saved(): unknown;
}

/** A module that declares itself and runs `body` in create(env); `body` returns the handlers. */
export function moduleOf(body: string, metadata: object = {}): string {
  const said = { name: 'probe', tag: 'v1', displayName: 'Probe', config: [], events: ['Trade', 'Ticker'], ...metadata };
  return `module.exports.metadata = ${JSON.stringify(said)};\nmodule.exports.create = function (env) {\n${body}\n};`;
}

/** A module whose onTicker is `body`, with ctx, event, payload and env in reach. */
export function onTicker(body: string): string {
  return moduleOf(`return { onTicker(ctx, event, payload) {\n${body}\n} };`);
}

export async function start(t: ExecutionContext, source: string, given: Partial<SandboxOptions> = {}): Promise<World> {
  const decisions: Decision[] = [];
  const logs: string[] = [];
  const faults: Fault[] = [];
  const sandbox = await createSandbox({
    instanceId: 'probe-1',
    source,
    config: { dry_run: false },
    scope: SCOPE,
    state: null,
    onDecision: (decision) => decisions.push(decision),
    onLog: (level, text) => logs.push(`${level} ${text}`),
    onFault: (fault) => faults.push(fault),
    ...given,
    limits: { ...ROOMY, ...given.limits },
  });
  t.teardown(() => sandbox.stop());
  const settled = async () => {
    while (sandbox.stats().waiting > 0 && !faults.some(({ fatal }) => fatal)) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const saved = () => decisions.findLast((decision) => decision.type === 'SaveState')?.state;
  return { sandbox, decisions, logs, faults, settled, saved };
}

export function ticker(bid: string, ask: string, timestamp = 1_700_000_000_000, symbol = 'BTC-USDT'): MarketEvent {
  const payload = { lastPrice: bid, bidPrice: bid, askPrice: ask, volume24h: '1', timestamp };
  return { type: 'Ticker', provider: 'paper', symbol, payload };
}

export function trade(price: string, timestamp = 1_700_000_000_000, tradeId = '1'): MarketEvent {
  const payload = { tradeId, side: 'Buy', price, quantity: '0.1', timestamp } as const;
  return { type: 'Trade', provider: 'paper', symbol: 'BTC-USDT', payload };
}

export type Report = Extract<OrderEvent, { type: 'ExecReport' }>;

export function report(given: Partial<Report> & Pick<Report, 'state'>): Report {
  return {
    type: 'ExecReport',
    ref: null,
    clientOrderId: 'c1',
    exchangeOrderId: '1',
    provider: 'paper',
    symbol: 'BTC-USDT',
    strategyInstance: 'probe-1',
    side: 'Buy',
    orderType: 'Limit',
    price: '60000',
    quantity: '1',
    filledQuantity: '0',
    remainingQty: '1',
    avgFillPrice: null,
    lastQuantity: null,
    lastPrice: null,
    commissionAmount: null,
    commissionAsset: null,
    timestamp: 1_700_000_000_000,
    rejectReason: null,
    ...given,
  };
}
