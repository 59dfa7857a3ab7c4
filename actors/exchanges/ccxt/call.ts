// What is asked, carried through ccxt to the place where it is sent: ccxt passes on neither who asks, nor until
// when, nor what became of the bytes.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { HttpReply } from '../wire/http.ts';
import type { Priority } from '../wire/limiter.ts';

/** What the request that places an order must say. */
export interface Said {
  /** The venue's name of the field; null where it is not known: then it may stand anywhere. */
  readonly field: string | null;
  readonly value: string;
  /** Equal as a number; a name is equal letter for letter. */
  readonly isAmount: boolean;
}

export interface Terms {
  readonly priority: Priority;
  readonly giveUpAt: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Only for an order: nothing is written at or after it. */
  readonly writeBefore: number | null;
  readonly headers: { readonly [name: string]: string };
  readonly mustSay: readonly Said[] | null;
}

export interface Call extends Terms {
  /** Requests handed to the transport, of whatever kind. */
  requests: number;
  /** A request that can change something may have left. */
  written: boolean;
  reply: HttpReply | null;
  /** ccxt took that reply for a success: what is thrown after it says nothing about the order. */
  understood: boolean;
}

/** What came of it. Nothing that ccxt throws is believed without a look at the call. */
export type Asked =
  | { readonly kind: 'answered'; readonly value: unknown; readonly call: Call }
  | { readonly kind: 'failed'; readonly error: unknown; readonly call: Call };

const calls = new AsyncLocalStorage<Call>();

export async function asking(terms: Terms, ask: () => Promise<unknown>): Promise<Asked> {
  const call: Call = { ...terms, requests: 0, written: false, reply: null, understood: false };
  try {
    return { kind: 'answered', value: await calls.run(call, ask), call };
  } catch (error) {
    return { kind: 'failed', error, call };
  }
}

/** Null for what ccxt asks by itself: a login of a stream, the beginning of an order book. */
export function currentCall(): Call | null {
  return calls.getStore() ?? null;
}
