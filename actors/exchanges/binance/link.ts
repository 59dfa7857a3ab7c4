// The three connections of a session: REST, user data stream, market stream. Opening fails as a whole; after
// that each stream is kept open on its own, and the listener hears of both as one.
import { type SymbolMap, symbolMap } from '../../market/symbol.ts';
import type { ExchangeListener, ExchangeSettings, FeedRequest, VenueBalance } from '../exchange.ts';
import { ExchangeFault, NO_ACCOUNT } from '../exchange.ts';
import type { Bounds } from '../wire/bounds.ts';
import { type Clock, pause } from '../wire/clock.ts';
import { Gate } from '../wire/gate.ts';
import { type Channel, type Held, keepOpen } from '../wire/keep-open.ts';
import { isPublicOnly } from '../wire/public-only.ts';
import type { Redact } from '../wire/redact.ts';
import { placeOf } from '../wire/url.ts';
import type { Feed } from './feed.ts';
import { createFeed } from './feeds.ts';
import { type Account, isEmpty, parseAccount, parseServerTime } from './parse.ts';
import { type Listing, parseListing } from './parse-instruments.ts';
import { Rest } from './rest.ts';
import { MarketStream } from './stream.ts';
import { UserStream } from './user-stream.ts';

export interface LinkOptions {
  readonly settings: ExchangeSettings;
  readonly listener: ExchangeListener;
  readonly clock: Clock;
  readonly bounds: Bounds;
  readonly redact: Redact;
}

const SKEW_SAMPLES = 3;

export class Link {
  readonly rest: Rest;
  account = '';
  readonly #options: LinkOptions;
  readonly #gate: Gate;
  readonly #market: MarketStream;
  readonly #closing = new AbortController();
  readonly #keeping: Promise<void>[] = [];
  /** Assets that were not empty once: when one runs empty, that is news. */
  readonly #assets = new Set<string>();
  #user: UserStream | null = null;
  #pairs: Listing['names'] = [];
  #names: SymbolMap = symbolMap([]);

  constructor(options: LinkOptions) {
    const { settings, listener, clock, bounds } = options;
    this.#options = options;
    this.rest = new Rest(options);
    this.#gate = new Gate(listener);
    const feed = (request: FeedRequest): Feed => this.#createFeed(request);
    this.#market = new MarketStream({ url: settings.streamUrl, clock, bounds, createFeed: feed });
  }

