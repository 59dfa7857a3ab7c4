// What the venue of a history writes down of one order: every version of it, so that it can be read as it was, and
// which of its trades count in each. A trade can count before it is shown, and cease to count.

import type { SubmitRequest } from '../../actors/exchanges/exchange.ts';
import { add, type Decimal, format, mul, parse, sub } from '../../actors/market/decimal.ts';
import type { Execution, VenueOrder, VenueStatus, VenueTrade } from '../../actors/market/execution.ts';

export interface Version {
  readonly at: number;
  readonly status: VenueStatus;
  readonly quantity: Decimal;
  readonly price: string | null;
  /** Those that count, seen or not. */
  readonly trades: readonly BookTrade[];
  readonly filled: Decimal;
  readonly filledQuote: Decimal;
}

export interface BookTrade extends VenueTrade {
  /** Before it the venue counts the trade and lists it nowhere. */
  readonly shownAt: number;
  /** Before it nobody is told what it cost. */
  readonly chargedAt: number;
}

export interface BookOrder {
  readonly request: SubmitRequest;
  readonly venueOrderId: string;
  /** Placed by somebody else on the same account. */
  readonly isOthers: boolean;
  readonly versions: Version[];
}

export function lastOf({ versions }: BookOrder): Version {
  return versions.at(-1) as Version;
}

export function isWorking({ status }: Version): boolean {
  return status === 'open' || status === 'parked';
}

export function hadBust({ versions }: BookOrder): boolean {
  return versions.some(({ trades }, index) => versions[index - 1]?.trades.some((trade) => !trades.includes(trade)));
}

/** It was over, and a trade that was taken back brought it back. */
export function wasReopened({ versions }: BookOrder): boolean {
  return versions.some((version, index) => {
    const before = versions[index - 1];
    return before !== undefined && !isWorking(before) && isWorking(version);
  });
}

/** The order as it stood then; null where it was not there. */
export function versionAt({ versions }: BookOrder, at: number): Version | null {
  return versions.findLast((version) => version.at <= at) ?? null;
}

export function withTrades(version: Version, trades: readonly BookTrade[]): Version {
  const filled = trades.reduce((sum, { quantity }) => add(sum, parse(quantity)), 0n);
  const filledQuote = trades.reduce((sum, { quantity, price }) => add(sum, mul(parse(quantity), parse(price))), 0n);
  return { ...version, trades, filled, filledQuote };
}

/** What the venue lists of its trades at this time, to somebody who reads a copy of then. */
export function tradesAt(order: BookOrder, at: number): readonly BookTrade[] {
  return (versionAt(order, at)?.trades ?? []).filter(({ shownAt }) => shownAt <= at);
}

/** What the venue holds back for it. */
export function lockOf({ request }: BookOrder, version: Version): { readonly asset: string; readonly amount: Decimal } {
  const [base = '', quote = ''] = request.symbol.split('-');
  const left = isWorking(version) ? sub(version.quantity, version.filled) : 0n;
  if (request.side === 'Sell') return { asset: base, amount: left };
  return { asset: quote, amount: version.price === null ? 0n : mul(left, parse(version.price)) };
}

const RAW = {
  parked: 'NEW',
  open: 'NEW',
  filled: 'FILLED',
  canceled: 'CANCELED',
  expired: 'EXPIRED',
  rejected: 'REJECTED',
} as const;

export function viewOf(order: BookOrder, at = Number.POSITIVE_INFINITY): VenueOrder {
  const { request, venueOrderId } = order;
  const version = versionAt(order, at) ?? (order.versions[0] as Version);
  const { clientOrderId, symbol, side, orderType, stopPrice } = request;
  return {
    ...{ clientOrderId, venueOrderId, symbol, side, orderType },
    status: version.status,
    rawStatus: RAW[version.status],
    quantity: format(version.quantity),
    price: version.price,
    filledQuantity: format(version.filled),
    filledQuote: format(version.filledQuote),
    ...(stopPrice !== null && { stopPrice }),
    updatedAt: version.at,
  };
}

/** As the history lists it at this time. */
export function tradeAt({ shownAt: _shown, chargedAt, ...trade }: BookTrade, at: number): VenueTrade {
  return at < chargedAt ? { ...trade, fee: null, feeAsset: null } : trade;
}

export function executionAt(trade: BookTrade, at: number): Execution {
  const { symbol: _symbol, side: _side, ...execution } = tradeAt(trade, at);
  return execution;
}

export function executionOf(trade: BookTrade): Execution {
  return executionAt(trade, Number.POSITIVE_INFINITY);
}
