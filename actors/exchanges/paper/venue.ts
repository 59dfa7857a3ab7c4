// The venue without its sockets: engine, synthetic market and ledger under one clock.
//
// Guarantees: nothing a command did is shown before its line is durable: neither its answer, nor its reports on the
// user stream, nor its trades and book changes on the public streams, and these in the order of the commands.
// Crash before the line is durable: as if the command had never come; its client hears nothing and must ask.
// Crash after: replay gives the same orders, balances, trades and next ids.
import path from 'node:path';
import type { Decimal } from '../../market/decimal.ts';
import { Engine } from './core/engine.ts';
import { type Fact, isLedgered, type MarketStatus } from './core/facts.ts';
import type { Fees } from './core/fees.ts';
import { DEFAULT_MARKET, Market, type MarketTerms } from './core/market.ts';
import type { Outcome } from './core/outcome.ts';
import { Past } from './core/past.ts';
import { inLines, snapshotOf } from './core/snapshot.ts';
import { VenueState } from './core/state.ts';
import type { SymbolRules } from './core/symbol.ts';
import { Tape } from './core/tape.ts';
import type { Host } from './host.ts';
import { Ledger } from './ledger/file.ts';

export interface VenueOptions {
  readonly dataDir: string;
  readonly symbols: readonly SymbolRules[];
  readonly seed: number;
  readonly fees: Fees;
  readonly accounts: readonly { readonly name: string; readonly balances: ReadonlyMap<string, Decimal> }[];
  readonly host: Host;
  readonly warn: (text: string) => void;
  /** The venue cannot go on: its ledger failed. */
  readonly fatal: (error: Error) => void;
  readonly market?: MarketTerms;
  /** The ledger begins anew with a snapshot when it is longer. */
  readonly ledgerBytesMax?: number;
  /** Closed orders kept of an account in a symbol when it does. */
  readonly ordersKept?: number;
}

/**
 * Called with every command at once, so that it can take down how things stand; what it returns is run when the
 * command is durable. `number` is that of its ledger line, or of the line before it when it made none.
 */
export type Prepare = (outcome: Outcome, number: number) => () => void;

export const LEDGER_FILE = 'ledger.jsonl';
/** Some 600,000 orders placed and canceled: 600 MB of memory, and read back in 6 s (2 cores). */
const LEDGER_BYTES_MAX = 256 * 1024 * 1024;
/** Those a client may still ask for; with their trades some 20 MB of a snapshot. */
const ORDERS_KEPT = 20_000;
/** Facts of a snapshot to a line. */
const FACTS_PER_LINE = 1_000;
/** Far more than can be given out between two marks, and far less than would ever run out. */
const IDS_AHEAD = 1_000_000;

export class Venue {
  readonly engine: Engine;
  readonly state: VenueState;
  readonly host: Host;
  private readonly ledger: Ledger;
  private readonly tapes: ReadonlyMap<string, Tape>;
  private readonly markets: readonly Market[];
  private readonly options: VenueOptions;
  private readonly shows: Prepare[] = [];
  private queue: { readonly number: number; readonly show: () => void }[] = [];
  private draining = false;
  private lastAt = 0;
  private offsetMs = 0;
  private past: Past | null = null;
  private compactAtBytes: number;

  static async open(options: VenueOptions): Promise<Venue> {
    const state = new VenueState(options.symbols);
    const file = path.join(options.dataDir, LEDGER_FILE);
    const ledger = await Ledger.open({ file, onEntry: (entry) => state.replay(entry), warn: options.warn });
    state.resume();
    const venue = new Venue(options, state, ledger);
    await venue.begin();
    return venue;
  }

  private constructor(options: VenueOptions, state: VenueState, ledger: Ledger) {
    this.options = options;
    const { host } = options;
    this.host = {
      now: () => host.now() + this.offsetMs,
      every: (ms, fn) => host.every(ms, fn),
      after: (ms, fn) => host.after(ms, fn),
      secret: () => host.secret(),
    };
    this.compactAtBytes = options.ledgerBytesMax ?? LEDGER_BYTES_MAX;
    this.state = state;
    this.ledger = ledger;
    const marks = new Map(state.mark?.symbols.map(({ symbol, mid }) => [symbol, mid]));
    this.tapes = new Map(
      options.symbols.map((rules) => [rules.name, new Tape(marks.get(rules.name) ?? rules.startPrice)]),
    );
    const averagePrice = (symbol: string, minutes: number, at: number): Decimal =>
      this.tape(symbol).average(minutes, at);
    this.engine = new Engine({ state, fees: options.fees, averagePrice });
    const terms = options.market ?? DEFAULT_MARKET;
    this.markets = options.symbols.map((rules) => new Market(this.engine, rules, options.seed, terms));
  }

  /** Never runs back, though the machine's clock may; only setClock moves it either way. */
  now(): number {
    this.lastAt = Math.max(this.lastAt, this.options.host.now());
    return this.lastAt + this.offsetMs;
  }

