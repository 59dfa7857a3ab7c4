// A gateway to be killed: the production composition in a process of its own, on the database and venue it is told
// of, dying at the point it is told. It ends with its parent, whatever becomes of that.

import path from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import type { Json } from '../../actors/runtime/message.ts';
import type { StrategyInput } from '../../actors/strategy/messages.ts';
import { strategyKey } from '../../actors/strategy/messages.ts';
import { createLog } from '../../actors/telemetry/log.ts';
import { type Gateway, startGateway } from '../../bin/gateway.ts';
import { createModules, type Modules, revisionOf } from '../../bin/modules.ts';
import { actorsOf, crashHook } from './crash-hook.ts';
import {
  type Command,
  FAILED_EXIT,
  type FromGateway,
  LOAD,
  MARKET_MAKER,
  type Plan,
  TOKEN,
  type ToGateway,
} from './protocol.ts';

const SHIPPED = path.resolve(import.meta.dirname, '../../config/strategies');
const OWN = path.dirname(path.join(import.meta.dirname, './modules/hands.js'));
const SCOPE = { paper: { symbols: ['BTC-USDT'] } };
/** Orders above it are denied, which the load counts on. */
const LIMITS = {
  maxPositionSize: '20',
  maxNotionalValue: '0',
  notionalCurrency: 'USDT',
  orderThrottle: 0,
  orderBurst: 1,
  maxConcurrentOrders: 0,
  priceBandPercent: '0',
  allowedOrderTypes: ['Limit', 'Market'],
  killSwitchEnabled: false,
  maxRiskBreaches: 0,
} as const;
/** Replaces its quotes at the slightest move. */
const BRISK = { dry_run: false, requote_bps: '0.2', requote_trades: 5, spread_bps: '1', inventory_limit: '0.05' };

process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.once('message', (first: ToGateway) => {
  if (first.type === 'begin') void run(first.plan);
});

async function run(plan: Plan): Promise<void> {
  const gateway = await start(plan);
  tell({ type: 'recovered', url: gateway.url, ...gateway.recovered });
  process.on('message', (message: ToGateway) => {
    if (message.type === 'command') void obey(gateway, message.command);
    else if (message.type === 'stop') void gateway.stop().then(() => process.exit(0));
  });
  const instances = plan.marketMaker ? [LOAD, MARKET_MAKER] : [LOAD];
  while (!instances.every((id) => gateway.system.snapshot(strategyKey(id))?.state === 'running')) await pause(20);
  tell({ type: 'ready' });
}

function start(plan: Plan): Promise<Gateway> {
  const { database, venue, keys, leaseMs, idBlock, recvWindowMs } = plan;
  const settings = { ...venue, apiKey: 'env:KEY', apiSecret: 'env:SECRET', venue: 'PAPER', recvWindowMs };
  const crash = crashHook(plan.crash);
  return startGateway({
    store: { url: database },
    children: {
      providers: [{ name: 'paper', adapter: 'binance', settings }],
      strategies: strategiesOf(plan),
      risks: [{ scope: 'main', limits: LIMITS }],
    },
    secrets: (reference) => (reference === 'env:KEY' ? keys.apiKey : keys.apiSecret),
    modules: MODULES,
    api: { address: '127.0.0.1:0', token: TOKEN, allowedHosts: [] },
    environment: 'test',
    log: createLog({ level: 'warn', pretty: false }),
    bounds: { leaseMs, idBlock },
    actors: actorsOf(crash, plan.resends),
    crash,
    onFailed: (error) => {
      tell({ type: 'failed', error: error instanceof Error ? error.message : String(error) });
      setImmediate(() => process.exit(FAILED_EXIT));
    },
  });
}

const MODULES: Modules = {
  source: (name, revision) => createModules(folderOf(name)).source(name, revision),
};

function folderOf(module: string): string {
  return module === 'hands' ? OWN : SHIPPED;
}

function strategiesOf({ marketMaker }: Plan): readonly StrategyInput[] {
  const hands = strategy(LOAD, 'hands', 'ld', {});
  return marketMaker ? [hands, strategy(MARKET_MAKER, 'market-maker', 'mm', BRISK)] : [hands];
}

function strategy(instanceId: string, module: string, orderPrefix: string, config: StrategyInput['config']) {
  const revision = revisionOf(folderOf(module), module);
  return { instanceId, strategy: module, revision, config, scope: SCOPE, riskScope: 'main', orderPrefix };
}

/** Answers after the commit that took it, which is what makes it an acknowledgement. */
async function obey({ system }: Gateway, { id, to, message }: Command): Promise<void> {
  try {
    const { sandbox } = contextOf(system.snapshot(to)?.context);
    const isDecision = ['PlaceOrder', 'PlacePair', 'CancelOrder', 'CancelOrders', 'AmendOrder'].includes(message.type);
    const body = isDecision ? Object.assign({ sandbox }, message) : message;
    const outcome = await system.deliver(to, body, { id });
    const open = Object.values(contextOf(system.snapshot(to)?.context).open ?? {});
    const ref = (message as { readonly ref?: string }).ref;
    const placed = open.find((order) => ref !== undefined && order.ref === ref);
    tell({ type: 'acked', id, outcome, orderId: placed?.clientOrderId ?? null });
  } catch (error) {
    tell({ type: 'refused', id, error: error instanceof Error ? error.message : String(error) });
  }
}

interface Seen {
  readonly sandbox?: number;
  readonly open?: { readonly [id: string]: { readonly ref: string | null; readonly clientOrderId: string } };
}
function contextOf(context: Json | undefined): Seen {
  return (context ?? {}) as Seen;
}

function tell(message: FromGateway): void {
  process.send?.(message, () => {}); // a parent that is gone ends us by itself
}
