// What order requests and the trade history work with.
import type { Clock } from '../wire/clock.ts';
import type { Redact } from '../wire/redact.ts';
import type { Canonical } from './parse.ts';
import type { Rest } from './rest.ts';

export interface Desk {
  readonly rest: Rest;
  readonly clock: Clock;
  readonly redact: Redact;
  readonly canonical: Canonical;
  readonly venueSymbolOf: (symbol: string) => string | undefined;
  readonly tradesPage: number;
  readonly tradeDaysMax: number;
}

export interface OrderRef {
  readonly clientOrderId: string;
  readonly symbol: string;
}

export function unlisted(symbol: string): string {
  return `symbol=${symbol}, allowed: an instrument the venue lists`;
}
