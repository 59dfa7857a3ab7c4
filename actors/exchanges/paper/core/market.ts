// The synthetic market: a mid price that walks at random, the house's orders around it, and takers that come and
// take. A client's resting order is filled when the price walks through it or a taker reaches it, and only partly when
// the taker wanted less.
// Every tick draws from a generator of its own (seed, symbol, tick number), so the same seed and the same commands at
// the same times give the same market, and what a client does moves nothing but the orders it meets.
// With a recorded tape the price follows its prints and its takers are the only ones; the house's orders stay drawn.
// Random numbers are doubles; every price and quantity made from them is a whole number of ticks or steps.
import { type Decimal, div, roundDown, roundUp } from '../../../market/decimal.ts';
import type { Engine } from './engine.ts';
import { isOpen, type Order, type Side } from './order.ts';
import type { Outcome } from './outcome.ts';
import { gaussian, type Random, seeded } from './random.ts';
import type { SymbolRules } from './symbol.ts';

export interface MarketTerms {
  /** Distance between the house's price levels, in millionths of the start price. */
  readonly levelPpm: bigint;
  readonly levels: number;
  /** Half of the house's spread, in millionths of the mid price. */
  readonly halfSpreadPpm: bigint;
  /** Deviation of one tick's move, in millionths. 100 at four ticks a second is about 110 % a year. */
  readonly movePpm: number;
  /** Part of the way back to the start price that one tick goes, in millionths: keeps long runs in sight. */
  readonly returnPpm: bigint;
  /** Chance of a taker in a tick, and of a second one. */
  readonly takerChances: readonly number[];
  /** Quote amounts: a level of the house, and the middle of the takers' sizes. */
  readonly levelQuote: readonly [least: number, greatest: number];
  readonly takerQuote: number;
  /** Recorded prints by symbol; one that has none walks at random. At its end a tape begins again. */
  readonly tape?: ReadonlyMap<string, readonly Print[]>;
}

/** A recorded trade: what its taker took, and where. */
export interface Print {
  readonly afterMs: number;
  readonly price: Decimal;
  readonly quantity: Decimal;
  readonly side: Side;
}

/** Of tape, or of synthetic market, in a tick. */
export const TICK_MS = 250;

export const DEFAULT_MARKET: MarketTerms = {
  levelPpm: 100n,
  levels: 25,
  halfSpreadPpm: 200n,
  movePpm: 100,
  returnPpm: 10n,
  takerChances: [0.6, 0.2],
  levelQuote: [5_000, 50_000],
  takerQuote: 400,
};

const MILLION = 1_000_000n;
const SIDES: readonly Side[] = ['BUY', 'SELL'];
/** Chance that a level is renewed in a tick, for the sake of movement. */
const REFRESH_CHANCE = 0.05;
/** Takers' sizes over the middle one: most small, a few large, as real ones are. */
const TAKER_SIZES = [0.05, 0.1, 0.2, 0.5, 0.5, 1, 1, 2, 4, 10, 40];

interface WantedLevel {
  readonly side: Side;
  readonly price: Decimal;
  readonly quantity: Decimal;
  readonly refresh: boolean;
}

export class Market {
  readonly symbol: string;
  mid: Decimal;
  tickNumber: number;
  private readonly engine: Engine;
  private readonly seed: number;
  private readonly rules: SymbolRules;
  private readonly terms: MarketTerms;
  private readonly levelStep: Decimal;
  private readonly resting = new Map<Side, Map<Decimal, Order>>([
    ['BUY', new Map()],
    ['SELL', new Map()],
  ]);

  constructor(engine: Engine, rules: SymbolRules, seed: number, terms: MarketTerms = DEFAULT_MARKET) {
    const known = engine.state.mark?.symbols.find(({ symbol }) => symbol === rules.name);
    this.engine = engine;
    this.rules = rules;
    this.seed = seed;
    this.terms = terms;
    this.symbol = rules.name;
    this.mid = known?.mid ?? rules.startPrice;
    this.tickNumber = known?.tick ?? 0;
    this.levelStep = roundUp((rules.startPrice * terms.levelPpm) / MILLION, rules.tickSize);
  }

  /** Moves the price, moves the house's orders after it, lets takers come. */
  tick(at: number): Outcome[] {
    this.tickNumber += 1;
    const random = seeded(this.seed, this.symbol, this.tickNumber);
    const prints = this.prints();
    if (prints) this.mid = roundDown(prints.at(-1)?.price ?? this.mid, this.rules.tickSize);
    else this.walk(random);
    const quoted = this.quote(random, at);
    return [...quoted, ...(prints ? this.takeAsRecorded(prints, at) : this.take(random, at))];
  }

