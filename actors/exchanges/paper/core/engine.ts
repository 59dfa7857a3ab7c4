// Decides commands into facts and applies them: price-time priority, one command at a time, the clock passed in.
// Pure: it writes nothing and knows no socket. What a command did comes back as an Outcome, and nothing of it
// may be shown to anyone before its facts are in the ledger (venue.ts).
// Amend, cancel-replace and self-trade prevention belong here: each is a further command that makes the same facts
// (a replace is close and place in one entry; prevention closes instead of trading where match() pairs an account
// with itself).
import { type Decimal, mul, roundDown } from '../../../market/decimal.ts';
import type { Match } from './book.ts';
import { type Fact, HOUSE, type Leg, type Traded } from './facts.ts';
import { failedFilter } from './filters.ts';
import { isOpen, type Order, type OrderTerms, type OrderType, type Side, type TimeInForce } from './order.ts';
import type { Outcome, Position, Report } from './outcome.ts';
import type { Refusal } from './refusal.ts';
import * as refusals from './refusal.ts';
import type { VenueState } from './state.ts';
import { ASSET_UNIT, type SymbolRules } from './symbol.ts';

export interface PlaceRequest {
  readonly account: string;
  readonly symbol: string;
  readonly clientOrderId: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly price: Decimal;
  readonly quantity: Decimal;
}

export interface Fees {
  readonly maker: Decimal;
  readonly taker: Decimal;
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

  /** Refuses as Binance does, in its order: filters, duplicate, crossing maker, funds. */
  place(request: PlaceRequest, at: number): Placement {
    const rules = this.rules(request.symbol);
    const matches = this.match(request);
    const refusal = this.refusal(request, rules, matches, at);
    if (refusal) {
      const { account, symbol, clientOrderId } = request;
      const { code, msg } = refusal;
      return {
        refusal,
        outcome: this.apply([{ type: 'OrderRefused', account, symbol, clientOrderId, code, msg }], at),
      };
    }
    const { id, outcome } = this.accept(request, matches, at);
    return { order: this.state.orders.get(id) as Order, outcome };
  }

  /** What place() would say, without doing it: null when it would be taken. */
  test(request: PlaceRequest, at: number): Refusal | null {
    return this.refusal(request, this.rules(request.symbol), this.match(request), at);
  }

  /** Orders of the house: no filters, no funds, no client id; without a price it takes what is there. */
  placeHouse(symbol: string, side: Side, price: Decimal | null, quantity: Decimal, at: number): HousePlacement {
    const type = price === null ? 'MARKET' : 'LIMIT';
    const terms = { account: HOUSE, symbol, clientOrderId: '', side, type, timeInForce: 'GTC' } as const;
    const request: PlaceRequest = { ...terms, price: price ?? 0n, quantity };
    return this.accept(request, this.match(request), at);
  }

  /** The order must be open. */
  cancel(order: Order, requestId: string | null, at: number): Outcome {
    return this.cancelAll([order], requestId, at);
  }

