// Orders of a module: how it places and cancels them, and what it knows of them.
import test from 'ava';
import type { Decision } from '../../actors/strategy/sandbox/index.ts';
import { moduleOf, onTicker, report, start, ticker } from './sandbox-support.ts';

test.serial('an order is decided with the words of upstream and comes out with a ref counted from 1', async (t) => {
  const world = await start(
    t,
    onTicker(`
      const { runtime } = env;
      const refs = [
        runtime.submitOrder('', 'long', 0.001, 59999.5),
        runtime.submitOrder('paper', 'ASK', '2', '60001.10', {
          symbol: 'ETH-USDT', timeInForce: 'FOK', postOnly: true,
        }),
        runtime.submitMarketOrder('paper', -1, 1e-7),
      ];
      runtime.saveState(refs);`),
  );
  world.sandbox.market(ticker('1', '2'));
  await world.settled();
  const plain = { stopPrice: null, goodTillAt: null, linkedTo: null };
  const order = { type: 'PlaceOrder', provider: 'paper', symbol: 'BTC-USDT', ...plain } as const;
  t.deepEqual(world.decisions, [
    {
      ...order,
      ref: '1',
      side: 'Buy',
      orderType: 'Limit',
      quantity: '0.001',
      price: '59999.5',
      timeInForce: 'GTC',
      postOnly: false,
    },
    {
      ...order,
      ref: '2',
      symbol: 'ETH-USDT',
      side: 'Sell',
      orderType: 'Limit',
      quantity: '2',
      price: '60001.10',
      timeInForce: 'FOK',
      postOnly: true,
    },
    {
      ...order,
      ref: '3',
      side: 'Sell',
      orderType: 'Market',
      quantity: '0.0000001',
      price: null,
      timeInForce: 'IOC',
      postOnly: false,
    },
    { type: 'SaveState', state: ['1', '2', '3'] },
  ] satisfies Decision[]);
});

const REFUSED: readonly [string, string, string][] = [
  [
    'a side nobody knows',
    `submitOrder('', 'up', 1, 1)`,
    'RangeError: side=up, allowed: buy, long, bid, sell, short, ask, or a number',
  ],
  [
    'a quantity of nothing',
    `submitOrder('', 'buy', 0, 1)`,
    'RangeError: quantity=0, allowed: a decimal above 0 with at most 18 places',
  ],
  [
    'no price',
    `submitOrder('', 'buy', 1)`,
    'RangeError: price=(undefined), allowed: a decimal above 0 with at most 18 places',
  ],
  [
    'a price that is no number',
    `submitOrder('', 'buy', 1, 0/0)`,
    'RangeError: price=NaN, allowed: a decimal above 0 with at most 18 places',
  ],
  [
    'a negative price',
    `submitOrder('', 'buy', 1, '-1')`,
    'RangeError: price=-1, allowed: a decimal above 0 with at most 18 places',
  ],
  [
    'a provider outside the scope',
    `submitOrder('okx', 'buy', 1, 1)`,
    'RangeError: provider "okx" is not in the scope of the instance',
  ],
  [
    'a symbol outside the scope',
    `submitOrder('', 'buy', 1, 1, {symbol: 'X-Y'})`,
    'RangeError: symbol "X-Y" is not in the scope of provider "paper"',
  ],
  [
    'a time in force nobody knows',
    `submitOrder('', 'buy', 1, 1, {timeInForce: 'DAY'})`,
    'RangeError: timeInForce=DAY, allowed: GTC, IOC, FOK, GTD',
  ],
];
for (const [what, call, message] of REFUSED) {
  test.serial(`an order with ${what} throws where it is placed`, async (t) => {
    const world = await start(
      t,
      onTicker(`try { env.runtime.${call}; } catch (error) { env.helpers.log(String(error)); }`),
    );
    world.sandbox.market(ticker('1', '2'));
    await world.settled();
    t.deepEqual(world.logs, [`info ${message}`]);
    t.deepEqual(world.decisions, []);
  });
}

