// Whatever a strategy instance hears in whatever order: it never throws, handles it all, keeps its bounds, and stops.
import test from 'ava';
import fc from 'fast-check';
import { DEFAULT_BOUNDS } from '../../actors/runtime/bounds.ts';
import type { Send } from '../../actors/runtime/effect.ts';
import type { Message } from '../../actors/runtime/message.ts';
import { FAULTS_MAX, OPEN_ORDERS_MAX, STATE_CHARS_MAX } from '../../actors/strategy/bounds.ts';
import type { StrategyContext } from '../../actors/strategy/context.ts';
import type { StrategyMessage } from '../../actors/strategy/messages.ts';
import { type Saying, walk, walks } from '../support/chance.ts';
import {
  amend,
  amendRefused,
  execReport,
  FIRST_ORDER,
  fault,
  LOST,
  place,
  placePair,
  READY,
  STRATEGY,
  STRATEGY_AT,
  STRATEGY_STATES,
  sandboxStarted,
  strategyIn,
} from '../support/strategies.ts';

const LENGTH = { minLength: 20, maxLength: 80 };
type Said = Saying<StrategyMessage, StrategyContext>;

/** How far from the present one the number of a sandbox is: mostly it is that one. */
const off = fc.constantFrom(0, 0, 0, 0, -1, 1);
const amount = fc.constantFrom('0', '1', '0.5', '0.0001', '100', '', '-1', '1e5', '99999999999999999999999');
const orderId = fc.integer({ min: 1, max: 12 }).map((n) => `mm1${n.toString(36).padStart(8, '0')}`);
const ref = fc.nat({ max: 12 }).map(String);
const reportState = fc.constantFrom('ACK', 'PARTIAL', 'FILLED', 'CANCELLED', 'REJECTED', 'EXPIRED');

