import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { ActorKey, Message } from '../../actors/runtime/message.ts';
import type { DeadLetterReason, StoredDeadLetter } from '../../actors/runtime/ports.ts';
import { deadLetters } from '../../drizzle/schema/index.ts';

export interface DeadLetterFilter {
  readonly limit: number;
  readonly key?: ActorKey;
}

export async function listDeadLetters(
  orm: NodePgDatabase,
  filter: DeadLetterFilter,
): Promise<readonly StoredDeadLetter[]> {
  return (await deadLettersQuery(orm, filter)).map(toDeadLetter);
}

/** Those that wait, oldest first. */
export function deadLettersQuery(orm: NodePgDatabase, { limit, key }: DeadLetterFilter) {
  const ofReceiver = key === undefined ? undefined : eq(deadLetters.receiver, key);
  return select(orm)
    .where(and(isNull(deadLetters.redrivenAt), ofReceiver))
    .orderBy(asc(deadLetters.id))
    .limit(limit);
}

/** Also one that was delivered again since. */
export async function findDeadLetter(orm: NodePgDatabase, id: bigint): Promise<StoredDeadLetter | null> {
  const [row] = await select(orm).where(eq(deadLetters.id, id));
  return row === undefined ? null : toDeadLetter(row);
}

function select(orm: NodePgDatabase) {
  return orm
    .select({
      id: deadLetters.id,
      receiver: deadLetters.receiver,
      messageId: deadLetters.messageId,
      sender: deadLetters.sender,
      body: sql<string>`${deadLetters.body}::text`,
      cause: deadLetters.cause,
      correlation: deadLetters.correlation,
      hop: deadLetters.hop,
      reason: deadLetters.reason,
      error: deadLetters.error,
      attempts: deadLetters.attempts,
      createdAt: deadLetters.createdAt,
      redrivenAt: deadLetters.redrivenAt,
    })
    .from(deadLetters);
}

function toDeadLetter(row: Awaited<ReturnType<typeof select>>[number]): StoredDeadLetter {
  const { id, receiver, messageId, sender, body, cause, correlation, hop, reason, ...rest } = row;
  return {
    id,
    envelope: {
      id: messageId,
      to: receiver as ActorKey,
      from: sender as ActorKey | null,
      body: JSON.parse(body) as Message,
      cause,
      correlation,
      hop,
    },
    reason: reason as DeadLetterReason,
    ...rest,
  };
}
