// What the state makes of a trade that was taken back or corrected.
import { type Decimal, mul } from '../../../market/decimal.ts';
import { FEES, type Fill, HOUSE, type TradeBusted } from './facts.ts';
import type { Holdings } from './holdings.ts';
import { isOpen, lockedFor, type Order, remaining } from './order.ts';

export function applyBust(state: Holdings, fact: TradeBusted, at: number): void {
  const order = state.order(fact.orderId);
  const { book } = state.listed(fact.symbol);
  const rests = book.holds(order);
  if (rests) book.remove(order);
  for (const [account, asset, amount] of movements(state, fact)) state.accounts.credit(account, asset, amount);
  const less = lessExecuted(fact);
  if (isOpen(order)) state.relock(order, order.locked + lockedFor(order, less));
  order.executed -= less;
  order.executedQuote -= quoteOf(fact.busted) - quoteOf(fact.corrected);
  order.status = statusAfter(order);
  order.updatedAt = at;
  if (rests && isOpen(order)) book.add(order);
  if (fact.corrected) state.listed(fact.symbol).tradeIdGiven(fact.corrected.id);
  state.histories.refresh(order);
  state.histories.bust(fact, at);
}

/** What the free balances gain and lose. */
export function movements(
  state: Pick<Holdings, 'listed'>,
  fact: TradeBusted,
): [account: string, asset: string, amount: Decimal][] {
  const { base, quote } = state.listed(fact.symbol).rules;
  const sign = fact.side === 'BUY' ? 1n : -1n;
  const quantity = sign * lessExecuted(fact);
  const cost = sign * (quoteOf(fact.busted) - quoteOf(fact.corrected));
  const fee = fact.busted.fee - (fact.corrected?.fee ?? 0n);
  return [
    [fact.account, base, -quantity],
    [fact.account, quote, cost],
    [fact.account, fact.feeAsset, fee],
    [HOUSE, base, quantity],
    [HOUSE, quote, -cost],
    [FEES, fact.feeAsset, -fee],
  ];
}

export function lessExecuted({ busted: fill, corrected }: TradeBusted): Decimal {
  return fill.quantity - (corrected?.quantity ?? 0n);
}

export function quoteOf(fill: Fill | null): Decimal {
  return fill ? mul(fill.price, fill.quantity) : 0n;
}

function statusAfter(order: Order): Order['status'] {
  const whole = remaining(order) === 0n;
  if (!isOpen(order)) return order.status === 'FILLED' && !whole ? 'CANCELED' : order.status;
  if (whole) return 'FILLED';
  return order.executed === 0n ? 'NEW' : 'PARTIALLY_FILLED';
}
