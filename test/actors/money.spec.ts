// The books of orders and their risk scope together: ledger, positions, profit and fees say the same, whatever a venue
// reports, takes back and corrects.
import test from 'ava';
import fc from 'fast-check';
import { add, type Decimal, mul, parse, sub } from '../../actors/market/decimal.ts';
import type { LedgerRow, PositionRow } from '../../actors/market/records.ts';
import type { OrderMessage } from '../../actors/order/messages.ts';
import type { Effect } from '../../actors/runtime/effect.ts';
import { amend, busted, cancel, execution, reported, unbalanced, word } from '../support/orders.ts';
import { risk } from '../support/risks.ts';
import { TradeWorld } from '../support/trade-world.ts';

const NAMES = ['o1', 'o2', 'o3'] as const;
const ids = fc.constantFrom('1', '2', '3', '4');
const charges = fc.constantFrom(
  { fee: null, feeAsset: null },
  { fee: '0.001', feeAsset: 'BTC' },
  { fee: '0.03', feeAsset: 'USDT' },
  { fee: '-0.01', feeAsset: 'USDT' },
  { fee: '0.0002', feeAsset: 'BNB' },
);
/** The same id may come again with other data, as venues do. */
const fills = fc
  .record({
    id: ids,
    quantity: fc.constantFrom('0.1', '0.25', '0.333333', '1'),
    price: fc.constantFrom('100', '97.31', '104.000001'),
    charge: charges,
  })
  .map(({ id, quantity, price, charge }) => execution(id, quantity, { price, ...charge }));
const statuses = fc.constantFrom<'open' | 'filled' | 'canceled'>('open', 'open', 'open', 'filled', 'canceled');
const words = fc
  .record({ status: statuses, filled: fc.constantFrom('0', '0.25', '0.5', '1') })
  .map(({ status, filled }) => word(status, filled));
const news: fc.Arbitrary<OrderMessage> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(words, fills).map(([order, fill]) => reported(order, fill)) },
  { weight: 2, arbitrary: fc.tuple(words, ids).map(([order, id]) => busted(order, id)) },
  fc.tuple(words, ids, fills).map(([order, id, fill]) => busted(order, id, fill)),
  words.map((order) => reported(order)),
  fc.constantFrom(cancel, amend('0.5'), amend('1.5', '99')),
);
const lives = fc.record({
  sides: fc.array(fc.constantFrom<'Buy' | 'Sell'>('Buy', 'Sell'), { minLength: 3, maxLength: 3 }),
  steps: fc.array(fc.record({ name: fc.constantFrom(...NAMES), message: news }), { maxLength: 40, size: 'max' }),
});

/** Each order with trades of its own: their ids are the venue's. */
function live({ sides, steps }: typeof lives extends fc.Arbitrary<infer Life> ? Life : never): TradeWorld {
  const world = new TradeWorld(risk({ killSwitchEnabled: false }));
  for (const [index, name] of NAMES.entries()) world.place(name, { side: sides[index] ?? 'Buy' });
  for (const { name, message } of steps) world.tell(name, named(name, message));
  return world;
}

function named(name: string, message: OrderMessage): OrderMessage {
  const text = JSON.stringify(message, (key, value) => (key === 'tradeId' ? `${name}-${value}` : value));
  return JSON.parse(text.replaceAll('"881"', `"v-${name}"`)) as OrderMessage;
}

function rowsOf<Row extends LedgerRow | PositionRow>(effects: readonly Effect[], table: Row['table']): Row[] {
  return effects.flatMap((effect) =>
    effect.type === 'record' && effect.row.table === table ? [effect.row as Row] : [],
  );
}

function total(amounts: readonly string[]): Decimal {
  return amounts.map(parse).reduce(add, 0n);
}

function books({ effects }: TradeWorld) {
  const lines = rowsOf<LedgerRow>(effects, 'ledger_entries');
  const moves = rowsOf<PositionRow>(effects, 'positions');
  const balance = (asset: string, ...accounts: readonly LedgerRow['account'][]): Decimal =>
    total(lines.filter((line) => line.asset === asset && accounts.includes(line.account)).map(({ amount }) => amount));
  const paid = (asset: string): Decimal =>
    total(moves.flatMap(({ fee }) => (fee?.asset === asset ? [fee.amount] : [])));
  const last = moves.at(-1) ?? { quantity: '0', costQuote: '0' };
  return { lines, balance, paid, last, realized: total(moves.map(({ realizedQuote }) => realizedQuote)) };
}

test('every posting sums to zero in every asset, and none is written twice', (t) => {
  fc.assert(
    fc.property(lives, (life) => {
      const world = live(life);
      t.deepEqual(unbalanced(world.effects), []);
      const { lines } = books(world);
      for (const asset of ['BTC', 'USDT', 'BNB']) {
        t.is(total(lines.filter((line) => line.asset === asset).map(({ amount }) => amount)), 0n);
      }
    }),
    { numRuns: 200 },
  );
});

test('the position is what the ledger holds of the base, and the profit account what it realized', (t) => {
  fc.assert(
    fc.property(lives, (life) => {
      const { balance, last, realized, paid } = books(live(life));
      t.is(parse(last.quantity), balance('BTC', 'available', 'locked'));
      t.is(realized, balance('USDT', 'pnl'));
      for (const asset of ['BTC', 'USDT', 'BNB']) t.is(paid(asset), balance(asset, 'fees'));
    }),
    { numRuns: 200 },
  );
});

test('at any mark realized and unrealized profit less fees are the change of what the account is worth', (t) => {
  const marks = fc.constantFrom('100', '0.01', '250.75');
  fc.assert(
    fc.property(lives, marks, (life, mark) => {
      const { balance, last, realized, paid } = books(live(life));
      const worth = mul(balance('BTC', 'available', 'locked'), parse(mark));
      const equity = add(balance('USDT', 'available', 'locked'), worth);
      const unrealized = sub(mul(parse(last.quantity), parse(mark)), parse(last.costQuote));
      t.is(sub(add(realized, unrealized), paid('USDT')), equity);
    }),
    { numRuns: 200 },
  );
});

test('what is locked is what the open orders hold back, and nothing once they ended', (t) => {
  fc.assert(
    fc.property(lives, (life) => {
      const world = live(life);
      const held = [...world.orders.values()].map(({ context }) => {
        return { asset: context.order.side === 'Sell' ? 'BTC' : 'USDT', locked: context.locked };
      });
      const { balance } = books(world);
      for (const asset of ['BTC', 'USDT']) {
        t.is(balance(asset, 'locked'), total(held.filter((one) => one.asset === asset).map(({ locked }) => locked)));
      }
      const ended = [...world.orders.values()].filter(({ resting }) => resting);
      for (const { context } of ended) t.is(context.locked, '0');
    }),
    { numRuns: 200 },
  );
});
