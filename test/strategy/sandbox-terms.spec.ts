// What a module can ask of an order beyond side, quantity and price: stops, good till, pairs, new terms, ends.
import fs from 'node:fs';
import test from 'ava';
import type { Decision } from '../../actors/strategy/sandbox/index.ts';
import { moduleOf, onTicker, report, start, ticker, type World } from './sandbox-support.ts';

const AT = 1_700_000_000_000;
const LATER = AT + 60_000;
const WISH = {
  ref: '1',
  provider: 'paper',
  symbol: 'BTC-USDT',
  side: 'Sell',
  quantity: '1',
  timeInForce: 'GTC',
  postOnly: false,
  goodTillAt: null,
} as const;
const PLACED = { type: 'PlaceOrder', ...WISH, linkedTo: null } as const;
const LIMIT = { ...PLACED, orderType: 'Limit', price: '9', stopPrice: null } as const;

async function decided(world: World): Promise<readonly Decision[]> {
  world.sandbox.market(ticker('1', '2', AT));
  await world.settled();
  return world.decisions;
}

const TERMS: readonly (readonly [string, string, Decision])[] = [
  [
    'a stop price makes a market order a stop order, good till canceled',
    `submitMarketOrder('', 'sell', 1, { stopPrice: 8.5 })`,
    { ...PLACED, orderType: 'Stop', price: null, stopPrice: '8.5' },
  ],
  [
    'a stop price makes a limit order a stop limit order',
    `submitOrder('', 'sell', 1, '8.4', { stopPrice: '8.5', timeInForce: 'IOC' })`,
    { ...PLACED, orderType: 'StopLimit', price: '8.4', stopPrice: '8.5', timeInForce: 'IOC' },
  ],
  [
    'good till takes ms',
    `submitOrder('', 'sell', 1, 9, { goodTill: Date.now() + 60000, postOnly: true })`,
    { ...LIMIT, timeInForce: 'GTD', goodTillAt: LATER, postOnly: true },
  ],
  [
    'good till takes a Date',
    `submitMarketOrder('', 'sell', 1, { stopPrice: 8, timeInForce: 'GTD', goodTill: new Date(${LATER}) })`,
    { ...PLACED, orderType: 'Stop', price: null, stopPrice: '8', timeInForce: 'GTD', goodTillAt: LATER },
  ],
  [
    'good till takes ISO text with its zone',
    `submitOrder('', 'sell', 1, 9, { goodTill: '2023-11-14T23:14:20+01:00' })`,
    { ...LIMIT, timeInForce: 'GTD', goodTillAt: LATER },
  ],
];
for (const [what, call, decision] of TERMS) {
  test.serial(what, async (t) => {
    const world = await start(t, onTicker(`env.runtime.${call};`));
    t.deepEqual(await decided(world), [decision]);
    t.deepEqual(world.faults, []);
  });
}

const NOW = '2023-11-14T22:13:20.000Z';
const OPTIONS = 'symbol, stopPrice, timeInForce, goodTill, postOnly, linkedTo';
const late = (shown: string): string =>
  `RangeError: goodTill=${shown}, allowed: ms, a Date or ISO text with its zone, after ${NOW}`;
