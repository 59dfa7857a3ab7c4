// Modules that try to hang, to fill the memory, or to get out. The host has to stay as it was, the deadline has to
// hold, and what an attempt cannot be stopped from inside ends with its worker.
import test, { type ExecutionContext } from 'ava';
import { inspectModule, ModuleRejected, type SandboxLimits } from '../../actors/strategy/sandbox/index.ts';
import { moduleOf, onTicker, report, start, ticker } from './sandbox-support.ts';

/** Tight, because the time a hang takes is what is tested: a call is over after 100 ms of processor time, or 500 ms on
 * the clock, which is given up to five times over when the process did not get the processor at all. */
const LIMITS: Partial<SandboxLimits> = { callMs: 100, startMs: 100, killFactor: 5, bootMs: 60_000, faultsInRow: 3 };
const DEADLINE_MS = 5 * 500 + 500;

/** Names a module must not find. */
const OUTSIDE = [
  ...['process', 'require', 'global', 'Buffer', 'fetch', 'setTimeout', 'setInterval', 'setImmediate'],
  ...['queueMicrotask', 'performance', 'WebAssembly', 'Atomics', 'Worker', 'postMessage', 'XMLHttpRequest'],
  ...['std', 'os', 'scriptArgs', 'print', 'navigator', 'crypto', 'structuredClone', 'MessageChannel', 'Deno'],
];

test.afterEach((t) => {
  t.is(({} as { polluted?: unknown }).polluted, undefined, 'the host has its prototypes to itself');
  t.deepEqual(Object.keys(Object.prototype), []);
  t.deepEqual(JSON.stringify({ a: [1] }), '{"a":[1]}');
});

const BOMBS: readonly [string, string][] = [
  ['an endless loop', 'for (;;);'],
  ['an endless loop that counts', 'let n = 0; while (true) n += 1;'],
  ['a loop in finally', 'try { for (;;); } finally { for (;;); }'],
  ['a loop in catch', 'for (;;) { try { for (;;); } catch {} }'],
  ['a regular expression that backtracks for ever', '/^(a+)+$/.test("a".repeat(60) + "b");'],
  ['a generator without end', 'for (const x of (function* () { for (;;) yield 1; })());'],
  ['an async loop', 'void (async () => { for (;;) await null; })();'],
  [
    'an async loop that catches its interrupts',
    'const f = async () => { for (;;); }; const g = () => f().catch(g); g();',
  ],
  [
    'promises that make promises',
    'const more = () => { Promise.resolve().then(more); Promise.resolve().then(more); }; more();',
  ],
  ['native code that never looks up', 'new Array(2 ** 32 - 1).join("x");'],
  ['native code that sorts', 'for (;;) new Array(1e7).sort();'],
  ['a loop of large native steps', 'for (;;) "x".repeat(1e6).split("").reverse();'],
  ['deep nesting made into text', 'let a = []; for (let n = 0; n < 1e5; n += 1) a = [a]; JSON.stringify(a);'],
  ['large numbers', 'let n = 3n; for (;;) n = (n * n) % (2n ** 100000n);'],
  ['a toString that never returns', 'String({ toString() { for (;;); } });'],
  ['a proxy that never answers', '({ ...new Proxy({}, { ownKeys() { for (;;); } }) });'],
  ['strings that fill the memory', 'const all = []; for (let n = 0; ; n += 1) all.push("x".repeat(1e5) + n);'],
  ['arrays that fill the memory', 'const all = []; for (;;) all.push(new Array(1e5).fill(1));'],
  ['many small objects', 'const all = []; for (;;) all.push({});'],
  ['a long list of lists', 'let a = []; for (;;) a = [a];'],
  ['buffers that fill the memory', 'const all = []; for (;;) all.push(new ArrayBuffer(1e6));'],
  ['a map that fills the memory', 'const all = new Map(); for (let n = 0; ; n += 1) all.set({}, n);'],
  ['closures that fill the memory', 'let f = () => 0; for (;;) { const g = f; f = () => g; }'],
];

async function fatalOf(t: ExecutionContext, source: string) {
  const world = await start(t, source, { limits: LIMITS });
  const before = performance.now();
  world.sandbox.market(ticker('1', '2'));
  await world.settled();
  const tookMs = performance.now() - before;
  return { world, tookMs, fault: world.faults.at(-1) };
}

