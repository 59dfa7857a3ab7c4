// The venue's state: the fold of its facts. Live commands and the ledger's replay go through the same apply(),
// so there is no second way for an order, a balance or an id to come about.
import { type Decimal, mul } from '../../../market/decimal.ts';
import { Accounts } from './accounts.ts';
import type { Book } from './book.ts';
import { applyBust } from './busting.ts';
import { executionId } from './execution-id.ts';
import {
  type Entry,
  type Fact,
  FEES,
  HOUSE,
  type Leg,
  type Marked,
  type MatchPrevented,
  type OrderAmended,
  type OrderClosed,
  type OrderPlaced,
  type OrderTriggered,
  reducedBy,
  type Traded,
} from './facts.ts';
import { Histories } from './history.ts';
import type { Holdings } from './holdings.ts';
import { Listed } from './listed.ts';
import { isOpen, isParked, lockedFor, type Order, remaining, type Side, takesAnyPrice } from './order.ts';
import { OrderLists } from './order-lists.ts';
import { stand } from './standing.ts';
import type { Stops } from './stops.ts';
import type { SymbolRules } from './symbol.ts';

export class VenueState implements Holdings {
  readonly symbols: ReadonlyMap<string, SymbolRules>;
  readonly accounts = new Accounts();
  readonly histories = new Histories();
  /** Clients' orders as long as they are kept, the house's while they are open. */
  readonly orders = new Map<number, Order>();
  readonly lists = new OrderLists(this.orders);
  nextOrderId = 1;
  /** Number of the ledger's line before the one that is being decided. */
  line = 0;
  mark: Marked | null = null;
  private readonly bySymbol: ReadonlyMap<string, Listed>;
  /** Came before the book by the command under way, and rest on it when the command is over. */
  private arrived: Order[] = [];

  constructor(symbols: readonly SymbolRules[]) {
    this.symbols = new Map(symbols.map((rules) => [rules.name, rules]));
    this.bySymbol = new Map(symbols.map((rules) => [rules.name, new Listed(rules)]));
  }

  /** Folds one line of the ledger. */
  replay(entry: Entry): void {
    this.line = entry.number - 1;
    for (const fact of entry.facts) {
      this.apply(fact, entry.at);
      // The house's own trades are not in the ledger: a mark says where they had led.
      if (fact.type === 'Marked') this.marketStood(fact);
    }
    this.line = entry.number;
    this.rest();
  }

  /** After the last line: no id that was given out before is given out again, in the ledger or not. */
  resume(): void {
    if (!this.mark) return;
    this.nextOrderId = Math.max(this.nextOrderId, this.mark.orderIdFloor);
    for (const { symbol, tradeIdFloor, updateIdFloor } of this.mark.symbols) {
      this.listed(symbol).tradeIdGiven(tradeIdFloor - 1);
      const book = this.book(symbol);
      book.updateId = Math.max(book.updateId, updateIdFloor);
      book.takeTouched();
    }
  }

  apply(fact: Fact, at: number): void {
    switch (fact.type) {
      case 'AccountOpened':
        this.accounts.open(fact.account);
        for (const { asset, amount } of fact.balances) this.accounts.credit(fact.account, asset, amount);
        return;
      case 'Transferred':
        return this.accounts.credit(fact.account, fact.asset, fact.amount);
      case 'OrderPlaced':
        return this.place(fact);
      case 'Traded':
        return this.trade(fact, at);
      case 'OrderClosed':
        if (fact.reason) this.order(fact.orderId).expiryReason = fact.reason;
        return this.close(this.order(fact.orderId), fact.status, at);
      case 'OrderAmended':
        return this.amend(this.order(fact.orderId), fact, at);
      case 'OrderTriggered':
        return this.trigger(this.order(fact.orderId), fact, at);
      case 'MatchPrevented':
        return this.prevent(fact, at);
      case 'ListPlaced':
        return this.lists.add(fact.list);
      case 'OrderFunded':
        return this.relock(this.order(fact.orderId), fact.locked);
      case 'TradeBusted':
        return applyBust(this, fact, at);
      case 'StatusSet':
        this.listed(fact.symbol).status = fact.status;
        return;
      case 'Marked':
        this.mark = fact;
        return;
      case 'OrderRefused':
        return;
      default:
        return stand(this, fact);
    }
  }

