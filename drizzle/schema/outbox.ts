import { sql } from 'drizzle-orm';
import { check, index, integer, pgTable, text } from 'drizzle-orm/pg-core';
import { createdAt, document, identity, instant, reference, updatedAt } from './columns.ts';

/**
 * What actors said that is not yet heard: messages to other actors, effects on the world, events for the bus.
 * Written in the commit of the turn that said it. Messages and effects are deleted once applied or settled;
 * events stay, marked delivered, until an operator purges them.
 */
export const eventsOutbox = pgTable(
  'events_outbox',
  {
    /** Given in commit order by the process that writes, so that "everything after the last id seen" is complete. */
    id: identity(),
    /** message: to an actor. effect: to the world. event: to the bus. */
    lane: text('lane').notNull(),
    /** Message id or effect key: what makes a second delivery recognisable. */
    key: text('key').notNull(),
    sourceId: reference('source_id').notNull(),
    /** Receiver's key, name of the effect, or topic, after the lane. */
    target: text('target').notNull(),
    type: text('type').notNull(),
    body: document('body').notNull(),
    /** Time of the group that wrote it. */
    at: instant('at').notNull(),
    cause: text('cause'),
    correlation: text('correlation').notNull(),
    hop: integer('hop').notNull(),
    /** Null while pending. */
    deliveredAt: instant('delivered_at'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    check('events_outbox_lane_check', sql`${table.lane} in ('message', 'effect', 'event')`),
    index('events_outbox_pending_idx').on(table.id).where(sql`${table.deliveredAt} is null`),
  ],
);
