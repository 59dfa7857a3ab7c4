// What all WebSocket connections of the venue share: a bound on what may wait to be sent, ping frames, and the means
// to cut them or to let them fall silent.
import type { WebSocket } from 'ws';
import type { Host } from '../host.ts';

/** Who reads slower than this is cut off: it will see the gap and ask anew. */
const UNSENT_BYTES_MAX = 16 * 1024 * 1024;
const CONNECTIONS_MAX = 1_000;
/** Of a connection that has fallen silent; what comes after that is lost to it. */
const MISSED_MAX = 10_000;
/** Binance pings every 20 s and gives a minute to answer; web-socket-streams.md 2025-01. */
const PING_MS = 20_000;
const MISSED_PINGS_MAX = 3;

export type SocketKind = 'user' | 'market';

interface Connection {
  readonly socket: WebSocket;
  readonly kind: () => SocketKind;
  unanswered: number;
}

/** Text for connections that have fallen silent, until they are heard again. */
const silent = new WeakMap<WebSocket, string[]>();

export class Sockets {
  private readonly connections = new Set<Connection>();
  private readonly stopPings: () => void;

  constructor(host: Host) {
    this.stopPings = host.every(PING_MS, () => this.ping());
  }

  get isFull(): boolean {
    return this.connections.size >= CONNECTIONS_MAX;
  }

  add(socket: WebSocket, kind: () => SocketKind): void {
    const connection: Connection = { socket, kind, unanswered: 0 };
    this.connections.add(connection);
    socket.on('pong', () => {
      connection.unanswered = 0;
    });
    // Without a listener a peer's reset would end the process.
    socket.on('error', () => socket.terminate());
    socket.on('close', () => this.connections.delete(connection));
  }

  /** Without a closing handshake, as a broken line looks. Returns how many there were. */
  cut(kind: SocketKind | 'all'): number {
    const hit = this.of(kind);
    for (const { socket } of hit) socket.terminate();
    return hit.length;
  }

  /** They stay open, and nothing is read or sent, pings and pongs neither, as on a line that is down somewhere else. */
  stall(kind: SocketKind | 'all'): number {
    const hit = this.of(kind).filter(({ socket }) => !silent.has(socket));
    for (const { socket } of hit) {
      socket.pause();
      silent.set(socket, []);
    }
    return hit.length;
  }

  /** What they missed is sent and what they said is read. */
  resume(kind: SocketKind | 'all'): number {
    const hit = this.of(kind).filter(({ socket }) => silent.has(socket));
    for (const { socket } of hit) {
      const missed = silent.get(socket) ?? [];
      silent.delete(socket);
      for (const text of missed) sendText(socket, text);
      socket.resume();
    }
    return hit.length;
  }

  close(): void {
    this.stopPings();
    this.cut('all');
  }

  private of(kind: SocketKind | 'all'): Connection[] {
    return [...this.connections].filter((connection) => kind === 'all' || connection.kind() === kind);
  }

  private ping(): void {
    for (const connection of this.connections) {
      if (silent.has(connection.socket)) continue;
      if (connection.unanswered >= MISSED_PINGS_MAX) connection.socket.terminate();
      else {
        connection.unanswered += 1;
        connection.socket.ping();
      }
    }
  }
}

export function sendText(socket: WebSocket, text: string): void {
  if (socket.readyState !== socket.OPEN) return;
  const missed = silent.get(socket);
  if (missed) {
    if (missed.length < MISSED_MAX) missed.push(text);
    return;
  }
  if (socket.bufferedAmount > UNSENT_BYTES_MAX) socket.terminate();
  else socket.send(text);
}
