// Start-up is recovery: every live actor is brought back from its row, its timers with it, and what an upgrade made
// of it becomes its first transition. A row that cannot be read is quarantined: its actor is failed in memory, named
// in the log, and its neighbours live.
import type { Directory } from './directory.ts';
import { textOf } from './errors.ts';
import { createLive, type Delivery, type LiveActor } from './live.ts';
import type { Mailbox } from './mailbox.ts';
import { type ActorKey, kindOf } from './message.ts';
import type { ActorRow, LoadedShard, Log } from './ports.ts';
import { UPGRADE } from './turn.ts';
import { restore } from './upgrade.ts';

export interface Recovered {
  readonly actors: number;
  readonly quarantined: readonly { readonly key: ActorKey; readonly error: string }[];
}

export function recover(shard: LoadedShard, directory: Directory, mailbox: Mailbox, log: Log): Recovered {
  const byId = new Map<bigint, LiveActor>();
  const timed = new Set<bigint>(shard.timers.map(({ actorId }) => actorId));
  const quarantined: { key: ActorKey; error: string }[] = [];
  for (const row of shard.actors) {
    const actor = reviveOr(directory, row, (error) => {
      quarantined.push({ key: row.key, error });
      log.error({ actor: row.key, error }, 'an actor could not be brought back and is quarantined');
    });
    if (actor === null) continue;
    directory.add(actor);
    if (timed.has(row.id)) byId.set(row.id, actor);
    if (row.machineVersion !== actor.kind.definition.version && actor.status !== 'failed')
      mailbox.produce(actor, upgradeOf(actor, row));
  }
  for (const { actorId, timerId, ...timer } of shard.timers) {
    const actor = byId.get(actorId);
    if (actor !== undefined) actor.timers = new Map([...(actor.timers ?? []), [timerId, timer]]);
  }
  for (const entry of shard.recentMessages) {
    const space = entry.indexOf(' ');
    directory.remember(entry.slice(0, space) as ActorKey, entry.slice(space + 1));
  }
  return { actors: directory.size, quarantined };
}

/** Null when not even its kind is known. */
function reviveOr(directory: Directory, row: ActorRow, onError: (error: string) => void): LiveActor | null {
  try {
    return revive(directory, row);
  } catch (error) {
    onError(textOf(error));
    const kind = directory.findKind(kindOf(row.key));
    if (kind === null) return null;
    return Object.assign(createLive(row.id, row.key, kind), { version: row.version, status: 'failed' as const });
  }
}

/** An actor back from its rest, where messages find it. Throws when its row cannot be read by this program. */
export function bringBack(directory: Directory, mailbox: Mailbox, row: ActorRow): LiveActor {
  const actor = revive(directory, row);
  directory.add(actor);
  if (row.machineVersion !== actor.kind.definition.version) mailbox.produce(actor, upgradeOf(actor, row));
  return actor;
}

function revive(directory: Directory, row: ActorRow): LiveActor {
  const kind = directory.kind(kindOf(row.key));
  const actor = createLive(row.id, row.key, kind);
  actor.head = restore(kind, row).head;
  actor.version = row.version;
  actor.status = row.status;
  return actor;
}

function upgradeOf(actor: LiveActor, row: ActorRow): Delivery {
  const { version } = actor.kind.definition;
  const snapshot = restore(actor.kind, row).upgraded;
  const body = { type: UPGRADE, from: row.machineVersion, to: version, snapshot };
  const id = `${row.key}${UPGRADE}${version}`;
  const envelope = { id, to: row.key, from: null, body, cause: null, correlation: id, hop: 0 };
  return {
    envelope,
    outboxId: null,
    lane: 'message',
    timer: null,
    topic: null,
    redrive: false,
    done: null,
    takenBy: 0n,
    text: null,
  };
}
