// Preloaded by launch.mjs into the process it starts: when the launcher is killed in a way it cannot pass
// on (kill -9), this process stops as it would on SIGTERM instead of living on unseen.
import { isMainThread } from 'node:worker_threads';

const launcher = Number(process.env.MELTICA_LAUNCHER);
delete process.env.MELTICA_LAUNCHER; // processes started from here have another parent
if (isMainThread && launcher === process.ppid) {
  const watch = setInterval(() => {
    if (process.ppid === launcher) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 500);
  watch.unref();
}