  /**
   * Call after the facts of one command: what is left of the orders it brought goes onto the book. Not before,
   * so that an incoming order never stands on the book while it trades.
   */
  rest(): void {
    for (const order of this.arrived) if (isOpen(order)) this.book(order.symbol).add(order);
    this.arrived = [];
  }

  listed(symbol: string): Listed {
    const listed = this.bySymbol.get(symbol);
    if (!listed) throw new Error(`SYMBOL_NOT_LISTED: symbol=${symbol}, listed: ${[...this.symbols.keys()].join(', ')}`);
    return listed;
  }

  book(symbol: string): Book {
    return this.listed(symbol).book;
  }

  stops(symbol: string): Stops {
    return this.listed(symbol).stops;
  }

  rules(symbol: string): SymbolRules {
    return this.listed(symbol).rules;
  }

  order(id: number): Order {
    const order = this.orders.get(id);
    if (!order) throw new Error(`a fact is about an order that was placed: order=${id}`);
    return order;
  }

  /** Changes what an order holds of its account's balance. */
  relock(order: Order, locked: Decimal): void {
    if (order.locked !== locked) this.accounts.lock(order.account, this.paidIn(order), locked - order.locked);
    order.locked = locked;
  }

  paidIn(order: Pick<Order, 'symbol' | 'side'>): string {
    const { base, quote } = this.rules(order.symbol);
    return order.side === 'BUY' ? quote : base;
  }

  /** The oldest closed orders of each account and symbol beyond `kept`, and their trades. */
  trim(kept: number): void {
    for (const id of this.histories.trim(kept)) this.orders.delete(id);
    this.lists.trim();
  }

  private marketStood({ symbols }: Marked): void {
    for (const { symbol, mid } of symbols) this.listed(symbol).lastPrice = mid;
  }

  private place({ order: terms, locked }: OrderPlaced): void {
    const order: Order = {
      ...terms,
      workingAt: terms.stopPrice === undefined ? terms.placedAt : null,
      status: 'NEW',
      executed: 0n,
      executedQuote: 0n,
      locked,
      prevented: null,
      updatedAt: terms.placedAt,
    };
    this.orders.set(order.id, order);
    if (isParked(order)) this.stops(order.symbol).add(order);
    else this.arrived.push(order);
    this.nextOrderId = Math.max(this.nextOrderId, order.id + 1);
    if (order.account === HOUSE) return;
    this.accounts.lock(order.account, this.paidIn(order), locked);
    this.histories.add(order);
  }

  private amend(order: Order, fact: OrderAmended, at: number): void {
    const less = order.quantity - fact.quantity;
    this.book(order.symbol).reduce(order, less);
    this.relock(order, order.locked - lockedFor(order, less));
    this.histories.of(order.account, order.symbol).amendments.push({
      orderId: order.id,
      executionId: executionId(this.line + 1, 0),
      origClientOrderId: fact.origClientOrderId,
      newClientOrderId: fact.clientOrderId,
      origQuantity: order.quantity,
      newQuantity: fact.quantity,
      at,
    });
    order.quantity = fact.quantity;
    order.placedAs ??= fact.origClientOrderId;
    order.clientOrderId = fact.clientOrderId;
    order.updatedAt = at;
    this.histories.rename(order, fact.origClientOrderId);
  }

  private trigger(order: Order, { locked }: OrderTriggered, at: number): void {
    this.stops(order.symbol).remove(order);
    this.relock(order, locked);
    order.workingAt = at;
    order.updatedAt = at;
    this.arrived.push(order);
  }

