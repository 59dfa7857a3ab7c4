// One look at a venue account, and at what our books say of it: the reading half of reconciliation. It decides
// nothing; the provider does, when the answer is in its journal (reconcile.ts).
//
// The order of the questions: trades before open orders, so that an order that fills in between is missing from the
// list and asks for that reason; balances before the ledger, so that what the ledger has more is on its way to neither.
import type { StandingOrder } from '../market/books.ts';
import { add, format, isZero, parse } from '../market/decimal.ts';
import type { VenueOrder } from '../market/execution.ts';
import { orderKey } from '../order/messages.ts';
import { describeDifferences, differing, lostSymbols } from './account-books.ts';
import { type Eyes, type Missing, Trades } from './account-trades.ts';
import { BALANCES_MAX, FOUND_ORDERS_MAX } from './bounds.ts';
import { Finder, type Listed, type Resolved } from './finder.ts';
import type { BalanceSeen, OpenOrderSeen, ProviderMessage, Reconcile, Reconciled } from './messages.ts';
import { patient } from './patience.ts';

export async function look(request: Reconcile, given: Eyes): Promise<ProviderMessage> {
  const eyes = { ...given, exchange: patient(given.exchange) };
  const { session, round } = request;
  const { exchange, signal } = eyes;
  const { capabilities } = exchange;
  // 1. The time.
  const skewMs = Math.round(await exchange.clockSkewMs(signal));
  if (Math.abs(skewMs) > capabilities.skewMs)
    return { type: 'ClockSkewed', session, round, skewMs, allowedMs: capabilities.skewMs };
  // 2. Trades and open orders.
  const { sinceAt, unseenMs } = reachOf(request.sinceAt, eyes);
  const trades = new Trades(sinceAt, eyes);
  for (const symbol of request.symbols) await trades.fetch(symbol);
  const open = await exchange.openOrders(signal);
  for (const { symbol } of open) await trades.fetch(symbol);
  // 3. What of the trades our books lack, and whose it is.
  // The venue's clock says when it was traded, ours how long ago that is.
  const isOld = ({ trade }: Missing): boolean => trade.tradedAt - skewMs <= eyes.at - capabilities.readLagMs;
  const old = (await trades.missing()).filter(isOld);
  const finder = new Finder(request, eyes, open);
  const listed = await finder.sort(new Set(request.live), old);
  const others = await othersOf(listed.openOrders, eyes, skewMs);
  // 4. The account and the ledger. What was traded where nobody watches is looked for when it shows there.
  const balances = heldOf(await exchange.balances(signal));
  const off = await differing(request.name, eyes, balances);
  const offSinceAt = reachOf(request.offSinceAt ?? request.sinceAt, eyes).sinceAt;
  for (const symbol of sinceAt === null ? [] : lostSymbols(off, eyes, trades, round))
    old.push(...(await trades.missing(await trades.fetch(symbol, offSinceAt))).filter(isOld));
  const differences = await describeDifferences(off, trades, sinceAt === null);
  const orders = await finder.resolve(old);
  return {
    ...{ type: 'Reconciled', session, round, skewMs, unseenMs },
    openOrders: listed.openOrders.map(({ id, order }) => ({
      ...seen(id, order, trades, old),
      ...(others.has(id) && { isOther: true as const }),
    })),
    ...told(listed, orders),
    missing: old.filter((one) => one.of === 'execution').length,
    balances: balances.slice(0, BALANCES_MAX),
    differences: differences.slice(0, BALANCES_MAX),
  };
}

/** What is not listed holds nothing, so that what holds nothing need not be. By name: the bound cuts the same ones. */
function heldOf(balances: readonly BalanceSeen[]): readonly BalanceSeen[] {
  const held = balances.filter(({ available, locked }) => !isZero(parse(available)) || !isZero(parse(locked)));
  return held.toSorted((a, b) => (a.asset < b.asset ? -1 : 1));
}

