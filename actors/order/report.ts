// What an order tells: its rows, its public reports, and its words to risk and provider, all made from its facts.
import { type Decimal, div, format, isZero, parse, sub } from '../market/decimal.ts';
import type { Execution } from '../market/execution.ts';
import type { AuditRow, ExecutionRow, OrderRow, PublicOrderState } from '../market/records.ts';
import { refusalText } from '../market/refusals.ts';
import { type ProviderMessage, providerKey } from '../provider/messages.ts';
import { type RiskMessage, riskKey } from '../risk/messages.ts';
import { type Command, command, type Effect, publish, record, send } from '../runtime/effect.ts';
import type { Learned } from './evidence.ts';
import type { Life, MessageOf, OrderContext, OwnEnd, Standing, Told } from './facts.ts';
import type { ExecReport, OrderAnswer, SubmitArgs, VenueRef } from './messages.ts';
import { orderKey } from './messages.ts';

const PUBLIC_STATE: { readonly [life in Life]: PublicOrderState } = {
  intent: 'PENDING',
  queued: 'PENDING',
  sending: 'PENDING',
  doubt: 'PENDING',
  working: 'ACK',
  closing: 'ACK',
  filled: 'FILLED',
  canceled: 'CANCELLED',
  expired: 'EXPIRED',
  denied: 'REJECTED',
  rejected: 'REJECTED',
  absent: 'REJECTED',
};

export function publicState(context: OrderContext, life: Life): PublicOrderState {
  const state = PUBLIC_STATE[life];
  return state === 'ACK' && context.filled !== '0' ? 'PARTIAL' : state;
}

export function venueRef({ order }: OrderContext): VenueRef {
  return { provider: order.provider, clientOrderId: order.clientOrderId, symbol: order.symbol };
}

export type Refusal = 'ORDER_NOT_CANCELABLE' | 'ORDER_NOT_UNDECIDABLE';

export function answer(
  context: OrderContext,
  refusal: Refusal | null,
): OrderAnswer & { readonly [key: string]: string | boolean } {
  const state = context.standing ?? (context.signedAt === null ? 'queued' : 'sending');
  const { clientOrderId } = context.order;
  const detail = refusal === null ? '' : refusalText(refusal, { clientOrderId, state });
  return { accepted: refusal === null, state, detail };
}

/** Who ended a doubt by a word of their own. */
export function declared({ by, reason }: MessageOf<'DeclareAbsent'>): Effect {
  return record<AuditRow>({ table: 'audit_log', actor: by, action: 'ORDER_DECLARED_ABSENT', detail: reason });
}

export function submitArgs(context: OrderContext): SubmitArgs {
  const { order, signedAt, deadlineAt } = context;
  return {
    ...venueRef(context),
    side: order.side,
    orderType: order.orderType,
    timeInForce: order.timeInForce,
    postOnly: order.postOnly,
    quantity: order.quantity,
    price: order.price,
    signedAt: signedAt ?? 0,
    deadlineAt: deadlineAt ?? 0,
  };
}

export function askVenue(context: OrderContext): Command<'queryOrder', VenueRef> {
  return command('queryOrder', venueRef(context));
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
    quantity: order.quantity,
    price: order.price,
    placedAt: order.placedAt,
    state: publicState(context, life),
    life,
    venueOrderId: context.venueOrderId,
    filledQuantity: context.filled,
    filledQuote: context.filledQuote,
    signedAt: context.signedAt,
    deadlineAt: context.deadlineAt,
    acknowledgedAt: context.acknowledgedAt,
    completedAt: context.completedAt,
    reason: context.reason,
  };
}

export function reserveRequest({ order }: OrderContext): Effect {
  return send<RiskMessage>(riskKey(order.riskScope), {
    type: 'ReserveRequested',
    clientOrderId: order.clientOrderId,
    provider: order.provider,
    symbol: order.symbol,
    side: order.side,
    orderType: order.orderType,
    quantity: order.quantity,
    price: order.price,
    strategyInstance: order.strategyInstance,
  });
}

/** The reservation of what was not filled yet, asked back after it had been released. */
export function restoreRequest({ order, filled }: OrderContext): Effect {
  const left = sub(parse(order.quantity), parse(filled));
  return send<RiskMessage>(riskKey(order.riskScope), {
    type: 'ReservationRestored',
    clientOrderId: order.clientOrderId,
    provider: order.provider,
    symbol: order.symbol,
    side: order.side,
    quantity: format(left > 0n ? left : 0n),
    price: order.price,
  });
}

export function submitRequest({ order }: OrderContext): Effect {
  return send<ProviderMessage>(providerKey(order.provider), {
    type: 'SubmitRequested',
    clientOrderId: order.clientOrderId,
    symbol: order.symbol,
  });
}

export function alarm({ order }: OrderContext, { surprise, detail }: Told): Effect {
  return record<AuditRow>({ table: 'audit_log', actor: orderKey(order.clientOrderId), action: surprise, detail });
}

