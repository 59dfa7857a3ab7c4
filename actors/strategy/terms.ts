// Whether an order may have the terms a module wants, and what they are on tick and lot.
//
// Rounding never makes an order worse than asked: a buy price goes down, a sell price up, a quantity down. A stop price
// goes the other way, up for a buy and down for a sell, so that the market has to come as far as was asked, or a little
// further, and an order is never triggered too early.
import { type Decimal, format, mul, parse, roundDown, roundUp } from '../market/decimal.ts';
import type { Instrument } from '../market/instrument.ts';
import { type RefusalCode, refusalText } from '../market/refusals.ts';
import type { OrderWish } from './messages.ts';

export type Terms =
  | {
      readonly ok: true;
      readonly quantity: string;
      readonly price: string | null;
      readonly stopPrice: string | null;
    }
  | Refused;
export interface Refused {
  readonly ok: false;
  readonly refusal: string;
}
export type RoundedOf = Pick<OrderWish, 'side' | 'orderType' | 'quantity' | 'price' | 'stopPrice'>;

export function hasPrice({ orderType }: Pick<OrderWish, 'orderType'>): boolean {
  return orderType === 'Limit' || orderType === 'StopLimit';
}

export function hasStop({ orderType }: Pick<OrderWish, 'orderType'>): boolean {
  return orderType === 'Stop' || orderType === 'StopLimit';
}

/** What does not go together, whatever the instrument; null where all of it does. */
export function inconsistency(wish: OrderWish, at: number): Refused | null {
  const { orderType, timeInForce, goodTillAt, postOnly, stopPrice } = wish;
  if (stopPrice !== null && !hasStop(wish)) return refused('STOP_PRICE_INVALID', { stopPrice, orderType });
  if (postOnly && orderType !== 'Limit') return refused('POST_ONLY_INVALID', { orderType });
  const dated = timeInForce === 'GTD';
  const isGood = dated ? goodTillAt !== null && goodTillAt > at && orderType !== 'Market' : goodTillAt === null;
  return isGood
    ? null
    : refused('GOOD_TILL_INVALID', { goodTillAt: goodTillAt ?? 'none', now: at, timeInForce, orderType });
}

/** On tick and lot, within the venue's bounds. */
export function rounded(wish: RoundedOf, instrument: Instrument): Terms {
  const { symbol, minQuantity, maxQuantity, minNotional, quantityIncrement, priceIncrement } = instrument;
  const tick = parse(priceIncrement);
  const isBuy = wish.side === 'Buy';
  // 1. The quantity.
  const asked = amount(wish.quantity);
  if (asked === null) return refused('QUANTITY_INVALID', { quantity: wish.quantity });
  const quantity = roundDown(asked, parse(quantityIncrement));
  const shown = { quantity: wish.quantity, symbol };
  if (quantity === 0n || quantity < parse(minQuantity)) {
    return refused('QUANTITY_BELOW_MINIMUM', { ...shown, minimum: minQuantity });
  }
  const most = parse(maxQuantity);
  if (most > 0n && quantity > most) return refused('QUANTITY_ABOVE_MAXIMUM', { ...shown, maximum: maxQuantity });
  // 2. The prices it has.
  const price = hasPrice(wish) ? onTick(wish.price, tick, !isBuy) : null;
  if (price === null && hasPrice(wish)) return refused('PRICE_INVALID', { price: wish.price ?? 'none', symbol });
  const stop = hasStop(wish) ? onTick(wish.stopPrice, tick, isBuy) : null;
  if (stop === null && hasStop(wish))
    return refused('STOP_PRICE_INVALID', { stopPrice: wish.stopPrice ?? 'none', symbol });
  // 3. Together: a stop order trades near its stop price, of a market order nobody knows.
  const worth = price ?? stop;
  if (worth !== null && mul(worth, quantity) < parse(minNotional)) {
    const detail = { price: format(worth), quantity: format(quantity), minimum: minNotional };
    return refused('NOTIONAL_BELOW_MINIMUM', { ...detail, symbol });
  }
  return { ok: true, quantity: format(quantity), price: text(price), stopPrice: text(stop) };
}

export function refused(code: RefusalCode, detail: { readonly [key: string]: string | number }): Refused {
  return { ok: false, refusal: refusalText(code, detail) };
}

/** Null for what is no price, or none that is left on the tick. */
function onTick(asked: string | null, tick: Decimal, up: boolean): Decimal | null {
  const value = asked === null ? null : amount(asked);
  if (value === null) return null;
  const price = up ? roundUp(value, tick) : roundDown(value, tick);
  return price > 0n ? price : null;
}

/** Null for anything but a decimal above zero. */
function amount(asked: string): Decimal | null {
  try {
    const value = parse(asked);
    return value > 0n ? value : null;
  } catch {
    return null;
  }
}

function text(value: Decimal | null): string | null {
  return value === null ? null : format(value);
}
