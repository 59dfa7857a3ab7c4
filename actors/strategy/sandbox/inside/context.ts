// Inside QuickJS (see prelude.ts): what the parts of the prelude share.
import type { Account, Bounds, CreateInput, Envelope } from '../protocol.ts';

export interface Context {
  readonly outbox: Outbox;
  readonly market: Market;
  readonly bounds: Bounds;
  scope: CreateInput['scope'];
  dryRun: boolean;
  /** Refs given out so far. */
  refs: number;
  account: Account;
  /** Providers no order can be placed with. */
  offline: readonly string[];
  /** The instrument of the event at hand, when it is one of the scope. */
  where: { readonly provider: string; readonly symbol: string } | null;
}

/** Gathers what one call hands back. */
export interface Outbox {
  answer(value: unknown): void;
  /** From here on decisions are taken: before the first event nobody could act on one. */
  open(): void;
  /** Throws when there are too many, or it is too early. */
  decide(decision: object): void;
  log(level: string, parts: readonly unknown[]): void;
  fault(handler: string, error: Described): void;
  /** Everything since the last flush, as JSON text. */
  flush(): string;
}

export interface Market {
  apply(event: Envelope): void;
  state(provider: string, symbol: string): MarketState;
}

/** Numbers, 0 until seen. spreadPct is of the bid. */
export interface MarketState {
  readonly last: number;
  readonly bid: number;
  readonly ask: number;
  readonly spread: number;
  readonly spreadPct: number;
}

export interface Described {
  readonly name: string;
  readonly message: string;
  readonly line: number | null;
  readonly column: number | null;
}
