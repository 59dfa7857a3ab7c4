// The instance's orders and what they came to, kept from its decisions and the reports of the bus: what a new sandbox
// begins with, and what is canceled when the instance stops.
import { add, format, isZero, parse, sub } from '../market/decimal.ts';
import { orderKey } from '../order/messages.ts';
import { command, record, send } from '../runtime/effect.ts';
import { POSITIONS_MAX, STATE_CHARS_MAX } from './bounds.ts';
import { auditRow, type Heard, type Outcome, own, type StrategyContext } from './context.ts';
import type { OwnOrder, SandboxEvent } from './messages.ts';

type Report = Heard<'ExecReport'>;

/** Keeps the books; `tells` is whether a sandbox is there to hear of it. */
export function noteReport(context: StrategyContext, report: Report, tells: boolean): Outcome {
  const known = own(context.open, report.clientOrderId);
  const changes = { open: openAfter(context.open, report), positions: positionsAfter(context.positions, report) };
  const { at: _at, messageId: _id, ...event } = report;
  return { changes, effects: tells ? [notify(context, { ...event, ref: known?.ref ?? null })] : [] };
}

function openAfter(open: StrategyContext['open'], report: Report): StrategyContext['open'] {
  const { clientOrderId, state } = report;
  const known = own(open, clientOrderId);
  if (state !== 'ACK' && state !== 'PARTIAL') {
    const { [clientOrderId]: _closed, ...rest } = open;
    return rest;
  }
  const { provider, symbol, side, orderType, quantity, price, filledQuantity } = report;
  const terms = { clientOrderId, provider, symbol, side, orderType, quantity, price, filledQuantity };
  // A report about an order that was over brings it back: it works again at the venue.
  const order: OwnOrder = { ref: known?.ref ?? null, ...terms, state, cancelling: known?.cancelling ?? false };
  return { ...open, [clientOrderId]: order };
}

/** One report tells one fill, by its own quantity; the order actor sees to it that each fill is told once. */
function positionsAfter(positions: StrategyContext['positions'], report: Report): StrategyContext['positions'] {
  if (report.lastQuantity === null) return positions;
  const place = `${report.provider} ${report.symbol}`;
  const held = parse(positions[place] ?? '0');
  const filled = parse(report.lastQuantity);
  const after = report.side === 'Buy' ? add(held, filled) : sub(held, filled);
  const { [place]: _before, ...rest } = positions;
  if (isZero(after)) return rest;
  const isKept = Object.hasOwn(positions, place) || Object.keys(rest).length < POSITIONS_MAX;
  return isKept ? { ...rest, [place]: format(after) } : rest;
}

/** By the module's own name for it or by ours; nothing where it has no such order any more. */
export function cancelOrder({ open }: StrategyContext, { clientOrderId, ref }: Heard<'CancelOrder'>): Outcome {
  const order = Object.values(open).find((one) =>
    clientOrderId === null ? ref !== null && one.ref === ref : one.clientOrderId === clientOrderId,
  );
  if (order === undefined) return { changes: {}, effects: [] };
  const cancelling = { ...open, [order.clientOrderId]: { ...order, cancelling: true } };
  return { changes: { open: cancelling }, effects: [cancel(order, 'the strategy asked for it')] };
}

export function cancelAll({ open }: StrategyContext, reason: string): Outcome {
  const entries = Object.values(open).map((order) => [order.clientOrderId, { ...order, cancelling: true }] as const);
  const effects = Object.values(open).map((order) => cancel(order, reason));
  return { changes: { open: Object.fromEntries(entries) }, effects };
}

function cancel({ clientOrderId }: OwnOrder, reason: string) {
  return send(orderKey(clientOrderId), { type: 'CancelOrder', reason } as const);
}

/** A new sandbox counts its refs anew: those of the one before name nothing any more. */
export function withoutRefs({ open }: StrategyContext): Partial<StrategyContext> {
  const entries = Object.values(open).map((order) => [order.clientOrderId, { ...order, ref: null }] as const);
  return { open: Object.fromEntries(entries) };
}

export function saveState(context: StrategyContext, { state }: Heard<'SaveState'>): Outcome {
  const chars = JSON.stringify(state).length;
  if (chars <= STATE_CHARS_MAX) return { changes: { state }, effects: [] };
  const detail = `chars=${chars}, allowed: up to ${STATE_CHARS_MAX}; the state saved before is kept`;
  return { changes: {}, effects: [record(auditRow(context, 'StateRefused', detail))] };
}

export function notify({ instanceId, sandbox }: StrategyContext, event: SandboxEvent) {
  return command('notifySandbox', { instanceId, sandbox, event });
}
