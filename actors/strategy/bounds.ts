// How much a strategy instance keeps, and how often its module may fail. Together the lists stay below the runtime's
// bound on a snapshot.

/** Orders of one instance that may still work; a further one is denied. */
export const OPEN_ORDERS_MAX = 200;
/** Provider and symbol pairs it may hold a position in. */
export const POSITIONS_MAX = 200;
/** JSON characters of what a module saves. */
export const STATE_CHARS_MAX = 65_536;

/** More fatal faults within the period and the instance is given up. */
export const FAULTS_MAX = 5;
export const FAULT_PERIOD_MS = 300_000;
const RESTART_FIRST_MS = 1_000;
const RESTART_LAST_MS = 30_000;

/** Decisions of one module that wait to be accepted; more is a fatal fault. */
export const DECISIONS_WAITING_MAX = 1_000;
/** Events for a sandbox that is still starting. */
export const EVENTS_WAITING_MAX = 1_000;
/** A handler that throws is reported at this pace. */
export const FAULT_REPORT_MS = 5_000;

/** 1 s, 2 s, 4 s … 30 s, by the faults within the period. */
export function restartDelay(faults: number): number {
  return Math.min(RESTART_LAST_MS, RESTART_FIRST_MS * 2 ** Math.min(Math.max(faults - 1, 0), 16));
}
