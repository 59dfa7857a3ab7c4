// The way out of ccxt: our limiter in the place of its own, which lets a cancel wait behind reads, and our HTTP
// client in the place of its own, which cannot say whether a request was written.

import { compare, parse } from '../../market/decimal.ts';
import type { Clock } from '../wire/clock.ts';
import { type HttpClient, type HttpReply, type HttpRequest, httpClient } from '../wire/http.ts';
import { isUrgent, type Limiter } from '../wire/limiter.ts';
import { readJson } from '../wire/read-as.ts';
import type { CcxtBounds } from './bounds.ts';
import { type Call, currentCall, type Said, type Terms } from './call.ts';
import type { CcxtExchange } from './library.ts';

export interface TransportOptions {
  readonly clock: Clock;
  readonly bounds: CcxtBounds;
  readonly limiter: Limiter;
  /** Of requests that ccxt makes by itself. */
  readonly usual: () => Terms;
}

/** No answer of the venue. The call knows whether anything was written; the text holds no address. */
export class NotAnswered extends Error {}

/** Refused here, and so often as it is tried again. */
export class Unsendable extends NotAnswered {}

const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'DELETE']);
const NO_BODY: ReadonlySet<number> = new Set([204, 205, 304]);
const NUMBER = /\d+(?:\.\d+)?/g;

/** Takes the exchange's requests over; gives back how to close what that opened. */
export function carry(exchange: CcxtExchange, options: TransportOptions): () => void {
  const clients = new Map<string, HttpClient>();
  const { clock, limiter } = options;
  const clientOf = (url: string): HttpClient => {
    const { origin } = new URL(url);
    const { socketsMax, answerBytesMax } = options.bounds;
    const client = clients.get(origin) ?? httpClient({ clock, url: origin, socketsMax, answerBytesMax });
    clients.set(origin, client);
    return client;
  };
  exchange.enableRateLimit = true;
  exchange.throttle = async (cost = 1) => {
    const { priority, giveUpAt, signal } = currentCall() ?? options.usual();
    // Before the signature is made: one that waited would be too old.
    const turn = await limiter.take({ priority, giveUpAt, weight: Math.max(1, cost) }, signal);
    if (!turn.granted) throw new NotAnswered(turn.reason);
  };
  exchange.fetch = async (url, method = 'GET', headers = {}, body) => {
    const call = currentCall();
    const all = { ...exchange.setHeaders({ ...exchange.headers, ...headers }), ...call?.headers };
    const request = requestOf(call ?? options.usual(), options.bounds.keptMs, { url, method, headers: all, body });
    if (call) admit(call, request);
    const reply = await clientOf(url).send(request);
    if (call) note(call, request, reply);
    if (reply.kind !== 'answered') throw new NotAnswered(reply.reason);
    limiter.observe(reply.status, reply.headers);
    const answer = await exchange.handleRestResponse(responseOf(reply), url, method, all, body);
    if (call) call.understood = true;
    return answer;
  };
  return () => {
    for (const client of clients.values()) client.close();
  };
}

interface Wish {
  readonly url: string;
  readonly method: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: string | undefined;
}

function requestOf(terms: Terms, keptMs: number, { url, method, headers, body }: Wish): HttpRequest {
  if (!METHODS.has(method)) throw new Unsendable(`a request of the kind ${method} is not sent`);
  if (body !== undefined && typeof body !== 'string') throw new Unsendable('a body that is no text is not sent');
  const { pathname, search } = new URL(url);
  return {
    method: method as HttpRequest['method'],
    path: `${pathname}${search}`,
    body: body ?? null,
    headers: textsOf(headers),
    writeBefore: terms.writeBefore,
    timeoutMs: terms.timeoutMs,
    keptMs: isUrgent(terms.priority) ? keptMs : null,
    signal: terms.signal,
  };
}

function textsOf(headers: { readonly [name: string]: unknown }): { [name: string]: string } {
  const named = Object.entries(headers).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(named.map(([name, value]) => [name, String(value)]));
}

/**
 * What leaves is what was decided. ccxt rounds prices and cuts quantities in silence, each venue in its own way,
 * so the finished request is looked at: an order with other numbers in it is not written.
 */
function admit(call: Call, request: HttpRequest): void {
  call.requests += 1;
  if (call.mustSay === null || request.method === 'GET') return;
  const words = wordsOf(request);
  const missing = call.mustSay.filter((said) => !isSaid(said, words)).map(({ value }) => value);
  if (missing.length > 0) throw new Unsendable(`ccxt would not send ${missing.join(' and ')} as it was decided`);
}

interface Words {
  readonly text: string;
  readonly fields: ReadonlyMap<string, string>;
}

function isSaid({ field, value, isAmount }: Said, { text, fields }: Words): boolean {
  const said = field === null ? text : (fields.get(field) ?? '');
  if (!isAmount) return field === null ? said.includes(value) : said === value;
  const numbers = field === null ? (said.match(NUMBER) ?? []) : [said];
  return numbers.flatMap(decimalOf).some((number) => compare(number, parse(value)) === 0);
}

/** Of the query and the body, which is JSON or a form. */
function wordsOf({ path, body }: HttpRequest): Words {
  const [, query = ''] = path.split('?');
  const json: unknown = readJson(body ?? '');
  const isObject = typeof json === 'object' && json !== null;
  const entries = isObject ? Object.entries(json) : [...new URLSearchParams(body ?? '')];
  const fields = new Map([...new URLSearchParams(query), ...entries].map(([name, value]) => [name, String(value)]));
  return { text: decodeURIComponent(`${path} ${body ?? ''}`.replace(/\+/g, ' ')), fields };
}

/** Nothing for what is no amount, or longer than one can be: digits of an id or of a signature. */
function decimalOf(text: string): bigint[] {
  const [, whole = '', fraction = ''] = /^(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  return whole === '' || whole.length > 20 || fraction.length > 18 ? [] : [parse(text)];
}

function note(call: Call, request: HttpRequest, reply: HttpReply): void {
  call.reply = reply;
  call.understood = false;
  if (request.method !== 'GET' && reply.kind !== 'notSent') call.written = true;
}

function responseOf({ status, headers, body }: Extract<HttpReply, { kind: 'answered' }>): Response {
  const plain = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined || name === 'transfer-encoding' ? [] : [[name, String(value)]],
  );
  return new Response(NO_BODY.has(status) ? null : body, { status, headers: plain });
}
