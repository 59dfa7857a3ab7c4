// A gateway as its killer sees it.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type { FromGateway, Plan, ToGateway } from './protocol.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const PROGRAM = path.join(import.meta.dirname, 'gateway.ts');
const PRELOAD = path.join(ROOT, 'config/drizzle-cjs.mjs');

/** Absence is proved some 21 s after signing, and a question may be 10 s away; the rest is for a busy machine. */
const WITHIN_MS = 180_000;
const POLL_MS = 50;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** By `kill`: else it ended at its crash point, or by itself. */
  readonly killed: boolean;
}

type Heard<Type extends FromGateway['type']> = Extract<FromGateway, { readonly type: Type }>;

export class GatewayProcess {
  readonly log: string;
  readonly plan: Plan;
  readonly startedAt = performance.now();
  /** Rejects when it ends before. */
  readonly recovered: Promise<Heard<'recovered'>>;
  readonly ready: Promise<Heard<'ready'>>;
  readonly exited: Promise<Exit>;
  /** What the runtime said when it stopped by itself. */
  failure: string | null = null;
  recoveredMs: number | null = null;
  readyMs: number | null = null;
  onMessage: (message: FromGateway) => void = () => {};
  readonly #child: ChildProcess;
  #killed = false;

  constructor(plan: Plan, log: { readonly file: string; readonly fd: number }) {
    this.plan = plan;
    this.log = log.file;
    this.#child = fork(PROGRAM, [], {
      cwd: ROOT,
      execArgv: ['--import', PRELOAD],
      env: environment(),
      stdio: ['ignore', log.fd, log.fd, 'ipc'],
    });
    closeSync(log.fd);
    this.#child.on('error', () => {}); // it could not be told something because it is gone: `exited` says so
    this.exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve({ code, signal, killed: this.#killed }));
    });
    this.recovered = this.#first('recovered', (ms) => (this.recoveredMs = ms));
    this.ready = this.#first('ready', (ms) => (this.readyMs = ms));
    this.#child.on('message', (message: FromGateway) => {
      if (message.type === 'failed') this.failure = message.error;
      this.onMessage(message);
    });
    this.tell({ type: 'begin', plan });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }
  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Null: it holds; else what is missing. Fails when the gateway ends first, or the time is up. */
  async until(
    what: string,
    missing: () => Promise<string | null> | string | null,
    withinMs = WITHIN_MS,
  ): Promise<void> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const why = await missing();
      if (why === null) return;
      if (!this.alive)
        throw new Error(`the gateway ended before ${what} (${why}): ${this.failure ?? 'without a word'}`);
      if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain until ${what}: ${why}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  tell(message: ToGateway): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  /** kill -9, also of one that is paused. */
  async kill(): Promise<Exit> {
    if (this.alive) {
      this.#killed = true;
      this.#child.kill('SIGKILL');
    }
    return this.exited;
  }

  /** Stops it where it stands, as a machine that swaps or a debugger does. Ended with this process all the same. */
  pause(): void {
    guard(this.pid, this.exited);
    this.#child.kill('SIGSTOP');
  }
  resume(): void {
    this.#child.kill('SIGCONT');
  }

  #first<Type extends FromGateway['type']>(type: Type, note: (ms: number) => void): Promise<Heard<Type>> {
    const heard = new Promise<Heard<Type>>((resolve, reject) => {
      this.#child.on('message', (message: FromGateway) => {
        if (message.type !== type) return;
        note(performance.now() - this.startedAt);
        resolve(message as Heard<Type>);
      });
      void this.exited.then(({ code, signal }) => {
        const why = this.failure === null ? '' : `: ${this.failure}`;
        reject(new Error(`the gateway ended (${signal ?? `code ${code}`}) before it was ${type}${why}`));
      });
    });
    heard.catch(() => {}); // awaited by whoever counts on it
    return heard;
  }
}

/** Told of AVA's variables, or of a database, it would take itself for something else. */
function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: process.env['HOME'], TMPDIR: process.env['TMPDIR'], TZ: process.env['TZ'] };
}

/** A stopped process does not hear that its parent died: a shell does, and ends it. */
function guard(pid: number, exited: Promise<unknown>): void {
  const shell = spawn('/bin/sh', ['-c', 'read _; kill -9 "$1"', 'sh', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.unref();
  void exited.then(() => shell.kill('SIGKILL'));
}
