// Runs one of PostgreSQL's programs to its end.
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import type { Account } from './account.ts';

export const POSIX = process.platform !== 'win32';

export interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/** Starts a program where its account can be, with none of our environment: it may hold secrets. */
export function start(file: string, args: readonly string[], account: Account, stdio: StdioOptions): ChildProcess {
  const apart = POSIX ? { cwd: '/', env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } } : {};
  return spawn(file, args, { ...account, ...apart, stdio, detached: POSIX, windowsHide: true });
}

export function run(file: string, args: readonly string[], account: Account): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = start(file, args, account, ['ignore', 'pipe', 'pipe']);
    let output = '';
    const collect = (chunk: Buffer): void => {
      output = (output + chunk).slice(-16_384);
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.on('error', (error) => resolve({ code: null, output: error.message }));
    child.on('close', (code) => resolve({ code, output }));
  });
}
