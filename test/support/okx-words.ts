// What the small OKX knows of orders and fills, and how it writes them.
import { add, compare, div, format, mul, parse, roundDown, sub, ZERO } from '../../actors/market/decimal.ts';
import type { OkxRequest } from './okx-server.ts';

export const OKX_INSTRUMENT = {
  ...{ instType: 'SPOT', instId: 'BTC-USDT', baseCcy: 'BTC', quoteCcy: 'USDT', state: 'live' },
  ...{ tickSz: '0.1', lotSz: '0.00000001', minSz: '0.00001', maxLmtSz: '9999999999' },
};

export type Side = 'buy' | 'sell';
export type Text = { readonly [name: string]: string };

export interface Order {
  readonly ordId: string;
  readonly clOrdId: string;
  readonly side: Side;
  readonly ordType: string;
  readonly px: string;
  readonly sz: string;
  /** What `sz` counts, where that is a question: of market orders to buy. */
  readonly tgtCcy: '' | 'base_ccy' | 'quote_ccy';
  readonly cTime: number;
  state: 'live' | 'partially_filled' | 'filled' | 'canceled';
  accFillSz: string;
  uTime: number;
}
export interface Fill {
  readonly order: Order;
  readonly tradeId: string;
  readonly fillSz: string;
  readonly fillPx: string;
  readonly execType: 'M' | 'T';
  readonly ts: number;
}
export interface Resting {
  readonly side: Side;
  readonly px: string;
  sz: string;
}

export const FEE = parse('0.001');

export const BAD_KEY = { code: '50113', msg: 'Invalid Sign', data: [] };

/** The signature is not computed: one passphrase is the right one. */
export function isRefused({ headers }: OkxRequest): boolean {
  const phrase = headers['ok-access-passphrase'];
  return phrase !== undefined && phrase !== 'okx-passphrase';
}

export function refused(sCode: string, sMsg: string): object {
  return { code: '1', msg: 'All operations failed', data: [{ clOrdId: '', ordId: '', tag: '', sCode, sMsg }] };
}

export function textsIn(body: string): Text {
  const json: unknown = JSON.parse(body);
  const entries = typeof json === 'object' && json !== null ? Object.entries(json) : [];
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

export function parametersOf(path: string): URLSearchParams {
  return new URL(path, 'http://okx').searchParams;
}

export function isLive({ state }: Order): boolean {
  return state === 'live' || state === 'partially_filled';
}

export function leftOf({ sz, accFillSz }: Order): string {
  return format(sub(parse(sz), parse(accFillSz)));
}

/** "Order quantity unit setting for sz ... Default is quote_ccy for buy, base_ccy for sell" ("Place order"). */
export function tgtCcyOf({ side, ordType, tgtCcy }: Text): Order['tgtCcy'] {
  if (ordType !== 'market' || side !== 'buy') return '';
  return tgtCcy === 'base_ccy' ? 'base_ccy' : 'quote_ccy';
}

/** What may still be had at this price: of an order by value, for what is not spent of it. */
export function leftAt(order: Order, px: string, fills: readonly Fill[]): string {
  if (order.tgtCcy !== 'quote_ccy') return leftOf(order);
  const spent = fills.filter((fill) => fill.order === order).reduce((sum, fill) => add(sum, cost(fill)), ZERO);
  const left = div(sub(parse(order.sz), spent), parse(px), 'down');
  return format(roundDown(left, parse(OKX_INSTRUMENT.lotSz)));
}

export function least(one: string, other: string): string {
  return compare(parse(one), parse(other)) <= 0 ? one : other;
}

export function crosses(taker: { readonly side: Side; readonly px: string }, px: string): boolean {
  const order = compare(parse(taker.px), parse(px));
  return taker.side === 'buy' ? order >= 0 : order <= 0;
}

export function takes(order: Order, px: string): boolean {
  return order.ordType === 'market' || crosses(order, px);
}

export function cost({ fillSz, fillPx }: Fill): bigint {
  return mul(parse(fillPx), parse(fillSz));
}

/** Negative: paid. */
export function feeOf(fill: Fill): { readonly fee: string; readonly feeCcy: string } {
  const isBuy = fill.order.side === 'buy';
  const paid = mul(isBuy ? parse(fill.fillSz) : cost(fill), FEE);
  return { fee: `-${format(paid)}`, feeCcy: isBuy ? 'BTC' : 'USDT' };
}

export function view(order: Order, fill: Fill | null): object {
  const { ordId, clOrdId, side, ordType, px, sz, tgtCcy, state, accFillSz, cTime, uTime } = order;
  const charged = fill && feeOf(fill);
  return {
    ...{ instType: 'SPOT', instId: 'BTC-USDT', tdMode: 'cash', tgtCcy, ordId, clOrdId, side, ordType, px, sz },
    ...{ state, accFillSz, avgPx: fill?.fillPx ?? '', cTime: String(cTime), uTime: String(uTime) },
    ...{ fee: charged?.fee ?? '0', feeCcy: charged?.feeCcy ?? (side === 'buy' ? 'BTC' : 'USDT') },
    ...{ tradeId: fill?.tradeId ?? '', fillSz: fill?.fillSz ?? '0', fillPx: fill?.fillPx ?? '' },
    ...(fill && { fillTime: String(fill.ts), execType: fill.execType }),
    ...(charged && { fillFee: charged.fee, fillFeeCcy: charged.feeCcy }),
  };
}

export function listed(fill: Fill): object {
  const { order, tradeId, fillSz, fillPx, execType, ts } = fill;
  return {
    ...{ instType: 'SPOT', instId: 'BTC-USDT', tradeId, ordId: order.ordId, clOrdId: order.clOrdId, billId: tradeId },
    ...{ fillPx, fillSz, side: order.side, execType, ...feeOf(fill), ts: String(ts), fillTime: String(ts) },
  };
}
