// What the store is asked about single actors: their rows, their journal.
import type pg from 'pg';
import type { ActorKey } from '../../actors/runtime/message.ts';
import type { ActorRow, History } from '../../actors/runtime/ports.ts';
import { ACTOR_COLUMNS, type ActorCells, type Cell, cellsOf, millis, toActor } from '../cells.ts';

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

export const READ_TRANSITIONS = `select number, message_id, type, body, from_state, to_state, ${millis('at')}, sender,
       cause, correlation, hop
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
