// Instruments of which something at the venue is not as it is known here: only what reduces a position may go there,
// until a named person has looked and lifts it. Cancels pass, fills count.
import { add, type Decimal, parse, sub } from '../market/decimal.ts';
import type { Side } from '../market/execution.ts';
import type { Book } from './exposure.ts';

/** Beyond it the scope halts: what cannot be remembered must not be traded. */
export const RESTRICTIONS_MAX = 64;
const REASON_CHARS = 160;

export interface Restriction {
  readonly reason: string;
  readonly at: number;
}

/** Keyed `provider:symbol`, or `provider:*` for all of a provider's. */
export type Restrictions = { readonly [place: string]: Restriction };

export interface Place {
  readonly provider: string;
  /** Null: every symbol. */
  readonly symbol: string | null;
}

export function placeOf({ provider, symbol }: Place): string {
  return `${provider}:${symbol ?? '*'}`;
}

/** The restriction that holds for an instrument, and where it was put; the first reason of a place stays. */
export function restrictionOf(
  restrictions: Restrictions,
  { provider, symbol }: Place,
): (Restriction & { readonly place: string }) | null {
  for (const place of [placeOf({ provider, symbol: null }), placeOf({ provider, symbol })]) {
    const found = restrictions[place];
    if (found !== undefined) return { ...found, place };
  }
  return null;
}

export function restrict(restrictions: Restrictions, { reason, at, ...place }: Place & Restriction): Restrictions {
  const key = placeOf(place);
  if (Object.hasOwn(restrictions, key)) return restrictions;
  return { ...restrictions, [key]: { reason: reason.slice(0, REASON_CHARS), at } };
}

/** Without the place; a whole provider takes the places of its symbols with it. */
export function lift(restrictions: Restrictions, { provider, symbol }: Place): Restrictions {
  const isLifted = (key: string): boolean =>
    symbol === null ? key.startsWith(`${provider}:`) : key === placeOf({ provider, symbol });
  return Object.fromEntries(Object.entries(restrictions).filter(([key]) => !isLifted(key)));
}

/** With everything of the order's side filled the position is smaller, and on no other side than it is. */
export function reduces(book: Book, side: Side, quantity: Decimal): boolean {
  const position = parse(book.position);
  return side === 'Buy'
    ? add(add(position, parse(book.buys)), quantity) <= 0n
    : sub(sub(position, parse(book.sells)), quantity) >= 0n;
}
