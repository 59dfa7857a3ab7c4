// What a module sees: upstream's format and env, time and chance inside, faults and the end.
import test from 'ava';
import { inspectModule } from '../../actors/strategy/sandbox/index.ts';
import { moduleOf, onTicker, ROOMY, report, start, ticker, trade } from './sandbox-support.ts';

const AT = 1_700_000_000_000;

test.serial('a module written for upstream says what it is without being started', async (t) => {
  const source = moduleOf('throw new Error("not called")', {
    name: ' Grid ',
    tag: 'v1.2.0',
    displayName: 'Grid',
    config: [{ name: 'levels', type: 'int', default: 3 }],
    events: ['Trade', 'ExecReport'],
  });
  t.deepEqual(await inspectModule(source, ROOMY), {
    name: 'grid',
    tag: 'v1.2.0',
    displayName: 'Grid',
    description: '',
    config: [
      { name: 'levels', type: 'int', description: '', required: false, default: 3 },
      {
        name: 'dry_run',
        type: 'bool',
        description: 'When true, orders are logged and not placed',
        default: true,
        required: false,
      },
    ],
    events: ['Trade', 'ExecReport'],
  });
});

test.serial('env has the configuration with its defaults, the metadata, the events and the saved state', async (t) => {
  const source = moduleOf(
    `return { onTicker() { env.runtime.saveState([env.config, env.metadata.name, env.events, env.state]); } };`,
    {
      config: [
        { name: 'levels', type: 'int', default: 3 },
        { name: 'size', type: 'float', default: '1' },
      ],
    },
  );
  const world = await start(t, source, { config: { dry_run: false, size: '0.5', own: [1] }, state: { seen: 7 } });
  world.sandbox.market(ticker('1', '2'));
  await world.settled();
  t.deepEqual(world.saved(), [
    { dry_run: false, size: '0.5', own: [1], levels: 3 },
    'probe',
    ['Trade', 'Ticker'],
    { seen: 7 },
  ]);
});

test.serial('providers are chosen by seed as upstream does', async (t) => {
  const scope = { okx: { symbols: ['A-B'] }, binance: { symbols: ['A-B'] }, paper: { symbols: ['BTC-USDT'] } };
  const source = moduleOf(`const pick = env.runtime.selectProvider; return {
    wantsCrossProviderEvents: () => true,
    onTicker() {
      env.runtime.saveState([env.runtime.providers(), pick(0), pick(4), pick('-2'), pick(7.9), pick('soon')]);
    },
  };`);
  const world = await start(t, source, { scope });
  world.sandbox.market(ticker('1', '2', AT + 1));
  await world.settled();
  const byTime = ['binance', 'okx', 'paper'][(AT + 1) % 3];
  t.deepEqual(world.saved(), [['binance', 'okx', 'paper'], 'binance', 'okx', 'paper', 'okx', byTime]);
});

test.serial('the clock inside shows the time of the event, never runs back, and is in UTC', async (t) => {
  const source = moduleOf(`const seen = [Date.now()]; return { onTicker() {
    const spin = Date.now(); for (let i = 0; i < 20000; i += 1);
    seen.push(Date.now(), Date.now() - spin, new Date().getTimezoneOffset(), new Date().getHours());
    env.runtime.saveState(seen);
  } };`);
  const world = await start(t, source, { startedAt: 5_000 });
  world.sandbox.market(ticker('1', '2', AT));
  await world.settled();
  world.sandbox.market(ticker('1', '2', AT - 60_000));
  await world.settled();
  t.deepEqual(world.saved(), [5_000, AT, 0, 0, 22, AT, 0, 0, 22]);
});

test.serial('random numbers are the same for the same instance started at the same time', async (t) => {
  const source = onTicker('env.runtime.saveState([Math.random(), Math.random()]);');
  const draw = async (instanceId: string, startedAt: number) => {
    const world = await start(t, source, { instanceId, startedAt });
    world.sandbox.market(ticker('1', '2'));
    await world.settled();
    return world.saved() as number[];
  };
  const first = await draw('a', AT);
  t.true(first.every((number) => number >= 0 && number < 1) && first[0] !== first[1]);
  t.deepEqual(await draw('a', AT), first);
  t.notDeepEqual(await draw('b', AT), first);
  t.notDeepEqual(await draw('a', AT + 1), first);
});

