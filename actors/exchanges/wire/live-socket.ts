// A WebSocket that knows whether its peer is there. A peer that vanished without closing looks like a quiet one
// for as long as nobody asks; so it is asked all the time, and given up when it says nothing at all.
import { Buffer } from 'node:buffer';
import WebSocket, { type RawData } from 'ws';
import type { Bounds } from './bounds.ts';
import type { Cancel, Clock } from './clock.ts';
import { wordOf } from './http.ts';

export interface LiveSocket {
  send(text: string): void;
  /** Stops reading: the peer is slowed by TCP, nothing is dropped. */
  pause(): void;
  resume(): void;
  close(reason: string): void;
  /** Resolves with the reason, once. */
  readonly closed: Promise<string>;
}

export interface SocketOptions {
  readonly clock: Clock;
  readonly bounds: Bounds;
  readonly url: string;
  /** Called for each text frame, in order. What it throws closes the socket. */
  readonly onText: (text: string) => void;
}

/** Resolves when the socket is open; rejects with what went wrong, without the URL. */
export function openSocket(options: SocketOptions, signal: AbortSignal): Promise<LiveSocket> {
  const { clock, bounds, url, onText } = options;
  const socket = new WebSocket(url, {
    handshakeTimeout: bounds.connectMs,
    maxPayload: bounds.frameBytesMax,
    perMessageDeflate: false,
  });
  return new Promise((resolve, reject) => {
    let reason: string | null = null;
    let stopPings: Cancel | null = null;
    const pulse = new Pulse(clock, bounds);
    const end = (why: string): void => {
      reason ??= why;
      socket.terminate();
    };
    const onAbort = (): void => end('it was called off');
    const closed = new Promise<string>((settle) => {
      socket.on('close', (code) => {
        stopPings?.();
        signal.removeEventListener('abort', onAbort);
        reason ??= `the connection was closed (${code})`;
        settle(reason);
        reject(new Error(reason));
      });
    });
    socket.on('error', (error) => end(wordOf(error)));
    for (const sign of ['message', 'ping', 'pong'] as const) socket.on(sign, () => pulse.felt());
    socket.on('message', (data, isBinary) => {
      if (reason !== null) return;
      try {
        if (isBinary) throw new Error('a binary frame');
        onText(textOf(data));
      } catch (error) {
        end(error instanceof Error ? error.message : String(error));
      }
    });
    socket.on('open', () => {
      // From here on the socket belongs to whoever opened it.
      signal.removeEventListener('abort', onAbort);
      pulse.felt();
      stopPings = every(clock, bounds.pingMs, () => {
        const silentMs = pulse.silentMs();
        if (silentMs >= bounds.silentMs) end(`no sign of life for ${silentMs} ms`);
        else if (socket.readyState === WebSocket.OPEN) socket.ping();
      });
      resolve(liveSocket(socket, pulse, closed, end));
    });
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
  });
}

function liveSocket(socket: WebSocket, pulse: Pulse, closed: Promise<string>, close: LiveSocket['close']): LiveSocket {
  return {
    send: (text) => socket.send(text),
    pause: () => {
      pulse.pause();
      socket.pause();
    },
    resume: () => {
      pulse.resume();
      socket.resume();
    },
    close,
    closed,
  };
}

/** How long the peer has been silent, as far as it could be heard. */
class Pulse {
  readonly #clock: Clock;
  readonly #lateMs: number;
  #feltAt: number;
  #askedAt: number;
  #paused = false;

  constructor(clock: Clock, bounds: Bounds) {
    this.#clock = clock;
    this.#lateMs = bounds.pingMs;
    this.#feltAt = clock.now();
    this.#askedAt = clock.now();
  }

  felt(): void {
    this.#feltAt = this.#clock.now();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.felt();
  }

  /** Asked once every ping. When this process itself was held up, its ears were too: it begins to listen anew. */
  silentMs(): number {
    const now = this.#clock.now();
    const heldUp = now - this.#askedAt > 2 * this.#lateMs;
    this.#askedAt = now;
    if (heldUp || this.#paused) this.#feltAt = now;
    return now - this.#feltAt;
  }
}

function every(clock: Clock, ms: number, run: () => void): Cancel {
  let cancel = clock.after(ms, again);
  function again(): void {
    cancel = clock.after(ms, again);
    run();
  }
  return () => cancel();
}

/** One buffer, unless a `binaryType` was chosen. */
function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return (Buffer.isBuffer(data) ? data : Buffer.from(data)).toString('utf8');
}
