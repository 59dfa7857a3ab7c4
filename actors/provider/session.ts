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
import { BALANCES_MAX, INSTRUMENTS_MAX, RECV_WINDOW_MS, REFERENCE_PRICE_MS, REFERENCE_REPEAT_MS } from './bounds.ts';
import type { Link } from './context.ts';
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
  /** Who must know the reference prices of a provider. */
  readonly riskScopes: (provider: string) => readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}

export interface Opened {
  readonly link: Link;
  readonly instruments: readonly Instrument[];
}

export interface SessionHost extends ExchangeDirectory {
  /** Closes the session before it. Throws an ExchangeFault, also when a newer request overtook this one. */
  open(request: OpenSession, signal: AbortSignal): Promise<Opened>;
  /** Closes what is open up to this number, and whatever is being opened. */
  close(request: SessionRef): Promise<void>;
  /** Makes the market feeds exactly these; answers the instruments of their symbols. */
  hold(request: HoldFeeds, signal: AbortSignal): Promise<readonly Instrument[]>;
  /** The exchange session of this number; throws an ExchangeFault when it is not the one that is open. */
  current(request: SessionRef): ExchangeSession;
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
  feeds: number;
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

  current({ name, session }: SessionRef): ExchangeSession {
    return this.#openSlot(name, session).exchange;
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
    const exchange = await this.#connect(request, this.#listener(slot, name, link), either);
    try {
      const opened = await describe(exchange, request, either);
      // 3. Take it over, unless it came too late.
      if (either.aborted || slot.newest !== session) throw overtaken(session);
      slot.opening = null;
      slot.open = { session, exchange, instruments: opened.all, feeds: 0 };
      link.begin();
      return { link: opened.link, instruments: chosen(opened.all, request.symbols) };
    } catch (error) {
      await exchange.close();
      throw error;
    }
  }

  #connect(request: OpenSession, listener: ExchangeListener, signal: AbortSignal): Promise<ExchangeSession> {
    const { adapters, secrets } = this.#options;
    const openExchange = Object.hasOwn(adapters, request.adapter) ? adapters[request.adapter] : undefined;
    if (openExchange === undefined) {
      const known = Object.keys(adapters).sort().join(', ');
      throw new ExchangeFault(`ADAPTER_UNKNOWN: adapter=${request.adapter}, allowed: ${known}`, { retryable: false });
    }
    return openExchange(exchangeSettings(request, secrets), listener, signal);
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
    const isKnown = (symbol: string): boolean => open.instruments.some((instrument) => instrument.symbol === symbol);
    // A symbol may have been listed since the session was opened.
    if (![...symbols].every(isKnown)) open.instruments = await open.exchange.instruments(signal);
    // A symbol the venue does not list has no feed; it must not keep the others from theirs.
    await open.exchange.subscribe(routes.filter(({ symbol }) => isKnown(symbol)));
    return open.instruments.filter(({ symbol }) => symbols.has(symbol));
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

  async #report(name: string, { reportId, order, execution, reason }: OrderReport): Promise<void> {
    if (await this.isOurs(order.clientOrderId)) {
      const message = { type: 'OrderReported', order, execution, reason } as const;
      return this.#deliver<OrderMessage>(orderKey(order.clientOrderId), message, `report:${reportId}`);
    }
    const message = { type: 'ExternalOrderSeen', order } as const;
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

/** What a session says about its link, held back until the session is taken over. */
class LinkWatch {
  /** Null: it is up again. */
  readonly #tell: (lostFor: string | null) => void;
  #begun = false;
  #lostFor: string | null = null;

  constructor(tell: (lostFor: string | null) => void) {
    this.#tell = tell;
  }

  get isUp(): boolean {
    return this.#lostFor === null;
  }

  up(): void {
    const wasDown = this.#lostFor !== null;
    this.#lostFor = null;
    if (this.#begun && wasDown) this.#tell(null);
  }

  down(reason: string): void {
    this.#lostFor = reason;
    if (this.#begun) this.#tell(reason);
  }

  begin(): void {
    this.#begun = true;
    if (this.#lostFor !== null) this.#tell(this.#lostFor);
  }
}

/** What the provider must know of the venue before it is ready. */
async function describe(
  exchange: ExchangeSession,
  { settings }: OpenSession,
  signal: AbortSignal,
): Promise<{ readonly link: Link; readonly all: readonly Instrument[] }> {
  const { venue, account, capabilities } = exchange;
  const skewMs = Math.round(await exchange.clockSkewMs(signal));
  if (Math.abs(skewMs) > capabilities.skewMs) {
    const detail = `skewMs=${skewMs}, allowed: up to ${capabilities.skewMs}`;
    throw new ExchangeFault(`CLOCK_SKEWED: ${detail}; set the clock of this machine`, { retryable: true });
  }
  const all = await exchange.instruments(signal);
  const hasDeadline = capabilities.requestDeadline && capabilities.queryByClientOrderId;
  const recvWindowMs = hasDeadline ? Number(settings['recvWindowMs'] ?? RECV_WINDOW_MS) : 0;
  const fenceMarginMs = capabilities.skewMs + capabilities.processingMs + capabilities.readLagMs;
  return { link: { venue, account, fenceMarginMs, recvWindowMs, skewMs }, all };
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