for (const [what, code] of BOMBS) {
  test.serial(`${what} in a handler ends the sandbox in time`, async (t) => {
    const { world, tookMs, fault } = await fatalOf(t, onTicker(code));
    t.true(tookMs < DEADLINE_MS, `took ${tookMs} ms`);
    t.like(fault, { handler: 'onTicker', fatal: true });
    t.true(fault?.kind === 'timeout' || fault?.kind === 'memory', JSON.stringify(fault));
    t.deepEqual(world.decisions, []);
  });
}

test.serial('a loop is interrupted from inside, native code ends with its worker', async (t) => {
  const patient = { ...LIMITS, killFactor: 200 };
  for (const code of [
    'for (;;);',
    'void (async () => { for (;;) await null; })();',
    '/^(a+)+$/.test("a".repeat(60) + "b");',
  ]) {
    const world = await start(t, onTicker(code), { limits: patient });
    world.sandbox.market(ticker('1', '2'));
    await world.settled();
    t.is(world.faults[0]?.message, 'ran out of its processor time and was interrupted', code);
  }
  const { fault } = await fatalOf(t, onTicker('new Array(2 ** 32 - 1).join("x");'));
  t.is(fault?.message, 'did not come back in time; its worker was terminated');
});

test.serial('memory that was wanted and refused ends the sandbox even when the module catches it', async (t) => {
  const { fault } = await fatalOf(t, onTicker('try { "x".repeat(2 ** 28); } catch {} env.helpers.log("on");'));
  t.like(fault, { kind: 'memory', message: 'out of memory: more than 33554432 bytes', fatal: true });
});

for (const [what, code] of BOMBS.filter((_, index) => index % 3 === 0)) {
  test.serial(`${what} at the top level, or in create, is refused in time`, async (t) => {
    const before = performance.now();
    const top = await t.throwsAsync(inspectModule(code, LIMITS), { instanceOf: ModuleRejected });
    t.is(top?.diagnostics[0]?.stage, 'execute');
    t.true(performance.now() - before < DEADLINE_MS + 5_000, 'worker start included');
    await t.throwsAsync(start(t, moduleOf(`${code} return {};`), { limits: LIMITS }), {
      instanceOf: ModuleRejected,
      message: /^create\(env\) failed: .*(in time|processor time|memory)/,
    });
  });
}

test.serial('a stack that is used up is an exception, and the module goes on', async (t) => {
  const bodies = [
    'const f = () => f(); f();',
    'const o = { toString() { return o + ""; } }; String(o);',
    'JSON.parse("[".repeat(1e5));',
    'eval("(".repeat(1e5));',
    'let a = []; for (let n = 0; n < 1e4; n += 1) a = [a]; a.toString();',
    'let p = {}; for (let n = 0; n < 1e4; n += 1) p = new Proxy(p, {}); p.x;',
    'new RegExp("(".repeat(200));',
  ];
  const world = await start(t, onTicker(`eval(payload.bidPrice);`), { limits: { ...LIMITS, faultsInRow: 100 } });
  for (const body of bodies) {
    world.sandbox.market(ticker(body, '2'));
    await world.settled();
  }
  t.deepEqual(
    world.faults.map(({ kind, fatal }) => [kind, fatal]),
    bodies.map(() => ['threw', false]),
  );
});

test.serial('nothing of the host is in reach, by any constructor', async (t) => {
  const reach = `
    const ways = [
      () => globalThis, () => this, () => Function('return this')(), () => (0, eval)('this'),
      () => env.constructor.constructor('return this')(), () => ctx.constructor.constructor('return this')(),
      () => event.constructor.constructor('return this')(), () => payload.constructor.constructor('return this')(),
      () => env.helpers.log.constructor('return this')(), () => env.runtime.submitOrder.constructor('return this')(),
      () => (async () => {}).constructor('return this')(),
      () => (function* () {}).constructor('return this')().next().value,
      () => console.log.constructor('return this')(), () => module.constructor.constructor('return this')(),
      () => { try { null.x; } catch (error) { return error.constructor.constructor('return this')(); } },
      () => Object.getPrototypeOf(Object.getPrototypeOf(env.runtime)), () => Reflect.getPrototypeOf(globalThis),
      () => Error.prepareStackTrace, () => env.runtime.submitOrder.caller, () => env.helpers.log.arguments,
    ];
    const names = ${JSON.stringify(OUTSIDE)};
    const found = new Set();
    for (const way of ways) {
      let reached; try { reached = way(); } catch { continue; }
      for (const name of names) if (reached?.[name] !== undefined) found.add(name);
    }
    env.runtime.saveState([...found]);`;
  const world = await start(t, onTicker(reach), { limits: LIMITS });
  world.sandbox.market(ticker('1', '2'));
  await world.settled();
  t.deepEqual(world.saved(), []);
});

