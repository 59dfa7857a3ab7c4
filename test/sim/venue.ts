// The venue of a history: one account's orders, their fills and the books an oracle reads. It never refuses a client
// order id it has seen, so that a second submit of one intent shows. What it says about an order can be read as of an
// earlier moment: reads come from copies that lag.

import type { OrderReport, SubmitRequest } from '../../actors/exchanges/exchange.ts';
import { type Decimal, format, mul, parse } from '../../actors/market/decimal.ts';
import type { Execution, VenueOrder, VenueStatus, VenueTrade } from '../../actors/market/execution.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

interface Version {
  readonly at: number;
  readonly status: VenueStatus;
  readonly filled: Decimal;
  /** How many of the order's trades there were. */
  readonly trades: number;
}

export interface BookOrder {
  readonly request: SubmitRequest;
  readonly venueOrderId: string;
  readonly quantity: Decimal;
  readonly trades: VenueTrade[];
  readonly versions: Version[];
}

export interface Acceptance {
  readonly order: VenueOrder;
  readonly executions: readonly Execution[];
}

export interface VenueOptions {
  readonly timeline: Timeline;
  readonly random: Random;
  /** Told of every order, before anybody else. */
  readonly onAccepted: (order: BookOrder) => void;
}

/** A venue's clock may be this far behind the one a request was signed with. */
const EARLY_MS = 1_000;
const LOT = '0.001';
/** The one instrument, and what it costs. */
export const SYMBOL = 'BTC-USDT';
export const PRICE = '100';

export class Venue {
  readonly orders: BookOrder[] = [];
  readonly #options: VenueOptions;
  readonly #listeners = new Set<(report: OrderReport) => void>();
  #trades = 0;
  #lastTrade: VenueTrade | null = null;

  constructor(options: VenueOptions) {
    this.#options = options;
  }

  attach(listener: (report: OrderReport) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  of(clientOrderId: string): BookOrder[] {
    return this.orders.filter(({ request }) => request.clientOrderId === clientOrderId);
  }

  /** Whether a request that arrives now is in time; the reason why not. */
  refusal({ signedAt, deadlineAt }: SubmitRequest): string | null {
    const { now } = this.#options.timeline;
    if (now > deadlineAt) return `it came ${now - deadlineAt} ms after its deadline`;
    return signedAt > now + EARLY_MS ? `it was signed ${signedAt - now} ms from now` : null;
  }

  accept(request: SubmitRequest): Acceptance {
    const { timeline, random, onAccepted } = this.#options;
    const order: BookOrder = {
      request,
      venueOrderId: String(this.orders.length + 1),
      quantity: parse(request.quantity),
      trades: [],
      versions: [{ at: timeline.now, status: 'open', filled: 0n, trades: 0 }],
    };
    this.orders.push(order);
    onAccepted(order);
    this.#report(order, null);
    const fate = random.fork(request.clientOrderId);
    if (request.orderType === 'Market' || request.timeInForce !== 'GTC') this.#takeAtOnce(order, fate);
    else this.#rest(order, fate);
    return { order: viewOf(order), executions: order.trades.map(executionOf) };
  }

  cancel(clientOrderId: string): VenueOrder | null {
    const order = this.of(clientOrderId).find(({ versions }) => versions.at(-1)?.status === 'open');
    if (order === undefined) return null;
    this.#end(order, 'canceled');
    return viewOf(order);
  }

  /** The order as it stood then; null where it was not there. */
  look(clientOrderId: string, at: number): VenueOrder | null {
    const order = this.of(clientOrderId).at(-1);
    return order === undefined || versionAt(order, at) === null ? null : viewOf(order, at);
  }

  tradesOf(clientOrderId: string, at: number): Execution[] {
    return this.of(clientOrderId).flatMap((order) =>
      order.trades.slice(0, versionAt(order, at)?.trades ?? 0).map(executionOf),
    );
  }

  openAt(at: number): VenueOrder[] {
    return this.orders.filter((order) => versionAt(order, at)?.status === 'open').map((order) => viewOf(order, at));
  }

  tradesSince(symbol: string, sinceAt: number, at: number): VenueTrade[] {
    const listed = this.orders.flatMap((order) => order.trades.slice(0, versionAt(order, at)?.trades ?? 0));
    return listed.filter((trade) => trade.symbol === symbol && trade.tradedAt >= sinceAt);
  }

  /** Some now, the rest never. */
  #takeAtOnce(order: BookOrder, fate: Random): void {
    const whole = order.request.orderType === 'Market' || fate.chance(0.5);
    const parts = order.request.timeInForce === 'FOK' && !whole ? 0 : fate.between(1, 2);
    for (let part = 1; part <= parts; part += 1) this.#fill(order, fate, whole && part === parts);
    if (order.versions.at(-1)?.status === 'open') this.#end(order, 'expired');
  }

