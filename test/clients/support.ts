// What the specs of foreign clients share: a paper venue with something to trade against, a watch over every address
// that is dialled, and the list of the requests that a client made.
// In every venue here bob rests half a coin at 60010 and at 59990, after one trade of a tenth at 60000.
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { ExecutionContext, TestFn } from 'ava';
import type { PaperAccount } from '../../actors/exchanges/paper/serve.ts';
import { ALICE, BOB, Client, openVenue, type TestVenue } from '../support/paper.ts';

export const ASK = '60010';
export const BID = '59990';
export const FILTERS = [
  'PRICE_FILTER',
  'LOT_SIZE',
  'NOTIONAL',
  'MARKET_LOT_SIZE',
  'PERCENT_PRICE_BY_SIDE',
  'MAX_NUM_ORDERS',
];
const DEPTH = '0.5';
const PROVOKE_MS = 100;

export interface Trading {
  readonly venue: TestVenue;
  readonly restUrl: string;
  readonly socketUrl: string;
  readonly alice: PaperAccount;
  /** The one who trades against the client under test. */
  readonly bob: Client;
  /** `GET /api/v3/time`, once each, sorted. */
  requests(): string[];
}

export async function openTrading(t: ExecutionContext): Promise<Trading> {
  const venue = await openVenue(t);
  const bob = new Client(venue.port, BOB);
  await bob.limit('SELL', '60000', '0.1');
  await bob.limit('BUY', '60000', '0.1');
  await bob.limit('SELL', ASK, DEPTH);
  await bob.limit('BUY', BID, DEPTH);
  const asked = new Set<string>();
  served.set(venue.port, asked);
  return {
    venue,
    restUrl: `http://127.0.0.1:${venue.port}`,
    socketUrl: `ws://127.0.0.1:${venue.port}`,
    alice: ALICE,
    bob,
    requests: () => [...asked].toSorted(),
  };
}

const served = new Map<number, Set<string>>();

subscribe('http.server.request.start', (message) => {
  const { request } = message as { request: IncomingMessage };
  const [path] = (request.url ?? '').split('?');
  served.get(request.socket.localPort ?? 0)?.add(`${request.method} ${path}`);
});

/** A port of loopback that nothing listens on: who dials another host is refused as by a host that is down. */
const NOBODY = { host: '127.0.0.1', port: 1 };

/** Watches every host this process dials: nothing but loopback is reached, no name is looked up. */
export function confineToLoopback(test: TestFn): void {
  const dialled = new Set<string>();
  const strays = new Set<string>();
  const dial = net.Socket.prototype.connect;
  Reflect.set(net.Socket.prototype, 'connect', function connect(this: net.Socket, ...given: unknown[]): net.Socket {
    const host = hostOf(given);
    dialled.add(host);
    if (isLoopback(host)) return Reflect.apply(dial, this, given);
    strays.add(host);
    return Reflect.apply(dial, this, [NOBODY]);
  });
  test.after.always('only loopback was dialled', (t) => {
    t.true(dialled.size > 0, 'the watch sees who is dialled');
    t.deepEqual([...strays], []);
  });
}

/** connect(port, host), connect({host, port}), or the normalised [{host, port}, listener] of net.connect. */
function hostOf([first, second]: readonly unknown[]): string {
  const target: unknown = Array.isArray(first) ? first[0] : first;
  if (typeof target !== 'object' || target === null) return typeof second === 'string' ? second : 'localhost';
  const { host, path } = target as { host?: unknown; path?: unknown };
  return typeof host === 'string' ? host : typeof path === 'string' ? path : 'localhost';
}

function isLoopback(host: string): boolean {
  return ['127.0.0.1', '::1', 'localhost'].includes(host);
}

/** What a rejected promise was rejected with, whatever class or plain object it is. */
export async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** What events came, and a wait for those to come. */
export class Heard<Event> {
  readonly events: Event[] = [];
  private waiting: (() => void)[] = [];

  readonly take = (event: Event): void => {
    this.events.push(event);
    for (const wake of this.waiting.splice(0)) wake();
  };

  async until(fits: (event: Event) => boolean): Promise<Event> {
    for (;;) {
      const found = this.events.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /** For streams of which a client does not say when they are open: acts again and again until one was heard. */
  async provokedBy(act: () => Promise<unknown>, fits: (event: Event) => boolean = () => true): Promise<Event> {
    for (;;) {
      await act();
      const found = await Promise.race([this.until(fits), pause(PROVOKE_MS, null)]);
      if (found !== null) return found;
    }
  }
}
