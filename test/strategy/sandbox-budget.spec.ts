// The time a call inside may take: counted first, processor time second, never mere waiting.
import test from 'ava';
import { createBudget } from '../../actors/strategy/sandbox/budget.ts';

const spin = (ms: number) => {
  const { user } = process.threadCpuUsage();
  while (process.threadCpuUsage().user - user < ms * 1_000);
};
const wait = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

test.serial('code that polls often is over after a counted number of polls, whatever the clock says', (t) => {
  const polls = [1, 2].map(() => {
    const budget = createBudget();
    budget.begin(1_000);
    let count = 0;
    while (!budget.spent()) count += 1;
    return count;
  });
  t.deepEqual(polls, [20_000, 20_000]);
});

test.serial('code that polls rarely is over when its processor time is', (t) => {
  const budget = createBudget();
  budget.begin(50);
  t.false(budget.spent());
  spin(120);
  t.true(budget.spent());
});

test.serial('a call is not blamed for time in which it did not have the processor', (t) => {
  const budget = createBudget();
  budget.begin(50);
  wait(150);
  t.false(budget.spent());
});

test.serial('what is over stays over until the next call begins', (t) => {
  const budget = createBudget();
  budget.begin(1);
  spin(50);
  t.deepEqual([budget.spent(), budget.spent()], [true, true]);
  budget.begin(60_000);
  t.false(budget.spent());
});
