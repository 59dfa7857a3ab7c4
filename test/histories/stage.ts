// What plays are made of: a stage with a running gateway and its venue, and the moves on it.
import type { BusMessage } from '../../actors/bus/messages.ts';
import type { VenueHandle } from '../../actors/exchanges/paper/adopt.ts';
import { type OrderMessage, orderKey } from '../../actors/order/messages.ts';
import { type ProviderMessage, providerKey } from '../../actors/provider/messages.ts';
import { DEFAULT_LIMITS } from '../../actors/risk/limits.ts';
import { type RiskLimits, type RiskMessage, riskKey } from '../../actors/risk/messages.ts';
import type { ActorKey } from '../../actors/runtime/message.ts';
import type { System } from '../../actors/runtime/system.ts';
import {
  type PlaceOrder,
  type StrategyInput,
  type StrategyMessage,
  strategyKey,
} from '../../actors/strategy/messages.ts';
import type { SupervisorMessage } from '../../actors/supervisor/messages.ts';
import { until } from '../support/system.ts';

export interface Stage {
  readonly system: System;
  readonly venue: Pick<VenueHandle, 'restUrl' | 'adminToken' | 'pid'>;
}
/** What happens, and how the gateway ends after it. */
export type Part = (stage: Stage) => Promise<'stop' | 'kill'>;
export interface Play {
  readonly strategies: readonly StrategyInput[];
  readonly parts: readonly Part[];
  /** Of the venue's market: 0 stands still, and says nothing. */
  readonly speed: number;
}

export const SCOPE = 'main';
/** Wide, except where a play narrows them. */
export const LIMITS: RiskLimits = {
  ...DEFAULT_LIMITS,
  maxNotionalValue: '0',
  orderThrottle: 0,
  maxConcurrentOrders: 0,
  priceBandPercent: '0',
  maxRiskBreaches: 0,
  allowedOrderTypes: ['Limit', 'Market', 'Stop', 'StopLimit'],
};
export const PAPER = providerKey('paper');
export const RISK = riskKey(SCOPE);
export const HANDS = strategyKey('hands');

type Said = BusMessage | OrderMessage | ProviderMessage | RiskMessage | StrategyMessage | SupervisorMessage;

/** Resolves after the commit. */
export async function say(system: System, to: ActorKey, message: Said): Promise<void> {
  await system.deliver(to, message);
}

export function stateOf(system: System, key: ActorKey): string {
  return system.snapshot(key)?.state ?? '';
}

export async function running(system: System, key: ActorKey): Promise<void> {
  await until(`${key} runs`, () => stateOf(system, key) === 'running', 60_000);
}

export async function inState(system: System, id: string, pattern: RegExp): Promise<void> {
  await until(`${id} is ${pattern.source}`, () => pattern.test(stateOf(system, orderKey(id))), 60_000).catch(
    (error) => {
      throw new Error(`it is ${stateOf(system, orderKey(id))}`, { cause: error });
    },
  );
}

export async function ended(system: System, id: string): Promise<void> {
  await inState(system, id, /life.(filled|canceled|expired|rejected|denied|absent)/);
}

export async function restingOrders(system: System): Promise<void> {
  const open = (): boolean =>
    system.inspector.list({ kind: 'order', limit: 500 }).some(({ status }) => status !== 'done');
  await until('every order has ended', () => !open(), 60_000);
}

export function order(terms: Omit<Partial<PlaceOrder>, 'price'> & { readonly price?: number }): PlaceOrder {
  const { price, ...rest } = terms;
  return {
    type: 'PlaceOrder',
    sandbox: 0,
    ref: 'r',
    provider: 'paper',
    symbol: 'BTC-USDT',
    side: 'Buy',
    orderType: 'Limit',
    quantity: '0.002',
    timeInForce: 'GTC',
    postOnly: false,
    stopPrice: null,
    goodTillAt: null,
    linkedTo: null,
    ...rest,
    price: price === undefined ? null : price.toFixed(2),
  };
}

export function sandboxOf(system: System): number {
  const { context } = system.snapshot(HANDS) ?? {};
  return (context as { readonly sandbox: number }).sandbox;
}

let placed = 0;
/** The client order id, after the commit that decided everything up to the claim. */
export async function place(system: System, terms: Parameters<typeof order>[0]): Promise<string> {
  const before = new Set(system.inspector.list({ kind: 'order', limit: 1_000 }).map(({ key }) => key));
  placed += 1;
  await say(system, HANDS, { ...order(terms), ref: `r${placed}`, sandbox: sandboxOf(system) });
  const key = system.inspector.list({ kind: 'order', limit: 1_000 }).find((one) => !before.has(one.key))?.key;
  if (key === undefined) throw new Error(`nothing was placed: ${JSON.stringify(terms)}`);
  return key.slice('order/'.length);
}

export async function working(system: System, bid: number): Promise<string> {
  const id = await place(system, { side: 'Buy', price: bid * 0.99 });
  await inState(system, id, /life.working/);
  return id;
}

export async function cancel(system: System, id: string): Promise<void> {
  await say(system, orderKey(id), { type: 'CancelOrder', reason: 'wished' });
}

export async function limits(system: System, some: Partial<RiskLimits>): Promise<void> {
  await say(system, RISK, { type: 'SetLimits', limits: { ...LIMITS, ...some } });
}

export async function best({ restUrl }: Stage['venue']): Promise<{ bid: number; ask: number }> {
  const answer = await fetch(`${restUrl}/api/v3/ticker/bookTicker?symbol=BTCUSDT`);
  const { bidPrice, askPrice } = (await answer.json()) as { bidPrice: string; askPrice: string };
  return { bid: Number(bidPrice), ask: Number(askPrice) };
}

export async function faults(venue: Stage['venue'], ...rules: readonly object[]): Promise<void> {
  await admin(venue, 'POST', '/faults', { rules });
}

export async function admin(
  { restUrl, adminToken }: Stage['venue'],
  method: string,
  path: string,
  body: object,
): Promise<void> {
  const answer = await fetch(`${restUrl}${path}`, {
    method,
    headers: { 'x-venue-token': adminToken },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
}
