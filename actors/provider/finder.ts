// Whose the orders are that a look came upon: orders of ours, orders of others that were adopted, and those that nobody
// here knows.
import { externalOrderId } from '../market/client-order-id.ts';
import { add, format, isZero, parse } from '../market/decimal.ts';
import type { VenueOrder, VenueTrade } from '../market/execution.ts';
import type { Eyes, Missing } from './account-trades.ts';
import { FOUND_EXECUTIONS_MAX, FOUND_ORDERS_MAX, LOOKUPS_MAX } from './bounds.ts';
import type { FoundOrder } from './messages.ts';

export interface Listed {
  readonly openOrders: readonly { readonly id: string; readonly order: VenueOrder }[];
  /** Orders nobody here knows; at most as many as a round tells of, and one. */
  readonly strange: readonly FoundOrder[];
  /** Orders with an actor that the provider does not count as live: they bring nothing the books lack. */
  readonly idle: readonly FoundOrder[];
}
export interface Resolved {
  readonly found: readonly FoundOrder[];
  /** Missing trades that are not told of in this round, because of its bounds or because of the venue. */
  readonly untold: readonly VenueTrade[];
  readonly left: number;
  readonly unresolved: number;
}

export class Finder {
  readonly #name: string;
  readonly #round: number;
  readonly #eyes: Eyes;
  readonly #open: ReadonlyMap<string, VenueOrder>;
  #lookups = 0;

  constructor({ name, round }: { readonly name: string; readonly round: number }, eyes: Eyes, open: Orders) {
    this.#name = name;
    this.#round = round;
    this.#eyes = eyes;
    this.#open = new Map(open.map((order) => [placeOf(order), order]));
  }

  /** Open orders that are known, and those that are not or are not live; those with missing trades come later. */
  async sort(live: ReadonlySet<string>, missing: readonly Missing[]): Promise<Listed> {
    const later = new Set(missing.map(({ trade }) => placeOf(trade)));
    const openOrders: { id: string; order: VenueOrder }[] = [];
    const idle: FoundOrder[] = [];
    const unknown: VenueOrder[] = [];
    for (const order of this.#open.values()) {
      const id = await this.idOf(order);
      if (id !== null) openOrders.push({ id, order });
      if ((id !== null && live.has(id)) || later.has(placeOf(order))) continue;
      if (id === null) unknown.push(order);
      else idle.push({ id, order, executions: [] });
    }
    const strange: FoundOrder[] = [];
    for (const order of this.#turned(unknown, FOUND_ORDERS_MAX).slice(0, FOUND_ORDERS_MAX + 1))
      strange.push(await this.#withExecutions(order));
    return { openOrders, strange, idle: this.#turned(idle, FOUND_ORDERS_MAX) };
  }

  /** The orders of missing trades. */
  async resolve(missing: readonly Missing[]): Promise<Resolved> {
    const byOrder = Map.groupBy(missing, ({ trade }) => placeOf(trade));
    const found: FoundOrder[] = [];
    const untold: VenueTrade[] = [];
    let left = 0;
    let unresolved = 0;
    for (const group of this.#turned([...byOrder.values()], FOUND_ORDERS_MAX)) {
      const trades = group.map(({ trade }) => trade);
      const order = await this.#orderOf(trades);
      if (order === 'later') left += 1;
      else if (order === null) unresolved += 1;
      else {
        const executions = trades.slice(0, FOUND_EXECUTIONS_MAX).map(executionOf);
        found.push({ id: await this.idOf(order), order, executions });
        untold.push(...trades.slice(FOUND_EXECUTIONS_MAX));
        if (trades.length > FOUND_EXECUTIONS_MAX) left += 1;
        continue;
      }
      untold.push(...trades);
    }
    return { found, untold, left, unresolved };
  }

  async idOf({ clientOrderId, venueOrderId }: VenueOrder): Promise<string | null> {
    const { isKnown } = this.#eyes;
    if (await isKnown(clientOrderId)) return clientOrderId;
    const external = externalOrderId(this.#name, venueOrderId);
    return (await isKnown(external)) ? external : null;
  }

  /** Where a round takes fewer, each begins elsewhere: what the venue never answers for keeps no other out. */
  #turned<One>(all: readonly One[], max: number): readonly One[] {
    if (all.length <= max) return all;
    const first = (this.#round * max) % all.length;
    return [...all.slice(first), ...all.slice(0, first)];
  }

  /** An order of others that has filled already is told of with what it filled. */
  async #withExecutions(order: VenueOrder): Promise<FoundOrder> {
    const none = { id: null, order, executions: [] };
    if (isZero(parse(order.filledQuantity))) return none;
    const answer = await this.#query(order.symbol, order.venueOrderId);
    if (answer?.outcome !== 'found') return none;
    return { id: null, order: answer.order, executions: answer.executions.slice(0, FOUND_EXECUTIONS_MAX) };
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

type Orders = readonly VenueOrder[];

/** Venues count the ids of orders by symbol. */
function placeOf({ symbol, venueOrderId }: { readonly symbol: string; readonly venueOrderId: string }): string {
  return JSON.stringify([symbol, venueOrderId]);
}

function executionOf({ symbol: _symbol, side: _side, ...execution }: VenueTrade) {
  return execution;
}

function orderFrom(trades: readonly VenueTrade[], { symbol, side, venueOrderId, price }: VenueTrade): VenueOrder {
  const quantity = format(trades.reduce((sum, trade) => add(sum, parse(trade.quantity)), 0n));
  const updatedAt = trades.reduce((last, { tradedAt }) => (tradedAt > last ? tradedAt : last), 0);
  return {
    ...{ clientOrderId: '', venueOrderId, symbol, side, quantity, price, updatedAt },
    ...{ status: 'filled', rawStatus: 'only its trades are known', filledQuantity: quantity },
  };
}
