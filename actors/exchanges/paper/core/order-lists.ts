// Pairs of orders of which one at most is to trade: when one of them does, the other one expires.
import { isOpen, type Order } from './order.ts';

export interface OrderList {
  readonly id: number;
  readonly account: string;
  readonly symbol: string;
  readonly clientOrderId: string;
  readonly orderIds: readonly number[];
  readonly placedAt: number;
}

export class OrderLists {
  nextId = 1;
  private readonly byId = new Map<number, OrderList>();
  private readonly orders: ReadonlyMap<number, Order>;

  constructor(orders: ReadonlyMap<number, Order>) {
    this.orders = orders;
  }

  add(list: OrderList): void {
    this.byId.set(list.id, list);
    this.nextId = Math.max(this.nextId, list.id + 1);
  }

  get(id: number | undefined): OrderList | undefined {
    return id === undefined ? undefined : this.byId.get(id);
  }

  all(): OrderList[] {
    return [...this.byId.values()];
  }

  /** In order of their ids. */
  of(account: string): OrderList[] {
    return this.all().filter((list) => list.account === account);
  }

  /** The newest under this client id. */
  named(account: string, clientOrderId: string): OrderList | undefined {
    return this.of(account).findLast((list) => list.clientOrderId === clientOrderId);
  }

  ordersOf(list: OrderList): Order[] {
    return list.orderIds.flatMap((id) => this.orders.get(id) ?? []);
  }

  isDone(list: OrderList): boolean {
    return !this.ordersOf(list).some(isOpen);
  }

  /** The open orders that share a list with this one. */
  siblings(order: Pick<Order, 'id' | 'listId'>): Order[] {
    const list = this.get(order.listId);
    return list ? this.ordersOf(list).filter((other) => other.id !== order.id && isOpen(other)) : [];
  }

  /** Lists none of whose orders is kept. */
  trim(): void {
    for (const list of this.all()) if (this.ordersOf(list).length === 0) this.byId.delete(list.id);
  }
}
