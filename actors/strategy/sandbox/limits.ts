// Every bound of a sandbox. Times are wall clock unless they say otherwise.

export interface SandboxLimits {
  /** Processor time of one handler call. A call that is over is interrupted, and its sandbox ends. */
  readonly callMs: number;
  /** The same for the top level of a module and for create(env). */
  readonly startMs: number;
  /** Times callMs (startMs): after this much wall clock the worker is terminated from outside. */
  readonly killFactor: number;
  /** From `new Worker` until it answers. */
  readonly bootMs: number;
  /** All memory of the instance, engine included: from 16 MiB, which the build of QuickJS starts with. */
  readonly memoryBytes: number;
  readonly stackBytes: number;
  readonly sourceBytes: number;
  /** What one call may hand back: decisions, log lines and state, as JSON text. */
  readonly outputChars: number;
  readonly stateChars: number;
  readonly decisionsPerCall: number;
  readonly logLinesPerCall: number;
  readonly logLinesPerSecond: number;
  readonly logTextChars: number;
  /** Market events that wait. Trades over it push out the oldest trade; the rest is conflated per symbol. */
  readonly marketDepth: number;
  /** Order events that wait. They are never dropped: one more is a fatal fault. */
  readonly orderDepth: number;
  /** So many faulted calls in a row are fatal. */
  readonly faultsInRow: number;
}

export const DEFAULT_LIMITS: SandboxLimits = {
  callMs: 50,
  startMs: 1_000,
  killFactor: 5,
  bootMs: 15_000,
  memoryBytes: 32 * 1024 * 1024,
  stackBytes: 256 * 1024,
  sourceBytes: 1024 * 1024,
  outputChars: 256 * 1024,
  stateChars: 64 * 1024,
  decisionsPerCall: 64,
  logLinesPerCall: 50,
  logLinesPerSecond: 100,
  logTextChars: 2_000,
  marketDepth: 1_000,
  orderDepth: 10_000,
  faultsInRow: 5,
};

const PAGE_BYTES = 64 * 1024;
const MEMORY_BYTES_MIN = 256 * PAGE_BYTES;

/** The defaults with the given ones over them. Throws when one is out of its range. */
export function sandboxLimits(given: Partial<SandboxLimits> = {}): SandboxLimits {
  const limits = { ...DEFAULT_LIMITS, ...given };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`SANDBOX_LIMIT: ${name}=${value}, allowed: a whole number from 1`);
    }
  }
  if (limits.memoryBytes < MEMORY_BYTES_MIN || limits.memoryBytes % PAGE_BYTES !== 0) {
    throw new RangeError(
      `SANDBOX_LIMIT: memoryBytes=${limits.memoryBytes}, allowed: multiples of ${PAGE_BYTES} from ${MEMORY_BYTES_MIN}`,
    );
  }
  if (limits.outputChars < 2 * limits.stateChars) {
    throw new RangeError(
      `SANDBOX_LIMIT: outputChars=${limits.outputChars}, allowed: from twice stateChars=${limits.stateChars}`,
    );
  }
  return limits;
}
