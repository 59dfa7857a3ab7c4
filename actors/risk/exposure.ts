// What an account scope is exposed to: per instrument the position, and what every open order may still add to it.
// A reservation lives from the grant until the order's outcome is known, doubt included.
import { add, type Decimal, format, min, parse, sub } from '../market/decimal.ts';
import type { Side } from '../market/execution.ts';

/** Open orders a scope keeps account of. With the instruments it bounds the snapshot of the risk actor. */
export const RESERVATIONS_MAX = 2_000;
export const INSTRUMENTS_MAX = 256;

export interface Reservation {
  readonly side: Side;
  /** Of the order's quantity, what is not filled yet. */
  readonly left: string;
}

/** One instrument of one provider. */
export interface Book {
  /** Bought minus sold. */
  readonly position: string;
  /** Σ left of the open orders of each side. */
  readonly buys: string;
  readonly sells: string;
  readonly orders: number;
  readonly open: { readonly [clientOrderId: string]: Reservation };
}

export interface Exposure {
  /** Keyed `provider:symbol`. Without position and orders a book is dropped. */
  readonly books: { readonly [instrument: string]: Book };
  /** Open orders of all books. */
  readonly orders: number;
}

export interface OrderPart {
  readonly clientOrderId: string;
  readonly provider: string;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: string;
}

export const NO_EXPOSURE: Exposure = { books: {}, orders: 0 };
const EMPTY: Book = { position: '0', buys: '0', sells: '0', orders: 0, open: {} };

export function instrumentKey({ provider, symbol }: { readonly provider: string; readonly symbol: string }): string {
  return `${provider}:${symbol}`;
}

export function bookOf(exposure: Exposure, instrument: string): Book {
  return exposure.books[instrument] ?? EMPTY;
}

/** The furthest the position can go to the order's side with every open order and this one filled. */
export function worstCase(book: Book, side: Side, quantity: Decimal): Decimal {
  const position = parse(book.position);
  return side === 'Buy'
    ? add(add(position, parse(book.buys)), quantity)
    : sub(sub(position, parse(book.sells)), quantity);
}

/** A known client order id is reserved already and changes nothing. */
export function reserve(exposure: Exposure, { clientOrderId, side, quantity, ...part }: OrderPart): Exposure {
  const instrument = instrumentKey(part);
  const book = bookOf(exposure, instrument);
  if (Object.hasOwn(book.open, clientOrderId)) return exposure;
  const next = {
    ...withSide(book, side, parse(quantity)),
    orders: book.orders + 1,
    open: { ...book.open, [clientOrderId]: { side, left: quantity } },
  };
  return { books: { ...exposure.books, [instrument]: next }, orders: exposure.orders + 1 };
}

/** Moves the position, and takes as much off the reservation as there is: an overfill takes more than was reserved. */
export function fill(exposure: Exposure, { clientOrderId, side, quantity, ...part }: OrderPart): Exposure {
  const instrument = instrumentKey(part);
  const book = bookOf(exposure, instrument);
  const filled = parse(quantity);
  const signed = side === 'Buy' ? filled : -filled;
  const moved = { ...book, position: format(add(parse(book.position), signed)) };
  const reservation = book.open[clientOrderId];
  if (reservation === undefined) return withBook(exposure, instrument, moved);
  const left = parse(reservation.left);
  const taken = min(left, filled);
  const open = { ...book.open, [clientOrderId]: { side, left: format(sub(left, taken)) } };
  return withBook(exposure, instrument, { ...withSide(moved, side, -taken), open });
}

/** An earlier fill is taken back: the position moves, the reservation is the order's own to say anew. */
export function revert(exposure: Exposure, { side, quantity, ...part }: Omit<OrderPart, 'clientOrderId'>): Exposure {
  const instrument = instrumentKey(part);
  const book = bookOf(exposure, instrument);
  const taken = parse(quantity);
  const position = format(sub(parse(book.position), side === 'Buy' ? taken : -taken));
  return withBook(exposure, instrument, { ...book, position });
}

/** What is left of a reservation from here on; an order without one has none. */
export function resize(exposure: Exposure, { clientOrderId, quantity, ...part }: Omit<OrderPart, 'side'>): Exposure {
  const instrument = instrumentKey(part);
  const book = bookOf(exposure, instrument);
  const reservation = book.open[clientOrderId];
  if (reservation === undefined) return exposure;
  const change = sub(parse(quantity), parse(reservation.left));
  const open = { ...book.open, [clientOrderId]: { ...reservation, left: quantity } };
  return withBook(exposure, instrument, { ...withSide(book, reservation.side, change), open });
}

/** What is left of an order's reservation; null when it has none. */
export function reservedFor(exposure: Exposure, part: Omit<OrderPart, 'side' | 'quantity'>): string | null {
  return bookOf(exposure, instrumentKey(part)).open[part.clientOrderId]?.left ?? null;
}

export function release(exposure: Exposure, part: Omit<OrderPart, 'side' | 'quantity'>): Exposure {
  const instrument = instrumentKey(part);
  const book = bookOf(exposure, instrument);
  const { [part.clientOrderId]: reservation, ...open } = book.open;
  if (reservation === undefined) return exposure;
  const next = { ...withSide(book, reservation.side, -parse(reservation.left)), orders: book.orders - 1, open };
  return { ...withBook(exposure, instrument, next), orders: exposure.orders - 1 };
}

function withSide(book: Book, side: Side, change: Decimal): Book {
  if (side === 'Buy') return { ...book, buys: format(add(parse(book.buys), change)) };
  return { ...book, sells: format(add(parse(book.sells), change)) };
}

function withBook(exposure: Exposure, instrument: string, book: Book): Exposure {
  if (book.orders > 0 || book.position !== '0') {
    return { ...exposure, books: { ...exposure.books, [instrument]: book } };
  }
  const { [instrument]: _flat, ...books } = exposure.books;
  return { ...exposure, books };
}
