// The outside of OKX: an HTTP server and the WebSocket endpoints in one, whose answers are given by whoever uses it.
// Frames and answers have the forms of the API v5 guide.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

export interface OkxRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** What is answered as JSON, a text as it is; null cuts the connection without a word. */
export type OkxAnswer = (request: OkxRequest) => object | string | null | Promise<object | string | null>;

export interface OkxServer {
  readonly port: number;
  readonly seen: OkxRequest[];
  /** By method and path. */
  readonly answers: Map<string, OkxAnswer>;
  /** Called for each subscription, after it was confirmed, and for each that was given up. */
  onSubscribe: (arg: OkxChannel, peer: OkxPeer) => void;
  onUnsubscribe: (arg: OkxChannel, peer: OkxPeer) => void;
  push(frame: object): void;
  pushText(frame: string): void;
  /** Ends the sockets, without a closing handshake. */
  cut(): void;
  /** Their peers hear nothing any more, and are not heard: all of them, or those of `/ws/v5/public` and the like. */
  stall(path?: string): void;
  close(): Promise<void>;
}

/** One socket. */
export interface OkxPeer {
  send(frame: object): void;
  onClose(run: () => void): void;
}

export interface OkxChannel {
  readonly channel: string;
  readonly instId?: string;
}

export const success = (data: readonly object[]): object => ({ code: '0', msg: '', data });

export async function okxServer(): Promise<OkxServer> {
  const seen: OkxRequest[] = [];
  const answers = new Map<string, OkxAnswer>();
  const stalled = new Set<WebSocket>();
  const paths = new Map<WebSocket, string>();
  const web = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const asked = { method, path: url, headers, body };
      seen.push(asked);
      void answerTo(asked, answers).then((json) => {
        if (json === null) response.destroy();
        else
          response
            .setHeader('content-type', 'application/json')
            .end(typeof json === 'string' ? json : JSON.stringify(json));
      });
    });
  });
  const sockets = new WebSocketServer({ server: web });
  const server: OkxServer = {
    port: 0,
    seen,
    answers,
    onSubscribe: () => {},
    onUnsubscribe: () => {},
    push: (frame) => server.pushText(JSON.stringify(frame)),
    pushText: (frame) => {
      for (const socket of sockets.clients) if (!stalled.has(socket)) socket.send(frame);
    },
    cut: () => {
      for (const socket of sockets.clients) socket.terminate();
    },
    stall: (path = '') => {
      for (const socket of sockets.clients) {
        if (!paths.get(socket)?.startsWith(path)) continue;
        stalled.add(socket);
        socket.pause();
      }
    },
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      web.closeAllConnections();
      await new Promise<void>((resolve) => web.close(() => resolve()));
    },
  };
  sockets.on('connection', (socket, { url = '' }) => {
    paths.set(socket, url);
    const peer: OkxPeer = {
      send: (frame) => {
        if (!stalled.has(socket)) socket.send(JSON.stringify(frame));
      },
      onClose: (run) => socket.once('close', run),
    };
    socket.on('error', () => {});
    socket.on('close', () => paths.delete(socket));
    socket.on('message', (data) => {
      if (!stalled.has(socket)) hear(socket, String(data), peer, server);
    });
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  const { port } = web.address() as AddressInfo;
  return Object.assign(server, { port });
}

async function answerTo(asked: OkxRequest, answers: OkxServer['answers']): Promise<object | string | null> {
  const name = `${asked.method} ${asked.path.split('?')[0] ?? ''}`;
  const answer = answers.get(name);
  return answer ? answer(asked) : { code: '50404', msg: `no answer to ${name}` };
}

/** A login and every subscription are confirmed; `ping` is answered as a text. */
function hear(socket: WebSocket, text: string, peer: OkxPeer, server: OkxServer): void {
  if (text === 'ping') return socket.send('pong');
  const { op, args } = JSON.parse(text) as { readonly op: string; readonly args: readonly OkxChannel[] };
  if (op === 'login') return peer.send({ event: 'login', code: '0', msg: '', connId: 'a' });
  const event = op === 'unsubscribe' ? op : 'subscribe';
  for (const arg of args) {
    peer.send({ event, arg, connId: 'a' });
    if (event === 'subscribe') server.onSubscribe(arg, peer);
    else server.onUnsubscribe(arg, peer);
  }
}
