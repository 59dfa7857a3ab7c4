// What is written of an order: its row, its executions and what became of them, the audit log.
import type { Execution } from '../market/execution.ts';
import type {
  AuditRow,
  ExecutionChangeRow,
  ExecutionRow,
  OrderRow,
  OrderStatus,
  PublicOrderState,
} from '../market/records.ts';
import { type Effect, record } from '../runtime/effect.ts';
import { hasEnded, type Life, type MessageOf, type OrderContext, type Told } from './facts.ts';
import { type Fill, isInferred } from './fills.ts';
import { orderKey } from './messages.ts';

const PUBLIC_STATE: { readonly [life in Life]: PublicOrderState } = {
  intent: 'PENDING',
  queued: 'PENDING',
  sending: 'PENDING',
  doubt: 'PENDING',
  adopted: 'PENDING',
  parked: 'ACK',
  working: 'ACK',
  closing: 'ACK',
  filled: 'FILLED',
  canceled: 'CANCELLED',
  expired: 'EXPIRED',
  denied: 'REJECTED',
  rejected: 'REJECTED',
  absent: 'REJECTED',
};

const STATUS: { readonly [state in PublicOrderState]: OrderStatus } = {
  PENDING: 'PendingNew',
  ACK: 'New',
  PARTIAL: 'PartiallyFilled',
  FILLED: 'Filled',
  CANCELLED: 'Canceled',
  REJECTED: 'Rejected',
  EXPIRED: 'Expired',
};

export function publicState(context: OrderContext, life: Life): PublicOrderState {
  const state = PUBLIC_STATE[life];
  return state === 'ACK' && context.filled !== '0' ? 'PARTIAL' : state;
}

/** An order is in several states at once; the one with the highest precedence is shown (FIX 5.0 SP2, appendix D). */
export function statusOf(context: OrderContext, life: Life): OrderStatus {
  const mayChange = !hasEnded(context);
  if (mayChange && context.canceling) return 'PendingCancel';
  if (mayChange && context.amendment !== null) return 'PendingReplace';
  return STATUS[publicState(context, life)];
}

export function orderRow(context: OrderContext, life: Life): OrderRow {
  const { order } = context;
  return {
    table: 'orders',
    clientOrderId: order.clientOrderId,
    provider: order.provider,
    strategyInstance: order.strategyInstance,
    symbol: order.symbol,
    side: order.side,
    orderType: order.orderType,
    timeInForce: order.timeInForce,
    quantity: context.quantity,
    price: context.price,
    stopPrice: order.stopPrice,
    askedQuantity: (order.asked ?? order).quantity,
    askedPrice: (order.asked ?? order).price,
    goodTillAt: order.goodTillAt,
    linkedTo: context.linkedTo,
    replaces: order.replaces,
    replacedBy: context.replacedBy,
    isExternal: order.external !== null,
    placedAt: order.placedAt,
    state: publicState(context, life),
    status: statusOf(context, life),
    life,
    venueOrderId: context.venueOrderId,
    filledQuantity: context.filled,
    filledQuote: context.filledQuote,
    signedAt: order.external === null ? context.signedAt : null,
    deadlineAt: context.deadlineAt,
    acknowledgedAt: context.acknowledgedAt,
    completedAt: context.completedAt,
    reason: context.reason,
  };
}

export function executionRow({ order }: OrderContext, execution: Execution): ExecutionRow {
  return {
    table: 'executions',
    clientOrderId: order.clientOrderId,
    provider: order.provider,
    strategyInstance: order.strategyInstance,
    venue: order.venue,
    account: order.account,
    symbol: order.symbol,
    tradeId: execution.tradeId,
    venueOrderId: execution.venueOrderId,
    side: order.side,
    quantity: execution.quantity,
    price: execution.price,
    fee: execution.fee,
    feeAsset: execution.feeAsset,
    liquidity: execution.liquidity,
    tradedAt: execution.tradedAt,
    origin: isInferred(execution) ? 'inferred' : 'venue',
  };
}

/** Taken back at `bustedAt`; null: its fee became known. */
export function changedExecution({ order }: OrderContext, fill: Fill, bustedAt: number | null): Effect {
  const { venue, account, symbol } = order;
  const { tradeId, venueOrderId, fee, feeAsset } = fill;
  const key = { venue, account, symbol, tradeId, venueOrderId };
  return record<ExecutionChangeRow>({ table: 'execution_changes', ...key, bustedAt, fee, feeAsset });
}

export function alarm({ order }: OrderContext, { surprise, detail }: Told): Effect {
  return record<AuditRow>({ table: 'audit_log', actor: orderKey(order.clientOrderId), action: surprise, detail });
}

/** Who ended a doubt by a word of their own. */
export function declared({ by, reason }: MessageOf<'DeclareAbsent'>): Effect {
  return record<AuditRow>({ table: 'audit_log', actor: by, action: 'ORDER_DECLARED_ABSENT', detail: reason });
}
