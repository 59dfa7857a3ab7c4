// What a side of a trade pays: a part of what it receives, or, for accounts that chose so, less than that in an asset
// of its own, valued at its last price. Orders in symbols of that asset pay the usual way, so that no command spends on
// fees what it trades.
import { type Decimal, div, mul, roundDown } from '../../../market/decimal.ts';
import { HOUSE, type Leg } from './facts.ts';
import type { Side } from './order.ts';
import type { VenueState } from './state.ts';
import { ASSET_UNIT } from './symbol.ts';

export interface Fees {
  readonly maker: Decimal;
  readonly taker: Decimal;
  /** Accounts that pay in an asset of its own as long as they have it free. */
  readonly inAsset?: FeeAsset;
}

export interface FeeAsset {
  readonly asset: string;
  readonly accounts: readonly string[];
  /** Part of the fee that is left to pay: 0.75 takes off a quarter. */
  readonly part: Decimal;
}

export interface Filled {
  readonly account: string;
  readonly orderId: number;
  readonly symbol: string;
  readonly side: Side;
  readonly price: Decimal;
  readonly quantity: Decimal;
}

/** The fees of one command, which all come out of what was there before it. */
export class FeePlan {
  private readonly state: VenueState;
  private readonly fees: Fees;
  private readonly spent = new Map<string, Decimal>();

  constructor(state: VenueState, fees: Fees) {
    this.state = state;
    this.fees = fees;
  }

  /** Cut to the asset's eight places in the client's favour; the house pays none. */
  leg(filled: Filled, role: 'maker' | 'taker'): Leg {
    const { account, orderId, side, price, quantity } = filled;
    if (account === HOUSE) return { account, orderId, fee: 0n };
    const own = this.inAsset(filled, this.fees[role]);
    if (own) return { account, orderId, ...own };
    const received = side === 'BUY' ? quantity : mul(price, quantity);
    return { account, orderId, fee: roundDown(mul(received, this.fees[role], 'down'), ASSET_UNIT) };
  }

  private inAsset({ account, symbol, price, quantity }: Filled, rate: Decimal): Pick<Leg, 'fee' | 'feeAsset'> | null {
    const { inAsset } = this.fees;
    const { base, quote } = this.state.rules(symbol);
    if (!inAsset?.accounts.includes(account) || [base, quote].includes(inAsset.asset)) return null;
    const { asset: feeAsset, part } = inAsset;
    const priced = `${feeAsset}${quote}`;
    if (!this.state.symbols.has(priced)) return null;
    const value = mul(mul(mul(price, quantity), rate, 'down'), part, 'down');
    const fee = roundDown(div(value, this.state.listed(priced).lastPrice, 'down'), ASSET_UNIT);
    const spent = (this.spent.get(account) ?? 0n) + fee;
    if (this.state.accounts.free(account, feeAsset) < spent) return null;
    this.spent.set(account, spent);
    return { fee, feeAsset };
  }
}
