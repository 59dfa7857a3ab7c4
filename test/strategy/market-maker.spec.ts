// The market maker on scripted tapes: what it quotes, when it moves, and what it never does.
import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { type Decision, inspectModule, type SandboxOptions } from '../../actors/strategy/sandbox/index.ts';
import { ROOMY, report, start, ticker, trade, type World } from './sandbox-support.ts';

const SOURCE = readFileSync(new URL('../../config/strategies/market-maker.js', import.meta.url), 'utf8');
const SCOPE = { paper: { symbols: ['BTC-USDT'] } };
const AT = 1_700_000_000_000;
type Place = Extract<Decision, { type: 'PlaceOrder' }>;

/** The module with a venue that answers only when told to. */
async function open(t: ExecutionContext, config: object = {}, given: Partial<SandboxOptions> = {}) {
  const options = { config: { dry_run: false, ...config }, scope: SCOPE, file: 'market-maker.js', ...given };
  const world = await start(t, SOURCE, options);
  let read = 0;
  /** Decisions since the last look, in short: `Buy 0.001@59970.00`, `cancel 1`. */
  const decided = async () => {
    await world.settled();
    const fresh = world.decisions.slice(read);
    read = world.decisions.length;
    return fresh.map(short);
  };
  const tick = (bid: string, ask: string) => {
    world.sandbox.market(ticker(bid, ask));
    return decided();
  };
  const trades = async (count: number) => {
    for (let n = 0; n < count; n += 1) {
      world.sandbox.market(trade('60000'));
      await world.settled();
    }
    return decided();
  };
  return { world, decided, tick, trades, venue: venueOf(world) };
}

function venueOf(world: World) {
  const orderOf = (ref: string): Place => {
    const order = world.decisions.find((one) => one.type === 'PlaceOrder' && one.ref === ref);
    if (order?.type !== 'PlaceOrder') throw new Error(`no order with ref ${ref}`);
    return order;
  };
  const say = async (
    state: 'ACK' | 'PARTIAL' | 'FILLED' | 'CANCELLED' | 'REJECTED',
    ref: string,
    given: object = {},
  ) => {
    const { side, quantity, price } = orderOf(ref);
    world.sandbox.order(report({ state, ref, clientOrderId: `c${ref}`, side, quantity, price, ...given }));
    await world.settled();
  };
  return {
    ack: (ref: string) => say('ACK', ref),
    fill: (ref: string, filledQuantity = orderOf(ref).quantity) =>
      say(filledQuantity === orderOf(ref).quantity ? 'FILLED' : 'PARTIAL', ref, { filledQuantity }),
    cancelled: (ref: string) => say('CANCELLED', ref),
    reject: (ref: string, rejectReason: string) => say('REJECTED', ref, { rejectReason }),
  };
}

function short(decision: Decision): string {
  if (decision.type === 'PlaceOrder') return `${decision.side} ${decision.quantity}@${decision.price}`;
  return decision.type === 'CancelOrder' ? `cancel ${decision.ref ?? decision.clientOrderId}` : decision.type;
}

test.serial('it is a module that says what it takes', async (t) => {
  const metadata = await inspectModule(SOURCE, ROOMY);
  t.like(metadata, { name: 'market-maker', tag: 'v1.0.0', events: ['Trade', 'Ticker', 'ExecReport', 'RiskControl'] });
  t.deepEqual(metadata.config.find(({ name }) => name === 'dry_run')?.default, true);
});

test.serial('it quotes one bid and one ask around the mid, on the tick, post-only', async (t) => {
  const { world, tick } = await open(t);
  t.deepEqual(await tick('59999.99', '60000.01'), ['Buy 0.001@59970.00', 'Sell 0.001@60030.00']);
  t.like(world.decisions[0], { symbol: 'BTC-USDT', orderType: 'Limit', timeInForce: 'GTC', postOnly: true, ref: '1' });
  t.deepEqual(await tick('59999.99', '60000.01'), [], 'both are on their way');
});

test.serial('it stays quiet until it has seen both sides of the market', async (t) => {
  const { tick, trades } = await open(t);
  t.deepEqual(await trades(3), []);
  t.deepEqual(await tick('0', '60000'), []);
  t.deepEqual(await tick('60000', '60000'), [], 'crossed');
});

