import { sql } from 'drizzle-orm';
import { check, index, integer, pgTable, text, unique } from 'drizzle-orm/pg-core';
import { createdAt, deletedAt, document, identity, instant, updatedAt } from './columns.ts';

/** Messages that could not be applied, kept whole so that an operator can look at them and deliver them again. */
export const deadLetters = pgTable(
  'dead_letters',
  {
    id: identity(),
    /** Key of the receiver. No foreign key: the receiver may never have existed. */
    receiver: text('receiver').notNull(),
    messageId: text('message_id').notNull(),
    sender: text('sender'),
    type: text('type').notNull(),
    body: document('body').notNull(),
    cause: text('cause'),
    correlation: text('correlation').notNull(),
    hop: integer('hop').notNull(),
    /**
     * unhandled: no transition for it. poison: its turn threw. refused: the database refused its rows.
     * undeliverable: nobody there. effect: its attempts are used up.
     */
    reason: text('reason').notNull(),
    error: text('error').notNull(),
    /** How often it ended here. */
    attempts: integer('attempts').notNull().default(1),
    /** Time of the group that gave it up last. */
    at: instant('at').notNull(),
    /** Delivered again and applied; null while it waits. */
    redrivenAt: instant('redriven_at'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    deletedAt: deletedAt(),
  },
  (table) => [
    unique('dead_letters_message_key').on(table.receiver, table.messageId),
    check(
      'dead_letters_reason_check',
      sql`${table.reason} in ('unhandled', 'poison', 'refused', 'undeliverable', 'effect')`,
    ),
    check('dead_letters_attempts_check', sql`${table.attempts} >= 1`),
    index('dead_letters_pending_idx').on(table.id).where(sql`${table.redrivenAt} is null`),
  ],
);
