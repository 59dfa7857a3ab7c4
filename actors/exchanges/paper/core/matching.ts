// What an order does when it comes before the book: its trades, and the orders of its own account that it must not
// trade with. Changes nothing.
import { type Decimal, div, min, mul, roundDown } from '../../../market/decimal.ts';
import type { Book, Match } from './book.ts';
import { type Order, type OrderTerms, remaining, type SelfTradePrevention, takesAnyPrice } from './order.ts';

/** An order of the taker's own account that it came to, and what the two would have traded. */
export interface Prevented {
  readonly mode: Exclude<SelfTradePrevention, 'NONE'>;
  readonly maker: Order;
  readonly quantity: Decimal;
}

export interface Plan {
  readonly matches: readonly Match[];
  readonly prevented: readonly Prevented[];
  /** It expires with what it has not traded, for it met an own order. */
  readonly isStopped: boolean;
  readonly filled: Decimal;
  /** Quantity that went against own orders without a trade. */
  readonly canceledOut: Decimal;
}

/** More than any book holds. */
const EVERYTHING: Decimal = 10n ** 40n;

export const NOTHING: Plan = { matches: [], prevented: [], isStopped: false, filled: 0n, canceledOut: 0n };

export type Taker = Pick<
  OrderTerms,
  'account' | 'side' | 'type' | 'timeInForce' | 'price' | 'quantity' | 'selfTradePrevention'
>;

/** A fill-or-kill order that cannot be filled whole trades nothing, and takes no own order with it. */
export function plan(book: Book, taker: Taker): Plan {
  const mode = taker.selfTradePrevention ?? 'NONE';
  const prevented: Prevented[] = [];
  const limit = takesAnyPrice(taker.type) ? null : taker.price;
  const matches = book.matches(taker.side, limit, taker.quantity, (maker, wanted) => {
    if (mode === 'NONE' || maker.account !== taker.account) return 'trade';
    prevented.push({ mode, maker, quantity: min(wanted, remaining(maker)) });
    if (mode === 'DECREMENT') return 'cancelOut';
    return mode === 'EXPIRE_MAKER' ? 'pass' : 'stop';
  });
  const made = planOf(matches, prevented, prevented.length > 0 && (mode === 'EXPIRE_TAKER' || mode === 'EXPIRE_BOTH'));
  return taker.timeInForce === 'FOK' && made.filled < taker.quantity ? NOTHING : made;
}

/** What its account can pay for; a stop order that takes any price may find one above its stop. */
export function affordable(found: Plan, taker: Taker, funds: Decimal, step: Decimal): Plan {
  if (taker.side === 'SELL') return found;
  const matches: Match[] = [];
  let left = funds;
  for (const match of found.matches) {
    const quantity = min(match.quantity, roundDown(div(left, match.price, 'down'), step));
    if (quantity > 0n) matches.push({ ...match, quantity });
    left -= mul(match.price, quantity);
    if (quantity < match.quantity) return planOf(matches, [], false);
  }
  return found;
}

/** The quantity that trades for at most so much of the quote asset. */
export function worth(book: Book, side: OrderTerms['side'], quote: Decimal, step: Decimal): Decimal {
  let left = quote;
  let quantity = 0n;
  for (const match of book.matches(side, null, EVERYTHING)) {
    const taken = min(match.quantity, roundDown(div(left, match.price, 'down'), step));
    quantity += taken;
    left -= mul(match.price, taken);
    if (taken < match.quantity) break;
  }
  return quantity;
}

/** What the matches cost their taker: quote for a buy, base for a sell. */
export function costOf(matches: readonly Match[], side: OrderTerms['side']): Decimal {
  return matches.reduce((sum, { price, quantity }) => sum + (side === 'BUY' ? mul(price, quantity) : quantity), 0n);
}

function planOf(matches: readonly Match[], prevented: readonly Prevented[], isStopped: boolean): Plan {
  const sum = (list: readonly { readonly quantity: Decimal }[]): Decimal =>
    list.reduce((total, { quantity }) => total + quantity, 0n);
  const canceledOut = sum(prevented.filter(({ mode }) => mode === 'DECREMENT'));
  return { matches, prevented, isStopped, filled: sum(matches), canceledOut };
}
