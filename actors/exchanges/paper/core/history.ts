// What an account did in a symbol: its orders and trades in order of their ids, and its client order ids.
import type { Order, OwnTrade } from './order.ts';
import { isOpen } from './order.ts';

export interface SymbolHistory {
  readonly orders: Order[];
  readonly trades: OwnTrade[];
  readonly open: Map<number, Order>;
  /** The newest order under each client id. A client id is free again once its order is closed. */
  readonly byClientOrderId: Map<string, Order>;
}

export class Histories {
  private readonly byAccount = new Map<string, Map<string, SymbolHistory>>();

  of(account: string, symbol: string): SymbolHistory {
    let symbols = this.byAccount.get(account);
    if (!symbols) {
      symbols = new Map();
      this.byAccount.set(account, symbols);
    }
    let history = symbols.get(symbol);
    if (!history) {
      history = { orders: [], trades: [], open: new Map(), byClientOrderId: new Map() };
      symbols.set(symbol, history);
    }
    return history;
  }

  add(order: Order): void {
    const history = this.of(order.account, order.symbol);
    history.orders.push(order);
    history.open.set(order.id, order);
    history.byClientOrderId.set(order.clientOrderId, order);
  }

  /** Call after its client id changed: an older order under the id it had is found there again. */
  rename(order: Order, from: string): void {
    const { orders, byClientOrderId } = this.of(order.account, order.symbol);
    if (byClientOrderId.get(from) === order) {
      const older = orders.findLast(({ clientOrderId }) => clientOrderId === from);
      if (older) byClientOrderId.set(from, older);
      else byClientOrderId.delete(from);
    }
    byClientOrderId.set(order.clientOrderId, order);
  }

  /** Call after every change of an order's status. */
  refresh(order: Order): void {
    if (!isOpen(order)) this.of(order.account, order.symbol).open.delete(order.id);
  }

  /** The open order that has this client id, if any. */
  openUnder(account: string, symbol: string, clientOrderId: string): Order | undefined {
    const order = this.of(account, symbol).byClientOrderId.get(clientOrderId);
    return order && isOpen(order) ? order : undefined;
  }
}

/** Index of the first element whose id is not below `id`, in a list that rises by id. */
export function firstFrom(list: readonly { readonly id: number }[], id: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle] as { readonly id: number }).id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
