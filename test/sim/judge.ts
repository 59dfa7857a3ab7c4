// What must hold when everything is over: our orders against the venue's, every account of the same fills against the
// others, and every journal against the snapshot it folds to.
import { actors } from '../../actors/index.ts';
import { add, type Decimal, format, parse, sub } from '../../actors/market/decimal.ts';
import type { OrderRow } from '../../actors/market/records.ts';
import { orderKey } from '../../actors/order/messages.ts';
import type { Exposure } from '../../actors/risk/exposure.ts';
import { riskKey } from '../../actors/risk/messages.ts';
import { replay } from '../../actors/runtime/replay.ts';
import { isNeverThere } from './audit.ts';
import { type BookOrder, lastOf, viewOf, wasReopened } from './book.ts';
import { judgeCalm } from './judge-calm.ts';
import { countedOrders, judgeMoney } from './judge-money.ts';
import { CONCURRENT_MAX, INSTANCE, ORDER_PREFIX, PROVIDER, SCOPE, STRATEGY } from './names.ts';
import { hasEnded } from './script.ts';
import { contextOf } from './snapshots.ts';
import { SYMBOL } from './venue.ts';
import type { World } from './world.ts';

export function judge(world: World): void {
  if (world.audit.counts.concurrent > CONCURRENT_MAX)
    world.audit.find('OVER_LIMIT', `${world.audit.counts.concurrent} orders at once, allowed ${CONCURRENT_MAX}`);
  judgeOrders(world);
  judgeAbsence(world);
  judgeOthers(world);
  judgeMoney(world);
  judgeSums(world);
  judgeJournals(world);
  judgeLetters(world);
  if (world.forecast.calm) judgeCalm(world);
}

/** What moved at the venue before then has moved here as well; what was tied or dated is over. */
export function judgeNoticed(world: World, since: number): void {
  const { database, audit, forecast } = world;
  for (const { booked, row } of countedOrders(world)) {
    const { status, filledQuantity, quantity, price, updatedAt } = viewOf(booked);
    if (updatedAt > since || row === null || hasHidden(booked, since)) continue;
    const ours = `${row.life}, ${row.filledQuantity} of ${row.quantity} for ${row.price}`;
    const theirs = `${status === 'open' ? 'working' : status}, ${filledQuantity} of ${quantity} for ${price}`;
    if (ours !== theirs) audit.find('UNNOTICED', `${row.clientOrderId} is ${ours}, at the venue long ${theirs}`);
  }
  for (const row of database.orders.values()) {
    if (hasEnded(row) || row.completedAt !== null) continue;
    // Without a deadline it waits for a person.
    if (row.life === 'doubt' && !forecast.deadline) continue;
    if (row.life !== 'closing' && row.goodTillAt !== null && row.goodTillAt < since && isQuietSince(row, world, since))
      audit.find('OVERDUE', `${row.clientOrderId} is ${row.life}, good till ${row.goodTillAt}`);
    const other = row.linkedTo === null ? undefined : database.orders.get(row.linkedTo);
    const isCalledOff = other !== undefined && (other.filledQuantity !== '0' || hasEnded(other));
    if (row.life !== 'closing' && isCalledOff && isQuietSince(other, world, since) && isQuietSince(row, world, since))
      audit.find('UNTIED', `${row.clientOrderId} is ${row.life}, and ${other.clientOrderId} is ${other.life}`);
  }
}

function isQuietSince({ clientOrderId }: OrderRow, { venue }: World, since: number): boolean {
  const booked = venue.of(clientOrderId).at(-1);
  // One that came back when a trade was taken back has told its partner long ago.
  return booked === undefined || (lastOf(booked).at < since && !wasReopened(booked));
}

/** A trade the venue counts and shows later than this. */
function hasHidden(booked: BookOrder, since: number): boolean {
  return booked.versions.some(({ trades }) => trades.some(({ shownAt }) => shownAt > since));
}

function judgeOrders({ database, venue, audit }: World): void {
  for (const order of database.orders.values()) {
    const { clientOrderId, life, isExternal } = order;
    const booked = isExternal ? venue.byId(order.venueOrderId ?? '') : venue.of(clientOrderId).at(-1);
    if (!hasEnded(order)) audit.find('UNDECIDED', `${clientOrderId} is ${life}`);
    else if (booked == null) {
      if (!isNeverThere(order)) audit.find('AGAINST_THE_BOOKS', `${clientOrderId} is ${life}, not at the venue`);
    } else for (const finding of differences(order, booked)) audit.find('AGAINST_THE_BOOKS', finding);
  }
}

/** Of a venue whose requests have no deadline, "not found" says nothing: a person has said that it is not there. */
function judgeAbsence({ database, audit, forecast }: World): void {
  if (forecast.deadline) return;
  for (const { clientOrderId, life } of database.orders.values()) {
    const journal = database.journals.get(database.ids.get(orderKey(clientOrderId)) ?? 0n) ?? [];
    if (life === 'absent' && !journal.some(({ type }) => type === 'DeclareAbsent'))
      audit.find('UNPROVED', `${clientOrderId} is absent, and nobody has declared it so`);
  }
}

