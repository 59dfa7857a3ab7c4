import { asc, desc, eq, lt } from 'drizzle-orm';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { auditLog, balances } from '../../drizzle/schema/index.ts';
import { reading } from '../errors.ts';
import { plain } from './decimal.ts';

export type StoredBalance = Awaited<ReturnType<typeof balancesQuery>>[number];
export type StoredAuditEntry = Awaited<ReturnType<typeof auditQuery>>[number];

export interface AccountReader {
  /** By asset; at most as many as a venue has. */
  listBalances(provider: string, limit: number): Promise<readonly StoredBalance[]>;
  /** Newest first. */
  listAudit(filter: {
    readonly beforeId?: bigint | undefined;
    readonly limit: number;
  }): Promise<readonly StoredAuditEntry[]>;
}

export function createAccountReader(orm: NodePgDatabase): AccountReader {
  return {
    listBalances: (provider, limit) => reading(`balances of ${provider}`, () => balancesQuery(orm, provider, limit)),
    listAudit: ({ beforeId, limit }) => reading('list audit log', () => auditQuery(orm, beforeId, limit)),
  };
}

export function balancesQuery(orm: NodePgDatabase, provider: string, limit: number) {
  return orm
    .select({
      provider: balances.provider,
      asset: balances.asset,
      available: plain(balances.available),
      locked: plain(balances.locked),
      observedAt: balances.observedAt,
      createdAt: balances.createdAt,
      updatedAt: balances.updatedAt,
    })
    .from(balances)
    .where(eq(balances.provider, provider))
    .orderBy(asc(balances.asset))
    .limit(limit);
}

export function auditQuery(orm: NodePgDatabase, beforeId: bigint | undefined, limit: number) {
  return orm
    .select({
      id: auditLog.id,
      actor: auditLog.actor,
      action: auditLog.action,
      detail: auditLog.detail,
      at: auditLog.at,
    })
    .from(auditLog)
    .where(beforeId === undefined ? undefined : lt(auditLog.id, beforeId))
    .orderBy(desc(auditLog.id))
    .limit(limit);
}
