// One process at a time prepares a data folder. The lock is a file holding the owner's mark, so one left by
// a killed process is recognised and taken over.
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresFault } from './failure.ts';
import { isAlive, processMark } from './process-mark.ts';

const POLL_MS = 50;
/** A file without an owner is being written at this moment, unless it is older than this. */
const EMPTY_FILE_MS = 5_000;

export interface LockOptions {
  readonly waitMs?: number;
}

/** Runs `work` while holding `file`; waits for a living owner, and takes over from a dead one. */
export async function withLock<T>(file: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const waitMs = options.waitMs ?? 180_000;
  const startedAt = performance.now();
  while (!take(file)) {
    const owner = read(file);
    if (owner !== undefined && !isAlive(owner) && (owner !== '' || ageMs(file) > EMPTY_FILE_MS)) {
      breakLock(file, owner);
      continue;
    }
    if (performance.now() - startedAt > waitMs) {
      const who = owner?.split(' ')[0] ?? 'unknown';
      throw new EmbeddedPostgresFault(
        `${file} has been held by process ${who} for ${Math.round(waitMs / 1000)} s: end it, then start again`,
      );
    }
    await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    fs.rmSync(file, { force: true });
  }
}

function take(file: string): boolean {
  try {
    fs.writeFileSync(file, processMark(process.pid), { flag: 'wx', mode: 0o644 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes the lock of a dead owner. Of several who try, the one that makes the folder does it. */
function breakLock(file: string, owner: string): void {
  const breaking = `${file}.${owner.replaceAll(' ', '-') || 'empty'}`;
  try {
    fs.mkdirSync(breaking);
  } catch {
    if (ageMs(breaking) > EMPTY_FILE_MS) fs.rmSync(breaking, { recursive: true, force: true });
    return;
  }
  try {
    if (read(file) === owner) fs.rmSync(file, { force: true });
  } finally {
    fs.rmSync(breaking, { recursive: true, force: true });
  }
}

function read(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function ageMs(file: string): number {
  const modified = fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  // The file system's clock and performance's share an origin only through timeOrigin.
  return modified === undefined ? 0 : performance.timeOrigin + performance.now() - modified;
}
