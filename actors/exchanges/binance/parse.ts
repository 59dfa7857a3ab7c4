// The border for REST: the venue's JSON in, our words out. Pure; throws Unreadable for anything else. Amounts
// leave in shortest form, so that the same fill reads the same from a reply, the stream and the history.
import { z } from 'zod';
import { add, isZero, parse } from '../../market/decimal.ts';
import type { Execution, Side, VenueOrder, VenueStatus, VenueTrade } from '../../market/execution.ts';
import type { PriceLevel } from '../../market/market-event.ts';
import type { VenueBalance } from '../exchange.ts';
import { readAs, Unreadable } from '../wire/read-as.ts';
import { amount, expectValue, expectWithin, positiveAmount, signedAmount, text, time } from '../wire/readable.ts';
import { isStop, orderTypeOf } from './order-types.ts';

/** Our symbol for the venue's name. */
export type Canonical = (venueSymbol: string) => string;

export const id = z.int().nonnegative().transform(String);
export const side = z.enum(['BUY', 'SELL']).transform((word): Side => (word === 'BUY' ? 'Buy' : 'Sell'));
const level = z.tuple([amount, amount]).transform(([price, quantity]): PriceLevel => ({ price, quantity }));
export const levels = z.array(level);

// enums.md and rest-api.md, "Order status". PENDING_NEW waits for its list, PENDING_CANCEL is unused.
const STATUSES: ReadonlyMap<string, VenueStatus> = new Map([
  ['NEW', 'open'],
  ['PENDING_NEW', 'open'],
  ['PARTIALLY_FILLED', 'open'],
  ['PENDING_CANCEL', 'open'],
  ['FILLED', 'filled'],
  ['CANCELED', 'canceled'],
  ['EXPIRED', 'expired'],
  ['EXPIRED_IN_MATCH', 'expired'],
  ['REJECTED', 'rejected'],
]);

/** A stop order that is not on the book yet waits for its price: REST says so with isWorking, the stream with `w`. */
export function statusOf(raw: string, type: string, isWorking: boolean): VenueStatus {
  const status = STATUSES.get(raw);
  if (!status) throw new Unreadable(`order status: was ${JSON.stringify(raw.slice(0, 40))}`);
  return raw === 'NEW' && isStop(type) && !isWorking ? 'parked' : status;
}

/** What not every answer says; the venue writes zero for no stop price, and less for a value it does not know. */
export function extrasOf(
  type: string,
  stopPrice: string | undefined,
  filledQuote: string | undefined,
): Pick<VenueOrder, 'orderType' | 'stopPrice' | 'filledQuote'> {
  const orderType = orderTypeOf(type);
  return {
    ...(orderType !== undefined && { orderType }),
    ...(stopPrice !== undefined && !isZero(parse(stopPrice)) && { stopPrice }),
    ...(filledQuote !== undefined && !filledQuote.startsWith('-') && { filledQuote }),
  };
}

/** A market order has the price zero. */
export function priceOf(price: string): string | null {
  return isZero(parse(price)) ? null : price;
}

const orderFields = {
  symbol: text,
  orderId: id,
  clientOrderId: text,
  price: amount,
  origQty: amount,
  executedQty: amount,
  status: z.string(),
  side,
  type: z.string().default(''),
  stopPrice: amount.optional(),
  cummulativeQuoteQty: signedAmount.optional(),
  isWorking: z.boolean().optional(),
  // -1 for an order that never was on the book.
  workingTime: z.int().optional(),
};
const fill = z.object({
  price: positiveAmount,
  qty: positiveAmount,
  commission: signedAmount,
  commissionAsset: text,
  tradeId: id,
});
const submitAnswer = z.object({
  ...orderFields,
  transactTime: time,
  fills: z.array(fill).default([]),
});
const cancelAnswer = z.object({ ...orderFields, origClientOrderId: text, transactTime: time.optional() });
const orderRecord = z.object({ ...orderFields, time, updateTime: time });

export interface Submitted {
  readonly order: VenueOrder;
  readonly executions: readonly Execution[];
}

/** The answer to POST order with newOrderRespType=FULL. What it filled, it filled at once: as taker. */
export function parseSubmitted(json: unknown, canonical: Canonical): Submitted {
  const answer = readAs(submitAnswer, json, 'order');
  const order = orderOf(answer, answer.clientOrderId, answer.transactTime, canonical);
  const executions = answer.fills.map(
    (one): Execution => ({
      tradeId: one.tradeId,
      venueOrderId: answer.orderId,
      quantity: one.qty,
      price: one.price,
      fee: one.commission,
      feeAsset: one.commissionAsset,
      liquidity: 'taker',
      tradedAt: answer.transactTime,
    }),
  );
  expectWithin('order', executions, order.filledQuantity);
  return { order, executions };
}

