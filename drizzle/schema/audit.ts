import { pgTable, text } from 'drizzle-orm/pg-core';
import { actors } from './actors.ts';
import { createdAt, identity, instant, reference } from './columns.ts';

/** Who changed what. Append-only. */
export const auditLog = pgTable('audit_log', {
  id: identity(),
  /** The actor that wrote the entry. */
  actorId: reference('actor_id')
    .notNull()
    .references(() => actors.id),
  /** The person, token or part of the system that acted. */
  actor: text('actor').notNull(),
  action: text('action').notNull(),
  /** Without secrets. */
  detail: text('detail').notNull(),
  /** Time of the group that recorded it. */
  at: instant('at').notNull(),
  createdAt: createdAt(),
});
