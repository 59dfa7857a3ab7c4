// A session in the port's words. Two exchange objects: one with the keys, for orders and the user data stream, and
// one without, for market data, so that neither waits for the other's sockets.

import {
  ExchangeFault,
  type ExchangeListener,
  type ExchangeSession,
  type ExchangeSettings,
  NO_ACCOUNT,
} from '../exchange.ts';
import { type Clock, pause } from '../wire/clock.ts';
import { Gate } from '../wire/gate.ts';
import { keepOpen } from '../wire/keep-open.ts';
import { Limiter } from '../wire/limiter.ts';
import { isPublicOnly, PUBLIC_ONLY } from '../wire/public-only.ts';
import { type Redact, redactor } from '../wire/redact.ts';
import type { CcxtBounds } from './bounds.ts';
import { type Desk, termsOf } from './desk.ts';
import { createInstance, hangUp } from './instance.ts';
import type { CcxtClass, CcxtExchange } from './library.ts';
import { Market } from './market.ts';
import { amend, cancel, query, submit } from './orders.ts';
import { type Profile, profileOf, withOrderTypes } from './profile.ts';
import { orderOfTrade, Reads } from './reads.ts';
import type { CcxtTerms } from './terms.ts';
import { tradesSince } from './trades.ts';
import { carry } from './transport.ts';
import { openUserStream, type UserStream } from './user-stream.ts';

export interface SessionOptions {
  readonly settings: ExchangeSettings;
  readonly terms: CcxtTerms;
  readonly listener: ExchangeListener;
  readonly library: CcxtClass;
  readonly clock: Clock;
  readonly bounds: CcxtBounds;
}

const VISIBLE = /^[\x21-\x7e]+$/;
/** ccxt counts requests in units of its `rateLimit`, in ms; that many in so short a time is the venue's own measure. */
const LIMIT_INTERVAL_MS = 2_000;

export async function openSession(options: SessionOptions, signal: AbortSignal): Promise<ExchangeSession> {
  const { settings, terms } = options;
  refuseUnusable(settings, terms);
  const link = new Link(options, redactor([settings.apiKey, settings.apiSecret, terms.passphrase ?? '']));
  try {
    await link.open(signal);
  } catch (error) {
    await link.close();
    throw link.faultOf(error);
  }
  const { desk, reads } = link;
  return {
    // A test network is a venue of its own in the key of every execution.
    venue: settings.venue ?? (terms.sandbox === true ? `${terms.exchange}-sandbox` : terms.exchange),
    account: link.account,
    capabilities: desk.profile.capabilities,
    instruments: (call) => link.orFault(reads.instruments(call)),
    clockSkewMs: (call) => link.orFault(reads.skew(call)),
    submit: (request, call) => submit(desk, request, call),
    cancel: (ref, call) => cancel(desk, ref, call),
    amend: (request) => amend(desk, request),
    query: (ref, call) => query(desk, ref, call),
    openOrders: (call) => link.orFault(reads.openOrders(call)),
    trades: (request, call) => link.orFault(tradesSince(desk, request, call)),
    balances: (call) => link.orFault(reads.balances(call)),
    ...(isPublicOnly(settings) && PUBLIC_ONLY),
    subscribe: (feeds) => link.orFault(link.market.subscribe(feeds)),
    close: () => link.close(),
  };
}

class Link {
  readonly desk: Desk;
  readonly reads: Reads;
  readonly market: Market;
  account = '';
  readonly #options: SessionOptions;
  readonly #redact: Redact;
  readonly #closing = new AbortController();
  readonly #limiter: Limiter;
  readonly #gate: Gate;
  readonly #data: CcxtExchange;
  readonly #closers: readonly (() => void)[];
  #user: UserStream | null = null;
  #kept: Promise<void> = Promise.resolve();
  #refreshing: Promise<void> = Promise.resolve();

