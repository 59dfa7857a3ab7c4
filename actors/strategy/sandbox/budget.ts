// The time one call inside QuickJS may take, and the only reader of a clock in the worker. Three bounds, the first
// that is reached counts:
// 1. polls: QuickJS asks every 10,000 loop turns or calls. Counted, so it depends on nothing but the code.
// 2. processor time of this thread, looked at from the moment the wall clock says it may be over: a call is not
//    blamed for the machine being busy.
// 3. wall clock, kept by the host (watchdog.ts): native code that never polls (measured: `new Array(2 ** 32 - 1)
//    .join('x')` ran 243 s and polled once) is ended with its worker.
import process from 'node:process';

/** Measured here: an empty loop polls 30 times a ms, a loop that counts 9, calls 6, a regular expression 5. */
const POLLS_PER_MS = 20;

export interface Budget {
  begin(budgetMs: number): void;
  /** To be asked by the engine. Once it said yes it keeps saying so until the next begin. */
  spent(): boolean;
}

export function createBudget(): Budget {
  let over = false;
  let polls = 0;
  let budgetMs = 0;
  let wallStart = 0;
  let processorStart = 0;
  return {
    begin: (ms) => {
      over = false;
      polls = 0;
      budgetMs = ms;
      wallStart = performance.now();
      processorStart = processorMs();
    },
    spent: () => {
      polls += 1;
      over ||= polls > budgetMs * POLLS_PER_MS;
      over ||= performance.now() - wallStart > budgetMs && processorMs() - processorStart > budgetMs;
      return over;
    },
  };
}

function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
