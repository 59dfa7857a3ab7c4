// What an instance knows of its own orders and of what they came to, kept from its decisions and from the reports
// it hears. Reports may come twice or late: quantities are taken from the cumulative amount, which only grows.
import * as decimal from '../../market/decimal.ts';
import type { OrderEvent } from './events.ts';
import type { Decision } from './output.ts';
import type { Account, OpenOrder, Position } from './protocol.ts';

type Report = Extract<OrderEvent, { type: 'ExecReport' }>;

/** Closed orders whose late reports are still understood. */
const CLOSED_MAX = 1_000;

export class AccountView {
  /** By client order id, or `ref <n>` until that is known. */
  readonly #open = new Map<string, OpenOrder>();
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
    if (decision.type === 'PlaceOrder') {
      const { ref, provider, symbol, side, orderType, quantity, price } = decision;
      const terms = { ref, clientOrderId: null, provider, symbol, side, orderType, quantity, price };
      this.#open.set(`ref ${ref}`, { ...terms, filledQuantity: '0', state: 'PENDING', cancelling: false });
    }
    if (decision.type === 'CancelOrder') {
      const key = decision.clientOrderId ?? `ref ${decision.ref}`;
      const order = this.#open.get(key);
      if (order) this.#open.set(key, { ...order, cancelling: true });
    }
  }

  reported(report: Report): void {
    const pending = report.ref === null ? undefined : this.#open.get(`ref ${report.ref}`);
    const known = this.#open.get(report.clientOrderId) ?? pending;
    const before = known?.filledQuantity ?? this.#closed.get(report.clientOrderId) ?? '0';
    const filledQuantity = larger(before, report.filledQuantity);
    this.#moved(report, decimal.sub(decimal.parse(filledQuantity), decimal.parse(before)));
    if (pending) this.#open.delete(`ref ${report.ref}`);
    if (this.#closed.has(report.clientOrderId)) this.#closed.set(report.clientOrderId, filledQuantity);
    else if (report.state === 'ACK' || report.state === 'PARTIAL') this.#keep(report, known, filledQuantity);
    else this.#close(report.clientOrderId, filledQuantity);
  }

  #keep(report: Report, known: OpenOrder | undefined, filledQuantity: string): void {
    const { clientOrderId, provider, symbol, side, orderType, quantity, price } = report;
    const state = decimal.isZero(decimal.parse(filledQuantity)) ? 'ACK' : 'PARTIAL';
    const terms = { clientOrderId, provider, symbol, side, orderType, quantity, price, filledQuantity, state } as const;
    const ref = known?.ref ?? report.ref;
    this.#open.set(clientOrderId, { ...terms, ref, cancelling: known?.cancelling ?? false });
  }

  #close(clientOrderId: string, filledQuantity: string): void {
    this.#open.delete(clientOrderId);
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

function placeOf({ provider, symbol }: { readonly provider: string; readonly symbol: string }): string {
  return `${provider} ${symbol}`;
}

function larger(left: string, right: string): string {
  return decimal.compare(decimal.parse(left), decimal.parse(right)) >= 0 ? left : right;
}