const plain: fc.Arbitrary<StrategyMessage> = fc.oneof(
  fc.constantFrom<StrategyMessage>(
    { type: 'Start' },
    { type: 'Start' },
    { type: 'Stop' },
    { type: 'NodeStarted' },
    READY,
    READY,
    LOST,
    { ...READY, provider: 'other' },
    { type: 'Configure', revision: 'sha256:1', config: STRATEGY.config, scope: STRATEGY.scope },
    { type: 'Configure', revision: 'sha256:2', config: {}, scope: { paper: { symbols: ['BTC-USDT'] } } },
  ),
  fc
    .tuple(reportState, orderId, fc.option(fc.constantFrom('0.5', '1')))
    .map(([to, clientOrderId, lastQuantity]) => execReport(to, { clientOrderId, lastQuantity })),
  fc
    .tuple(orderId, orderId)
    .map(([clientOrderId, replacedBy]) => execReport('CANCELLED', { clientOrderId, replacedBy })),
  orderId.map(amendRefused),
);
/** Terms that mostly do not go together. */
const terms = fc.record({
  orderType: fc.constantFrom('Limit', 'Market', 'Stop', 'StopLimit'),
  quantity: amount,
  price: fc.option(amount),
  stopPrice: fc.option(amount),
  side: fc.constantFrom('Buy', 'Sell'),
  timeInForce: fc.constantFrom('GTC', 'IOC', 'FOK', 'GTD'),
  goodTillAt: fc.option(fc.constantFrom(1, STRATEGY_AT + 60_000)),
  postOnly: fc.boolean(),
});
const decisions: fc.Arbitrary<Said> = fc.oneof(
  fc.record({ n: off, ref, quantity: amount, price: fc.option(amount), side: fc.constantFrom('Buy', 'Sell') }).map(
    ({ n, ...change }): Said =>
      ({ sandbox }) =>
        place({ ...change, sandbox: sandbox + n }),
  ),
  fc.tuple(off, ref, fc.option(ref), terms).map(
    ([n, name, linkedTo, change]): Said =>
      ({ sandbox }) =>
        place({ ...change, ref: name, linkedTo, sandbox: sandbox + n }),
  ),
  fc.tuple(off, ref, ref, fc.option(terms)).map(
    ([n, first, second, change]): Said =>
      ({ sandbox }) => ({ ...placePair({ ref: first }, { ...change, ref: second }), sandbox: sandbox + n }),
  ),
  fc.tuple(off, ref, fc.option(orderId), fc.option(amount), fc.option(amount)).map(
    ([n, name, clientOrderId, quantity, price]): Said =>
      ({ sandbox }) =>
        amend({ ref: name, clientOrderId, quantity, price, sandbox: sandbox + n }),
  ),
  fc.tuple(off, fc.constantFrom(null, 'paper', 'other'), fc.constantFrom(null, 'BTC-USDT', 'X-Y')).map(
    ([n, provider, symbol]): Said =>
      ({ sandbox }) => ({ type: 'CancelOrders', sandbox: sandbox + n, provider, symbol }),
  ),
  fc.record({ n: off, clientOrderId: fc.option(orderId), ref: fc.option(ref) }).map(
    ({ n, ...which }): Said =>
      ({ sandbox }) => ({ type: 'CancelOrder', sandbox: sandbox + n, ...which }),
  ),
  fc.tuple(off, fc.jsonValue()).map(
    ([n, saved]): Said =>
      ({ sandbox }) => ({ type: 'SaveState', sandbox: sandbox + n, state: JSON.parse(JSON.stringify(saved)) }),
  ),
  fc.tuple(off, fc.boolean()).map(
    ([n, fatal]): Said =>
      ({ sandbox }) =>
        fault(sandbox + n, fatal),
  ),
);
const answers: fc.Arbitrary<Said> = fc.oneof(
  off.map(
    (n): Said =>
      ({ sandbox }) =>
        sandboxStarted(sandbox + n, 'Trade'),
  ),
  fc.tuple(off, fc.boolean()).map(
    ([n, retryable]): Said =>
      ({ sandbox }) => ({ type: 'SandboxFailed', sandbox: sandbox + n, reason: 'x', retryable }),
  ),
  off.map(
    (n): Said =>
      ({ sandbox }) => ({ type: 'SandboxStopped', sandbox: sandbox + n }),
  ),
);
/** What a module, a host and a provider without faults say next. */
const onward: fc.Arbitrary<Said> = fc.constantFrom<Said>(
  ({ sandbox, placed }) => place({ sandbox, ref: String(placed) }),
  ({ sandbox, placed }) => place({ sandbox, ref: `s${placed}`, linkedTo: String(placed - 1) }),
  ({ sandbox }) => ({ ...placePair(), sandbox }),
  ({ sandbox, open }) => amend({ sandbox, clientOrderId: Object.keys(open)[0] ?? null, quantity: '0.4' }),
  ({ open }) => {
    const amended = Object.values(open).find(({ replacement }) => replacement !== null);
    const { clientOrderId = FIRST_ORDER, replacement = null } = amended ?? {};
    return execReport('CANCELLED', { clientOrderId, replacedBy: replacement?.clientOrderId ?? 'mm1zzzzzzzz' });
  },
  ({ sandbox }) => place({ sandbox }),
  ({ sandbox }) => sandboxStarted(sandbox, 'Trade'),
  () => READY,
  () => ({ type: 'Start' }),
);
const saying: fc.Arbitrary<Said> = fc.oneof(
  { weight: 4, arbitrary: onward },
  { weight: 3, arbitrary: decisions },
  { weight: 2, arbitrary: answers },
  {
    weight: 3,
    arbitrary: plain.map(
      (message): Said =>
        () =>
          message,
    ),
  },
);

