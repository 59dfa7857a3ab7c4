// The order under messages in any order: what must hold however wrong the world is.
import test from 'ava';
import fc from 'fast-check';
import { createActor, SimulatedClock } from 'xstate';
import { add, format, max, mul, parse } from '../../actors/market/decimal.ts';
import type { ExecutionChangeRow, ExecutionRow, LedgerRow, OrderRow } from '../../actors/market/records.ts';
import { orderMachine } from '../../actors/order/machine.ts';
import type { ExecReport, OrderMessage } from '../../actors/order/messages.ts';
import type { RiskMessage } from '../../actors/risk/messages.ts';
import type { Effect } from '../../actors/runtime/effect.ts';
import {
  acked,
  amend,
  amendOf,
  busted,
  cancel,
  cancelOf,
  execution,
  FENCE_AT,
  found,
  LIVES,
  lifeOf,
  notFound,
  type OrderScene,
  orderIn,
  orderInput,
  PLACED_AT,
  queryFailed,
  reconcile,
  reported,
  unbalanced,
  unknown,
  word,
} from '../support/orders.ts';

const RUNS = 300;
const RESTING = ['denied', 'rejected', 'absent', 'filled', 'canceled', 'expired'];
const EVIDENCE = ['SubmitAcked', 'CancelAcked', 'AmendAcked', 'OrderFound', 'OrderReported'];

type Step = OrderMessage | { readonly wait: number };

const fills = fc
  .record({
    id: fc.integer({ min: 1, max: 6 }),
    quantity: fc.constantFrom('0.1', '0.25', '0.4', '1'),
    order: fc.constantFrom('881', '881', '882'),
  })
  .map(({ id, quantity, order }) => execution(`${id}`, quantity, { venueOrderId: order }));
const words = fc
  .record({
    status: fc.constantFrom(
      'parked',
      'open',
      'open',
      'open',
      'open',
      'open',
      'filled',
      'canceled',
      'expired',
      'rejected',
    ),
    filled: fc.constantFrom('0', '0', '0.1', '0.35', '0.5', '1', '1.2'),
    terms: fc.constantFrom({}, {}, {}, { quantity: '0.6', updatedAt: 2_000 }, { filledQuote: '60' }),
  })
  .map(({ status, filled, terms }) => word(status as 'open', filled, terms));
const busts = fc
  .tuple(words, fc.integer({ min: 1, max: 6 }), fc.option(fills))
  .map(([order, id, instead]) => busted(order, `${id}`, instead));

const ties = fc.constantFrom<OrderMessage>(
  amend('0.6'),
  amend('0.6'),
  amend('2'),
  amend('0.6', '99'),
  { type: 'AmendGranted' },
  { type: 'AmendGranted' },
  { type: 'AmendDenied', code: '1', reason: 'no' },
  { type: 'AmendRejected', code: '1', reason: 'no' },
  { type: 'AmendUnknown', reason: 'no' },
  { type: 'LinkOrder', linkedTo: 'mm1abc00000009' },
);

