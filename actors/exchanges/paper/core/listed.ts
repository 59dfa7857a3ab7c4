// What the venue keeps of one symbol: its book, the stops that wait, the next ids and where it stands.
import type { Decimal } from '../../../market/decimal.ts';
import { Book } from './book.ts';
import type { MarketStatus } from './facts.ts';
import { Stops } from './stops.ts';
import type { SymbolRules } from './symbol.ts';

export class Listed {
  readonly rules: SymbolRules;
  readonly book = new Book();
  readonly stops = new Stops();
  nextTradeId = 1;
  nextPreventedMatchId = 0;
  /** Of the last trade; before the first one, where the market stands. */
  lastPrice: Decimal;
  status: MarketStatus = 'TRADING';

  constructor(rules: SymbolRules) {
    this.rules = rules;
    this.lastPrice = rules.startPrice;
  }

  tradeIdGiven(id: number): void {
    this.nextTradeId = Math.max(this.nextTradeId, id + 1);
  }

  preventedMatchIdGiven(id: number): void {
    this.nextPreventedMatchId = Math.max(this.nextPreventedMatchId, id + 1);
  }
}
