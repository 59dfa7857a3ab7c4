// The user data stream: reports one by one and in order, each after the one before is durable, and the account
// when it changed. Balances of a stream are differences at some venues, and ccxt adds them to what it does not
// know: a change only makes us look.

import type { VenueOrder, VenueTrade } from '../../market/execution.ts';
import type { ExchangeListener, VenueBalance } from '../exchange.ts';
import { type Clock, pause } from '../wire/clock.ts';
import { Delivery } from '../wire/delivery.ts';
import type { CcxtBounds } from './bounds.ts';
import { hangUp } from './instance.ts';
import type { CcxtExchange, SocketClient } from './library.ts';
import type { Profile } from './profile.ts';
import { fillReport, listenTo, type Report } from './reports.ts';
import { type Watch, Watching } from './watching.ts';

export interface UserStreamOptions {
  readonly exchange: CcxtExchange;
  readonly profile: Profile;
  readonly clock: Clock;
  readonly bounds: CcxtBounds;
  readonly listener: ExchangeListener;
  readonly account: () => string;
  readonly closing: AbortSignal;
  readonly balances: () => Promise<readonly VenueBalance[]>;
  /** The order of a fill that came alone. */
  readonly orderOf: (trade: VenueTrade) => Promise<VenueOrder>;
}

export interface UserStream {
  readonly channel: Watching;
  close(): void;
}

export function openUserStream(options: UserStreamOptions): UserStream {
  const { exchange, profile, clock, bounds } = options;
  const hold = holderOf(exchange, bounds.keepAliveMs);
  const delivery = new Delivery(bounds.deliveryQueueMax, { ...hold, fail: (reason) => channel.fail(reason) });
  const watches: Watch[] = [async () => void (await exchange.watchOrders())];
  if (!profile.fillsWithOrders && exchange.has['watchMyTrades'] === true) {
    watches.push(async () => void (await exchange.watchMyTrades()));
  }
  if (exchange.has['watchBalance'] === true) watches.push(balanceWatch(options, delivery));
  const channel = new Watching({
    name: `user data stream of ${exchange.id}`,
    exchange,
    clock,
    bounds,
    watches,
    onLost: () => startAnew(exchange),
  });
  listenTo({
    exchange,
    profile,
    account: options.account,
    now: () => clock.now(),
    onReports: (reports) => {
      for (const report of reports) delivery.push(() => handOn(report, options));
    },
    onUnreadable: (reason) => channel.fail(reason),
  });
  return {
    channel,
    close: () => {
      delivery.close();
      channel.close();
    },
  };
}

async function handOn(report: Report, { listener, account, orderOf }: UserStreamOptions): Promise<void> {
  if (report.kind === 'report') return listener.onReport(report.report);
  return listener.onReport(fillReport(account(), report.trade, await orderOf(report.trade)));
}

/** At most one look is on its way, and one waits: the last change is always looked at. */
function balanceWatch(options: UserStreamOptions, delivery: Delivery): Watch {
  const { exchange, clock, bounds, closing, listener, balances } = options;
  let looking = false;
  let again = false;
  const look = async (): Promise<void> => {
    looking = true;
    do {
      again = false;
      const seen = await balances().catch(() => null);
      if (seen && !closing.aborted) delivery.push(() => listener.onBalance(seen));
      await pause(clock, bounds.balanceEveryMs, closing);
    } while (again && !closing.aborted);
    looking = false;
  };
  return async () => {
    await exchange.watchBalance();
    again = true;
    if (!looking) void look();
  };
}

/** Sockets gone and caches forgotten: what ccxt remembers of the old connection would be merged into the new one. */
async function startAnew(exchange: CcxtExchange): Promise<void> {
  await hangUp(exchange);
  exchange.orders = undefined;
  exchange.myTrades = undefined;
}

/** Stops the sockets from being read. Meanwhile no sign of life is asked for: it could not be read either. */
function holderOf(exchange: CcxtExchange, keepAliveMs: number): { hold(): void; release(): void } {
  const held = new Map<SocketClient, () => void>();
  return {
    hold: () => {
      for (const client of Object.values(exchange.clients ?? {})) {
        const { connection } = client;
        if (!connection || held.has(client)) continue;
        const resume = connection.resume.bind(connection);
        client.keepAlive = 0;
        connection.pause();
        // The reader behind ccxt's socket resumes it whenever it has room.
        connection.resume = () => undefined;
        held.set(client, () => {
          client.lastPong = undefined;
          client.keepAlive = keepAliveMs;
          connection.resume = resume;
          resume();
        });
      }
    },
    release: () => {
      for (const resume of held.values()) resume();
      held.clear();
    },
  };
}
