// Market streams over one combined connection. What is wanted is a set of streams; what the venue confirmed on
// this connection is another; a loop sends SUBSCRIBE and UNSUBSCRIBE until they are the same, again after every
// reconnect. (web-socket-streams.md, "Live Subscribing/Unsubscribing to streams".)
import { z } from 'zod';
import { ExchangeFault, type FeedRequest } from '../exchange.ts';
import type { Bounds } from '../wire/bounds.ts';
import { backOff, type Clock, pause, within } from '../wire/clock.ts';
import type { Channel, Held } from '../wire/keep-open.ts';
import { type LiveSocket, openSocket } from '../wire/live-socket.ts';
import { placeOf, withPath } from '../wire/url.ts';
import type { Feed } from './feed.ts';

export interface StreamOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly bounds: Bounds;
  readonly createFeed: (request: FeedRequest) => Feed;
}

const answer = z.object({
  id: z.int(),
  result: z.unknown().optional(),
  code: z.int().optional(),
  error: z.unknown().optional(),
});
const frame = z.object({ stream: z.string(), data: z.unknown() });
const shutdown = z.object({ e: z.literal('serverShutdown') });

/** One connection: what it holds, and the requests waiting for an answer on it. */
interface Connection {
  readonly socket: LiveSocket;
  readonly held: Set<string>;
  readonly pending: Map<number, (confirmed: boolean) => void>;
  readonly lost: Promise<never>;
}

export class MarketStream implements Channel {
  readonly name: string;
  readonly #options: StreamOptions;
  readonly #closing = new AbortController();
  #feeds = new Map<string, Feed>();
  #byStream = new Map<string, Feed>();
  #connection: Connection | null = null;
  #syncing: Promise<void> = Promise.resolve();
  #running = false;
  #waiters: { readonly resolve: () => void; readonly reject: (fault: ExchangeFault) => void }[] = [];
  #lastId = 0;

  constructor(options: StreamOptions) {
    this.name = `market stream at ${placeOf(options.url)}`;
    this.#options = options;
  }

