// What a running server says of itself in postmaster.pid: line 1 its process, 4 its port, 8 its status.
import fs from 'node:fs';
import path from 'node:path';
import { commandLine, isRunning } from './process-mark.ts';

export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly status: 'starting' | 'ready' | 'stopping';
}

export function readPostmaster(data: string): Postmaster | undefined {
  let lines: string[];
  try {
    lines = fs.readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return undefined;
  }
  const word = lines[7]?.trim() ?? '';
  const status = word === 'ready' || word === 'stopping' ? word : 'starting';
  return { pid: Number(lines[0]), port: Number(lines[3]), status };
}

/** Whether that process is a server of `data`. Undefined where the system does not tell. */
export function isServerOf(pid: number, data: string): boolean | undefined {
  if (!isRunning(pid)) return false;
  return commandLine(pid)?.includes(`-D ${data} `);
}

/**
 * A number that another program has by now keeps PostgreSQL from starting ("is another postmaster running?"),
 * so such a file is removed. One of a dead process stays: PostgreSQL reads in it whether backends still live.
 */
export function removeMisleadingPidFile(data: string): void {
  const found = readPostmaster(data);
  if (found && isRunning(found.pid) && isServerOf(found.pid, data) === false) {
    fs.rmSync(path.join(data, 'postmaster.pid'), { force: true });
  }
}
