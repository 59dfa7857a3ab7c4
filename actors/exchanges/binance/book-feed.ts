// A gap-free book of one symbol. Diffs are kept while a REST snapshot is on its way, then put on top of it; a
// hole in their ids, or a book that crosses itself, throws the book away and asks for a new snapshot.
// While that goes on the last book handed out stands: its time shows how old it is.
import { applyDiff, type BookDiff, bookFrom, type OrderBook, topOf } from '../../market/order-book.ts';
import { backOff, pause } from '../wire/clock.ts';
import { conflated } from '../wire/conflate.ts';
import type { Feed, FeedContext } from './feed.ts';
import { parseDepth } from './parse.ts';
import { parseDepthUpdate } from './parse-stream.ts';

export function createBookFeed(stream: string, context: FeedContext): Feed {
  const feed = new BookFeed(context);
  return {
    streams: [stream],
    onEvent: (_, json) => {
      const { diff, at } = parseDepthUpdate(json);
      feed.onDiff(diff, at);
    },
    onHeld: () => feed.seed(),
    onLost: () => feed.drop(),
    close: () => feed.close(),
  };
}

interface Buffered {
  readonly diff: BookDiff;
  readonly at: number;
}

class BookFeed {
  readonly #context: FeedContext;
  readonly #out: ReturnType<typeof conflated>;
  #buffer: Buffered[] = [];
  #book: OrderBook | null = null;
  #firstId = 0;
  #updatedAt = 0;
  /** Resyncs since the book last held for a while. */
  #failures = 0;
  #liveAt = 0;
  #seeding = new AbortController();

  constructor(context: FeedContext) {
    this.#context = context;
    this.#out = conflated(context.clock, context.bounds.conflateMs, () => this.#emit());
  }

  onDiff(diff: BookDiff, at: number): void {
    if (!this.#book) {
      this.#buffer.push({ diff, at });
      // The oldest go: a snapshot that does not reach what is left shows as a gap, and is asked for again.
      if (this.#buffer.length > this.#context.bounds.bufferedDiffsMax) this.#buffer.shift();
      return;
    }
    if (this.#apply(this.#book, diff, at)) this.#out.changed();
    else this.#resync({ diff, at });
  }

  /** Begins anew with a snapshot; the diffs kept so far are of use. */
  seed(): void {
    this.#seeding.abort();
    this.#seeding = new AbortController();
    this.#book = null;
    void this.#fetchUntilLive(this.#seeding.signal);
  }

  /** The connection is gone, and the diffs after it with it. */
  drop(): void {
    this.#seeding.abort();
    this.#book = null;
    this.#buffer = [];
    this.#failures = 0;
  }

  close(): void {
    this.drop();
    this.#out.close();
  }

  async #fetchUntilLive(signal: AbortSignal): Promise<void> {
    const { clock, bounds, venueSymbol, depth } = this.#context;
    while (!signal.aborted) {
      if (this.#failures > 0) {
        await pause(clock, backOff(clock, this.#failures, bounds.reconnectBaseMs, bounds.reconnectCapMs), signal);
        if (signal.aborted) return;
      }
      const askedAt = clock.now();
      const seed = await depth(venueSymbol, bounds.bookSnapshotLevels, signal)
        .then(parseDepth)
        .catch(() => null);
      if (signal.aborted) return;
      this.#failures += 1;
      if (seed && this.#start(bookFrom(seed), askedAt)) return;
    }
  }

  #start(book: OrderBook, at: number): boolean {
    this.#book = book;
    this.#firstId = book.lastId;
    this.#updatedAt = at;
    const whole = this.#buffer.every((one) => this.#book !== null && this.#apply(this.#book, one.diff, one.at));
    if (!whole) {
      this.#book = null;
      return false;
    }
    this.#buffer = [];
    this.#liveAt = this.#context.clock.now();
    this.#out.changed();
    return true;
  }

  #apply(book: OrderBook, diff: BookDiff, at: number): boolean {
    const applied = applyDiff(book, diff);
    if (applied.outcome === 'applied') {
      this.#book = applied.book;
      this.#firstId = diff.firstId;
      this.#updatedAt = at;
    }
    return applied.outcome === 'applied' || applied.outcome === 'stale';
  }

  #resync(cause: Buffered): void {
    const { clock, bounds } = this.#context;
    if (clock.now() - this.#liveAt >= bounds.stableMs) this.#failures = 0;
    this.#buffer = [cause];
    this.seed();
  }

  #emit(): void {
    const { bounds, provider, symbol, emit } = this.#context;
    if (!this.#book) return;
    const { bids, asks } = topOf(this.#book, bounds.bookLevels);
    const ids = { firstUpdateId: this.#firstId, finalUpdateId: this.#book.lastId };
    // The venue has no checksum for its books.
    const payload = { bids, asks, checksum: '', lastUpdate: this.#updatedAt, ...ids };
    emit({ type: 'BookSnapshot', provider, symbol, payload });
  }
}
