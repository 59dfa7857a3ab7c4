// The venue's orders, trades and balances as the protocol writes them: amounts with eight places, ids as integers.
// Field names and spellings (cummulativeQuoteQty) are Binance's; rest-api.md 2025-01.
import { type Decimal, format, ZERO } from '../../../market/decimal.ts';
import type { Fill } from '../core/facts.ts';
import { isOpen, type Order, type OwnTrade, type Side } from '../core/order.ts';
import type { OrderList } from '../core/order-lists.ts';
import type { ListReport, Report } from '../core/outcome.ts';
import type { VenueState } from '../core/state.ts';
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
    origQuoteOrderQty: eight(order.quoteQuantity ?? ZERO),
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
    ...(order.expiryReason !== undefined && { expiryReason: order.expiryReason }),
    ...(prevented && { preventedMatchId: prevented.matchId, preventedQuantity: eight(prevented.quantity) }),
  };
}

export function queriedOrder(order: Readonly<Order>): Json {
  const { origQuoteOrderQty, ...fields } = terms(order);
  return {
    symbol: order.symbol,
    orderId: order.id,
    orderListId: order.listId ?? -1,
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
    orderListId: order.listId ?? -1,
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
    const { fee, feeAsset } = order.side === 'BUY' ? trade.buyer : trade.seller;
    return {
      price: eight(trade.price),
      qty: eight(trade.quantity),
      commission: eight(fee),
      commissionAsset: feeAsset ?? received(order.side, assets),
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
      ended.map(({ prevention, order: { id, prevented } }) => [
        id === order.id ? 'takerPreventedQuantity' : 'makerPreventedQuantity',
        eight(prevention?.mode === 'DECREMENT' ? prevention.quantity : (prevented?.quantity ?? ZERO)),
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
    orderListId: order.listId ?? -1,
    origClientOrderId: before,
    clientOrderId: order.clientOrderId,
    price: eight(order.price),
    qty: eight(order.quantity),
    executedQty: eight(order.executed),
    preventedQty: eight(order.decremented ?? ZERO),
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
    orderListId: order.listId ?? -1,
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
  const { order, bust, requestId, execution, origClientOrderId } = report;
  const fill = shownFill(report, assets);
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
    g: order.listId ?? -1,
    C: origClientOrderId ?? (requestId === null ? '' : order.clientOrderId),
    x: execution,
    X: order.status,
    r: report.reason ?? 'NONE',
    i: order.id,
    l: eight(fill?.quantity ?? ZERO),
    z: eight(order.executed),
    L: eight(fill?.price ?? ZERO),
    n: fill ? eight(fill.fee) : '0',
    N: fill ? fill.feeAsset : null,
    T: at,
    t: fill?.id ?? -1,
    ...(bust?.corrected && { bt: bust.busted.id }),
    I: executionId,
    w: isOpen(order) && order.workingAt !== null,
    m: fill?.maker ?? false,
    M: fill !== null,
    O: order.placedAt,
    Z: eight(order.executedQuote),
    Y: eight(fill ? (fill.price * fill.quantity) / 10n ** 18n : ZERO),
    Q: eight(order.quoteQuantity ?? ZERO),
    ...(order.workingAt !== null && { W: order.workingAt }),
    V: order.selfTradePrevention ?? 'NONE',
    ...(execution === 'EXPIRED' && order.expiryReason !== undefined && { eR: order.expiryReason }),
    ...preventionFields(report),
  };
}

type ShownFill = Fill & { readonly feeAsset: string; readonly maker: boolean };

/** The fill a report is about: of a busted trade that trade, of a corrected one what takes its place. */
function shownFill({ order, trade, bust }: Report, assets: Assets): ShownFill | null {
  if (bust) return { ...(bust.corrected ?? bust.busted), feeAsset: bust.feeAsset, maker: bust.maker };
  if (!trade) return null;
  const { id, price, quantity, takerSide } = trade;
  const { fee, feeAsset } = order.side === 'BUY' ? trade.buyer : trade.seller;
  const maker = takerSide !== order.side;
  return { id, price, quantity, fee, maker, feeAsset: feeAsset ?? received(order.side, assets) };
}

/** The match that was prevented, seen from the order it ended. */
function preventionFields({ order, prevention }: Report): Json {
  if (!prevention) return {};
  const { id, mode, takerOrderId, makerOrderId, symbol, price, quantity } = prevention;
  const ended = eight(order.prevented?.quantity ?? ZERO);
  return {
    v: id,
    A: ended,
    B: mode === 'DECREMENT' ? eight(quantity) : ended,
    U: order.id === takerOrderId ? makerOrderId : takerOrderId,
    Cs: symbol,
    pl: eight(quantity),
    pL: eight(price),
    pY: eight((price * quantity) / 10n ** 18n),
  };
}

/** Its status is that of its orders: executing while one of them is open. */
export function listView(state: VenueState, list: OrderList): Json {
  const isDone = state.lists.isDone(list);
  const orders = state.lists.ordersOf(list);
  return {
    orderListId: list.id,
    contingencyType: 'OCO',
    listStatusType: isDone ? 'ALL_DONE' : 'EXEC_STARTED',
    listOrderStatus: isDone ? 'ALL_DONE' : 'EXECUTING',
    listClientOrderId: list.clientOrderId,
    transactionTime: list.placedAt,
    symbol: list.symbol,
    orders: orders.map(({ symbol, id, clientOrderId }) => ({ symbol, orderId: id, clientOrderId })),
  };
}

export function listStatus({ list, isDone, orders }: ListReport, at: number): Json {
  return {
    e: 'listStatus',
    E: at,
    s: list.symbol,
    g: list.id,
    c: 'OCO',
    l: isDone ? 'ALL_DONE' : 'EXEC_STARTED',
    L: isDone ? 'ALL_DONE' : 'EXECUTING',
    r: 'NONE',
    C: list.clientOrderId,
    T: at,
    O: orders.map(({ symbol, id, clientOrderId }) => ({ s: symbol, i: id, c: clientOrderId })),
  };
}

/** `0.000` and the like for percentages. */
export function percent(part: Decimal, whole: Decimal): string {
  if (whole === 0n) return '0.000';
  const [digits, fraction = ''] = format((part * 100n * 10n ** 18n) / whole).split('.');
  return `${digits}.${fraction.slice(0, 3).padEnd(3, '0')}`;
}
