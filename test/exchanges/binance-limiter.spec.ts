import test from 'ava';
import fc from 'fast-check';
import { Limiter, type LimiterRequest, type Priority, type Turn } from '../../actors/exchanges/wire/limiter.ts';
import { usageWindow } from '../../actors/exchanges/wire/window.ts';
import { fakeClock } from '../support/fake-clock.ts';

const MINUTE = 60_000;
const never = new AbortController().signal;

function limiterOf(options: { weight?: number; orders?: number; queueMax?: number }) {
  const clock = fakeClock();
  const limiter = new Limiter({ clock, queueMax: options.queueMax ?? 100 });
  limiter.learn([
    { kind: 'REQUEST_WEIGHT', intervalMs: MINUTE, limit: options.weight ?? 1_000 },
    { kind: 'ORDERS', intervalMs: 10_000, limit: options.orders ?? 1_000 },
  ]);
  const turns: { name: string; at: number; turn: Turn }[] = [];
  const take = (priority: Priority, weight = 1, giveUpAt = Number.MAX_SAFE_INTEGER, signal = never) => {
    const request: LimiterRequest = { priority, weight, giveUpAt };
    return limiter.take(request, signal).then((turn) => {
      turns.push({ name: priority, at: clock.now(), turn });
      return turn;
    });
  };
  return { clock, limiter, turns, take };
}

test('a request within the limits goes at once', async (t) => {
  const { take } = limiterOf({});
  t.deepEqual(await take('submit'), { granted: true });
});

test('a venue that says it has no limits has none; one that says nothing keeps its usual ones', async (t) => {
  const { take, clock, limiter, turns } = limiterOf({ orders: 1 });
  limiter.learn(null);
  for (let index = 0; index < 50; index += 1) void take('submit');
  await clock.advance(0);
  t.is(turns.length, 1);
  limiter.learn([]);
  await clock.advance(0);
  t.is(turns.length, 50);
});

test('a cancel goes while reads wait for weight', async (t) => {
  const { take, turns, clock } = limiterOf({ weight: 100 });
  void take('rest', 80);
  for (let index = 0; index < 40; index += 1) void take('rest', 10);
  await take('cancel');
  t.deepEqual(
    turns.map(({ name }) => name),
    ['rest', 'cancel'],
  );
  t.is(turns[1]?.at, clock.now());
});

test('each kind of request leaves weight for those before it', async (t) => {
  const { take, clock, turns } = limiterOf({ weight: 100 });
  for (const [priority, count] of [
    ['rest', 90],
    ['submit', 90],
    ['query', 90],
    ['cancel', 90],
  ] as const) {
    for (let index = 0; index < count; index += 1) void take(priority);
  }
  await clock.advance(0);
  const count = (name: Priority) => turns.filter((turn) => turn.name === name).length;
  t.deepEqual([count('rest'), count('submit'), count('query'), count('cancel')], [80, 10, 5, 5]);
});

test('those that wait go in the order of their kind, then of their coming', async (t) => {
  const { take, clock, turns } = limiterOf({ weight: 10 });
  void take('cancel', 10);
  for (const priority of ['rest', 'submit', 'query', 'cancel'] as const) void take(priority, 1);
  await clock.advance(2 * MINUTE);
  t.deepEqual(
    turns.slice(1).map(({ name }) => name),
    ['cancel', 'query', 'submit', 'rest'],
  );
});

test('a heavy query is not held back for ever by light submits', async (t) => {
  const { take, clock, turns } = limiterOf({ weight: 40 });
  const everyMs = MINUTE / 40;
  for (let count = 0; count < 80; count += 1) {
    void take('submit');
    await clock.advance(everyMs);
  }
  const askedAt = clock.now();
  void take('query', 16);
  for (let count = 0; count < 80; count += 1) {
    void take('submit');
    await clock.advance(everyMs);
  }
  const answered = turns.find(({ name }) => name === 'query');
  t.true(answered !== undefined && answered.at - askedAt <= 1.1 * MINUTE, `${answered?.at} - ${askedAt}`);
  // They go on behind it.
  t.true(turns.filter(({ name, at }) => name === 'submit' && at > (answered?.at ?? 0)).length > 10);
});