const REFUSED: readonly (readonly [string, string, string])[] = [
  [
    'a misspelt option',
    `submitMarketOrder('', 'sell', 1, { stopprice: 8 })`,
    `RangeError: option stopprice, allowed: ${OPTIONS}`,
  ],
  [
    'a stop price that is missing where it is named',
    `submitMarketOrder('', 'sell', 1, { stopPrice: undefined })`,
    'RangeError: stopPrice=(undefined), allowed: a decimal above 0 with at most 18 places',
  ],
  [
    'post-only on a stop limit order',
    `submitOrder('', 'sell', 1, 8, { stopPrice: 8, postOnly: true })`,
    'RangeError: postOnly=true for StopLimit, allowed: for limit orders without a stop price',
  ],
  [
    'post-only on a market order',
    `submitMarketOrder('', 'sell', 1, { postOnly: true })`,
    'RangeError: postOnly=true for Market, allowed: for limit orders without a stop price',
  ],
  [
    'GTD without a time',
    `submitOrder('', 'sell', 1, 9, { timeInForce: 'GTD' })`,
    'RangeError: timeInForce=GTD without goodTill, allowed: GTD with goodTill',
  ],
  [
    'a time without GTD',
    `submitOrder('', 'sell', 1, 9, { timeInForce: 'IOC', goodTill: Date.now() + 1 })`,
    'RangeError: timeInForce=IOC with goodTill, allowed: GTD with goodTill',
  ],
  [
    'a market order that is good till',
    `submitMarketOrder('', 'sell', 1, { goodTill: Date.now() + 1 })`,
    'RangeError: timeInForce=GTD, allowed: GTC, IOC, FOK',
  ],
  ['a time that has come', `submitOrder('', 'sell', 1, 9, { goodTill: Date.now() })`, late(String(AT))],
  [
    'a time without a zone',
    `submitOrder('', 'sell', 1, 9, { goodTill: '2033-01-01T00:00' })`,
    late('2033-01-01T00:00'),
  ],
  ['a time no clock shows', `submitOrder('', 'sell', 1, 9, { goodTill: 1e300 })`, late('1e+300')],
  [
    'a link to no open order',
    `submitOrder('', 'sell', 1, 9, { linkedTo: '7' })`,
    `RangeError: linkedTo=7, allowed: an open order's ref or client order id`,
  ],
  [
    'a link that is missing where it is named',
    `submitOrder('', 'sell', 1, 9, { linkedTo: undefined })`,
    `RangeError: linkedTo=undefined, allowed: an open order's ref or client order id`,
  ],
  [
    'a pair to sell whose stop price is above',
    `submitOcoOrders('', 'sell', 1, { price: 8, stopPrice: 9 })`,
    'RangeError: price=8, stopPrice=9, allowed for Sell: a price above the stop price',
  ],
  [
    'a pair to buy whose stop price is the same',
    `submitOcoOrders('', 'buy', 1, { price: 8, stopPrice: '8.0' })`,
    'RangeError: price=8, stopPrice=8.0, allowed for Buy: a price below the stop price',
  ],
  [
    'a pair without its stop price',
    `submitOcoOrders('', 'sell', 1, { price: 8 })`,
    'RangeError: stopPrice=(undefined), allowed: a decimal above 0 with at most 18 places',
  ],
  ['new terms that say nothing', `amendOrder('1', {})`, 'TypeError: amendOrder takes a quantity or a price'],
  [
    'new terms no order can change',
    `amendOrder('1', { stopPrice: 1 })`,
    'RangeError: option stopPrice, allowed: quantity, price',
  ],
  [
    'a new quantity of nothing',
    `amendOrder('1', { quantity: 0 })`,
    'RangeError: quantity=0, allowed: a decimal above 0 with at most 18 places',
  ],
];
test.serial('what does not go together throws where it is asked for, and nothing is decided', async (t) => {
  const calls = REFUSED.map(([, call]) => `() => env.runtime.${call}`);
  const body = `for (const call of [${calls.join(',')}]) {
    try { env.helpers.log('no error', String(call())); } catch (error) { env.helpers.log(String(error)); }
  }`;
  const world = await start(t, onTicker(body));
  t.deepEqual(await decided(world), []);
  for (const [index, [what, , message]] of REFUSED.entries()) t.is(world.logs[index], `info ${message}`, what);
});

