// Who may write. A process holds the lease of its shard; every commit proves its epoch as the last statement, so a
// process that lost the lease cannot commit whatever it believes. Renewing only keeps others from taking over.
import { RuntimeError, textOf } from './errors.ts';
import type { Clock, LeaseGrant, Log, Store } from './ports.ts';

export interface LeaseDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly shard: number;
  /** Who we are, for the operator who looks who holds it. */
  readonly node: string;
  readonly leaseMs: number;
}

const POLL_MS = 250;

/** Waits until the shard is ours. Throws LEASE_HELD after `waitMs`, naming the holder. */
export async function takeLease(deps: LeaseDeps, waitMs: number, signal: AbortSignal): Promise<LeaseGrant> {
  const { store, clock, log, shard, node, leaseMs } = deps;
  const deadline = clock.now() + waitMs;
  for (let said = false; ; ) {
    const answer = await store.acquire({ shard, node, ttlMs: leaseMs });
    if (answer.granted) return answer.grant;
    if (clock.now() >= deadline) {
      throw new RuntimeError(
        'LEASE_HELD',
        `shard ${shard} is held by ${answer.holder} for another ${answer.expiresInMs} ms: stop it, or wait`,
      );
    }
    if (!said)
      log.info(
        { shard, holder: answer.holder, expiresInMs: answer.expiresInMs },
        'waiting for the lease: another process holds it',
      );
    said = true;
    await pause(clock, Math.min(POLL_MS, Math.max(10, answer.expiresInMs)), signal);
  }
}

/** Renews the lease until stopped; calls onLost once when another process owns the shard. */
export function keepLease(deps: LeaseDeps, grant: LeaseGrant, onLost: (error: RuntimeError) => void): () => void {
  const { store, clock, log } = deps;
  let stopped = false;
  let cancel = (): void => {};
  const renew = async (): Promise<void> => {
    try {
      if (!(await store.renew(grant)) && !stopped) {
        onLost(
          new RuntimeError('LEASE_LOST', `another process took shard ${grant.shard} over from epoch ${grant.epoch}`),
        );
        return;
      }
    } catch (error) {
      // The database not answering is no reason to stop: nobody else can take the lease from it either.
      log.warn({ shard: grant.shard, error: textOf(error) }, 'the lease could not be renewed');
    }
    if (!stopped) cancel = clock.after(grant.ttlMs / 4, () => void renew());
  };
  cancel = clock.after(grant.ttlMs / 4, () => void renew());
  return () => {
    stopped = true;
    cancel();
  };
}

function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new RuntimeError('NOT_RUNNING', 'stopped while waiting for the lease'));
    const cancel = clock.after(delayMs, resolve);
    signal.addEventListener(
      'abort',
      () => {
        cancel();
        reject(new RuntimeError('NOT_RUNNING', 'stopped while waiting for the lease'));
      },
      { once: true },
    );
  });
}