test('one too heavy for its share goes when the window is empty, and lower ones do not keep it full', async (t) => {
  const { take, clock, turns } = limiterOf({ weight: 10 });
  await take('rest');
  void take('query', 20);
  for (let count = 0; count < 30; count += 1) {
    void take('rest');
    await clock.advance(MINUTE / 10);
  }
  t.is(turns.filter(({ name }) => name === 'query').length, 1);
});

test('what holds nobody before it back goes at once; what waited for one goes when that is called off', async (t) => {
  const { take, clock, turns } = limiterOf({ weight: 100 });
  await take('cancel', 10);
  await clock.advance(MINUTE / 2);
  await take('cancel', 60);
  const off = new AbortController();
  // Its share is 95: it waits until the first 10 are gone, and 9 are left beside it then.
  const query = take('query', 26, Number.MAX_SAFE_INTEGER, off.signal);
  t.true((await take('submit', 5)).granted);
  void take('submit', 12);
  await clock.advance(1);
  const submits = () => turns.filter(({ name }) => name === 'submit').length;
  t.is(submits(), 1);
  off.abort();
  t.false((await query).granted);
  await clock.advance(0);
  t.is(submits(), 2);
});

test('no request waits longer for what kinds after it ask for later', async (t) => {
  const traffic = fc.array(
    fc.record({
      gapMs: fc.integer({ min: 0, max: 9_000 }),
      priority: fc.constantFrom('submit' as const, 'rest' as const),
      weight: fc.integer({ min: 1, max: 30 }),
    }),
    { minLength: 1, maxLength: 30 },
  );
  const wanted = fc.integer({ min: 1, max: 120 });
  await fc.assert(
    fc.asyncProperty(traffic, traffic, wanted, async (before, after, weight) => {
      const goesAt = async (later: typeof after): Promise<number> => {
        const { take, clock, turns } = limiterOf({ weight: 100 });
        const pass = async (all: typeof after): Promise<void> => {
          for (const one of all) {
            void take(one.priority, one.weight);
            await clock.advance(one.gapMs);
          }
        };
        await pass(before);
        void take('query', weight);
        await pass(later);
        await clock.advance(20 * MINUTE);
        return turns.find(({ name }) => name === 'query')?.at ?? Number.POSITIVE_INFINITY;
      };
      t.is(await goesAt(after), await goesAt([]));
    }),
    { numRuns: 100 },
  );
});

test('orders are counted apart from weight, and only submits wait for them', async (t) => {
  const { take, clock, turns } = limiterOf({ orders: 2 });
  for (let index = 0; index < 3; index += 1) void take('submit');
  void take('rest');
  await clock.advance(0);
  t.deepEqual(
    turns.map(({ name }) => name),
    ['submit', 'submit', 'rest'],
  );
  await clock.advance(11_001);
  t.is(turns.filter(({ name }) => name === 'submit').length, 3);
});

test('a submit that could not go before its deadline is refused at once', async (t) => {
  const { take, clock } = limiterOf({ orders: 1 });
  await take('submit');
  const turn = await take('submit', 1, clock.now() + 5_000);
  t.false(turn.granted);
  t.regex(turn.granted ? '' : turn.reason, /^our rate limiter would hold it too long: priority=submit, wait=\d+ ms$/);
});

test('a full queue refuses and says so', async (t) => {
  const { take, clock } = limiterOf({ weight: 10, queueMax: 2 });
  await take('cancel', 10);
  void take('rest');
  void take('rest');
  await clock.advance(0);
  t.deepEqual(await take('rest'), {
    granted: false,
    reason: "our rate limiter's queue is full: priority=rest, waiting=2",
  });
});

