// The raw REST client: methods are called like the endpoints they ask (rest-api.md). Order requests give back
// what is known about them; reads give back JSON, or throw an ExchangeFault.
import type { ExchangeSettings, OrderRef, SubmitRequest } from '../exchange.ts';
import { ExchangeFault } from '../exchange.ts';
import type { Bounds } from '../wire/bounds.ts';
import type { Clock } from '../wire/clock.ts';
import { type HttpClient, type HttpReply, httpClient } from '../wire/http.ts';
import { isUrgent, Limiter, type Priority } from '../wire/limiter.ts';
import { readJson } from '../wire/read-as.ts';
import type { Redact } from '../wire/redact.ts';
import { termsOf, timeInForceOf } from './order-types.ts';
import { isKeyRefused, readRefusal } from './outcome.ts';
import { type Parameters, queryOf, signedQuery } from './sign.ts';

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly parameters: Parameters;
  /** A time that was committed and how long it holds; or the time of sending; null for public data. */
  readonly signed: { readonly at: number; readonly recvWindowMs: number } | 'whenSent' | null;
  readonly priority: Priority;
  readonly weight: number;
  readonly timeoutMs: number;
  /** Nothing is written at or after this time. */
  readonly writeBefore: number | null;
  readonly giveUpAt: number;
}

/** Weights by rest-api.md of 2023-10-19 and later; openOrders and depth are what is asked for here. */
const WEIGHTS = {
  time: 1,
  exchangeInfo: 20,
  order: 1,
  amend: 4,
  query: 4,
  openOrders: 80,
  account: 20,
  myTrades: 20,
} as const;
/** How long a read may wait for its turn. */
const READ_PATIENCE_MS = 60_000;
/** The list of all symbols is megabytes long. */
const LISTING_TIMEOUT_MS = 30_000;

export class Rest {
  readonly #settings: ExchangeSettings;
  readonly #clock: Clock;
  readonly #redact: Redact;
  readonly #keptMs: number;
  readonly #limiter: Limiter;
  /** Orders have sockets of their own: a cancel never waits for one behind a large read. */
  readonly #orders: HttpClient;
  readonly #data: HttpClient;
  /** Added to our clock for everything but submits, whose time was committed before. */
  skewMs = 0;

  constructor(options: {
    readonly settings: ExchangeSettings;
    readonly clock: Clock;
    readonly bounds: Bounds;
    readonly redact: Redact;
  }) {
    const { settings, clock, bounds } = options;
    const { socketsMax, answerBytesMax } = bounds;
    this.#keptMs = bounds.keptMs;
    this.#settings = settings;
    this.#clock = clock;
    this.#redact = options.redact;
    this.#limiter = new Limiter({ clock, queueMax: bounds.limiterQueueMax });
    this.#orders = httpClient({ clock, url: settings.restUrl, socketsMax, answerBytesMax });
    this.#data = httpClient({ clock, url: settings.restUrl, socketsMax, answerBytesMax });
  }

  get limiter(): Limiter {
    return this.#limiter;
  }

  close(): void {
    this.#limiter.close();
    this.#orders.close();
    this.#data.close();
  }

  postOrder(request: SubmitRequest, venueSymbol: string, signal: AbortSignal): Promise<HttpReply> {
    const call: Call = {
      method: 'POST',
      path: '/api/v3/order',
      parameters: orderParameters(request, venueSymbol),
      signed: { at: request.signedAt, recvWindowMs: request.deadlineAt - request.signedAt },
      priority: 'submit',
      weight: WEIGHTS.order,
      timeoutMs: this.#settings.httpTimeoutMs,
      writeBefore: request.deadlineAt,
      giveUpAt: request.deadlineAt,
    };
    return this.#send(call, signal);
  }

  deleteOrder(venueSymbol: string, ref: OrderRef, signal: AbortSignal): Promise<HttpReply> {
    const parameters = referring(venueSymbol, ref);
    return this.#send(this.#signed('DELETE', '/api/v3/order', parameters, 'cancel', WEIGHTS.order), signal);
  }

  /** Only downwards, and the order keeps its place. It gets a new client order id unless the old one is sent along. */
  putAmend(
    venueSymbol: string,
    order: { readonly venueOrderId: string; readonly clientOrderId: string; readonly quantity: string },
    signal: AbortSignal,
  ): Promise<HttpReply> {
    const parameters: Parameters = [
      ['symbol', venueSymbol],
      ['orderId', order.venueOrderId],
      ['newClientOrderId', order.clientOrderId],
      ['newQty', order.quantity],
    ];
    // It only takes away, as a cancel does, and goes as one.
    const call = this.#signed('PUT', '/api/v3/order/amend/keepPriority', parameters, 'cancel', WEIGHTS.amend);
    return this.#send(call, signal);
  }

  getOrder(venueSymbol: string, ref: OrderRef, signal: AbortSignal): Promise<HttpReply> {
    const parameters = referring(venueSymbol, ref);
    return this.#send(this.#signed('GET', '/api/v3/order', parameters, 'query', WEIGHTS.query), signal);
  }

  /** `priority` is query where the answer decides about an order. */
  getMyTrades(parameters: Parameters, priority: Priority, signal: AbortSignal): Promise<unknown> {
    return this.#read(this.#signed('GET', '/api/v3/myTrades', parameters, priority, WEIGHTS.myTrades), signal);
  }

  getOpenOrders(signal: AbortSignal): Promise<unknown> {
    return this.#read(this.#signed('GET', '/api/v3/openOrders', [], 'query', WEIGHTS.openOrders), signal);
  }

