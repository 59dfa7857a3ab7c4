// The live sessions of this process, by provider name: where a provider's commands and the venue's reports meet.
//
// A provider numbers the sessions it asks for. The newest number wins, whatever order opening and closing end in: an
// older opening that comes through late is closed again, and nothing it says about the link is passed on.
// What the venue reports about orders and balances is passed on whichever session heard it: it is true all the same.
//
// Guarantees: a report is in the journal before the stream goes on (onReport returns then), once per report id.
// A crash in between: the venue or reconciliation tells it again. Market data is in memory only.

import type {
  ExchangeDirectory,
  ExchangeListener,
  ExchangeSession,
  OpenExchange,
  OrderReport,
  VenueBalance,
} from '../exchanges/exchange.ts';
import { ExchangeFault } from '../exchanges/exchange.ts';
import { add, format, parse } from '../market/decimal.ts';
import type { Instrument } from '../market/instrument.ts';
import type { MarketEvent } from '../market/market-event.ts';
import { type OrderMessage, orderKey } from '../order/messages.ts';
import { type RiskMessage, riskKey } from '../risk/messages.ts';
import { RuntimeError, textOf } from '../runtime/errors.ts';
import type { Intake } from '../runtime/intake.ts';
import type { ActorKey, Message } from '../runtime/message.ts';
import type { Clock, Log } from '../runtime/ports.ts';
import type { Eyes } from './account-trades.ts';
import {
  BALANCES_MAX,
  INSTRUMENTS_MAX,
  LISTING_REFRESH_MS,
  REFERENCE_PRICE_MS,
  REFERENCE_REPEAT_MS,
} from './bounds.ts';
import { describe, LinkWatch, type Opened } from './link.ts';
import type { MarketHub } from './market-hub.ts';
import { type HoldFeeds, type OpenSession, type ProviderMessage, providerKey, type SessionRef } from './messages.ts';
import { createPricePacer, type PricePacer } from './reference-price.ts';
import { exchangeSettings, type Secrets } from './settings.ts';

export interface SessionHostOptions {
  /** By adapter identifier. */
  readonly adapters: { readonly [identifier: string]: OpenExchange };
  readonly secrets: Secrets;
  readonly intake: Intake;
  readonly hub: MarketHub;
  /** Who must know the reference prices of a provider; the first of them counts the orders of others there. */
  readonly riskScopes: (provider: string) => readonly string[];
  /** What the client order ids of this deployment begin with; without it any id of our form counts as ours. */
  readonly orderPrefix?: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface SessionHost extends ExchangeDirectory {
  /** Closes the session before it. Throws an ExchangeFault, also when a newer request overtook this one. */
  open(request: OpenSession, signal: AbortSignal): Promise<Opened>;
  /** Closes what is open up to this number, and whatever is being opened. */
  close(request: SessionRef): Promise<void>;
  /** Makes the market feeds exactly these; answers the instruments of their symbols. */
  hold(request: HoldFeeds, signal: AbortSignal): Promise<readonly Instrument[]>;
  /**
   * The exchange session of this number, for one look at the account; the signal ends with the next look of the same
   * provider, so that there is one at a time. With the symbols the venue lists, and all it has listed to this session.
   * Throws an ExchangeFault when the session is not the one that is open.
   */
  beginLook(request: SessionRef, signal: AbortSignal): Pick<Eyes, 'exchange' | 'signal' | 'listed' | 'everListed'>;
  /** Whether there is an order actor under this client order id. */
  isOurs(clientOrderId: string): Promise<boolean>;
  /** Closes everything: the process ends. What the actors want is untouched. */
  closeAll(): Promise<void>;
}

/** One provider's place. */
interface Slot {
  /** Newest number asked for. */
  newest: number;
  /** Ends what is being opened. */
  opening: AbortController | null;
  open: OpenSlot | null;
  readonly prices: PricePacer;
}
interface OpenSlot {
  readonly session: number;
  readonly exchange: ExchangeSession;
  instruments: readonly Instrument[];
  /** Symbols of these and of all lists before: what is halted was traded all the same. */
  readonly everListed: Set<string>;
  /** What the feeds are about. */
  symbols: ReadonlySet<string>;
  feeds: number;
  looking: AbortController | null;
  /** Ends the refreshing of the instruments. */
  endRefresh: () => void;
}

const RETRY_MS = 50;
/** What a venue may call an order and what fits an actor key. */
const KEY_PART = /^[^\s/][^\s]{0,127}$/;

export function createSessionHost(options: SessionHostOptions): SessionHost {
  return new Sessions(options);
}

class Sessions implements SessionHost {
  readonly #options: SessionHostOptions;
  readonly #slots = new Map<string, Slot>();

