// Random commands of two clients and the synthetic market upon one engine, and the ledger they would leave.
import fc from 'fast-check';
import { bust } from '../../actors/exchanges/paper/core/busts.ts';
import type { Engine, PlaceRequest } from '../../actors/exchanges/paper/core/engine.ts';
import { type Entry, isLedgered } from '../../actors/exchanges/paper/core/facts.ts';
import { placeList } from '../../actors/exchanges/paper/core/lists.ts';
import { Market } from '../../actors/exchanges/paper/core/market.ts';
import { isOpen, type Order, takesAnyPrice } from '../../actors/exchanges/paper/core/order.ts';
import type { Outcome } from '../../actors/exchanges/paper/core/outcome.ts';
import { replace } from '../../actors/exchanges/paper/core/replace.ts';
import { inLines, snapshotOf } from '../../actors/exchanges/paper/core/snapshot.ts';
import { VenueState } from '../../actors/exchanges/paper/core/state.ts';
import { decode, encode } from '../../actors/exchanges/paper/ledger/codec.ts';
import { format, parse, roundUp } from '../../actors/market/decimal.ts';
import { engine, FEES, GIVEN, place, request, STARTED_AT, SYMBOLS, type Wish } from './paper-core.ts';

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
  prevention: fc.constantFrom('NONE' as const, 'NONE', 'EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH', 'DECREMENT'),
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
const busting = fc.record({
  kind: fc.constant('bust' as const),
  pick: fc.nat(),
  oneSide: fc.boolean(),
  /** Of quantity and price; 0 to take it back. */
  percent: fc.constantFrom(0, 0, 50, 99, 100, 101),
});
const listing = fc.record({
  kind: fc.constant('list' as const),
  account: fc.constantFrom('alice', 'bob'),
  side: fc.constantFrom('BUY' as const, 'SELL' as const),
  above: fc.integer({ min: 1, max: 8 }),
  below: fc.integer({ min: 1, max: 8 }),
  isLimit: fc.boolean(),
  lots: fc.integer({ min: 1, max: 60_000 }),
});
const ticking = fc.record({ kind: fc.constant('tick' as const) });

export const commands = fc.array(
  fc.oneof({ weight: 10, arbitrary: placing }, canceling, amending, replacing, busting, listing, ticking),
  {
    maxLength: 60,
    size: 'max',
  },
);
type Command = typeof commands extends fc.Arbitrary<(infer One)[]> ? One : never;
type Placing = Extract<Command, { kind: 'place' }>;

/** Alice pays her fees in ETH where she does not trade it, bob in what he receives. */
const IN_ETH = { asset: 'ETH', accounts: ['alice'], part: parse('0.75') };

export class World {
  readonly venue: Engine = engine(SYMBOLS, { ...FEES, inAsset: IN_ETH });
  readonly entries: string[] = [];
  private readonly markets: readonly Market[];
  private at = STARTED_AT;

  constructor(seed: number) {
    this.markets = SYMBOLS.map((rules) => new Market(this.venue, rules, seed));
    const balances = Object.entries(GIVEN).map(([asset, amount]) => ({ asset, amount: parse(amount) }));
    const facts = ['alice', 'bob'].map((account) => ({ type: 'AccountOpened' as const, account, balances }));
    const symbols = SYMBOLS.map(({ name, base, quote, startPrice }) => {
      return { symbol: name, base, quote, tick: 0, mid: startPrice, tradeIdFloor: 1, updateIdFloor: 1 };
    });
    const marked = { type: 'Marked' as const, orderIdFloor: 1, symbols };
    this.entries.push(encode({ number: 1, at: this.at, facts: [...facts, marked] }));
    this.venue.state.line = 1;
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

  /** A state that begins with a snapshot of this one, as it is read back. */
  restored(): VenueState {
    const state = new VenueState(SYMBOLS);
    for (const [index, facts] of inLines(snapshotOf(this.venue.state), 7).entries()) {
      state.replay(decode(encode({ number: index + 1, at: this.at, facts }).trimEnd()) as Entry);
    }
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
      case 'list':
        return this.list(command);
      case 'bust':
        return this.bust(command);
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

  private list({ account, side, above, below, isLimit, lots }: Extract<Command, { kind: 'list' }>): Outcome[] {
    const rules = this.venue.state.rules('BTCUSDT');
    const at = (offset: number): string => format(rules.startPrice + (rules.startPrice / 4000n) * BigInt(offset));
    const leg = (offset: number, stop: boolean): PlaceRequest => {
      const terms = { account, side, quantity: format(rules.stepSize * BigInt(lots)) };
      if (!stop) return request({ ...terms, type: 'LIMIT_MAKER', price: at(offset) });
      if (!isLimit) return request({ ...terms, type: 'STOP_LOSS', stop: at(offset) });
      return request({ ...terms, type: 'STOP_LOSS_LIMIT', stop: at(offset), price: at(offset * 2) });
    };
    const legs = { above: leg(above, side === 'BUY'), below: leg(-below, side === 'SELL') };
    const clientOrderId = `list-${this.entries.length}`;
    const { outcome } = placeList(this.venue, { account, symbol: 'BTCUSDT', clientOrderId, ...legs }, this.at);
    return outcome ? [outcome] : [];
  }

  private bust({ pick, oneSide, percent }: Extract<Command, { kind: 'bust' }>): Outcome[] {
    const { state } = this.venue;
    const trades = state.histories.all().flatMap(([, history]) => history.trades);
    const trade = trades[pick % trades.length];
    if (!trade) return [];
    const { symbol, id: tradeId, orderId, quantity, price } = trade;
    const { stepSize, tickSize } = state.rules(symbol);
    const part = (amount: bigint, step: bigint): bigint => roundUp((amount * BigInt(percent)) / 100n, step);
    const correction = percent === 0 ? null : { price: part(price, tickSize), quantity: part(quantity, stepSize) };
    const done = bust(state, { symbol, tradeId, correction, ...(oneSide && { orderId }) }, this.at);
    return typeof done === 'string' ? [] : [done];
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
    this.venue.state.line = this.entries.length;
  }
}
