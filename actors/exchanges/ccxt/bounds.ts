// Every number this adapter chooses for itself. Tests run with smaller times.
import { type Bounds, BOUNDS as SOCKETS } from '../wire/bounds.ts';

export interface CcxtBounds extends Bounds {
  /** ccxt says nothing when a subscription is confirmed: it holds when its sockets were quiet and open this long. */
  readonly settleMs: number;
  readonly settleStepMs: number;
  /**
   * ccxt asks a socket for a sign of life this often, and gives it up when it looks the next time after two without
   * one: a half-open socket is found within three times as long.
   */
  readonly keepAliveMs: number;
  /** The account is read again at most this often when the stream says that it changed. */
  readonly balanceEveryMs: number;
  /** A page of trades asked for, and how many make it look cut off. */
  readonly tradesAsked: number;
  readonly tradesFull: number;
  /** Trades are asked for this far back at most: OKX keeps three months. */
  readonly historyDaysMax: number;
  /** The list of all markets is megabytes long. */
  readonly listingTimeoutMs: number;
  /** How long a read may wait for its turn. */
  readonly patienceMs: number;
}

export const BOUNDS: CcxtBounds = {
  ...SOCKETS,
  // Some venues send a whole book in one frame.
  frameBytesMax: 4 * 1024 * 1024,
  settleMs: 1_000,
  settleStepMs: 50,
  keepAliveMs: 1_500,
  balanceEveryMs: 1_000,
  // Some venues give no more than 50 whatever is asked for.
  tradesAsked: 100,
  tradesFull: 50,
  historyDaysMax: 90,
  listingTimeoutMs: 30_000,
  patienceMs: 60_000,
};
