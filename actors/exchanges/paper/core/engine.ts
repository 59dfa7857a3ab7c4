// Decides commands into facts and applies them: price-time priority, one command at a time, the clock passed in.
// Pure: it writes nothing and knows no socket. What a command did comes back as an Outcome, and nothing of it
// may be shown to anyone before its facts are in the ledger (venue.ts).
// The stops that a command's trades reach go off within the command, so that its line of the ledger holds both: no
// crash leaves a stop parked behind a price that was traded.
import type { Decimal } from '../../../market/decimal.ts';
import { applied, merged } from './applying.ts';
import type { Match } from './book.ts';
import { type Fact, HOUSE, type OrderClosed, type Traded } from './facts.ts';
import { FeePlan, type Fees } from './fees.ts';
import { failedFilter } from './filters.ts';
import { affordable, costOf, NOTHING, type Plan, plan, type Taker, worth } from './matching.ts';
import {
  type ExpiryReason,
  isOpen,
  isParked,
  lockedFor,
  type Order,
  type OrderTerms,
  type OrderType,
  remaining,
  type SelfTradePrevention,
  type Side,
  type TimeInForce,
  takesAnyPrice,
} from './order.ts';
import type { Outcome } from './outcome.ts';
import type { Refusal } from './refusal.ts';
import * as refusals from './refusal.ts';
import type { VenueState } from './state.ts';
import { isReached } from './stops.ts';
import type { SymbolRules } from './symbol.ts';

export interface PlaceRequest {
  readonly account: string;
  readonly symbol: string;
  readonly clientOrderId: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly price: Decimal;
  readonly stopPrice?: Decimal;
  readonly quantity: Decimal;
  /** Of a market order that was given as an amount of the quote asset, from which its quantity follows. */
  readonly quoteQuantity?: Decimal;
  readonly selfTradePrevention?: SelfTradePrevention;
}

export type Placement =
  | { readonly order: Order; readonly outcome: Outcome }
  | { readonly refusal: Refusal; readonly outcome: Outcome };

/** By id: a house order that is filled at once is already forgotten. */
export interface HousePlacement {
  readonly id: number;
  readonly outcome: Outcome;
}

export interface EngineOptions {
  readonly state: VenueState;
  readonly fees: Fees;
  /** Volume-weighted over some minutes: what filters value a market order at. */
  readonly averagePrice: (symbol: string, minutes: number, at: number) => Decimal;
}

export class Engine {
  readonly state: VenueState;
  readonly fees: Fees;
  private readonly averagePrice: EngineOptions['averagePrice'];

  constructor(options: EngineOptions) {
    this.state = options.state;
    this.fees = options.fees;
    this.averagePrice = options.averagePrice;
  }

  /** A client's first appearance; known accounts keep what they have. */
  openAccount(account: string, balances: ReadonlyMap<string, Decimal>, at: number): Outcome {
    if (this.state.accounts.has(account)) return this.apply([], at);
    const given = [...balances].map(([asset, amount]) => ({ asset, amount }));
    return this.apply([{ type: 'AccountOpened', account, balances: given }], at);
  }

  /** Refuses as Binance does, in its order: filters, duplicate, stop reached, crossing maker, funds. */
  place(given: PlaceRequest, at: number): Placement {
    const request = this.sized(given);
    const found = this.plan(request);
    const refusal = this.filterRefusal(request, at) ?? this.refusal(request, found);
    if (refusal) {
      const { account, symbol, clientOrderId } = request;
      const { code, msg } = refusal;
      return {
        refusal,
        outcome: this.apply([{ type: 'OrderRefused', account, symbol, clientOrderId, code, msg }], at),
      };
    }
    const { id, outcome } = this.accept(request, found, at);
    return { order: this.state.orders.get(id) as Order, outcome };
  }

  /** What place() would say, without doing it: null when it would be taken. */
  test(given: PlaceRequest, at: number): Refusal | null {
    const request = this.sized(given);
    return this.filterRefusal(request, at) ?? this.refusal(request, this.plan(request));
  }

