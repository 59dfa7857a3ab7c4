// Random commands of two clients and the synthetic market: no money appears or vanishes, and the ledger's lines
// give the same state as the commands did.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import type { Entry } from '../../actors/exchanges/paper/core/facts.ts';
import { lockedFor } from '../../actors/exchanges/paper/core/order.ts';
import type { VenueState } from '../../actors/exchanges/paper/core/state.ts';
import { decode } from '../../actors/exchanges/paper/ledger/codec.ts';
import { readLedger } from '../../actors/exchanges/paper/ledger/read.ts';
import { format, max, mul, parse } from '../../actors/market/decimal.ts';
import { scratch } from '../support/paper.ts';
import { GIVEN, SYMBOLS, totals } from '../support/paper-core.ts';
import { commands, World } from '../support/paper-world.ts';

/** Two clients with what they were given. */
const ISSUED = new Map(Object.entries(GIVEN).map(([asset, amount]) => [asset, 2n * parse(amount)]));

test('each asset sums to what the clients were given, whatever they, the market and the fees did', (t) => {
  fc.assert(
    fc.property(fc.integer(), commands, (seed, list) => {
      const world = new World(seed);
      for (const command of list) {
        world.run(command);
        for (const [asset, sum] of totals(world.venue.state)) if (sum !== (ISSUED.get(asset) ?? 0n)) return false;
      }
      return true;
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('what is locked is exactly what the open orders hold, and no client goes below zero', (t) => {
  fc.assert(
    fc.property(fc.integer(), commands, (seed, list) => {
      const world = new World(seed);
      for (const command of list) world.run(command);
      const held = new Map<string, bigint>();
      for (const order of world.open()) {
        const asset = order.side === 'SELL' ? order.symbol.replace('USDT', '') : 'USDT';
        const left = order.quantity - order.executed - (order.decremented ?? 0n);
        const price = order.price === 0n ? (order.stopPrice ?? 0n) : order.price;
        const alone = order.side === 'SELL' ? left : mul(price, left);
        // Two orders of a list hold together what the dearer one needs.
        const others = world.venue.state.lists.siblings(order);
        const isFirst = others.every(({ id }) => id > order.id);
        const dearer = others.reduce((most, other) => max(most, lockedFor(other, other.quantity)), alone);
        const amount = isFirst ? dearer : 0n;
        held.set(`${order.account} ${asset}`, (held.get(`${order.account} ${asset}`) ?? 0n) + amount);
      }
      return ['alice', 'bob'].every((account) =>
        world.venue.state.accounts
          .list(account)
          .every(([asset, { free, locked }]) => free >= 0n && locked === (held.get(`${account} ${asset}`) ?? 0n)),
      );
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('the commands are all of those the venue knows, and each of them does something', (t) => {
  const seen = new Map<string, number>();
  const orders = new Map<string, number>();
  const count = (counts: Map<string, number>, name: string): unknown => counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const list of fc.sample(commands, { numRuns: 250, seed: 1 })) {
    const world = new World(1);
    for (const command of list) world.run(command);
    for (const line of world.entries) for (const { type } of (decode(line.trimEnd()) as Entry).facts) count(seen, type);
    for (const order of world.venue.state.orders.values()) count(orders, `${order.type} ${order.status}`);
  }
  const often = (counts: Map<string, number>, names: readonly string[]): void => {
    for (const name of names) t.true((counts.get(name) ?? 0) >= 5, `${name}: ${counts.get(name)}`);
  };
  often(seen, [
    'OrderPlaced',
    'Traded',
    'OrderClosed',
    'OrderAmended',
    'OrderTriggered',
    'MatchPrevented',
    'TradeBusted',
    'ListPlaced',
    'OrderFunded',
  ]);
  often(orders, ['LIMIT EXPIRED_IN_MATCH', 'STOP_LOSS FILLED', 'TAKE_PROFIT FILLED']);
  often(orders, ['STOP_LOSS_LIMIT FILLED', 'TAKE_PROFIT_LIMIT FILLED', 'STOP_LOSS NEW', 'TAKE_PROFIT NEW']);
});

test('an order is never filled beyond its quantity, and its trades sum to what it says', (t) => {
  fc.assert(
    fc.property(fc.integer(), commands, (seed, list) => {
      const world = new World(seed);
      for (const command of list) world.run(command);
      return ['alice', 'bob'].every((account) =>
        ['BTCUSDT', 'ETHUSDT'].every((symbol) => {
          const { orders, trades } = world.venue.state.histories.of(account, symbol);
          return orders.every((order) => {
            const own = trades.filter(({ orderId }) => orderId === order.id);
            const sum = own.reduce((total, { quantity }) => total + quantity, 0n);
            const quote = own.reduce((total, { quantity, price }) => total + mul(quantity, price), 0n);
            return sum === order.executed && quote === order.executedQuote && sum <= order.quantity;
          });
        }),
      );
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('replaying the ledger gives the same orders, balances, trades and resting order', (t) => {
  fc.assert(
    fc.property(fc.integer(), commands, (seed, list) => {
      const world = new World(seed);
      for (const command of list) world.run(command);
      const replayed = world.replayed();
      t.deepEqual(picture(replayed), picture(world.venue.state));
    }),
    { numRuns: 200 },
  );
});

test('who reads the ledger from outside finds the orders, trades and balances that the venue has', async (t) => {
  const file = path.join(await scratch(t), 'ledger.jsonl');
  await fc.assert(
    fc.asyncProperty(fc.integer(), commands, async (seed, list) => {
      const world = new World(seed);
      for (const command of list) world.run(command);
      await writeFile(file, world.entries.join(''));
      const view = await readLedger(file);
      const { state } = world.venue;
      const told = view.orders.map(
        (order) => `${order.orderId} ${order.status} ${order.quantity} ${order.executedQty}`,
      );
      const clients = [...state.orders.values()].filter(({ account }) => account !== 'house');
      const has = clients.map((order) => {
        return `${order.id} ${order.status} ${format(order.quantity)} ${format(order.executed)}`;
      });
      t.deepEqual(told, has);
      for (const account of ['alice', 'bob']) {
        const trades = SYMBOLS.flatMap(({ name }) => state.histories.of(account, name).trades);
        const sides = trades.map(({ id, orderId, fee, feeAsset }) => `${id} ${orderId} ${format(fee)} ${feeAsset}`);
        const seen = view.trades.filter((trade) => trade.account === account);
        const read = seen.map(({ tradeId, orderId, fee, feeAsset }) => `${tradeId} ${orderId} ${fee} ${feeAsset}`);
        t.deepEqual(read.toSorted(), sides.toSorted());
        for (const [asset, { free, locked }] of state.accounts.list(account)) {
          t.is(view.balances.get(account)?.get(asset) ?? '0', format(free + locked));
        }
      }
    }),
    { numRuns: 100 },
  );
});

test('a snapshot gives the same, and goes the same way on with what comes after it', (t) => {
  fc.assert(
    fc.property(fc.integer(), commands, commands, (seed, before, after) => {
      const world = new World(seed);
      for (const command of before) world.run(command);
      const restored = world.restored();
      t.deepEqual(picture(restored), picture(world.venue.state));
      const from = world.entries.length;
      for (const command of after) world.run(command);
      for (const line of world.entries.slice(from)) restored.replay(decode(line.trimEnd()) as Entry);
      t.deepEqual(picture(restored), picture(world.venue.state));
    }),
    { numRuns: 150 },
  );
});

function picture(state: VenueState): object {
  const clients = ['alice', 'bob'].flatMap((account) =>
    SYMBOLS.map(({ name }) => {
      const { orders, trades, open, byClientOrderId, amendments, prevented } = state.histories.of(account, name);
      const named = [...byClientOrderId].map(([id, order]) => `${id} ${order.id}`).toSorted();
      return {
        account,
        name,
        orders,
        trades,
        amendments,
        prevented,
        named,
        open: [...open.keys()].toSorted((one, other) => one - other),
      };
    }),
  );
  // An asset that an account never touched is as good as none of it.
  const balances = [...state.accounts.names()].sort().flatMap((account) =>
    state.accounts
      .list(account)
      .filter(([, { free, locked }]) => free !== 0n || locked !== 0n)
      .map(([asset, { free, locked }]) => `${account} ${asset} ${format(free)} ${format(locked)}`)
      .sort(),
  );
  const waiting = SYMBOLS.map(({ name, startPrice }) => ({
    all: state.stops(name).reachedBy(0n).length + state.stops(name).reachedBy(startPrice * 10n).length,
    prevented: state.listed(name).nextPreventedMatchId,
    lists: state.lists.all(),
  }));
  const resting = SYMBOLS.flatMap(({ name }) =>
    (['BUY', 'SELL'] as const).flatMap((side) =>
      state
        .book(name)
        .depth(side, 5_000)
        .flatMap((level) => [...level.orders.values()].filter(({ account }) => account !== 'house')),
    ),
  );
  return { clients, balances, waiting, resting };
}
