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
  let verdict: StoreFault | null = null;
  for (let attempt = 0; ; attempt += 1) {
    const fault = await sendOrAsk(deps, set, attempt, verdict);
    if (fault === null) break;
    if (isPassing(fault)) await waitOut(deps, set, attempt, fault);
    else if (verdict === null) verdict = fault;
    else throw conclusionOf(set, fault);
  }
  deps.onReachable(true, null);
}

/**
 * Sends the set at first. After a fault, asks what stands before anything is concluded or repeated: an answer may have
 * been lost, a refusal may be the shadow of the set's own first copy landing late, or that of the work of another
 * process, whose epoch the fence would have shown had the statements before it not failed. Null: it is committed.
 */
async function sendOrAsk(deps: CommitDeps, set: WriteSet, attempt: number, verdict: StoreFault | null) {
  try {
    if (attempt > 0 && (await wasCommitted(deps, set))) return null;
    if (verdict !== null) return verdict;
    await deps.store.commit(set);
    return null;
  } catch (error) {
    return faultOf(error);
  }
}

async function waitOut(deps: CommitDeps, set: WriteSet, attempt: number, fault: StoreFault): Promise<void> {
  const { kind, sqlState, message } = fault;
  deps.meter.commitFailed(kind);
  deps.onReachable(false, message);
  deps.log.warn({ commit: set.number.toString(), attempt, fault: kind, sqlState }, message);
  await pause(deps, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 500);
}

function isPassing({ kind }: StoreFault): boolean {
  return kind === 'unknown' || kind === 'transient';
}

function conclusionOf({ shard, epoch }: WriteSet, fault: StoreFault): Error {
  if (fault.kind === 'refused' || fault.kind === 'duplicate') return new Refused(fault);
  if (fault.kind !== 'fenced') return fault;
  const text = `another process took shard ${shard} over from epoch ${epoch}: ${fault.message}`;
  return new RuntimeError('LEASE_LOST', text, { cause: fault });
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
      if (!(error instanceof StoreFault && isPassing(error))) throw error;
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
