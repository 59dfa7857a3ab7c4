// A paper venue in this process on a folder of its own, and a client that signs as Binance wants it.
import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import WebSocket from 'ws';
import { DEFAULT_MARKET, type MarketTerms } from '../../actors/exchanges/paper/core/market.ts';
import { type Host, systemHost } from '../../actors/exchanges/paper/host.ts';
import {
  type PaperAccount,
  type ServedVenue,
  type ServeOptions,
  serveVenue,
} from '../../actors/exchanges/paper/serve.ts';
import { LEDGER_FILE } from '../../actors/exchanges/paper/venue.ts';

export const ALICE: PaperAccount = {
  name: 'alice',
  apiKey: 'alice-key-0123456789abcdef',
  secret: 'alice-secret-0123456789abcdef',
  balances: { USDT: '100000', BTC: '2', ETH: '30' },
};
export const BOB: PaperAccount = {
  name: 'bob',
  apiKey: 'bob-key-0123456789abcdef',
  secret: 'bob-secret-0123456789abcdef',
  balances: { USDT: '100000', BTC: '2', ETH: '30' },
};
export const ADMIN_TOKEN = 'admin-token-of-the-tests';

/** No house, no takers: the book holds what clients put there, and nothing moves by itself. */
export const EMPTY_MARKET: MarketTerms = { ...DEFAULT_MARKET, levels: 0, movePpm: 0, returnPpm: 0n, takerChances: [] };

export async function scratch(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'meltica-venue-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface TestVenue extends ServedVenue {
  readonly dataDir: string;
  readonly ledgerFile: string;
  readonly warnings: string[];
  readonly fatal: Error[];
}

export async function openVenue(t: ExecutionContext, options: Partial<ServeOptions> = {}): Promise<TestVenue> {
  const dataDir = options.dataDir ?? (await scratch(t));
  const warnings: string[] = [];
  const fatal: Error[] = [];
  const served = await serveVenue({
    dataDir,
    port: 0,
    host: systemHost,
    accounts: [ALICE, BOB],
    adminToken: ADMIN_TOKEN,
    pid: process.pid,
    warn: (text) => warnings.push(text),
    fatal: (error) => fatal.push(error),
    onHolders: () => {},
    onStop: () => {},
    seed: 1,
    speed: 0,
    market: EMPTY_MARKET,
    ...options,
  });
  let closed: Promise<void> | null = null;
  const close = (): Promise<void> => (closed ??= served.close());
  t.teardown(close);
  return { ...served, close, dataDir, ledgerFile: path.join(dataDir, LEDGER_FILE), warnings, fatal };
}

/** JSON that a test looks into. */
export type Body = { readonly [name: string]: unknown };

export interface Answered {
  readonly status: number;
  /** What was said; empty when it was a list. */
  readonly body: Body;
  /** The same where it is a list; else empty. */
  readonly list: readonly Body[];
  readonly text: string;
}

export type Fields = { readonly [name: string]: string | number };

/** As long as the protocol allows: a loaded machine must not make a request late. */
export const PATIENT = { recvWindow: 60_000 };

/** Requests of one account. `signed` adds timestamp, window and signature. */
export class Client {
  private readonly url: string;
  private readonly account: PaperAccount;
  private readonly host: Host;

  constructor(port: number, account: PaperAccount = ALICE, host: Host = systemHost) {
    this.url = `http://127.0.0.1:${port}`;
    this.account = account;
    this.host = host;
  }

  signed(method: string, route: string, fields: Fields = {}): Promise<Answered> {
    const query = signedQuery(this.account, { ...PATIENT, timestamp: this.host.now(), ...fields });
    return this.send(method, `/api/v3/${route}?${query}`);
  }

  async send(
    method: string,
    target: string,
    body?: string,
    headers: { [name: string]: string } = {},
  ): Promise<Answered> {
    const response = await fetch(`${this.url}${target}`, {
      method,
      headers: { 'x-mbx-apikey': this.account.apiKey, ...headers },
      ...(body !== undefined && { body }),
    });
    return answered(response.status, await response.text());
  }

  /** A limit order, GTC unless told otherwise. */
  limit(side: string, price: string, quantity: string, more: Fields = {}): Promise<Answered> {
    const terms = { symbol: 'BTCUSDT', side, type: 'LIMIT', timeInForce: 'GTC', price, quantity };
    return this.signed('POST', 'order', { ...terms, ...more });
  }

