// What order requests and the trade history work with.
import type { VenueOrder } from '../../market/execution.ts';
import type { OrderRef } from '../exchange.ts';
import type { Clock } from '../wire/clock.ts';
import { Unreadable } from '../wire/read-as.ts';
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

export function unlisted(symbol: string): string {
  return `symbol=${symbol}, allowed: an instrument the venue lists`;
}

/** An answer about some other order is no answer. */
export function expectOurs(order: VenueOrder, { clientOrderId, symbol, venueOrderId }: OrderRef): void {
  const isIt = venueOrderId === undefined ? order.clientOrderId === clientOrderId : order.venueOrderId === venueOrderId;
  if (isIt && order.symbol === symbol) return;
  const [was, asked] = [`${order.clientOrderId} (${order.venueOrderId})`, `${clientOrderId} (${venueOrderId ?? '?'})`];
  throw new Unreadable(`order: was ${was} in ${order.symbol}, not ${asked} in ${symbol}`);
}

export function wordsOf(
  desk: Desk,
  judged: { readonly code: string; readonly reason: string },
): { code: string; reason: string } {
  return { code: judged.code, reason: desk.redact(judged.reason) };
}
