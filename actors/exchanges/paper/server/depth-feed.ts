// Differences of one book at one pace. U of an update is u of the one before it plus one: nothing between is left out,
// and a client that sees anything else knows that it missed something.
import type { Decimal } from '../../../market/decimal.ts';
import type { Book, TouchedLevel } from '../core/book.ts';
import type { Side } from '../core/order.ts';
import { eight } from './views.ts';

export interface DepthUpdate {
  readonly U: number;
  readonly u: number;
  readonly b: readonly (readonly [price: string, quantity: string])[];
  readonly a: readonly (readonly [price: string, quantity: string])[];
}

export class DepthFeed {
  private lastId: number;
  private readonly touched: { readonly [side in Side]: Set<Decimal> } = { BUY: new Set(), SELL: new Set() };

  constructor(lastId: number) {
    this.lastId = lastId;
  }

  touch(levels: readonly TouchedLevel[]): void {
    for (const { side, price } of levels) this.touched[side].add(price);
  }

  /** Levels as they are now that changed since the last call; null when none did. A level that is gone has 0. */
  take(book: Book): DepthUpdate | null {
    if (book.updateId === this.lastId) return null;
    const update = { U: this.lastId + 1, u: book.updateId, b: this.levels(book, 'BUY'), a: this.levels(book, 'SELL') };
    this.lastId = book.updateId;
    return update;
  }

  private levels(book: Book, side: Side): (readonly [string, string])[] {
    const prices = [...this.touched[side]];
    this.touched[side].clear();
    return prices.map((price) => [eight(price), eight(book.quantityAt(side, price))]);
  }
}
