// A scripted Binance over real sockets: one HTTP server that answers as told, and both WebSocket endpoints.
// It knows nothing of trading; every test says what the venue does.
import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ExchangeSettings } from '../../actors/exchanges/exchange.ts';

export interface SeenRequest {
  readonly route: string;
  readonly headers: IncomingMessage['headers'];
  /** Of the query and of the body, together. */
  readonly parameters: URLSearchParams;
  /** As sent: what a signature is over. */
  readonly raw: string;
  readonly at: number;
}

export type Script =
  | {
      readonly status: number;
      readonly json?: unknown;
      readonly text?: string;
      readonly headers?: Record<string, string>;
    }
  /** Closes the connection: before anything is answered, or in the middle of the answer. */
  | { readonly cut: 'reset' | 'silent' | 'midway' }
  | { readonly hang: true };
type Answer = Script | ((request: SeenRequest) => Script);

export interface FakeVenue extends AsyncDisposable {
  readonly url: string;
  readonly settings: ExchangeSettings;
  readonly requests: SeenRequest[];
  /** What the WebSocket endpoints were sent, as JSON. */
  readonly userFrames: unknown[];
  readonly marketFrames: { readonly method: string; readonly params: readonly string[]; readonly id: number }[];
  /** Answers to the next requests of a route, in turn; the last one stays when `stays` is set. */
  script(route: string, answers: readonly Answer[]): void;
  stays(route: string, answer: Answer): void;
  /** How the endpoints answer subscriptions, in turn; then they confirm. */
  readonly userReplies: (
    | 'confirm'
    | 'silence'
    | { readonly code: number; readonly msg: string }
    | { readonly raw: string }
  )[];
  readonly marketReplies: ('confirm' | 'silence' | 'refuse')[];
  toUser(event: unknown): void;
  toMarket(stream: string, data: unknown): void;
  rawToUser(text: string): void;
  rawToMarket(text: string): void;
  readonly userSockets: ReadonlySet<WebSocket>;
  readonly marketSockets: ReadonlySet<WebSocket>;
  readonly connections: number;
  cut(which: 'user' | 'market' | 'http'): void;
  /** Stops reading and answering without closing: a half-open peer. */
  freeze(which: 'user' | 'market'): void;
  refuseUpgrades(refuse: boolean): void;
  close(): Promise<void>;
}

export const SYMBOL = {
  symbol: 'BTCUSDT',
  status: 'TRADING',
  baseAsset: 'BTC',
  baseAssetPrecision: 8,
  quoteAsset: 'USDT',
  quoteAssetPrecision: 8,
  isSpotTradingAllowed: true,
  filters: [
    { filterType: 'PRICE_FILTER', minPrice: '0.01000000', maxPrice: '1000000.00000000', tickSize: '0.01000000' },
    { filterType: 'LOT_SIZE', minQty: '0.00001000', maxQty: '9000.00000000', stepSize: '0.00001000' },
    { filterType: 'NOTIONAL', minNotional: '5.00000000', maxNotional: '9000000.00000000' },
  ],
};
const LIMITS = [
  { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 600_000 },
  { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 100_000 },
];

export async function fakeVenue(overrides: Partial<ExchangeSettings> = {}): Promise<FakeVenue> {
  const venue = new Venue();
  await venue.listen();
  return Object.assign(venue, { settings: { ...venue.settings, ...overrides } });
}

class Venue implements FakeVenue {
  url = '';
  settings!: ExchangeSettings;
  readonly requests: SeenRequest[] = [];
  readonly userFrames: unknown[] = [];
  readonly marketFrames: FakeVenue['marketFrames'] = [];
  readonly userReplies: FakeVenue['userReplies'] = [];
  readonly marketReplies: FakeVenue['marketReplies'] = [];
  readonly userSockets = new Set<WebSocket>();
  readonly marketSockets = new Set<WebSocket>();
  connections = 0;
  readonly #scripts = new Map<string, Answer[]>();
  readonly #defaults = new Map<string, Answer>();
  readonly #server = http.createServer((request, response) => void this.#serve(request, response));
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #tcp = new Set<Socket>();
  #refusing = false;

