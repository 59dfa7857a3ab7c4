// Random commands of two clients and the synthetic market: no money appears or vanishes, and the ledger's lines
// give the same state as the commands did.
import test from 'ava';
import fc from 'fast-check';
import type { Engine } from '../../actors/exchanges/paper/core/engine.ts';
import { type Entry, isLedgered } from '../../actors/exchanges/paper/core/facts.ts';
import { Market } from '../../actors/exchanges/paper/core/market.ts';
import { isOpen, type Order } from '../../actors/exchanges/paper/core/order.ts';
import type { Outcome } from '../../actors/exchanges/paper/core/outcome.ts';
import { VenueState } from '../../actors/exchanges/paper/core/state.ts';
import { decode, encode } from '../../actors/exchanges/paper/ledger/codec.ts';
import { format, mul, parse } from '../../actors/market/decimal.ts';
import { engine, GIVEN, place, STARTED_AT, SYMBOLS, totals } from '../support/paper-core.ts';

const accounts = fc.constantFrom('alice', 'bob');
const sides = fc.constantFrom('BUY' as const, 'SELL' as const);
const symbols = fc.constantFrom('BTCUSDT', 'ETHUSDT');

const placing = fc.record({
  kind: fc.constant('place' as const),
  account: accounts,
  symbol: symbols,
  side: sides,
  type: fc.constantFrom('LIMIT' as const, 'LIMIT', 'LIMIT_MAKER', 'MARKET'),
  timeInForce: fc.constantFrom('GTC' as const, 'GTC', 'IOC', 'FOK'),
  // Around the start price, in steps of a tenth of a per cent.
  offset: fc.integer({ min: -8, max: 8 }),
  lots: fc.integer({ min: 1, max: 60_000 }),
  id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
});
const canceling = fc.record({ kind: fc.constant('cancel' as const), pick: fc.nat() });
const ticking = fc.record({ kind: fc.constant('tick' as const) });
const commands = fc.array(fc.oneof({ weight: 6, arbitrary: placing }, canceling, ticking), { maxLength: 60 });
type Command = typeof commands extends fc.Arbitrary<(infer One)[]> ? One : never;

class World {
  readonly venue: Engine = engine();
  readonly entries: string[] = [];
  private readonly markets: readonly Market[];
  private at = STARTED_AT;

  constructor(seed: number) {
    this.markets = SYMBOLS.map((rules) => new Market(this.venue, rules, seed));
    const balances = Object.entries(GIVEN).map(([asset, amount]) => ({ asset, amount: parse(amount) }));
    const facts = ['alice', 'bob'].map((account) => ({ type: 'AccountOpened' as const, account, balances }));
    this.entries.push(encode({ number: 1, at: this.at, facts }));
  }

  run(command: Command): void {
    this.at += 100;
    for (const outcome of this.outcomes(command)) this.write(outcome);
  }

  open(): Order[] {
    return [...this.venue.state.orders.values()].filter((order) => isOpen(order) && order.account !== 'house');
  }

  replayed(): VenueState {
    const state = new VenueState(SYMBOLS);
    for (const line of this.entries) state.replay(decode(line.trimEnd()) as Entry);
    return state;
  }

  private outcomes(command: Command): Outcome[] {
    if (command.kind === 'tick') return this.markets.flatMap((market) => market.tick(this.at));
    if (command.kind === 'cancel') {
      const open = this.open();
      const order = open[command.pick % open.length];
      return order ? [this.venue.cancel(order, 'cancel', this.at)] : [];
    }
    const rules = this.venue.state.symbols.get(command.symbol);
    if (!rules) return [];
    const price = rules.startPrice + (rules.startPrice / 1000n) * BigInt(command.offset);
    const type = command.type;
    const quantity = format(rules.stepSize * BigInt(command.lots));
    return [
      place(this.venue, { ...command, quantity, price: type === 'MARKET' ? '0' : format(price) }, this.at).outcome,
    ];
  }

  private write({ facts, at }: Outcome): void {
    const kept = facts.filter(isLedgered);
    if (kept.length > 0) this.entries.push(encode({ number: this.entries.length + 1, at, facts: kept }));
  }
}

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
        const left = order.quantity - order.executed;
        const amount = order.side === 'SELL' ? left : mul(order.price, left);
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

function picture(state: VenueState): object {
  const clients = ['alice', 'bob'].flatMap((account) =>
    SYMBOLS.map(({ name }) => {
      const { orders, trades, open } = state.histories.of(account, name);
      return { account, name, orders, trades, open: [...open.keys()] };
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
  const resting = SYMBOLS.flatMap(({ name }) =>
    (['BUY', 'SELL'] as const).flatMap((side) =>
      state
        .book(name)
        .depth(side, 5_000)
        .flatMap((level) => [...level.orders.values()].filter(({ account }) => account !== 'house')),
    ),
  );
  return { clients, balances, resting };
}
