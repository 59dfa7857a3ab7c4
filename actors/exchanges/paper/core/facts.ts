// Facts: what has happened on the venue, in order. The state is their fold and nothing else, so the same
// facts read back from the ledger give the same orders, balances, trades and next ids.
// One command makes one entry of facts; an entry is one line of the ledger, there whole or not at all.
import type { Decimal } from '../../../market/decimal.ts';
import type { OrderTerms, SelfTradePrevention, Side } from './order.ts';

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

/** One leg of a trade. The fee is in what the leg receives: base for the buyer, quote for the seller. */
export interface Leg {
  readonly account: string;
  readonly orderId: number;
  readonly fee: Decimal;
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

/** An order that ended before it was filled. FILLED needs no fact: the trades say it. */
export interface OrderClosed {
  readonly type: 'OrderClosed';
  readonly orderId: number;
  readonly account: string;
  readonly status: 'CANCELED' | 'EXPIRED';
  /** The cancel request's own client id; null when the venue closed it. */
  readonly requestId: string | null;
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
  | Marked;

/** The orders that a prevented match ended: the taker last. */
export function expiredBy({ mode, makerOrderId, takerOrderId }: MatchPrevented): number[] {
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
