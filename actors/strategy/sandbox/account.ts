// What an instance knows of its own orders and of what they came to, kept from its decisions and from the reports
// it hears. Reports may come twice or late: quantities are taken from the cumulative amount, which only grows, unless
// the venue takes an execution back.
import * as decimal from '../../market/decimal.ts';
import type { OrderEvent } from './events.ts';
import { type Decision, wishesOf } from './output.ts';
import type { Account, OpenOrder, Position } from './protocol.ts';

type NewTerms = Pick<Extract<Decision, { type: 'AmendOrder' }>, 'quantity' | 'price'>;
type Report = Extract<OrderEvent, { type: 'ExecReport' }>;

/** Closed orders whose late reports are still understood. */
const CLOSED_MAX = 1_000;

export class AccountView {
  /** By client order id, or `ref <n>` until that is known. */
  readonly #open = new Map<string, OpenOrder>();
  /** Terms last asked for of open orders, by the same keys: what replaces one begins with them. */
  readonly #amended = new Map<string, NewTerms>();
  /** Cumulative quantity of orders that are over, by client order id. */
  readonly #closed = new Map<string, string>();
  readonly #positions = new Map<string, Position>();

  constructor(known: Account) {
    for (const order of known.orders) this.#open.set(order.clientOrderId ?? `ref ${order.ref}`, order);
    for (const position of known.positions) this.#positions.set(placeOf(position), position);
  }

  view(): Account {
    return { orders: [...this.#open.values()], positions: [...this.#positions.values()] };
  }

  decided(decision: Decision): void {
    for (const { ref, provider, symbol, side, orderType, quantity, price, stopPrice } of wishesOf(decision)) {
      const terms = { ref, clientOrderId: null, provider, symbol, side, orderType, quantity, price, stopPrice };
      this.#open.set(`ref ${ref}`, { ...terms, filledQuantity: '0', state: 'PENDING', cancelling: false });
    }
    if (decision.type === 'CancelOrders') {
      for (const [key, order] of this.#open) if (isMeant(decision, order)) this.#open.set(key, canceled(order));
    }
    if (decision.type !== 'CancelOrder' && decision.type !== 'AmendOrder') return;
    const { clientOrderId, ref } = decision;
    for (const [key, order] of this.#open) {
      const isIt = clientOrderId === null ? order.ref === ref : order.clientOrderId === clientOrderId;
      if (isIt && decision.type === 'CancelOrder') this.#open.set(key, canceled(order));
      if (isIt && decision.type === 'AmendOrder') this.#amended.set(key, decision);
    }
  }

  reported(report: Report): void {
    const pending = report.ref === null ? undefined : this.#open.get(`ref ${report.ref}`);
    const known = this.#open.get(report.clientOrderId) ?? pending;
    const before = known?.filledQuantity ?? this.#closed.get(report.clientOrderId) ?? '0';
    const isBust = report.lastQuantity?.startsWith('-') ?? false;
    const filledQuantity = isBust ? report.filledQuantity : larger(before, report.filledQuantity);
    // What was filled whole may work again.
    if (isBust && isOpen(report)) this.#closed.delete(report.clientOrderId);
    this.#moved(report, decimal.sub(decimal.parse(filledQuantity), decimal.parse(before)));
    if (pending) this.#named(report);
    if (this.#closed.has(report.clientOrderId)) this.#closed.set(report.clientOrderId, filledQuantity);
    else if (isOpen(report)) this.#keep(report, known, filledQuantity);
    else this.#end(report, known, filledQuantity);
  }

  /** The first report gives an order its client order id. */
  #named({ ref, clientOrderId }: Report): void {
    const amended = this.#amended.get(`ref ${ref}`);
    this.#open.delete(`ref ${ref}`);
    this.#amended.delete(`ref ${ref}`);
    if (amended) this.#amended.set(clientOrderId, amended);
  }

  /** What replaces an order is known from its end on, under the ref of the old one. */
  #end({ clientOrderId, replacedBy }: Report, known: OpenOrder | undefined, filledQuantity: string): void {
    const amended = this.#amended.get(clientOrderId);
    this.#close(clientOrderId, filledQuantity);
    if (known === undefined || replacedBy === undefined) return;
    const whole = amended?.quantity ?? known.quantity;
    const quantity = decimal.format(decimal.sub(decimal.parse(whole), decimal.parse(filledQuantity)));
    const terms = { quantity, price: amended?.price ?? known.price, filledQuantity: '0', state: 'PENDING' } as const;
    this.#open.set(replacedBy, { ...known, ...terms, clientOrderId: replacedBy });
  }

  #keep(report: Report, known: OpenOrder | undefined, filledQuantity: string): void {
    const { clientOrderId, provider, symbol, side, orderType, quantity, price } = report;
    const state = decimal.isZero(decimal.parse(filledQuantity)) ? 'ACK' : 'PARTIAL';
    const terms = { clientOrderId, provider, symbol, side, orderType, quantity, price, filledQuantity, state } as const;
    const ref = known?.ref ?? report.ref;
    const { stopPrice = null, cancelling = false } = known ?? {};
    this.#open.set(clientOrderId, { ...terms, stopPrice, ref, cancelling });
  }

  #close(clientOrderId: string, filledQuantity: string): void {
    this.#open.delete(clientOrderId);
    this.#amended.delete(clientOrderId);
    this.#closed.set(clientOrderId, filledQuantity);
    const [oldest] = this.#closed.keys();
    if (this.#closed.size > CLOSED_MAX && oldest !== undefined) this.#closed.delete(oldest);
  }

  #moved({ provider, symbol, side }: Report, filled: decimal.Decimal): void {
    if (decimal.isZero(filled)) return;
    const place = placeOf({ provider, symbol });
    const held = decimal.parse(this.#positions.get(place)?.quantity ?? '0');
    const quantity = decimal.format(side === 'Buy' ? decimal.add(held, filled) : decimal.sub(held, filled));
    this.#positions.set(place, { provider, symbol, quantity });
  }
}

function isOpen({ state }: Report): boolean {
  return state === 'ACK' || state === 'PARTIAL';
}

function canceled(order: OpenOrder): OpenOrder {
  return { ...order, cancelling: true };
}

function isMeant(
  { provider, symbol }: Extract<Decision, { type: 'CancelOrders' }>,
  order: Pick<OpenOrder, 'provider' | 'symbol'>,
): boolean {
  return (provider ?? order.provider) === order.provider && (symbol ?? order.symbol) === order.symbol;
}

function placeOf({ provider, symbol }: { readonly provider: string; readonly symbol: string }): string {
  return `${provider} ${symbol}`;
}

function larger(left: string, right: string): string {
  return decimal.compare(decimal.parse(left), decimal.parse(right)) >= 0 ? left : right;
}