  cancelAll(orders: readonly Order[], requestId: string | null, at: number): Outcome {
    const facts = orders.filter(isOpen).map(
      (order): Fact => ({
        type: 'OrderClosed',
        orderId: order.id,
        account: order.account,
        status: 'CANCELED',
        requestId,
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

  record(fact: Fact, at: number): Outcome {
    return this.apply([fact], at);
  }

  private rules(symbol: string): SymbolRules {
    const rules = this.state.symbols.get(symbol);
    if (!rules) throw new refusals.Refused(refusals.SYMBOL_INVALID);
    return rules;
  }

  private match(request: PlaceRequest): Match[] {
    const limit = request.type === 'MARKET' ? null : request.price;
    return this.state.book(request.symbol).matches(request.side, limit, request.quantity);
  }

  private refusal(request: PlaceRequest, rules: SymbolRules, matches: Match[], at: number): Refusal | null {
    const averagePrice = this.averagePrice(request.symbol, averageMinutes(rules), at);
    const filter = failedFilter(rules.filters, { ...request, averagePrice });
    if (filter) return refusals.filterFailure(filter);
    const { account, symbol, clientOrderId } = request;
    if (this.state.histories.openUnder(account, symbol, clientOrderId)) return refusals.DUPLICATE_ORDER;
    if (request.type === 'LIMIT_MAKER' && matches.length > 0) return refusals.WOULD_TAKE;
    const asset = request.side === 'BUY' ? rules.quote : rules.base;
    const short = this.state.accounts.free(account, asset) < toLock(request, matches);
    return short ? refusals.INSUFFICIENT_BALANCE : null;
  }

  private accept(request: PlaceRequest, found: Match[], at: number): HousePlacement {
    const id = this.state.nextOrderId;
    const filled = found.reduce((sum, match) => sum + match.quantity, 0n);
    const killed = request.timeInForce === 'FOK' && filled < request.quantity;
    const matches = killed ? [] : found;
    const order: OrderTerms = { id, ...request, placedAt: at };
    const facts: Fact[] = [{ type: 'OrderPlaced', order, locked: toLock(request, matches) }];
    const firstTradeId = this.state.nextTradeId(request.symbol);
    for (const [index, match] of matches.entries()) facts.push(this.trade(order, match, firstTradeId + index));
    const ends = request.type === 'MARKET' || request.timeInForce !== 'GTC';
    if (ends && (killed || filled < request.quantity)) {
      facts.push({ type: 'OrderClosed', orderId: id, account: request.account, status: 'EXPIRED', requestId: null });
    }
    return { id, outcome: this.apply(facts, at) };
  }

  private trade(taker: OrderTerms, match: Match, id: number): Traded {
    const own = this.leg(taker.account, taker.id, taker.side, match, this.fees.taker);
    const other = taker.side === 'BUY' ? 'SELL' : 'BUY';
    const theirs = this.leg(match.maker.account, match.maker.id, other, match, this.fees.maker);
    const [buyer, seller] = taker.side === 'BUY' ? [own, theirs] : [theirs, own];
    const { price, quantity } = match;
    return { type: 'Traded', id, symbol: taker.symbol, price, quantity, takerSide: taker.side, buyer, seller };
  }

  /** Fees are cut to the asset's eight places in the client's favour; the house pays none. */
  private leg(account: string, orderId: number, side: Side, match: Match, rate: Decimal): Leg {
    const received = side === 'BUY' ? match.quantity : mul(match.price, match.quantity);
    return { account, orderId, fee: account === HOUSE ? 0n : roundDown(mul(received, rate, 'down'), ASSET_UNIT) };
  }

  private apply(facts: readonly Fact[], at: number): Outcome {
    const reports: Report[] = [];
    const changed = new Map<string, Set<string>>();
    const trades: Traded[] = [];
    for (const fact of facts) {
      this.state.apply(fact, at);
      if (fact.type === 'Traded') trades.push(fact);
      if (fact.type === 'Transferred') changed.set(fact.account, new Set([fact.asset]));
      for (const report of this.reportsOf(fact)) {
        reports.push(report);
        const assets = changed.get(report.order.account) ?? new Set();
        const { base, quote } = this.rules(report.order.symbol);
        changed.set(report.order.account, assets.add(base).add(quote));
      }
    }
    this.state.rest();
    return {
      at,
      facts,
      reports,
      positions: [...changed].map(([account, assets]) => this.position(account, assets)),
      trades,
    };
  }

  private reportsOf(fact: Fact): Report[] {
    switch (fact.type) {
      case 'OrderPlaced':
        return this.report(fact.order.account, fact.order.id, 'NEW', null, null);
      case 'Traded':
        return [fact.buyer, fact.seller].flatMap((leg) => this.report(leg.account, leg.orderId, 'TRADE', fact, null));
      case 'OrderClosed':
        return this.report(fact.account, fact.orderId, fact.status, null, fact.requestId);
      default:
        return [];
    }
  }

  private report(
    account: string,
    orderId: number,
    execution: Report['execution'],
    trade: Traded | null,
    requestId: string | null,
  ): Report[] {
    if (account === HOUSE) return [];
    return [{ order: { ...(this.state.orders.get(orderId) as Order) }, execution, trade, requestId }];
  }

  private position(account: string, assets: ReadonlySet<string>): Position {
    const balances = [...assets].map((asset) => ({ asset, ...this.state.accounts.balance(account, asset) }));
    return { account, balances };
  }
}

/** Quote a buy may cost at worst, base a sell may give away. A market order costs exactly its matches. */
function toLock(request: PlaceRequest, matches: readonly Match[]): Decimal {
  if (request.account === HOUSE) return 0n;
  if (request.type !== 'MARKET')
    return request.side === 'BUY' ? mul(request.price, request.quantity) : request.quantity;
  return matches.reduce(
    (sum, { price, quantity }) => sum + (request.side === 'BUY' ? mul(price, quantity) : quantity),
    0n,
  );
}

function averageMinutes(rules: SymbolRules): number {
  for (const filter of rules.filters) if ('avgPriceMins' in filter) return filter.avgPriceMins;
  return 0;
}
