// One look at a venue account, and at what our books say of it: the reading half of reconciliation. It decides
// nothing; the provider does, when the answer is in its journal (reconcile.ts).
//
// The order of the questions: trades before open orders, so that an order that fills in between is missing from the
// list and asks for that reason; balances before the ledger, so that what the ledger has more is on its way to neither.
import type { Capabilities } from '../exchanges/exchange.ts';
import type { AccountBooks, Lack, StandingOrder, TradeAsked, TradeKey } from '../market/books.ts';
import { externalOrderId } from '../market/client-order-id.ts';
import { add, type Decimal, format, isZero, parse, sub } from '../market/decimal.ts';
import type { VenueOrder, VenueTrade } from '../market/execution.ts';
import { orderKey } from '../order/messages.ts';
import {
  BALANCES_MAX,
  BOOKS_PAGE,
  FOUND_EXECUTIONS_MAX,
  FOUND_ORDERS_MAX,
  LOOKUPS_MAX,
  OVERLAP_LAGS,
} from './bounds.ts';
import type {
  AssetDifference,
  BalanceSeen,
  FoundOrder,
  OpenOrderSeen,
  ProviderMessage,
  Reconcile,
} from './messages.ts';
import { patient, type Reads } from './patience.ts';

export interface Eyes {
  readonly exchange: Reads;
  readonly books: AccountBooks;
  /** Whether there is an order actor under this id. */
  readonly isKnown: (id: string) => Promise<boolean>;
  /** When the round was decided: earlier than any of its questions. */
  readonly at: number;
  readonly signal: AbortSignal;
}

/** What our books lack of a trade. */
interface Missing {
  readonly of: Lack['of'];
  readonly trade: VenueTrade;
}

export async function look(request: Reconcile, given: Eyes): Promise<ProviderMessage> {
  const eyes = { ...given, exchange: patient(given.exchange) };
  const { name, session, round } = request;
  const { exchange, signal } = eyes;
  const { capabilities } = exchange;
  // 1. The time.
  const skewMs = Math.round(await exchange.clockSkewMs(signal));
  if (Math.abs(skewMs) > capabilities.skewMs)
    return { type: 'ClockSkewed', session, round, skewMs, allowedMs: capabilities.skewMs };
  // 2. Trades and open orders.
  const { sinceAt, unseenMs } = reachOf(request, eyes);
  const trades = new Trades(sinceAt, eyes);
  for (const symbol of request.symbols) await trades.fetch(symbol);
  const open = await exchange.openOrders(signal);
  for (const { symbol } of open) await trades.fetch(symbol);
  // 3. What of the trades our books lack, and whose it is.
  const missing = await trades.missing();
  // The venue's clock says when it was traded, ours how long ago that is.
  const old = missing.filter(({ trade }) => trade.tradedAt - skewMs <= eyes.at - capabilities.readLagMs);
  const finder = new Finder(name, eyes, open);
  const listed = await finder.sort(new Set(request.live), old);
  const others = await othersOf(listed.openOrders, eyes, skewMs);
  const orders = await finder.resolve(old);
  // 4. The account and the ledger.
  const balances = heldOf(await exchange.balances(signal));
  const differences = await compareBooks(request, eyes, balances, trades);
  return {
    type: 'Reconciled',
    session,
    round,
    skewMs,
    openOrders: listed.openOrders.map(({ id, order }) => ({
      ...seen(id, order, trades, old),
      ...(others.has(id) && { isOther: true as const }),
    })),
    found: [...listed.found, ...orders.found].slice(0, FOUND_ORDERS_MAX),
    unseenMs,
    missing: old.filter((one) => one.of === 'execution').length,
    left: orders.left + Math.max(0, listed.found.length + orders.found.length - FOUND_ORDERS_MAX),
    unresolved: orders.unresolved,
    balances: balances.slice(0, BALANCES_MAX),
    differences: differences.slice(0, BALANCES_MAX),
  };
}

/** What is not listed holds nothing, so that what holds nothing need not be. By name: the bound cuts the same ones. */
function heldOf(balances: readonly BalanceSeen[]): readonly BalanceSeen[] {
  const held = balances.filter(({ available, locked }) => !isZero(parse(available)) || !isZero(parse(locked)));
  return held.toSorted((a, b) => (a.asset < b.asset ? -1 : 1));
}

/** From when on the venue still tells: what it has forgotten is known by the balances alone. */
function reachOf({ sinceAt }: Reconcile, { exchange, at }: Eyes): { sinceAt: number | null; unseenMs: number } {
  const { historyDepthMs } = exchange.capabilities;
  if (sinceAt === null || historyDepthMs === null) return { sinceAt, unseenMs: 0 };
  const reached = Math.max(sinceAt, at - historyDepthMs);
  return { sinceAt: reached, unseenMs: reached - sinceAt };
}

function seen(id: string, order: VenueOrder, trades: Trades, old: readonly Missing[]): OpenOrderSeen {
  const lost = new Set(old.flatMap((one) => (one.of === 'execution' ? [one.trade] : [])));
  const known = trades.all.filter((trade) => trade.venueOrderId === order.venueOrderId && !lost.has(trade));
  const traded = known.reduce((sum, { quantity }) => add(sum, parse(quantity)), 0n);
  return { clientOrderId: id, filledQuantity: order.filledQuantity, traded: format(traded) };
}

