import { sql } from 'drizzle-orm';
import { bigint, check, index, pgTable, text, unique } from 'drizzle-orm/pg-core';
import { actors } from './actors.ts';
import { counter, createdAt, deletedAt, document, identity, reference, updatedAt } from './columns.ts';

/** Strategy instances. Written by the instance's actor. */
export const strategyInstances = pgTable(
  'strategy_instances',
  {
    id: identity(),
    /** The operator's name for it. */
    instanceId: text('instance_id').notNull(),
    actorId: reference('actor_id')
      .notNull()
      .references(() => actors.id),
    /** Name of the module it runs. */
    strategy: text('strategy').notNull(),
    /** Content hash of the module's source it runs. */
    revision: text('revision').notNull(),
    status: text('status').notNull(),
    config: document('config').notNull(),
    /** Providers and symbols it may trade. */
    scope: document('scope').notNull(),
    reason: text('reason'),
    version: counter('version').notNull().default(1),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    deletedAt: deletedAt(),
  },
  (table) => [
    unique('strategy_instances_instance_id_key').on(table.instanceId),
    check('strategy_instances_status_check', sql`${table.status} in ('stopped', 'starting', 'running', 'failed')`),
    index('strategy_instances_strategy_idx').on(table.strategy, table.revision),
  ],
);

/** Strategy modules: every revision of every module's source, by content hash. */
export const strategyModules = pgTable(
  'strategy_modules',
  {
    id: identity(),
    name: text('name').notNull(),
    /** sha256 of the source. */
    hash: text('hash').notNull(),
    /** A name for this revision that can be moved to another; null when it has none. */
    tag: text('tag'),
    source: text('source').notNull(),
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull(),
    /** What the module says of itself: events it wants, configuration it takes. */
    metadata: document('metadata').notNull(),
    version: counter('version').notNull().default(1),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    deletedAt: deletedAt(),
  },
  (table) => [
    unique('strategy_modules_hash_key').on(table.name, table.hash),
    unique('strategy_modules_tag_key').on(table.name, table.tag),
    check('strategy_modules_size_bytes_check', sql`${table.sizeBytes} > 0`),
  ],
);
