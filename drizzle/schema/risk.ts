import { boolean, pgTable, text, unique } from 'drizzle-orm/pg-core';
import { actors } from './actors.ts';
import { counter, createdAt, deletedAt, document, identity, reference, updatedAt } from './columns.ts';

/** Risk limits and the kill switch, per scope. Written by the risk actor of that scope. */
export const riskLimits = pgTable(
  'risk_limits',
  {
    id: identity(),
    scope: text('scope').notNull(),
    actorId: reference('actor_id')
      .notNull()
      .references(() => actors.id),
    limits: document('limits').notNull(),
    /** The kill switch. It never clears itself. */
    halted: boolean('halted').notNull(),
    reason: text('reason'),
    version: counter('version').notNull().default(1),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    deletedAt: deletedAt(),
  },
  (table) => [unique('risk_limits_scope_key').on(table.scope)],
);
