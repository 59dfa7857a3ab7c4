// Who is blamed for a call that does not come back.
import test from 'ava';
import { Watchdog } from '../../actors/strategy/sandbox/watchdog.ts';

const ALL = Number.POSITIVE_INFINITY;

/** How long until it barks. The timer of a watchdog does not keep a process alive, so this one does. */
async function barksAfter(watch: (watchdog: Watchdog) => void): Promise<number> {
  const awake = setInterval(() => undefined, 1_000);
  const before = performance.now();
  await new Promise<void>((resolve) => watch(new Watchdog(resolve)));
  clearInterval(awake);
  return performance.now() - before;
}

test.serial('a call that used the processor is over at its deadline', async (t) => {
  t.true((await barksAfter((watchdog) => watchdog.start(50, 0))) >= 50);
});

test.serial('a call that did not get the processor has the same time again, but not for ever', async (t) => {
  t.true((await barksAfter((watchdog) => watchdog.start(50, ALL))) >= 250);
});

test.serial('a shorter deadline after a longer one is kept', async (t) => {
  const tookMs = await barksAfter((watchdog) => {
    watchdog.start(600_000, 0);
    watchdog.stop();
    watchdog.start(20, 0);
  });
  t.true(tookMs < 600_000);
});

test.serial('a call that came back in time is not barked at, and neither is the next one too soon', async (t) => {
  const tookMs = await barksAfter((watchdog) => {
    watchdog.start(100, 0);
    setTimeout(() => {
      watchdog.stop();
      watchdog.start(100, 0);
    }, 60);
  });
  t.true(tookMs >= 160);
});

test.serial('an answer that waited while this thread was busy is read before anybody is blamed', async (t) => {
  const { port1, port2 } = new MessageChannel();
  let barked = false;
  const watchdog = new Watchdog(() => {
    barked = true;
  });
  const answered = new Promise<void>((resolve) => {
    port1.on('message', () => {
      watchdog.stop();
      resolve();
    });
  });
  watchdog.start(30, 0);
  port2.postMessage('answer');
  const until = performance.now() + 200;
  while (performance.now() < until);
  await answered;
  await new Promise((resolve) => setImmediate(resolve));
  t.false(barked);
  port1.close();
});
