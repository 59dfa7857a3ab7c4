// The market feeds of a session, each a channel of its own over an exchange object without keys. A feed that is
// asked for is tried until it holds; one that is lost is taken up again, and the listener hears of all as one.

import { ExchangeFault, type ExchangeListener, type FeedRequest } from '../exchange.ts';
import { backOff, type Clock, pause, within } from '../wire/clock.ts';
import type { Gate } from '../wire/gate.ts';
import { type Held, keepOpen } from '../wire/keep-open.ts';
import type { Redact } from '../wire/redact.ts';
import type { CcxtBounds } from './bounds.ts';
import { unlisted } from './desk.ts';
import { createFeed, type Feed } from './feeds.ts';
import type { CcxtExchange } from './library.ts';
import { type Loss, Watching } from './watching.ts';

export interface MarketOptions {
  readonly exchange: CcxtExchange;
  readonly clock: Clock;
  readonly bounds: CcxtBounds;
  readonly gate: Gate;
  readonly redact: Redact;
  readonly provider: string;
  readonly listener: ExchangeListener;
  readonly unifiedOf: (symbol: string) => string | undefined;
}

interface Open {
  readonly feed: Feed;
  readonly unified: string;
  readonly channel: Watching;
  readonly ending: AbortController;
  readonly held: Promise<void>;
}

export class Market {
  readonly #options: MarketOptions;
  readonly #open = new Map<string, Open>();
  #closed = false;

  constructor(options: MarketOptions) {
    this.#options = options;
  }

  async subscribe(requests: readonly FeedRequest[]): Promise<void> {
    const wanted = new Map(requests.map((request) => [keyOf(request), request]));
    // All of them are known before one of them is touched.
    const fresh = [...wanted].filter(([key]) => !this.#open.has(key)).map(([, request]) => this.#create(request));
    for (const [key, open] of this.#open) {
      if (wanted.has(key)) continue;
      this.#open.delete(key);
      this.#end(open);
    }
    for (const { key, start } of fresh) this.#open.set(key, start());
    await Promise.all([...this.#open.values()].map(({ held }) => held));
  }

  close(): void {
    this.#closed = true;
    for (const open of this.#open.values()) this.#end(open);
    this.#open.clear();
  }

  #create(request: FeedRequest): { readonly key: string; readonly start: () => Open } {
    const { exchange, clock, bounds, provider, listener } = this.#options;
    const { type, symbol } = request;
    const unified = this.#options.unifiedOf(symbol);
    if (unified === undefined) throw new ExchangeFault(unlisted(symbol), { retryable: false });
    let live = true;
    const emit: ExchangeListener['onMarket'] = (event) => {
      if (live && !this.#closed) listener.onMarket(event);
    };
    const feed = createFeed(type, { exchange, clock, bounds, provider, symbol, unified, emit });
    const name = `${type} of ${symbol} at ${exchange.id}`;
    // A venue that was not told to stop may go on from where it was, in the middle of a book.
    const onLost = ({ isAlone }: Loss): Promise<void> =>
      isAlone && type === 'BookSnapshot' ? this.#leave(feed, unified) : Promise.resolve();
    const channel = new Watching({ name, exchange, clock, bounds, watches: [feed.watch], onLost });
    const ending = new AbortController();
    ending.signal.addEventListener('abort', () => {
      live = false;
    });
    const start = (): Open => ({ feed, unified, channel, ending, held: this.#hold(channel, ending.signal) });
    return { key: keyOf(request), start };
  }

  /** Resolves when the feed holds for the first time, or is no longer wanted. */
  async #hold(channel: Watching, signal: AbortSignal): Promise<void> {
    const { clock, bounds, gate, redact } = this.#options;
    let first: Held | null = null;
    for (let failures = 0; first === null && !signal.aborted; failures += 1) {
      if (failures > 0) {
        await pause(clock, backOff(clock, failures, bounds.reconnectBaseMs, bounds.reconnectCapMs), signal);
      }
      if (!signal.aborted) first = await channel.open(signal).catch(() => null);
    }
    if (first === null) return;
    const onUp = (): void => gate.up(channel.name);
    const onDown = (reason: string): void => gate.down(channel.name, redact(reason));
    // Nothing of the account is missed with a feed: what stands on a connection that stands is mended by itself.
    const isQuiet = (): boolean => channel.isAlone;
    void keepOpen({ clock, bounds, channel, first, signal, isQuiet, onUp, onDown });
  }

  #end({ feed, unified, channel, ending }: Open): void {
    ending.abort();
    channel.close();
    feed.close();
    this.#options.gate.up(channel.name);
    if (!this.#closed) void this.#leave(feed, unified);
  }

  /** Best effort: what still comes is not handed on. */
  async #leave({ unwatch: name }: Feed, unified: string): Promise<void> {
    const { exchange, clock, bounds } = this.#options;
    const unwatch: unknown = exchange.has[name] === true ? Reflect.get(exchange, name) : null;
    if (typeof unwatch !== 'function') return;
    const left = async (): Promise<unknown> => unwatch.call(exchange, unified);
    await within(clock, bounds.connectMs, left(), 'not confirmed').catch(() => undefined);
  }
}

function keyOf({ type, symbol }: FeedRequest): string {
  return `${type}:${symbol}`;
}
