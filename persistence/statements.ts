// Every hand-written statement of this folder in one place, with the types of its result. A test prepares each
// against the migrated schema, and plans each on a hundred thousand rows.
import { END_BACKEND, OWN_BACKEND } from './kept-session.ts';
import { KERNEL_STATEMENTS } from './kernel-writers.ts';
import { ACQUIRE, END_EXPIRED, HOLDER, RENEW, UNLOCK } from './lease.ts';
import { LAST_PAGES, LOAD_ACTORS, LOAD_LAST_AT, LOAD_OUTBOX, LOAD_RECENT, LOAD_TIMERS } from './load.ts';
import { projectionsWith } from './projections/index.ts';
import { LACKING_TRADES, STANDING_ORDERS } from './read/books.ts';
import { FIND_ACTOR, LIST_ACTORS, LIST_JOURNALS, READ_TRANSITIONS } from './read/journal.ts';
import { RESERVE_IDS } from './reserve.ts';
import type { Statement } from './row-set.ts';
import { COMMITTED } from './unit-of-work.ts';

export interface CataloguedStatement extends Statement {
  /** Of its columns, in their order; none for those that only write. */
  readonly results: readonly string[];
  /** True for those of the session that commits, which has its own planner settings. */
  readonly writes: boolean;
}

const ACTOR = ['bigint', 'text', 'text', 'integer', 'bigint', 'text', 'text', 'json'];
const TRANSITION = ['bigint', 'text', 'text', 'json', 'text', 'text', 'bigint', 'text', 'text', 'text', 'integer'];
const TIMER = ['bigint', 'text', 'bigint', 'bigint', 'json', 'text'];
const OUTBOX = ['bigint', 'text', 'text', 'text', 'text', 'json', 'bigint', 'text', 'text', 'integer'];

const READING: readonly (readonly [name: string, text: string, results: readonly string[]])[] = [
  ['own_backend', OWN_BACKEND, ['integer', 'timestamp with time zone']],
  ['end_backend', END_BACKEND, ['boolean']],
  ['committed', COMMITTED, ['bigint', 'bigint']],
  ['acquire', ACQUIRE, ['bigint', 'bigint']],
  ['holder', HOLDER, ['text', 'integer', 'bigint']],
  ['end_expired', END_EXPIRED, ['boolean']],
  ['renew', RENEW, []],
  ['unlock', UNLOCK, []],
  ['load_actors', LOAD_ACTORS, ACTOR],
  ['load_timers', LOAD_TIMERS, TIMER],
  ['load_outbox', LOAD_OUTBOX, OUTBOX],
  ['load_recent', LOAD_RECENT, ['text', 'text']],
  ['last_pages', LAST_PAGES, ['text']],
  ['load_last_at', LOAD_LAST_AT, ['bigint']],
  ['find_actor', FIND_ACTOR, ACTOR],
  ['list_actors', LIST_ACTORS, ACTOR],
  ['list_journals', LIST_JOURNALS, ['bigint', ...TRANSITION]],
  ['read_transitions', READ_TRANSITIONS, TRANSITION],
  ['lacking_trades', LACKING_TRADES, ['text', 'text']],
  ['standing_orders', STANDING_ORDERS, ['text', 'text', 'text', 'text', 'text', 'text']],
  ['reserve_ids', RESERVE_IDS, ['bigint', 'bigint']],
];

/** Statements of the committing session that answer with a row: functions without a value. */
const VOID: readonly string[] = ['expect_commit', 'update_actors', 'fence_commit'];

export function allStatements(): readonly CataloguedStatement[] {
  const projections = [...projectionsWith([]).values()].flatMap(({ statements }) => statements);
  const writing = [...KERNEL_STATEMENTS, ...projections].map((statement) => {
    const results = VOID.includes(statement.name) ? ['void'] : [];
    return { ...statement, results, writes: true };
  });
  return [...writing, ...READING.map(([name, text, results]) => ({ name, text, results, writes: false }))];
}
