// A program of ours in a process of its own, spoken to in lines.
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { ExecutionContext } from 'ava';

export interface Child {
  readonly process: ChildProcess;
  /** The next line it prints; fails when it ends instead. */
  line(): Promise<string>;
  tell(line: string): void;
  signal(signal: NodeJS.Signals): void;
  /** Its exit code, null when a signal ended it. */
  readonly exited: Promise<number | null>;
}

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Runs `file` (from the root) on this Node; killed when the test ends. */
export function startChild(t: ExecutionContext, file: string, ...args: readonly string[]): Child {
  const hook = path.join(ROOT, 'config/drizzle-cjs.mjs');
  const child = spawn(process.execPath, ['--import', hook, path.join(ROOT, file), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: ROOT,
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  t.teardown(() => child.kill('SIGKILL'));
  return {
    process: child,
    exited,
    line: async () => {
      const { done, value } = await lines.next();
      if (done) throw new Error(`${file} ended with ${await exited} before it said anything`);
      return value;
    },
    tell: (line) => child.stdin.write(`${line}\n`),
    signal: (signal) => child.kill(signal),
  };
}
