// Log lines of a module at a rate a reader can follow.
import test from 'ava';
import { LogGate } from '../../actors/strategy/sandbox/log-gate.ts';
import { onTicker, start, ticker } from './sandbox-support.ts';

test('lines over the rate are left out, counted, and told when the second is over', (t) => {
  const lines: string[] = [];
  let now = 0;
  const gate = new LogGate(
    (level, text) => lines.push(`${level} ${text}`),
    2,
    () => now,
  );
  for (const text of ['a', 'b', 'c', 'd']) gate.write('info', text);
  t.deepEqual(lines, ['info a', 'info b']);
  now = 1_000;
  gate.write('info', 'e');
  t.deepEqual(lines.slice(2), ['warn 2 log lines of the module were left out', 'info e']);
  now = 2_000;
  gate.write('info', 'f');
  t.deepEqual(lines.slice(4), ['info f'], 'nothing was lost, so nothing is told');
});

test.serial('a flood of log lines is cut inside the call, and a long line is cut short', async (t) => {
  const world = await start(
    t,
    onTicker(`for (let n = 0; n < 1000; n += 1) env.helpers.log(n === 0 ? 'x'.repeat(5000) : n);`),
    { limits: { logLinesPerCall: 3, logTextChars: 10 } },
  );
  world.sandbox.market(ticker('1', '2'));
  await world.settled();
  await world.sandbox.stop();
  const dropped = 'warn 997 log lines of the module were left out';
  t.deepEqual(world.logs, [`info ${'x'.repeat(10)}…`, 'info 1', 'info 2', dropped]);
});