  async open(signal: AbortSignal): Promise<Held> {
    const { clock, bounds, url } = this.#options;
    const pending: Connection['pending'] = new Map();
    const onText = (text: string): void => this.#onText(text, pending);
    const socket = await openSocket({ clock, bounds, url: withPath(url, '/stream'), onText }, signal);
    const lost = socket.closed.then((reason): never => {
      throw new Error(reason);
    });
    lost.catch(() => {});
    const connection: Connection = { socket, held: new Set(), pending, lost };
    this.#connection = connection;
    void socket.closed.then(() => this.#onLost(socket));
    if (signal.aborted) socket.close('it was called off');
    try {
      // A loop that was under way may have begun with the connection before.
      do await this.#sync();
      while (this.#nextStep(connection.held));
    } catch (error) {
      socket.close('the subscriptions failed');
      throw error;
    }
    return { closed: socket.closed };
  }

  /** Resolves when the venue confirmed exactly these, on whatever connection; a later call takes over. */
  subscribe(requests: readonly FeedRequest[]): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.reject(sessionClosed());
    const wanted = new Map(requests.map((request) => [`${request.type} ${request.symbol}`, request]));
    const feeds = new Map<string, Feed>();
    // A symbol the venue does not list throws here, before anything is changed.
    for (const [key, request] of wanted) feeds.set(key, this.#feeds.get(key) ?? this.#options.createFeed(request));
    for (const [key, feed] of this.#feeds) if (!feeds.has(key)) feed.close();
    const added = [...feeds].filter(([key]) => !this.#feeds.has(key)).map(([, feed]) => feed);
    this.#feeds = feeds;
    this.#byStream = new Map([...feeds.values()].flatMap((feed) => feed.streams.map((stream) => [stream, feed])));
    // Two feeds never share a stream, but a feed may come back while its streams are still held.
    for (const feed of added) if (this.#isHeld(feed)) feed.onHeld();
    const settled = new Promise<void>((resolve, reject) => this.#waiters.push({ resolve, reject }));
    // A failure belongs to the connection, which is opened again.
    this.#sync().catch(() => {});
    return settled;
  }

  close(): void {
    this.#closing.abort();
    for (const feed of this.#feeds.values()) feed.close();
    this.#connection?.socket.close('the session was closed');
    for (const waiter of this.#waiters.splice(0)) waiter.reject(sessionClosed());
  }

  #onLost(socket: LiveSocket): void {
    if (this.#connection?.socket !== socket) return;
    this.#connection = null;
    for (const feed of this.#feeds.values()) feed.onLost();
  }

  #isHeld(feed: Feed): boolean {
    const held = this.#connection?.held;
    return held !== undefined && feed.streams.every((stream) => held.has(stream));
  }

  /** One loop at a time; whoever asks meanwhile gets the one that is running, which sees what is wanted then. */
  #sync(): Promise<void> {
    if (!this.#running) {
      this.#running = true;
      this.#syncing = this.#syncLoop();
    }
    return this.#syncing;
  }

  async #syncLoop(): Promise<void> {
    const { clock, bounds } = this.#options;
    let failures = 0;
    try {
      for (;;) {
        const connection = this.#connection;
        if (!connection) throw new Error('the connection is gone');
        const step = this.#nextStep(connection.held);
        if (!step) break;
        const confirmed = await this.#request(connection, step.method, step.streams);
        if (confirmed) this.#note(connection, step);
        failures = confirmed ? 0 : failures + 1;
        const backOffMs = confirmed ? 0 : backOff(clock, failures, bounds.reconnectBaseMs, bounds.reconnectCapMs);
        await pause(clock, Math.max(bounds.controlEveryMs, backOffMs), this.#closing.signal);
      }
    } finally {
      // At once and before anybody who waited goes on: what they ask for next needs a loop of its own.
      this.#running = false;
    }
    for (const waiter of this.#waiters.splice(0)) waiter.resolve();
  }

  #nextStep(held: ReadonlySet<string>): { method: 'SUBSCRIBE' | 'UNSUBSCRIBE'; streams: readonly string[] } | null {
    const { streamsPerMessageMax } = this.#options.bounds;
    const surplus = [...held].filter((stream) => !this.#byStream.has(stream)).slice(0, streamsPerMessageMax);
    if (surplus.length > 0) return { method: 'UNSUBSCRIBE', streams: surplus };
    const missing = [...this.#byStream.keys()].filter((stream) => !held.has(stream)).slice(0, streamsPerMessageMax);
    return missing.length > 0 ? { method: 'SUBSCRIBE', streams: missing } : null;
  }

  #note({ held }: Connection, step: { readonly method: string; readonly streams: readonly string[] }): void {
    for (const stream of step.streams) {
      if (step.method === 'SUBSCRIBE') held.add(stream);
      else held.delete(stream);
    }
    if (step.method !== 'SUBSCRIBE') return;
    for (const feed of this.#feeds.values()) {
      if (feed.streams.some((stream) => step.streams.includes(stream)) && this.#isHeld(feed)) feed.onHeld();
    }
  }

  /** False when the venue refuses; throws when the connection is lost or says nothing. */
  async #request(connection: Connection, method: string, params: readonly string[]): Promise<boolean> {
    const { clock, bounds } = this.#options;
    this.#lastId += 1;
    const id = this.#lastId;
    const reply = new Promise<boolean>((resolve) => connection.pending.set(id, resolve));
    const message = `${method} was not confirmed within ${bounds.connectMs} ms`;
    try {
      connection.socket.send(JSON.stringify({ method, params, id }));
      return await within(clock, bounds.connectMs, Promise.race([reply, connection.lost]), message);
    } catch (error) {
      connection.socket.close(error instanceof Error ? error.message : message);
      throw error;
    } finally {
      connection.pending.delete(id);
    }
  }

  #onText(text: string, pending: Connection['pending']): void {
    const json: unknown = JSON.parse(text);
    const event = frame.safeParse(json);
    if (event.success) {
      const { stream, data } = event.data;
      this.#byStream.get(stream)?.onEvent(stream, data);
      if (shutdown.safeParse(data).success) throw new Error('the venue ended the stream (serverShutdown)');
      return;
    }
    if (shutdown.safeParse(json).success) throw new Error('the venue ended the stream (serverShutdown)');
    const reply = answer.safeParse(json);
    if (reply.success) pending.get(reply.data.id)?.(reply.data.code === undefined && reply.data.error === undefined);
  }
}

function sessionClosed(): ExchangeFault {
  return new ExchangeFault('the session was closed', { retryable: false });
}
