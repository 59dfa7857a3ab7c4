// Stage 4 of 6, commit. Before: decide (turn.ts). After: release (release.ts). The transaction itself is in
// persistence/unit-of-work.ts; here is what may be done when it does not answer "committed".
//
// The write-set is immutable and the fence lets commit number n through once, after n - 1. So sending it again can
// never apply it twice, and the shard's commit number tells what became of a set whose answer was lost.
import { RuntimeError, textOf } from './errors.ts';
import type { Meter } from './meter.ts';
import type { Clock, Log, Store, WriteSet } from './ports.ts';
import { StoreFault } from './ports.ts';

/** The set was refused as it is: undo it and find the turn that is to blame. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly fault: StoreFault;
  constructor(fault: StoreFault) {
    super(fault.message, { cause: fault });
    this.fault = fault;
  }
}

export interface CommitDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  /** Told when the database stops and starts answering. */
  readonly onReachable: (reachable: boolean, why: string | null) => void;
  /** Aborted when the runtime gives up waiting for the database. */
  readonly signal: AbortSignal;
}

const RETRY_MS = [5, 20, 50, 100, 200, 500] as const;

/** Returns when the set is committed. Throws Refused, or RuntimeError LEASE_LOST, or what must stop the runtime. */
export async function commit(deps: CommitDeps, set: WriteSet): Promise<void> {
  let uncertain = false;
  for (let attempt = 0; ; attempt += 1) {
    try {
      // 1. Where an answer was lost, ask before anything is repeated.
      if (uncertain && (await wasCommitted(deps, set))) break;
      uncertain = false;
      // 2. Send it.
      await deps.store.commit(set);
      break;
    } catch (error) {
      // 3. What does the fault allow?
      const fault = faultOf(error);
      // A refusal of a repeated set may be the shadow of its own first copy landing late: look again.
      if (
        attempt > 0 &&
        !uncertain &&
        (fault.kind === 'fenced' || fault.kind === 'duplicate') &&
        (await wasCommitted(deps, set))
      )
        break;
      if (fault.kind === 'refused' || fault.kind === 'duplicate') throw refusalOf(fault);
      if (fault.kind === 'fenced') throw lostLease(set, fault);
      if (fault.kind === 'fatal') throw fault;
      uncertain ||= fault.kind === 'unknown';
      deps.meter.commitFailed(fault.kind);
      deps.onReachable(false, fault.message);
      deps.log.warn(
        { commit: set.number.toString(), attempt, fault: fault.kind, sqlState: fault.sqlState },
        fault.message,
      );
      await pause(deps, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 500);
    }
  }
  deps.onReachable(true, null);
}

function refusalOf(fault: StoreFault): Refused {
  return new Refused(fault);
}

function lostLease({ shard, epoch }: WriteSet, cause: StoreFault): RuntimeError {
  const text = `another process owns shard ${shard} since epoch ${epoch}: ${cause.message}`;
  return new RuntimeError('LEASE_LOST', text, { cause });
}

async function wasCommitted(deps: CommitDeps, set: WriteSet): Promise<boolean> {
  const { number, epoch } = await deps.store.committed(set.shard);
  if (epoch !== set.epoch) throw new StoreFault('fenced', `epoch is ${epoch}, ours was ${set.epoch}`, null);
  if (number === set.number) return true;
  if (number === set.number - 1n) return false;
  throw new StoreFault('fatal', `the shard is at commit ${number} while ${set.number} is being written`, null);
}

function faultOf(error: unknown): StoreFault {
  return error instanceof StoreFault ? error : new StoreFault('fatal', textOf(error), null, { cause: error });
}

/** What may be done twice, until the database answers. Throws what asking again cannot help, and when it is stopped. */
export async function patiently<Result>(
  deps: Pick<CommitDeps, 'clock' | 'log' | 'signal'> & Partial<Pick<CommitDeps, 'onReachable'>>,
  work: () => Promise<Result>,
): Promise<Result> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const result = await work();
      if (attempt > 0) deps.onReachable?.(true, null);
      return result;
    } catch (error) {
      const isPassing = error instanceof StoreFault && (error.kind === 'unknown' || error.kind === 'transient');
      if (!isPassing) throw error;
      deps.onReachable?.(false, error.message);
      deps.log.warn({ attempt, fault: error.kind, sqlState: error.sqlState }, error.message);
      await pause(deps, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 500);
    }
  }
}

function pause(deps: Pick<CommitDeps, 'clock' | 'signal'>, delayMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      cancel();
      reject(
        new RuntimeError(
          'NOT_RUNNING',
          'stopped while the database did not answer: what was not committed is sent again by its source',
        ),
      );
    };
    const cancel = deps.clock.after(delayMs, () => {
      deps.signal.removeEventListener('abort', stop);
      resolve();
    });
    if (deps.signal.aborted) stop();
    else deps.signal.addEventListener('abort', stop, { once: true });
  });
}