function differences(order: OrderRow, booked: BookOrder): string[] {
  const theirs = viewOf(booked);
  const { clientOrderId, life } = order;
  const found: string[] = [];
  const compare = (what: string, mine: string | null, venues: string | null | undefined): void => {
    if (mine !== venues) found.push(`${clientOrderId}: ${what} ${mine}, at the venue ${venues}`);
  };
  compare('life', life, theirs.status);
  compare('filled', order.filledQuantity, theirs.filledQuantity);
  compare('filled for', order.filledQuote, theirs.filledQuote);
  compare('quantity', order.quantity, theirs.quantity);
  compare('price', order.price, theirs.price);
  return found;
}

/** An order of somebody else is here once, however often it was told. */
function judgeOthers({ database, venue, audit }: World): void {
  const here = Map.groupBy(
    [...database.orders.values()].filter(({ isExternal }) => isExternal),
    ({ venueOrderId }) => venueOrderId,
  );
  for (const [venueOrderId, rows] of here)
    if (rows.length > 1) audit.find('ADOPTED_TWICE', `order ${venueOrderId} of others is here ${rows.length} times`);
  const isLost = [...here.keys()].some((id) => isLikeOurs(venue.byId(id ?? '')));
  const isTold = ['ORDER_OF_OURS_UNKNOWN', 'TRADING_RESTRICTED'].every((what) =>
    database.log.some(({ action }) => action === what),
  );
  if (isLost && !isTold) audit.find('UNALARMED', 'an order of ours is unknown here, and nobody was told');
}

function isLikeOurs(booked: BookOrder | null): boolean {
  return booked?.request.clientOrderId.startsWith(`${ORDER_PREFIX}lost`) === true;
}

/** Nothing is reserved any more, and everybody who counts a position counts the same. */
function judgeSums(world: World): void {
  const { database, audit } = world;
  const risk = database.find(riskKey(SCOPE));
  const counted = countedOrders(world).flatMap(({ booked, row }) => (row === null ? [] : [{ booked, row }]));
  if (risk !== null) {
    const { exposure } = contextOf<{ readonly exposure: Exposure }>(risk);
    const book = exposure.books[`${PROVIDER}:${SYMBOL}`];
    if (exposure.orders > 0) audit.find('RESERVED', `risk still holds ${Object.keys(book?.open ?? {}).join(' ')}`);
    const held = book?.position ?? '0';
    const position = format(netOf(counted.map(({ booked }) => booked)));
    if (held !== position) audit.find('POSITION', `risk counts ${held}, the venue ${position}`);
  }
  const strategy = database.find(STRATEGY);
  if (strategy === null) return;
  const { open, positions } = contextOf<{ readonly open: object; readonly positions: { [place: string]: string } }>(
    strategy,
  );
  const left = Object.keys(open);
  if (left.length > 0) audit.find('UNTOLD', `the strategy believes in ${left.join(' ')}`);
  const own = counted.filter(({ row }) => row.strategyInstance === INSTANCE);
  const position = format(netOf(own.map(({ booked }) => booked)));
  const known = positions[`${PROVIDER} ${SYMBOL}`] ?? '0';
  if (known !== position) audit.find('POSITION', `the strategy counts ${known}, not ${position}`);
}

/** Bought less sold, before fees. */
function netOf(orders: readonly BookOrder[]): Decimal {
  return orders.reduce((sum, order) => {
    const filled = parse(viewOf(order).filledQuantity);
    return order.request.side === 'Buy' ? add(sum, filled) : sub(sum, filled);
  }, 0n);
}

function judgeJournals({ database, audit, flaws }: World): void {
  const definitions = flaws.actors ?? actors;
  for (const row of database.actors.values()) {
    const definition = definitions.find(({ kind }) => kind === row.kind);
    if (definition === undefined) continue;
    const { difference } = replay(definition, { ...row, transitions: database.journals.get(row.id) ?? [] });
    if (difference !== null) audit.find('REPLAY', `${row.key}: ${difference}`);
  }
}

/** In clear weather an effect has its answer by then: what is younger may be under way. */
const ANSWERED_MS = 5_000;

/** An effect that got no answer leaves a letter; no other reason is a machine's to give. */
function judgeLetters({ database, audit, timeline }: World): void {
  for (const { envelope, reason, error } of database.deadLetters)
    if (reason !== 'effect') audit.find('DEAD_LETTER', `${reason} ${envelope.body.type} to ${envelope.to}: ${error}`);
  for (const { lane, key, target, deliveredAt, at } of database.outbox.values())
    if (deliveredAt === null && at < timeline.now - ANSWERED_MS)
      audit.find('UNSETTLED', `${lane} ${key} to ${target} is still pending`);
}
