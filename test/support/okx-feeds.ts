// Market data of the small OKX: every channel tells something at once and goes on until it is given up. A channel that
// is subscribed a second time on the same socket only says so, and begins nothing anew.
import { OkxBook, type OkxTold } from './okx-book.ts';
import type { OkxChannel, OkxPeer, OkxServer } from './okx-server.ts';

const EVERY_MS = 100;
const MINUTE_MS = 60_000;

/** Ends it. */
type Stop = () => void;

export class OkxFeeds {
  readonly book = new OkxBook();
  readonly #told = new Map<OkxPeer, Map<string, Stop>>();
  readonly #bookPeers = new Map<OkxPeer, OkxChannel>();
  readonly #bookTimer: NodeJS.Timeout;
  /** The next update of the book is lost on its way. */
  #isLossy = false;
  #count = 0;

  constructor(server: OkxServer) {
    server.onSubscribe = (arg, peer) => this.#begin(arg, peer);
    server.onUnsubscribe = (arg, peer) => this.#end(keyOf(arg), peer);
    this.#bookTimer = setInterval(() => this.#changeBook(), EVERY_MS).unref();
  }

  loseUpdate(): void {
    this.#isLossy = true;
  }

  close(): void {
    clearInterval(this.#bookTimer);
    for (const channels of this.#told.values()) for (const stop of channels.values()) stop();
  }

  #begin(arg: OkxChannel, peer: OkxPeer): void {
    const channels = this.#told.get(peer) ?? new Map<string, Stop>();
    if (channels.has(keyOf(arg))) return;
    const stop = arg.channel === 'books' ? this.#beginBook(arg, peer) : this.#beginPlain(arg, peer);
    if (stop === null) return;
    channels.set(keyOf(arg), stop);
    if (!this.#told.has(peer)) peer.onClose(() => this.#endAll(peer));
    this.#told.set(peer, channels);
  }

  #end(key: string, peer: OkxPeer): void {
    this.#told.get(peer)?.get(key)?.();
    this.#told.get(peer)?.delete(key);
  }

  #endAll(peer: OkxPeer): void {
    for (const stop of this.#told.get(peer)?.values() ?? []) stop();
    this.#told.delete(peer);
  }

  #beginPlain(arg: OkxChannel, peer: OkxPeer): Stop | null {
    const make = CHANNELS.get(arg.channel);
    if (!make) return null;
    const tell = (): void => {
      this.#count += 1;
      peer.send({ arg, ...make(base(arg.instId), this.#count) });
    };
    tell();
    const timer = setInterval(tell, EVERY_MS).unref();
    return () => clearInterval(timer);
  }

  /** The whole book first, then what changes in it. */
  #beginBook(arg: OkxChannel, peer: OkxPeer): Stop {
    peer.send(stamped(arg, this.book.snapshot()));
    this.#bookPeers.set(peer, arg);
    return () => this.#bookPeers.delete(peer);
  }

  #changeBook(): void {
    if (this.#bookPeers.size === 0) return;
    const change = this.book.change();
    const isLost = this.#isLossy;
    this.#isLossy = false;
    if (!isLost) for (const [peer, arg] of this.#bookPeers) peer.send(stamped(arg, change));
  }
}

function stamped(arg: OkxChannel, { action, data }: OkxTold): object {
  return { arg, action, data: data.map((one) => ({ ...base(), ...one })) };
}

function keyOf({ channel, instId = '' }: OkxChannel): string {
  return `${channel}:${instId}`;
}

type Make = (base: object, count: number) => object;

const CHANNELS: ReadonlyMap<string, Make> = new Map<string, Make>([
  ['trades', (base, count) => ({ data: [{ ...base, tradeId: String(count), px: '50000.1', sz: '0.5', side: 'buy' }] })],
  ['tickers', (base) => ({ data: [{ ...base, last: '50000.1', bidPx: '50000', askPx: '50000.2', vol24h: '12.5' }] })],
  ['candle1m', () => ({ data: [[minute(), '50000', '50010', '49990', '50001', '3', '150000', '150000', '0']] })],
]);

function base(instId = 'BTC-USDT'): object {
  return { instType: 'SPOT', instId, ts: String(Date.now()) };
}

function minute(): string {
  return String(Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS);
}
