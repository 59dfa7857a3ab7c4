// Reconciliation. The provider knows no order's state: it compares what the venue says with what the venue said the
// last time, and lets each order that differs ask about itself. A run without faults asks about nothing but progress.
import { add, parse } from '../market/decimal.ts';
import type { VenueOrder, VenueTrade } from '../market/execution.ts';
import type { AuditRow, BalanceRow } from '../market/records.ts';
import { orderKey } from '../order/messages.ts';
import { record, send } from '../runtime/effect.ts';
import { ASKED_ORDERS_MAX, BALANCES_MAX, EXTERNAL_ORDERS_MAX, RECONCILE_OVERLAP_MS } from './bounds.ts';
import type { Heard, LiveOrder, Outcome, ProviderContext, ProviderEffect } from './context.ts';
import type { BalanceSeen, OpenOrderSeen, Reconcile } from './messages.ts';

export interface Comparison {
  /** Client order ids: those not asked for longest first. */
  readonly ask: readonly string[];
  readonly live: ProviderContext['live'];
  /** How many more would have to ask, and will after the next round. */
  readonly rest: number;
}

/**
 * `askedAt` is when the round began: an order granted after it may be missing for that reason alone.
 * An order is asked about when the venue no longer lists it as open, lists it with another filled quantity than
 * the last time, or lists more trades of it than that quantity.
 */
export function compare(
  live: Comparison['live'],
  openOrders: readonly OpenOrderSeen[],
  trades: readonly VenueTrade[],
  askedAt: number,
): Comparison {
  const open = new Map(openOrders.map((order) => [order.clientOrderId, order]));
  const traded = tradedByOrder(trades);
  const differing = Object.entries(live).filter(([id, order]) => {
    const seen = open.get(id);
    return seen === undefined ? order.since < askedAt : isAhead(order, seen, traded.get(seen.venueOrderId) ?? 0n);
  });
  // Whoever has not been asked for longest is first, so that nobody is left out round after round.
  differing.sort(([, left], [, right]) => left.askedAt - right.askedAt);
  const ask = differing.slice(0, ASKED_ORDERS_MAX).map(([id]) => id);
  const next: { [clientOrderId: string]: LiveOrder } = { ...live };
  for (const id of ask) {
    const order = live[id] as LiveOrder;
    next[id] = { ...order, askedAt, filled: open.get(id)?.filledQuantity ?? order.filled };
  }
  return { ask, live: next, rest: differing.length - ask.length };
}

function isAhead(order: LiveOrder, seen: OpenOrderSeen, traded: bigint): boolean {
  const filled = parse(seen.filledQuantity);
  return filled !== parse(order.filled) || traded > filled;
}

function tradedByOrder(trades: readonly VenueTrade[]): Map<string, bigint> {
  const traded = new Map<string, bigint>();
  for (const { venueOrderId, quantity } of trades) {
    traded.set(venueOrderId, add(traded.get(venueOrderId) ?? 0n, parse(quantity)));
  }
  return traded;
}

export function settleRound(context: ProviderContext, answer: Heard<'Reconciled'>): Outcome {
  const { rounds } = context;
  // 1. Orders that differ ask the venue about themselves.
  const { ask, live, rest } = compare(context.live, answer.openOrders, answer.trades, rounds.askedAt);
  const asked = ask.map((id) => send(orderKey(id), { type: 'ReconcileRequested' as const }));
  // 2. Orders of others are written down once.
  const others = noteExternal(context, answer.external);
  // 3. What the account holds; an asset that is not listed any more holds nothing.
  const listed = new Set(answer.balances.map(({ asset }) => asset));
  const gone = context.assets.filter((asset) => !listed.has(asset));
  const none = gone.map((asset) => ({ asset, available: '0', locked: '0', observedAt: rounds.askedAt }));
  const held = noteBalances({ ...context, assets: [] }, [...answer.balances, ...none]);
  const assets = [...listed].slice(0, BALANCES_MAX);
  const done = { ...rounds, doneAt: rounds.askedAt, failures: 0, rest };
  return {
    changes: { live, rounds: done, ...others.changes, assets },
    effects: [...asked, ...others.effects, ...held.effects],
  };
}

export function noteBalances({ name, assets }: ProviderContext, balances: readonly BalanceSeen[]): Outcome {
  const rows = balances.slice(0, BALANCES_MAX).map((balance) => record(balanceRow(name, balance)));
  const known = new Set([...assets, ...balances.map(({ asset }) => asset)]);
  return { changes: { assets: [...known].slice(0, BALANCES_MAX) }, effects: rows };
}

function balanceRow(provider: string, { asset, available, locked, observedAt }: BalanceSeen): BalanceRow {
  return { table: 'balances', provider, asset, available, locked, observedAt };
}

/** Counts and audits orders that nobody here placed, each once while it is remembered. */
export function noteExternal({ name, external }: ProviderContext, orders: readonly VenueOrder[]): Outcome {
  let { count, recent } = external;
  const effects: ProviderEffect[] = [];
  for (const order of orders.slice(0, EXTERNAL_ORDERS_MAX)) {
    const id = `${order.symbol} ${order.venueOrderId}`;
    if (recent.includes(id)) continue;
    count += 1;
    recent = [...recent, id].slice(-EXTERNAL_ORDERS_MAX);
    effects.push(record(externalRow(name, order)));
  }
  return { changes: { external: { count, recent } }, effects };
}

function externalRow(provider: string, order: VenueOrder): AuditRow {
  const { clientOrderId, venueOrderId, symbol, side, quantity, rawStatus } = order;
  const detail = JSON.stringify({ provider, clientOrderId, venueOrderId, symbol, side, quantity, rawStatus });
  return { table: 'audit_log', actor: `provider/${provider}`, action: 'ExternalOrderSeen', detail };
}

export function beginRound({ rounds }: ProviderContext, at: number): Partial<ProviderContext> {
  return { rounds: { ...rounds, round: rounds.round + 1, askedAt: at } };
}

export function failRound({ rounds }: ProviderContext): Partial<ProviderContext> {
  return { rounds: { ...rounds, failures: rounds.failures + 1 } };
}

export function roundArgs({ name, session, rounds, live }: ProviderContext): Reconcile {
  const sinceAt = Math.max(0, (rounds.doneAt ?? rounds.askedAt) - RECONCILE_OVERLAP_MS);
  const symbols = [...new Set(Object.values(live).map(({ symbol }) => symbol))].sort();
  return { name, session, round: rounds.round, sinceAt, symbols };
}
