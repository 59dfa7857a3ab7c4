// The user stream of a session: reports come in their order, each after the one before is durable, until the link is
// cut, which is noticed late; what is reported meanwhile is lost, but for trades taken back, which the venue tells
// until somebody has heard it. Some come twice, and after a change of connections out of order.
import type { ExchangeListener, OrderReport } from '../../actors/exchanges/exchange.ts';
import type { Life } from './life.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';
import { PRICE, SYMBOL, type Venue } from './venue.ts';
import type { Weather } from './weather.ts';

export interface StreamOptions {
  readonly timeline: Timeline;
  readonly venue: Venue;
  readonly life: Life;
  readonly random: Random;
  readonly weather: () => Weather;
  readonly onCut: () => void;
}
export interface Stream {
  /** A ticker of the one instrument, while the link is up. */
  price(): void;
  close(): void;
}

const PRICE_MS = 10_000;

export function openStream(options: StreamOptions, listener: ExchangeListener): Stream {
  return new Reports(options, listener);
}

class Reports implements Stream {
  readonly #options: StreamOptions;
  readonly #listener: ExchangeListener;
  readonly #detach: () => void;
  /** Raised by every cut: what was on its way before is lost. */
  #link = 0;
  #up = true;
  #closed = false;
  #lastAt = 0;
  #durable: Promise<void> = Promise.resolve();

  constructor(options: StreamOptions, listener: ExchangeListener) {
    this.#options = options;
    this.#listener = listener;
    this.#detach = options.venue.attach((report) => this.#send(report));
    for (const report of options.venue.unheard.values()) this.#send(report);
    this.#expectCut();
    this.#tick();
  }

  close(): void {
    this.#closed = true;
    this.#detach();
  }

  price(): void {
    if (this.#closed || !this.#up) return;
    const payload = { lastPrice: PRICE, bidPrice: PRICE, askPrice: PRICE, volume24h: '1', timestamp: 0 };
    this.#listener.onMarket({ type: 'Ticker', provider: 'sim', symbol: SYMBOL, payload });
  }

  #tick(): void {
    if (this.#closed) return;
    this.#options.life.after(PRICE_MS, () => {
      this.price();
      this.#tick();
    });
  }

  #send(report: OrderReport): void {
    const { timeline, random, weather } = this.#options;
    if (weather().down === 'all') return this.#cut('out of order', random.between(0, 4_000));
    if (!this.#up) return;
    const { latency, duplicated, reordered } = weather().stream;
    const dueAt = timeline.now + random.between(...latency);
    this.#lastAt = reordered ? dueAt : Math.max(this.#lastAt, dueAt);
    this.#arrive(report, this.#lastAt - timeline.now);
    if (random.chance(duplicated)) this.#arrive(report, this.#lastAt - timeline.now + random.between(0, 3_000));
  }

  #arrive(report: OrderReport, delayMs: number): void {
    const link = this.#link;
    this.#options.life.after(delayMs, () => {
      if (this.#closed || link !== this.#link) return;
      this.#durable = this.#durable.then(async () => {
        if (this.#closed || link !== this.#link) return;
        try {
          await this.#listener.onReport(report);
          this.#options.venue.unheard.delete(report.reportId);
        } catch {
          // It could not be made durable, and the stream cannot be asked again.
          this.#cut('a report could not be handed on', 0);
        }
      });
    });
  }

  #expectCut(): void {
    const { random, weather, life } = this.#options;
    const { cutEveryMs } = weather().stream;
    if (cutEveryMs === 0) return;
    life.after(random.between(1, 2 * cutEveryMs), () => {
      // The storm may be over by now.
      if (weather().stream.cutEveryMs > 0) this.#cut('cut', random.between(0, 4_000));
      this.#expectCut();
    });
  }

  #cut(reason: string, unnoticedMs: number): void {
    if (this.#closed || !this.#up) return;
    const { life, onCut } = this.#options;
    this.#up = false;
    this.#link += 1;
    onCut();
    life.after(unnoticedMs, () => {
      if (this.#closed) return;
      this.#listener.onDisconnected(reason);
      this.#comeBack();
    });
  }

  #comeBack(): void {
    const { life, random, weather, venue } = this.#options;
    life.after(random.between(100, 4_000), () => {
      if (this.#closed) return;
      if (weather().down === 'all') return this.#comeBack();
      this.#up = true;
      this.#lastAt = 0;
      this.#listener.onConnected();
      for (const report of venue.unheard.values()) this.#send(report);
      this.price();
    });
  }
}
