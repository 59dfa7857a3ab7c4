// The venue's orders, trades and balances as the protocol writes them: amounts with eight places, ids as integers.
// Field names and spellings (cummulativeQuoteQty) are Binance's; rest-api.md 2025-01.
import { type Decimal, format, ZERO } from '../../../market/decimal.ts';
import { isOpen, type Order, type OwnTrade, type Side } from '../core/order.ts';
import type { Report } from '../core/outcome.ts';
import { ASSET_PLACES, ASSET_UNIT } from '../core/symbol.ts';

export type Json = { readonly [name: string]: unknown };

/** `0.10000000`; what is beyond the eighth place is cut. */
export function eight(amount: Decimal): string {
  const units = (amount < 0n ? -amount : amount) / ASSET_UNIT;
  const digits = units.toString().padStart(ASSET_PLACES + 1, '0');
  const text = `${digits.slice(0, -ASSET_PLACES)}.${digits.slice(-ASSET_PLACES)}`;
  return amount < 0n && units > 0n ? `-${text}` : text;
}

/** A market order's time in force is shown as GTC. */
function terms(order: Readonly<Order>): Json {
  return {
    price: eight(order.price),
    origQty: eight(order.quantity),
    executedQty: eight(order.executed),
    origQuoteOrderQty: eight(ZERO),
    cummulativeQuoteQty: eight(order.executedQuote),
    status: order.status,
    timeInForce: order.timeInForce,
    type: order.type,
    side: order.side,
  };
}

/** Fields of stop orders, and of those that self-trade prevention ended. */
function conditional(order: Readonly<Order>): Json {
  const { stopPrice, prevented } = order;
  return {
    selfTradePreventionMode: order.selfTradePrevention ?? 'NONE',
    ...(stopPrice !== undefined && { stopPrice: eight(stopPrice) }),
    ...(prevented && { preventedMatchId: prevented.matchId, preventedQuantity: eight(prevented.quantity) }),
  };
}

export function queriedOrder(order: Readonly<Order>): Json {
  const { origQuoteOrderQty, ...fields } = terms(order);
  return {
    symbol: order.symbol,
    orderId: order.id,
    orderListId: -1,
    clientOrderId: order.clientOrderId,
    ...fields,
    stopPrice: eight(ZERO),
    icebergQty: eight(ZERO),
    time: order.placedAt,
    updateTime: order.updatedAt,
    isWorking: order.workingAt !== null,
    workingTime: order.workingAt ?? -1,
    origQuoteOrderQty,
    ...conditional(order),
  };
}

export type ResponseType = 'ACK' | 'RESULT' | 'FULL';

/** The answer to a new order, from the reports of its own command. */
export function placedOrder(
  order: Readonly<Order>,
  reports: readonly Report[],
  assets: Assets,
  as: ResponseType,
): Json {
  const acknowledged = {
    symbol: order.symbol,
    orderId: order.id,
    orderListId: -1,
    clientOrderId: order.clientOrderId,
    transactTime: order.updatedAt,
  };
  if (as === 'ACK') return acknowledged;
  const result = {
    ...acknowledged,
    ...terms(order),
    workingTime: order.workingAt ?? -1,
    ...(as === 'FULL' ? { fills: fills(order, reports, assets) } : {}),
    ...preventedMatches(order, reports),
    ...conditional(order),
  };
  return result;
}

export interface Assets {
  readonly base: string;
  readonly quote: string;
}

/** The asset a side receives, in which it pays its fee. */
export function received(side: Side, assets: Assets): string {
  return side === 'BUY' ? assets.base : assets.quote;
}

function fills(order: Readonly<Order>, reports: readonly Report[], assets: Assets): Json[] {
  const own = reports.filter((report) => report.order.id === order.id);
  return own.flatMap(({ trade }) => {
    if (!trade) return [];
    const { fee } = order.side === 'BUY' ? trade.buyer : trade.seller;
    return {
      price: eight(trade.price),
      qty: eight(trade.quantity),
      commission: eight(fee),
      commissionAsset: received(order.side, assets),
      tradeId: trade.id,
    };
  });
}

/** What a new order met of its own account; nothing when it met nothing. */
function preventedMatches(order: Readonly<Order>, reports: readonly Report[]): Json {
  const met = reports.filter(({ prevention }) => prevention?.takerOrderId === order.id);
  const byMatch = Map.groupBy(met, ({ prevention }) => prevention?.id);
  if (byMatch.size === 0) return {};
  const matches = [...byMatch].map(([preventedMatchId, ended]) => ({
    preventedMatchId,
    makerOrderId: ended[0]?.prevention?.makerOrderId,
    price: eight(ended[0]?.prevention?.price ?? ZERO),
    ...Object.fromEntries(
      ended.map(({ order: { id, prevented } }) => [
        id === order.id ? 'takerPreventedQuantity' : 'makerPreventedQuantity',
        eight(prevented?.quantity ?? ZERO),
      ]),
    ),
  }));
  return { preventedMatches: matches };
}

