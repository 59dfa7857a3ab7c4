// Facts: what has happened on the venue, in order. The state is their fold and nothing else, so the same
// facts read back from the ledger give the same orders, balances, trades and next ids.
// One command makes one entry of facts; an entry is one line of the ledger, there whole or not at all.
import type { Decimal } from '../../../market/decimal.ts';
import type {
  Amendment,
  ExpiryReason,
  Order,
  OrderTerms,
  OwnTrade,
  PreventedMatch,
  SelfTradePrevention,
  Side,
} from './order.ts';
import type { OrderList } from './order-lists.ts';

/** Makes the synthetic market. Its orders and the trades among them are not in the ledger. */
export const HOUSE = 'house';
/** Receives every fee. */
export const FEES = 'fees';

/** A client's account with what it was given. This and Transferred are the only ways value enters or leaves. */
export interface AccountOpened {
  readonly type: 'AccountOpened';
  readonly account: string;
  readonly balances: readonly { readonly asset: string; readonly amount: Decimal }[];
}

/** A deposit, or below zero a withdrawal. */
export interface Transferred {
  readonly type: 'Transferred';
  readonly account: string;
  readonly asset: string;
  readonly amount: Decimal;
}

export interface OrderPlaced {
  readonly type: 'OrderPlaced';
  readonly order: OrderTerms;
  readonly locked: Decimal;
}

/** One leg of a trade. The fee is in what the leg receives, base for the buyer and quote for the seller, or in an asset
 * of its own. */
export interface Leg {
  readonly account: string;
  readonly orderId: number;
  readonly fee: Decimal;
  readonly feeAsset?: string;
}

export interface Traded {
  readonly type: 'Traded';
  readonly id: number;
  readonly symbol: string;
  readonly price: Decimal;
  readonly quantity: Decimal;
  readonly takerSide: Side;
  readonly buyer: Leg;
  readonly seller: Leg;
}

/** A trade as one of its orders had it. The fee is in the asset that the fact names. */
export interface Fill {
  readonly id: number;
  readonly price: Decimal;
  readonly quantity: Decimal;
  readonly fee: Decimal;
}

/**
 * An order's side of a trade was taken back, or replaced by another one. The house stands in for the other side, so
 * that busting both sides moves nothing of the house.
 */
export interface TradeBusted {
  readonly type: 'TradeBusted';
  readonly symbol: string;
  readonly account: string;
  readonly orderId: number;
  readonly side: Side;
  readonly maker: boolean;
  readonly feeAsset: string;
  readonly busted: Fill;
  readonly corrected: Fill | null;
}

/** HALT: neither orders nor cancels are taken. CANCEL_ONLY: cancels are. */
export type MarketStatus = 'TRADING' | 'CANCEL_ONLY' | 'HALT';

export interface StatusSet {
  readonly type: 'StatusSet';
  readonly symbol: string;
  readonly status: MarketStatus;
}

/** An order that ended before it was filled. FILLED needs no fact: the trades say it. */
export interface OrderClosed {
  readonly type: 'OrderClosed';
  readonly orderId: number;
  readonly account: string;
  readonly status: 'CANCELED' | 'EXPIRED';
  /** The cancel request's own client id; null when the venue closed it. */
  readonly requestId: string | null;
  /** Of orders that expired. */
  readonly reason?: ExpiryReason;
}

/** Two orders belong together from here on; they are placed in the same command. */
export interface ListPlaced {
  readonly type: 'ListPlaced';
  readonly list: OrderList;
}

/** An order of a list holds from here on what it needs alone. */
export interface OrderFunded {
  readonly type: 'OrderFunded';
  readonly orderId: number;
  readonly account: string;
  readonly locked: Decimal;
}

/** An open order's quantity went down, and it goes by a new client id. Its id and its place in the book stay. */
export interface OrderAmended {
  readonly type: 'OrderAmended';
  readonly orderId: number;
  readonly account: string;
  readonly quantity: Decimal;
  readonly clientOrderId: string;
  readonly origClientOrderId: string;
}

/** The stop of a parked order was traded: from here on it works. `locked` is what it holds from now on. */
export interface OrderTriggered {
  readonly type: 'OrderTriggered';
  readonly orderId: number;
  readonly account: string;
  readonly locked: Decimal;
}