test('an instance handles everything in every order, keeps its bounds and can always be stopped', (t) => {
  fc.assert(
    fc.property(fc.constantFrom(...STRATEGY_STATES), walks(saying, LENGTH), (state, steps) => {
      const end = walk(strategyIn(state), steps, (scene, said) => {
        const { context, effects } = scene;
        if (!scene.handled) throw new Error(`${said} was not handled in ${scene.state}`);
        if (Object.keys(context.open).length > OPEN_ORDERS_MAX) throw new Error('too many open orders');
        if (context.faults.times.length > FAULTS_MAX + 1) throw new Error('too many faults are remembered');
        const spawned = effects.filter(({ type }) => type === 'spawn').length;
        const trades = scene.state === 'running' || scene.state === 'starting.launching';
        if (spawned > 0 && !trades) throw new Error(`an order was made in ${scene.state}`);
        if (scene.state === 'stopped' && Object.keys(scene.timers).length > 0) throw new Error('a stopped one ticks');
      });
      const stopped = end.hears({ type: 'Stop' });
      if (stopped.state !== 'stopped') throw new Error(`Stop led to ${stopped.state}`);
      const canceled = stopped.effects.filter(
        (effect) => effect.type === 'send' && effect.message.type === 'CancelOrder',
      );
      if (canceled.length !== Object.keys(end.context.open).length) throw new Error('an open order was not canceled');
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('no two orders of an instance ever share a client order id, those that may replace one included', (t) => {
  let replaced = 0;
  fc.assert(
    fc.property(walks(saying, LENGTH), (steps) => {
      const ids = new Set<string>();
      const replacements = new Map<string, string>();
      walk(strategyIn('running'), steps, ({ effects }) => {
        for (const effect of effects) {
          const id = effect.type === 'spawn' ? effect.key : undefined;
          if (id !== undefined && ids.has(id)) throw new Error(`${id} was made twice`);
          if (id !== undefined) ids.add(id);
          if (effect.type !== 'send' || effect.message.type !== 'AmendOrder') continue;
          const { replacement } = effect.message as Message & { readonly replacement: string };
          const owner = replacements.get(replacement) ?? effect.to;
          if (owner !== effect.to) throw new Error(`${replacement} may replace ${owner} and ${effect.to}`);
          if (!replacements.has(replacement) && ids.has(`order/${replacement}`)) throw new Error('an id was used up');
          replacements.set(replacement, effect.to);
          ids.add(`order/${replacement}`);
          replaced += 1;
        }
      });
    }),
    { numRuns: 200 },
  );
  t.true(replaced > 100, 'the walks do amend orders');
});

test('whoever is told of a partner has one that was told of it in the same turn', (t) => {
  let pairs = 0;
  fc.assert(
    fc.property(walks(saying, LENGTH), (steps) => {
      walk(strategyIn('running'), steps, ({ effects }) => {
        const partners = new Map<string, string>();
        for (const effect of effects) {
          const { linkedTo } = (effect.type === 'spawn' ? effect.input : 'message' in effect ? effect.message : {}) as {
            readonly linkedTo?: string | null;
          };
          if (typeof linkedTo !== 'string') continue;
          partners.set(effect.type === 'spawn' ? effect.key : (effect as Send).to, `order/${linkedTo}`);
        }
        for (const [one, two] of partners) {
          if (partners.get(two) !== one) throw new Error(`${two} does not know ${one}`);
          pairs += 1;
        }
      });
    }),
    { numRuns: 200 },
  );
  t.true(pairs > 200, 'the walks do make pairs');
});

test('an instance at all its bounds fits the runtime', (t) => {
  const symbols = Array.from({ length: 100 }, (_, n) => `LONGBASE${n}-LONGQUOTE`);
  const scope = { paper: { symbols } };
  const instruments = symbols.map((symbol) => ({
    ...{ symbol, base: symbol.slice(0, 11), quote: 'LONGQUOTE', priceIncrement: '0.00000001', maxQuantity: '90000000' },
    ...{ quantityIncrement: '0.00000001', minQuantity: '0.00000001', minNotional: '10.00000000' },
  }));
  const config = { text: 'x'.repeat(16_000) };
  const ready = strategyIn('starting.watching', { scope, config }).hears({ ...READY, instruments }, sandboxStarted(1));
  const much = { quantity: '1234567.12345678', price: '123456.12345678', postOnly: false } as const;
  const stop = { ...much, orderType: 'StopLimit', stopPrice: '123456.12345678', side: 'Sell' } as const;
  const pairs = Array.from({ length: OPEN_ORDERS_MAX / 2 }, (_, n) => {
    const symbol = symbols[n] ?? '';
    return placePair({ ...stop, symbol, ref: `${n}a` }, { ...stop, symbol, ref: `${n}b` });
  });
  const amends = pairs.flatMap(({ orders }) =>
    orders.map((one) => amend({ ref: one.ref, quantity: '7654321.87654321' })),
  );
  const saved: StrategyMessage = { type: 'SaveState', sandbox: 1, state: 'x'.repeat(STATE_CHARS_MAX - 2) };
  const full = ready.hears(...pairs, ...amends, saved);
  t.true(Object.values(full.context.open).every(({ linked, replacement }) => linked && replacement !== null));
  t.is(Object.keys(full.context.open).length, OPEN_ORDERS_MAX);
  t.is(JSON.stringify(full.context.state).length, STATE_CHARS_MAX);
  t.true(JSON.stringify(full.context).length < DEFAULT_BOUNDS.snapshotChars);
  t.true(full.hears({ type: 'Stop' }).effects.length < DEFAULT_BOUNDS.effectsPerTurn);
});
