// A risk scope for specs: input, requests, and one line per effect.
import type { AuditRow, RiskLimitsRow } from '../../actors/market/records.ts';
import type { RiskContext } from '../../actors/risk/decision.ts';
import { DEFAULT_LIMITS, type ReserveRequest } from '../../actors/risk/limits.ts';
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
    strategyInstance: 'mm-1',
    ...change,
  };
}

export function filled(clientOrderId: string, quantity: string, side: 'Buy' | 'Sell' = 'Buy'): RiskMessage {
  return { type: 'ExposureFilled', clientOrderId, provider: 'paper', symbol: 'BTC-USDT', side, quantity, price: '100' };
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
    if (effect.type === 'record') return rowLine(effect.row as RiskLimitsRow | AuditRow);
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

function rowLine(row: RiskLimitsRow | AuditRow): string {
  if (row.table === 'risk_limits') return `limits ${row.halted ? `halted (${row.reason})` : 'trading'}`;
  return `audit ${row.actor} ${row.action} (${row.detail})`;
}
