// What is held and what was booked, read from the database: positions with their profit at the last market price,
// ledger accounts beside what the venue says, and the lines that made them.
import type { FastifyInstance } from 'fastify';
import { add, type Decimal, format, mul, parse, sub } from '../../market/decimal.ts';
import type { LedgerAccount } from '../../market/records.ts';
import type { Inspector } from '../../runtime/inspect.ts';
import type { Json } from '../../runtime/message.ts';
import type { ControlLimits } from '../limits.ts';

interface StoredPosition {
  readonly id: bigint;
  readonly provider: string;
  readonly account: string;
  readonly strategyInstance: string;
  readonly symbol: string;
  readonly quantity: string;
  readonly costQuote: string;
  readonly realizedQuote: string;
  readonly fees: { readonly [asset: string]: string };
  readonly updatedAt: number;
}
interface StoredLine {
  readonly id: bigint;
  readonly posting: string;
  readonly kind: string;
  readonly account: string;
  readonly asset: string;
  readonly amount: string;
  readonly bookedAt: number;
}
interface StoredBalance {
  readonly asset: string;
  readonly available: string;
  readonly locked: string;
  readonly observedAt: number;
}

/** Lists of the database, in the order and with the cursors of the store. */
export interface AccountLists {
  listPositions(filter: {
    readonly provider?: string | undefined;
    readonly strategyInstance?: string | undefined;
    readonly afterId?: bigint | undefined;
    readonly limit: number;
  }): Promise<readonly StoredPosition[]>;
  listLedger(filter: {
    readonly posting?: string | undefined;
    readonly account?: `${LedgerAccount}:${string}` | undefined;
    readonly beforeId?: bigint | undefined;
    readonly limit: number;
  }): Promise<readonly StoredLine[]>;
  listLedgerBalances(
    provider: string,
  ): Promise<readonly { readonly account: string; readonly asset: string; readonly balance: string }[]>;
  listBalances(provider: string, limit: number): Promise<readonly StoredBalance[]>;
}

export interface AccountOptions {
  readonly accounts: AccountLists;
  readonly inspector: Inspector;
  readonly limits: ControlLimits;
}

const NAME = { type: 'string', minLength: 1, maxLength: 200, pattern: '^[^\\u0000-\\u001f\\u007f]*$' } as const;
const POSTING = { ...NAME, maxLength: 600 } as const;
const CURSOR = { type: 'string', pattern: '^[1-9][0-9]{0,17}$' } as const;
const LEDGER_ACCOUNT = { ...NAME, pattern: '^(?:available|locked|fees|external|suspense|pnl):[!-~]+$' } as const;
/** More assets than any venue lists. */
const ASSETS_MAX = 10_000;
const SCOPES_MAX = 16;

export function accountRoutes(app: FastifyInstance, options: AccountOptions): void {
  positionsRoute(app, options);
  balancesRoute(app, options);
  ledgerRoute(app, options);
}

interface PositionQuery {
  readonly provider?: string;
  readonly strategyInstance?: string;
  readonly after?: string;
  readonly limit: number;
}

function positionsRoute(app: FastifyInstance, { accounts, inspector, limits }: AccountOptions): void {
  const querystring = query({ provider: NAME, strategyInstance: NAME, after: CURSOR, limit: page(limits) });
  app.get<{ Querystring: PositionQuery }>('/debug/positions', { schema: { querystring } }, async (request) => {
    const { after, limit, ...filter } = request.query;
    const afterId = after === undefined ? undefined : BigInt(after);
    const [found, marks] = await Promise.all([
      accounts.listPositions({ ...filter, afterId, limit: limit + 1 }),
      marksOf(inspector),
    ]);
    const positions = found.slice(0, limit).map((row) => positionView(row, marks));
    const next = found.length > limit ? (positions.at(-1)?.id ?? null) : null;
    return { positions, count: positions.length, next };
  });
}

/** Profit is in the quote asset and before fees, except those in the base asset: these left the position. */
function positionView({ id, ...row }: StoredPosition, marks: ReadonlyMap<string, Mark>) {
  const mark = marks.get(`${row.provider}:${row.symbol}`) ?? null;
  const unrealizedQuote = mark === null ? null : format(unrealized(row, parse(mark.price)));
  return { id: String(id), ...row, mark, unrealizedQuote };
}

function unrealized({ quantity, costQuote }: Pick<StoredPosition, 'quantity' | 'costQuote'>, mark: Decimal): Decimal {
  return sub(mul(parse(quantity), mark), parse(costQuote));
}

