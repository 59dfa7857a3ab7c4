// Order reports as they come, one by one. ccxt's watch promises merge: of 200 fills of one order they handed on 8.
// So its handlers are listened to where they put a report into a cache, before it is merged with what is there,
// and what one frame of the socket brought belongs together: a fill and the order as the fill left it.
import type { VenueOrder, VenueTrade } from '../../market/execution.ts';
import type { OrderReport } from '../exchange.ts';
import { Unreadable } from '../wire/read-as.ts';
import { expectWithin } from '../wire/readable.ts';
import type { Bust } from './extras.ts';
import type { CcxtExchange, ReportCache } from './library.ts';
import { reasonOf } from './outcome.ts';
import { asExecution, parseOrder, parseTrade } from './parse.ts';
import type { Profile } from './profile.ts';

/** A fill, with the order as it stands, or null where the venue tells of the two in frames of their own. */
export type Report =
  | { readonly kind: 'report'; readonly report: OrderReport }
  | { readonly kind: 'fill'; readonly trade: VenueTrade };

export interface ReportOptions {
  readonly exchange: CcxtExchange;
  readonly profile: Profile;
  readonly account: () => string;
  readonly now: () => number;
  readonly onReports: (reports: readonly Report[]) => void;
  /** Something that cannot be read: the connection is given up, and reconciliation fills the hole. */
  readonly onUnreadable: (reason: string) => void;
}

export function listenTo(options: ReportOptions): void {
  const { exchange } = options;
  const orders: unknown[] = [];
  const trades: unknown[] = [];
  let depth = 0;
  const flush = (): void => {
    const frame = { orders: orders.splice(0), trades: trades.splice(0) };
    if (frame.orders.length + frame.trades.length === 0) return;
    try {
      options.onReports(reportsOf(frame, options));
    } catch (error) {
      options.onUnreadable(error instanceof Error ? error.message : String(error));
    }
  };
  const heard = (list: unknown[], item: unknown): void => {
    // A copy: ccxt goes on to merge into the object it appended.
    list.push(structuredClone(item));
    if (depth === 0) flush();
  };
  onAppend(exchange, 'orders', (item) => heard(orders, item), options.onUnreadable);
  onAppend(exchange, 'myTrades', (item) => heard(trades, item), options.onUnreadable);
  const handle = exchange.handleMessage.bind(exchange);
  exchange.handleMessage = (client, message) => {
    depth += 1;
    try {
      if (depth === 1) expectFrame(message);
      const before = orders.length;
      const handled = handle(client, message);
      // ccxt passes over what it does not know; among reports of orders nothing may be passed over.
      const missed = options.profile.reportsIn(message) - (orders.length - before);
      if (missed > 0) throw new Unreadable(`a frame with reports of orders, ${missed} of which were not understood`);
      return handled;
    } catch (error) {
      // What ccxt throws it tells to whoever waits; between two frames of one read nobody does.
      options.onUnreadable(reasonOf(error));
      throw error;
    } finally {
      depth -= 1;
      if (depth === 0) flush();
    }
  };
}

/** Signs of life are short words. */
const WORD = /^\w{0,16}$/;
/** `"__proto__"`, `"constructor"` and what else every object has. */
const OWN_WORDS = new RegExp(`"(${Object.getOwnPropertyNames(Object.prototype).join('|')})"`);

/**
 * ccxt hands a frame that is no JSON on as it came, and what it makes of it is nothing. And it keeps reports in plain
 * objects by the names that the venue gives: an order of the name `__proto__` is written into all objects there are.
 */
function expectFrame(message: unknown): void {
  if (typeof message === 'string' && !WORD.test(message)) throw new Unreadable('a frame that is not JSON');
  if (OWN_WORDS.test(JSON.stringify(message) ?? '')) throw new Unreadable('a frame with a name that no venue gives');
}

/** ccxt makes the cache with the first report and puts it into this property. */
function onAppend(
  exchange: CcxtExchange,
  name: 'orders' | 'myTrades',
  heard: (item: unknown) => void,
  onUnreadable: (reason: string) => void,
): void {
  let cache: unknown = exchange[name];
  Object.defineProperty(exchange, name, {
    configurable: true,
    enumerable: true,
    get: () => cache,
    set: (value: unknown) => {
      cache = value;
      if (isCache(value)) {
        const append = value.append.bind(value);
        value.append = (item) => {
          heard(item);
          append(item);
        };
      } else if (value !== undefined && value !== null) {
        onUnreadable(`${exchange.id} keeps its ${name} in a form that cannot be heard one by one`);
      }
    },
  });
}

function isCache(value: unknown): value is ReportCache {
  return typeof value === 'object' && value !== null && 'append' in value && typeof value.append === 'function';
}

interface Frame {
  readonly orders: readonly unknown[];
  readonly trades: readonly unknown[];
}

function reportsOf(frame: Frame, { profile, account, now }: ReportOptions): readonly Report[] {
  const busts = frame.orders.flatMap((one) => bustReport(account(), one, profile, now()));
  const plain = frame.orders.filter((one) => bustIn(one, profile) === null);
  const orders = plain.map((one) => parseOrder(one, profile, now()).order);
  const trades = frame.trades.map((one) => parseTrade(one, profile));
  const told = new Set<VenueOrder>();
  const fills = trades.map((trade): Report => {
    // The first that no fill has yet: the n-th fill of an order comes with the n-th state of it.
    const own = orders.filter(({ venueOrderId }) => venueOrderId === trade.venueOrderId);
    const order = own.find((one) => !told.has(one)) ?? own.at(-1);
    if (order === undefined) return { kind: 'fill', trade };
    told.add(order);
    expectWithin('order', [asExecution(trade)], order.filledQuantity);
    return { kind: 'report', report: fillReport(account(), trade, order) };
  });
  const rest = orders
    .filter((order) => !told.has(order))
    .map((order): Report => ({ kind: 'report', report: orderReport(account(), order) }));
  return [...fills, ...rest, ...busts];
}

export function fillReport(account: string, trade: VenueTrade, order: VenueOrder): OrderReport {
  const reportId = `${account}:${order.symbol}:${order.venueOrderId}:fill-${trade.tradeId}`;
  return { reportId, order, execution: asExecution(trade), reason: null };
}

function orderReport(account: string, order: VenueOrder): OrderReport {
  const { symbol, venueOrderId, rawStatus, filledQuantity, quantity, price, updatedAt } = order;
  const parked = order.status === 'parked' ? '-parked' : '';
  const state = `${rawStatus}${parked}-${filledQuantity}-${quantity}-${price ?? 'market'}-${updatedAt}`;
  return { reportId: `${account}:${symbol}:${venueOrderId}:${state}`, order, execution: null, reason: null };
}

function bustIn(json: unknown, profile: Profile): Bust | null {
  const info = typeof json === 'object' && json !== null && 'info' in json ? json.info : null;
  return typeof info === 'object' && info !== null ? profile.bustOf(Object.fromEntries(Object.entries(info))) : null;
}

function bustReport(account: string, json: unknown, profile: Profile, now: number): Report[] {
  const bust = bustIn(json, profile);
  if (bust === null) return [];
  const { order } = parseOrder(json, profile, now);
  const { busted, execution } = bust;
  const reportId = `${account}:${order.symbol}:${order.venueOrderId}:bust-${busted.tradeId}`;
  return [{ kind: 'report', report: { reportId, order, execution, busted, reason: null } }];
}