test.serial('both orders of a pair are one decision, with refs of their own', async (t) => {
  const body = `
    const terms = { price: 9, stopPrice: '8', postOnly: true, goodTill: ${LATER} };
    const first = env.runtime.submitOcoOrders('', 'sell', 1, terms);
    const second = env.runtime.submitOcoOrders('paper', 'buy', '2', { price: 8, stopPrice: 9, stopLimitPrice: 9.5 });
    env.runtime.saveState([first, second, env.runtime.openOrders().map((order) => order.stopPrice)]);`;
  const world = await start(t, onTicker(body));
  const dated = { ...WISH, timeInForce: 'GTD', goodTillAt: LATER } as const;
  const bought = { ...WISH, side: 'Buy', quantity: '2' } as const;
  t.deepEqual(await decided(world), [
    {
      type: 'PlacePair',
      orders: [
        { ...dated, orderType: 'Limit', price: '9', stopPrice: null, postOnly: true },
        { ...dated, ref: '2', orderType: 'Stop', price: null, stopPrice: '8' },
      ],
    },
    {
      type: 'PlacePair',
      orders: [
        { ...bought, ref: '3', orderType: 'Limit', price: '8', stopPrice: null },
        { ...bought, ref: '4', orderType: 'StopLimit', price: '9.5', stopPrice: '9' },
      ],
    },
    {
      type: 'SaveState',
      state: [{ limit: '1', stop: '2' }, { limit: '3', stop: '4' }, [null, '8', null, '9']],
    },
  ]);
  await decided(world);
  t.like(world.decisions[3], { orders: [{ ref: '5' }, { ref: '6' }] }, 'refs go on after a pair');
});

