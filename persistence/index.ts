// The runtime's Store on Postgres. Three kinds of sessions: one that commits, one that holds the lease, and a few
// that read; all carry one application name, which belongs to this store alone.
import type { AccountBooks } from '../actors/market/books.ts';
import type { DomainRow } from '../actors/runtime/effect.ts';
import type { Store } from '../actors/runtime/ports.ts';
import { type DatabaseOptions, openDatabase } from './database.ts';
import { reading } from './errors.ts';
import { createLease } from './lease.ts';
import { loadShard } from './load.ts';
import { type Projection, projectionsWith } from './projections/index.ts';
import { type AccountReader, createAccountReader } from './read/accounts.ts';
import { listKeys } from './read/actors.ts';
import { createAccountBooks } from './read/books.ts';
import { findDeadLetter, listDeadLetters } from './read/dead-letters.ts';
import { findActor, listHistories, listTransitions, readHistory } from './read/journal.ts';
import { createLedgerReader, type LedgerReader } from './read/ledger.ts';
import { createOrderReader, type OrderReader } from './read/orders.ts';
import { createOutboxReader, type OutboxReader } from './read/outbox.ts';
import { reserveIds } from './reserve.ts';
import { createUnitOfWork } from './unit-of-work.ts';

export interface StoreOptions extends DatabaseOptions {
  /** Writers of domain rows beside those of the market. */
  readonly projections?: readonly Projection<DomainRow>[];
  /** How many of the newest message ids `load` brings. */
  readonly recentMessagesMax?: number;
}

/** What people ask for: lists and single rows of the trade tables. */
export interface Readers extends OrderReader, OutboxReader, AccountReader, LedgerReader {}

export interface PostgresStore extends Store, AsyncDisposable {
  readonly read: Readers;
  /** What providers compare their venue with. */
  readonly books: AccountBooks;
  /** Sessions of the reading pool. */
  poolCounts(): { readonly total: number; readonly idle: number; readonly waiting: number };
  close(): Promise<void>;
}

const RECENT_MESSAGES_MAX = 20_000;

export function createStore(options: StoreOptions): PostgresStore {
  const database = openDatabase(options);
  const { pool } = database;
  const projections = projectionsWith(options.projections ?? []);
  const unitOfWork = createUnitOfWork({ ...database, projections });
  const lease = createLease(database);
  const readers = {
    ...createOrderReader(database.orm),
    ...createOutboxReader(database.orm),
    ...createAccountReader(database.orm),
    ...createLedgerReader(database.orm),
  };
  const close = async (): Promise<void> => {
    await Promise.all([unitOfWork.close(), lease.close(), database.close()]);
  };
  return {
    acquire: lease.acquire,
    renew: lease.renew,
    unlock: lease.unlock,
    commit: unitOfWork.commit,
    committed: unitOfWork.committed,
    load: (shard) =>
      reading(`load shard ${shard}`, () => loadShard(pool, shard, options.recentMessagesMax ?? RECENT_MESSAGES_MAX)),
    reserveIds: (sequence, count) =>
      reading(`reserve ${count} ids of ${sequence}`, () => reserveIds(pool, sequence, count)),
    findActor: (key) => reading(`find ${key}`, () => findActor(pool, key)),
    history: (key, limits) => reading(`history of ${key}`, () => readHistory(pool, key, limits?.last)),
    listHistories: (page) => reading('list histories', () => listHistories(pool, page)),
    listTransitions: (actorId, page) =>
      reading(`transitions of ${actorId}`, () => listTransitions(pool, actorId, page)),
    listKeys: (filter) => reading('list keys', () => listKeys(database.orm, filter)),
    listDeadLetters: (filter) => reading('list dead letters', () => listDeadLetters(database.orm, filter)),
    getDeadLetter: (id) => reading(`dead letter ${id}`, () => findDeadLetter(database.orm, id)),
    read: readers,
    books: createAccountBooks(database.orm, pool),
    poolCounts: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    close,
    [Symbol.asyncDispose]: close,
  };
}