/** Risk forgets the order and the provider frees its slot; a denied order has neither. */
export function farewell({ order }: OrderContext): readonly Effect[] {
  const { clientOrderId, provider, symbol } = order;
  return [
    send<RiskMessage>(riskKey(order.riskScope), { type: 'ReservationReleased', clientOrderId, provider, symbol }),
    send<ProviderMessage>(providerKey(provider), { type: 'OrderClosed', clientOrderId }),
  ];
}

/** What follows from an end that we gave it; the facts hold it already. */
export function ending(context: OrderContext, end: OwnEnd, at: number): Effect[] {
  const report = execReport(context, endState(end), at, sumsOf(context), null);
  return [record(orderRow(context, end)), publishReport(report), ...(end === 'denied' ? [] : farewell(context))];
}

/** Everything that follows from a word of the venue, in this order: rows, risk, reports, farewell, alarms, question. */
export function consequences(before: OrderContext, learned: Learned, at: number): Effect[] {
  const { facts, fresh } = learned;
  const effects: Effect[] = [];
  const life = facts.standing;
  if (life !== null && isPublicChange(before, learned)) {
    for (const { execution } of fresh) effects.push(record(executionRow(facts, execution)));
    effects.push(record(orderRow(facts, life)));
    if (learned.revived) effects.push(restoreRequest(before));
    for (const { execution } of fresh) effects.push(exposureFilled(facts, execution));
    for (const report of reportsOf(before, learned, life, at)) effects.push(publishReport(report));
    if (facts.completedAt !== null && (before.completedAt === null || learned.revived))
      effects.push(...farewell(facts));
  }
  for (const told of learned.surprises) effects.push(alarm(facts, told));
  if (learned.ask) effects.push(askVenue(facts));
  return effects;
}

interface Sums {
  readonly filled: Decimal;
  readonly filledQuote: Decimal;
}

function execReport(
  context: OrderContext,
  state: ExecReport['state'],
  at: number,
  sums: Sums,
  fill: Execution | null,
): ExecReport {
  const { order } = context;
  const { filled, filledQuote } = sums;
  const left = sub(parse(order.quantity), filled);
  return {
    type: 'ExecReport',
    clientOrderId: order.clientOrderId,
    exchangeOrderId: context.venueOrderId,
    provider: order.provider,
    symbol: order.symbol,
    strategyInstance: order.strategyInstance,
    state,
    side: order.side,
    orderType: order.orderType,
    price: order.price,
    quantity: order.quantity,
    filledQuantity: format(filled),
    remainingQty: left > 0n ? format(left) : '0',
    avgFillPrice: isZero(filled) ? null : format(div(filledQuote, filled, 'halfEven')),
    lastQuantity: fill?.quantity ?? null,
    lastPrice: fill?.price ?? null,
    commissionAmount: fill?.fee ?? null,
    commissionAsset: fill?.feeAsset ?? null,
    timestamp: at,
    rejectReason: state === 'ACK' || state === 'PARTIAL' || state === 'FILLED' ? null : context.reason,
  };
}

function sumsOf({ filled, filledQuote }: OrderContext): Sums {
  return { filled: parse(filled), filledQuote: parse(filledQuote) };
}

function publishReport(report: ExecReport): Effect {
  return publish(`orders/${report.strategyInstance}`, report);
}

function isPublicChange(before: OrderContext, { facts, fresh }: Learned): boolean {
  return (
    fresh.length > 0 ||
    facts.standing !== before.standing ||
    facts.venueOrderId !== before.venueOrderId ||
    facts.acknowledgedAt !== before.acknowledgedAt
  );
}

/** The acceptance, then one report per execution, then the end: what a strategy counts on sums up either way. */
function reportsOf(before: OrderContext, learned: Learned, life: Standing, at: number): ExecReport[] {
  const { facts, fresh } = learned;
  const reports: ExecReport[] = [];
  if (before.acknowledgedAt === null && facts.acknowledgedAt !== null) {
    reports.push(execReport(facts, 'ACK', at, sumsOf(before), null));
  }
  const late = before.completedAt !== null && !learned.revived ? endState(life) : 'PARTIAL';
  const last = fresh.at(-1);
  for (const one of fresh) {
    const state = one === last && life === 'filled' ? 'FILLED' : late;
    reports.push(execReport(facts, state, at, one, one.execution));
  }
  const told = last !== undefined && life === 'filled';
  if (facts.completedAt !== null && facts.standing !== before.standing && !told) {
    reports.push(execReport(facts, endState(life), at, sumsOf(facts), null));
  }
  return reports;
}

function endState(life: Standing): ExecReport['state'] {
  if (life === 'filled') return 'FILLED';
  if (life === 'expired') return 'EXPIRED';
  return life === 'canceled' ? 'CANCELLED' : 'REJECTED';
}

function exposureFilled({ order }: OrderContext, { quantity, price }: Execution): Effect {
  return send<RiskMessage>(riskKey(order.riskScope), {
    type: 'ExposureFilled',
    clientOrderId: order.clientOrderId,
    provider: order.provider,
    symbol: order.symbol,
    side: order.side,
    quantity,
    price,
  });
}

function executionRow({ order }: OrderContext, execution: Execution): ExecutionRow {
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
  };
}
