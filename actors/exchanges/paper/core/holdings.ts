// What the state is made of, for those who write parts of it.
import type { Decimal } from '../../../market/decimal.ts';
import type { Accounts } from './accounts.ts';
import type { Histories } from './history.ts';
import type { Listed } from './listed.ts';
import type { Order } from './order.ts';
import type { OrderLists } from './order-lists.ts';

export interface Holdings {
  readonly accounts: Accounts;
  readonly histories: Histories;
  /** Clients' orders as long as they are kept, the house's while they are open. */
  readonly orders: Map<number, Order>;
  readonly lists: OrderLists;
  nextOrderId: number;
  order(id: number): Order;
  listed(symbol: string): Listed;
  /** Changes what an order holds of its account's balance. */
  relock(order: Order, locked: Decimal): void;
}