const messages: fc.Arbitrary<OrderMessage> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(words, fc.option(fills)).map(([order, fill]) => reported(order, fill)) },
  {
    weight: 2,
    arbitrary: fc.tuple(words, fc.array(fills, { maxLength: 3 })).map(([order, all]) => found(order, ...all)),
  },
  fc.tuple(words, fc.array(fills, { maxLength: 2 })).map(([order, all]) => acked(order, ...all)),
  words.map((order): OrderMessage => ({ type: 'CancelAcked', order })),
  words.map((order): OrderMessage => ({ type: 'AmendAcked', order })),
  busts,
  ties,
  fc.constantFrom(PLACED_AT, FENCE_AT + 1, FENCE_AT + 2).map(notFound),
  fc.constantFrom<OrderMessage>(
    { type: 'ReservationGranted' },
    { type: 'ReservationGranted' },
    { type: 'ReservationDenied', code: 'RATE_OVER_LIMIT', reason: '' },
    { type: 'SubmitGranted' },
    { type: 'SubmitGranted' },
    { type: 'SubmitGranted' },
    { type: 'SubmitRefused', reason: 'no' },
    { type: 'SubmitRejected', code: '1', reason: 'no' },
    { type: 'SubmitNotSent', reason: 'no' },
    { type: 'SubmitNotSent', reason: 'no' },
    { type: 'SubmitInterrupted' },
    { type: 'CancelRejected', code: '1', reason: 'no' },
    { type: 'CancelUnknown', reason: 'no' },
    { type: 'DeclareAbsent', by: 'ann', reason: 'no' },
    cancel,
    unknown,
    queryFailed,
    reconcile,
  ),
);
const quiet = fc.constantFrom<OrderMessage>(
  { type: 'ReservationGranted' },
  { type: 'ReservationDenied', code: 'RATE_OVER_LIMIT', reason: '' },
  { type: 'SubmitGranted' },
  { type: 'SubmitGranted' },
  { type: 'SubmitNotSent', reason: 'no' },
  { type: 'SubmitNotSent', reason: 'no' },
  { type: 'SubmitInterrupted' },
  { type: 'SubmitRejected', code: '1', reason: 'no' },
  unknown,
  cancel,
  { type: 'CancelRejected', code: '1', reason: 'no' },
  { type: 'CancelUnknown', reason: 'no' },
  queryFailed,
  reconcile,
  notFound(FENCE_AT + 1),
  notFound(FENCE_AT + 1),
);
const timer = fc.record({ wait: fc.nat(3) });

const granted: OrderMessage = { type: 'ReservationGranted' };
const slot: OrderMessage = { type: 'SubmitGranted' };

/** First the way towards the venue, then anything. */
const histories: fc.Arbitrary<readonly Step[]> = fc
  .tuple(
    fc.constantFrom<readonly OrderMessage[]>(
      [],
      [granted],
      [granted, slot],
      [granted, slot, unknown, notFound(FENCE_AT + 1)],
      [granted, slot, acked(), cancel],
      [granted, slot, acked(word('parked'))],
      [granted, slot, acked(), amend('0.6'), { type: 'AmendGranted' }],
      [granted, slot, acked(), amend('0.6'), { type: 'AmendGranted' }, { type: 'AmendUnknown', reason: 'no' }],
      [
        granted,
        slot,
        acked(),
        amend('0.6'),
        { type: 'AmendGranted' },
        { type: 'AmendRejected', code: '1', reason: 'no' },
      ],
    ),
    fc.array<Step>(fc.oneof({ weight: 3, arbitrary: quiet }, { weight: 1, arbitrary: timer }), {
      maxLength: 10,
      size: 'max',
    }),
    fc.array<Step>(fc.oneof({ weight: 6, arbitrary: messages }, { weight: 1, arbitrary: timer }), {
      maxLength: 30,
      size: 'max',
    }),
  )
  .map(([opening, early, late]) => [...opening, ...early, ...late]);

interface Told {
  readonly step: Step;
  readonly before: OrderScene;
  readonly after: OrderScene;
}

function run(steps: readonly Step[]): {
  readonly told: readonly Told[];
  readonly last: OrderScene;
  readonly effects: readonly Effect[];
} {
  let last = orderIn('intent');
  const effects: Effect[] = [...last.effects];
  const told: Told[] = [];
  for (const step of steps) {
    const armed = Object.keys('wait' in step ? last.timers : {});
    if ('wait' in step && armed.length === 0) continue;
    const after = 'wait' in step ? last.waits(armed[step.wait % armed.length] ?? '') : last.hears(step);
    told.push({ step, before: last, after });
    effects.push(...after.effects);
    last = after;
  }
  return { told, last, effects };
}

function rows<Row extends { readonly table: string }>(effects: readonly Effect[], table: Row['table']): Row[] {
  return effects.flatMap((effect) =>
    effect.type === 'record' && effect.row.table === table ? [effect.row as Row] : [],
  );
}

