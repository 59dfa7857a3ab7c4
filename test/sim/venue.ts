// The venue of a history: one account's orders, whoever placed them, their trades and the books an oracle reads. It
// never refuses a client order id it has seen, so that a second submit of one intent shows. What it says can be read
// as of an earlier moment: reads come from copies that lag.
import type {
  AmendRequest,
  OrderRef,
  OrderReport,
  SubmitRequest,
  VenueBalance,
} from '../../actors/exchanges/exchange.ts';
import { add, type Decimal, parse } from '../../actors/market/decimal.ts';
import type { Execution, ExecutionRef, VenueOrder, VenueTrade } from '../../actors/market/execution.ts';
import { Account, balancesOf } from './account.ts';
import type { BookOrder, BookTrade, Version } from './book.ts';
import * as book from './book.ts';
import { Fates, type FatesOptions, type Floor } from './fates.ts';
import type { Random } from './random.ts';

export interface Acceptance {
  readonly order: VenueOrder;
  readonly executions: readonly Execution[];
}

export interface VenueOptions extends FatesOptions {
  readonly random: Random;
  /** Told of every order of ours, before anybody else. */
  readonly onAccepted: (order: BookOrder) => void;
}

/** A venue's clock may be this far behind the one a request was signed with. */
const EARLY_MS = 1_000;
/** The one instrument, and what it costs. */
export const SYMBOL = 'BTC-USDT';
export const PRICE = '100';

export class Venue implements Floor {
  readonly orders: BookOrder[] = [];
  readonly account: Account;
  /** Reports of trades taken back, and of fees, that nobody has made durable yet: told again after every connect. */
  readonly unheard = new Map<string, OrderReport>();
  /** Trades to be shown or taken back later. */
  pending = 0;
  busts = 0;
  readonly #options: VenueOptions;
  readonly #fates: Fates;
  readonly #listeners = new Set<(report: OrderReport) => void>();

  constructor(options: VenueOptions) {
    this.#options = options;
    this.account = new Account(options.timeline.now);
    this.#fates = new Fates(this, options);
  }

