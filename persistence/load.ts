// Everything a new owner of a shard needs, in one snapshot of the database. 100,000 live actors take under a
// second: rows come as text and are only split, JSON stays as it was written.
import type pg from 'pg';
import type { ActorKey } from '../actors/runtime/message.ts';
import type { LoadedShard, LoadedTimer, OutboxLane, PendingOutbox } from '../actors/runtime/ports.ts';
import { encodeArray } from './binary-arrays.ts';
import { ACTOR_COLUMNS, type ActorCells, type Cell, cellsOf, millis, toActor } from './cells.ts';

type TimerCells = [
  actorId: string,
  timerId: string,
  generation: string,
  dueAt: string,
  body: string,
  correlation: string,
];
type OutboxCells = [
  id: string,
  lane: string,
  key: string,
  source: string,
  target: string,
  body: string,
  at: string,
  cause: Cell,
  correlation: string,
  hop: string,
];

export const LOAD_ACTORS = `select ${ACTOR_COLUMNS}
  from actors where shard = $1 and status <> 'done' order by id`;

// By the ids that were loaded: a join would go through the actors a second time.
export const LOAD_TIMERS = `select actor_id, timer_id, generation, ${millis('due_at')}, body, correlation
  from timers where actor_id = any ($1::int8[]) order by due_at, actor_id, timer_id`;

export const LOAD_OUTBOX = `select o.id, o.lane, o.key, a.key, o.target, o.body,
       ${millis('o.at')}, o.cause, o.correlation, o.hop
  from events_outbox o join actors a on a.id = o.source_id
 where o.delivered_at is null and a.shard = $1 order by o.id`;

/** Rows are only ever added to the journal, so its newest are in its last pages: found without an index or a sort. */
export const LOAD_RECENT = `select a.key, t.message_id from transitions t join actors a on a.id = t.actor_id
 where t.ctid >= $2::tid and t.sender is null and a.shard = $1 limit $3`;

export const LAST_PAGES = `select '(' ||
  greatest(0, pg_relation_size('transitions') / current_setting('block_size')::int - $1::int8) || ',0)'`;

export const LOAD_LAST_AT = `select ${millis('last_at')} from nodes where shard = $1`;

/** A hundred thousand timers are sorted without the disk. */
const SORT_MEMORY = '64MB';
/** A million actors take longer than anything else that is asked; a server that is gone is still noticed. */
const LOAD_TIMEOUT_MS = 600_000;
/** A page holds ten to twenty transitions. */
const TRANSITIONS_A_PAGE = 10;

export async function loadShard(pool: pg.Pool, shard: number, recentMax: number): Promise<LoadedShard> {
  const client = await pool.connect();
  try {
    return await inSnapshot(client, () => readShard(client, shard, recentMax));
  } finally {
    client.release();
  }
}

/** Reads that see one moment of the database. */
export async function inSnapshot<Result>(client: pg.ClientBase, read: () => Promise<Result>): Promise<Result> {
  await client.query('begin transaction isolation level repeatable read read only');
  try {
    await client.query(`set local work_mem = '${SORT_MEMORY}'`);
    await client.query(`set local statement_timeout = ${LOAD_TIMEOUT_MS}`);
    return await read();
  } finally {
    await client.query('rollback').catch(() => {});
  }
}

async function readShard(client: pg.ClientBase, shard: number, recentMax: number): Promise<LoadedShard> {
  const [last] = await cellsOf<[lastAt: string]>(client, LOAD_LAST_AT, [shard]);
  const lastAt = Number(last?.[0] ?? 0);
  const actors = (await cellsOf<ActorCells>(client, LOAD_ACTORS, [shard], LOAD_TIMEOUT_MS)).map(toActor);
  const ids = encodeArray(
    'int8',
    actors.map(({ id }) => id),
  );
  return {
    actors,
    timers: (await cellsOf<TimerCells>(client, LOAD_TIMERS, [ids], LOAD_TIMEOUT_MS)).map(toTimer),
    outbox: (await cellsOf<OutboxCells>(client, LOAD_OUTBOX, [shard], LOAD_TIMEOUT_MS)).map(toOutbox),
    recentMessages: await loadRecent(client, shard, recentMax),
    lastAt,
  };
}

async function loadRecent(client: pg.ClientBase, shard: number, max: number): Promise<string[]> {
  const [from] = await cellsOf<[string]>(client, LAST_PAGES, [Math.ceil(max / TRANSITIONS_A_PAGE)]);
  const rows = await cellsOf<[string, string]>(client, LOAD_RECENT, [shard, from?.[0] ?? '(0,0)', max]);
  return rows.map(([key, messageId]) => `${key} ${messageId}`);
}

function toTimer([actorId, timerId, generation, dueAt, body, correlation]: TimerCells): LoadedTimer {
  const numbers = { generation: Number(generation), dueAt: Number(dueAt) };
  return { actorId: BigInt(actorId), timerId, ...numbers, body, correlation };
}

function toOutbox([id, lane, key, source, target, body, at, cause, correlation, hop]: OutboxCells): PendingOutbox {
  return {
    id: BigInt(id),
    lane: lane as OutboxLane,
    key,
    source: source as ActorKey,
    target,
    body,
    at: Number(at),
    cause,
    correlation,
    hop: Number(hop),
  };
}
