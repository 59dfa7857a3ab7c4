// The outbox as a person sees it, and its purge.
import { and, asc, eq, gt, isNull, sql } from 'drizzle-orm';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { eventsOutbox } from '../../drizzle/schema/index.ts';
import { reading } from '../errors.ts';

export interface OutboxFilter {
  readonly lane?: 'message' | 'effect' | 'event' | undefined;
  /** Only what is not delivered yet. */
  readonly pending?: boolean | undefined;
  readonly afterId?: bigint | undefined;
  readonly limit: number;
}

export type StoredOutboxRow = Awaited<ReturnType<typeof outboxQuery>>[number];

export interface OutboxReader {
  /** In the order of the commits. */
  listOutbox(filter: OutboxFilter): Promise<readonly StoredOutboxRow[]>;
  /** Deletes, of the oldest `limit` rows, the events that were delivered before that time; answers how many. */
  purgeDelivered(before: number, limit: number): Promise<number>;
}

export function createOutboxReader(orm: NodePgDatabase): OutboxReader {
  return {
    listOutbox: (filter) => reading('list outbox', () => outboxQuery(orm, filter)),
    purgeDelivered: async (before, limit) =>
      (await reading('purge outbox', () => orm.execute(purgeQuery(before, limit)))).rowCount ?? 0,
  };
}

export function outboxQuery(orm: NodePgDatabase, { lane, pending, afterId, limit }: OutboxFilter) {
  return orm
    .select({
      id: eventsOutbox.id,
      lane: eventsOutbox.lane,
      key: eventsOutbox.key,
      sourceId: eventsOutbox.sourceId,
      target: eventsOutbox.target,
      type: eventsOutbox.type,
      body: sql<string>`${eventsOutbox.body}::text`,
      at: eventsOutbox.at,
      correlation: eventsOutbox.correlation,
      deliveredAt: eventsOutbox.deliveredAt,
    })
    .from(eventsOutbox)
    .where(
      and(
        lane === undefined ? undefined : eq(eventsOutbox.lane, lane),
        pending === true ? isNull(eventsOutbox.deliveredAt) : undefined,
        afterId === undefined ? undefined : gt(eventsOutbox.id, afterId),
      ),
    )
    .orderBy(asc(eventsOutbox.id))
    .limit(limit);
}

/** Looks at the oldest `limit` rows and no others, so that a batch costs the same whatever is kept. */
export function purgeQuery(before: number, limit: number) {
  return sql`delete from events_outbox where id in (
    select id from (select id, lane, delivered_at from events_outbox order by id limit ${limit}) oldest
     where lane = 'event' and delivered_at < ${new Date(before).toISOString()}::timestamptz)`;
}
