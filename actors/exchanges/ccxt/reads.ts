// What is read of the venue beside orders: its markets, its clock, the account.
import type { VenueOrder, VenueTrade } from '../../market/execution.ts';
import type { Instrument } from '../../market/instrument.ts';
import { ExchangeFault, type VenueBalance } from '../exchange.ts';
import { Unreadable } from '../wire/read-as.ts';
import { type Desk, readOf } from './desk.ts';
import type { UnifiedMarket } from './library.ts';
import { isEmpty, namesOf, oldestOf, parseBalances, parseMarkets, parseOrder, parseTime } from './parse.ts';

const SKEW_SAMPLES = 3;
const PAGES_MAX = 1_000;

export class Reads {
  readonly #desk: Desk;
  /** Assets that were not empty once: when one runs empty, that is news. */
  readonly #assets = new Set<string>();
  readonly #onMarkets: (markets: unknown) => void;
  /** By ccxt's names, and ccxt's names by ours. */
  readonly #markets = new Map<string, UnifiedMarket>();
  readonly #names = new Map<string, string>();

  /** `onMarkets` is told all of them with every reading. */
  constructor(desk: Desk, onMarkets: (markets: unknown) => void) {
    this.#desk = desk;
    this.#onMarkets = onMarkets;
  }

  unifiedOf(symbol: string): string | undefined {
    return this.#names.get(symbol);
  }

  async instruments(signal: AbortSignal): Promise<readonly Instrument[]> {
    const { exchange, bounds, httpTimeoutMs } = this.#desk;
    const timeoutMs = Math.max(httpTimeoutMs, bounds.listingTimeoutMs);
    let listed: readonly UnifiedMarket[] = [];
    const question = async (): Promise<void> => {
      listed = Object.values(await exchange.loadMarkets(true));
    };
    await readOf(this.#desk, 'markets', signal, question, { timeoutMs });
    this.#learn(listed);
    return parseMarkets(listed, exchange.precisionMode);
  }

  /**
   * What was listed once stays known: orders and fills go by its name, whatever a later list says, and ccxt sends
   * nothing about a market that it does not know.
   */
  #learn(listed: readonly UnifiedMarket[]): void {
    for (const market of listed) if (market.symbol !== undefined) this.#markets.set(market.symbol, market);
    const { exchange } = this.#desk;
    if (this.#markets.size > listed.length) exchange.setMarkets([...this.#markets.values()]);
    for (const { symbol, venueSymbol } of namesOf(listed)) {
      if (!this.#names.has(symbol)) this.#names.set(symbol, venueSymbol);
    }
    this.#onMarkets(exchange.markets);
  }

  /** By the sample with the shortest way there and back. Zero at a venue that does not tell its time. */
  async skew(signal: AbortSignal): Promise<number> {
    const { exchange, clock } = this.#desk;
    if (exchange.has['fetchTime'] !== true) return 0;
    let best = { roundTripMs: Number.POSITIVE_INFINITY, skewMs: 0 };
    for (let sample = 0; sample < SKEW_SAMPLES; sample += 1) {
      const askedAt = clock.now();
      const venueAt = parseTime(await readOf(this.#desk, 'server time', signal, () => exchange.fetchTime()));
      const roundTripMs = clock.now() - askedAt;
      if (roundTripMs < best.roundTripMs) best = { roundTripMs, skewMs: venueAt - (askedAt + roundTripMs / 2) };
    }
    // ccxt takes this from its clock where it signs a request of its own time.
    exchange.options['timeDifference'] = -Math.round(best.skewMs);
    return best.skewMs;
  }

  async balances(signal: AbortSignal): Promise<readonly VenueBalance[]> {
    const balances = parseBalances(await this.#account(signal), this.#desk.clock.now());
    for (const balance of balances) if (!isEmpty(balance)) this.#assets.add(balance.asset);
    return balances.filter(({ asset }) => this.#assets.has(asset));
  }

  /** The venue's own answer, where it may name the account. */
  async accountInfo(signal: AbortSignal): Promise<unknown> {
    const json = await this.#account(signal);
    return typeof json === 'object' && json !== null && 'info' in json ? json.info : null;
  }

  async openOrders(signal: AbortSignal): Promise<readonly VenueOrder[]> {
    const { exchange, profile } = this.#desk;
    const { olderOrders } = profile;
    const found = new Map<string, VenueOrder>();
    const asked = new Set<string>();
    let params: object = {};
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const question = () => exchange.fetchOpenOrders(undefined, undefined, olderOrders?.page, params);
      const rows = listIn(await readOf(this.#desk, 'open orders', signal, question, { priority: 'query' }));
      for (const order of rows.flatMap((row) => this.#readable(row))) found.set(order.venueOrderId, order);
      const oldest = oldestOf(rows);
      // A server that ignores the parameter would lead round in a circle.
      if (!olderOrders || oldest === null || rows.length < olderOrders.page || asked.has(oldest)) break;
      asked.add(oldest);
      params = { [olderOrders.parameter]: oldest };
    }
    return [...found.values()];
  }

  /** An order that cannot be read hides no other: one of ours that is missing from the list is asked for by itself. */
  #readable(row: unknown): VenueOrder[] {
    try {
      return [parseOrder(row, this.#desk.profile, this.#desk.clock.now()).order];
    } catch (error) {
      if (error instanceof Unreadable) return [];
      throw error;
    }
  }

  #account(signal: AbortSignal): Promise<unknown> {
    return readOf(this.#desk, 'account', signal, () => this.#desk.exchange.fetchBalance());
  }
}

function listIn(json: unknown): readonly unknown[] {
  if (!Array.isArray(json)) throw new ExchangeFault('open orders: the answer is no list', { retryable: true });
  return json;
}

export async function orderOfTrade(desk: Desk, trade: VenueTrade, signal: AbortSignal): Promise<VenueOrder> {
  const unified = desk.unifiedOf(trade.symbol) ?? trade.symbol;
  const question = () => desk.exchange.fetchOrder(trade.venueOrderId, unified, {});
  const json = await readOf(desk, 'order of a fill', signal, question, { priority: 'query' });
  return parseOrder(json, desk.profile, desk.clock.now()).order;
}
