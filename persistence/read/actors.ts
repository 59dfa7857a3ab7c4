import { and, asc, eq, gt, inArray, notInArray, type SQL } from 'drizzle-orm';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { ActorKey } from '../../actors/runtime/message.ts';
import { actors } from '../../drizzle/schema/index.ts';

export interface KeyFilter {
  readonly kind?: string;
  readonly live?: boolean;
  readonly afterId?: bigint;
  readonly limit: number;
}

const LIVE = ['active', 'suspended'];

/** By id, so that a page goes on after the last id of the one before. */
export async function listKeys(
  orm: NodePgDatabase,
  filter: KeyFilter,
): Promise<readonly { id: bigint; key: ActorKey }[]> {
  return (await keysQuery(orm, filter)).map(({ id, key }) => ({ id, key: key as ActorKey }));
}

export function keysQuery(orm: NodePgDatabase, { kind, live, afterId, limit }: KeyFilter) {
  const conditions: (SQL | undefined)[] = [
    kind === undefined ? undefined : eq(actors.kind, kind),
    live === undefined ? undefined : live ? inArray(actors.status, LIVE) : notInArray(actors.status, LIVE),
    afterId === undefined ? undefined : gt(actors.id, afterId),
  ];
  return orm
    .select({ id: actors.id, key: actors.key })
    .from(actors)
    .where(and(...conditions))
    .orderBy(asc(actors.id))
    .limit(limit);
}