  faults(rules: readonly object[]): Promise<Answered> {
    return this.admin('POST', '/faults', { rules });
  }

  admin(method: string, target: string, body: object = {}): Promise<Answered> {
    const content = method === 'GET' ? undefined : JSON.stringify(body);
    return this.send(method, target, content, { 'x-venue-token': ADMIN_TOKEN });
  }
}

export function signedQuery(account: PaperAccount, fields: Fields): string {
  const query = new URLSearchParams(asText(fields)).toString();
  return `${query}&signature=${sign(account, query)}`;
}

function asText(fields: Fields): [string, string][] {
  return Object.entries(fields).map(([name, value]) => [name, String(value)]);
}

export function sign(account: PaperAccount, payload: string): string {
  return createHmac('sha256', account.secret).update(payload).digest('hex');
}

function answered(status: number, text: string): Answered {
  const json: Body | readonly Body[] = /^[{[]/.test(text) ? JSON.parse(text) : {};
  return { status, text, body: isList(json) ? {} : json, list: isList(json) ? json : [] };
}

function isList(json: Body | readonly Body[]): json is readonly Body[] {
  return Array.isArray(json);
}

/** A WebSocket whose frames are waited for by what they say; nothing that came is lost. */
export class Listener {
  readonly received: Body[] = [];
  readonly socket: WebSocket;
  readonly closed: Promise<void>;
  private waiting: (() => void)[] = [];

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.on('close', () => resolve()));
    socket.on('error', () => {});
    socket.on('message', (data) => {
      this.received.push(JSON.parse(String(data)));
      for (const wake of this.waiting.splice(0)) wake();
    });
  }

  static async open(t: ExecutionContext, port: number, target: string): Promise<Listener> {
    const listener = new Listener(new WebSocket(`ws://127.0.0.1:${port}${target}`));
    t.teardown(() => listener.socket.terminate());
    await new Promise<void>((resolve, reject) => {
      listener.socket.once('open', () => resolve());
      listener.socket.once('error', reject);
    });
    return listener;
  }

  send(frame: object): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** The first frame, come or to come, that fits. */
  async find(fits: (frame: Body) => boolean): Promise<Body> {
    for (;;) {
      const found = this.received.find(fits);
      if (found) return found;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /** Sends a request frame and waits for the answer with its id. */
  ask(frame: { readonly id: string | number; readonly [field: string]: unknown }): Promise<Body> {
    this.send(frame);
    return this.find((received) => received['id'] === frame.id);
  }
}

/** Parameters of a signed request over the WebSocket API: signed in sorted order. */
export function signedParams(account: PaperAccount, fields: Fields = {}): Fields {
  const all: Fields = { ...PATIENT, apiKey: account.apiKey, timestamp: Date.now(), ...fields };
  const payload = Object.keys(all)
    .sort()
    .map((name) => `${name}=${all[name]}`)
    .join('&');
  return { ...all, signature: sign(account, payload) };
}

/** A clock that stands still until it is moved; timers run when they are moved past. */
export class ManualHost implements Host {
  private at: number;
  private timers: { dueAt: number; readonly everyMs: number | null; readonly fn: () => void }[] = [];
  private secrets = 0;

  constructor(at: number) {
    this.at = at;
  }

  now(): number {
    return this.at;
  }

  every(ms: number, fn: () => void): () => void {
    return this.timer({ dueAt: this.at + ms, everyMs: ms, fn });
  }

  after(ms: number, fn: () => void): () => void {
    return this.timer({ dueAt: this.at + ms, everyMs: null, fn });
  }

  secret(): string {
    this.secrets += 1;
    return String(this.secrets).padStart(32, '0');
  }

  advance(ms: number): void {
    const until = this.at + ms;
    for (;;) {
      const next = this.timers.filter(({ dueAt }) => dueAt <= until).sort((one, other) => one.dueAt - other.dueAt)[0];
      if (!next) break;
      this.at = Math.max(this.at, next.dueAt);
      if (next.everyMs === null) this.timers = this.timers.filter((timer) => timer !== next);
      else next.dueAt += next.everyMs;
      next.fn();
    }
    this.at = until;
  }

  private timer(timer: ManualHost['timers'][number]): () => void {
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }
}
