// What must hold at every step: looked at before and after every commit, at every request to the venue and at every
// order the venue accepts.
import type { OrderRow } from '../../actors/market/records.ts';
import type { WriteSet } from '../../actors/runtime/ports.ts';
import { type Database, effectName } from './database.ts';
import type { Sent } from './session.ts';
import type { BookOrder, Venue } from './venue.ts';

/** Ends that say: the venue never had it. */
const NEVER_THERE: readonly string[] = ['denied', 'rejected', 'absent'];

/** What risk has granted and not been given back. */
const RESERVED: readonly string[] = ['queued', 'sending', 'doubt', 'working', 'closing'];

export class Audit {
  readonly findings: string[] = [];
  readonly counts = { doubts: 0, concurrent: 0, cuts: 0, commits: 0, transitions: 0 };

  find(invariant: string, detail: string): void {
    this.findings.push(`${invariant}: ${detail}`);
  }

  writing(set: WriteSet, { node }: Database): void {
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
    this.counts.commits += 1;
    this.counts.transitions += set.transitions.length;
  }

  /** An order that was decided never to have been at the venue is not there. */
  written(set: WriteSet, venue: Venue, { orders }: Database): void {
    for (const { row } of set.records) {
      if (row.table !== 'orders') continue;
      const order = row as OrderRow;
      const { clientOrderId, life } = order;
      if (life === 'doubt') this.counts.doubts += 1;
      if (isNeverThere(order) && venue.of(clientOrderId).length > 0)
        this.find('AGAINST_THE_BOOKS', `${clientOrderId} ends ${life}, and the venue has it`);
    }
    const reserved = [...orders.values()].filter(({ life }) => RESERVED.includes(life)).length;
    this.counts.concurrent = Math.max(this.counts.concurrent, reserved);
  }

  sending(name: string, request: Sent, database: Database): void {
    const { clientOrderId, signedAt } = request;
    const known = effectName(name, signedAt === undefined ? { clientOrderId } : { clientOrderId, signedAt });
    if (!database.effects.has(known)) this.find('NOT_COMMITTED', `${known} leaves, and no commit asked for it`);
  }

  accepted({ request, venueOrderId }: BookOrder, venue: Venue, database: Database): void {
    const { clientOrderId } = request;
    const copies = venue.of(clientOrderId).length;
    if (copies > 1) this.find('SENT_TWICE', `${clientOrderId} stands ${copies} times at the venue`);
    const row = database.orders.get(clientOrderId);
    if (row === undefined) this.find('NOT_COMMITTED', `the venue has ${clientOrderId}, we have no such order`);
    else if (isNeverThere(row))
      this.find('AGAINST_THE_BOOKS', `${clientOrderId} ended ${row.life}, and the venue accepts it as ${venueOrderId}`);
  }
}

/** Also canceled before anything was sent. */
export function isNeverThere({ life, venueOrderId }: OrderRow): boolean {
  return NEVER_THERE.includes(life) || (life === 'canceled' && venueOrderId === null);
}