  getAccount(signal: AbortSignal): Promise<unknown> {
    return this.#read(this.#signed('GET', '/api/v3/account', [], 'rest', WEIGHTS.account), signal);
  }

  getTime(signal: AbortSignal): Promise<unknown> {
    return this.#read(this.#public('/api/v3/time', [], WEIGHTS.time), signal);
  }

  getExchangeInfo(signal: AbortSignal): Promise<unknown> {
    // Without the permission sets, which are most of the answer.
    const parameters = [['showPermissionSets', 'false']] as const;
    const call = this.#public('/api/v3/exchangeInfo', parameters, WEIGHTS.exchangeInfo);
    return this.#read({ ...call, timeoutMs: Math.max(call.timeoutMs, LISTING_TIMEOUT_MS) }, signal);
  }

  getDepth(venueSymbol: string, limit: number, signal: AbortSignal): Promise<unknown> {
    const parameters = [
      ['symbol', venueSymbol],
      ['limit', String(limit)],
    ] as const;
    return this.#read(this.#public('/api/v3/depth', parameters, depthWeight(limit)), signal);
  }

  #public(path: string, parameters: Parameters, weight: number): Call {
    return this.#call('GET', path, parameters, { signed: null, priority: 'rest', weight });
  }

  #signed(method: Call['method'], path: string, parameters: Parameters, priority: Priority, weight: number): Call {
    return this.#call(method, path, parameters, { signed: 'whenSent', priority, weight });
  }

  #call(
    method: Call['method'],
    path: string,
    parameters: Parameters,
    terms: Pick<Call, 'signed' | 'priority' | 'weight'>,
  ): Call {
    const timeoutMs = this.#settings.httpTimeoutMs;
    const giveUpAt = this.#clock.now() + (terms.priority === 'rest' ? READ_PATIENCE_MS : timeoutMs);
    return { method, path, parameters, ...terms, timeoutMs, writeBefore: null, giveUpAt };
  }

  /** After the wait for its turn: a signature made before it would be too old. */
  #queryOf({ parameters, signed }: Call): string {
    if (signed === null) return queryOf(parameters);
    const { apiSecret, recvWindowMs } = this.#settings;
    const at = signed === 'whenSent' ? Math.round(this.#clock.now() + this.skewMs) : signed.at;
    const windowMs = signed === 'whenSent' ? recvWindowMs : signed.recvWindowMs;
    return signedQuery([...parameters, ['recvWindow', String(windowMs)], ['timestamp', String(at)]], apiSecret);
  }

  async #send(call: Call, signal: AbortSignal): Promise<HttpReply> {
    const turn = await this.#limiter.take(call, signal);
    if (!turn.granted) return { kind: 'notSent', reason: turn.reason };
    const query = this.#queryOf(call);
    const inBody = call.method === 'POST';
    const headers = {
      ...(call.signed ? { 'x-mbx-apikey': this.#settings.apiKey } : {}),
      ...(inBody ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
    };
    const client = call.priority === 'rest' ? this.#data : this.#orders;
    const reply = await client.send({
      method: call.method,
      path: inBody || query === '' ? call.path : `${call.path}?${query}`,
      body: inBody ? query : null,
      headers,
      writeBefore: call.writeBefore,
      timeoutMs: call.timeoutMs,
      keptMs: isUrgent(call.priority) ? this.#keptMs : null,
      signal,
    });
    if (reply.kind === 'answered') this.#limiter.observe(reply.status, reply.headers);
    return reply;
  }

  async #read(call: Call, signal: AbortSignal): Promise<unknown> {
    const reply = await this.#send(call, signal);
    const what = `${call.method} ${call.path} at ${new URL(this.#settings.restUrl).origin}`;
    if (reply.kind !== 'answered') throw new ExchangeFault(`${what}: ${reply.reason}`, { retryable: true });
    const { status, body } = reply;
    if (status >= 200 && status < 300) {
      const json = readJson(body);
      if (json !== undefined) return json;
      throw new ExchangeFault(`${what}: HTTP ${status} with an answer that is not JSON`, { retryable: true });
    }
    const refusal = readRefusal(body);
    const why = refusal ? this.#redact(`${refusal.code} ${refusal.message}`) : 'an answer that cannot be read';
    const retryable = !(refusal && isKeyRefused(refusal.code));
    throw new ExchangeFault(`${what}: HTTP ${status}: ${why}`, { retryable });
  }
}

/** Amounts exactly as they were decided, and no parameter that the order's type does not have (-1106). */
function orderParameters(request: SubmitRequest, venueSymbol: string): Parameters {
  const terms = termsOf(request);
  const given: readonly (readonly [name: string, value: string | null])[] = [
    ['symbol', venueSymbol],
    ['side', request.side === 'Buy' ? 'BUY' : 'SELL'],
    ['type', terms.type],
    ['timeInForce', terms.timeInForce ? timeInForceOf(request) : null],
    ['quantity', request.quantity],
    ['price', terms.price ? request.price : null],
    ['stopPrice', terms.stopPrice ? request.stopPrice : null],
    ['newClientOrderId', request.clientOrderId],
    ['newOrderRespType', 'FULL'],
  ];
  return given.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
}

/** With both ids the venue wants them to agree, and an amend of somebody else may have changed ours: one is sent. */
function referring(venueSymbol: string, { clientOrderId, venueOrderId }: OrderRef): Parameters {
  return [
    ['symbol', venueSymbol],
    venueOrderId === undefined ? ['origClientOrderId', clientOrderId] : ['orderId', venueOrderId],
  ];
}

function depthWeight(limit: number): number {
  if (limit <= 100) return 5;
  if (limit <= 500) return 25;
  return limit <= 1_000 ? 50 : 250;
}
