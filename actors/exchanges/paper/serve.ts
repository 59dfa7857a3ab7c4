// Puts the venue on its port: builds every part, starts the timers, and closes all of it again.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Decimal } from '../../market/decimal.ts';
import { parse } from '../../market/decimal.ts';
import type { Fees } from './core/fees.ts';
import { DEFAULT_MARKET, type MarketTerms, TICK_MS } from './core/market.ts';
import { DEFAULT_SYMBOLS, listSymbol, type SymbolRules } from './core/symbol.ts';
import type { Host } from './host.ts';
import { Admin } from './server/admin.ts';
import { Dispatcher } from './server/dispatcher.ts';
import { Faults } from './server/faults.ts';
import { Feeds } from './server/feeds.ts';
import { createVenueServer } from './server/http.ts';
import { ListenKeys } from './server/listen-keys.ts';
import { MarketStreams } from './server/market-streams.ts';
import { DEFAULT_LIMITS, RateLimits, type RateLimitTerms } from './server/rate-limits.ts';
import { ReportFaults } from './server/report-faults.ts';
import type { Credentials } from './server/sign.ts';
import { Sockets } from './server/sockets.ts';
import { Topics } from './server/topics.ts';
import { UserStreams } from './server/user-streams.ts';
import { WsApi } from './server/ws-api.ts';
import { readTape } from './tape-file.ts';
import { Venue } from './venue.ts';

export interface PaperAccount {
  readonly name: string;
  readonly apiKey: string;
  readonly secret: string;
  /** Given once, when the ledger first hears of the account. */
  readonly balances: { readonly [asset: string]: string };
}

export interface ServeOptions {
  readonly dataDir: string;
  /** 0 for any free one. */
  readonly port: number;
  /** The port is a wish: when another process has it, take any. */
  readonly anyPort?: boolean;
  readonly host: Host;
  readonly accounts: readonly PaperAccount[];
  readonly adminToken: string;
  readonly pid: number;
  readonly warn: (text: string) => void;
  readonly fatal: (error: Error) => void;
  readonly onHolders: (count: number) => void;
  readonly onStop: () => void;
  readonly seed?: number;
  /** Ticks of the synthetic market per quarter of a second; 0 stops it. */
  readonly speed?: number;
  readonly symbols?: readonly SymbolRules[];
  readonly fees?: Fees;
  readonly market?: MarketTerms;
  /** A recorded tape to play instead of a random walk (tape-file.ts). */
  readonly tapeFile?: string;
  readonly limits?: Partial<RateLimitTerms>;
  readonly ledgerBytesMax?: number;
  readonly ordersKept?: number;
}

export interface ServedVenue {
  readonly port: number;
  readonly instance: string;
  readonly venue: Venue;
  close(): Promise<void>;
}

/** 0.1 %, as Binance charges without a discount. */
export const DEFAULT_FEES: Fees = { maker: parse('0.001'), taker: parse('0.001') };
const MARK_MS = 10_000;
const LOOPBACK = '127.0.0.1';

export async function serveVenue(options: ServeOptions): Promise<ServedVenue> {
  const { warn } = options;
  const venue = await openVenue(options);
  const { host } = venue;
  const instance = host.secret();
  const topics = new Topics();
  const sockets = new Sockets(host);
  const reports = new ReportFaults(options.seed ?? 1, host);
  const users = new UserStreams(venue, reports);
  const listenKeys = new ListenKeys(venue, users, topics);
  const feeds = new Feeds(venue, topics);
  const faults = new Faults(options.seed ?? 1);
  const limits = new RateLimits({ ...DEFAULT_LIMITS, ...options.limits }, () => host.now());
  const keys = readKeys(options.accounts);
  const dispatcher = new Dispatcher({ venue, keys, faults, limits, more: listenKeys.operations(), warn });
  const admin = new Admin({
    ...options,
    venue,
    weather: { faults, reports, sockets, limits },
    instance,
    token: options.adminToken,
  });
  const streams = new MarketStreams(topics, sockets, (topic) => listenKeys.has(topic));
  const wsApi = new WsApi({ dispatcher, users, sockets, host });
  const server = createVenueServer({ dispatcher, admin, streams, wsApi, sockets });
  const stopTimers = startTimers(venue, host, options.speed ?? 1);
  const close = async (): Promise<void> => {
    stopTimers();
    feeds.close();
    listenKeys.closeAll();
    sockets.close();
    await closeServer(server);
    dispatcher.close();
    await venue.close();
  };
  try {
    await listen(server, options.port, options.anyPort ?? false);
  } catch (error) {
    await close(); // else the ledger would stay open behind a venue that nobody can reach
    throw error;
  }
  return { port: (server.address() as AddressInfo).port, instance, venue, close };
}

async function listen(server: Server, port: number, anyPort: boolean): Promise<void> {
  try {
    await once(server.listen(port, LOOPBACK), 'listening');
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    if (!taken || !anyPort) throw error;
    await once(server.listen(0, LOOPBACK), 'listening');
  }
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

async function openVenue(options: ServeOptions): Promise<Venue> {
  const market = options.market ?? DEFAULT_MARKET;
  const symbols = options.symbols ?? DEFAULT_SYMBOLS.map(listSymbol);
  const accounts = options.accounts.map(({ name, balances }) => ({ name, balances: readBalances(balances) }));
  return Venue.open({
    dataDir: options.dataDir,
    symbols,
    seed: options.seed ?? 1,
    fees: options.fees ?? DEFAULT_FEES,
    accounts,
    host: options.host,
    warn: options.warn,
    fatal: options.fatal,
    market: options.tapeFile === undefined ? market : { ...market, tape: await tapeOf(options.tapeFile, symbols) },
    ...(options.ledgerBytesMax !== undefined && { ledgerBytesMax: options.ledgerBytesMax }),
    ...(options.ordersKept !== undefined && { ordersKept: options.ordersKept }),
  });
}

/** One of which nothing is listed here would leave every market to chance, unnoticed. */
async function tapeOf(file: string, symbols: readonly SymbolRules[]): Promise<NonNullable<MarketTerms['tape']>> {
  const tape = await readTape(file);
  const listed = symbols.map(({ name }) => name);
  if (listed.some((symbol) => tape.has(symbol))) return tape;
  const recorded = [...tape.keys()].slice(0, 5).join(', ');
  throw new Error(
    `TAPE_INVALID: none of its symbols is listed: file=${file}, has=${recorded}, listed=${listed.join(', ')}`,
  );
}

function readBalances(balances: PaperAccount['balances']): Map<string, Decimal> {
  return new Map(Object.entries(balances).map(([asset, amount]) => [asset, parse(amount)]));
}

function readKeys(accounts: readonly PaperAccount[]): Map<string, Credentials> {
  return new Map(accounts.map(({ name, apiKey, secret }) => [apiKey, { account: name, apiKey, secret }]));
}

function keep(venue: Venue): void {
  venue.markNow();
  venue.compactIfDue();
}

/** Several ticks at a time where the speed asks for more than a timer can keep. */
function startTimers(venue: Venue, host: Host, speed: number): () => void {
  const stops = [host.every(MARK_MS, () => keep(venue))];
  const periodMs = Math.max(TICK_MS / speed, 5);
  const ticks = Math.max(1, Math.round((periodMs * speed) / TICK_MS));
  if (speed > 0) {
    stops.push(
      host.every(periodMs, () => {
        for (let count = 0; count < ticks; count += 1) venue.tick();
      }),
    );
  }
  return () => {
    for (const stop of stops) stop();
  };
}
