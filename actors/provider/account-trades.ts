// The trades of one look: what the venue lists of the symbols that were asked for, and what of it our books lack.
import type { Capabilities } from '../exchanges/exchange.ts';
import { ExchangeFault } from '../exchanges/exchange.ts';
import type { AccountBooks, Lack, TradeAsked, TradeKey } from '../market/books.ts';
import type { VenueTrade } from '../market/execution.ts';
import { BOOKS_PAGE, OVERLAP_LAGS } from './bounds.ts';
import type { Reads } from './patience.ts';

/** What a look sees with. */
export interface Eyes {
  readonly exchange: Reads;
  readonly books: AccountBooks;
  /** Symbols the venue lists, and those it has listed since the session began. */
  readonly listed: ReadonlySet<string>;
  readonly everListed: ReadonlySet<string>;
  /** Whether there is an order actor under this id. */
  readonly isKnown: (id: string) => Promise<boolean>;
  /** When the round was decided: earlier than any of its questions. */
  readonly at: number;
  readonly signal: AbortSignal;
}

/** What our books lack of a trade. */
export interface Missing {
  readonly of: Lack['of'];
  readonly trade: VenueTrade;
}

/** Each symbol is asked for once. Before the first round nothing is missed: `sinceAt` is null. */
export class Trades {
  readonly all: VenueTrade[] = [];
  readonly #sinceAt: number | null;
  readonly #eyes: Eyes;
  readonly #asked = new Set<string>();
  readonly #answered = new Set<string>();
  /** Texts of the keys of trades that had no execution when our books were asked. */
  readonly #lacking = new Set<string>();
  readonly #looked = new Set<string>();

  constructor(sinceAt: number | null, eyes: Eyes) {
    this.#sinceAt = sinceAt;
    this.#eyes = eyes;
  }

  wasAsked(symbol: string): boolean {
    return this.#asked.has(symbol);
  }

  /** Whether our books had it when they were asked. */
  isBooked(trade: VenueTrade): boolean {
    const key = keyText(trade);
    return this.#looked.has(key) && !this.#lacking.has(key);
  }

  async fetch(symbol: string, sinceAt = this.#sinceAt): Promise<readonly VenueTrade[]> {
    if (sinceAt === null || this.#asked.has(symbol)) return [];
    this.#asked.add(symbol);
    const trades = await tradesSince(this.#eyes, symbol, sinceAt);
    if (trades === null) return [];
    this.#answered.add(symbol);
    this.all.push(...trades);
    return trades;
  }

  async missing(trades: readonly VenueTrade[] = this.all): Promise<Missing[]> {
    const { exchange, books } = this.#eyes;
    const { venue, account } = exchange;
    const byKey = new Map(trades.map((trade) => [keyText(trade), trade]));
    const missing: Missing[] = [];
    for (let from = 0; from < trades.length; from += BOOKS_PAGE) {
      const page = trades.slice(from, from + BOOKS_PAGE).map(keyOf);
      for (const { key, of } of await books.lacks({ venue, account }, page)) {
        const trade = byKey.get(keyText(key));
        if (trade === undefined) continue;
        missing.push({ of, trade });
        this.#lacking.add(keyText(key));
      }
    }
    for (const key of byKey.keys()) this.#looked.add(key);
    return missing;
  }

  /** What was traded since shortly before the round began: it may be anywhere. */
  async recent(): Promise<readonly VenueTrade[]> {
    const { exchange, at, signal } = this.#eyes;
    const { readLagMs, skewMs } = exchange.capabilities;
    const sinceAt = at - readLagMs - skewMs;
    const recent: VenueTrade[] = [];
    for (const symbol of this.#answered) recent.push(...(await exchange.trades({ symbol, sinceAt }, signal)));
    return recent;
  }
}

/**
 * Null: the venue has no such symbol. One that it does not list, or no more, may be known to it, so it is asked for all
 * the same. Where that is refused for good the round goes on: nothing can be traded in it, and what was shows in the
 * balances.
 */
async function tradesSince(
  { exchange, listed, signal }: Eyes,
  symbol: string,
  at: number,
): Promise<readonly VenueTrade[] | null> {
  const { readLagMs, skewMs }: Capabilities = exchange.capabilities;
  const sinceAt = at - OVERLAP_LAGS * readLagMs - skewMs;
  try {
    return await exchange.trades({ symbol, sinceAt: sinceAt > 0 ? sinceAt : 0 }, signal);
  } catch (error) {
    const isUnlisted = error instanceof ExchangeFault && !error.retryable && !listed.has(symbol);
    if (isUnlisted) return null;
    throw error;
  }
}

function keyOf({ symbol, tradeId, venueOrderId, fee }: VenueTrade): TradeAsked {
  return { symbol, tradeId, venueOrderId, hasFee: fee !== null };
}
function keyText({ symbol, tradeId, venueOrderId }: TradeKey): string {
  return JSON.stringify([symbol, tradeId, venueOrderId]);
}