  attach(listener: (report: OrderReport) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ours of this client order id. */
  of(clientOrderId: string): BookOrder[] {
    return this.orders.filter(({ request, isOthers }) => !isOthers && request.clientOrderId === clientOrderId);
  }

  byId(venueOrderId: string): BookOrder | null {
    return this.orders.find((order) => order.venueOrderId === venueOrderId) ?? null;
  }

  /** Whether a request that arrives now is in time; the reason why not. */
  refusal({ signedAt, deadlineAt }: SubmitRequest): string | null {
    const { now } = this.#options.timeline;
    if (now > deadlineAt) return `it came ${now - deadlineAt} ms after its deadline`;
    return signedAt > now + EARLY_MS ? `it was signed ${signedAt - now} ms from now` : null;
  }

  accept(request: SubmitRequest, isOthers = false): Acceptance {
    const { timeline, random, onAccepted } = this.#options;
    const isStop = request.stopPrice !== null;
    const first = { quantity: parse(request.quantity), price: request.price, trades: [], filled: 0n, filledQuote: 0n };
    const venueOrderId = String(this.orders.length + 1);
    const status = isStop ? 'parked' : 'open';
    const order = {
      request,
      venueOrderId,
      isOthers,
      versions: [{ at: timeline.now, status, ...first }],
    } satisfies BookOrder;
    this.orders.push(order);
    if (!isOthers) onAccepted(order);
    this.#report(order, null);
    this.#fates.begin(order, random.fork(`${request.clientOrderId} ${isOthers ? venueOrderId : ''}`));
    return { order: book.viewOf(order), executions: this.#shown(order, timeline.now) };
  }

  /** The newest that can still be changed. */
  working(ref: OrderRef): BookOrder | null {
    return this.#meant(ref).findLast((order) => book.isWorking(book.lastOf(order))) ?? null;
  }

  cancel(ref: OrderRef): VenueOrder | null {
    const order = this.working(ref);
    if (order === null) return null;
    this.end(order, 'canceled');
    return book.viewOf(order);
  }

  /** New terms for what is open: never fewer than are filled. Null: as it is, or it cannot be. */
  amend(request: AmendRequest): VenueOrder | null {
    const order = this.working(request);
    if (order === null) return null;
    const last = book.lastOf(order);
    const quantity = parse(request.quantity);
    const price = last.price === null ? null : (request.price ?? last.price);
    if (quantity <= last.filled || (quantity === last.quantity && price === last.price)) return null;
    this.change(order, { ...last, quantity, price });
    this.#report(order, null);
    return book.viewOf(order);
  }

  look(ref: OrderRef, at: number): VenueOrder | null {
    const order = this.#meant(ref).at(-1);
    return order === undefined || book.versionAt(order, at) === null ? null : book.viewOf(order, at);
  }

  tradesOf(ref: OrderRef, at: number): Execution[] {
    return this.#meant(ref).flatMap((order) => this.#shown(order, at));
  }

  openAt(at: number): VenueOrder[] {
    const isOpen = (version: Version | null): boolean => version !== null && book.isWorking(version);
    return this.orders.filter((order) => isOpen(book.versionAt(order, at))).map((order) => book.viewOf(order, at));
  }

  tradesSince(symbol: string, sinceAt: number, at: number): VenueTrade[] {
    const listed = this.orders.flatMap((order) => book.tradesAt(order, at).map((trade) => book.tradeAt(trade, at)));
    return listed.filter((trade) => trade.symbol === symbol && trade.tradedAt >= sinceAt);
  }

  balancesAt(at: number): VenueBalance[] {
    const locked = new Map<string, Decimal>();
    for (const order of this.orders) {
      const version = book.versionAt(order, at);
      if (version === null) continue;
      const { asset, amount } = book.lockOf(order, version);
      locked.set(asset, add(locked.get(asset) ?? 0n, amount));
    }
    return balancesOf(this.account.at(at), locked, at);
  }

  /** A version of it from now on. */
  change(order: BookOrder, version: Version): void {
    order.versions.push({ ...version, at: this.#options.timeline.now });
  }

  trigger(order: BookOrder): void {
    const last = book.lastOf(order);
    if (last.status !== 'parked') return;
    this.change(order, { ...last, status: 'open' });
    this.#report(order, null);
  }

  fill(order: BookOrder, trade: BookTrade): void {
    const last = book.lastOf(order);
    const next = book.withTrades(last, [...last.trades, trade]);
    const { now } = this.#options.timeline;
    this.account.book(trade, 1n, now);
    this.change(order, { ...next, status: next.filled === next.quantity ? 'filled' : 'open' });
    const isShown = trade.shownAt <= now;
    this.#report(order, isShown ? book.executionAt(trade, now) : null);
    if (!isShown) this.later(trade.shownAt - now, () => this.#show(order, trade, 'shown'));
    if (trade.chargedAt > now) this.later(trade.chargedAt - now, () => this.#show(order, trade, 'charged'));
  }

  end(order: BookOrder, status: 'canceled' | 'expired'): void {
    const last = book.lastOf(order);
    if (!book.isWorking(last)) return;
    this.change(order, { ...last, status });
    this.#report(order, null);
  }

  bust(order: BookOrder, trade: BookTrade, correction: BookTrade | null, status: Version['status']): void {
    const last = book.lastOf(order);
    const { now } = this.#options.timeline;
    const kept = last.trades.filter((one) => one !== trade);
    this.busts += 1;
    this.account.book(trade, -1n, now);
    if (correction !== null) this.account.book(correction, 1n, now);
    this.change(order, { ...book.withTrades(last, correction === null ? kept : [...kept, correction]), status });
    const execution = correction === null ? null : book.executionOf(correction);
    this.#report(order, execution, { tradeId: trade.tradeId, venueOrderId: order.venueOrderId });
  }

  later(ms: number, work: () => void): void {
    this.pending += 1;
    this.#options.timeline.after(ms, () => {
      this.pending -= 1;
      work();
    });
  }

  /** What a fee was is told until somebody has heard it. */
  #show(order: BookOrder, trade: BookTrade, what: 'shown' | 'charged'): void {
    if (!book.lastOf(order).trades.includes(trade)) return;
    const execution = book.executionAt(trade, this.#options.timeline.now);
    this.#tell(`${order.venueOrderId}:${what}:${trade.tradeId}`, order, { execution, isKept: what === 'charged' });
  }

  #meant({ clientOrderId, venueOrderId }: OrderRef): BookOrder[] {
    return venueOrderId === undefined
      ? this.of(clientOrderId)
      : this.orders.filter((order) => order.venueOrderId === venueOrderId);
  }

  #shown(order: BookOrder, at: number): Execution[] {
    return book.tradesAt(order, at).map((trade) => book.executionAt(trade, at));
  }

  #report(order: BookOrder, execution: Execution | null, busted?: ExecutionRef): void {
    const undoing = busted === undefined ? {} : { busted };
    const isKept = busted !== undefined;
    this.#tell(`${order.venueOrderId}:${order.versions.length}`, order, { execution, ...undoing, isKept });
  }

  #tell(reportId: string, order: BookOrder, { isKept, ...told }: Told): void {
    const report: OrderReport = { reportId, order: book.viewOf(order), ...told, reason: null };
    if (isKept) this.unheard.set(reportId, report);
    for (const listener of this.#listeners) listener(report);
  }
}

interface Told {
  readonly execution: Execution | null;
  readonly busted?: ExecutionRef;
  /** Told until somebody has heard it. */
  readonly isKept: boolean;
}
