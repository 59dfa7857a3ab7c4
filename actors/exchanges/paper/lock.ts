// Keeps two venues off one ledger.
//
// The lock is the venue.lock.N with the greatest N, and its holder is the process written in it. Whoever finds that
// process gone creates N + 1, which only one of several can, and then clears away the older ones. Nobody ever deletes
// or overwrites the file that is the lock, so there is no moment in which two could each take it for theirs.
// A process is gone when its pid is, or when the pid belongs to a process that began at another time: pids are used
// again, in a restarted container almost always.
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { absent, createOnce } from './folder.ts';
import type { Host } from './host.ts';

const holderForm = z.object({ pid: z.int(), began: z.string().nullable() });

const NAME = /^venue\.lock\.(\d+)$/;

export class VenueLocked extends Error {
  override readonly name = 'VenueLocked';
}

/** Throws VenueLocked while another living process holds it. Held until this process ends. */
export async function lock(dataDir: string, pid: number, host: Host): Promise<void> {
  const own = JSON.stringify({ pid, began: await beganAt(pid) });
  for (;;) {
    const numbers = await list(dataDir);
    const last = Math.max(0, ...numbers);
    if (last > 0) await refuseLiving(path.join(dataDir, `venue.lock.${last}`), pid);
    const file = path.join(dataDir, `venue.lock.${last + 1}`);
    if (!(await createOnce(file, `${file}.${host.secret()}`, own))) continue; // somebody was faster: look again
    // While this process slept others may have come, gone and cleared away: then a greater number is there by now.
    if (Math.max(...(await list(dataDir))) > last + 1) {
      await rm(file, { force: true });
      continue;
    }
    for (const number of numbers) await rm(path.join(dataDir, `venue.lock.${number}`), { force: true });
    return;
  }
}

async function list(dataDir: string): Promise<number[]> {
  const numbers = (await readdir(dataDir)).map((name) => Number(NAME.exec(name)?.[1]));
  return numbers.filter((number) => !Number.isNaN(number));
}

async function refuseLiving(file: string, self: number): Promise<void> {
  const text = await readFile(file, 'utf8').catch(absent);
  if (text === null) return; // cleared away by a newer holder, which the next look finds
  const holder = holderForm.parse(JSON.parse(text));
  if (holder.pid === self || !isAlive(holder.pid)) return;
  if (holder.began !== null && holder.began !== (await beganAt(holder.pid))) return;
  throw new VenueLocked(`a venue already writes this ledger: pid=${holder.pid}, lock=${file}`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Start time in clock ticks since the machine's boot, with the boot's id; null where the system does not say. */
async function beganAt(pid: number): Promise<string | null> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in brackets and may contain anything; the start time is the 20th after it.
    return `${boot.trim()}/${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return null;
  }
}
