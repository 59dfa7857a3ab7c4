// One HTTP request, and what is known about it afterwards. The request's bytes are handed to the socket in one
// place, after it is connected (and, over TLS, after the handshake); so a failure before that place proves that
// nothing was sent, and any failure after it proves nothing at all.
import { Buffer } from 'node:buffer';
import http, { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Cancel, Clock } from './clock.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path with its query. */
  readonly path: string;
  readonly body: string | null;
  readonly headers: { readonly [name: string]: string };
  /** Not written at or after this time; null: whenever. */
  readonly writeBefore: number | null;
  readonly timeoutMs: number;
  /**
   * Given up after so long without a word of the answer, where the connection was open before: its peer may be gone.
   * The next request has a connection of its own, and all of `timeoutMs`. Null: no shorter wait.
   */
  readonly keptMs: number | null;
  readonly signal: AbortSignal;
}

export type HttpReply =
  /** Proved: no byte of the request was written. */
  | { readonly kind: 'notSent'; readonly reason: string }
  /** It may have arrived, and may have been acted upon. */
  | { readonly kind: 'noAnswer'; readonly reason: string }
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly body: string;
    };

export interface HttpClient {
  send(request: HttpRequest): Promise<HttpReply>;
  close(): void;
}

interface Pool {
  readonly origin: URL;
  readonly agent: http.Agent;
  readonly answerBytesMax: number;
  readonly clock: Clock;
  readonly closing: AbortController;
}

export function httpClient(options: {
  readonly clock: Clock;
  readonly url: string;
  readonly socketsMax: number;
  readonly answerBytesMax: number;
}): HttpClient {
  const origin = new URL(options.url);
  const secure = origin.protocol === 'https:';
  const settings = { keepAlive: true, maxSockets: options.socketsMax, scheduling: 'lifo' } as const;
  const agent = secure ? new https.Agent(settings) : new http.Agent(settings);
  const closing = new AbortController();
  const pool: Pool = { origin, agent, answerBytesMax: options.answerBytesMax, clock: options.clock, closing };
  return {
    send: (request) => exchange(pool, request),
    close: () => {
      closing.abort();
      agent.destroy();
    },
  };
}

function exchange(pool: Pool, request: HttpRequest): Promise<HttpReply> {
  return new Promise((resolve) => {
    let written = false;
    const outgoing = start(pool, request);
    const signals = [request.signal, pool.closing.signal];
    const timers: Cancel[] = [];
    const settle = (reply: HttpReply): void => {
      for (const cancel of timers) cancel();
      for (const signal of signals) signal.removeEventListener('abort', onAbort);
      resolve(reply);
    };
    const fail = (reason: string): void => {
      settle({ kind: written ? 'noAnswer' : 'notSent', reason });
      outgoing.destroy();
    };
    const onAbort = (): void => fail('it was called off');
    const failAfter = (ms: number): Cancel =>
      pool.clock.after(ms, () => {
        fail(`no ${written ? 'answer' : 'connection'} within ${ms} ms`);
        // The peer may be gone without a word, and then so are the idle sockets beside this one.
        if (written) dropIdle(pool.agent);
      });
    timers.push(failAfter(request.timeoutMs));
    const write = (socket: Socket): void => {
      if (socket.destroyed || !socket.writable) return fail('the connection was closed before it was used');
      if (request.writeBefore !== null && pool.clock.now() >= request.writeBefore) {
        return fail('deadline passed before it was sent');
      }
      written = true;
      outgoing.end(request.body ?? undefined);
    };
    outgoing.on('error', (error) => fail(wordOf(error)));
    outgoing.on('socket', (socket) => {
      if (request.keptMs !== null && isOpen(socket)) {
        const cancel = failAfter(request.keptMs);
        timers.push(cancel);
        outgoing.on('response', cancel);
      }
      whenOpen(outgoing, socket, () => write(socket));
    });
    outgoing.on('response', (incoming) => collect(incoming, pool.answerBytesMax, settle, fail));
    for (const signal of signals) signal.addEventListener('abort', onAbort);
    if (signals.some((signal) => signal.aborted)) onAbort();
  });
}

function start({ origin, agent }: Pool, request: HttpRequest): ClientRequest {
  const length = request.body === null ? {} : { 'content-length': String(Buffer.byteLength(request.body)) };
  const prefix = origin.pathname.replace(/\/$/, '');
  const target = new URL(`${prefix}${request.path}`, origin);
  const options = { agent, method: request.method, headers: { ...request.headers, ...length } };
  return origin.protocol === 'https:' ? https.request(target, options) : http.request(target, options);
}

function whenOpen(outgoing: ClientRequest, socket: Socket, write: () => void): void {
  if (isOpen(socket)) return write();
  const event = socket instanceof TLSSocket ? 'secureConnect' : 'connect';
  socket.once(event, write);
  outgoing.once('close', () => socket.removeListener(event, write));
}

/** Asked of the socket: the agent does not mark every reused one (`reusedSocket`) in the requests it queued. */
function isOpen(socket: Socket): boolean {
  if (!(socket instanceof TLSSocket)) return !socket.connecting;
  return socket.authorized || Boolean(socket.authorizationError);
}

function collect(
  incoming: IncomingMessage,
  bytesMax: number,
  settle: (reply: HttpReply) => void,
  fail: (reason: string) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  incoming.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bytesMax) return fail(`the answer is longer than ${bytesMax} bytes`);
    chunks.push(chunk);
  });
  incoming.on('end', () => {
    const body = Buffer.concat(chunks).toString('utf8');
    settle({ kind: 'answered', status: incoming.statusCode ?? 0, headers: incoming.headers, body });
  });
  incoming.on('error', () => fail('the answer was cut off'));
  incoming.on('aborted', () => fail('the answer was cut off'));
}

function dropIdle(agent: http.Agent): void {
  for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
}

const WORDS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'connection reset'],
  ['ENOTFOUND', 'host name not found'],
  ['EAI_AGAIN', 'host name not found'],
  ['EPIPE', 'connection closed'],
  ['ETIMEDOUT', 'connection timed out'],
]);

/** The code alone: messages of TLS errors can be long, and quote what the peer sent. */
export function wordOf(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
  return code === null ? error.message : (WORDS.get(code) ?? code);
}