  /** The first filter that an order of these terms does not pass; beside how many open ones, where that counts. */
  filterRefusal(
    terms: Taker & Pick<PlaceRequest, 'symbol' | 'stopPrice'>,
    at: number,
    openOrders = this.state.histories.of(terms.account, terms.symbol).open.size,
  ): Refusal | null {
    const rules = this.rules(terms.symbol);
    const averagePrice = this.averagePrice(terms.symbol, averageMinutes(rules), at);
    const position = (): Decimal => this.position(terms.account, rules);
    const filter = failedFilter(rules.filters, { ...terms, averagePrice, openOrders, position });
    return filter ? refusals.filterFailure(filter) : null;
  }

  /** Orders of the house: no filters, no funds, no client id; without a price it takes what is there. */
  placeHouse(symbol: string, side: Side, price: Decimal | null, quantity: Decimal, at: number): HousePlacement {
    const type = price === null ? 'MARKET' : 'LIMIT';
    const terms = { account: HOUSE, symbol, clientOrderId: '', side, type, timeInForce: 'GTC' } as const;
    const request: PlaceRequest = { ...terms, price: price ?? 0n, quantity };
    return this.accept(request, this.plan(request), at);
  }

  /** Takes quantity away from an open order, which keeps its id and its place in the book. */
  amend(order: Order, quantity: Decimal, clientOrderId: string, at: number): Refusal | Outcome {
    const refusal =
      this.filterRefusal({ ...order, quantity }, at, 0) ?? this.amendRefusal(order, quantity, clientOrderId);
    if (refusal) return refusal;
    const { id: orderId, account, clientOrderId: origClientOrderId } = order;
    return this.apply([{ type: 'OrderAmended', orderId, account, quantity, clientOrderId, origClientOrderId }], at);
  }

  /** The order must be open. */
  cancel(order: Order, requestId: string | null, at: number): Outcome {
    return this.cancelAll([order], requestId, at);
  }

  cancelAll(orders: readonly Order[], requestId: string | null, at: number): Outcome {
    return this.close(orders, 'CANCELED', requestId, at);
  }

  /** The open ones among them, and those of their lists; null for a request id when nobody asked for it. */
  close(orders: readonly Order[], status: OrderClosed['status'], requestId: string | null, at: number): Outcome {
    const all = new Set(orders.flatMap((order) => [order, ...this.state.lists.siblings(order)]));
    const facts = [...all].filter(isOpen).map(
      (order): Fact => ({
        type: 'OrderClosed',
        orderId: order.id,
        account: order.account,
        status,
        requestId,
        ...(status === 'EXPIRED' && { reason: 'EXCHANGE_CANCELED' }),
      }),
    );
    return this.apply(facts, at);
  }

  /** A deposit, or a withdrawal of what is free. */
  transfer(account: string, asset: string, amount: Decimal, at: number): Outcome | null {
    const { accounts } = this.state;
    if (!accounts.isClient(account) || accounts.free(account, asset) + amount < 0n) return null;
    return this.apply([{ type: 'Transferred', account, asset, amount }], at);
  }

  record(facts: readonly Fact[], at: number): Outcome {
    return this.apply(facts, at);
  }

  /** As much as an amount of the quote asset buys, or as has to be sold for it, in whole lots. */
  sized(request: PlaceRequest): PlaceRequest {
    const { symbol, side, quoteQuantity } = request;
    if (quoteQuantity === undefined) return request;
    const { stepSize } = this.rules(symbol);
    return { ...request, quantity: worth(this.state.book(symbol), side, quoteQuantity, stepSize) };
  }

  private apply(facts: readonly Fact[], at: number): Outcome {
    return applied(this.state, facts, at);
  }

  private rules(symbol: string): SymbolRules {
    const rules = this.state.symbols.get(symbol);
    if (!rules) throw new refusals.Refused(refusals.SYMBOL_INVALID);
    return rules;
  }