/** From when on the venue still lists trades: what it has forgotten is known by the balances alone. */
function reachOf(sinceAt: number | null, { exchange, at }: Eyes): { sinceAt: number | null; unseenMs: number } {
  const { tradeHistoryMs } = exchange.capabilities;
  if (sinceAt === null || tradeHistoryMs === null) return { sinceAt, unseenMs: 0 };
  const reached = Math.max(sinceAt, at - tradeHistoryMs);
  return { sinceAt: reached, unseenMs: reached - sinceAt };
}

/**
 * What the books lack comes first, then orders nobody here knows. An order that is here and not live waits for nothing:
 * that there is no room for it leaves nothing undone.
 */
function told(listed: Listed, orders: Resolved): Pick<Reconciled, 'found' | 'left' | 'unresolved' | 'unclear'> {
  const { left, unresolved, untold } = orders;
  const urgent = [...orders.found, ...listed.strange];
  const found = [...urgent, ...listed.idle].slice(0, FOUND_ORDERS_MAX);
  const cut = urgent.slice(FOUND_ORDERS_MAX);
  const isPartial = left + unresolved + cut.length > 0;
  const fees = [...untold, ...cut.flatMap(({ executions }) => executions)].map(({ feeAsset }) => feeAsset);
  const symbols = [...untold.map(({ symbol }) => symbol), ...cut.map(({ order }) => order.symbol)];
  const pairs = symbols.flatMap((symbol) => symbol.split('-'));
  // A fee that the venue has not told may be in any asset.
  const isClear = isPartial && !fees.includes(null);
  return {
    found,
    left: left + cut.length,
    unresolved,
    ...(isClear && { unclear: [...new Set([...pairs, ...fees.flatMap((fee) => fee ?? [])])].sort() }),
  };
}

function seen(id: string, order: VenueOrder, trades: Trades, old: readonly Missing[]): OpenOrderSeen {
  const lost = new Set(old.flatMap((one) => (one.of === 'execution' ? [one.trade] : [])));
  const known = trades.all.filter((trade) => trade.venueOrderId === order.venueOrderId && !lost.has(trade));
  const traded = known.reduce((sum, { quantity }) => add(sum, parse(quantity)), 0n);
  return { clientOrderId: id, filledQuantity: order.filledQuantity, traded: format(traded) };
}

/**
 * Of the open orders those that are others than our books say, and were so before the news of it can be on its way:
 * a stop order whose trigger nobody reported, terms that were changed elsewhere, a fill that was taken back.
 */
async function othersOf(open: Listed['openOrders'], eyes: Eyes, skewMs: number): Promise<ReadonlySet<string>> {
  const before = eyes.at - eyes.exchange.capabilities.readLagMs;
  const byKey = new Map<string, (typeof open)[number]>(open.map((one) => [orderKey(one.id), one]));
  const standing = await eyes.books.standing([...byKey.keys()]);
  return new Set(
    standing.flatMap((ours) => {
      const theirs = byKey.get(ours.key);
      if (theirs === undefined) return [];
      const isOld = theirs.order.updatedAt - skewMs <= before;
      const isOff = (isOld && isOther(ours, theirs.order)) || (ours.updatedAt <= before && isAhead(ours, theirs.order));
      return isOff ? [theirs.id] : [];
    }),
  );
}

function isOther({ life, quantity, price }: StandingOrder, theirs: VenueOrder): boolean {
  if (life === 'parked' && theirs.status === 'open') return true;
  if (parse(quantity) !== parse(theirs.quantity)) return true;
  return price !== null && theirs.price !== null && parse(price) !== parse(theirs.price);
}

/** We count a fill that the venue does not, although our books have long been still. */
function isAhead({ filledQuantity }: StandingOrder, theirs: VenueOrder): boolean {
  return parse(filledQuantity) > parse(theirs.filledQuantity);
}