test.serial('an exception is a fault with its handler, and keeps what was decided before it', async (t) => {
  const world = await start(t, onTicker(`env.runtime.submitOrder('', 'buy', 1, 1); null.x;`));
  world.sandbox.market(ticker('1', '2'));
  await world.settled();
  t.is(world.decisions.length, 1);
  const message = "TypeError: cannot read property 'x' of null";
  t.deepEqual(world.faults, [{ kind: 'threw', handler: 'onTicker', message, fatal: false }]);
  t.is(world.sandbox.stats().faults, 1);
});

test.serial('a promise that is rejected is a fault, and what an async handler decides comes out', async (t) => {
  const source = moduleOf(`return {
    async onTicker() { await null; env.runtime.submitOrder('', 'buy', 1, 1); },
    async onTrade() { await null; throw new Error('later'); },
  };`);
  const world = await start(t, source);
  world.sandbox.market(ticker('1', '2'));
  world.sandbox.market(trade('1'));
  await world.settled();
  t.is(world.decisions.length, 1);
  t.deepEqual(world.faults, [{ kind: 'threw', handler: 'onTrade', message: 'Error: later', fatal: false }]);
});

test.serial('faults in a row are fatal, and one good call starts the row again', async (t) => {
  const source = moduleOf(
    `return { onTrade(ctx, event, payload, price) { if (price > 1) throw new Error('high'); } };`,
  );
  const world = await start(t, source, { limits: { faultsInRow: 3 } });
  for (const price of ['2', '2', '1', '2', '2']) world.sandbox.market(trade(price));
  world.sandbox.market(ticker('1', '2'));
  await world.settled();
  t.deepEqual(
    world.faults.map(({ fatal }) => fatal),
    [false, false, false, false],
  );
  world.sandbox.market(trade('2'));
  await world.settled();
  const message = 'Error: high (3 calls in a row failed)';
  t.deepEqual(world.faults.at(-1), { kind: 'threw', handler: 'onTrade', message, fatal: true });
  world.sandbox.market(trade('1'));
  t.is(world.sandbox.stats().waiting, 0, 'a sandbox that is over takes nothing more');
});

test.serial('sleep does nothing, and says so once', async (t) => {
  const world = await start(t, onTicker(`env.helpers.sleep(60000); env.helpers.sleep('1h');`));
  world.sandbox.market(ticker('1', '2'));
  await world.settled();
  t.deepEqual(world.logs, ['warn helpers.sleep does nothing: a waiting handler would hold up its events']);
});

test.serial('log lines come with their level, objects as JSON', async (t) => {
  const world = await start(
    t,
    onTicker(`env.helpers.log('a', 1, { b: [2] }, null); console.warn('w'); console.error(Symbol('s'));`),
  );
  world.sandbox.market(ticker('1', '2'));
  await world.settled();
  t.deepEqual(world.logs, ['info a 1 {"b":[2]} null', 'warn w', 'error Symbol(s)']);
});

test.serial('stop ends the worker at once and nothing is heard of the instance afterwards', async (t) => {
  const world = await start(t, onTicker(`env.helpers.log('in'); env.runtime.submitOrder('', 'buy', 1, 1);`));
  world.sandbox.market(ticker('1', '2'));
  await world.sandbox.stop();
  await world.sandbox.stop();
  world.sandbox.market(ticker('1', '2'));
  world.sandbox.order(report({ state: 'ACK' }));
  await world.settled();
  t.deepEqual([world.decisions, world.logs, world.faults], [[], [], []]);
});

test.serial('stop does not wait for a handler that hangs', async (t) => {
  const callMs = 500;
  const world = await start(t, onTicker('for (;;);'), { limits: { callMs } });
  world.sandbox.market(ticker('1', '2'));
  const before = performance.now();
  await world.sandbox.stop();
  t.true(performance.now() - before < 2 * callMs);
  t.deepEqual(world.faults, []);
});