  private prevent(fact: MatchPrevented, at: number): void {
    this.listed(fact.symbol).preventedMatchIdGiven(fact.id);
    const { id, mode, takerOrderId, makerOrderId, price } = fact;
    const reduced = reducedBy(fact).map((order) => this.order(order));
    const lost = new Map(reduced.map((order) => [order.id, mode === 'DECREMENT' ? fact.quantity : remaining(order)]));
    const [takerQuantity, makerQuantity] = [lost.get(takerOrderId) ?? null, lost.get(makerOrderId) ?? null];
    const match = { id, mode, takerOrderId, makerOrderId, price, takerQuantity, makerQuantity, at };
    this.histories.of(fact.account, fact.symbol).prevented.push(match);
    for (const order of reduced) {
      const quantity = lost.get(order.id) ?? 0n;
      order.prevented = { matchId: id, quantity: (order.prevented?.quantity ?? 0n) + quantity };
      if (mode === 'DECREMENT') this.decrement(order, quantity, at);
      if (mode !== 'DECREMENT' || remaining(order) === 0n) this.close(order, 'EXPIRED_IN_MATCH', at);
    }
  }

  /** A market order holds what it trades and nothing for what it does not. */
  private decrement(order: Order, quantity: Decimal, at: number): void {
    this.book(order.symbol).reduce(order, quantity);
    if (!takesAnyPrice(order.type)) this.relock(order, order.locked - lockedFor(order, quantity));
    order.decremented = (order.decremented ?? 0n) + quantity;
    order.updatedAt = at;
  }

  private trade(fact: Traded, at: number): void {
    const listed = this.listed(fact.symbol);
    listed.tradeIdGiven(fact.id);
    listed.lastPrice = fact.price;
    this.settle(fact, 'BUY', fact.buyer, at);
    this.settle(fact, 'SELL', fact.seller, at);
  }

  private settle(fact: Traded, side: Side, leg: Leg, at: number): void {
    const { base, quote } = this.rules(fact.symbol);
    const cost = mul(fact.price, fact.quantity);
    const [paid, paidAsset] = side === 'BUY' ? [cost, quote] : [fact.quantity, base];
    const [got, gotAsset] = side === 'BUY' ? [fact.quantity, base] : [cost, quote];
    const feeAsset = leg.feeAsset ?? gotAsset;
    this.accounts.credit(leg.account, gotAsset, got);
    if (leg.fee > 0n) {
      this.accounts.credit(leg.account, feeAsset, -leg.fee);
      this.accounts.credit(FEES, feeAsset, leg.fee);
    }
    // A house order is unknown when the ledger is replayed: only its money is in the trade.
    const order = leg.account === HOUSE ? this.orders.get(leg.orderId) : this.order(leg.orderId);
    if (leg.account === HOUSE) this.accounts.credit(HOUSE, paidAsset, -paid);
    else this.payFromLocked(this.order(leg.orderId), fact, paid, paidAsset);
    if (order) this.progress(order, fact.quantity, cost, at);
    if (leg.account === HOUSE) return;
    this.histories.of(leg.account, fact.symbol).trades.push({
      id: fact.id,
      orderId: leg.orderId,
      symbol: fact.symbol,
      side,
      price: fact.price,
      quantity: fact.quantity,
      fee: leg.fee,
      feeAsset,
      maker: fact.takerSide !== side,
      tradedAt: at,
    });
  }

  /** A buy below its limit gives back what the better price saved. */
  private payFromLocked(order: Order, fact: Traded, paid: Decimal, asset: string): void {
    const unitPrice = takesAnyPrice(order.type) ? fact.price : order.price;
    const held = order.side === 'BUY' ? mul(unitPrice, fact.quantity) : fact.quantity;
    order.locked -= held;
    this.accounts.spendLocked(order.account, asset, paid);
    if (held > paid) this.accounts.unlock(order.account, asset, held - paid);
  }

  private progress(order: Order, quantity: Decimal, cost: Decimal, at: number): void {
    this.book(order.symbol).reduce(order, quantity);
    order.executed += quantity;
    order.executedQuote += cost;
    order.status = remaining(order) === 0n ? 'FILLED' : 'PARTIALLY_FILLED';
    order.updatedAt = at;
    this.forget(order);
  }

  private close(order: Order, status: OrderClosed['status'] | 'EXPIRED_IN_MATCH', at: number): void {
    this.book(order.symbol).remove(order);
    this.stops(order.symbol).remove(order);
    this.relock(order, 0n);
    order.status = status;
    order.updatedAt = at;
    this.forget(order);
  }

  private forget(order: Order): void {
    if (order.account !== HOUSE) this.histories.refresh(order);
    else if (!isOpen(order)) this.orders.delete(order.id);
  }
}