/** Two orders of one account met and did not trade: the mode says which of them expired. */
export interface MatchPrevented {
  readonly type: 'MatchPrevented';
  readonly id: number;
  readonly symbol: string;
  readonly account: string;
  readonly mode: Exclude<SelfTradePrevention, 'NONE'>;
  readonly price: Decimal;
  /** What would have traded. */
  readonly quantity: Decimal;
  readonly takerOrderId: number;
  readonly makerOrderId: number;
}

/** An order the engine did not take. It changes nothing; kept so that every copy that was sent can be counted. */
export interface OrderRefused {
  readonly type: 'OrderRefused';
  readonly account: string;
  readonly symbol: string;
  readonly clientOrderId: string;
  readonly code: number;
  readonly msg: string;
}

/**
 * Where the market stood, and ids that no later start may give out below: house trades and book updates are
 * shown to the world without being in the ledger, so ids are reserved ahead instead of read back.
 */
export interface Marked {
  readonly type: 'Marked';
  readonly orderIdFloor: number;
  readonly symbols: readonly SymbolMark[];
}

export interface SymbolMark {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly tick: number;
  readonly mid: Decimal;
  readonly tradeIdFloor: number;
  readonly updateIdFloor: number;
}

/**
 * A ledger may begin with how everything stood instead of with how it came about: this first, then accounts, orders
 * and trades, then the symbols. `lines` of the ledger belong to it, all or none of them.
 */
export interface SnapshotBegun {
  readonly type: 'SnapshotBegun';
  readonly lines: number;
  readonly nextOrderId: number;
  readonly nextListId: number;
}

export interface AccountStands {
  readonly type: 'AccountStands';
  readonly account: string;
  readonly balances: readonly { readonly asset: string; readonly free: Decimal; readonly locked: Decimal }[];
}

/** A client's order; whether it rests on the book is in SymbolStands. */
export interface OrderStands {
  readonly type: 'OrderStands';
  readonly order: Readonly<Order>;
  /** Its client id finds it, and no other one that went by the same. */
  readonly named: boolean;
}

export interface TradeStands {
  readonly type: 'TradeStands';
  readonly account: string;
  readonly trade: OwnTrade;
}

export interface ListStands {
  readonly type: 'ListStands';
  readonly list: OrderList;
}

/** Changes and prevented matches of an account in a symbol. */
export interface HistoryStands {
  readonly type: 'HistoryStands';
  readonly account: string;
  readonly symbol: string;
  readonly amendments: readonly Amendment[];
  readonly prevented: readonly PreventedMatch[];
}

export interface SymbolStands {
  readonly type: 'SymbolStands';
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly nextTradeId: number;
  readonly nextPreventedMatchId: number;
  readonly updateId: number;
  readonly lastPrice: Decimal;
  readonly status: MarketStatus;
  /** Ids of clients' orders on the book, each side in the order in which they are served. */
  readonly resting: readonly number[];
  readonly parked: readonly number[];
}

export type Fact =
  | AccountOpened
  | Transferred
  | OrderPlaced
  | Traded
  | OrderClosed
  | OrderAmended
  | OrderTriggered
  | MatchPrevented
  | OrderRefused
  | ListPlaced
  | OrderFunded
  | TradeBusted
  | StatusSet
  | Marked
  | Standing;

export type Standing =
  | SnapshotBegun
  | AccountStands
  | OrderStands
  | TradeStands
  | ListStands
  | HistoryStands
  | SymbolStands;

/** The orders that a prevented match took quantity from: the taker last. DECREMENT ends the smaller one alone. */
export function reducedBy({ mode, makerOrderId, takerOrderId }: MatchPrevented): number[] {
  if (mode === 'EXPIRE_MAKER') return [makerOrderId];
  return mode === 'EXPIRE_TAKER' ? [takerOrderId] : [makerOrderId, takerOrderId];
}

export interface Entry {
  /** 1 for the first line of a ledger, then without a gap. */
  readonly number: number;
  readonly at: number;
  readonly facts: readonly Fact[];
}

/** Whether the ledger must hold it: everything but what the house does among itself. */
export function isLedgered(fact: Fact): boolean {
  switch (fact.type) {
    case 'OrderPlaced':
      return fact.order.account !== HOUSE;
    case 'Traded':
      return fact.buyer.account !== HOUSE || fact.seller.account !== HOUSE;
    case 'OrderClosed':
      return fact.account !== HOUSE;
    default:
      return true;
  }
}
