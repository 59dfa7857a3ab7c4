// What waits for a module: all order events in order, and the newest of the market.
import test from 'ava';
import fc from 'fast-check';
import { EventQueue } from '../../actors/strategy/sandbox/queue.ts';
import { moduleOf, onTicker, report, start, ticker, trade } from './sandbox-support.ts';

const drain = (queue: EventQueue) => {
  const events = [];
  for (let next = queue.shift(); next !== null; next = queue.shift()) events.push(next.event);
  return events;
};

test('the newest ticker of a symbol takes the place of the one that waits', (t) => {
  const queue = new EventQueue({ orderDepth: 9, marketDepth: 9 });
  const [old, other, traded, newest] = [
    ticker('1', '2', 1),
    ticker('5', '6', 1, 'ETH-USDT'),
    trade('1'),
    ticker('3', '4', 2),
  ];
  for (const event of [old, other, traded, newest]) queue.pushMarket(event);
  t.deepEqual(drain(queue), [newest, other, traded]);
  t.deepEqual(queue.counts, { waiting: 0, conflated: 1, dropped: 0 });
});

test('trades over the bound push out the oldest trade, never a ticker', (t) => {
  const queue = new EventQueue({ orderDepth: 9, marketDepth: 3 });
  const first = ticker('1', '2');
  queue.pushMarket(first);
  const trades = ['1', '2', '3', '4'].map((id) => trade(id, 1, id));
  for (const event of trades) queue.pushMarket(event);
  t.deepEqual(drain(queue), [first, trades[2], trades[3]]);
  t.is(queue.counts.dropped, 2);
});

test('order events go before market data that waits, and one over the bound is refused', (t) => {
  const queue = new EventQueue({ orderDepth: 2, marketDepth: 9 });
  const [price, one, two] = [ticker('1', '2'), report({ state: 'ACK' }), report({ state: 'FILLED' })];
  queue.pushMarket(price);
  t.true(queue.pushOrder(one));
  t.true(queue.pushOrder(two));
  t.false(queue.pushOrder(report({ state: 'ACK' })));
  t.deepEqual(drain(queue), [one, two, price]);
  t.true(queue.pushOrder(one), 'there is room again');
});

test('whatever comes and goes, order events keep their order and nothing of them is lost', (t) => {
  const step = fc.oneof(fc.constant('order'), fc.constant('ticker'), fc.constant('trade'), fc.constant('take'));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new EventQueue({ orderDepth: 1_000, marketDepth: 5 });
      const heard: number[] = [];
      const hear = (next: ReturnType<EventQueue['shift']>) => {
        if (next?.lane === 'order' && next.event.type === 'ExecReport') heard.push(next.event.timestamp);
      };
      let sent = 0;
      for (const what of steps) {
        if (what === 'order') queue.pushOrder(report({ state: 'ACK', timestamp: sent++ }));
        if (what === 'ticker') queue.pushMarket(ticker('1', '2'));
        if (what === 'trade') queue.pushMarket(trade('1'));
        if (what === 'take') hear(queue.shift());
        t.true(queue.counts.waiting <= sent - heard.length + 5);
      }
      for (let next = queue.shift(); next !== null; next = queue.shift()) hear(next);
      t.deepEqual(
        heard,
        Array.from({ length: sent }, (_, n) => n),
      );
    }),
  );
});

test.serial('a module that is slower than its market sees the newest ticker, and the loss is told', async (t) => {
  const source = moduleOf(`let calls = 0; return {
    onTicker(ctx, event, payload) { calls += 1; env.runtime.saveState([calls, payload.bidPrice]); },
    onTrade() {},
  };`);
  const world = await start(t, source, { limits: { marketDepth: 10 } });
  for (let n = 1; n <= 500; n += 1) world.sandbox.market(ticker(String(n), '999'));
  for (let n = 1; n <= 50; n += 1) world.sandbox.market(trade('1'));
  await world.settled();
  const [calls, last] = world.saved() as [number, string];
  t.deepEqual([calls, last], [2, '500']);
  t.like(world.sandbox.stats(), { conflated: 498, dropped: 41, faults: 0 });
  await world.sandbox.stop();
  t.deepEqual(world.logs, ['warn 41 market events were dropped: the module is slower than its market']);
});

test.serial('a thousand order events arrive, in order, while the market runs hot', async (t) => {
  const source = moduleOf(`const seen = []; return {
    onTicker() {},
    onOrderAcknowledged(ctx, event, report) {
      seen.push(Number(report.clientOrderId.slice(1)));
      if (seen.length === 1000) env.runtime.saveState(seen.every((id, n) => id === n));
    },
  };`);
  const world = await start(t, source);
  for (let n = 0; n < 1_000; n += 1) {
    world.sandbox.order(report({ state: 'ACK', clientOrderId: `c${n}` }));
    world.sandbox.market(ticker(String(n + 1), '9999'));
  }
  await world.settled();
  t.true(world.saved());
});

test.serial('a module that never keeps up with its orders is ended instead of losing one', async (t) => {
  const world = await start(t, onTicker(''), { limits: { orderDepth: 10 } });
  for (let n = 0; n < 12; n += 1) world.sandbox.order(report({ state: 'ACK', clientOrderId: `c${n}` }));
  t.deepEqual(world.faults, [
    { kind: 'timeout', handler: 'ExecReport', message: '10 order events wait: it does not keep up', fatal: true },
  ]);
});