type Exposed = Extract<RiskMessage, { readonly type: 'ExposureFilled' }>;

function bustsOf(effects: readonly Effect[]): ExecutionChangeRow[] {
  return rows<ExecutionChangeRow>(effects, 'execution_changes').filter(({ bustedAt }) => bustedAt !== null);
}

function isBust(step: Step): boolean {
  return 'type' in step && step.type === 'OrderReported' && step.busted !== undefined;
}

function total(amounts: readonly string[]): string {
  return format(amounts.map(parse).reduce(add, 0n));
}

function holds(property: (history: ReturnType<typeof run>) => void): void {
  fc.assert(
    fc.property(histories, (steps) => property(run(steps))),
    { numRuns: RUNS },
  );
}

test('the histories go everywhere: every life state, every cancel state', (t) => {
  const lives = new Set<string>();
  const cancels = new Set<string>();
  const amends = new Set<string>();
  holds(({ told }) => {
    for (const { after } of told) {
      lives.add(lifeOf(after));
      cancels.add(cancelOf(after));
      amends.add(amendOf(after));
    }
  });
  t.deepEqual([...lives].sort(), [...LIVES].sort());
  t.deepEqual([...cancels].sort(), ['doubt', 'none', 'refused', 'sent', 'want']);
  // A question that a refused amend overtakes is rare; test/walk goes there.
  const common = [...amends].filter((state) => state !== 'overtaken');
  t.deepEqual(common.sort(), ['asked', 'doubt', 'none', 'refused', 'sent']);
});

test('executions are recorded once each, and rows, context, exposure and reports count the same', (t) => {
  holds(({ effects, last }) => {
    const executions = rows<ExecutionRow>(effects, 'executions');
    t.is(new Set(executions.map(({ tradeId, venueOrderId }) => `${tradeId}:${venueOrderId}`)).size, executions.length);
    const gone = new Set(bustsOf(effects).map(({ tradeId, venueOrderId }) => `${tradeId}:${venueOrderId}`));
    const live = executions.filter(({ tradeId, venueOrderId }) => !gone.has(`${tradeId}:${venueOrderId}`));
    const filled = total(live.map(({ quantity }) => quantity));
    t.is(last.context.filled, filled);
    const exposed = effects.flatMap((effect) =>
      effect.type === 'send' && effect.message.type === 'ExposureFilled' ? [effect.message as Exposed] : [],
    );
    t.is(total(exposed.map(({ kind, quantity }) => (kind === 'fill' ? quantity : `-${quantity}`))), filled);
    const reports = effects.flatMap((effect) => (effect.type === 'publish' ? [effect.event as ExecReport] : []));
    t.is(total(reports.map(({ lastQuantity }) => lastQuantity ?? '0')), filled);
    t.is(rows<OrderRow>(effects, 'orders').at(-1)?.filledQuantity, filled);
  });
});

test('the books balance: every posting in every asset, fills against the position, locks against what is open', (t) => {
  holds(({ effects, last }) => {
    t.deepEqual(unbalanced(effects), []);
    const { filled, filledQuote, locked } = last.context;
    const lines = rows<LedgerRow>(effects, 'ledger_entries');
    const sum = (account: string, asset: string, ...kinds: readonly LedgerRow['kind'][]): string =>
      total(
        lines
          .filter((row) => row.account === account && row.asset === asset && kinds.includes(row.kind))
          .map(({ amount }) => amount),
      );
    t.is(sum('available', 'BTC', 'trade', 'bust'), filled);
    t.is(sum('external', 'USDT', 'trade', 'bust'), filledQuote);
    t.is(sum('locked', 'USDT', 'lock'), locked);
    const isOpen = ['parked', 'working', 'closing'].includes(lifeOf(last));
    const open = max(parse(last.context.quantity) - parse(filled), 0n);
    t.is(locked, isOpen ? format(mul(open, parse(last.context.price ?? '0'))) : '0');
  });
});

