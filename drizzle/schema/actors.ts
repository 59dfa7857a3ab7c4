import { sql } from 'drizzle-orm';
import { check, index, integer, pgTable, text, unique } from 'drizzle-orm/pg-core';
import { counter, createdAt, deletedAt, document, identity, instant, reference, updatedAt } from './columns.ts';

/**
 * Durable actors: one row each, the last committed snapshot. Written by the unit of work alone.
 * Nothing that changes at every turn is indexed: an index on such a column makes each update write every
 * index again (22 instead of 11 µs).
 */
export const actors = pgTable(
  'actors',
  {
    /** Reserved by the process in blocks, so that a transition can name its actor before the commit. */
    id: identity(),
    /** `kind/id`, the address messages are sent to. */
    key: text('key').notNull(),
    kind: text('kind').notNull(),
    /** The shard whose owner may change this row. */
    shard: integer('shard').notNull(),
    /** Version of machine and context that the snapshot belongs to. */
    machineVersion: integer('machine_version').notNull(),
    /** Number of the last transition; a writer proves which one it started from. */
    version: counter('version').notNull(),
    /** active, suspended and failed actors are loaded at boot; done ones stay on disk until a message comes. */
    status: text('status').notNull(),
    /** The state value in one line: `working`, or `life.working cancel.none` for regions. */
    state: text('state').notNull(),
    /** State value and context, byte for byte what replaying the journal produces. */
    snapshot: document('snapshot').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    deletedAt: deletedAt(),
  },
  (table) => [
    unique('actors_key_key').on(table.key),
    check('actors_status_check', sql`${table.status} in ('active', 'suspended', 'failed', 'done')`),
    check('actors_version_check', sql`${table.version} >= 1`),
    index('actors_kind_idx').on(table.kind, table.id),
    // What boot loads. Its predicate changes once in a life, so updates in between stay heap-only.
    index('actors_live_idx').on(table.shard, table.id).where(sql`${table.status} <> 'done'`),
  ],
);

/** Who owns a shard and what its last commit was: one row per shard. */
export const nodes = pgTable(
  'nodes',
  {
    shard: integer('shard').primaryKey(),
    /** The process that holds the lease, in words for an operator. */
    node: text('node').notNull(),
    /** Application name of every session of that process, unique to it: how its death is seen. */
    session: text('session').notNull(),
    /** Fencing token: raised by each take-over; a commit under an older one is refused. */
    epoch: reference('epoch').notNull(),
    /** Number of the shard's last commit. Every commit raises it by one, as its last statement. */
    commitNumber: reference('commit_number').notNull(),
    /** How long each commit and each renewal extends the lease. */
    ttlMs: integer('ttl_ms').notNull(),
    /** By the database's clock. Past: anyone may take the shard. */
    leaseUntil: instant('lease_until').notNull(),
    /** Session that holds the lease; null when the shard was given up. */
    backendPid: integer('backend_pid'),
    /** With the pid it names one session for ever: pids are used again. */
    backendStart: instant('backend_start'),
    /** Greatest group time of any commit, so that time never runs back across a restart. */
    lastAt: instant('last_at').notNull(),
    /** When this owner took the shard. */
    startedAt: instant('started_at').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    check('nodes_epoch_check', sql`${table.epoch} >= 1`),
    check('nodes_commit_number_check', sql`${table.commitNumber} >= 0`),
    check('nodes_ttl_ms_check', sql`${table.ttlMs} > 0`),
  ],
);