test.serial('a quote stands while the mid stays near, and is cancelled before it is replaced', async (t) => {
  const { tick, decided, venue } = await open(t);
  await tick('59999.99', '60000.01');
  await venue.ack('1');
  await venue.ack('2');
  t.deepEqual(await tick('60009.99', '60010.01'), [], '10 of 60000 are under 2 bps');
  t.deepEqual(await tick('60019.99', '60020.01'), ['cancel 1', 'cancel 2']);
  t.deepEqual(await tick('60029.99', '60030.01'), [], 'nothing is placed before the old ones are over');
  await venue.cancelled('1');
  t.deepEqual(await decided(), []);
  t.deepEqual(await tick('60029.99', '60030.01'), ['Buy 0.001@59999.98']);
  await venue.cancelled('2');
  t.deepEqual(await tick('60029.99', '60030.01'), ['Sell 0.001@60060.02']);
});

test.serial('after enough trades a quote is replaced for any distance, and not for none', async (t) => {
  const { tick, trades, venue } = await open(t, { requote_trades: 5 });
  await tick('59999.99', '60000.01');
  await venue.ack('1');
  await venue.ack('2');
  t.deepEqual(await trades(8), [], 'it is where it should be');
  t.deepEqual(await tick('60000.99', '60001.01'), ['cancel 1', 'cancel 2']);
});

test.serial('a quote that was replaced has its trades counted anew', async (t) => {
  const { tick, trades, venue } = await open(t, { requote_trades: 5, max_open_orders: 1 });
  await tick('59999.99', '60000.01');
  await trades(5);
  await tick('60000.99', '60001.01');
  await venue.cancelled('1');
  t.deepEqual(await tick('60000.99', '60001.01'), ['Buy 0.001@59970.99']);
  await venue.ack('2');
  t.deepEqual(await trades(4), []);
  t.deepEqual(await tick('60001.99', '60002.01'), [], 'only 4 trades since');
  t.deepEqual(await trades(1), ['cancel 2']);
});

test.serial('a quote cancelled on its way is not cancelled again when it gets its id', async (t) => {
  const { tick, venue } = await open(t, { max_open_orders: 1 });
  await tick('59999.99', '60000.01');
  t.deepEqual(await tick('60999.99', '61000.01'), ['cancel 1']);
  await venue.ack('1');
  t.deepEqual(await tick('60999.99', '61000.01'), []);
});

test.serial('a bid that fills is replaced lower and the ask follows: inventory skews both', async (t) => {
  const { tick, venue } = await open(t, { requote_bps: '0.1', skew_bps: '5', inventory_limit: '0.002' });
  await tick('59999.99', '60000.01');
  await venue.ack('1');
  await venue.ack('2');
  await venue.fill('1');
  const half = await tick('59999.99', '60000.01');
  t.deepEqual(half, ['Buy 0.001@59955.00', 'cancel 2'], 'centre 59985 at half the limit');
  await venue.cancelled('2');
  t.deepEqual(await tick('59999.99', '60000.01'), ['Sell 0.001@60015.00']);
});

test.serial('at the inventory limit only the side that makes it smaller is quoted', async (t) => {
  const { tick, venue } = await open(t, { inventory_limit: '0.002', skew_bps: '0' });
  await tick('59999.99', '60000.01');
  await venue.ack('1');
  await venue.ack('2');
  await venue.fill('1');
  t.deepEqual(await tick('59999.99', '60000.01'), ['Buy 0.001@59970.00']);
  await venue.fill('3');
  t.deepEqual(await tick('59999.99', '60000.01'), [], 'long 0.002: no further bid');
  await venue.fill('2');
  t.deepEqual(await tick('59999.99', '60000.01'), ['Buy 0.001@59970.00', 'Sell 0.001@60030.00']);
});

test.serial('a position handed over from the run before counts towards the limit', async (t) => {
  const positions = [{ provider: 'paper', symbol: 'BTC-USDT', quantity: '-0.01' }];
  const { tick } = await open(t, { skew_bps: '0' }, { account: { orders: [], positions } });
  t.deepEqual(await tick('59999.99', '60000.01'), ['Buy 0.001@59970.00']);
});

test.serial('quotes of the run before are kept where they are right and replaced where not', async (t) => {
  const old = { ref: null, provider: 'paper', symbol: 'BTC-USDT', orderType: 'Limit', quantity: '0.001' } as const;
  const life = { stopPrice: null, filledQuantity: '0', state: 'ACK', cancelling: false } as const;
  const orders = [
    { ...old, ...life, clientOrderId: 'old1', side: 'Buy', price: '59970.00' },
    { ...old, ...life, clientOrderId: 'old2', side: 'Sell', price: '60100.00' },
    { ...old, ...life, clientOrderId: 'old3', side: 'Buy', price: '59970.00' },
  ] as const;
  const { tick, world } = await open(t, {}, { account: { orders, positions: [] } });
  t.deepEqual(await tick('59999.99', '60000.01'), ['cancel old3', 'cancel old2'], 'one order a side');
  world.sandbox.order(report({ state: 'CANCELLED', clientOrderId: 'old2', side: 'Sell' }));
  world.sandbox.order(report({ state: 'CANCELLED', clientOrderId: 'old3' }));
  t.deepEqual(await tick('59999.99', '60000.01'), ['Sell 0.001@60030.00']);
});