test.serial('a module is imported from nowhere', async (t) => {
  const source = moduleOf(`return {
    async onTicker() { const fs = await import('node:fs'); env.runtime.saveState(Object.keys(fs)); },
  };`);
  const world = await start(t, source, { limits: LIMITS });
  world.sandbox.market(ticker('1', '2'));
  await world.settled();
  t.deepEqual(world.decisions, []);
  t.like(world.faults, [{ kind: 'threw', fatal: false }]);
});

test.serial('prototypes bent inside stay inside', async (t) => {
  const source = onTicker(`
    Object.prototype.polluted = 1; Array.prototype.polluted = 1; payload.__proto__.polluted = 2;
    env.runtime.saveState({ seen: ({}).polluted });`);
  const world = await start(t, source, { limits: LIMITS });
  world.sandbox.market(ticker('1', '2'));
  await world.settled();
  t.deepEqual(world.saved(), { seen: 2 });
  t.false('polluted' in []);
});

const FORGED: readonly [string, string, RegExp][] = [
  [
    'state with a key named __proto__',
    `env.runtime.saveState(JSON.parse('{"a":[{"__proto__":{"polluted":1}}]}'));`,
    /state has a key named __proto__/,
  ],
  [
    'state that is nested too deep',
    'let a = []; for (let n = 0; n < 60; n += 1) a = [a]; env.runtime.saveState(a);',
    /nested deeper than 32/,
  ],
  [
    'an order outside its scope',
    `Object.prototype.toJSON = function () { if (this.type === 'PlaceOrder') this.symbol = 'X-Y'; return this; };
     env.runtime.submitOrder('', 'buy', 1, 1);`,
    /paper X-Y is not in the scope/,
  ],
  [
    'an order for another provider named like a prototype',
    `Object.prototype.toJSON = function () { if (this.ref) this.provider = '__proto__'; return this; };
     env.runtime.submitOrder('', 'buy', 1, 1);`,
    /not in the scope/,
  ],
  [
    'a ref out of its turn',
    `Object.prototype.toJSON = function () { if (this.ref) this.ref = '7'; return this; };
     env.runtime.submitOrder('', 'buy', 1, 1);`,
    /ref=7, allowed: 1/,
  ],
  [
    'a quantity that is no amount',
    `Object.prototype.toJSON = function () { if (this.ref) this.quantity = '1e9'; return this; };
     env.runtime.submitOrder('', 'buy', 1, 1);`,
    /decisions\.0\.quantity: is no decimal above 0/,
  ],
  [
    'a limit order without a price',
    `Object.prototype.toJSON = function () { if (this.ref) this.price = null; return this; };
     env.runtime.submitOrder('', 'buy', 1, 1);`,
    /a limit order has a price/,
  ],
  [
    'a cancel of nothing',
    `Object.prototype.toJSON = function () { if (this.type === 'CancelOrder') this.ref = null; return this; };
     env.runtime.cancelOrder(env.runtime.submitOrder('', 'buy', 1, 1));`,
    /CancelOrder names no order/,
  ],
  [
    'an amend of nothing',
    `Object.prototype.toJSON = function () { if (this.type === 'AmendOrder') this.ref = null; return this; };
     env.runtime.amendOrder(env.runtime.submitOrder('', 'buy', 1, 1), { price: 2 });`,
    /AmendOrder names no order/,
  ],
  [
    'a stop order without its stop price',
    `Object.prototype.toJSON = function () { if (this.ref) this.stopPrice = null; return this; };
     env.runtime.submitMarketOrder('', 'sell', 1, { stopPrice: 1 });`,
    /a stop order has a stop price/,
  ],
  [
    'a stop price of an order that trades at once',
    `Object.prototype.toJSON = function () { if (this.ref) this.stopPrice = '1'; return this; };
     env.runtime.submitMarketOrder('', 'sell', 1);`,
    /a stop order has a stop price/,
  ],
  [
    'a time that is none',
    `Object.prototype.toJSON = function () { if (this.ref) this.goodTillAt = 1.5; return this; };
     env.runtime.submitOrder('', 'buy', 1, 1, { goodTill: 2e12 });`,
    /decisions\.0\.goodTillAt: /,
  ],
  [
    'a GTD order without its time',
    `Object.prototype.toJSON = function () { if (this.ref) this.goodTillAt = null; return this; };
     env.runtime.submitOrder('', 'buy', 1, 1, { goodTill: 2e12 });`,
    /a GTD order has its time/,
  ],
  [
    'a market order that must not take',
    `Object.prototype.toJSON = function () { if (this.ref) this.postOnly = true; return this; };
     env.runtime.submitMarketOrder('', 'buy', 1);`,
    /only a limit order is post-only/,
  ],
  [
    'a pair with an order outside its scope',
    `Object.prototype.toJSON = function () { if (this.orderType === 'Stop') this.symbol = 'X-Y'; return this; };
     env.runtime.submitOcoOrders('', 'sell', 1, { price: 2, stopPrice: 1 });`,
    /paper X-Y is not in the scope/,
  ],
  [
    'a pair with one ref twice',
    `Object.prototype.toJSON = function () { if (this.ref) this.ref = '1'; return this; };
     env.runtime.submitOcoOrders('', 'sell', 1, { price: 2, stopPrice: 1 });`,
    /ref=1, allowed: 2/,
  ],
  [
    'a pair of one',
    `Object.prototype.toJSON = function () { if (this.orders) this.orders = [this.orders[0]]; return this; };
     env.runtime.submitOcoOrders('', 'sell', 1, { price: 2, stopPrice: 1 });`,
    /decisions\.0\.orders/,
  ],
  ['a decision nobody knows', `Array.prototype.toJSON = () => [{ type: 'Withdraw' }];`, /handed back what it must not/],
  ['something that is no output', `Object.prototype.toJSON = () => 7;`, /handed back what it must not/],
  ['no text at all', `Object.prototype.toJSON = () => undefined;`, /handed back no text/],
];
for (const [what, code, message] of FORGED) {
  test.serial(`${what} is not believed, and ends the sandbox`, async (t) => {
    const { world, fault } = await fatalOf(t, onTicker(code));
    t.like(fault, { kind: 'crashed', fatal: true });
    t.regex(fault?.message ?? '', message);
    t.deepEqual(world.decisions, []);
  });
}

