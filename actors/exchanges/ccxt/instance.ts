// One ccxt exchange as this adapter wants it: its own retries, limiter, rounding and floats are off.
import type { ExchangeSettings } from '../exchange.ts';
import type { Clock } from '../wire/clock.ts';
import { keepWhole } from './books.ts';
import type { CcxtBounds } from './bounds.ts';
import type { CcxtClass, CcxtExchange, SocketClient } from './library.ts';
import type { Profile } from './profile.ts';
import type { CcxtTerms } from './terms.ts';

export interface InstanceOptions {
  readonly library: CcxtClass;
  readonly settings: ExchangeSettings;
  readonly terms: CcxtTerms;
  readonly profile: Profile;
  readonly bounds: CcxtBounds;
  readonly clock: Clock;
  /** Without them only public data can be asked for. */
  readonly withKeys: boolean;
}

export function createInstance(options: InstanceOptions): CcxtExchange {
  const { library, settings, terms, profile, bounds, clock, withKeys } = options;
  const keys = { apiKey: settings.apiKey, secret: settings.apiSecret, password: terms.passphrase };
  const exchange = new library({
    ...(withKeys ? keys : {}),
    newUpdates: true,
    options: { defaultType: 'spot', warnOnFetchOpenOrdersWithoutSymbol: false, maxRetriesOnFailure: 0 },
  });
  // ccxt's name for the size of a book that begins with a snapshot.
  const snapshot = settings.snapshotDepth === undefined ? {} : { watchOrderBookLimit: settings.snapshotDepth };
  const ws = { options: { maxPayload: bounds.frameBytesMax } };
  Object.assign(exchange.options, profile.options, snapshot, { maxRetriesOnFailure: 0, ws });
  // Amounts as the venue wrote them.
  exchange.number = String;
  exchange.timeout = settings.httpTimeoutMs;
  // Private at many venues, and nothing in it is used.
  exchange.has['fetchCurrencies'] = false;
  exchange.streaming = { ...exchange.streaming, keepAlive: bounds.keepAliveMs, maxPingPongMisses: 2 };
  // ccxt refuses ws:// unless a proxy was asked for; null is none.
  exchange.httpAgent = null;
  exchange.amountToPrecision = (_symbol, amount) => String(amount);
  exchange.priceToPrecision = (_symbol, price) => String(price);
  if (terms.sandbox === true) exchange.setSandboxMode(true);
  exchange.urls = { ...exchange.urls, api: moved(exchange.urls.api, settings, '') };
  parseRowByRow(exchange);
  attend(exchange, clock, bounds.bookLevels);
  return exchange;
}

/** ccxt gives a whole list up for one order that it cannot read: here such a one says nothing, and has no id. */
function parseRowByRow(exchange: CcxtExchange): void {
  const [parseOne, parseAll] = [exchange.parseOrder.bind(exchange), exchange.parseOrders.bind(exchange)];
  let isList = false;
  exchange.parseOrder = (row, market) => {
    try {
      return parseOne(row, market);
    } catch (error) {
      if (!isList) throw error;
      return { info: row };
    }
  };
  exchange.parseOrders = (...args) => {
    isList = true;
    try {
      return parseAll(...args);
    } finally {
      isList = false;
    }
  };
}

/** Ends every socket at once: a peer that is gone without a word would be waited for half a minute. */
export async function hangUp(exchange: CcxtExchange): Promise<void> {
  for (const { connection } of Object.values(exchange.clients ?? {})) connection?.terminate();
  await exchange.close().catch(() => undefined);
}

/**
 * ccxt leaves some promises of a lost socket to nobody, and an unhandled rejection ends the process. Whoever does
 * wait for one of them still sees it rejected. And it begins to listen for a sign of life with the first that it asks
 * for: here it begins when the socket is open, so that a peer that falls silent at once is found as soon as any other.
 */
function attend(exchange: CcxtExchange, clock: Clock, bookLevels: number): void {
  const clientOf = exchange.client.bind(exchange);
  const known = new WeakSet<SocketClient>();
  exchange.client = (url) => {
    const client = clientOf(url);
    if (known.has(client)) return client;
    known.add(client);
    const [futureOf, send, resolve] = [
      client.future.bind(client),
      client.send.bind(client),
      client.resolve.bind(client),
    ];
    client.future = (messageHash) => handled(futureOf(messageHash));
    client.send = (message) => handled(send(message));
    client.resolve = (result, messageHash) => {
      keepWhole(result, bookLevels);
      return resolve(result, messageHash);
    };
    // It prints frames it cannot read, and its address, which holds a listen key at some venues.
    client.log = () => undefined;
    const onOpen = (): void => {
      client.lastPong = clock.now();
    };
    client.connected.then(onOpen, () => undefined);
    return client;
  };
}

function handled<T extends Promise<unknown>>(promise: T): T {
  promise.catch(() => undefined);
  return promise;
}

/** The same paths at the configured hosts; an empty setting leaves the venue's own. */
function moved(value: unknown, settings: ExchangeSettings, name: string): unknown {
  if (typeof value === 'string') return atHost(value, settings, name);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, moved(inner, settings, name === 'ws-api' ? name : key)]),
  );
}

function atHost(url: string, { restUrl, streamUrl, wsApiUrl }: ExchangeSettings, name: string): string {
  const stream = name === 'ws-api' ? wsApiUrl : streamUrl;
  const target = url.startsWith('ws') ? stream : restUrl;
  if (target === '') return url;
  const [, path = ''] = /^\w+:\/\/[^/]*(\/.*)?$/.exec(url) ?? [];
  return target.replace(/\/$/, '') + path;
}
