// Who owns a shard. The lease is a row of `nodes` under the database's clock; its epoch is the fencing token that
// every commit proves.
// Taken when it is free, expired, or its holder is dead: the session that took it is gone, and so is every other
// session of that process (they share an application name). A holder that is only stopped keeps its sessions,
// and with them its lease until it expires. Should the judgement be wrong, the fence still holds: whoever was
// taken over cannot commit.
// Crash after the row was written: nobody knows of the grant, and the next process sees that its holder is dead.
import type pg from 'pg';
import type { LeaseAnswer, LeaseGrant } from '../actors/runtime/ports.ts';
import { LOCK_NOT_AVAILABLE, sqlStateOf } from './errors.ts';
import { createKeptSession, type KeptSessionOptions } from './kept-session.ts';

export interface Lease {
  acquire(request: { shard: number; node: string; ttlMs: number }): Promise<LeaseAnswer>;
  renew(grant: LeaseGrant): Promise<boolean>;
  unlock(grant: LeaseGrant): Promise<void>;
  close(): Promise<void>;
}

const UNTIL = `clock_timestamp() + $3::integer * interval '1 millisecond'`;
const OWN_START = '(select backend_start from pg_stat_activity where pid = pg_backend_pid())';

// backend_start is null for sessions of roles we may not look at: such a pid counts as alive.
const HOLDER_LIVES = `exists (
  select from pg_stat_activity a
   where a.pid = n.backend_pid and (a.backend_start is null or a.backend_start = n.backend_start)
      or a.application_name = n.session
)`;

export const ACQUIRE = `insert into nodes as n
  (shard, node, session, epoch, commit_number, ttl_ms, lease_until, backend_pid, backend_start, last_at, started_at)
values ($1, $2, current_setting('application_name'), 1, 0, $3::integer, ${UNTIL}, pg_backend_pid(), ${OWN_START},
        'epoch', clock_timestamp())
on conflict (shard) do update
   set node = excluded.node, session = excluded.session, epoch = n.epoch + 1, ttl_ms = excluded.ttl_ms,
       lease_until = ${UNTIL}, backend_pid = excluded.backend_pid, backend_start = excluded.backend_start,
       started_at = clock_timestamp(), updated_at = clock_timestamp()
 where n.backend_pid is null or n.lease_until <= clock_timestamp() or not ${HOLDER_LIVES}
returning epoch, commit_number`;

export const HOLDER = `select node, backend_pid as pid,
       greatest(0, extract(epoch from lease_until - clock_timestamp()) * 1000)::bigint as expires
  from nodes where shard = $1`;

/** Ends what is left of a holder whose time is over: a group it sent in part may hold the row of the lease. */
export const END_EXPIRED = `select pg_terminate_backend(a.pid) from nodes n
  join pg_stat_activity a on a.application_name = n.session
 where n.shard = $1 and n.lease_until <= clock_timestamp() and a.datname = current_database()`;

export const RENEW = `update nodes
   set lease_until = ${UNTIL}, backend_pid = pg_backend_pid(), backend_start = ${OWN_START},
       updated_at = clock_timestamp()
 where shard = $1 and epoch = $2`;

export const UNLOCK = `update nodes
   set lease_until = clock_timestamp(), backend_pid = null, backend_start = null, updated_at = clock_timestamp()
 where shard = $1 and epoch = $2`;

export function createLease(options: Omit<KeptSessionOptions, 'statements'>): Lease {
  const session = createKeptSession({ ...options, statements: [] });
  return {
    acquire: ({ shard, node, ttlMs }) =>
      session.use(`acquire shard ${shard}`, async (client) => {
        const [row] = await take(client, [shard, node, ttlMs]);
        if (row !== undefined) {
          const commitNumber = BigInt(row.commit_number);
          return { granted: true, grant: { shard, epoch: BigInt(row.epoch), commitNumber, ttlMs } };
        }
        const held = await client.query<Record<'node' | 'pid' | 'expires', string>>(HOLDER, [shard]);
        const [holder] = held.rows;
        return {
          granted: false,
          holder: `${holder?.node ?? 'unknown'} (backend ${holder?.pid ?? 'gone'})`,
          expiresInMs: Number(holder?.expires ?? 0),
        };
      }),
    renew: ({ shard, epoch, ttlMs }) =>
      session.use(`renew shard ${shard}`, async (client) => {
        const { rowCount } = await client.query(RENEW, [shard, epoch, ttlMs]);
        return rowCount === 1;
      }),
    unlock: ({ shard, epoch }) =>
      session.use(`unlock shard ${shard}`, async (client) => {
        await client.query(UNLOCK, [shard, epoch]);
      }),
    close: () => session.close(),
  };
}

type Taken = Record<'epoch' | 'commit_number', string>;

async function take(client: pg.Client, values: readonly [number, string, number]): Promise<readonly Taken[]> {
  try {
    return (await client.query<Taken>(ACQUIRE, [...values])).rows;
  } catch (error) {
    if (sqlStateOf(error) !== LOCK_NOT_AVAILABLE) throw error;
    await client.query(END_EXPIRED, [values[0]]);
    return (await client.query<Taken>(ACQUIRE, [...values])).rows;
  }
}