test.serial('decisions over the bound of a call throw, and the ones before come out', async (t) => {
  const source = onTicker(`for (let n = 0; n < 1e5; n += 1) env.runtime.submitOrder('', 'buy', 1, 1);`);
  const world = await start(t, source, { limits: { ...LIMITS, decisionsPerCall: 5 } });
  world.sandbox.market(ticker('1', '2'));
  await world.settled();
  t.is(world.decisions.length, 5);
  t.like(world.faults, [{ kind: 'threw', message: 'RangeError: more than 5 decisions in one call', fatal: false }]);
});

test.serial('state over its bound throws', async (t) => {
  const world = await start(t, onTicker(`env.runtime.saveState('x'.repeat(1e6));`), { limits: LIMITS });
  world.sandbox.market(ticker('1', '2'));
  await world.settled();
  t.like(world.faults, [{ message: 'RangeError: saveState: 1000002 characters, allowed: up to 65536' }]);
});

test.serial('more output than a call may have ends the sandbox', async (t) => {
  const { fault } = await fatalOf(t, onTicker(`const big = 'x'.repeat(1e6); Object.prototype.toJSON = () => big;`));
  t.like(fault, { kind: 'memory', message: 'one call handed back 1000002 characters, allowed: up to 262144' });
});

test.serial('symbols, getters and proxies in arguments run inside, under the limits', async (t) => {
  const hang = '{ for (;;); }';
  for (const code of [
    `env.runtime.submitOrder('', { [Symbol.toPrimitive]() ${hang} }, 1, 1);`,
    `env.runtime.submitOrder('', 'buy', 1, 1, { get symbol() ${hang} });`,
    `env.runtime.saveState({ get a() ${hang} });`,
    `env.helpers.log({ toJSON() ${hang} });`,
    `Object.defineProperty(Promise, Symbol.hasInstance, { value() ${hang} });`,
    `throw { get message() ${hang}, toString() ${hang} };`,
    `const e = new Error(); Object.defineProperty(e, 'message', { get() ${hang} }); throw e;`,
  ]) {
    const { fault, tookMs } = await fatalOf(t, onTicker(code));
    t.like(fault, { kind: 'timeout', fatal: true }, code);
    t.true(tookMs < DEADLINE_MS, `${code} took ${tookMs} ms`);
  }
});

