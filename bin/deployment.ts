// What makes client order ids unique for ever: the moment this database was made, and the instance.
import { createHash } from 'node:crypto';
import type { MigrationStatus } from '../persistence/migrate.ts';

/** A new database counts its orders from one again; a venue remembers the ids of the old one. */
export function deploymentPrefix({ applied }: MigrationStatus): string {
  const first = applied[0];
  if (first === undefined) throw new Error('the database has no migrations: run "meltica migrate up"');
  return first.appliedAt.toString(36);
}

/** Letters and digits, at most 14: room is left for the counter within the 32 that venues take. */
export function orderPrefix(deployment: string, instanceId: string): string {
  const instance = BigInt(`0x${createHash('sha256').update(instanceId).digest('hex').slice(0, 8)}`);
  return `${deployment}${instance.toString(36).padStart(5, '0').slice(-5)}`;
}
