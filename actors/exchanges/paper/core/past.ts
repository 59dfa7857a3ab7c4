// The state as it was a while ago: what a venue answers queries from whose reading side lags behind its engine.
// It begins with how everything stands when it is made, and follows what is done at the distance of the lag.
import type { Entry, Fact } from './facts.ts';
import { VenueState } from './state.ts';
import type { SymbolRules } from './symbol.ts';

export class Past {
  readonly lagMs: number;
  private readonly state: VenueState;
  private ahead: Entry[] = [];

  constructor(symbols: readonly SymbolRules[], snapshot: readonly Fact[], lagMs: number) {
    this.lagMs = lagMs;
    this.state = new VenueState(symbols);
    this.state.replay({ number: 0, at: 0, facts: snapshot });
  }

  take(entry: Entry): void {
    this.ahead.push(entry);
    this.at(entry.at); // so that what waits is bounded though nobody asks
  }

  /** As it was `lagMs` before now. */
  at(now: number): VenueState {
    const due = this.ahead.findIndex(({ at }) => at > now - this.lagMs);
    for (const entry of this.ahead.splice(0, due < 0 ? this.ahead.length : due)) this.state.replay(entry);
    return this.state;
  }
}
