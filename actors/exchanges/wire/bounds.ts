// Every number an adapter chooses for itself. Tests run with smaller times.

export interface Bounds {
  /** A socket is asked for a sign of life this often, and given up after `silentMs` without one. */
  readonly pingMs: number;
  readonly silentMs: number;
  /** To open a socket and to have a subscription confirmed. */
  readonly connectMs: number;
  readonly reconnectBaseMs: number;
  readonly reconnectCapMs: number;
  /** A connection that held this long starts the back-off anew. */
  readonly stableMs: number;
  /** Reports received and not yet durable; beyond it the socket is paused. */
  readonly deliveryQueueMax: number;
  readonly streamsPerMessageMax: number;
  readonly controlEveryMs: number;
  readonly bookLevels: number;
  /** Books and tickers are handed on at most this often for each symbol. */
  readonly conflateMs: number;
  readonly bookSnapshotLevels: number;
  readonly bufferedDiffsMax: number;
  readonly limiterQueueMax: number;
  readonly socketsMax: number;
  readonly answerBytesMax: number;
  /** A cancel or a question on a connection that was open before is given up after so long without a word. */
  readonly keptMs: number;
  readonly frameBytesMax: number;
  readonly tradesPage: number;
  /** Beyond this age the trade history is walked from its beginning instead of day by day. */
  readonly tradeDaysMax: number;
  /** The list of instruments is read anew this often. */
  readonly listingRefreshMs: number;
}

export const BOUNDS: Bounds = {
  // Half-open sockets are found within pingMs + silentMs. The venue cuts a client that sends more than 5
  // frames a second, pings and control messages together (web-socket-streams.md, "Websocket Limits").
  pingMs: 1_500,
  silentMs: 3_000,
  connectMs: 10_000,
  reconnectBaseMs: 250,
  reconnectCapMs: 10_000,
  stableMs: 5_000,
  deliveryQueueMax: 1_000,
  streamsPerMessageMax: 100,
  controlEveryMs: 300,
  bookLevels: 20,
  conflateMs: 100,
  bookSnapshotLevels: 1_000,
  bufferedDiffsMax: 1_000,
  limiterQueueMax: 1_000,
  socketsMax: 32,
  // With the time to notice, half-open connections are found within 5 s.
  keptMs: 4_000,
  // The venue's exchangeInfo lists thousands of symbols.
  answerBytesMax: 64 * 1024 * 1024,
  // To read a frame of 4 MB took a quarter of a second, in which nothing else is heard; theirs have some 100 KB.
  frameBytesMax: 512 * 1024,
  tradesPage: 1_000,
  tradeDaysMax: 30,
  listingRefreshMs: 1_800_000,
};
