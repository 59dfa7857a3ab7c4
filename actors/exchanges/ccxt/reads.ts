// What is read of the venue beside orders: its markets, its clock, the account.
import type { VenueOrder, VenueTrade } from '../../market/execution.ts';
import type { Instrument } from '../../market/instrument.ts';
import { type SymbolMap, symbolMap } from '../../market/symbol.ts';
import { ExchangeFault, type VenueBalance } from '../exchange.ts';
import { type Desk, readOf } from './desk.ts';
import { isEmpty, parseBalances, parseMarkets, parseOrder, parseTime } from './parse.ts';

const SKEW_SAMPLES = 3;
const PAGES_MAX = 1_000;

export class Reads {
  readonly #desk: Desk;
  /** Assets that were not empty once: when one runs empty, that is news. */
  readonly #assets = new Set<string>();
  #names: SymbolMap = symbolMap([]);

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  unifiedOf(symbol: string): string | undefined {
    return this.#names.toVenue(symbol);
  }

  async instruments(signal: AbortSignal): Promise<readonly Instrument[]> {
    const { exchange, bounds, httpTimeoutMs } = this.#desk;
    const timeoutMs = Math.max(httpTimeoutMs, bounds.listingTimeoutMs);
    await readOf(this.#desk, 'markets', signal, () => exchange.loadMarkets(true), { timeoutMs });
    const markets = Object.values(exchange.markets ?? {});
    const instruments = parseMarkets(markets, exchange.precisionMode);
    const listed = new Set(instruments.map(({ symbol }) => symbol));
    const pairs = markets.flatMap(({ symbol: unified, base, quote, spot }) => {
      const symbol = `${base}-${quote}`;
      return spot === true && unified !== undefined && listed.has(symbol) ? [{ symbol, venueSymbol: unified }] : [];
    });
    this.#names = symbolMap(pairs);
    return instruments;
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
    let params: object = {};
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const question = () => exchange.fetchOpenOrders(undefined, undefined, olderOrders?.page, params);
      const orders = this.#ordersIn(await readOf(this.#desk, 'open orders', signal, question, { priority: 'query' }));
      const before = found.size;
      for (const order of orders) found.set(order.venueOrderId, order);
      // ccxt sorts by time: the first is the oldest.
      const [oldest] = orders;
      if (!olderOrders || !oldest || orders.length < olderOrders.page || found.size === before) break;
      params = { [olderOrders.parameter]: oldest.venueOrderId };
    }
    return [...found.values()];
  }

  #ordersIn(json: unknown): readonly VenueOrder[] {
    if (!Array.isArray(json)) throw new ExchangeFault('open orders: the answer is no list', { retryable: true });
    return json.map((one) => parseOrder(one, this.#desk.profile, this.#desk.clock.now()).order);
  }

  #account(signal: AbortSignal): Promise<unknown> {
    return readOf(this.#desk, 'account', signal, () => this.#desk.exchange.fetchBalance());
  }
}

export async function orderOfTrade(desk: Desk, trade: VenueTrade, signal: AbortSignal): Promise<VenueOrder> {
  const unified = desk.unifiedOf(trade.symbol) ?? trade.symbol;
  const question = () => desk.exchange.fetchOrder(trade.venueOrderId, unified, {});
  const json = await readOf(desk, 'order of a fill', signal, question, { priority: 'query' });
  return parseOrder(json, desk.profile, desk.clock.now()).order;
}