  /** Rests, is filled in parts, and now and then ended by the venue itself. */
  #rest(order: BookOrder, fate: Random): void {
    const { timeline } = this.#options;
    const parts = fate.between(0, 4);
    let atMs = 0;
    for (let part = 0; part < parts; part += 1) {
      atMs += part === 0 && fate.chance(0.5) ? fate.between(1, 20) : fate.between(200, 9_000);
      const last = fate.chance(0.35);
      timeline.after(atMs, () => this.#fill(order, fate, last));
    }
    if (fate.chance(0.1)) timeline.after(fate.between(1_000, 20_000), () => this.#end(order, 'expired'));
  }

  #fill(order: BookOrder, fate: Random, whole: boolean): void {
    const before = order.versions.at(-1);
    if (before?.status !== 'open') return;
    const left = order.quantity - before.filled;
    const lot = parse(LOT);
    const lots = Number(left / lot);
    const quantity = whole || lots <= 1 ? left : BigInt(fate.between(1, lots)) * lot;
    const filled = before.filled + quantity;
    const { now } = this.#options.timeline;
    const trade = this.#trade(order, quantity, fate, now);
    order.trades.push(trade);
    const status = filled === order.quantity ? 'filled' : 'open';
    order.versions.push({ at: now, status, filled, trades: order.trades.length });
    this.#report(order, executionOf(trade));
  }

  #trade(order: BookOrder, quantity: Decimal, fate: Random, tradedAt: number): VenueTrade {
    const { symbol, side, price } = order.request;
    const last = this.#lastTrade;
    // The other side of the last trade may be ours as well: then both carry its id.
    const isSelf = last !== null && last.side !== side && last.symbol === symbol && fate.chance(0.3);
    if (!isSelf) this.#trades += 1;
    const trade: VenueTrade = {
      tradeId: isSelf ? last.tradeId : String(this.#trades),
      venueOrderId: order.venueOrderId,
      symbol,
      side,
      quantity: format(quantity),
      price: price ?? PRICE,
      fee: format(mul(quantity, parse('0.1'))),
      feeAsset: 'USDT',
      liquidity: 'maker',
      tradedAt,
    };
    this.#lastTrade = isSelf ? null : trade;
    return trade;
  }

  #end(order: BookOrder, status: 'canceled' | 'expired'): void {
    const before = order.versions.at(-1);
    if (before?.status !== 'open') return;
    order.versions.push({ ...before, at: this.#options.timeline.now, status });
    this.#report(order, null);
  }

  #report(order: BookOrder, execution: Execution | null): void {
    const reportId = `${order.venueOrderId}:${order.versions.length}`;
    const report: OrderReport = { reportId, order: viewOf(order), execution, reason: null };
    for (const listener of this.#listeners) listener(report);
  }
}

function versionAt(order: BookOrder, at: number): Version | null {
  return order.versions.findLast((version) => version.at <= at) ?? null;
}

const RAW = { open: 'NEW', filled: 'FILLED', canceled: 'CANCELED', expired: 'EXPIRED', rejected: 'REJECTED' } as const;

export function viewOf(order: BookOrder, at = Number.POSITIVE_INFINITY): VenueOrder {
  const { request, venueOrderId } = order;
  const version = versionAt(order, at) ?? (order.versions[0] as Version);
  const { clientOrderId, symbol, side, quantity, price } = request;
  return {
    clientOrderId,
    venueOrderId,
    symbol,
    side,
    status: version.status,
    rawStatus: RAW[version.status],
    quantity,
    price,
    filledQuantity: format(version.filled),
    updatedAt: version.at,
  };
}

function executionOf({ symbol: _symbol, side: _side, ...execution }: VenueTrade): Execution {
  return execution;
}