  private position(account: string, { name, base }: SymbolRules): Decimal {
    if (!this.state.accounts.has(account)) return 0n;
    const { free, locked } = this.state.accounts.balance(account, base);
    const buys = [...this.state.histories.of(account, name).open.values()].filter(({ side }) => side === 'BUY');
    return buys.reduce((sum, order) => sum + remaining(order), free + locked);
  }

  /** A stop order does nothing before its price is traded. */
  private plan(request: PlaceRequest): Plan {
    return request.stopPrice === undefined ? plan(this.state.book(request.symbol), request) : NOTHING;
  }

  private refusal(request: PlaceRequest, found: Plan): Refusal | null {
    const refusal = this.legRefusal(request, found);
    if (refusal) return refusal;
    const { base, quote } = this.rules(request.symbol);
    const free = this.state.accounts.free(request.account, request.side === 'BUY' ? quote : base);
    return free < toLock(request, found) ? refusals.INSUFFICIENT_BALANCE : null;
  }

  /** Everything but the funds. */
  legRefusal(request: PlaceRequest, found: Plan = this.plan(request)): Refusal | null {
    const { account, symbol, clientOrderId } = request;
    if (this.state.histories.openUnder(account, symbol, clientOrderId)) return refusals.DUPLICATE_ORDER;
    if (isReached(request, this.state.listed(symbol).lastPrice)) return refusals.WOULD_TRIGGER;
    const meets = found.matches.length + found.prevented.length > 0;
    return request.type === 'LIMIT_MAKER' && meets ? refusals.WOULD_TAKE : null;
  }

  private amendRefusal(order: Order, quantity: Decimal, clientOrderId: string): Refusal | null {
    if (order.listId !== undefined) return refusals.AMEND_LIST;
    if (quantity === order.quantity) return refusals.AMEND_NOTHING;
    if (quantity > order.quantity) return refusals.AMEND_INCREASE;
    if (quantity <= order.quantity - remaining(order)) return refusals.AMEND_EXECUTED;
    const other = this.state.histories.openUnder(order.account, order.symbol, clientOrderId);
    return other && other !== order ? refusals.AMEND_DUPLICATE : null;
  }

  private accept(request: PlaceRequest, found: Plan, at: number): HousePlacement {
    const id = this.state.nextOrderId;
    const order: OrderTerms = { id, ...request, placedAt: at };
    const placed: Fact = { type: 'OrderPlaced', order, locked: toLock(request, found) };
    const work = request.stopPrice === undefined ? this.work(order, request, found) : [];
    return { id, outcome: this.setOff(this.apply([placed, ...work], at), at) };
  }

  /** What an order does before the book, and its end if it must not rest there. */
  private work(order: OrderTerms, taker: Taker, found: Plan): Fact[] {
    const { id, account, symbol } = order;
    const firstTradeId = this.state.listed(symbol).nextTradeId;
    const fees = new FeePlan(this.state, this.fees);
    const facts = found.matches.flatMap((match, index): Fact[] => [
      ...this.alone(match.maker),
      this.trade(order, match, firstTradeId + index, fees),
    ]);
    const firstPreventedId = this.state.listed(symbol).nextPreventedMatchId;
    for (const [index, { mode, maker, quantity }] of found.prevented.entries()) {
      const between = { takerOrderId: id, makerOrderId: maker.id };
      const prevented = { id: firstPreventedId + index, symbol, account, mode, price: maker.price, quantity };
      if (mode === 'DECREMENT') facts.push(...this.alone(maker));
      facts.push({ type: 'MatchPrevented', ...prevented, ...between });
      if (mode === 'EXPIRE_MAKER' || mode === 'EXPIRE_BOTH') facts.push(...this.closeSiblings(maker));
    }
    const ends = takesAnyPrice(taker.type) || taker.timeInForce !== 'GTC';
    if (ends && !found.isStopped && found.filled + found.canceledOut < taker.quantity) {
      const reason = expiryReason(taker);
      facts.push({ type: 'OrderClosed', orderId: id, account, status: 'EXPIRED', requestId: null, reason });
    }
    return facts;
  }