/**
 * Of the open orders those that are others than our books say, and were so before the news of it can be on its way:
 * a stop order whose trigger nobody reported, terms that were changed elsewhere.
 */
async function othersOf(open: Listed['openOrders'], eyes: Eyes, skewMs: number): Promise<ReadonlySet<string>> {
  const before = eyes.at - eyes.exchange.capabilities.readLagMs;
  const old = open.filter(({ order }) => order.updatedAt - skewMs <= before);
  const byKey = new Map<string, (typeof old)[number]>(old.map((one) => [orderKey(one.id), one]));
  const standing = await eyes.books.standing([...byKey.keys()]);
  return new Set(
    standing.flatMap((ours) => {
      const theirs = byKey.get(ours.key);
      return theirs !== undefined && isOther(ours, theirs.order) ? [theirs.id] : [];
    }),
  );
}

function isOther({ life, quantity, price }: StandingOrder, theirs: VenueOrder): boolean {
  if (life === 'parked' && theirs.status === 'open') return true;
  if (parse(quantity) !== parse(theirs.quantity)) return true;
  return price !== null && theirs.price !== null && parse(price) !== parse(theirs.price);
}

/** The trades of a round: each symbol asked for once. Before the first round nothing is missed. */
class Trades {
  readonly all: VenueTrade[] = [];
  readonly #sinceAt: number | null;
  readonly #eyes: Eyes;
  readonly #symbols = new Set<string>();

  constructor(sinceAt: number | null, eyes: Eyes) {
    this.#sinceAt = sinceAt;
    this.#eyes = eyes;
  }

  get symbols(): Iterable<string> {
    return this.#symbols;
  }

