// What this adapter is told beyond the settings of every exchange.

export interface CcxtTerms {
  /** ccxt's name of the exchange: `okx`, `kraken`. */
  readonly exchange: string;
  /** The third credential of some venues: OKX calls it the passphrase. */
  readonly passphrase?: string;
  /**
   * Names the account in the key of every execution where the venue does not name it; `main` when absent. Two
   * accounts at one venue need two names, and a name must not change while their executions are kept.
   */
  readonly account?: string;
  /** The venue's test network, or its demo trading. */
  readonly sandbox?: boolean;
}
