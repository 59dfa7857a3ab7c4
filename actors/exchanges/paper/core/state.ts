// The venue's state: the fold of its facts. Live commands and the ledger's replay go through the same apply(),
// so there is no second way for an order, a balance or an id to come about.
import { type Decimal, mul } from '../../../market/decimal.ts';
import { Accounts } from './accounts.ts';
import { Book } from './book.ts';
import {
  type Entry,
  expiredBy,
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
  type Traded,
} from './facts.ts';
import { Histories } from './history.ts';
import { isOpen, isParked, lockedFor, type Order, remaining, type Side, takesAnyPrice } from './order.ts';
import { Stops } from './stops.ts';
import type { SymbolRules } from './symbol.ts';

export class VenueState {
  readonly symbols: ReadonlyMap<string, SymbolRules>;
  readonly accounts = new Accounts();
  readonly histories = new Histories();
  /** Clients' orders of all time, the house's while they are open. */
  readonly orders = new Map<number, Order>();
  nextOrderId = 1;
  mark: Marked | null = null;
  private readonly books = new Map<string, Book>();
  private readonly parked = new Map<string, Stops>();
  private readonly nextTradeIds = new Map<string, number>();
  private readonly nextPreventedMatchIds = new Map<string, number>();
  private readonly lastPrices = new Map<string, Decimal>();
  /** Came before the book by the command under way, and rest on it when the command is over. */
  private arrived: Order[] = [];

  constructor(symbols: readonly SymbolRules[]) {
    this.symbols = new Map(symbols.map((rules) => [rules.name, rules]));
    for (const rules of symbols) {
      this.books.set(rules.name, new Book());
      this.parked.set(rules.name, new Stops());
      this.lastPrices.set(rules.name, rules.startPrice);
    }
  }

  /** Folds one line of the ledger. */
  replay(entry: Entry): void {
    for (const fact of entry.facts) {
      this.apply(fact, entry.at);
      // The house's own trades are not in the ledger: a mark says where they had led.
      if (fact.type === 'Marked') for (const { symbol, mid } of fact.symbols) this.lastPrices.set(symbol, mid);
    }
    this.rest();
  }

  /** After the last line: no id that was given out before is given out again, in the ledger or not. */
  resume(): void {
    if (!this.mark) return;
    this.nextOrderId = Math.max(this.nextOrderId, this.mark.orderIdFloor);
    for (const { symbol, tradeIdFloor, updateIdFloor } of this.mark.symbols) {
      this.nextTradeIds.set(symbol, Math.max(this.nextTradeId(symbol), tradeIdFloor));
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
        return this.close(this.order(fact.orderId), fact.status, at);
      case 'OrderAmended':
        return this.amend(this.order(fact.orderId), fact, at);
      case 'OrderTriggered':
        return this.trigger(this.order(fact.orderId), fact, at);
      case 'MatchPrevented':
        return this.prevent(fact, at);
      case 'Marked':
        this.mark = fact;
        return;
      case 'OrderRefused':
        return;
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

  book(symbol: string): Book {
    const book = this.books.get(symbol);
    if (!book) throw new Error(`SYMBOL_NOT_LISTED: symbol=${symbol}, listed: ${[...this.symbols.keys()].join(', ')}`);
    return book;
  }

  stops(symbol: string): Stops {
    this.book(symbol);
    return this.parked.get(symbol) as Stops;
  }

  nextTradeId(symbol: string): number {
    return this.nextTradeIds.get(symbol) ?? 1;
  }

  nextPreventedMatchId(symbol: string): number {
    return this.nextPreventedMatchIds.get(symbol) ?? 0;
  }

  /** Of the last trade; before the first one, where the market stands. */
  lastPrice(symbol: string): Decimal {
    this.book(symbol);
    return this.lastPrices.get(symbol) as Decimal;
  }

  private order(id: number): Order {
    const order = this.orders.get(id);
    if (!order) throw new Error(`a fact is about an order that was placed: order=${id}`);
    return order;
  }

  rules(symbol: string): SymbolRules {
    this.book(symbol);
    return this.symbols.get(symbol) as SymbolRules;
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
    order.quantity = fact.quantity;
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
    this.nextPreventedMatchIds.set(fact.symbol, Math.max(this.nextPreventedMatchId(fact.symbol), fact.id + 1));
    for (const order of expiredBy(fact).map((id) => this.order(id))) {
      order.prevented = { matchId: fact.id, quantity: remaining(order) };
      this.close(order, 'EXPIRED_IN_MATCH', at);
    }
  }

  private trade(fact: Traded, at: number): void {
    this.nextTradeIds.set(fact.symbol, Math.max(this.nextTradeId(fact.symbol), fact.id + 1));
    this.lastPrices.set(fact.symbol, fact.price);
    this.settle(fact, 'BUY', fact.buyer, at);
    this.settle(fact, 'SELL', fact.seller, at);
  }

  private settle(fact: Traded, side: Side, leg: Leg, at: number): void {
    const { base, quote } = this.rules(fact.symbol);
    const cost = mul(fact.price, fact.quantity);
    const [paid, paidAsset] = side === 'BUY' ? [cost, quote] : [fact.quantity, base];
    const [got, gotAsset] = side === 'BUY' ? [fact.quantity, base] : [cost, quote];
    this.accounts.credit(leg.account, gotAsset, got - leg.fee);
    if (leg.fee > 0n) this.accounts.credit(FEES, gotAsset, leg.fee);
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
      feeAsset: gotAsset,
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
    order.status = order.executed === order.quantity ? 'FILLED' : 'PARTIALLY_FILLED';
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

  private relock(order: Order, locked: Decimal): void {
    if (order.locked !== locked) this.accounts.lock(order.account, this.paidIn(order), locked - order.locked);
    order.locked = locked;
  }

  private paidIn(order: Order): string {
    const { base, quote } = this.rules(order.symbol);
    return order.side === 'BUY' ? quote : base;
  }

  private forget(order: Order): void {
    if (order.account !== HOUSE) this.histories.refresh(order);
    else if (!isOpen(order)) this.orders.delete(order.id);
  }
}