  constructor(options: SessionHostOptions) {
    this.#options = options;
  }

  find(provider: string): ExchangeSession | null {
    return this.#slots.get(provider)?.open?.exchange ?? null;
  }

  beginLook({ name, session }: SessionRef, signal: AbortSignal) {
    const open = this.#openSlot(name, session);
    open.looking?.abort(new Error('a newer look at the account overtook this one'));
    open.looking = new AbortController();
    const { exchange, instruments, everListed, looking } = open;
    const listed = new Set(instruments.map(({ symbol }) => symbol));
    return { exchange, listed, everListed, signal: AbortSignal.any([signal, looking.signal]) };
  }

  async open(request: OpenSession, signal: AbortSignal): Promise<Opened> {
    const { name, session } = request;
    const slot = this.#slot(name);
    this.#refuseOvertaken(slot, session);
    // 1. This is the newest: whatever was there or on its way is over.
    slot.newest = session;
    await this.#end(slot);
    this.#refuseOvertaken(slot, session);
    const opening = new AbortController();
    slot.opening = opening;
    const either = AbortSignal.any([signal, opening.signal]);
    // 2. Connect. Until the venue has answered everything, nothing is said about the link.
    const link = new LinkWatch((lostFor) => this.#tellLink(slot, name, session, lostFor));
    const adapter = this.#adapter(request);
    const settings = exchangeSettings(request, this.#options.secrets);
    const exchange = await adapter(settings, this.#listener(slot, name, link), either);
    try {
      const { riskScopes, orderPrefix = '' } = this.#options;
      const opened = await describe(exchange, request, { riskScopes: riskScopes(name), orderPrefix }, either);
      // 3. Take it over, unless it came too late.
      if (either.aborted || slot.newest !== session) throw overtaken(session);
      slot.opening = null;
      slot.open = openSlot(session, exchange);
      this.#publishListing(name, slot.open, opened.all);
      this.#refreshLater(slot.open, name, settings.listingRefreshMs ?? LISTING_REFRESH_MS);
      link.begin();
      return { link: opened.link, instruments: chosen(opened.all, request.symbols) };
    } catch (error) {
      await exchange.close();
      throw error;
    }
  }

  #adapter({ adapter }: OpenSession): OpenExchange {
    const { adapters } = this.#options;
    const open = Object.hasOwn(adapters, adapter) ? adapters[adapter] : undefined;
    if (open !== undefined) return open;
    const known = Object.keys(adapters).sort().join(', ');
    throw new ExchangeFault(`ADAPTER_UNKNOWN: adapter=${adapter}, allowed: ${known}`, { retryable: false });
  }

  async close({ name, session }: SessionRef): Promise<void> {
    const slot = this.#slot(name);
    if (session < slot.newest) return;
    slot.newest = session;
    await this.#end(slot);
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#slots.values()].map((slot) => this.#end(slot)));
  }

  async #end(slot: Slot): Promise<void> {
    slot.opening?.abort(new Error('a newer request overtook this one'));
    slot.opening = null;
    const { open } = slot;
    slot.open = null;
    slot.prices.reset();
    open?.endRefresh();
    open?.looking?.abort(new Error('the session is closed'));
    // The actor has turned its back on it: that closing failed changes nothing.
    await open?.exchange
      .close()
      .catch((error: unknown) => this.#options.log.warn({ error: textOf(error) }, 'a session did not close cleanly'));
  }

  async hold({ name, session, feeds, routes }: HoldFeeds, signal: AbortSignal): Promise<readonly Instrument[]> {
    const open = this.#openSlot(name, session);
    if (feeds < open.feeds)
      throw new ExchangeFault(`a newer set of feeds was asked for, feeds=${feeds}`, { retryable: true });
    open.feeds = feeds;
    const symbols = new Set(routes.map(({ symbol }) => symbol));
    const watched = (): readonly Instrument[] => open.instruments.filter(({ symbol }) => symbols.has(symbol));
    open.symbols = symbols;
    // A symbol may have been listed since the session was opened.
    if (watched().length < symbols.size) this.#publishListing(name, open, await open.exchange.instruments(signal));
    // A symbol the venue does not list has no feed; it must not keep the others from theirs.
    const held = watched();
    const listed = new Set(held.map(({ symbol }) => symbol));
    await open.exchange.subscribe(routes.filter(({ symbol }) => listed.has(symbol)));
    // What was listed meanwhile has no feed: it is not among them, and the next request takes it up.
    return held;
  }

  #refreshLater(open: OpenSlot, name: string, everyMs: number): void {
    open.endRefresh = this.#options.clock.after(everyMs, () => void this.#refresh(open, name, everyMs));
  }

  /** What changed of what is watched is told to the provider. One that fails is followed by another. */
  async #refresh(open: OpenSlot, name: string, everyMs: number): Promise<void> {
    const isOver = (): boolean => this.#slots.get(name)?.open !== open;
    const { signal } = new AbortController();
    try {
      const instruments = await open.exchange.instruments(signal);
      if (isOver()) return;
      const changed = this.#publishListing(name, open, instruments).filter(({ symbol }) => open.symbols.has(symbol));
      const message = { type: 'InstrumentsChanged', session: open.session, instruments: changed } as const;
      if (changed.length > 0) await this.#deliver<ProviderMessage>(providerKey(name), message);
    } catch (error) {
      if (!isOver()) this.#options.log.warn({ name, error: textOf(error) }, 'the instruments could not be read anew');
    }
    if (!isOver()) this.#refreshLater(open, name, everyMs);
  }

