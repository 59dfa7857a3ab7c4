import { index, integer, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';
import { counter, createdAt, document, instant, reference } from './columns.ts';

/**
 * The journal: every message an actor applied, in the order it applied them. Append-only. Folding an actor's
 * rows through its machine gives its snapshot again.
 */
export const transitions = pgTable(
  'transitions',
  {
    // No foreign key: checking it costs 6.6 of the 15 µs of a row, and only the unit of work writes here, in the
    // transaction that writes the actor (docs/decisions/0006-no-foreign-keys-on-the-journal.md).
    actorId: reference('actor_id').notNull(),
    /** 1 is the creation (type `@init`, body = input); no gaps. */
    number: counter('number').notNull(),
    messageId: text('message_id').notNull(),
    type: text('type').notNull(),
    /** The message as it was accepted, without the time and id that the runtime adds. */
    body: document('body').notNull(),
    /** Null for the creation. */
    fromState: text('from_state'),
    toState: text('to_state').notNull(),
    /** Time of the group: what the machine saw as `at`. */
    at: instant('at').notNull(),
    /** Key of the sending actor; null when the message came from outside. */
    sender: text('sender'),
    /** Id of the message whose turn sent this one; null when it came from outside. */
    cause: text('cause'),
    /** Id of the first message of the cascade. */
    correlation: text('correlation').notNull(),
    /** Turns between this message and the outside. */
    hop: integer('hop').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ name: 'transitions_pkey', columns: [table.actorId, table.number] }),
    // A message is applied once, however often it is delivered.
    unique('transitions_message_key').on(table.actorId, table.messageId),
    // A few kilobytes for millions of rows, and no cost per insert: rows arrive in this order.
    index('transitions_at_idx').using('brin', table.at).with({ pages_per_range: 32, autosummarize: true }),
  ],
);