test.serial('values that cannot be printed are faults with a message', async (t) => {
  const world = await start(t, onTicker('eval(payload.bidPrice);'), { limits: { ...LIMITS, faultsInRow: 100 } });
  const thrown = [
    'throw null;',
    'throw Symbol("s");',
    'throw Object.create(null);',
    'throw new Proxy({}, { get() { throw 1; } });',
  ];
  for (const body of thrown) {
    world.sandbox.market(ticker(body, '2'));
    await world.settled();
  }
  const unprintable = 'threw a value that cannot be printed';
  t.deepEqual(
    world.faults.map(({ message }) => message),
    ['null', 'Symbol(s)', unprintable, unprintable],
  );
});

test.serial('metadata with getters, hangs and megabytes is refused in time', async (t) => {
  const create = 'module.exports.create = () => ({});';
  for (const code of [
    `Object.defineProperty(module.exports, 'metadata', { get() { for (;;); } });`,
    `module.exports.metadata = { toJSON() { for (;;); } };`,
    `module.exports.metadata = { name: 'x'.repeat(1e6) };`,
    `module.exports.metadata = new Proxy({}, { ownKeys() { throw new Error('no'); } });`,
    `module.exports = null;`,
  ]) {
    await t.throwsAsync(inspectModule(`${create} ${code}`, LIMITS), { instanceOf: ModuleRejected }, code);
  }
});

test.serial('handlers that are getters, proxies or not functions do no more than fault', async (t) => {
  const proxied = await start(t, moduleOf(`return new Proxy({}, { get() { throw new Error('trap'); } });`), {
    limits: LIMITS,
  }).catch((error: unknown) => error);
  t.true(proxied instanceof ModuleRejected, 'wantsCrossProviderEvents is read at the start');
  const source = moduleOf(`return { get onTicker() { throw new Error('got'); }, onTrade: 7 };`);
  const world = await start(t, source, { limits: LIMITS });
  world.sandbox.market(ticker('1', '2'));
  await world.settled();
  t.like(world.faults, [{ kind: 'threw', message: 'Error: got', fatal: false }]);
});

test.serial('a module that replaces the language under the prelude harms itself only', async (t) => {
  const source = onTicker(`
    JSON.stringify = JSON.parse = () => 'forged'; Array.prototype.map = Array.prototype.find = () => 7;
    globalThis.Map = globalThis.Error = globalThis.String = undefined; Function.prototype.call = undefined;
    module.exports = null; globalThis.module = null;`);
  const world = await start(t, source, { limits: { ...LIMITS, faultsInRow: 10 } });
  for (let n = 0; n < 3; n += 1) {
    world.sandbox.market(ticker('1', '2'));
    world.sandbox.order(report({ state: 'ACK' }));
    await world.settled();
  }
  t.deepEqual(world.decisions, []);
  const next = await start(t, onTicker(`env.runtime.submitOrder('', 'buy', 1, 1);`), { limits: LIMITS });
  next.sandbox.market(ticker('1', '2'));
  await next.settled();
  t.is(next.decisions.length, 1, 'another instance has a realm of its own');
});

test.serial('a memory bomb costs the host no memory worth the name', async (t) => {
  const before = process.memoryUsage().rss;
  await Promise.all(Array.from({ length: 4 }, () => fatalOf(t, onTicker('const all = []; for (;;) all.push({});'))));
  const grownMb = (process.memoryUsage().rss - before) / 2 ** 20;
  t.true(grownMb < 4 * 100, `grew ${grownMb} MB`);
});
