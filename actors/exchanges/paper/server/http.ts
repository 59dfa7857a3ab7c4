// The venue's one port: REST under /api/v3, WebSocket upgrades, and the admin paths.
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import * as refusals from '../core/refusal.ts';
import { Refused } from '../core/refusal.ts';
import type { Admin } from './admin.ts';
import { type Answer, type Dispatcher, refuse } from './dispatcher.ts';
import type { MarketStreams } from './market-streams.ts';
import { Params } from './params.ts';
import { headerOf } from './rate-limits.ts';
import { splitSignature } from './sign.ts';
import type { Sockets } from './sockets.ts';
import type { WsApi } from './ws-api.ts';

export interface HttpOptions {
  readonly dispatcher: Dispatcher;
  readonly admin: Admin;
  readonly streams: MarketStreams;
  readonly wsApi: WsApi;
  readonly sockets: Sockets;
}

const JSON_TYPE = 'application/json;charset=UTF-8';
const BODY_BYTES_MAX = 65_536;
const FRAME_BYTES_MAX = 65_536;
/** Longer than any client of ours keeps an idle connection, so that the venue is never the one to close it first. */
const KEEP_ALIVE_MS = 120_000;

export function createVenueServer(options: HttpOptions): Server {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    void handle(options, request, response);
  });
  const upgrades = new WebSocketServer({ noServer: true, maxPayload: FRAME_BYTES_MAX, perMessageDeflate: false });
  server.on('upgrade', (request, socket, head) => upgrade(options, upgrades, request, socket, head));
  return server;
}

async function handle(options: HttpOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const [path, query] = split(request.url ?? '/', '?');
    const body = await readBody(request);
    if (options.admin.owns(path)) return options.admin.handle(path, body, request, response);
    send(response, await answer(options.dispatcher, request, path, query, body));
  } catch (error) {
    if (error instanceof Refused) send(response, refuse(error.refusal));
    else response.destroy(); // the peer went away while it was sending
  }
}

async function answer(
  dispatcher: Dispatcher,
  request: IncomingMessage,
  path: string,
  query: string,
  body: string,
): Promise<Answer> {
  const operation = dispatcher.findRest(`${request.method} ${path}`);
  if (!operation) return refuse(refusals.PATH_UNKNOWN);
  // A parameter in both counts as it is in the query string.
  const params = new Params(new URLSearchParams(query), new URLSearchParams(body));
  const [signedQuery, signedBody] = [splitSignature(query), splitSignature(body)];
  const apiKey = request.headers['x-mbx-apikey'];
  return dispatcher.answer({
    operation,
    params,
    apiKey: Array.isArray(apiKey) ? apiKey[0] : apiKey,
    payload: signedQuery.payload + signedBody.payload,
    signature: signedQuery.signature ?? signedBody.signature,
  });
}

async function readBody(request: IncomingMessage): Promise<string> {
  if (request.method === 'GET') return '';
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new Refused(refusals.BODY_TOO_LARGE);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, answered: Answer): void {
  if (answered.kind === 'silence') return;
  if (answered.kind === 'cut') {
    response.destroy();
    return;
  }
  const { status, body, limits = [], retryAfterS = 1, again } = answered;
  const { socket } = response;
  response.setHeader('content-type', JSON_TYPE);
  response.setHeader('content-length', Buffer.byteLength(body));
  for (const limit of limits) response.setHeader(headerOf(limit), limit.count);
  if (status === 429 || status === 418) response.setHeader('retry-after', retryAfterS);
  response.writeHead(status).end(body, () => again?.(() => sendUnasked(socket, status, body)));
}

/** The server lets nobody answer twice, so it is written to the line itself, where it stays open. */
function sendUnasked(socket: Duplex | null, status: number, body: string): void {
  if (socket?.writable !== true) return;
  const head = `content-type: ${JSON_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}`;
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head}\r\n\r\n${body}`);
}

/** /ws, /ws/<stream>, /stream, /stream?streams=a/b, /ws-api/v3; and /stream/ws/<n>, which ccxt makes of a /stream. */
function upgrade(
  options: HttpOptions,
  upgrades: WebSocketServer,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const [path, query] = split(request.url ?? '/', '?');
  const accept = acceptor(options, path, query);
  if (!accept || options.sockets.isFull) {
    socket.end(`HTTP/1.1 ${accept ? '503 Service Unavailable' : '404 Not Found'}\r\nConnection: close\r\n\r\n`);
    return;
  }
  upgrades.handleUpgrade(request, socket, head, accept);
}

type Acceptor = (socket: Parameters<WsApi['accept']>[0]) => void;

function acceptor({ wsApi, streams }: HttpOptions, asked: string, query: string): Acceptor | null {
  const path = asked.startsWith('/stream/ws/') ? '/ws' : asked;
  if (path === '/ws-api/v3') return (socket) => wsApi.accept(socket);
  if (path === '/ws' || path === '/ws/') return (socket) => streams.accept(socket, false, []);
  if (path.startsWith('/ws/')) {
    const names = path.slice('/ws/'.length).split('/').map(decodeURIComponent);
    return (socket) => streams.accept(socket, false, names);
  }
  if (path !== '/stream' && path !== '/stream/') return null;
  const names = new URLSearchParams(query).get('streams')?.split('/') ?? [];
  return (socket) =>
    streams.accept(
      socket,
      true,
      names.filter((name) => name !== ''),
    );
}

function split(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
