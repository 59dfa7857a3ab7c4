// Positions at average cost: the arithmetic, and what the risk scope records of it.
import test from 'ava';
import fc from 'fast-check';
import { add, type Decimal, format, mul, parse, sub } from '../../actors/market/decimal.ts';
import type { LedgerRow, PositionRow } from '../../actors/market/records.ts';
import type { RiskContext } from '../../actors/risk/decision.ts';
import { POSITIONS_MAX } from '../../actors/risk/holdings.ts';
import { type RiskMessage, riskActor } from '../../actors/risk/index.ts';
import {
  applyBust,
  applyFee,
  applyFill,
  type Charge,
  FLAT,
  isFlat,
  type Position,
  type PositionChange,
  type Trade,
} from '../../actors/risk/position.ts';
import { createStepper } from '../../actors/runtime/step.ts';
import { filled, risk, riskLines, wants } from '../support/risks.ts';

const FREE: Charge = { base: 'BTC', fee: null, feeAsset: null };

function trade(side: 'Buy' | 'Sell', quantity: string, price: string): Trade {
  return { side, quantity, price };
}

/** `quantity cost realized` after each trade, from a flat position. */
function course(...trades: readonly Trade[]): readonly string[] {
  const lines: string[] = [];
  let position: Position = FLAT;
  for (const one of trades) {
    const change = applyFill(position, one, FREE);
    lines.push(`${change.position.quantity} ${change.position.cost} ${change.realized}`);
    position = change.position;
  }
  return lines;
}

test('what is added raises the cost, what is closed makes its price less the average', (t) => {
  t.deepEqual(
    course(trade('Buy', '1', '100'), trade('Buy', '1', '110'), trade('Sell', '0.5', '120'), trade('Sell', '1.5', '90')),
    ['1 100 0', '2 210 0', '1.5 157.5 7.5', '0 0 -22.5'],
  );
  t.deepEqual(course(trade('Sell', '2', '100'), trade('Buy', '1', '90'), trade('Buy', '1', '105')), [
    '-2 -200 0',
    '-1 -100 10',
    '0 0 -5',
  ]);
});

test('a trade beyond zero closes what there is and opens the rest at its price', (t) => {
  t.deepEqual(course(trade('Buy', '1', '100'), trade('Sell', '3', '110')), ['1 100 0', '-2 -220 10']);
  t.deepEqual(course(trade('Sell', '1', '100'), trade('Buy', '3', '110')), ['-1 -100 0', '2 220 -10']);
});

test('what rounding leaves of a closed share stays in the cost', (t) => {
  const third = '0.333333333333333333';
  t.deepEqual(course(trade('Buy', '3', third), trade('Sell', '1', '1'), trade('Sell', '2', '0')), [
    '3 0.999999999999999999 0',
    '2 0.666666666666666666 0.666666666666666667',
    '0 0 -0.666666666666666666',
  ]);
});

test('a fee in the base asset leaves the position without proceeds; in any other asset it is no part of it', (t) => {
  const bought = (fee: string, feeAsset: string): PositionChange =>
    applyFill(FLAT, trade('Buy', '1', '100'), { base: 'BTC', fee, feeAsset });
  t.deepEqual(bought('0.001', 'BTC'), { position: { quantity: '0.999', cost: '99.9' }, realized: '-0.1' });
  t.deepEqual(bought('-0.001', 'BTC'), { position: { quantity: '1.001', cost: '100' }, realized: '0' });
  t.deepEqual(bought('0.1', 'USDT'), { position: { quantity: '1', cost: '100' }, realized: '0' });
  const late = applyFee({ quantity: '1', cost: '100' }, { base: 'BTC', fee: '0.001', feeAsset: 'BTC' });
  t.deepEqual(late, bought('0.001', 'BTC'));
});

const amounts = fc.integer({ min: 1, max: 5_000_000 }).map((n) => format(BigInt(n) * 10n ** 11n));
const prices = fc.integer({ min: 1, max: 9_000_000 }).map((n) => format(BigInt(n) * 10n ** 15n));
const fees = fc.option(
  fc.tuple(fc.integer({ min: -3_000, max: 9_000 }), fc.constantFrom('BTC', 'USDT', 'BNB')).map(([n, feeAsset]) => {
    return { fee: format(BigInt(n) * 10n ** 10n), feeAsset };
  }),
);
const fills = fc
  .record({ side: fc.constantFrom<'Buy' | 'Sell'>('Buy', 'Sell'), quantity: amounts, price: prices, paid: fees })
  .map(({ paid, ...one }) => ({ trade: one, charge: { base: 'BTC', fee: null, feeAsset: null, ...paid } }));

/** What came in and went out, counted without any idea of a position. */
function flows(done: readonly { readonly trade: Trade; readonly charge: Charge; readonly sign: 1n | -1n }[]) {
  let base = 0n;
  let cash = 0n;
  for (const { trade: one, charge, sign } of done) {
    const bought = parse(one.quantity) * (one.side === 'Buy' ? sign : -sign);
    base += bought;
    cash -= mul(bought, parse(one.price));
    if (charge.fee !== null && charge.feeAsset === 'BTC') base -= parse(charge.fee) * sign;
  }
  return { base, cash };
}