test('an order is submitted once per claim, and claimed again only after proof that nothing was sent', (t) => {
  holds(({ told }) => {
    let proved = true;
    for (const { step, before, after } of told) {
      if (lifeOf(before) === 'sending' && 'type' in step && step.type === 'SubmitNotSent') proved = true;
      const submits = after.effects.filter((effect) => effect.type === 'command' && effect.name === 'submitOrder');
      if (submits.length === 0) continue;
      t.is(submits.length, 1);
      t.true(proved);
      proved = false;
    }
  });
});

test('an end the venue gave is final but for its last execution; one of our own yields to evidence alone', (t) => {
  holds(({ told }) => {
    for (const { step, before, after } of told) {
      const [from, to] = [lifeOf(before), lifeOf(after)];
      if (from === to || !RESTING.includes(from)) continue;
      t.true('type' in step && EVIDENCE.includes(step.type), `${from} to ${to}`);
      if (isBust(step)) continue;
      if (before.context.verdict !== null) t.is(to, 'filled');
      else t.true(after.context.surprises > before.context.surprises, 'a revival is recorded');
    }
  });
});

test('the orders row always says where the order is', (t) => {
  holds(({ told }) => {
    let row = rows<OrderRow>(orderIn('intent').effects, 'orders').at(-1);
    for (const { after } of told) {
      row = rows<OrderRow>(after.effects, 'orders').at(-1) ?? row;
      t.is(row?.life, lifeOf(after));
      t.is(row?.completedAt === null, !RESTING.includes(lifeOf(after)));
    }
  });
});

test('a reservation is released exactly when the outcome is known, and restored before it counts again', (t) => {
  holds(({ told }) => {
    let held = true;
    for (const { after } of told) {
      for (const effect of after.effects) {
        if (effect.type !== 'send') continue;
        if (effect.message.type === 'ReservationRestored') held = true;
        if (effect.message.type === 'ReservationReleased') {
          t.true(held);
          held = false;
        }
      }
      const life = lifeOf(after);
      if (life === 'denied') held = false;
      t.is(held, !RESTING.includes(life));
    }
  });
});

test('every message is handled, an order at rest has no timer, and a resting order is one that has ended', (t) => {
  holds(({ told }) => {
    for (const { after } of told) {
      t.true(after.handled);
      t.is(after.resting, RESTING.includes(lifeOf(after)));
      if (after.resting) t.deepEqual(after.timers, {});
    }
  });
});

test('an answer is never a cause to ask again at once', (t) => {
  holds(({ told }) => {
    for (const { step, before, after } of told) {
      if (!('type' in step) || !['OrderFound', 'OrderNotFound', 'QueryFailed'].includes(step.type)) continue;
      if (amendOf(before) === 'overtaken') continue; // once for each refusal of the venue
      const asked = after.effects.some((effect) => effect.type === 'command' && effect.name === 'queryOrder');
      t.false(asked, `${step.type} in ${before.state}`);
    }
  });
});

test('a plain XState actor emits the same effects', (t) => {
  fc.assert(
    fc.property(fc.array(messages, { minLength: 1, maxLength: 30 }), (bodies) => {
      const emitted: Effect[] = [];
      const actor = createActor(orderMachine, { input: orderInput(), clock: new SimulatedClock() });
      actor.on('*', (effect) => emitted.push(effect));
      actor.start();
      let scene = orderIn('intent');
      const effects: Effect[] = [...scene.effects];
      for (const [index, body] of bodies.entries()) {
        scene = scene.hears(body);
        effects.push(...scene.effects);
        actor.send({ ...body, at: PLACED_AT, messageId: `m${index}` });
      }
      t.deepEqual(JSON.parse(JSON.stringify(emitted)), effects);
      t.is(lifeOf(scene), lifeOf({ state: stateOf(actor.getSnapshot().value) }));
    }),
    { numRuns: 200 },
  );
});

function stateOf(value: object): string {
  const { life } = value as { readonly life: string | object };
  return `life.${typeof life === 'string' ? life : Object.keys(life)[0]}`;
}
