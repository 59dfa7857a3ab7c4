// Positions and the ledger as lists for people, amounts as they were written.
import { and, asc, desc, eq, gt, isNull, lt, sql } from 'drizzle-orm';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { LedgerAccount } from '../../actors/market/records.ts';
import { ledgerEntries, positionFees, positions } from '../../drizzle/schema/index.ts';
import { reading } from '../errors.ts';
import { LEDGER_ACCOUNTS, ledgerBalancesQuery } from './books.ts';
import { plain } from './decimal.ts';

export interface PositionFilter {
  readonly provider?: string | undefined;
  readonly strategyInstance?: string | undefined;
  /** The page goes on above this id. */
  readonly afterId?: bigint | undefined;
  readonly limit: number;
}

export interface LedgerFilter {
  readonly posting?: string | undefined;
  readonly account?: `${LedgerAccount}:${string}` | undefined;
  /** The page goes on below this id. */
  readonly beforeId?: bigint | undefined;
  readonly limit: number;
}

export type StoredPosition = Awaited<ReturnType<typeof positionsQuery>>[number];
export type StoredLedgerLine = Awaited<ReturnType<typeof ledgerQuery>>[number];
export type StoredLedgerBalance = Awaited<ReturnType<typeof ledgerBalancesQuery>>[number];

export interface LedgerReader {
  /** In the order they were opened in; flat ones too. */
  listPositions(filter: PositionFilter): Promise<readonly StoredPosition[]>;
  /** Newest first. */
  listLedger(filter: LedgerFilter): Promise<readonly StoredLedgerLine[]>;
  /** Every account of the provider, by asset. */
  listLedgerBalances(provider: string): Promise<readonly StoredLedgerBalance[]>;
}

export function createLedgerReader(orm: NodePgDatabase): LedgerReader {
  return {
    listPositions: (filter) => reading('list positions', () => positionsQuery(orm, filter)),
    listLedger: (filter) => reading('list ledger', () => ledgerQuery(orm, filter)),
    listLedgerBalances: (provider) =>
      reading(`ledger balances of ${provider}`, () => ledgerBalancesQuery(orm, provider, LEDGER_ACCOUNTS)),
  };
}

export function positionsQuery(orm: NodePgDatabase, { provider, strategyInstance, afterId, limit }: PositionFilter) {
  const fees = orm
    .select({
      fees: sql`json_object_agg(${positionFees.asset}, ${plain(positionFees.amount)} order by ${positionFees.asset})`,
    })
    .from(positionFees)
    .where(eq(positionFees.positionId, positions.id));
  return orm
    .select({
      id: positions.id,
      provider: positions.provider,
      account: positions.account,
      strategyInstance: positions.strategyInstance,
      symbol: positions.symbol,
      quantity: plain(positions.quantity),
      costQuote: plain(positions.costQuote),
      realizedQuote: plain(positions.realizedQuote),
      /** By the asset they were charged in. */
      fees: sql<{ readonly [asset: string]: string }>`coalesce((${fees}), '{}')`,
      version: positions.version,
      createdAt: positions.createdAt,
      updatedAt: positions.updatedAt,
    })
    .from(positions)
    .where(
      and(
        provider === undefined ? undefined : eq(positions.provider, provider),
        strategyInstance === undefined ? undefined : eq(positions.strategyInstance, strategyInstance),
        afterId === undefined ? undefined : gt(positions.id, afterId),
        isNull(positions.deletedAt),
      ),
    )
    .orderBy(asc(positions.id))
    .limit(limit);
}

export function ledgerQuery(orm: NodePgDatabase, { posting, account, beforeId, limit }: LedgerFilter) {
  return orm
    .select({
      id: ledgerEntries.id,
      posting: ledgerEntries.posting,
      kind: ledgerEntries.kind,
      account: ledgerEntries.account,
      asset: ledgerEntries.asset,
      amount: plain(ledgerEntries.amount),
      bookedAt: ledgerEntries.bookedAt,
    })
    .from(ledgerEntries)
    .where(
      and(
        posting === undefined ? undefined : eq(ledgerEntries.posting, posting),
        account === undefined ? undefined : eq(ledgerEntries.account, account),
        beforeId === undefined ? undefined : lt(ledgerEntries.id, beforeId),
      ),
    )
    .orderBy(desc(ledgerEntries.id))
    .limit(limit);
}
