// Trades that are taken back or corrected. The house stands in for the other side of each order's side, so that value
// is conserved whether one side is busted or both. A working order works again for what was taken back; one that is
// filled no more and does not work any more counts as canceled.
import { type Decimal, mul, roundDown } from '../../../market/decimal.ts';
import { applied } from './applying.ts';
import { lessExecuted, movements, quoteOf } from './busting.ts';
import type { Fill, TradeBusted } from './facts.ts';
import { firstFrom } from './history.ts';
import { isOpen, lockedFor, type OwnTrade, remaining, type Side } from './order.ts';
import type { Outcome } from './outcome.ts';
import type { VenueState } from './state.ts';
import { ASSET_UNIT } from './symbol.ts';

export interface BustWish {
  readonly symbol: string;
  readonly tradeId: number;
  /** Both sides of the trade where neither is given. */
  readonly account?: string | undefined;
  readonly orderId?: number | undefined;
  /** What the trade should have been; null to take it back. */
  readonly correction: { readonly price: Decimal | undefined; readonly quantity: Decimal | undefined } | null;
}

/** What the command did, or why it cannot be done. */
export function bust(state: VenueState, wish: BustWish, at: number): Outcome | string {
  const { symbol, tradeId } = wish;
  if (!state.symbols.has(symbol)) return `no such symbol: ${symbol}`;
  const found = sidesOf(state, wish);
  if (found.length === 0) return `no client has such a trade: symbol=${symbol}, tradeId=${tradeId}`;
  const facts = found.map(([account, trade]) => busted(state, account, trade, wish));
  const refusal = refusalOf(state, facts);
  return refusal ?? applied(state, facts, at);
}

function sidesOf(state: VenueState, wish: BustWish): [account: string, trade: OwnTrade][] {
  const accounts = state.accounts.names().filter((name) => wish.account === undefined || name === wish.account);
  return accounts.flatMap((account) => {
    const { trades } = state.histories.of(account, wish.symbol);
    const found: [string, OwnTrade][] = [];
    for (let index = firstFrom(trades, wish.tradeId); trades[index]?.id === wish.tradeId; index += 1) {
      const trade = trades[index] as OwnTrade;
      if (wish.orderId === undefined || wish.orderId === trade.orderId) found.push([account, trade]);
    }
    return found;
  });
}

function busted(state: VenueState, account: string, trade: OwnTrade, { correction }: BustWish): TradeBusted {
  const { symbol, orderId, side, maker, feeAsset, id, price, quantity, fee } = trade;
  const fill: Fill = { id, price, quantity, fee };
  const corrected = correction && correctedFill(fill, side, correction, state.listed(symbol).nextTradeId);
  return { type: 'TradeBusted', symbol, account, orderId, side, maker, feeAsset, busted: fill, corrected };
}

/** Its fee is the old one's in proportion, in whatever asset that was paid. */
function correctedFill(fill: Fill, side: Side, wish: NonNullable<BustWish['correction']>, id: number): Fill {
  const [price, quantity] = [wish.price ?? fill.price, wish.quantity ?? fill.quantity];
  const [was, is] = side === 'BUY' ? [fill.quantity, quantity] : [quoteOf(fill), mul(price, quantity)];
  return { id, price, quantity, fee: roundDown((fill.fee * is) / was, ASSET_UNIT) };
}

/** Nobody may owe the venue: what was received must be there still. */
function refusalOf(state: VenueState, facts: readonly TradeBusted[]): string | null {
  const free = new Map<string, Decimal>();
  for (const fact of facts) {
    const order = state.order(fact.orderId);
    if (remaining(order) + lessExecuted(fact) < 0n) return `more than order ${order.id} was for`;
    const moved = movements(state, fact).filter(([account]) => account === fact.account);
    if (isOpen(order)) moved.push([fact.account, state.paidIn(order), -lockedFor(order, lessExecuted(fact))]);
    for (const [account, asset, amount] of moved) {
      const key = `${account} ${asset}`;
      free.set(key, (free.get(key) ?? state.accounts.free(account, asset)) + amount);
    }
  }
  const [short] = [...free].find(([, amount]) => amount < 0n) ?? [];
  return short === undefined ? null : `not enough is free to take it back: ${short}`;
}
