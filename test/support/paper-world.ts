// Random commands of two clients and the synthetic market upon one engine, and the ledger they would leave.
import fc from 'fast-check';
import type { Engine } from '../../actors/exchanges/paper/core/engine.ts';
import { type Entry, isLedgered } from '../../actors/exchanges/paper/core/facts.ts';
import { Market } from '../../actors/exchanges/paper/core/market.ts';
import { isOpen, type Order, takesAnyPrice } from '../../actors/exchanges/paper/core/order.ts';
import type { Outcome } from '../../actors/exchanges/paper/core/outcome.ts';
import { replace } from '../../actors/exchanges/paper/core/replace.ts';
import { VenueState } from '../../actors/exchanges/paper/core/state.ts';
import { decode, encode } from '../../actors/exchanges/paper/ledger/codec.ts';
import { format, parse } from '../../actors/market/decimal.ts';
import { engine, GIVEN, place, request, STARTED_AT, SYMBOLS, type Wish } from './paper-core.ts';

const placing = fc.record({
  kind: fc.constant('place' as const),
  account: fc.constantFrom('alice', 'bob'),
  symbol: fc.constantFrom('BTCUSDT', 'ETHUSDT'),
  side: fc.constantFrom('BUY' as const, 'SELL' as const),
  type: fc.constantFrom(
    'LIMIT' as const,
    'LIMIT',
    'LIMIT',
    'LIMIT_MAKER',
    'MARKET',
    'STOP_LOSS',
    'STOP_LOSS_LIMIT',
    'TAKE_PROFIT',
    'TAKE_PROFIT_LIMIT',
  ),
  timeInForce: fc.constantFrom('GTC' as const, 'GTC', 'IOC', 'FOK'),
  prevention: fc.constantFrom('NONE' as const, 'NONE', 'EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH'),
  // Around the start price, in steps of a quarter of a thousandth: within what the house quotes.
  offset: fc.integer({ min: -8, max: 8 }),
  stopOffset: fc.integer({ min: -4, max: 4 }),
  lots: fc.integer({ min: 1, max: 60_000 }),
  id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
});
const canceling = fc.record({ kind: fc.constant('cancel' as const), pick: fc.nat() });
const amending = fc.record({
  kind: fc.constant('amend' as const),
  pick: fc.nat(),
  percent: fc.integer({ min: 1, max: 110 }),
  id: fc.constantFrom('a', 'b', 'x', 'y'),
});
const replacing = fc.record({
  kind: fc.constant('replace' as const),
  pick: fc.nat(),
  stopOnFailure: fc.boolean(),
  by: placing,
});
const ticking = fc.record({ kind: fc.constant('tick' as const) });

export const commands = fc.array(
  fc.oneof({ weight: 10, arbitrary: placing }, canceling, amending, replacing, { weight: 1, arbitrary: ticking }),
  {
    maxLength: 60,
    size: 'max',
  },
);
type Command = typeof commands extends fc.Arbitrary<(infer One)[]> ? One : never;
type Placing = Extract<Command, { kind: 'place' }>;

export class World {
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
    switch (command.kind) {
      case 'tick':
        return this.markets.flatMap((market) => market.tick(this.at));
      case 'place':
        return [place(this.venue, this.wish(command), this.at).outcome];
      case 'cancel': {
        const order = this.pick(command.pick);
        return order ? [this.venue.cancel(order, 'cancel', this.at)] : [];
      }
      case 'amend':
        return this.amend(command);
      case 'replace': {
        const { pick, stopOnFailure, by } = command;
        const what = { restriction: undefined, cancelId: 'cancel', closed: null };
        const wish = { order: this.pick(pick), request: request(this.wish(by)), stopOnFailure, ...what };
        const { outcome } = replace(this.venue, wish, this.at);
        return outcome ? [outcome] : [];
      }
    }
  }

  private amend({ pick, percent, id }: Extract<Command, { kind: 'amend' }>): Outcome[] {
    const order = this.pick(pick);
    const step = order && this.venue.state.symbols.get(order.symbol)?.stepSize;
    if (!order || !step) return [];
    const steps = (order.quantity * BigInt(percent)) / 100n / step;
    const amended = this.venue.amend(order, steps * step, id, this.at);
    return 'code' in amended ? [] : [amended];
  }

  private pick(number: number): Order | undefined {
    const open = this.open();
    return open[number % open.length];
  }

  private wish(command: Placing): Wish {
    const { account, symbol, side, type, timeInForce, prevention, id } = command;
    const rules = this.venue.state.symbols.get(symbol);
    if (!rules) throw new Error(`not listed: ${symbol}`);
    const priceAt = (offset: number): string => format(rules.startPrice + (rules.startPrice / 4000n) * BigInt(offset));
    const isStop = type.startsWith('STOP') || type.startsWith('TAKE');
    return {
      account,
      symbol,
      side,
      type,
      timeInForce: type === 'LIMIT' || type.endsWith('_LIMIT') ? timeInForce : 'GTC',
      prevention,
      id,
      quantity: format(rules.stepSize * BigInt(command.lots)),
      price: takesAnyPrice(type) ? '0' : priceAt(command.offset),
      ...(isStop && { stop: priceAt(command.stopOffset) }),
    };
  }

  private write({ facts, at }: Outcome): void {
    const kept = facts.filter(isLedgered);
    if (kept.length > 0) this.entries.push(encode({ number: this.entries.length + 1, at, facts: kept }));
  }
}