  constructor(options: SessionOptions, redact: Redact) {
    const { settings, terms, library, clock, bounds, listener } = options;
    const known: Profile = profileOf(terms.exchange);
    const withKeys = !isPublicOnly(settings);
    const exchange = createInstance({ library, settings, terms, profile: known, bounds, clock, withKeys });
    const canTrigger = exchange.features?.spot?.createOrder?.triggerPrice === true;
    const profile = withOrderTypes(known, canTrigger);
    this.#options = options;
    this.#redact = redact;
    this.#data = createInstance({ library, settings, terms, profile, bounds, clock, withKeys: false });
    this.#gate = new Gate(listener);
    this.#limiter = new Limiter({ clock, queueMax: bounds.limiterQueueMax });
    const limit = Math.max(1, Math.floor(LIMIT_INTERVAL_MS / Math.max(1, exchange.rateLimit)));
    this.#limiter.learn([{ kind: 'REQUEST_WEIGHT', intervalMs: LIMIT_INTERVAL_MS, limit }]);
    const { httpTimeoutMs } = settings;
    const unifiedOf = (symbol: string): string | undefined => this.reads.unifiedOf(symbol);
    this.desk = { exchange, profile, clock, bounds, redact, httpTimeoutMs, unifiedOf };
    // What is listed later has feeds too.
    this.reads = new Reads(this.desk, (markets) => void this.#data.setMarkets(markets));
    const usual = () => termsOf(this.desk, 'rest', this.#closing.signal);
    const transport = { clock, bounds, limiter: this.#limiter, usual };
    this.#closers = [carry(exchange, transport), carry(this.#data, transport)];
    const provider = settings.provider ?? terms.exchange;
    this.market = new Market({
      ...{ exchange: this.#data, clock, bounds, gate: this.#gate, redact, provider, listener, unifiedOf },
    });
  }

  /** Everything, or an error that names what could not be reached. */
  async open(signal: AbortSignal): Promise<void> {
    await this.reads.skew(signal);
    await this.reads.instruments(signal);
    if (isPublicOnly(this.#options.settings)) this.account = NO_ACCOUNT;
    else await this.#openAccount(signal);
    signal.throwIfAborted();
    const { settings, bounds } = this.#options;
    this.#refreshing = this.#refreshListing(settings.listingRefreshMs ?? bounds.listingRefreshMs);
  }

  async #openAccount(signal: AbortSignal): Promise<void> {
    const { clock, bounds, listener, terms } = this.#options;
    const { exchange, profile } = this.desk;
    const named = profile.accountOf(await this.reads.accountInfo(signal));
    this.account = terms.account ?? named ?? 'main';
    this.#user = openUserStream({
      exchange,
      profile,
      clock,
      bounds,
      listener,
      account: () => this.account,
      closing: this.#closing.signal,
      balances: () => this.reads.balances(this.#closing.signal),
      orderOf: (trade) => orderOfTrade(this.desk, trade, this.#closing.signal),
    });
    const { channel } = this.#user;
    const first = await channel.open(AbortSignal.any([signal, this.#closing.signal])).catch((error: unknown): never => {
      const fault = this.faultOf(error);
      throw new ExchangeFault(`could not open the ${channel.name}: ${fault.message}`, { retryable: fault.retryable });
    });
    this.#kept = keepOpen({
      clock,
      bounds,
      channel,
      first,
      signal: this.#closing.signal,
      onUp: () => this.#gate.up(channel.name),
      onDown: (reason) => this.#gate.down(channel.name, this.#redact(reason)),
    });
  }

  /** What is listed meanwhile gets a name. A reading that fails changes nothing, and the next one comes. */
  async #refreshListing(everyMs: number): Promise<void> {
    const { signal } = this.#closing;
    for (;;) {
      await pause(this.#options.clock, everyMs, signal);
      if (signal.aborted) return;
      await this.reads.instruments(signal).catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    this.#gate.close();
    this.#closing.abort();
    this.#user?.close();
    this.market.close();
    this.#limiter.close();
    for (const close of this.#closers) close();
    await Promise.all([this.desk.exchange, this.#data].map(hangUp));
    await Promise.all([this.#kept, this.#refreshing]);
  }

  /** Of an answer that cannot be read as of one that did not come. */
  orFault<T>(read: Promise<T>): Promise<T> {
    return read.catch((error: unknown): never => {
      throw this.faultOf(error);
    });
  }

  faultOf(error: unknown): ExchangeFault {
    const message = this.#redact(error instanceof Error ? error.message : String(error));
    return new ExchangeFault(message, { retryable: !(error instanceof ExchangeFault) || error.retryable });
  }
}

/** The values are not shown: an address may hold a password, a credential is one. */
function refuseUnusable(settings: ExchangeSettings, { passphrase = 'none' }: CcxtTerms): void {
  const keys = { apiKey: settings.apiKey, apiSecret: settings.apiSecret };
  const credentials = { ...(isPublicOnly(settings) ? {} : keys), passphrase };
  for (const [name, value] of Object.entries(credentials)) {
    if (VISIBLE.test(value)) continue;
    throw new ExchangeFault(`${name}: was empty or has blanks, allowed: visible ASCII`, { retryable: false });
  }
  for (const name of ['restUrl', 'streamUrl', 'wsApiUrl'] as const) {
    if (settings[name] === '') continue;
    const url = URL.parse(settings[name]);
    const protocols = name === 'restUrl' ? ['http:', 'https:'] : ['ws:', 'wss:'];
    if (url && protocols.includes(url.protocol) && url.username === '' && url.password === '') continue;
    const allowed = `empty, or an address with ${protocols.map((one) => `${one}//`).join(' or ')}`;
    throw new ExchangeFault(`${name}: allowed: ${allowed}, without user and password`, { retryable: false });
  }
}
