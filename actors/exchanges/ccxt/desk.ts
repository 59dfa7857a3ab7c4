// What order requests, the trade history and the other reads work with.

import { ExchangeFault } from '../exchange.ts';
import type { Clock } from '../wire/clock.ts';
import type { Priority } from '../wire/limiter.ts';
import type { Redact } from '../wire/redact.ts';
import type { CcxtBounds } from './bounds.ts';
import { type Asked, asking, type Terms } from './call.ts';
import type { CcxtExchange } from './library.ts';
import { isFinal, wordsOf } from './outcome.ts';
import type { Profile } from './profile.ts';

export interface Desk {
  readonly exchange: CcxtExchange;
  readonly profile: Profile;
  readonly clock: Clock;
  readonly bounds: CcxtBounds;
  readonly redact: Redact;
  readonly httpTimeoutMs: number;
  /** ccxt's name of our symbol; undefined for what the venue does not list. */
  readonly unifiedOf: (symbol: string) => string | undefined;
}

export function termsOf(desk: Desk, priority: Priority, signal: AbortSignal, more: Partial<Terms> = {}): Terms {
  const patienceMs = priority === 'rest' ? desk.bounds.patienceMs : desk.httpTimeoutMs;
  const giveUpAt = desk.clock.now() + patienceMs;
  const usual = { timeoutMs: desk.httpTimeoutMs, writeBefore: null, headers: {}, mustSay: null };
  return { priority, giveUpAt, signal, ...usual, ...more };
}

export function ask(
  desk: Desk,
  priority: Priority,
  signal: AbortSignal,
  question: () => Promise<unknown>,
  more: Partial<Terms> = {},
): Promise<Asked> {
  return asking(termsOf(desk, priority, signal, more), question);
}

/** A read: its answer, or an ExchangeFault that names it. */
export async function readOf(
  desk: Desk,
  name: string,
  signal: AbortSignal,
  question: () => Promise<unknown>,
  more: Partial<Terms> & { readonly priority?: Priority } = {},
): Promise<unknown> {
  const asked = await ask(desk, more.priority ?? 'rest', signal, question, more);
  if (asked.kind === 'answered') return asked.value;
  const message = desk.redact(`${name} at ${desk.exchange.id}: ${wordsOf(asked.error, asked.call)}`);
  throw new ExchangeFault(message, { retryable: !isFinal(asked.error, asked.call, desk.profile) });
}

export function unlisted(symbol: string): string {
  return `symbol=${symbol}, allowed: an instrument the venue lists`;
}
