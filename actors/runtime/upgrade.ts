// From a stored row to a head of the machine that runs here: directly, through upgrade functions, or not at all.
import type { StoredSnapshot } from './actor.ts';
import { RuntimeError, textOf } from './errors.ts';
import type { Kind } from './live.ts';
import type { ActorRow } from './ports.ts';
import type { Head } from './step.ts';

export interface Restored {
  readonly head: Head;
  /** Set when upgrade functions ran: journaled as one transition, so that replay starts anew from it. */
  readonly upgraded: StoredSnapshot | null;
}

/** Throws SNAPSHOT_VERSION or SNAPSHOT_UNREADABLE, naming the actor and both versions. */
export function restore(kind: Kind, row: Pick<ActorRow, 'key' | 'machineVersion' | 'snapshot'>): Restored {
  const { version } = kind.definition;
  let stored = parse(row);
  for (let from = row.machineVersion; from < version; from += 1) {
    const upgrade = kind.definition.upgrade[from];
    if (upgrade === undefined) throw refusal(row, version, `no upgrade from version ${from} is defined`);
    stored = upgrade(stored);
  }
  if (row.machineVersion > version) throw refusal(row, version, 'it was written by a newer program: run that one');
  try {
    return { head: kind.stepper.restore(stored), upgraded: row.machineVersion === version ? null : stored };
  } catch (error) {
    const what = `${row.key}, stored by machine version ${row.machineVersion}, cannot be read by version ${version}`;
    throw unreadable(what, error);
  }
}

function parse(row: Pick<ActorRow, 'key' | 'snapshot'>): StoredSnapshot {
  try {
    return JSON.parse(row.snapshot) as StoredSnapshot;
  } catch (error) {
    throw unreadable(`the stored snapshot of ${row.key} is not JSON`, error);
  }
}

function refusal(row: Pick<ActorRow, 'key' | 'machineVersion'>, version: number, why: string): RuntimeError {
  return new RuntimeError(
    'SNAPSHOT_VERSION',
    `${row.key} was stored by machine version ${row.machineVersion}, this program has version ${version}: ${why}`,
  );
}

function unreadable(what: string, cause: unknown): RuntimeError {
  return new RuntimeError('SNAPSHOT_UNREADABLE', `${what}: ${textOf(cause)}`, { cause });
}
