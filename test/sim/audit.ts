// What must hold at every step: looked at before and after every commit, at every request to the venue and at every
// order the venue accepts.
import { add, type Decimal, format, parse, sub } from '../../actors/market/decimal.ts';
import type { ExecutionRow, LedgerRow, MarketRow, OrderRow } from '../../actors/market/records.ts';
import type { WriteSet } from '../../actors/runtime/ports.ts';
import { type BookOrder, hadBust, isWorking, lastOf, wasReopened } from './book.ts';
import { type Database, effectName } from './database.ts';
import { Holdings } from './holdings.ts';
import { lineKey } from './money.ts';
import type { Sent } from './session.ts';
import type { Venue } from './venue.ts';

/** Ends that say: the venue never had it. */
const NEVER_THERE: readonly string[] = ['denied', 'rejected', 'absent'];

/** What risk has granted and not been given back. */
const RESERVED: ReadonlySet<string> = new Set(['queued', 'sending', 'doubt', 'parked', 'working', 'closing']);
const ENDED_AT_VENUE: ReadonlySet<string> = new Set(['filled', 'canceled', 'expired']);

export class Audit {
  readonly findings: string[] = [];
  readonly counts = { doubts: 0, concurrent: 0, cuts: 0, commits: 0, transitions: 0, amends: 0 };
  readonly #holdings = new Holdings();
  /** Orders that came back after their end: no limit kept them. */
  readonly #revived = new Set<string>();
  /** Orders the venue was heard to have ended. */
  readonly #ended = new Set<string>();

  find(invariant: string, detail: string): void {
    this.findings.push(`${invariant}: ${detail}`);
  }

  writing(set: WriteSet, database: Database): void {
    this.#number(set, database);
    this.#postings(set, database);
    for (const { row } of set.records) if (row.table === 'orders') this.#order(row as OrderRow, database);
    this.counts.commits += 1;
    this.counts.transitions += set.transitions.length;
  }

