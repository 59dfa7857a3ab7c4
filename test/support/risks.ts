// A risk scope for specs: input, requests, and one line per effect.
import type { AuditRow, LedgerRow, PositionRow, RiskLimitsRow } from '../../actors/market/records.ts';
import type { RiskContext } from '../../actors/risk/decision.ts';
import { type AmendRequest, DEFAULT_LIMITS, type ReserveRequest } from '../../actors/risk/limits.ts';
import { riskMachine } from '../../actors/risk/machine.ts';
import type { RiskControl, RiskLimits, RiskMessage } from '../../actors/risk/messages.ts';
import type { Effect } from '../../actors/runtime/effect.ts';
import { given, type Scene } from './given.ts';

export type RiskScene = Scene<RiskMessage, RiskContext>;

/** Wide open but for what a spec changes. */
export const NO_LIMITS: RiskLimits = {
  ...DEFAULT_LIMITS,
  maxPositionSize: '0',
  maxNotionalValue: '0',
  orderThrottle: 0,
  maxConcurrentOrders: 0,
  priceBandPercent: '0',
};

export const STARTED_AT = 10_000;

export function risk(limits: Partial<RiskLimits> = {}): RiskScene {
  return given(riskMachine, { scope: 'firm', limits: { ...NO_LIMITS, ...limits } }, STARTED_AT);
}

export function wants(clientOrderId: string, change: Partial<ReserveRequest> = {}): ReserveRequest {
  return {
    type: 'ReserveRequested',
    clientOrderId,
    provider: 'paper',
    symbol: 'BTC-USDT',
    side: 'Buy',
    orderType: 'Limit',
    quantity: '1',
    price: '100',
    stopPrice: null,
    strategyInstance: 'mm-1',
    ...change,
  };
}

/** The open order asks for other terms. */
export function amends(clientOrderId: string, change: Partial<AmendRequest> = {}): AmendRequest {
  const { stopPrice: _granted, type: _type, ...asked } = wants(clientOrderId);
  return { ...asked, type: 'AmendRequested', ...change };
}

type Filled = Extract<RiskMessage, { readonly type: 'ExposureFilled' }>;

export function filled(
  clientOrderId: string,
  quantity: string,
  side: 'Buy' | 'Sell' = 'Buy',
  change: Partial<Filled> = {},
): Filled {
  return {
    type: 'ExposureFilled',
    clientOrderId,
    provider: 'paper',
    account: 'main',
    strategyInstance: 'mm-1',
    symbol: 'BTC-USDT',
    side,
    quantity,
    price: '100',
    fee: null,
    feeAsset: null,
    kind: 'fill',
    posting: `fill:${clientOrderId}`,
    ...change,
  };
}

export function released(clientOrderId: string): RiskMessage {
  return { type: 'ReservationReleased', clientOrderId, provider: 'paper', symbol: 'BTC-USDT' };
}

export function price(text: string): RiskMessage {
  return { type: 'ReferencePriceMoved', provider: 'paper', symbol: 'BTC-USDT', price: text };
}

/** Every effect as one line. */
export function riskLines({ effects }: { readonly effects: readonly Effect[] }): string[] {
  return effects.map((effect) => {
    if (effect.type === 'send') return `${effect.to} ${said(effect.message)}`;
    if (effect.type === 'publish') return `${effect.topic} ${controlLine(effect.event as RiskControl)}`;
    if (effect.type === 'reply') return `reply ${JSON.stringify(effect.value)}`;
    if (effect.type === 'record') return rowLine(effect.row as Row);
    return JSON.stringify(effect);
  });
}

function said(message: { readonly type: string }): string {
  const { type, code, reason } = message as { readonly type: string; readonly code?: string; readonly reason?: string };
  return [type, code, reason].filter((part) => part !== undefined).join(' ');
}

function controlLine({ status, breachType, reason, killSwitchEngaged }: RiskControl): string {
  return `${status} ${breachType} ${killSwitchEngaged ? 'halted' : 'trading'} (${reason})`;
}

type Row = RiskLimitsRow | AuditRow | PositionRow | LedgerRow;

function rowLine(row: Row): string {
  if (row.table === 'risk_limits') return `limits ${row.halted ? `halted (${row.reason})` : 'trading'}`;
  if (row.table === 'ledger_entries') {
    return `ledger ${row.posting} ${row.kind} ${row.account}:${row.provider} ${row.amount} ${row.asset}`;
  }
  if (row.table === 'positions') {
    const fee = row.fee === null ? 'none' : `${row.fee.amount} ${row.fee.asset}`;
    return `position ${row.quantity} cost ${row.costQuote} realized ${row.realizedQuote} fee ${fee}`;
  }
  return `audit ${row.actor} ${row.action} (${row.detail})`;
}