  async listen(): Promise<void> {
    this.#server.on('connection', (socket) => {
      this.connections += 1;
      this.#tcp.add(socket);
      socket.on('close', () => this.#tcp.delete(socket));
    });
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket as Socket, head));
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const { port } = this.#server.address() as AddressInfo;
    this.url = `http://127.0.0.1:${port}`;
    const socketUrl = `ws://127.0.0.1:${port}`;
    this.settings = {
      restUrl: this.url,
      streamUrl: socketUrl,
      wsApiUrl: socketUrl,
      apiKey: 'fakeVenueKey',
      apiSecret: 'fakeVenueSecret',
      recvWindowMs: 5_000,
      httpTimeoutMs: 5_000,
    };
    this.stays('GET /api/v3/time', () => ({ status: 200, json: { serverTime: Date.now() } }));
    this.stays('GET /api/v3/exchangeInfo', { status: 200, json: { rateLimits: LIMITS, symbols: [SYMBOL] } });
    this.stays('GET /api/v3/account', { status: 200, json: { uid: 42, updateTime: 0, balances: [] } });
    this.stays('GET /api/v3/depth', { status: 200, json: { lastUpdateId: 0, bids: [], asks: [] } });
    this.stays('GET /api/v3/myTrades', { status: 200, json: [] });
    this.stays('GET /api/v3/openOrders', { status: 200, json: [] });
  }

  script(route: string, answers: readonly Answer[]): void {
    this.#scripts.set(route, [...(this.#scripts.get(route) ?? []), ...answers]);
  }
  stays(route: string, answer: Answer): void {
    this.#defaults.set(route, answer);
  }

  toUser(event: unknown): void {
    this.rawToUser(JSON.stringify({ subscriptionId: 0, event }));
  }
  toMarket(stream: string, data: unknown): void {
    this.rawToMarket(JSON.stringify({ stream, data }));
  }
  rawToUser(text: string): void {
    for (const socket of this.userSockets) socket.send(text);
  }
  rawToMarket(text: string): void {
    for (const socket of this.marketSockets) socket.send(text);
  }

  cut(which: 'user' | 'market' | 'http'): void {
    if (which === 'http') for (const socket of this.#tcp) socket.destroy();
    else for (const socket of this.#of(which)) socket.terminate();
  }
  freeze(which: 'user' | 'market'): void {
    for (const socket of this.#of(which)) socket.pause();
  }
  refuseUpgrades(refuse: boolean): void {
    this.#refusing = refuse;
  }

  async close(): Promise<void> {
    for (const socket of this.#tcp) socket.destroy();
    this.#sockets.close();
    this.#server.close();
    if (this.#server.listening) await once(this.#server, 'close');
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #of(which: 'user' | 'market'): Set<WebSocket> {
    return which === 'user' ? this.userSockets : this.marketSockets;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { pathname, search } = new URL(request.url ?? '/', this.url);
    const raw = search.slice(1) + Buffer.concat(chunks).toString();
    const route = `${request.method} ${pathname}`;
    const seen = { route, headers: request.headers, parameters: new URLSearchParams(raw), raw, at: Date.now() };
    this.requests.push(seen);
    const answer = this.#scripts.get(route)?.shift() ?? this.#defaults.get(route);
    const script = typeof answer === 'function' ? answer(seen) : answer;
    play(script ?? { status: 404, json: { code: -1, msg: `nothing is scripted for ${route}` } }, response);
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const { pathname } = new URL(request.url ?? '/', this.url);
    const which = pathname === '/ws-api/v3' ? 'user' : pathname === '/stream' ? 'market' : null;
    if (which === null || this.#refusing) return void socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n');
    this.#sockets.handleUpgrade(request, socket, head, (open) => {
      this.#of(which).add(open);
      open.on('close', () => this.#of(which).delete(open));
      open.on('error', () => {});
      open.on('message', (data) =>
        which === 'user' ? this.#onUser(open, data.toString()) : this.#onMarket(open, data.toString()),
      );
    });
  }

  #onUser(socket: WebSocket, text: string): void {
    const frame = JSON.parse(text) as { id: string };
    this.userFrames.push(frame);
    const reply = this.userReplies.shift() ?? 'confirm';
    if (reply === 'confirm') socket.send(JSON.stringify({ id: frame.id, status: 200, result: { subscriptionId: 0 } }));
    else if (reply === 'silence') return;
    else if ('raw' in reply) socket.send(reply.raw);
    else socket.send(JSON.stringify({ id: frame.id, status: 400, error: reply }));
  }

  #onMarket(socket: WebSocket, text: string): void {
    const frame = JSON.parse(text) as FakeVenue['marketFrames'][number];
    this.marketFrames.push(frame);
    const reply = this.marketReplies.shift() ?? 'confirm';
    if (reply === 'confirm') socket.send(JSON.stringify({ result: null, id: frame.id }));
    else if (reply === 'refuse') socket.send(JSON.stringify({ code: 2, msg: 'Invalid request', id: frame.id }));
  }
}

function play(script: Script, response: ServerResponse): void {
  if ('hang' in script) return;
  if ('cut' in script) {
    if (script.cut === 'reset') response.socket?.resetAndDestroy();
    else if (script.cut === 'silent') response.socket?.destroy();
    else {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"symbol":"BTCUSDT",');
      setTimeout(() => response.socket?.destroy(), 20);
    }
    return;
  }
  response.writeHead(script.status, { 'content-type': 'application/json', ...script.headers });
  response.end(script.text ?? JSON.stringify(script.json ?? {}));
}
