// Places where the process may die, named so that a test can kill it exactly there. What each leaves behind:

export const CRASH_POINTS = [
  /** Owner of the shard, nothing loaded: the next owner raises the epoch again. */
  'leaseTaken',
  /** Everything in memory, no effect asked or repeated yet: boot again does the same. */
  'loaded',
  /** A group is decided in memory only: its messages were never acknowledged, their sources send again. */
  'decided',
  /** The write-set is on the wire: all of it is there or nothing. */
  'committing',
  /** Committed, nobody told: effects are pending in the outbox, callers ask again under the same id. */
  'committed',
  /** An effect is about to leave: repeated, or asked about first. */
  'beforeEffect',
  /** The outside world may have acted, its answer is lost: repeated under its key, or asked about first. */
  'afterEffect',
  /** Stop was asked for, the lease is still held: the next start finds the holder's session gone. */
  'stopping',
] as const;

export type CrashPoint = (typeof CRASH_POINTS)[number];

/** Called at each point; the default does nothing. */
export type CrashHook = (point: CrashPoint) => void;
