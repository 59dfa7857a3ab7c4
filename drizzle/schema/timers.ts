import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { actors } from './actors.ts';
import { counter, createdAt, document, instant, reference, updatedAt } from './columns.ts';

/** Armed timers. The row goes when the timer fires, when its state is left and when its actor is done. */
export const timers = pgTable(
  'timers',
  {
    actorId: reference('actor_id')
      .notNull()
      .references(() => actors.id, { onDelete: 'cascade' }),
    timerId: text('timer_id').notNull(),
    /** The actor's transition number when it was armed; one that fires with another is stale. */
    generation: counter('generation').notNull(),
    dueAt: instant('due_at').notNull(),
    /** The message to deliver. */
    body: document('body').notNull(),
    /** Id of the first message of the cascade that armed it. */
    correlation: text('correlation').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [primaryKey({ name: 'timers_pkey', columns: [table.actorId, table.timerId] })],
);