test.serial('it never has more open orders than it may', async (t) => {
  const { tick, venue } = await open(t, { max_open_orders: 1 });
  t.deepEqual(await tick('59999.99', '60000.01'), ['Buy 0.001@59970.00']);
  await venue.ack('1');
  t.deepEqual(await tick('59999.99', '60000.01'), []);
});

test.serial('after a reject it stays out for some market events, twice as many after the next', async (t) => {
  const { tick, venue, world } = await open(t, { backoff_events: 3, max_open_orders: 1 });
  await tick('59999.99', '60000.01');
  const pausesFor = async () => {
    for (let events = 1; events < 100; events += 1) {
      if ((await tick('59999.99', '60000.01')).length > 0) return events;
    }
    return t.fail('it never came back');
  };
  await venue.reject('1', 'insufficient balance');
  t.is(await pausesFor(), 3);
  await venue.reject('2', 'insufficient balance');
  t.is(await pausesFor(), 6);
  await venue.ack('3');
  await venue.cancelled('3');
  t.is(await pausesFor(), 1);
  await venue.reject('4', 'would match');
  t.is(await pausesFor(), 3, 'an acknowledged order ends the row');
  t.deepEqual(world.logs, [
    'info no new quotes for 3 market events: order rejected: insufficient balance',
    'info no new quotes for 6 market events: order rejected: insufficient balance',
    'info no new quotes for 3 market events: order rejected: would match',
  ]);
});

test.serial('a kill switch takes the quotes away until it is cleared', async (t) => {
  const { tick, venue, world } = await open(t);
  const risk = {
    type: 'RiskControl',
    strategyId: 'any',
    provider: 'paper',
    symbol: 'BTC-USDT',
    timestamp: AT,
  } as const;
  const engaged = { reason: 'by hand', breachType: '', killSwitchEngaged: true, circuitBreakerOpen: false };
  await tick('59999.99', '60000.01');
  await venue.ack('1');
  await venue.ack('2');
  world.sandbox.order({ ...risk, ...engaged, status: 'TRIGGERED' });
  t.deepEqual(await tick('59999.99', '60000.01'), ['cancel 1', 'cancel 2']);
  await venue.cancelled('1');
  await venue.cancelled('2');
  t.deepEqual(await tick('59999.99', '60000.01'), []);
  world.sandbox.order({ ...risk, ...engaged, killSwitchEngaged: false, status: 'CLEARED' });
  t.deepEqual(await tick('59999.99', '60000.01'), ['Buy 0.001@59970.00', 'Sell 0.001@60030.00']);
});

test.serial('a breach that stops nobody only makes it wait', async (t) => {
  const { tick, world } = await open(t, { backoff_events: 2 });
  const risk = {
    type: 'RiskControl',
    strategyId: 'any',
    provider: 'paper',
    symbol: 'BTC-USDT',
    timestamp: AT,
  } as const;
  const breach = { reason: 'throttled', breachType: 'RATE_LIMIT', killSwitchEngaged: false, circuitBreakerOpen: false };
  world.sandbox.order({ ...risk, ...breach, status: 'TRIGGERED' });
  t.deepEqual(await tick('59999.99', '60000.01'), []);
  t.deepEqual(await tick('59999.99', '60000.01'), ['Buy 0.001@59970.00', 'Sell 0.001@60030.00']);
});

test.serial('an order that would be too small for the venue is not placed', async (t) => {
  const { tick } = await open(t, { order_size: '0.00008' });
  t.deepEqual(await tick('59999.99', '60000.01'), [], '4.80 USDT');
  const enough = await open(t, { order_size: '0.00009' });
  t.is((await enough.tick('59999.99', '60000.01')).length, 2);
});