/** As the answer to an amend shows it, with the client id it went by before. */
export function amendedOrder(order: Readonly<Order>, before: string): Json {
  return {
    symbol: order.symbol,
    orderId: order.id,
    orderListId: -1,
    origClientOrderId: before,
    clientOrderId: order.clientOrderId,
    price: eight(order.price),
    qty: eight(order.quantity),
    executedQty: eight(order.executed),
    preventedQty: eight(ZERO),
    quoteOrderQty: eight(ZERO),
    cumulativeQuoteQty: eight(order.executedQuote),
    status: order.status,
    timeInForce: order.timeInForce,
    type: order.type,
    side: order.side,
    ...(order.workingAt !== null && { workingTime: order.workingAt }),
    ...conditional(order),
  };
}

/** `clientOrderId` is the cancel request's, ours is `origClientOrderId`. */
export function canceledOrder(order: Readonly<Order>, requestId: string): Json {
  return {
    symbol: order.symbol,
    origClientOrderId: order.clientOrderId,
    orderId: order.id,
    orderListId: -1,
    clientOrderId: requestId,
    transactTime: order.updatedAt,
    ...terms(order),
    ...conditional(order),
  };
}

export function ownTrade(trade: OwnTrade): Json {
  return {
    symbol: trade.symbol,
    id: trade.id,
    orderId: trade.orderId,
    orderListId: -1,
    price: eight(trade.price),
    qty: eight(trade.quantity),
    quoteQty: eight((trade.price * trade.quantity) / 10n ** 18n),
    commission: eight(trade.fee),
    commissionAsset: trade.feeAsset,
    time: trade.tradedAt,
    isBuyer: trade.side === 'BUY',
    isMaker: trade.maker,
    isBestMatch: true,
  };
}

/**
 * On a cancel `c` is the request's id and `C` the order's, on an amend `c` is its new id and `C` the one it had.
 * `executionId` is unique and the same for ever.
 */
export function executionReport(report: Report, assets: Assets, executionId: number, at: number): Json {
  const { order, trade, requestId, execution, origClientOrderId } = report;
  const leg = trade && (order.side === 'BUY' ? trade.buyer : trade.seller);
  return {
    e: 'executionReport',
    E: at,
    s: order.symbol,
    c: requestId ?? order.clientOrderId,
    S: order.side,
    o: order.type,
    f: order.timeInForce,
    q: eight(order.quantity),
    p: eight(order.price),
    P: eight(order.stopPrice ?? ZERO),
    F: eight(ZERO),
    g: -1,
    C: origClientOrderId ?? (requestId === null ? '' : order.clientOrderId),
    x: execution,
    X: order.status,
    r: 'NONE',
    i: order.id,
    l: eight(trade?.quantity ?? ZERO),
    z: eight(order.executed),
    L: eight(trade?.price ?? ZERO),
    n: leg ? eight(leg.fee) : '0',
    N: leg ? received(order.side, assets) : null,
    T: at,
    t: trade?.id ?? -1,
    I: executionId,
    w: isOpen(order) && order.workingAt !== null,
    m: trade !== null && trade.takerSide !== order.side,
    M: trade !== null,
    O: order.placedAt,
    Z: eight(order.executedQuote),
    Y: eight(trade ? (trade.price * trade.quantity) / 10n ** 18n : ZERO),
    Q: eight(ZERO),
    ...(order.workingAt !== null && { W: order.workingAt }),
    V: order.selfTradePrevention ?? 'NONE',
    ...preventionFields(report),
  };
}

/** The match that was prevented, seen from the order it ended. */
function preventionFields({ order, prevention }: Report): Json {
  if (!prevention) return {};
  const { id, takerOrderId, makerOrderId, symbol, price, quantity } = prevention;
  const ended = eight(order.prevented?.quantity ?? ZERO);
  return {
    v: id,
    A: ended,
    B: ended,
    U: order.id === takerOrderId ? makerOrderId : takerOrderId,
    Cs: symbol,
    pl: eight(quantity),
    pL: eight(price),
    pY: eight((price * quantity) / 10n ** 18n),
  };
}

/** `0.000` and the like for percentages. */
export function percent(part: Decimal, whole: Decimal): string {
  if (whole === 0n) return '0.000';
  const [digits, fraction = ''] = format((part * 100n * 10n ** 18n) / whole).split('.');
  return `${digits}.${fraction.slice(0, 3).padEnd(3, '0')}`;
}