interface Mark {
  readonly price: string;
  readonly at: number;
}

/** The newest reference price of each instrument that a risk scope knows. */
async function marksOf(inspector: Inspector): Promise<ReadonlyMap<string, Mark>> {
  const scopes = inspector.list({ kind: 'risk', limit: SCOPES_MAX });
  const details = await Promise.all(scopes.map(({ key }) => inspector.find(key, { transitions: 0 })));
  const marks = new Map<string, Mark>();
  for (const detail of details) {
    const references = fieldOf(fieldOf(detail?.snapshot, 'c'), 'references');
    for (const [instrument, reference] of Object.entries(isObject(references) ? references : {})) {
      const [price, at] = [fieldOf(reference, 'price'), fieldOf(reference, 'at')];
      if (typeof price !== 'string' || typeof at !== 'number') continue;
      if (at > (marks.get(instrument)?.at ?? -1)) marks.set(instrument, { price, at });
    }
  }
  return marks;
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fieldOf(value: Json | undefined, name: string): Json | undefined {
  return isObject(value) ? value[name] : undefined;
}

interface BalanceQuery {
  readonly provider: string;
  readonly after?: string;
  readonly limit: number;
}

function balancesRoute(app: FastifyInstance, { accounts, limits }: AccountOptions): void {
  const properties = query({ provider: NAME, after: NAME, limit: page(limits) });
  const querystring = { ...properties, required: ['provider'] };
  app.get<{ Querystring: BalanceQuery }>('/debug/balances', { schema: { querystring } }, async (request) => {
    const { provider, after = '', limit } = request.query;
    const [ledger, venue] = await Promise.all([
      accounts.listLedgerBalances(provider),
      accounts.listBalances(provider, ASSETS_MAX),
    ]);
    const byAsset = Map.groupBy(ledger, ({ asset }) => asset);
    const seen = new Map(venue.map((row) => [row.asset, row]));
    const assets = [...new Set([...byAsset.keys(), ...seen.keys()])].toSorted().filter((asset) => asset > after);
    const balances = assets
      .slice(0, limit)
      .map((asset) => balanceView(asset, byAsset.get(asset) ?? [], seen.get(asset) ?? null));
    const next = assets.length > limit ? (balances.at(-1)?.asset ?? null) : null;
    return { provider, balances, count: balances.length, next };
  });
}

const KINDS = ['available', 'locked', 'fees', 'external', 'suspense', 'pnl'] as const;

/** `difference`: what the venue says beyond the ledger; null while it has said nothing. */
function balanceView(
  asset: string,
  lines: readonly { readonly account: string; readonly balance: string }[],
  venue: StoredBalance | null,
) {
  const balanceOf = (kind: LedgerAccount): string =>
    lines.find(({ account }) => account.startsWith(`${kind}:`))?.balance ?? '0';
  const ledger = Object.fromEntries(KINDS.map((kind) => [kind, balanceOf(kind)]));
  if (venue === null) return { asset, ledger, venue, difference: null };
  const { available, locked, observedAt } = venue;
  const ours = add(parse(balanceOf('available')), parse(balanceOf('locked')));
  const difference = format(sub(add(parse(available), parse(locked)), ours));
  return { asset, ledger, venue: { available, locked, observedAt }, difference };
}

interface LedgerQuery {
  readonly posting?: string;
  readonly account?: `${LedgerAccount}:${string}`;
  readonly before?: string;
  readonly limit: number;
}

function ledgerRoute(app: FastifyInstance, { accounts, limits }: AccountOptions): void {
  const querystring = query({ posting: POSTING, account: LEDGER_ACCOUNT, before: CURSOR, limit: page(limits) });
  app.get<{ Querystring: LedgerQuery }>('/debug/ledger', { schema: { querystring } }, async (request) => {
    const { before, limit, ...filter } = request.query;
    const beforeId = before === undefined ? undefined : BigInt(before);
    const found = await accounts.listLedger({ ...filter, beforeId, limit: limit + 1 });
    const lines = found.slice(0, limit).map(({ id, ...line }) => ({ id: String(id), ...line }));
    const next = found.length > limit ? (lines.at(-1)?.id ?? null) : null;
    return { lines, count: lines.length, next };
  });
}

function query(properties: object) {
  return { type: 'object', additionalProperties: false, properties } as const;
}

function page({ pageMax }: ControlLimits) {
  return { type: 'integer', minimum: 1, maximum: pageMax, default: Math.min(100, pageMax) };
}