  /** Those of this tick; null without a tape. */
  private prints(): readonly Print[] | null {
    const tape = this.terms.tape?.get(this.symbol);
    if (!tape || tape.length === 0) return null;
    const ticks = Math.floor((tape.at(-1)?.afterMs ?? 0) / TICK_MS) + 1;
    const from = ((this.tickNumber - 1) % ticks) * TICK_MS;
    return tape.slice(firstAt(tape, from), firstAt(tape, from + TICK_MS));
  }

  private takeAsRecorded(prints: readonly Print[], at: number): Outcome[] {
    return prints.map(({ side, quantity }) => {
      const whole = roundDown(quantity, this.rules.stepSize);
      const taken = whole > 0n ? whole : this.rules.stepSize;
      return this.engine.placeHouse(this.symbol, side, null, taken, at).outcome;
    });
  }

  private walk(random: Random): void {
    const { movePpm, returnPpm } = this.terms;
    const { startPrice, tickSize } = this.rules;
    const billionths = BigInt(Math.round(gaussian(random) * movePpm * 1_000));
    const moved = this.mid + (this.mid * billionths) / (1_000n * MILLION);
    const next = moved + ((startPrice - moved) * returnPpm) / MILLION;
    // A walk of many years could reach zero; the house's lowest level must stay above it.
    this.mid = roundDown(next > startPrice / 10n ? next : startPrice / 10n, tickSize);
  }

  /** Takes away what is no longer wanted on both sides before it adds, so the house never trades with itself. */
  private quote(random: Random, at: number): Outcome[] {
    const wanted = SIDES.flatMap((side) => this.wanted(side, random));
    const stale = SIDES.flatMap((side) => this.takeStale(side, wanted));
    const outcomes = stale.length > 0 ? [this.engine.cancelAll(stale, null, at)] : [];
    for (const { side, price, quantity } of wanted) {
      const orders = this.resting.get(side) as Map<Decimal, Order>;
      if (orders.has(price)) continue;
      const { id, outcome } = this.engine.placeHouse(this.symbol, side, price, quantity, at);
      const order = this.engine.state.orders.get(id);
      if (order) orders.set(price, order);
      outcomes.push(outcome);
    }
    return outcomes;
  }

  /** Two draws a level, needed or not: what is missing must not move the draws that follow. */
  private wanted(side: Side, random: Random): WantedLevel[] {
    const half = (this.mid * this.terms.halfSpreadPpm) / MILLION;
    const best = side === 'BUY' ? roundDown(this.mid - half, this.levelStep) : roundUp(this.mid + half, this.levelStep);
    const step = side === 'BUY' ? -this.levelStep : this.levelStep;
    return Array.from({ length: this.terms.levels }, (_, index) => {
      const price = best + step * BigInt(index);
      const refresh = random() < REFRESH_CHANCE;
      return { side, price, refresh, quantity: this.quantity(between(random(), ...this.terms.levelQuote), price) };
    });
  }

  /** Open orders at prices no longer wanted, those half eaten up, and those to be refreshed; forgets them. */
  private takeStale(side: Side, wanted: readonly WantedLevel[]): Order[] {
    const stale: Order[] = [];
    const kept = new Map(wanted.filter((level) => level.side === side).map(({ price, refresh }) => [price, !refresh]));
    const orders = this.resting.get(side) as Map<Decimal, Order>;
    for (const [price, order] of orders) {
      if (isOpen(order) && kept.get(price) && order.executed * 2n < order.quantity) continue;
      orders.delete(price);
      if (isOpen(order)) stale.push(order);
    }
    return stale;
  }

  private take(random: Random, at: number): Outcome[] {
    const outcomes: Outcome[] = [];
    for (const chance of this.terms.takerChances) {
      if (random() >= chance) break;
      const side: Side = random() < 0.5 ? 'BUY' : 'SELL';
      const size = this.terms.takerQuote * (TAKER_SIZES[Math.floor(random() * TAKER_SIZES.length)] ?? 1);
      const spread = size * between(random(), 0.5, 1.5);
      outcomes.push(this.engine.placeHouse(this.symbol, side, null, this.quantity(spread, this.mid), at).outcome);
    }
    return outcomes;
  }

  private quantity(quoteAmount: number, price: Decimal): Decimal {
    const amount = BigInt(Math.round(quoteAmount * 100)) * 10n ** 16n;
    const quantity = roundDown(div(amount, price, 'down'), this.rules.stepSize);
    return quantity > 0n ? quantity : this.rules.stepSize;
  }
}

/** Index of the first print that is not before. */
function firstAt(tape: readonly Print[], afterMs: number): number {
  let low = 0;
  let high = tape.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((tape[middle] as Print).afterMs < afterMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function between(random: number, least: number, greatest: number): number {
  return least + random * (greatest - least);
}