  async fetch(symbol: string): Promise<void> {
    if (this.#sinceAt === null || this.#symbols.has(symbol)) return;
    this.#symbols.add(symbol);
    this.all.push(...(await tradesSince(this.#eyes, symbol, this.#sinceAt)));
  }

  async missing(): Promise<Missing[]> {
    const { exchange, books } = this.#eyes;
    const { venue, account } = exchange;
    const byKey = new Map(this.all.map((trade) => [keyText(trade), trade]));
    const missing: Missing[] = [];
    for (let from = 0; from < this.all.length; from += BOOKS_PAGE) {
      const page = this.all.slice(from, from + BOOKS_PAGE).map(keyOf);
      for (const { key, of } of await books.lacks({ venue, account }, page)) {
        const trade = byKey.get(keyText(key));
        if (trade !== undefined) missing.push({ of, trade });
      }
    }
    return missing;
  }
}

function keyOf({ symbol, tradeId, venueOrderId, fee }: VenueTrade): TradeAsked {
  return { symbol, tradeId, venueOrderId, hasFee: fee !== null };
}
function keyText({ symbol, tradeId, venueOrderId }: TradeKey): string {
  return JSON.stringify([symbol, tradeId, venueOrderId]);
}

function tradesSince({ exchange, signal }: Eyes, symbol: string, at: number): Promise<readonly VenueTrade[]> {
  const { readLagMs, skewMs }: Capabilities = exchange.capabilities;
  const sinceAt = Math.max(0, at - OVERLAP_LAGS * readLagMs - skewMs);
  return exchange.trades({ symbol, sinceAt }, signal);
}

interface Listed {
  readonly openOrders: readonly { readonly id: string; readonly order: VenueOrder }[];
  readonly found: readonly FoundOrder[];
}
interface Resolved {
  readonly found: readonly FoundOrder[];
  readonly left: number;
  readonly unresolved: number;
}

/** Whose an order at the venue is. */
class Finder {
  readonly #name: string;
  readonly #eyes: Eyes;
  readonly #open: ReadonlyMap<string, VenueOrder>;
  #lookups = 0;

  constructor(name: string, eyes: Eyes, open: readonly VenueOrder[]) {
    this.#name = name;
    this.#eyes = eyes;
    this.#open = new Map(open.map((order) => [placeOf(order), order]));
  }

  /** Open orders that are known, and those that are not or are not live; those with missing trades come later. */
  async sort(live: ReadonlySet<string>, missing: readonly Missing[]): Promise<Listed> {
    const later = new Set(missing.map(({ trade }) => placeOf(trade)));
    const openOrders: { id: string; order: VenueOrder }[] = [];
    const found: FoundOrder[] = [];
    for (const order of this.#open.values()) {
      const id = await this.idOf(order);
      if (id !== null) openOrders.push({ id, order });
      if ((id !== null && live.has(id)) || later.has(placeOf(order))) continue;
      if (found.length <= FOUND_ORDERS_MAX) found.push(await this.#withExecutions(id, order));
    }
    return { openOrders, found };
  }

  /** The orders of missing trades. */
  async resolve(missing: readonly Missing[]): Promise<Resolved> {
    const byOrder = Map.groupBy(missing, ({ trade }) => placeOf(trade));
    const found: FoundOrder[] = [];
    let left = 0;
    let unresolved = 0;
    for (const trades of byOrder.values()) {
      const executions = trades.map(({ trade }) => executionOf(trade));
      const order = await this.#orderOf(trades.map(({ trade }) => trade));
      if (order === 'later') left += 1;
      else if (order === null) unresolved += 1;
      else {
        found.push({ id: await this.idOf(order), order, executions: executions.slice(0, FOUND_EXECUTIONS_MAX) });
        if (executions.length > FOUND_EXECUTIONS_MAX) left += 1;
      }
    }
    return { found, left, unresolved };
  }

  async idOf({ clientOrderId, venueOrderId }: VenueOrder): Promise<string | null> {
    const { isKnown } = this.#eyes;
    if (await isKnown(clientOrderId)) return clientOrderId;
    const external = externalOrderId(this.#name, venueOrderId);
    return (await isKnown(external)) ? external : null;
  }

  /** An order of others that has filled already is told of with what it filled. */
  async #withExecutions(id: string | null, order: VenueOrder): Promise<FoundOrder> {
    if (id !== null || isZero(parse(order.filledQuantity))) return { id, order, executions: [] };
    const answer = await this.#query(order.symbol, order.venueOrderId);
    if (answer?.outcome !== 'found') return { id, order, executions: [] };
    return { id, order: answer.order, executions: answer.executions.slice(0, FOUND_EXECUTIONS_MAX) };
  }

  async #orderOf(trades: readonly VenueTrade[]): Promise<VenueOrder | 'later' | null> {
    const [first] = trades;
    if (first === undefined) return null;
    const open = this.#open.get(placeOf(first));
    if (open !== undefined) return open;
    const answer = await this.#query(first.symbol, first.venueOrderId);
    if (answer === null) return 'later';
    if (answer.outcome === 'found') return answer.order;
    // The venue has the trades and no order for them any more: the trades say enough of it.
    return answer.outcome === 'notFound' ? orderFrom(trades, first) : null;
  }

  /** Null: no more in this round. */
  async #query(symbol: string, venueOrderId: string) {
    if (this.#lookups >= LOOKUPS_MAX) return null;
    this.#lookups += 1;
    const { exchange, signal } = this.#eyes;
    return exchange.query({ clientOrderId: '', symbol, venueOrderId }, signal);
  }
}

/** Venues count the ids of orders by symbol. */
function placeOf({ symbol, venueOrderId }: { readonly symbol: string; readonly venueOrderId: string }): string {
  return JSON.stringify([symbol, venueOrderId]);
}

function executionOf({ symbol: _symbol, side: _side, ...execution }: VenueTrade) {
  return execution;
}

function orderFrom(trades: readonly VenueTrade[], { symbol, side, venueOrderId, price }: VenueTrade): VenueOrder {
  const quantity = format(trades.reduce((sum, trade) => add(sum, parse(trade.quantity)), 0n));
  const updatedAt = Math.max(...trades.map(({ tradedAt }) => tradedAt));
  const status = { status: 'filled', rawStatus: 'only its trades are known' } as const;
  return {
    clientOrderId: '',
    venueOrderId,
    symbol,
    side,
    ...status,
    quantity,
    price,
    filledQuantity: quantity,
    updatedAt,
  };
}

/** Assets of which the account holds another total than the ledger says. */
async function compareBooks(
  { name, sinceAt }: Reconcile,
  eyes: Eyes,
  balances: readonly BalanceSeen[],
  trades: Trades,
): Promise<AssetDifference[]> {
  const off = new Map<string, Decimal>();
  for (const { asset, available, locked } of balances) off.set(asset, add(parse(available), parse(locked)));
  for (const { asset, available, locked } of await eyes.books.ledger(name)) {
    off.set(asset, sub(off.get(asset) ?? 0n, add(parse(available), parse(locked))));
  }
  const differing = [...off].filter(([, amount]) => !isZero(amount)).sort(([a], [b]) => (a < b ? -1 : 1));
  if (differing.length === 0) return [];
  const busy =
    sinceAt === null
      ? new Set<string>()
      : await tradedMeanwhile(
          eyes,
          differing.map(([asset]) => asset),
          trades,
        );
  return differing.map(([asset, amount]) => ({ asset, amount: format(amount), isBusy: busy.has(asset) }));
}

/** Of these assets those that were traded since shortly before the round began: their trades may be anywhere. */
async function tradedMeanwhile(eyes: Eyes, assets: readonly string[], trades: Trades): Promise<Set<string>> {
  const { readLagMs, skewMs } = eyes.exchange.capabilities;
  const sinceAt = eyes.at - readLagMs - skewMs;
  const busy = new Set<string>();
  for (const symbol of trades.symbols) {
    const pair = symbol.split('-');
    if (!pair.some((asset) => assets.includes(asset) && !busy.has(asset))) continue;
    const recent = await eyes.exchange.trades({ symbol, sinceAt }, eyes.signal);
    if (recent.length > 0) for (const asset of pair) busy.add(asset);
  }
  return busy;
}
