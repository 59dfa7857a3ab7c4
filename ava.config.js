// The last line of every run is `N passed, N failed`, with `, N skipped` when there are any: it is counted
// from AVA's own events and never contradicts the exit code.
import process from 'node:process';

let counts;
const observeRun = async ({ events }) => {
  for await (const event of events) if (event.type === 'stats') counts = event.stats;
};

function failures(run) {
  // A crashed file reports a failed worker, an uncaught error, or both, and may leave tests unfinished.
  const crashes = Math.max(run.failedWorkers, run.uncaughtExceptions + run.unhandledRejections);
  const interrupted = Math.max(crashes + run.unexpectedProcessExits, run.remainingTests, run.timedOutTests);
  return run.failedTests + run.failedHooks + interrupted + run.internalErrors + run.sharedWorkerErrors;
}

process.on('exit', (code) => {
  if (!counts && code === 0) return; // ava --version and the like
  const passed = counts ? counts.passedTests + counts.passedKnownFailingTests : 0;
  const failed = counts ? failures(counts) : 0;
  const skipped = counts ? counts.skippedTests + counts.todoTests : 0;
  const tail = skipped > 0 ? `, ${skipped} skipped` : '';
  console.log(`${passed} passed, ${code === 0 ? failed : Math.max(failed, 1)} failed${tail}`);
});

export default {
  files: ['test/**/*.spec.ts'],
  extensions: ['ts'],
  concurrency: Number(process.env.AVA_CONCURRENCY ?? 4),
  timeout: '3m',
  nodeArguments: ['--import', new URL('./config/drizzle-cjs.mjs', import.meta.url).href],
  snapshotDir: 'test/snapshots',
  nonSemVerExperiments: { observeRunsFromConfig: true },
  observeRun,
};