  /** The stops that the trades of a step reached, and those that their trades reach. */
  private setOff(first: Outcome, at: number): Outcome {
    const steps = [first];
    for (const step of steps) {
      for (const { symbol, price } of step.trades) {
        for (const order of this.state.stops(symbol).reachedBy(price)) {
          // What another one set off may have ended it.
          if (isParked(order)) steps.push(this.trigger(order, at));
        }
      }
    }
    return merged(this.state, steps, at);
  }

  /** One that takes any price holds from here on exactly what it is about to pay. */
  private trigger(order: Order, at: number): Outcome {
    const { base, quote, stepSize } = this.rules(order.symbol);
    const taker: Taker = { ...order, quantity: remaining(order) };
    const whole = plan(this.state.book(order.symbol), taker);
    const held = [order, ...this.state.lists.siblings(order)].reduce((sum, { locked }) => sum + locked, 0n);
    const funds = held + this.state.accounts.free(order.account, order.side === 'BUY' ? quote : base);
    const found = takesAnyPrice(order.type) ? affordable(whole, taker, funds, stepSize) : whole;
    const locked = takesAnyPrice(order.type) ? costOf(found.matches, order.side) : lockedFor(order, taker.quantity);
    const triggered: Fact = { type: 'OrderTriggered', orderId: order.id, account: order.account, locked };
    return this.apply([...this.closeSiblings(order), triggered, ...this.work(order, taker, found)], at);
  }

  /** The others of its list expire, and it holds what it needs itself. */
  private alone(order: Order): Fact[] {
    const closed = this.closeSiblings(order);
    if (closed.length === 0) return [];
    const locked = lockedFor(order, remaining(order));
    return [...closed, { type: 'OrderFunded', orderId: order.id, account: order.account, locked }];
  }

  private closeSiblings(order: Order): Fact[] {
    return this.state.lists.siblings(order).map(({ id, account }): Fact => {
      return { type: 'OrderClosed', orderId: id, account, status: 'EXPIRED', requestId: null, reason: 'OCO_TRIGGER' };
    });
  }

  private trade(taker: OrderTerms, match: Match, id: number, fees: FeePlan): Traded {
    const { symbol, side } = taker;
    const { price, quantity, maker } = match;
    const filled = { symbol, price, quantity };
    const own = fees.leg({ ...filled, account: taker.account, orderId: taker.id, side }, 'taker');
    const other = side === 'BUY' ? 'SELL' : 'BUY';
    const theirs = fees.leg({ ...filled, account: maker.account, orderId: maker.id, side: other }, 'maker');
    const [buyer, seller] = side === 'BUY' ? [own, theirs] : [theirs, own];
    return { type: 'Traded', id, symbol, price, quantity, takerSide: side, buyer, seller };
  }
}

/** A market order costs exactly its matches, any other at worst what its own price says. */
function toLock(request: PlaceRequest, found: Plan): Decimal {
  if (request.account === HOUSE) return 0n;
  return request.type === 'MARKET' ? costOf(found.matches, request.side) : lockedFor(request, request.quantity);
}

function expiryReason({ type, timeInForce }: Pick<Taker, 'type' | 'timeInForce'>): ExpiryReason {
  if (takesAnyPrice(type)) return 'INSUFFICIENT_LIQUIDITY';
  return timeInForce === 'FOK' ? 'UNFILLED_FOK_ORDER_EXPIRED' : 'UNFILLED_IOC_QUANTITY_EXPIRED';
}

function averageMinutes(rules: SymbolRules): number {
  for (const filter of rules.filters) if ('avgPriceMins' in filter) return filter.avgPriceMins;
  return 0;
}