test('at any mark realized and unrealized profit are what the executions made, to the last place', (t) => {
  const step = fc.record({ fill: fills, isBust: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }), prices, (steps, mark) => {
      const done = steps.map(({ fill, isBust }) => ({ ...fill, sign: isBust ? -1n : 1n }) as const);
      let position = FLAT;
      let realized: Decimal = 0n;
      for (const [index, { sign, trade: one, charge }] of done.entries()) {
        const change = (sign === 1n ? applyFill : applyBust)(position, one, charge);
        position = change.position;
        realized = add(realized, parse(change.realized));
        const { base, cash } = flows(done.slice(0, index + 1));
        t.is(parse(position.quantity), base);
        const unrealized = sub(mul(base, parse(mark)), parse(position.cost));
        t.is(add(realized, unrealized), add(cash, mul(base, parse(mark))));
        if (position.quantity === '0') t.is(position.cost, '0');
      }
    }),
    { numRuns: 300 },
  );
});

test('a position at positive prices costs on the side it is on, between the best and the worst price paid', (t) => {
  const free = fc.array(fills, { minLength: 1, maxLength: 30, size: 'max' });
  fc.assert(
    fc.property(free, (steps) => {
      let position = FLAT;
      for (const { trade: one } of steps) {
        position = applyFill(position, one, FREE).position;
        const [quantity, cost] = [parse(position.quantity), parse(position.cost)];
        t.true(quantity > 0n ? cost > 0n : quantity === 0n ? cost === 0n : cost < 0n);
        const paid = steps.map(({ trade: { price } }) => parse(price)).toSorted((a, b) => (a < b ? -1 : 1));
        const [size, worth] = quantity < 0n ? [-quantity, -cost] : [quantity, cost];
        // A share of the cost is rounded at each close, so the average may leave the band by that much.
        const slack = BigInt(steps.length);
        t.true(worth + slack >= mul(size, paid[0] ?? 0n) && worth - slack <= mul(size, paid.at(-1) ?? 0n));
      }
    }),
    { numRuns: 200 },
  );
});

test('when every fill is taken back, in whatever order, nothing is held and nothing was made', (t) => {
  const few = fc.array(fills, { minLength: 1, maxLength: 12, size: 'max' });
  fc.assert(
    fc.property(few, fc.infiniteStream(fc.nat()), (steps, chance) => {
      const order = steps.map((step) => ({ step, rank: chance.next().value ?? 0 }));
      const backwards = order.toSorted((a, b) => a.rank - b.rank).map(({ step }) => step);
      let position = FLAT;
      let realized: Decimal = 0n;
      const take = (change: PositionChange): void => {
        position = change.position;
        realized = add(realized, parse(change.realized));
      };
      for (const { trade: one, charge } of steps) take(applyFill(position, one, charge));
      for (const { trade: one, charge } of backwards) take(applyBust(position, one, charge));
      t.true(isFlat(position), JSON.stringify(position));
      t.is(realized, 0n);
    }),
    { numRuns: 200 },
  );
});

const usdt = (fee: string) => ({ fee, feeAsset: 'USDT' });

test('a fill records the position, its fee, and the profit as two ledger lines of one posting', (t) => {
  const opened = risk().hears(filled('a', '1', 'Buy', usdt('0.1')));
  t.deepEqual(riskLines(opened), ['position 1 cost 100 realized 0 fee 0.1 USDT']);
  t.deepEqual(opened.context.positions, { 'paper mm-1 BTC-USDT main': { quantity: '1', cost: '100' } });
  const closed = opened.hears(filled('b', '1', 'Sell', { price: '130', ...usdt('0.13') }));
  t.deepEqual(riskLines(closed), [
    'position 0 cost 0 realized 30 fee 0.13 USDT',
    'ledger profit:fill:b profit external:paper -30 USDT',
    'ledger profit:fill:b profit pnl:paper 30 USDT',
  ]);
  t.deepEqual(closed.context.positions, {}, 'a flat position leaves memory');
});

test('a bust takes position, profit and fee back, and leaves the reservation to the order', (t) => {
  const before = risk().hears(
    wants('a', { quantity: '2' }),
    filled('a', '2', 'Buy', usdt('0.2')),
    filled('b', '1', 'Sell', { price: '110' }),
  );
  const busted = before.hears(filled('a', '2', 'Buy', { ...usdt('0.2'), kind: 'bust', posting: 'bust:fill:a' }));
  t.deepEqual(riskLines(busted), ['position -1 cost -100 realized 0 fee -0.2 USDT']);
  const book = busted.context.exposure.books['paper:BTC-USDT'];
  t.deepEqual([book?.position, book?.open['a']?.left], ['-1', '0']);
});

