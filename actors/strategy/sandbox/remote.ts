// The worker seen from the host: one request at a time, each with a deadline. Whatever happens to the worker, every
// request is answered; a worker that is late is terminated, which ends WebAssembly in the middle of a loop
// (measured: 2 to 5 ms) and takes its memory with it.
import { Worker } from 'node:worker_threads';
import type { Failure, Reply, Request, WorkerSetup } from './protocol.ts';
import { Watchdog } from './watchdog.ts';

/** V8's share of the worker: JSON text on its way in and out. QuickJS has a memory of its own beside it. */
const HEAP_MB = 64;
/** QuickJS checks its own stack (limits.stackBytes); V8's must be the larger one: 4 is too small, 16 holds. */
const STACK_MB = 16;
/** Under type stripping this file and its neighbours are .ts, in a built package .js. */
const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

export class Remote {
  readonly #worker: Worker;
  readonly #watchdog: Watchdog;
  #waiting: ((reply: Reply) => void) | null = null;
  #dead: Failure | null = null;

  constructor(setup: WorkerSetup) {
    this.#watchdog = new Watchdog(() => this.#kill());
    const resourceLimits = { maxOldGenerationSizeMb: HEAP_MB, stackSizeMb: STACK_MB };
    // Nothing of this process goes along: no environment, no arguments, no preloaded modules.
    this.#worker = new Worker(ENTRY, { workerData: setup, resourceLimits, env: {}, execArgv: [], argv: [] });
    this.#worker.on('message', (reply: Reply) => this.#settle(reply));
    this.#worker.on('messageerror', (error) => this.#die('crashed', `worker could not be read: ${error.message}`));
    this.#worker.on('error', (error: NodeJS.ErrnoException) => {
      const kind = error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : 'crashed';
      this.#die(kind, `worker ended: ${error.message}`);
    });
    this.#worker.on('exit', (code) => this.#die('crashed', `worker ended with code ${code}`));
  }

  /** The worker's first reply: `ready`, or why there is none. */
  ready(deadlineMs: number): Promise<Reply> {
    return this.#answer(deadlineMs, 0);
  }

  /** Never rejects. The request before has to be answered. */
  ask(request: Request, deadlineMs: number): Promise<Reply> {
    const reply = this.#answer(deadlineMs, request.budgetMs);
    if (!this.#dead) this.#worker.postMessage(request);
    return reply;
  }

  /** Ends the worker, in the middle of a call too. A waiting request fails. */
  async end(): Promise<void> {
    this.#die('crashed', 'the sandbox was stopped');
    await this.#worker.terminate();
  }

  #answer(deadlineMs: number, processorMs: number): Promise<Reply> {
    if (this.#dead) return Promise.resolve({ type: 'failed', failure: this.#dead });
    this.#watchdog.start(deadlineMs, processorMs);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  #kill(): void {
    this.#die('timeout', 'did not come back in time; its worker was terminated');
    void this.#worker.terminate();
  }

  #die(kind: Failure['kind'], message: string): void {
    this.#dead ??= { kind, stage: 'execute', message, line: null, column: null };
    this.#settle({ type: 'failed', failure: this.#dead });
  }

  #settle(reply: Reply): void {
    const resolve = this.#waiting;
    this.#waiting = null;
    this.#watchdog.stop();
    resolve?.(reply);
  }
}
