// Our books against the venue's: the trades that count there are the executions that count here, and ledger, positions
// and profit are what these trades come to.
import { add, type Decimal, format } from '../../actors/market/decimal.ts';
import type { ExecutionRow, LedgerAccount, OrderRow } from '../../actors/market/records.ts';
import { providerKey } from '../../actors/provider/messages.ts';
import { riskKey } from '../../actors/risk/messages.ts';
import type { Position } from '../../actors/risk/position.ts';
import type { TransitionRow } from '../../actors/runtime/ports.ts';
import { unlike } from './account.ts';
import { type BookOrder, type BookTrade, lastOf } from './book.ts';
import { PROVIDER, SCOPE } from './names.ts';
import { contextOf } from './snapshots.ts';
import type { World } from './world.ts';

/** A clock may be this far off the venue's. */
const SKEW_MS = 1_000;
/** A trade younger than the read lag is not missed yet; with the time a round takes. */
const SEEN_MS = 8_000;

/** What our books have not, or have too much: nothing when all is over. */
export function lacking(world: World): string[] {
  return [...executionsLacking(world), ...assetsLacking(world)];
}

/** The orders at the venue that count here, with what we have of them. */
export function countedOrders({
  database,
  venue,
}: World): { readonly booked: BookOrder; readonly row: OrderRow | null }[] {
  const since = lookedAt(database);
  const external = new Map<string, OrderRow>();
  for (const row of database.orders.values()) if (row.isExternal) external.set(row.venueOrderId ?? '', row);
  return venue.orders.flatMap((booked) => {
    const row = booked.isOthers ? external.get(booked.venueOrderId) : database.orders.get(booked.request.clientOrderId);
    const isDue = booked.isOthers && lastOf(booked).trades.some(({ tradedAt }) => tradedAt > since);
    return row === undefined && booked.isOthers && !isDue ? [] : [{ booked, row: row ?? null }];
  });
}

/** When somebody here first had the whole account before them; what others did before is no business of ours. */
function lookedAt(database: World['database']): number {
  const first = journalOf(database).find(isLook);
  return first === undefined ? Number.POSITIVE_INFINITY : first.at + SKEW_MS;
}

/** A round has seen everything that happened at the venue: whatever it found has been told. */
export function isLookedOver({ database, venue }: World): boolean {
  const movedAt = Math.max(...venue.orders.map((order) => lastOf(order).at), 0);
  const last = journalOf(database).findLast(isLook);
  return last !== undefined && last.at > movedAt + SEEN_MS;
}

/** What the provider heard. */
export function journalOf({ ids, journals }: World['database']): readonly TransitionRow[] {
  const id = ids.get(providerKey(PROVIDER));
  return id === undefined ? [] : (journals.get(id) ?? []);
}

function isLook({ type, toState }: TransitionRow): boolean {
  return type === 'Reconciled' && toState.startsWith('running.ready');
}

function executionsLacking(world: World): string[] {
  const live = [...world.database.executions.values()].filter(({ bustedAt }) => bustedAt === null);
  const byOrder = Map.groupBy(live, ({ clientOrderId }) => clientOrderId);
  return countedOrders(world).flatMap(({ booked, row }) => {
    const { trades } = lastOf(booked);
    const { venueOrderId } = booked;
    if (row === null) return booked.isOthers ? [`order ${venueOrderId} of others is not here`] : [];
    const mine = textOf(byOrder.get(row.clientOrderId) ?? []);
    const venues = textOf(trades);
    return mine === venues ? [] : [`${row.clientOrderId} has executions ${mine}, at the venue ${venues}`];
  });
}

function textOf(all: readonly (ExecutionRow | BookTrade)[]): string {
  const one = ({ tradeId, quantity, price, fee, feeAsset }: ExecutionRow | BookTrade): string =>
    `${tradeId}:${quantity}@${price}/${fee} ${feeAsset}`;
  return all.map(one).sort().join(' ');
}

