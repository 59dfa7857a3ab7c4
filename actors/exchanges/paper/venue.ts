// The venue without its sockets: engine, synthetic market and ledger under one clock.
//
// Guarantees: nothing a command did is shown before its line is durable: neither its answer, nor its reports on the
// user stream, nor its trades and book changes on the public streams, and these in the order of the commands.
// Crash before the line is durable: as if the command had never come; its client hears nothing and must ask.
// Crash after: replay gives the same orders, balances, trades and next ids.
import path from 'node:path';
import type { Decimal } from '../../market/decimal.ts';
import { Engine, type Fees } from './core/engine.ts';
import { type Fact, isLedgered } from './core/facts.ts';
import { DEFAULT_MARKET, Market, type MarketTerms } from './core/market.ts';
import type { Outcome } from './core/outcome.ts';
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
  /** New orders are refused beyond it; open ones live on. */
  readonly ledgerBytesMax?: number;
}

/**
 * Called with every command at once, so that it can take down how things stand; what it returns is run when the
 * command is durable. `number` is that of its ledger line, or of the line before it when it made none.
 */
export type Prepare = (outcome: Outcome, number: number) => () => void;

export const LEDGER_FILE = 'ledger.jsonl';
/** Some 600,000 orders placed and canceled: 600 MB of memory, and read back in 6 s (2 cores). */
const LEDGER_BYTES_MAX = 256 * 1024 * 1024;
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
  private full = false;

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
    this.host = options.host;
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

  /** Never runs back, though the machine's clock may. */
  now(): number {
    this.lastAt = Math.max(this.lastAt, this.host.now());
    return this.lastAt;
  }

  tape(symbol: string): Tape {
    return this.tapes.get(symbol) as Tape;
  }

  /** False once the ledger is as large as it may be. */
  get isOpen(): boolean {
    return !this.full;
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
    for (const trade of outcome.trades) this.tape(trade.symbol).add(trade, outcome.at);
    const shows = this.shows.map((prepare) => prepare(outcome, number));
    this.show(() => {
      for (const show of shows) show();
    }, number);
    if (!this.full && this.ledger.bytes >= (this.options.ledgerBytesMax ?? LEDGER_BYTES_MAX)) this.fill();
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
    for (const market of this.markets) for (const outcome of market.tick(this.now())) this.commit(outcome);
  }

  /** Remembers where the market stands and which ids are taken; every few seconds, and before they run out. */
  markNow(): void {
    this.commit(this.engine.record(this.mark(), this.now()));
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
      const tradeIdFloor = this.state.nextTradeId(symbol) + IDS_AHEAD;
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

  private fill(): void {
    this.full = true;
    this.options.warn(
      `LEDGER_FULL: the market is closed for new orders: bytes=${this.ledger.bytes}, file=${this.ledger.file};` +
        ' stop the venue and move the file away to begin anew',
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