test('a fee that is told late is counted, and one in the base asset costs what it takes of the position', (t) => {
  const learned = (fee: string, feeAsset: string) => ({
    type: 'FeeLearned' as const,
    ...{ provider: 'paper', account: 'main', strategyInstance: 'mm-1', symbol: 'BTC-USDT' },
    ...{ fee, feeAsset },
  });
  const scene = risk().hears(filled('a', '1'));
  t.deepEqual(riskLines(scene.hears(learned('0.1', 'USDT'))), ['position 1 cost 100 realized 0 fee 0.1 USDT']);
  const lines = riskLines(scene.hears(learned('0.01', 'BTC')));
  t.is(lines[0], 'position 0.99 cost 99 realized -1 fee 0.01 BTC');
  t.regex(lines[1] ?? '', /^ledger profit:\S+ profit external:paper 1 USDT$/);
  t.regex(lines[2] ?? '', /^ledger profit:\S+ profit pnl:paper -1 USDT$/);
});

test('positions are told apart by provider, account, instance and symbol', (t) => {
  const scene = risk().hears(
    filled('a', '1'),
    filled('b', '1', 'Buy', { provider: 'other' }),
    filled('c', '1', 'Buy', { account: 'sub' }),
    filled('d', '1', 'Buy', { strategyInstance: 'mm-2' }),
    filled('e', '1', 'Buy', { symbol: 'ETH-USDT' }),
  );
  t.is(Object.keys(scene.context.positions).length, 5);
});

test('with as many positions as a scope keeps new orders are denied, fills are taken, and what reduces passes', (t) => {
  let scene = risk();
  for (let n = 0; n <= POSITIONS_MAX; n += 1) {
    scene = scene.hears(filled(`f${n}`, '1', 'Buy', { strategyInstance: `mm-${n}` }));
  }
  t.is(Object.keys(scene.context.positions).length, POSITIONS_MAX + 1);
  t.regex(riskLines(scene.hears(wants('a')))[0] ?? '', /^order\/a ReservationDenied EXPOSURE_FULL /);
  t.deepEqual(riskLines(scene.hears(wants('a', { side: 'Sell' }))), ['order/a ReservationGranted']);
});

/** Everything a scope recorded over its life. */
function recordedOver(steps: readonly RiskMessage[]) {
  const rows: (PositionRow | LedgerRow)[] = [];
  let scene = risk({ killSwitchEnabled: false });
  for (const message of steps) {
    scene = scene.hears(message);
    for (const effect of scene.effects) {
      if (effect.type !== 'record') continue;
      const row = effect.row as PositionRow | LedgerRow;
      if (row.table === 'positions' || row.table === 'ledger_entries') rows.push(row);
    }
  }
  return rows;
}

test('the profit account is the sum of what the positions realized, and every posting sums to zero', (t) => {
  const kinds = fc.constantFrom<'fill' | 'bust'>('fill', 'fill', 'fill', 'bust');
  fc.assert(
    fc.property(fc.array(fc.tuple(fills, kinds), { maxLength: 30, size: 'max' }), (steps) => {
      const rows = recordedOver(
        steps.map(
          (
            [
              {
                trade: { side, quantity, price },
                charge,
              },
              kind,
            ],
            n,
          ) => filled(`o${n}`, quantity, side, { price, fee: charge.fee, feeAsset: charge.feeAsset, kind }),
        ),
      );
      const lines = rows.filter((row) => row.table === 'ledger_entries');
      const sum = (of: readonly string[]) => of.map(parse).reduce(add, 0n);
      const realized = rows.flatMap((row) => (row.table === 'positions' ? [row.realizedQuote] : []));
      t.is(sum(lines.filter(({ account }) => account === 'pnl').map(({ amount }) => amount)), sum(realized));
      for (const posting of Map.groupBy(lines, (line) => line.posting).values()) {
        t.is(sum(posting.map(({ amount }) => amount)), 0n);
        t.true(posting.every(({ amount }) => amount !== '0'));
      }
    }),
    { numRuns: 150 },
  );
});

test('a scope stored by version 1 goes on with what it knew, holding nothing yet', (t) => {
  const { positions: _held, restrictions: _places, ...old } = risk().hears(wants('a'), filled('a', '0.4')).context;
  const stored = riskActor.upgrade[1]?.(JSON.parse(JSON.stringify({ v: 'active', c: old })));
  if (stored === undefined) throw new Error('there is no upgrade from version 1');
  const stepper = createStepper(riskActor.machine);
  const filledMore = { ...filled('a', '0.6'), at: 11_000, messageId: 'm-1' };
  const { head, handled } = stepper.step(stepper.restore(stored), filledMore);
  t.true(handled);
  const { exposure, positions } = head.context as RiskContext;
  t.is(exposure.books['paper:BTC-USDT']?.position, '1');
  t.deepEqual(positions, { 'paper mm-1 BTC-USDT main': { quantity: '0.6', cost: '60' } });
});
