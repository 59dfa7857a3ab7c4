// Names a process so that a number used again for another process is not mistaken for it.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';

/** `pid` and, where the system tells it, the time the process started. */
export function processMark(pid: number): string {
  const started = startedAt(pid);
  return started ? `${pid} ${started}` : String(pid);
}

export function isAlive(mark: string): boolean {
  const pid = Number(mark.split(' ')[0]);
  return isRunning(pid) && (!mark.includes(' ') || processMark(pid) === mark);
}

export function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  return stat(pid)?.[0] !== 'Z'; // a zombie has ended; only its parent has not asked yet
}

/** The command line, or undefined where the system does not show it. */
export function commandLine(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    if (process.platform === 'win32') return undefined;
    return execFileSync('/bin/ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return undefined;
  }
}

function startedAt(pid: number): string | undefined {
  return stat(pid)?.[19];
}

/** The fields of /proc/<pid>/stat from the state on (the name before it may hold blanks). */
function stat(pid: number): readonly string[] | undefined {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
