// One market feed: the venue's streams it needs, and what it is told of them.
import type { MarketEvent } from '../../market/market-event.ts';
import type { Bounds } from '../wire/bounds.ts';
import type { Clock } from '../wire/clock.ts';

export interface Feed {
  /** Names of the venue's streams, `btcusdt@trade`. */
  readonly streams: readonly string[];
  onEvent(stream: string, json: unknown): void;
  /** Every stream of the feed is confirmed on this connection. */
  onHeld(): void;
  onLost(): void;
  close(): void;
}

export interface FeedContext {
  readonly clock: Clock;
  readonly bounds: Bounds;
  readonly provider: string;
  readonly symbol: string;
  readonly venueSymbol: string;
  readonly emit: (event: MarketEvent) => void;
  readonly depth: (venueSymbol: string, levels: number, signal: AbortSignal) => Promise<unknown>;
}