test.serial('quotes never go through the other side of the market', async (t) => {
  const { tick } = await open(t, { spread_bps: '0' });
  t.deepEqual(await tick('60000.00', '60000.01'), ['Buy 0.001@60000.00', 'Sell 0.001@60000.01']);
  const skewed = [{ provider: 'paper', symbol: 'BTC-USDT', quantity: '-0.009' }];
  const short = await open(t, { spread_bps: '1', skew_bps: '50' }, { account: { orders: [], positions: skewed } });
  t.deepEqual(await short.tick('60000.00', '60000.50'), ['Buy 0.001@60000.49', 'Sell 0.001@60276.28']);
});

test.serial('a cancel that brings no answer is asked for again', async (t) => {
  const { tick, world } = await open(t, { max_open_orders: 1 });
  await tick('59999.99', '60000.01');
  t.deepEqual(await tick('60999.99', '61000.01'), ['cancel 1']);
  for (let n = 0; n < 250; n += 1) await tick('60999.99', '61000.01');
  t.deepEqual(world.decisions.map(short).slice(2), ['cancel 1']);
});

test.serial('a dry run says its quotes once and replaces them as it would', async (t) => {
  const { tick, world } = await open(t, { dry_run: true });
  await tick('59999.99', '60000.01');
  await tick('59999.99', '60000.01');
  t.is(world.logs.length, 2);
  await tick('60999.99', '61000.01');
  await tick('60999.99', '61000.01');
  t.is(world.logs.length, 4);
  t.deepEqual(world.decisions, []);
});

test.serial('events of another instrument do not make it quote', async (t) => {
  const scope = { paper: { symbols: ['ETH-USDT', 'BTC-USDT'] } };
  const { tick, world } = await open(t, { symbol: 'BTC-USDT' }, { scope });
  world.sandbox.market(ticker('3000', '3001', AT, 'ETH-USDT'));
  t.deepEqual(await tick('59999.99', '60000.01'), ['Buy 0.001@59970.00', 'Sell 0.001@60030.00']);
  t.true(world.decisions.every((one) => one.type === 'PlaceOrder' && one.symbol === 'BTC-USDT'));
});

test.serial('settings that cannot work stop it at the start', async (t) => {
  await t.throwsAsync(open(t, { price_tick: '0' }), { message: /price_tick and order_size have to be above 0/ });
});

const step = fc.oneof(
  fc.record({ what: fc.constant('tick' as const), mid: fc.integer({ min: 59_900, max: 60_100 }) }),
  fc.record({ what: fc.constantFrom('ack', 'fill', 'part', 'cancelled', 'reject'), pick: fc.nat(9) }),
);

test.serial('on any tape it has at most one live order a side and stays inside its limit', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (tape) => {
      const { world, tick, venue } = await open(t, { backoff_events: 1, inventory_limit: '0.003' });
      const filled = new Map<string, number>();
      const over = new Set<string>();
      const orders = () => world.decisions.filter((one): one is Place => one.type === 'PlaceOrder');
      const live = () => orders().filter(({ ref }) => !over.has(ref));
      const position = () =>
        orders().reduce((sum, { ref, side }) => sum + (side === 'Buy' ? 1 : -1) * (filled.get(ref) ?? 0), 0);
      for (const now of tape) {
        if ('mid' in now) await tick(`${now.mid}.00`, `${now.mid}.02`);
        const chosen = 'pick' in now ? live()[now.pick % Math.max(1, live().length)] : undefined;
        if (chosen && 'pick' in now) {
          if (now.what === 'fill') filled.set(chosen.ref, 0.001);
          if (now.what === 'part') filled.set(chosen.ref, 0.0005);
          if (now.what === 'ack') await venue.ack(chosen.ref);
          if (now.what === 'part') await venue.fill(chosen.ref, '0.0005');
          if (now.what !== 'ack' && now.what !== 'part') over.add(chosen.ref);
          if (now.what === 'fill') await venue.fill(chosen.ref);
          if (now.what === 'cancelled') await venue.cancelled(chosen.ref);
          if (now.what === 'reject') await venue.reject(chosen.ref, 'no');
        }
        for (const side of ['Buy', 'Sell']) {
          const mine = live().filter((order) => order.side === side);
          t.true(mine.length <= 1);
          const rest = mine.reduce((sum, { ref }) => sum + 0.001 - (filled.get(ref) ?? 0), 0);
          const worst = position() + (side === 'Buy' ? rest : -rest);
          t.true(Math.abs(worst) <= 0.003 + 1e-9 || Math.abs(worst) < Math.abs(position()), `worst ${worst}`);
        }
        t.deepEqual(world.faults, []);
      }
      await world.sandbox.stop();
    }),
    { numRuns: 15 },
  );
});
