// What the store is asked about single actors: their rows, their journal.
import type pg from 'pg';
import type { ActorKey } from '../../actors/runtime/message.ts';
import type { ActorRow, History, StoredHistory } from '../../actors/runtime/ports.ts';
import { ACTOR_COLUMNS, type ActorCells, type Cell, cellsOf, millis, toActor } from '../cells.ts';
import { inSnapshot } from '../load.ts';

type TransitionCells = [
  number: string,
  messageId: string,
  type: string,
  body: string,
  fromState: Cell,
  toState: string,
  at: string,
  sender: Cell,
  cause: Cell,
  correlation: string,
  hop: string,
];

export const FIND_ACTOR = `select ${ACTOR_COLUMNS} from actors where key = $1`;

const TRANSITION_COLUMNS = `number, message_id, type, body, from_state, to_state, ${millis('at')}, sender, cause,
       correlation, hop`;

export const READ_TRANSITIONS = `select ${TRANSITION_COLUMNS}
  from transitions where actor_id = $1 and number > $2 and number <= $3 order by number`;

export async function findActor(pool: pg.Pool, key: ActorKey): Promise<ActorRow | null> {
  const [found] = await cellsOf<ActorCells>(pool, FIND_ACTOR, [key]);
  return found === undefined ? null : toActor(found);
}

/** The journal up to the version of the snapshot: a commit in between does not tear them apart. */
export async function readHistory(
  pool: pg.Pool,
  key: ActorKey,
  last = Number.POSITIVE_INFINITY,
): Promise<History | null> {
  const actor = await findActor(pool, key);
  if (actor === null) return null;
  const { id, kind, machineVersion, version, state, snapshot } = actor;
  const after = Math.max(0, version - last);
  const transitions = await cellsOf<TransitionCells>(pool, READ_TRANSITIONS, [id, after, version]);
  return { key, kind, machineVersion, version, state, snapshot, transitions: transitions.map(toTransition) };
}

export const LIST_ACTORS = `select ${ACTOR_COLUMNS} from actors where id > $1 order by id limit $2`;

export const LIST_JOURNALS = `select t.actor_id, ${TRANSITION_COLUMNS}
  from unnest($1::int8[]) as wanted (id) join transitions t on t.actor_id = wanted.id order by t.actor_id, t.number`;

export async function listTransitions(
  pool: pg.Pool,
  actorId: bigint,
  page: { readonly after: number; readonly upTo: number; readonly limit: number },
): Promise<History['transitions']> {
  const upTo = Math.min(page.upTo, page.after + page.limit);
  return (await cellsOf<TransitionCells>(pool, READ_TRANSITIONS, [actorId, page.after, upTo])).map(toTransition);
}

/** Actors and journals of one snapshot of the database, so that a commit in between does not tear them apart. */
export async function listHistories(
  pool: pg.Pool,
  page: { readonly afterId: bigint; readonly limit: number; readonly transitions: number },
): Promise<readonly StoredHistory[]> {
  const client = await pool.connect();
  try {
    return await inSnapshot(client, async () => {
      const actors = (await cellsOf<ActorCells>(client, LIST_ACTORS, [page.afterId, page.limit])).map(toActor);
      const short = actors.filter(({ version }) => version <= page.transitions).map(({ id }) => id);
      const rows = await cellsOf<[string, ...TransitionCells]>(client, LIST_JOURNALS, [short]);
      const journals = new Map<string, History['transitions'][number][]>(short.map((id) => [String(id), []]));
      for (const [actorId, ...cells] of rows) journals.get(actorId)?.push(toTransition(cells));
      return actors.map((actor) => ({ ...actor, transitions: journals.get(String(actor.id)) ?? [] }));
    });
  } finally {
    client.release();
  }
}

function toTransition(cells: TransitionCells): History['transitions'][number] {
  const [number, messageId, type, body, fromState, toState, at, sender, cause, correlation, hop] = cells;
  return {
    number: Number(number),
    messageId,
    type,
    body,
    fromState,
    toState,
    at: Number(at),
    sender: sender as ActorKey | null,
    cause,
    correlation,
    hop: Number(hop),
  };
}