test.serial('what docs/strategies.md shows is what the runtime does', async (t) => {
  const page = fs.readFileSync(new URL('../../docs/strategies.md', import.meta.url), 'utf8');
  const [, example = ''] = /```js\n([\s\S]*?)```/.exec(page) ?? [];
  const names = [...page.matchAll(/^\| `(\w+)\(/gm)].map(([, name]) => name);
  t.is(names.length, 6);
  const world = await start(
    t,
    onTicker(`const { runtime } = env;
      runtime.saveState(${JSON.stringify(names)}.map((name) => typeof runtime[name]));
      ${example}`),
  );
  t.like(await decided(world), [
    { type: 'SaveState', state: names.map(() => 'function') },
    { type: 'PlaceOrder', orderType: 'Stop', stopPrice: '58000', goodTillAt: AT + 3_600_000 },
    { type: 'PlaceOrder', orderType: 'Limit', price: '61000', linkedTo: '1' },
    {
      type: 'PlacePair',
      orders: [
        { ref: '3', orderType: 'Limit' },
        { ref: '4', orderType: 'Stop' },
      ],
    },
  ]);
  t.deepEqual(world.faults, []);
});

test.serial('an order is linked by the ref or the client order id of one that is open', async (t) => {
  const source = moduleOf(`const { runtime } = env; return {
    onTicker() {
      const stop = runtime.submitMarketOrder('', 'sell', 1, { stopPrice: 8 });
      runtime.submitOrder('', 'sell', 1, 9, { linkedTo: stop });
    },
    onOrderAcknowledged() { runtime.submitOrder('', 'sell', 1, 9, { linkedTo: 'c7' }); },
  };`);
  const world = await start(t, source);
  t.like((await decided(world))[1], { ref: '2', linkedTo: '1' });
  world.sandbox.order(report({ state: 'ACK', clientOrderId: 'c7' }));
  await world.settled();
  t.like(world.decisions[2], { ref: '3', linkedTo: 'c7' });
  t.deepEqual(world.faults, []);
});

test.serial('new terms are asked for by ref or client order id; of no open order there are none', async (t) => {
  const source = moduleOf(`const { runtime } = env; return {
    onTicker() {
      const ref = runtime.submitOrder('', 'buy', 2, 9);
      runtime.saveState([runtime.amendOrder(ref, { quantity: 1 }), runtime.amendOrder('7', { price: 1 })]);
    },
    onOrderAcknowledged(ctx, event, order) { runtime.amendOrder(order.clientOrderId, { price: 8.5 }); },
    onAmendRefused(ctx, event, refusal, reason) {
      runtime.saveState([refusal.ref, reason, runtime.openOrders().length]);
    },
  };`);
  const world = await start(t, source);
  const amend = { type: 'AmendOrder', clientOrderId: null, ref: '1', quantity: '1', price: null } as const;
  t.deepEqual((await decided(world)).slice(1), [amend, { type: 'SaveState', state: [true, false] }]);
  world.sandbox.order(report({ state: 'ACK', ref: '1' }));
  await world.settled();
  t.deepEqual(world.decisions[3], { ...amend, clientOrderId: 'c1', quantity: null, price: '8.5' });
  const which = { clientOrderId: 'c1', ref: '1', provider: 'paper', symbol: 'BTC-USDT', strategyInstance: 'probe-1' };
  world.sandbox.order({ type: 'AmendRefused', ...which, reason: 'DENIED X', timestamp: AT });
  await world.settled();
  t.deepEqual(world.saved(), ['1', 'DENIED X', 1]);
});

test.serial('all orders, or those of a symbol or provider, are canceled by one decision', async (t) => {
  const source = onTicker(`const { runtime } = env;
    const none = runtime.cancelAllOrders();
    runtime.submitOrder('', 'buy', 1, 9);
    runtime.submitOrder('', 'buy', 1, 9, { symbol: 'ETH-USDT' });
    runtime.submitOrder('', 'sell', 1, 10);
    const some = [runtime.cancelAllOrders('ETH-USDT'), runtime.openOrders().map((order) => order.cancelling)];
    const rest = [['', 'other'], ['', 'paper'], []].map((args) => runtime.cancelAllOrders(...args));
    runtime.saveState([none, some, rest, runtime.openOrders().every((order) => order.cancelling)]);`);
  const world = await start(t, source);
  const ends = (await decided(world)).filter(({ type }) => type === 'CancelOrders');
  t.deepEqual(ends, [
    { type: 'CancelOrders', provider: null, symbol: 'ETH-USDT' },
    { type: 'CancelOrders', provider: 'paper', symbol: null },
    { type: 'CancelOrders', provider: null, symbol: null },
  ]);
  t.deepEqual(world.saved(), [0, [1, [false, true, false]], [0, 3, 3], true]);
});

test.serial('an order that is replaced stays known under its ref', async (t) => {
  const source = moduleOf(`const { runtime } = env; const seen = []; return {
    onTicker() { runtime.amendOrder(runtime.submitOrder('', 'buy', 2, 9), { quantity: 5, price: 8 }); },
    onOrderCancelled(ctx, event, order) { seen.push(order.replacedBy, runtime.openOrders()); },
    onOrderAcknowledged(ctx, event, order) { runtime.saveState([...seen, order.ref]); },
  };`);
  const world = await start(t, source);
  await decided(world);
  const side = { ref: '1', side: 'Buy', quantity: '2', price: '9' } as const;
  world.sandbox.order(report({ ...side, state: 'CANCELLED', filledQuantity: '0.5', replacedBy: 'c2' }));
  world.sandbox.order(report({ ...side, state: 'ACK', clientOrderId: 'c2', quantity: '4.5', price: '8' }));
  await world.settled();
  const next = { provider: 'paper', symbol: 'BTC-USDT', side: 'Buy', orderType: 'Limit', stopPrice: null };
  const life = { filledQuantity: '0', state: 'PENDING', cancelling: false };
  const order = { ref: '1', clientOrderId: 'c2', ...next, quantity: '4.5', price: '8', ...life };
  t.deepEqual(world.saved(), ['c2', [order], '1']);
});

test.serial('a dry run says of all of it what it would have done, and decides none of it', async (t) => {
  const body = `const { runtime } = env;
    const { limit, stop } = runtime.submitOcoOrders('', 'sell', 1, { price: 9, stopPrice: 8 });
    const third = runtime.submitOrder('', 'sell', 1, 9, { linkedTo: stop });
    env.helpers.log(limit, third, runtime.amendOrder(limit, { price: 10 }), runtime.amendOrder('4', { price: 10 }));
    env.helpers.log(runtime.cancelOrder(third), runtime.cancelOrder('4'), runtime.cancelAllOrders('BTC-USDT'));`;
  const world = await start(t, onTicker(body), { config: {} });
  t.deepEqual(await decided(world), []);
  t.deepEqual(world.logs.slice(0, 2), ['info 1 3 true false', 'info true false 0']);
  const said = world.logs.slice(2).map((line) => line.replace(/^info dry run: /, ''));
  const types = said.map((line) => (JSON.parse(line) as Decision).type);
  t.deepEqual(types, ['PlacePair', 'PlaceOrder', 'AmendOrder', 'CancelOrder', 'CancelOrders']);
  t.deepEqual(world.faults, []);
});