  /** How far the venue's clock is from the machine's. Until the next start. */
  setClock(offsetMs: number): void {
    this.offsetMs = offsetMs;
  }

  /** Queries are answered from `ms` ago, beginning with how everything stands now; 0: from now on from now. */
  setReadLag(ms: number): void {
    this.past = ms > 0 ? new Past(this.options.symbols, snapshotOf(this.state), ms) : null;
  }

  /** What queries of an account's orders, trades and balances are answered from. */
  get seen(): VenueState {
    return this.past?.at(this.now()) ?? this.state;
  }

  tape(symbol: string): Tape {
    return this.tapes.get(symbol) as Tape;
  }

  status(symbol: string): MarketStatus {
    return this.state.listed(symbol).status;
  }

  get entries(): number {
    return this.ledger.last;
  }

  onCommit(prepare: Prepare): void {
    this.shows.push(prepare);
  }

  /** Writes what a command did and shows it once it is durable. Returns its line's number. */
  commit(outcome: Outcome): number {
    const facts = outcome.facts.filter(isLedgered);
    const number = facts.length > 0 ? this.ledger.append(facts, outcome.at) : this.ledger.last;
    this.state.line = number;
    if (this.past) this.past.take({ number, at: outcome.at, facts });
    for (const trade of outcome.trades) this.tape(trade.symbol).add(trade, outcome.at);
    const shows = this.shows.map((prepare) => prepare(outcome, number));
    this.show(() => {
      for (const show of shows) show();
    }, number);
    if (this.idsRunOut()) this.markNow();
    return number;
  }

  /** Runs `show` when all that happened before is durable, after everything shown before it. */
  show(show: () => void, number = this.ledger.last): void {
    this.queue.push({ number, show });
    if (!this.draining) void this.drain();
  }

  /** Resolves when everything that has happened is durable: what was read from the state may then be told. */
  settled(): Promise<void> {
    return this.ledger.durable(this.ledger.last);
  }

  tick(): void {
    for (const market of this.markets) {
      if (this.status(market.symbol) !== 'TRADING') continue;
      for (const outcome of market.tick(this.now())) this.commit(outcome);
    }
  }

  /** Remembers where the market stands and which ids are taken; every few seconds, and before they run out. */
  markNow(): void {
    this.commit(this.engine.record([this.mark()], this.now()));
  }

  /**
   * Begins the ledger anew once it is too long, without the oldest closed orders. Only between commands: a state that
   * is ahead of the ledger would be written down twice.
   */
  compactIfDue(): void {
    if (this.ledger.bytes < this.compactAtBytes) return;
    this.state.trim(this.options.ordersKept ?? ORDERS_KEPT);
    this.ledger.beginAnew(inLines(snapshotOf(this.state), FACTS_PER_LINE), this.now());
    this.state.line = this.ledger.last;
    this.compactAtBytes = Math.max(this.options.ledgerBytesMax ?? LEDGER_BYTES_MAX, 2 * this.ledger.bytes);
  }

  /** With a last mark, so that the next start goes on from here; a failed ledger only keeps what it has. */
  async close(): Promise<void> {
    if (!this.ledger.hasFailed) {
      this.markNow();
      await this.settled().catch(() => {});
    }
    await this.ledger.close();
  }

  /** Ids first: nothing may be numbered before the numbers are reserved. */
  private async begin(): Promise<void> {
    this.markNow();
    for (const { name, balances } of this.options.accounts) {
      this.commit(this.engine.openAccount(name, balances, this.now()));
    }
    this.tick();
    await this.settled();
  }

  private mark(): Fact {
    const symbols = this.markets.map(({ symbol, tickNumber, mid }) => {
      const { base, quote } = this.state.symbols.get(symbol) as SymbolRules;
      const tradeIdFloor = this.state.listed(symbol).nextTradeId + IDS_AHEAD;
      const updateIdFloor = this.state.book(symbol).updateId + IDS_AHEAD;
      return { symbol, base, quote, tick: tickNumber, mid, tradeIdFloor, updateIdFloor };
    });
    return { type: 'Marked', orderIdFloor: this.state.nextOrderId + IDS_AHEAD, symbols };
  }

  /** Half of what was reserved is used. */
  private idsRunOut(): boolean {
    const { mark } = this.state;
    if (!mark) return false;
    const used = (floor: number, next: number): boolean => next + IDS_AHEAD / 2 > floor;
    return (
      used(mark.orderIdFloor, this.state.nextOrderId) ||
      mark.symbols.some(({ symbol, updateIdFloor }) => used(updateIdFloor, this.state.book(symbol).updateId))
    );
  }

  private async drain(): Promise<void> {
    this.draining = true;
    try {
      while (this.queue.length > 0) {
        const due = this.queue;
        this.queue = [];
        for (const { number, show } of due) {
          if (!this.ledger.isDurableTo(number)) await this.ledger.durable(number);
          show();
        }
      }
    } catch (error) {
      this.options.fatal(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.draining = false;
    }
  }
}