function assetsLacking(world: World): string[] {
  const { database, venue } = world;
  return [...venue.account.totals].flatMap(([asset, total]) => {
    const of = (account: LedgerAccount): Decimal => database.money.balance(PROVIDER, account, asset);
    const held = add(of('available'), of('locked'));
    const found = held === total ? [] : [`${asset} in the ledger ${format(held)}, in the account ${format(total)}`];
    return of('suspense') === 0n ? found : [...found, `${format(of('suspense'))} ${asset} is in suspense`];
  });
}

/** What is in suspense and came from where nobody here could see: a person explains it. */
export function explainable(world: World): string[] {
  const { database, venue } = world;
  const hadNews = venue.account.deposits.size > 0 || hadEarlyTrades(world);
  return database.money.assets(PROVIDER).filter((asset) => {
    const suspense = database.money.balance(PROVIDER, 'suspense', asset);
    return suspense !== 0n && (hadNews || wasOpenedBlind(world, asset));
  });
}

/** Others traded before the first look or while it was taken: what the account began with is a matter of moments. */
function hadEarlyTrades({ database, venue }: World): boolean {
  const since = lookedAt(database);
  return venue.orders.some(({ isOthers, versions }) => isOthers && (versions[0]?.at ?? 0) <= since);
}

/** What the account began with was written down while the venue counted a trade it did not show. */
function wasOpenedBlind({ database, venue }: World, asset: string): boolean {
  const openings = [...database.money.lines.values()].filter(
    ({ posting }) => posting === `opening:${PROVIDER}:${asset}`,
  );
  const trades = venue.orders.flatMap(({ versions }) => versions.flatMap((version) => version.trades));
  return openings.some(({ bookedAt }) =>
    trades.some(({ tradedAt, shownAt }) => tradedAt < bookedAt + SEEN_MS && shownAt > bookedAt - SEEN_MS),
  );
}

/** Everything the executions that count come to, in every book that keeps it. */
export function judgeMoney(world: World): void {
  const { database, audit } = world;
  for (const text of lacking(world)) audit.find('BOOKS', text);
  const orders = countedOrders(world).flatMap(({ booked, row }) => (row === null ? [] : [{ booked, row }]));
  const byOwner = Map.groupBy(orders, ({ row }) => row.strategyInstance);
  for (const [owner, own] of byOwner)
    judgeHolder(
      world,
      owner,
      own.flatMap(({ booked }) => lastOf(booked).trades),
    );
  judgeLedger(world);
  const risk = database.find(riskKey(SCOPE));
  if (risk === null) return;
  const { positions } = contextOf<{ readonly positions: { readonly [holder: string]: Position } }>(risk);
  for (const [holder, { row }] of database.money.positions) {
    const { provider, strategyInstance, symbol, account } = row;
    const kept = positions[[provider, strategyInstance, symbol, account].join(' ')];
    if ((kept?.quantity ?? '0') !== row.quantity || (kept?.cost ?? '0') !== row.costQuote)
      audit.find('POSITION', `risk keeps ${JSON.stringify(kept)} of ${holder}, written is ${JSON.stringify(row)}`);
  }
}

function judgeHolder({ database, audit }: World, owner: string, trades: readonly BookTrade[]): void {
  for (const text of unlike(database.money.heldBy(owner), trades)) audit.find('POSITION', `${owner}: ${text}`);
}

function judgeLedger({ database, audit }: World): void {
  const { money } = database;
  const held = [...money.positions.values()];
  const find = (what: string, mine: Decimal, theirs: Decimal): void => {
    if (mine !== theirs) audit.find('LEDGER', `${what} ${format(mine)}, by the positions ${format(theirs)}`);
  };
  for (const asset of money.assets(PROVIDER)) {
    const fees = held.reduce((sum, one) => add(sum, one.fees.get(asset) ?? 0n), 0n);
    find(`fees of ${asset}`, money.balance(PROVIDER, 'fees', asset), fees);
    const locked = money.balance(PROVIDER, 'locked', asset);
    if (locked !== 0n) audit.find('LOCKED', `${format(locked)} ${asset} are locked, and nothing works`);
  }
  const profit = held.reduce((sum, { realized }) => add(sum, realized), 0n);
  find('profit', money.balance(PROVIDER, 'pnl', 'USDT'), profit);
}
