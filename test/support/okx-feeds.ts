// Market data of the small OKX: every channel tells something at once and goes on until the server is closed.
import type { OkxChannel, OkxServer } from './okx-server.ts';

const EVERY_MS = 100;
const MINUTE_MS = 60_000;

export class OkxFeeds {
  readonly #server: OkxServer;
  readonly #timers = new Set<NodeJS.Timeout>();
  #count = 0;

  constructor(server: OkxServer) {
    this.#server = server;
    server.onSubscribe = (arg) => this.#begin(arg);
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #begin(arg: OkxChannel): void {
    const make = CHANNELS.get(arg.channel);
    if (!make) return;
    const tell = (): void => {
      this.#count += 1;
      this.#server.push({ arg, ...make(this.#count) });
    };
    tell();
    this.#timers.add(setInterval(tell, EVERY_MS).unref());
  }
}

const CHANNELS: ReadonlyMap<string, (count: number) => object> = new Map<string, (count: number) => object>([
  ['trades', (count) => ({ data: [{ ...base(), tradeId: String(count), px: '50000.1', sz: '0.5', side: 'buy' }] })],
  ['tickers', () => ({ data: [{ ...base(), last: '50000.1', bidPx: '50000', askPx: '50000.2', vol24h: '12.5' }] })],
  ['books', (count) => ({ action: 'snapshot', data: [{ ...base(), ...LEVELS, seqId: count, prevSeqId: -1 }] })],
  ['candle1m', () => ({ data: [[minute(), '50000', '50010', '49990', '50001', '3', '150000', '150000', '0']] })],
]);
const LEVELS = { asks: [['50000.2', '1', '0', '1']], bids: [['50000', '2', '0', '1']] };

function base(): object {
  return { instType: 'SPOT', instId: 'BTC-USDT', ts: String(Date.now()) };
}

function minute(): string {
  return String(Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS);
}