  /** Takes the venue's list; what changed is told to whoever listens, and returned. */
  #publishListing(name: string, open: OpenSlot, instruments: readonly Instrument[]): readonly Instrument[] {
    const before = new Map(open.instruments.map((one) => [one.symbol, JSON.stringify(one)]));
    const changed = instruments.filter((one) => before.get(one.symbol) !== JSON.stringify(one));
    open.instruments = instruments;
    for (const { symbol } of instruments) open.everListed.add(symbol);
    const timestamp = this.#options.clock.now();
    for (const instrument of changed) {
      this.#options.hub.publish({ type: 'InstrumentUpdate', provider: name, instrument, timestamp });
    }
    return changed;
  }

  async isOurs(clientOrderId: string): Promise<boolean> {
    return KEY_PART.test(clientOrderId) && this.#options.intake.exists(orderKey(clientOrderId));
  }

  #slot(name: string): Slot {
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      const pace = { everyMs: REFERENCE_PRICE_MS, repeatMs: REFERENCE_REPEAT_MS };
      const prices = createPricePacer(this.#options.clock, pace, (symbol, price) =>
        this.#tellPrice(name, symbol, price),
      );
      slot = { newest: 0, opening: null, open: null, prices };
      this.#slots.set(name, slot);
    }
    return slot;
  }

  #openSlot(name: string, session: number): OpenSlot {
    const open = this.#slots.get(name)?.open ?? null;
    if (open?.session !== session)
      throw new ExchangeFault(`session ${session} of ${name} is not open`, { retryable: true });
    return open;
  }

  #refuseOvertaken(slot: Slot, session: number): void {
    if (session < slot.newest) throw overtaken(session);
  }

  #listener(slot: Slot, name: string, link: LinkWatch): ExchangeListener {
    const { hub } = this.#options;
    return {
      onReport: (report) => this.#report(name, report),
      onBalance: (balances) => this.#balances(name, balances),
      onMarket: (event) => {
        hub.publish(event);
        const price = priceOf(event);
        if (price !== null && link.isUp) slot.prices.note(event.symbol, price);
      },
      onConnected: () => link.up(),
      onDisconnected: (reason) => {
        link.down(reason);
        slot.prices.reset();
      },
    };
  }

  async #report(name: string, { reportId, order, execution, busted, reason }: OrderReport): Promise<void> {
    const word = { order, execution, reason, ...(busted !== undefined && { busted }) };
    if (await this.isOurs(order.clientOrderId)) {
      const message = { type: 'OrderReported', ...word } as const;
      return this.#deliver<OrderMessage>(orderKey(order.clientOrderId), message, `report:${reportId}`);
    }
    const [riskScope = null] = this.#options.riskScopes(name);
    const message = { type: 'ExternalOrderSeen', ...word, riskScope } as const;
    return this.#deliver<ProviderMessage>(providerKey(name), message, `external:${reportId}`);
  }

  async #balances(name: string, seen: readonly VenueBalance[]): Promise<void> {
    const balances = seen.slice(0, BALANCES_MAX);
    await this.#deliver<ProviderMessage>(providerKey(name), { type: 'BalancesObserved', balances });
    for (const { asset, available, locked, observedAt } of balances) {
      const total = format(add(parse(available), parse(locked)));
      const update = { provider: name, currency: asset, total, available, timestamp: observedAt } as const;
      this.#options.hub.publish({ type: 'BalanceUpdate', ...update });
    }
  }

  /** Returns when it is durable. A full mailbox slows the stream; a runtime that stops ends it. */
  async #deliver<Body extends Message>(to: ActorKey, message: Body, id?: string): Promise<void> {
    for (;;) {
      try {
        await this.#options.intake.deliver(to, message, id === undefined ? {} : { id });
        return;
      } catch (error) {
        if (!(error instanceof RuntimeError && error.code === 'MAILBOX_FULL')) throw error;
        await new Promise<void>((resolve) => this.#options.clock.after(RETRY_MS, resolve));
      }
    }
  }

  /** Of the session that counts only: what an older one says about its link is of no interest any more. */
  #tellLink(slot: Slot, name: string, session: number, lostFor: string | null): void {
    if (slot.open?.session !== session) return;
    const lost = { type: 'Disconnected', session, reason: lostFor ?? '' } as const;
    this.#tell<ProviderMessage>(providerKey(name), lostFor === null ? { type: 'Reconnected', session } : lost);
  }

  #tellPrice(provider: string, symbol: string, price: string): void {
    for (const scope of this.#options.riskScopes(provider)) {
      this.#tell<RiskMessage>(riskKey(scope), { type: 'ReferencePriceMoved', provider, symbol, price });
    }
  }

  #tell<Body extends Message>(to: ActorKey, message: Body): void {
    this.#options.intake.tell(to, message).catch((error: unknown) => {
      this.#options.log.warn(
        { to, type: message.type, error: textOf(error) },
        'a report of a session was not accepted',
      );
    });
  }
}

function openSlot(session: number, exchange: ExchangeSession): OpenSlot {
  const listing = { instruments: [], everListed: new Set<string>(), symbols: new Set<string>() };
  return { session, exchange, ...listing, feeds: 0, looking: null, endRefresh: () => {} };
}

/** All instruments where a message can carry them, else those that are watched. */
function chosen(all: readonly Instrument[], symbols: readonly string[]): readonly Instrument[] {
  if (all.length <= INSTRUMENTS_MAX) return all;
  const watched = new Set(symbols);
  return all.filter(({ symbol }) => watched.has(symbol)).slice(0, INSTRUMENTS_MAX);
}

function priceOf(event: MarketEvent): string | null {
  if (event.type === 'Trade') return event.payload.price;
  return event.type === 'Ticker' ? event.payload.lastPrice : null;
}

function overtaken(session: number): ExchangeFault {
  return new ExchangeFault(`session ${session} was overtaken by a newer request`, { retryable: true });
}