test('after a 429 nothing goes until Retry-After is over', async (t) => {
  const { take, clock, limiter, turns } = limiterOf({});
  limiter.observe(429, { 'retry-after': '30' });
  for (const priority of ['cancel', 'query', 'submit', 'rest'] as const) void take(priority);
  await clock.advance(29_999);
  t.is(turns.length, 0);
  await clock.advance(1);
  t.is(turns.length, 4);
});

test('a 429 without Retry-After holds back new orders only', async (t) => {
  const { take, clock, limiter, turns } = limiterOf({});
  limiter.observe(429, {});
  void take('submit');
  void take('cancel');
  await clock.advance(1);
  t.deepEqual(
    turns.map(({ name }) => name),
    ['cancel'],
  );
  await clock.advance(10_000);
  t.is(turns.length, 2);
});

test('a ban without Retry-After lasts as long as the shortest one', async (t) => {
  const { take, clock, limiter, turns } = limiterOf({});
  limiter.observe(418, {});
  void take('cancel');
  await clock.advance(119_999);
  t.is(turns.length, 0);
  await clock.advance(1);
  t.is(turns.length, 1);
});

test('what the venue counts counts, when it is more', async (t) => {
  const { take, clock, limiter, turns } = limiterOf({ weight: 100 });
  limiter.observe(200, { 'x-mbx-used-weight-1m': '100' });
  void take('cancel');
  await clock.advance(1);
  t.is(turns.length, 0);
  await clock.advance(MINUTE + 6_000);
  t.is(turns.length, 1);
});

test('before the venue told its limits, what it counts does not keep us from asking for them', async (t) => {
  const clock = fakeClock();
  const limiter = new Limiter({ clock, queueMax: 10 });
  const take = () => limiter.take({ priority: 'rest', weight: 20, giveUpAt: clock.now() + 10_000 }, never);
  limiter.observe(200, { 'x-mbx-used-weight-1m': '7000' });
  t.deepEqual(await take(), { granted: true });
  limiter.learn([{ kind: 'REQUEST_WEIGHT', intervalMs: MINUTE, limit: 20_000 }]);
  limiter.observe(200, { 'x-mbx-used-weight-1m': '19990' });
  t.false((await take()).granted);
});

test('a request that is called off leaves the queue', async (t) => {
  const { take, clock } = limiterOf({ weight: 10 });
  await take('cancel', 10);
  const off = new AbortController();
  const turn = take('rest', 1, Number.MAX_SAFE_INTEGER, off.signal);
  off.abort();
  t.deepEqual(await turn, { granted: false, reason: 'it was called off' });
  await clock.advance(0);
});

test('a close refuses all that wait and all that come', async (t) => {
  const { take, limiter } = limiterOf({ weight: 10 });
  await take('cancel', 10);
  const waiting = take('query');
  limiter.close();
  t.deepEqual(await waiting, { granted: false, reason: 'the session was closed' });
  t.false((await take('cancel')).granted);
});

test("no window of the interval's length, wherever it begins, holds more than the limit", (t) => {
  const uses = fc.array(
    fc.record({ gapMs: fc.integer({ min: 0, max: 9_000 }), amount: fc.integer({ min: 1, max: 30 }) }),
    {
      maxLength: 60,
    },
  );
  fc.assert(
    fc.property(uses, (wanted) => {
      const window = usageWindow(100, MINUTE);
      const granted: { at: number; amount: number }[] = [];
      let now = 12_345;
      for (const { gapMs, amount } of wanted) {
        now = window.freeAt(now + gapMs, amount, 100);
        while (window.freeAt(now, amount, 100) > now) now = window.freeAt(now, amount, 100);
        window.add(now, amount);
        granted.push({ at: now, amount });
      }
      for (const { at: start } of granted) {
        const sum = granted
          .filter(({ at }) => at >= start && at < start + MINUTE)
          .reduce((all, { amount }) => all + amount, 0);
        t.true(sum <= 100);
      }
    }),
  );
});
