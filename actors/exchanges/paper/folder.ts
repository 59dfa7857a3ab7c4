// The venue's data folder: what is in which file, written whole or not at all.
//   ledger.jsonl    what happened; the only thing that must never be lost. When it is longer than 256 MB it begins anew
//                   with how everything stands: then of the closed orders of an account in a symbol the newest 20,000
//                   are kept, with their trades, and older ones cannot be asked for any more (allOrders, myTrades)
//   ledger.jsonl.next   the new ledger while it is being written
//   accounts.json   names, API keys, secrets and starting balances; only its owner can read it
//   admin-token     for the admin paths; only its owner can read it
//   venue.json      where the running venue listens: pid, port, instance
//   venue.lock.N    who may write the ledger (lock.ts)
//   venue.log       what a venue that was started by a gateway had to say
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Host } from './host.ts';
import type { PaperAccount } from './serve.ts';

export const LOG_FILE = 'venue.log';
const ACCOUNTS_FILE = 'accounts.json';
const TOKEN_FILE = 'admin-token';
const PLACE_FILE = 'venue.json';

/** Enough to quote a market for days; the account every start without other wishes gets. */
const DEFAULT_BALANCES = { USDT: '1000000', BTC: '20', ETH: '300' };

const accounts = z.array(
  z.strictObject({
    name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
    apiKey: z.string().regex(/^[\w-]{16,128}$/),
    secret: z.string().min(16).max(128),
    balances: z.record(z.string().regex(/^[A-Z0-9]{1,16}$/), z.string().regex(/^\d{1,20}(\.\d{1,8})?$/)),
  }),
);
const place = z.object({ pid: z.int(), port: z.int(), instance: z.string() });

export type Place = z.output<typeof place>;

export async function prepareFolder(dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
}

/** The accounts of this folder; on the first call `first`, or one account under a key nobody else knows. */
export async function readAccounts(
  dataDir: string,
  host: Host,
  first?: readonly PaperAccount[],
): Promise<readonly PaperAccount[]> {
  const file = path.join(dataDir, ACCOUNTS_FILE);
  const made = (): readonly PaperAccount[] =>
    first ?? [{ name: 'paper', apiKey: host.secret(), secret: host.secret(), balances: DEFAULT_BALANCES }];
  const text = await readOrCreate(file, host, () => `${JSON.stringify(made(), null, 2)}\n`);
  const read = accounts.safeParse(parseJson(text));
  if (read.success) return read.data;
  // The issues name fields, never what was in them.
  const where = read.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.code}`).join('; ');
  throw new Error(`VENUE_ACCOUNTS_INVALID: file=${file}, ${where || 'not JSON'}`);
}

export async function readToken(dataDir: string, host: Host): Promise<string> {
  return (await readOrCreate(path.join(dataDir, TOKEN_FILE), host, () => `${host.secret()}\n`)).trim();
}

export async function readPlace(dataDir: string): Promise<Place | null> {
  const text = await readFile(path.join(dataDir, PLACE_FILE), 'utf8').catch(absent);
  return text === null ? null : (place.safeParse(parseJson(text)).data ?? null);
}

export async function writePlace(dataDir: string, value: Place): Promise<void> {
  const file = path.join(dataDir, PLACE_FILE);
  const next = `${file}.${value.instance}`;
  await writeFile(next, `${JSON.stringify(value)}\n`);
  await rename(next, file);
}

/** Of two processes that create at once one wins, and both read what it wrote. */
async function readOrCreate(file: string, host: Host, make: () => string): Promise<string> {
  const existing = await readFile(file, 'utf8').catch(absent);
  if (existing !== null) return existing;
  await createOnce(file, `${file}.${host.secret()}`, make());
  return readFile(file, 'utf8');
}

/** Makes the file with its whole content, or leaves the one that is there and returns false. */
export async function createOnce(file: string, temporary: string, content: string): Promise<boolean> {
  await writeFile(temporary, content, { mode: 0o600, flag: 'wx' });
  try {
    await link(temporary, file);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

export function absent(error: unknown): null {
  if (isCode(error, 'ENOENT')) return null;
  throw error;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
