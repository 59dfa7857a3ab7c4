// What an account did in a symbol: its orders and trades in order of their ids, and its client order ids.
import type { TradeBusted } from './facts.ts';
import type { Amendment, Order, OwnTrade, PreventedMatch } from './order.ts';
import { isOpen } from './order.ts';

export interface SymbolHistory {
  orders: Order[];
  trades: OwnTrade[];
  amendments: Amendment[];
  prevented: PreventedMatch[];
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
      history = { orders: [], trades: [], amendments: [], prevented: [], open: new Map(), byClientOrderId: new Map() };
      symbols.set(symbol, history);
    }
    return history;
  }

  each(): [account: string, symbol: string, history: SymbolHistory][] {
    return [...this.byAccount].flatMap(([account, symbols]) =>
      [...symbols].map(([symbol, history]): [string, string, SymbolHistory] => [account, symbol, history]),
    );
  }

  all(): [account: string, history: SymbolHistory][] {
    return [...this.byAccount].flatMap(([account, symbols]) =>
      [...symbols.values()].map((history): [string, SymbolHistory] => [account, history]),
    );
  }

  add(order: Order): void {
    const history = this.of(order.account, order.symbol);
    history.orders.push(order);
    history.open.set(order.id, order);
    history.byClientOrderId.set(order.clientOrderId, order);
  }

  /** Whether its client id finds it. */
  named(order: Order): boolean {
    return this.of(order.account, order.symbol).byClientOrderId.get(order.clientOrderId) === order;
  }

  /** From a snapshot, in order of the ids. */
  stand(order: Order, named: boolean): void {
    const history = this.of(order.account, order.symbol);
    history.orders.push(order);
    if (isOpen(order)) history.open.set(order.id, order);
    if (named) history.byClientOrderId.set(order.clientOrderId, order);
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

  /** A busted trade is no longer listed; the one that takes its place is the newest. */
  bust({ account, symbol, orderId, side, maker, feeAsset, busted, corrected }: TradeBusted, at: number): void {
    const { trades } = this.of(account, symbol);
    let index = firstFrom(trades, busted.id);
    while (trades[index]?.id === busted.id && trades[index]?.orderId !== orderId) index += 1;
    if (trades[index]?.id === busted.id) trades.splice(index, 1);
    if (corrected) trades.push({ ...corrected, orderId, symbol, side, maker, feeAsset, tradedAt: at });
  }

  /** Forgets the oldest closed orders beyond `kept` of each account and symbol, and their trades. Returns their ids. */
  trim(kept: number): number[] {
    const forgotten = new Set<number>();
    for (const [, history] of this.all()) {
      const { orders, byClientOrderId } = history;
      const before = forgotten.size;
      const beyond = orders.length - history.open.size - kept;
      for (const order of orders) {
        if (forgotten.size - before >= beyond) break;
        if (isOpen(order)) continue;
        forgotten.add(order.id);
        if (byClientOrderId.get(order.clientOrderId) === order) byClientOrderId.delete(order.clientOrderId);
      }
      history.amendments = history.amendments.slice(-kept);
      history.prevented = history.prevented.slice(-kept);
      if (forgotten.size === before) continue;
      history.orders = orders.filter(({ id }) => !forgotten.has(id));
      history.trades = history.trades.filter(({ orderId }) => !forgotten.has(orderId));
    }
    return [...forgotten];
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