/** In the answer to DELETE order `clientOrderId` names the cancel; ours is `origClientOrderId`. */
export function parseCanceled(json: unknown, canonical: Canonical, answeredAt: number): VenueOrder {
  const answer = readAs(cancelAnswer, json, 'cancelled order');
  return orderOf(answer, answer.origClientOrderId, answer.transactTime ?? answeredAt, canonical);
}

const amendAnswer = z.object({
  transactTime: time,
  amendedOrder: z.object({
    ...orderFields,
    origQty: amount.optional(),
    qty: amount,
    cumulativeQuoteQty: signedAmount.optional(),
  }),
});

/** Its quantities go by other names than in every other answer. */
export function parseAmended(json: unknown, canonical: Canonical): VenueOrder {
  const { transactTime, amendedOrder: answer } = readAs(amendAnswer, json, 'amended order');
  const { qty, cumulativeQuoteQty } = answer;
  const fields = { ...answer, origQty: qty, ...(cumulativeQuoteQty && { cummulativeQuoteQty: cumulativeQuoteQty }) };
  return orderOf(fields, answer.clientOrderId, transactTime, canonical);
}

export function parseOrder(json: unknown, canonical: Canonical): VenueOrder {
  const record = readAs(orderRecord, json, 'order');
  return orderOf(record, record.clientOrderId, record.updateTime, canonical);
}

export function parseOrders(json: unknown, canonical: Canonical): readonly VenueOrder[] {
  return readAs(z.array(z.unknown()), json, 'orders').map((one) => parseOrder(one, canonical));
}

type OrderFields = z.output<z.ZodObject<typeof orderFields>>;

function orderOf(fields: OrderFields, clientOrderId: string, updatedAt: number, canonical: Canonical): VenueOrder {
  const isWorking = fields.isWorking ?? (fields.workingTime ?? -1) >= 0;
  const price = priceOf(fields.price);
  expectValue('order', fields.origQty, price);
  return {
    clientOrderId,
    venueOrderId: fields.orderId,
    symbol: canonical(fields.symbol),
    side: fields.side,
    status: statusOf(fields.status, fields.type, isWorking),
    rawStatus: fields.status,
    quantity: fields.origQty,
    price,
    filledQuantity: fields.executedQty,
    ...extrasOf(fields.type, fields.stopPrice, fields.cummulativeQuoteQty),
    updatedAt,
  };
}

const tradeRecord = z.object({
  symbol: text,
  id,
  orderId: id,
  price: positiveAmount,
  qty: positiveAmount,
  commission: signedAmount,
  commissionAsset: text,
  time,
  isBuyer: z.boolean(),
  isMaker: z.boolean(),
});

export function parseTrades(json: unknown, canonical: Canonical): readonly VenueTrade[] {
  return readAs(z.array(tradeRecord), json, 'trades').map((trade) => {
    expectValue('trades', trade.qty, trade.price);
    return tradeOf(trade, canonical);
  });
}

function tradeOf(trade: z.output<typeof tradeRecord>, canonical: Canonical): VenueTrade {
  return {
    tradeId: trade.id,
    venueOrderId: trade.orderId,
    symbol: canonical(trade.symbol),
    side: trade.isBuyer ? 'Buy' : 'Sell',
    quantity: trade.qty,
    price: trade.price,
    fee: trade.commission,
    feeAsset: trade.commissionAsset,
    liquidity: trade.isMaker ? 'maker' : 'taker',
    tradedAt: trade.time,
  };
}

const accountRecord = z.object({
  uid: z.int().nonnegative().optional(),
  updateTime: time.optional(),
  accountType: text.optional(),
  balances: z.array(z.object({ asset: text, free: signedAmount, locked: signedAmount })),
});

export interface Account {
  /** The venue's own name for the account: it outlives the keys. */
  readonly name: string;
  readonly balances: readonly VenueBalance[];
}

export function parseAccount(json: unknown, answeredAt: number): Account {
  const record = readAs(accountRecord, json, 'account');
  // Of the last change, so that a reading that lags behind the stream is seen to be older. Zero: never changed.
  const observedAt = record.updateTime ? record.updateTime : answeredAt;
  const balances = record.balances.map(({ asset, free, locked }) => ({ asset, available: free, locked, observedAt }));
  const name = record.uid === undefined ? (record.accountType ?? 'SPOT').toLowerCase() : String(record.uid);
  return { name, balances };
}

export function isEmpty({ available, locked }: VenueBalance): boolean {
  return isZero(add(parse(available), parse(locked)));
}

export function parseServerTime(json: unknown): number {
  return readAs(z.object({ serverTime: time }), json, 'server time').serverTime;
}

const depthRecord = z.object({ lastUpdateId: time, bids: levels, asks: levels });

export function parseDepth(json: unknown): {
  lastId: number;
  bids: readonly PriceLevel[];
  asks: readonly PriceLevel[];
} {
  const { lastUpdateId, bids, asks } = readAs(depthRecord, json, 'depth');
  return { lastId: lastUpdateId, bids, asks };
}