  /** Everything, or an error that names what could not be reached. */
  async open(signal: AbortSignal): Promise<void> {
    const { restUrl } = this.#options.settings;
    await named(`REST API at ${placeOf(restUrl)}`, async () => {
      await this.readSkew(signal);
      await this.readListing(signal);
      this.account = this.#isPublic ? NO_ACCOUNT : (await this.#readAccount(signal)).name;
    });
    const opened = AbortSignal.any([signal, this.#closing.signal]);
    const channels: readonly Channel[] = this.#isPublic ? [this.#market] : [this.#openUser(), this.#market];
    const held = await Promise.all(channels.map((channel) => named(channel.name, () => channel.open(opened))));
    signal.throwIfAborted();
    for (const [index, channel] of channels.entries()) this.#keep(channel, held[index]);
    this.#keeping.push(this.#refreshListing());
  }

  get #isPublic(): boolean {
    return isPublicOnly(this.#options.settings);
  }

  async close(): Promise<void> {
    this.#gate.close();
    this.#closing.abort();
    this.#user?.close();
    this.#market.close();
    this.rest.close();
    await Promise.all(this.#keeping);
  }

  readonly canonical = (venueSymbol: string): string => this.#names.toCanonical(venueSymbol) ?? venueSymbol;

  readonly venueSymbolOf = (symbol: string): string | undefined => this.#names.toVenue(symbol);

  subscribe(feeds: readonly FeedRequest[]): Promise<void> {
    return this.#market.subscribe(feeds);
  }

  /** A name that was listed once stays what it was: orders and fills are known under it, whatever a later list says. */
  #learnNames({ names }: Listing): void {
    const listed = symbolMap(names);
    const isNew = ({ symbol, venueSymbol }: Listing['names'][number]): boolean =>
      this.#names.toVenue(symbol) === undefined && this.#names.toCanonical(venueSymbol) === undefined;
    const fresh = names.filter(isNew);
    this.#pairs = [...this.#pairs, ...fresh];
    this.#names = this.#pairs.length === fresh.length ? listed : symbolMap(this.#pairs);
  }

  async readListing(signal: AbortSignal): Promise<Listing> {
    const listing = parseListing(await this.rest.getExchangeInfo(signal));
    this.#learnNames(listing);
    this.rest.limiter.learn(listing.limits);
    return listing;
  }

  /** By the sample with the shortest way there and back: half of that is how far the others may be off. */
  async readSkew(signal: AbortSignal): Promise<number> {
    const { clock } = this.#options;
    let best = { roundTripMs: Number.POSITIVE_INFINITY, skewMs: 0 };
    for (let sample = 0; sample < SKEW_SAMPLES; sample += 1) {
      const askedAt = clock.now();
      const venueAt = parseServerTime(await this.rest.getTime(signal));
      const roundTripMs = clock.now() - askedAt;
      if (roundTripMs < best.roundTripMs) best = { roundTripMs, skewMs: venueAt - (askedAt + roundTripMs / 2) };
    }
    this.rest.skewMs = best.skewMs;
    return best.skewMs;
  }

  async readBalances(signal: AbortSignal): Promise<readonly VenueBalance[]> {
    const { balances } = await this.#readAccount(signal);
    for (const balance of balances) if (!isEmpty(balance)) this.#assets.add(balance.asset);
    return balances.filter(({ asset }) => this.#assets.has(asset));
  }

  async #readAccount(signal: AbortSignal): Promise<Account> {
    return parseAccount(await this.rest.getAccount(signal), this.#options.clock.now());
  }

  #openUser(): UserStream {
    this.#user = new UserStream({
      ...this.#options,
      account: this.account,
      canonical: this.canonical,
      skewMs: () => this.rest.skewMs,
      balances: () => this.readBalances(this.#closing.signal),
    });
    return this.#user;
  }

  /** What is listed meanwhile gets a name. A reading that fails changes nothing, and the next one comes. */
  async #refreshListing(): Promise<void> {
    const { clock, bounds } = this.#options;
    const { signal } = this.#closing;
    for (;;) {
      await pause(clock, bounds.listingRefreshMs, signal);
      if (signal.aborted) return;
      await this.readListing(signal).catch(() => undefined);
    }
  }

  #createFeed({ type, symbol }: FeedRequest): Feed {
    const { settings, clock, bounds, listener } = this.#options;
    const venueSymbol = this.#names.toVenue(symbol);
    if (venueSymbol === undefined) {
      throw new ExchangeFault(`symbol=${symbol}, allowed: an instrument the venue lists`, { retryable: false });
    }
    return createFeed(type, {
      clock,
      bounds,
      provider: settings.provider ?? 'binance',
      symbol,
      venueSymbol,
      emit: (event) => listener.onMarket(event),
      depth: (name, levels, signal) => this.rest.getDepth(name, levels, signal),
    });
  }

  #keep(channel: Channel, first: Held | undefined): void {
    if (!first) return;
    const { clock, bounds, redact } = this.#options;
    const kept = keepOpen({
      clock,
      bounds,
      channel,
      first,
      signal: this.#closing.signal,
      onUp: () => this.#gate.up(channel.name),
      onDown: (reason) => this.#gate.down(channel.name, redact(reason)),
    });
    this.#keeping.push(kept);
  }
}

/** Says what the failure is about; whether it may pass is kept. The cause is not: it may quote the venue. */
function named<T>(what: string, open: () => Promise<T>): Promise<T> {
  return open().catch((error: unknown): never => {
    const why = error instanceof Error ? error.message : String(error);
    const retryable = !(error instanceof ExchangeFault) || error.retryable;
    throw new ExchangeFault(`could not reach the ${what}: ${why}`, { retryable });
  });
}