test.serial('orders are known to the module from the moment it places them until they are over', async (t) => {
  const source = moduleOf(`const { runtime } = env; return {
    onTicker() { runtime.submitOrder('', 'buy', '1', '60000'); runtime.saveState(runtime.openOrders()); },
    onOrderAcknowledged(ctx, event, report) {
      const asked = [runtime.cancelOrder(report.clientOrderId), runtime.cancelOrder('other')];
      runtime.saveState([...asked, runtime.openOrders()]);
    },
    onOrderPartialFill() { runtime.saveState([runtime.position(), runtime.openOrders()]); },
    onOrderFilled() {
      runtime.saveState([runtime.position('BTC-USDT'), runtime.position('ETH-USDT'), runtime.openOrders()]);
    },
  };`);
  const world = await start(t, source);
  const order = {
    ref: '1',
    clientOrderId: null,
    provider: 'paper',
    symbol: 'BTC-USDT',
    side: 'Buy',
    orderType: 'Limit',
  };
  const terms = { quantity: '1', price: '60000', stopPrice: null };
  const pending = { ...order, ...terms, filledQuantity: '0', state: 'PENDING', cancelling: false };
  world.sandbox.market(ticker('1', '2'));
  await world.settled();
  t.deepEqual(world.saved(), [pending]);
  world.sandbox.order(report({ state: 'ACK', ref: '1' }));
  await world.settled();
  t.deepEqual(world.saved(), [true, false, [{ ...pending, clientOrderId: 'c1', state: 'ACK', cancelling: true }]]);
  t.deepEqual(world.decisions[2], { type: 'CancelOrder', clientOrderId: 'c1', ref: '1' });
  world.sandbox.order(report({ state: 'PARTIAL', ref: '1', filledQuantity: '0.4' }));
  await world.settled();
  const partial = { ...pending, clientOrderId: 'c1', state: 'PARTIAL', cancelling: true, filledQuantity: '0.4' };
  t.deepEqual(world.saved(), ['0.4', [partial]]);
  world.sandbox.order(report({ state: 'FILLED', ref: '1', filledQuantity: '1' }));
  world.sandbox.order(report({ state: 'FILLED', ref: '1', filledQuantity: '1' }));
  await world.settled();
  t.deepEqual(world.saved(), ['1', '0', []]);
});

test.serial('an order that is not acknowledged yet is cancelled by its ref', async (t) => {
  const world = await start(t, onTicker(`env.runtime.cancelOrder(env.runtime.submitOrder('', 'buy', 1, 1));`));
  world.sandbox.market(ticker('1', '2'));
  await world.settled();
  t.deepEqual(world.decisions[1], { type: 'CancelOrder', clientOrderId: null, ref: '1' });
});

test.serial('orders and positions of earlier incarnations are there from the start', async (t) => {
  const order = {
    ref: null,
    clientOrderId: 'old1',
    provider: 'paper',
    symbol: 'BTC-USDT',
    side: 'Sell',
    orderType: 'Limit',
  } as const;
  const open = {
    ...order,
    quantity: '2',
    price: '61000',
    stopPrice: null,
    filledQuantity: '0.5',
    state: 'PARTIAL',
    cancelling: false,
  } as const;
  const account = { orders: [open], positions: [{ provider: 'paper', symbol: 'BTC-USDT', quantity: '3' }] };
  const source = moduleOf(`const { runtime } = env; const first = [runtime.openOrders(), runtime.position()];
    return { onOrderPartialFill() { runtime.saveState([first, runtime.position()]); } };`);
  const world = await start(t, source, { account });
  world.sandbox.order(
    report({ state: 'PARTIAL', clientOrderId: 'old1', side: 'Sell', quantity: '2', filledQuantity: '0.75' }),
  );
  await world.settled();
  t.deepEqual(world.saved(), [[[open], '3'], '2.75']);
});

test.serial('a dry run decides nothing, says what it would have done, and still keeps state', async (t) => {
  const body = `
    env.helpers.log(env.runtime.isDryRun());
    env.runtime.submitOrder('', 'buy', 1, 1);
    env.runtime.saveState({ n: env.runtime.openOrders().length });`;
  for (const config of [{}, { dry_run: true }]) {
    const world = await start(t, onTicker(body), { config });
    world.sandbox.market(ticker('1', '2'));
    await world.settled();
    t.deepEqual(world.decisions, [{ type: 'SaveState', state: { n: 0 } }]);
    t.is(world.logs[0], 'info true');
    t.regex(world.logs[1] ?? '', /^info dry run: \{"type":"PlaceOrder","ref":"1"/);
  }
});