  #number(set: WriteSet, { node }: Database): void {
    if (set.epoch !== node.epoch) this.find('FENCED', `epoch ${set.epoch} commits, the owner's is ${node.epoch}`);
    if (set.number !== node.number + 1n) this.find('COMMIT_GAP', `commit ${set.number} comes after ${node.number}`);
    if (set.at < node.lastAt) this.find('TIME_BACK', `a commit of ${set.at} comes after one of ${node.lastAt}`);
    const versions = new Map<bigint, { next: number; last: number }>();
    for (const { id, version } of set.created) versions.set(id, { next: 1, last: version });
    for (const { id, version, fromVersion } of set.changed) versions.set(id, { next: fromVersion + 1, last: version });
    for (const { actorId, number } of set.transitions) {
      const version = versions.get(actorId);
      if (version?.next !== number)
        this.find('VERSION_GAP', `actor ${actorId}: transition ${number}, expected ${version?.next ?? 'none'}`);
      if (version !== undefined) version.next += 1;
    }
    for (const [id, { next, last }] of versions)
      if (next !== last + 1) this.find('VERSION_GAP', `actor ${id} is at ${last}, its journal at ${next - 1}`);
  }

  /** Each sums to zero for each asset, and is written once. */
  #postings({ records }: WriteSet, { money }: Database): void {
    const sums = new Map<string, Decimal>();
    const seen = new Set<string>();
    for (const { row } of records) {
      if (row.table !== 'ledger_entries') continue;
      const line = row as LedgerRow;
      const key = lineKey(line);
      if (seen.has(key) || money.lines.has(key)) this.find('POSTED_TWICE', key);
      if (line.amount === '0') this.find('UNBALANCED', `${key} moves nothing`);
      seen.add(key);
      const of = `${line.posting} ${line.kind} ${line.asset}`;
      sums.set(of, add(sums.get(of) ?? 0n, parse(line.amount)));
    }
    for (const [of, sum] of sums) if (sum !== 0n) this.find('UNBALANCED', `${of} sums to ${format(sum)}`);
  }

  #order({ clientOrderId, life, completedAt }: OrderRow, { orders }: Database): void {
    const before = orders.get(clientOrderId);
    if (before?.completedAt != null && completedAt === null) this.#revived.add(clientOrderId);
    if (life === 'doubt') this.counts.doubts += 1;
  }

  written(set: WriteSet, venue: Venue, database: Database): void {
    for (const { row } of set.records) this.#row(row as MarketRow, venue);
    const limited = [...database.orders.values()].filter(
      ({ life, isExternal, clientOrderId }) => RESERVED.has(life) && !isExternal && !this.#revived.has(clientOrderId),
    );
    this.counts.concurrent = Math.max(this.counts.concurrent, limited.length);
    this.findings.push(...this.#holdings.written(set, database));
  }

  #row(row: MarketRow, venue: Venue): void {
    if (row.table === 'executions') this.#execution(row, venue);
    if (row.table !== 'orders') return;
    const { clientOrderId, life, isExternal } = row;
    // 1. An order that was decided never to have been at the venue is not there.
    if (isNeverThere(row) && venue.of(clientOrderId).length > 0)
      this.find('AGAINST_THE_BOOKS', `${clientOrderId} ends ${life}, and the venue has it`);
    // 2. An end the venue told is an end, unless the venue takes back a trade.
    const booked = isExternal ? venue.byId(row.venueOrderId ?? '') : venue.of(clientOrderId).at(-1);
    if (booked == null || wasReopened(booked)) return;
    if ((life === 'working' || life === 'parked') && this.#ended.has(clientOrderId))
      this.find('RESURRECTED', `${clientOrderId} had ended, and is ${life} again`);
    if (!ENDED_AT_VENUE.has(life)) return;
    this.#ended.add(clientOrderId);
    // A trade that was taken back unheard makes an order look filled.
    if (isWorking(lastOf(booked)) && !hadBust(booked))
      this.find('AGAINST_THE_BOOKS', `${clientOrderId} is ${life}, and works at the venue`);
  }

  /** Taken from the venue, not made up; what stands for a trade nobody showed is flagged. */
  #execution({ origin, tradeId, venueOrderId, clientOrderId, quantity, price }: ExecutionRow, venue: Venue): void {
    if (origin === 'inferred') return;
    const booked = venue.byId(venueOrderId);
    const trades = booked?.versions.flatMap((version) => version.trades) ?? [];
    const isThere = trades.some((one) => one.tradeId === tradeId && one.quantity === quantity && one.price === price);
    if (!isThere) this.find('INVENTED', `${clientOrderId} has execution ${tradeId}, ${quantity}@${price}`);
  }

  sending(name: string, request: Sent, database: Database): void {
    const { clientOrderId, signedAt } = request;
    const known = effectName(name, signedAt === undefined ? { clientOrderId } : { clientOrderId, signedAt });
    if (!database.effects.has(known)) this.find('NOT_COMMITTED', `${known} leaves, and no commit asked for it`);
    if (name === 'amendOrder') this.counts.amends += 1;
  }

  accepted(order: BookOrder, venue: Venue, database: Database): void {
    const { clientOrderId } = order.request;
    const copies = venue.of(clientOrderId).length;
    if (copies > 1) this.find('SENT_TWICE', `${clientOrderId} stands ${copies} times at the venue`);
    const row = database.orders.get(clientOrderId);
    if (row === undefined) return this.find('NOT_COMMITTED', `the venue has ${clientOrderId}, we have no such order`);
    if (isNeverThere(row))
      this.find(
        'AGAINST_THE_BOOKS',
        `${clientOrderId} ended ${row.life}, the venue accepts it as ${order.venueOrderId}`,
      );
    if (row.replaces !== null) this.#replacement(order, row, venue.of(row.replaces).at(-1) ?? null);
  }

  /** With what the order before it has filled, and can fill no more, it is not above what was wished. */
  #replacement({ request: { quantity } }: BookOrder, row: OrderRow, old: BookOrder | null): void {
    const last = old === null ? null : lastOf(old);
    if (last !== null && isWorking(last))
      this.find('OVERSIZED', `${row.clientOrderId} is at the venue, and ${row.replaces} works there still`);
    const room = sub(parse(row.askedQuantity), last?.filled ?? 0n);
    if (parse(quantity) > room)
      this.find('OVERSIZED', `${row.clientOrderId} is of ${quantity}, of what was wished ${format(room)} is left`);
  }
}

/** Also canceled before anything was sent. */
export function isNeverThere({ life, venueOrderId }: OrderRow): boolean {
  return NEVER_THERE.includes(life) || (life === 'canceled' && venueOrderId === null);
}
