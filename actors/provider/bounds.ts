// How much a provider keeps, and how often it tries. Together the lists stay below the runtime's bounds on a snapshot
// and on the effects of one turn.

/** Orders at the venue at once; a further one is refused. All of them are canceled in one turn. */
export const LIVE_ORDERS_MAX = 750;
/** The same for orders that are at the venue whoever let them: beyond it one is written to the audit log alone. */
export const STANDING_ORDERS_MAX = 800;
/** Orders that wait for the venue to become ready; a further one is refused. */
export const WAITING_ORDERS_MAX = 200;
export const WATCHERS_MAX = 50;
/** Routes of all watchers together, each counted per watcher. */
export const ROUTES_MAX = 300;
/** Instruments one message brings; beyond it only those of watched symbols. */
export const INSTRUMENTS_MAX = 200;
/** External orders remembered so that each is written to the audit log once. */
export const EXTERNAL_ORDERS_MAX = 50;
export const BALANCES_MAX = 200;

/** Orders asked about after one round; the rest is asked after the next, which follows soon. */
export const ASKED_ORDERS_MAX = 250;
/** Orders one round tells of with what was missing; the rest is told by the next, which follows soon. */
export const FOUND_ORDERS_MAX = 20;
/** Executions told of one order at once: an order that has fewer than the venue counts asks for the rest itself. */
export const FOUND_EXECUTIONS_MAX = 10;
/** Orders a round asks the venue for by the id the venue gave them. */
export const LOOKUPS_MAX = 30;
/** Trades looked up in our books at once. */
export const BOOKS_PAGE = 500;
/** Assets of which one round books a difference. */
export const BOOKINGS_MAX = 50;
/** Rounds that must find the same difference between an account and the books before it counts as unexplained. */
export const DIFFERENCE_LOOKS = 3;
/**
 * The same while the asset is traded: by chance a difference on its way does not stay the same so often. So many rounds
 * in a row must also find that something is off beyond all that is on its way, where the amount is another each time.
 */
export const BUSY_LOOKS = 9;
/** Symbols nobody watches that one round asks for because their assets differ. */
export const LOST_SYMBOLS_MAX = 5;
/** For so long a difference makes rounds look back to where it began. */
export const TRAIL_MS = 900_000;
/** Rounds in a row that did not see everything, over at least that time, until somebody is told. */
export const PARTIAL_ROUNDS = 10;
export const PARTIAL_MS = 300_000;
/** What the venue does not tell of for so long is not looked for any more: the balances show what it was. */
export const PARTIAL_WINDOW_MS = 86_400_000;
export const RECONCILE_INTERVAL_MS = 30_000;
/** Between looks until the books of every asset are open. */
export const OPENING_LOOK_MS = 5_000;
export const RECONCILE_REST_MS = 1_000;
/** Trades are asked for again this many read lags before the last round: venues list them late. */
export const OVERLAP_LAGS = 2;
/** Failed rounds in a row, with the link up, after which the venue no longer counts as ready. */
export const RECONCILE_FAILURES_MAX = 3;
/** Looks in a row at what the books lack, without getting on, after which the venue counts as ready all the same. */
export const BEHIND_ROUNDS_MAX = 5;
export const RETRY_FIRST_MS = 1_000;
export const RETRY_LAST_MS = 30_000;
/** The newest reference price per symbol reaches risk at this pace. */
export const REFERENCE_PRICE_MS = 250;
/** A price that holds still is said again this often; risk takes one for stale that is much older. */
export const REFERENCE_REPEAT_MS = 15_000;

/** Watched symbols the venue does not list are asked for again at this pace. */
export const RELIST_MS = 300_000;
/** Where the settings name no other. */
export const LISTING_REFRESH_MS = 900_000;
export const RECV_WINDOW_MS = 5_000;
export const HTTP_TIMEOUT_MS = 10_000;

/** 1 s, 2 s, 4 s … 30 s: the pause before attempt `failures + 1`. */
export function retryDelay(failures: number): number {
  return Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** Math.min(Math.max(failures - 1, 0), 16));
}
