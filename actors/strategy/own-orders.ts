// The instance's orders and what they came to, kept from its decisions and the reports of the bus: what a new sandbox
// begins with, and what is canceled when the instance stops.
import { add, format, isZero, parse, sub } from '../market/decimal.ts';
import { type OrderMessage, orderKey } from '../order/messages.ts';
import { command, record, send } from '../runtime/effect.ts';
import { POSITIONS_MAX, STATE_CHARS_MAX } from './bounds.ts';
import { auditRow, type Heard, type Outcome, own, type StrategyContext, type StrategyEffect } from './context.ts';
import type { OwnOrder, SandboxEvent } from './messages.ts';

type Report = Heard<'ExecReport'>;
type Named = Pick<Heard<'CancelOrder'>, 'clientOrderId' | 'ref'>;

const BY_THE_MODULE = 'the strategy asked for it';
/** What nobody here knows of an order of which a report comes first. */
const UNKNOWN = { ref: null, stopPrice: null, linked: false, replacement: null };

/** Keeps the books; `tells` is whether a sandbox is there to hear of it. */
export function noteReport(context: StrategyContext, report: Report, tells: boolean): Outcome {
  const known = own(context.open, report.clientOrderId);
  const successor = successorOf(known, report);
  const { [report.clientOrderId]: _before, ...others } = context.open;
  const ended = successor === null ? others : { ...others, [successor.clientOrderId]: successor };
  const open = isOpen(report) ? { ...context.open, [report.clientOrderId]: stillOpen(known, report) } : ended;
  const effects: StrategyEffect[] = tells ? [notify(context, told(report, known?.ref ?? null))] : [];
  // The cancel came when the order had decided to be replaced: it was meant for whatever stands for it.
  if (successor?.cancelling) effects.push(cancelOf(successor, 'the order it replaces was being canceled').effect);
  return { changes: { open, positions: positionsAfter(context.positions, report) }, effects };
}

/** An order that goes on and says why not is one whose amend or cancel came to nothing. */
function told({ at: _at, messageId: _id, ...report }: Report, ref: string | null): SandboxEvent {
  const { clientOrderId, provider, symbol, strategyInstance, rejectReason, timestamp } = report;
  if (!isOpen(report) || rejectReason === null) return { ...report, ref };
  const which = { ref, clientOrderId, provider, symbol, strategyInstance };
  const type = report.refused === 'cancel' ? 'CancelRefused' : 'AmendRefused';
  return { type, ...which, reason: rejectReason, timestamp };
}

function isOpen({ state }: Pick<Report, 'state'>): boolean {
  return state === 'ACK' || state === 'PARTIAL';
}

/** A report about an order that was over brings it back: it works again at the venue. */
function stillOpen(known: OwnOrder | undefined, report: Report): OwnOrder {
  const { clientOrderId, provider, symbol, side, orderType, quantity, price, filledQuantity } = report;
  const terms = { clientOrderId, provider, symbol, side, orderType, quantity, price, filledQuantity };
  const { ref, stopPrice, linked, replacement } = known ?? UNKNOWN;
  const cancelling = known?.cancelling === true && report.refused !== 'cancel';
  const state = report.state === 'PARTIAL' ? 'PARTIAL' : 'ACK';
  return { ref, ...terms, stopPrice, state, cancelling, linked, replacement };
}

/** What takes the place of an order that ended to be replaced: its name moves on, and so does its pair. */
function successorOf(known: OwnOrder | undefined, report: Report): OwnOrder | null {
  const { replacedBy, filledQuantity } = report;
  const replacement = known?.replacement ?? null;
  if (known === undefined || replacement === null || replacedBy !== replacement.clientOrderId) return null;
  const left = sub(parse(replacement.quantity), parse(filledQuantity));
  const terms = { quantity: format(left), price: replacement.price ?? known.price };
  const life = { filledQuantity: '0', state: 'PENDING', replacement: null } as const;
  return { ...known, ...terms, ...life, clientOrderId: replacedBy };
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

/** By the module's own name for it or by ours; undefined where it has no such order any more. */
export function orderNamed(open: StrategyContext['open'], { clientOrderId, ref }: Named): OwnOrder | undefined {
  if (clientOrderId !== null) return own(open, clientOrderId);
  return ref === null ? undefined : Object.values(open).find((one) => one.ref === ref);
}

export function cancelOrder({ open }: StrategyContext, name: Heard<'CancelOrder'>): Outcome {
  const order = orderNamed(open, name);
  return cancelEach(open, order === undefined ? [] : [order], BY_THE_MODULE);
}

/** Those of one provider or symbol where one is named. */
export function cancelOrders({ open }: StrategyContext, { provider, symbol }: Heard<'CancelOrders'>): Outcome {
  const meant = Object.values(open).filter(
    (one) => (provider ?? one.provider) === one.provider && (symbol ?? one.symbol) === one.symbol,
  );
  return cancelEach(open, meant, BY_THE_MODULE);
}

export function cancelAll({ open }: StrategyContext, reason: string): Outcome {
  return cancelEach(open, Object.values(open), reason);
}

function cancelEach(open: StrategyContext['open'], orders: readonly OwnOrder[], reason: string): Outcome {
  const canceled = orders.map((order) => cancelOf(order, reason));
  const entries = canceled.map(({ order }) => [order.clientOrderId, order] as const);
  const effects = canceled.map(({ effect }) => effect);
  return { changes: { open: { ...open, ...Object.fromEntries(entries) } }, effects };
}

export function cancelOf(order: OwnOrder, reason: string) {
  const effect = send<OrderMessage>(orderKey(order.clientOrderId), { type: 'CancelOrder', reason });
  return { order: { ...order, cancelling: true }, effect };
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
