// What outlives the gateways that are killed: a database, a paper venue with its own ledger, and whoever gives orders.
// Nothing of it outlives the test: gateways end with this process, the venue some seconds after it.
import { openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { signedQuery } from '../../actors/exchanges/binance/sign.ts';
import { LEDGER_FILE } from '../../actors/exchanges/paper/venue.ts';
import { startOrAdoptVenue, type VenueHandle } from '../../bin/venue.ts';
import { GatewayProcess } from './gateway-process.ts';
import type { CrashPlan, Plan } from './protocol.ts';

export interface WorldOptions {
  /** Migrated. */
  readonly database: string;
  readonly marketMaker?: boolean;
  /** Of the venue's market: 1 is four ticks a second. */
  readonly speed?: number;
  readonly leaseMs?: number;
  readonly recvWindowMs?: number;
  readonly resends?: boolean;
  /** Ids reserved at once; small, so that they are reserved often. */
  readonly idBlock?: number;
}

export interface StartOptions extends Partial<Plan['venue']> {
  readonly crash?: CrashPlan;
  readonly database?: string;
}

export interface World extends AsyncDisposable {
  readonly database: string;
  readonly venue: VenueHandle;
  readonly ledgerFile: string;
  /** Starts a gateway; `database` and URLs of the venue where it should reach them another way. */
  start(options?: StartOptions): GatewayProcess;
  faults(rules: readonly FaultRule[]): Promise<void>;
  /** Cuts the gateway's user stream: what is reported meanwhile is missed. */
  cutStream(): Promise<void>;
  /** A signed request with the account's keys, past every gateway; rejects where the venue refuses it. */
  asSomebodyElse(method: string, what: string, terms: { readonly [name: string]: string | number }): Promise<unknown>;
  /** Best bid and ask of BTC-USDT, in quote units. */
  prices(): Promise<{ readonly bid: number; readonly ask: number }>;
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  /** The end of the newest gateway logs. */
  logs(): Promise<string>;
}

export interface FaultRule {
  readonly operation: 'submit' | 'cancel' | 'query';
  readonly action: 'dropBefore' | 'dropAfter' | 'delay' | 'hang';
  readonly probability: number;
  readonly delayMs?: number;
  readonly times?: number;
}

/** Lost requests, lost answers and slow ones. */
export const FAULTS: readonly FaultRule[] = [
  { operation: 'submit', action: 'delay', probability: 0.05, delayMs: 300 },
  // Not there when it is asked for after the next start, and there a moment later.
  { operation: 'submit', action: 'delay', probability: 0.04, delayMs: 3_500 },
  { operation: 'submit', action: 'dropBefore', probability: 0.06 },
  { operation: 'submit', action: 'dropAfter', probability: 0.08 },
  { operation: 'cancel', action: 'dropBefore', probability: 0.05 },
  { operation: 'cancel', action: 'dropAfter', probability: 0.08 },
  { operation: 'query', action: 'delay', probability: 0.05, delayMs: 200 },
  { operation: 'query', action: 'dropBefore', probability: 0.05 },
];

const ACCOUNT = {
  name: 'trader',
  apiKey: 'trader-key-of-the-crash-tests',
  secret: 'trader-secret-of-the-crash-tests',
  balances: { USDT: '100000000', BTC: '2000' },
};
export const ACCOUNT_NAME = ACCOUNT.name;
/** What it had before anybody traded. */
export const OPENING: { readonly [asset: string]: string } = ACCOUNT.balances;
/** How long the venue lives on without this process. */
const LINGER_MS = 10_000;

export async function createWorld(options: WorldOptions): Promise<World> {
  const { database, marketMaker = true, speed = 4, leaseMs = 5_000, recvWindowMs = 5_000 } = options;
  const { resends = false, idBlock = 20_000 } = options;
  const folder = await mkdtemp(path.join(os.tmpdir(), 'meltica-crash-'));
  const dataDir = path.join(folder, 'venue');
  const venue = await startOrAdoptVenue({ dataDir, seed: 5, speed, accounts: [ACCOUNT], lingerMs: LINGER_MS });
  const sql = new pg.Pool({ connectionString: database, max: 2 });
  sql.on('error', () => {}); // a server that is killed on purpose; the next query opens a new session
  const { restUrl, streamUrl, wsApiUrl, adminToken } = venue;
  const keys = { apiKey: ACCOUNT.apiKey, apiSecret: ACCOUNT.secret };
  const plan = { venue: { restUrl, streamUrl, wsApiUrl }, keys, marketMaker, leaseMs, recvWindowMs, resends, idBlock };
  const admin = async (pathname: string, body: object): Promise<void> => {
    const headers = { 'x-venue-token': adminToken };
    const answer = await fetch(`${restUrl}${pathname}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${pathname} answered ${answer.status}: ${await answer.text()}`);
  };
  const started: GatewayProcess[] = [];
  return {
    database,
    venue,
    ledgerFile: path.join(dataDir, LEDGER_FILE),
    start: ({ crash = null, database: reached = database, ...urls } = {}) => {
      const log = path.join(folder, `gateway-${started.length + 1}.log`);
      const given: Plan = { ...plan, venue: { ...plan.venue, ...urls }, database: reached, crash };
      const gateway = new GatewayProcess(given, { file: log, fd: openSync(log, 'a', 0o600) });
      started.push(gateway);
      return gateway;
    },
    faults: (rules) => admin('/faults', { rules }),
    cutStream: () => admin('/faults/cut', { sockets: 'user' }),
    asSomebodyElse: async (method, what, terms) => {
      const given = Object.entries({ ...terms, timestamp: Date.now() }).map(
        ([name, value]) => [name, `${value}`] as const,
      );
      const url = `${restUrl}/api/v3/${what}?${signedQuery(given, ACCOUNT.secret)}`;
      const answer = await fetch(url, { method, headers: { 'X-MBX-APIKEY': ACCOUNT.apiKey } });
      if (!answer.ok) throw new Error(`${method} ${what} answered ${answer.status}: ${await answer.text()}`);
      return answer.json();
    },
    prices: async () => {
      const answer = await fetch(`${restUrl}/api/v3/ticker/bookTicker?symbol=BTCUSDT`);
      const { bidPrice, askPrice } = (await answer.json()) as { bidPrice: string; askPrice: string };
      return { bid: Number(bidPrice), ask: Number(askPrice) };
    },
    query: async (text, values = []) => (await sql.query(text, values)).rows,
    logs: async () => {
      const texts = await Promise.all(started.slice(-3).map(({ log }) => readFile(log, 'utf8')));
      return texts
        .map((text, index) => `--- gateway ${started.length - texts.length + index + 1}\n${text.slice(-4_000)}`)
        .join('\n');
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(started.map((gateway) => gateway.kill()));
      await sql.end().catch(() => {});
      await venue.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
