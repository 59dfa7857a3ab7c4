// What is known of single venues beyond what ccxt says of all of them. A venue that is not named here gets the
// careful answers: no deadline, no search by client order id, no code that means more than ccxt's class for it.
import { z } from 'zod';
import type { Capabilities, SubmitRequest } from '../exchange.ts';
import type { Bust, OrderExtras, Raw } from './extras.ts';
import { binanceBust, binanceOrder, binanceReports } from './profile-binance.ts';

export interface Profile {
  readonly capabilities: Capabilities;
  /**
   * Stop orders are orders like the others, with the same ids in the same lists and streams. Where they are kept apart
   * (OKX: algo orders, which become another order when their price comes) no other call of this adapter would see them.
   */
  readonly stopsAreOrders: boolean;
  /** Set on `exchange.options`. */
  readonly options: { readonly [name: string]: unknown };
  /** Signed times and deadlines: as parameters of the request, or as headers beside it. */
  readonly deadlineParams: (request: SubmitRequest) => object;
  readonly deadlineHeaders: (request: SubmitRequest) => { readonly [name: string]: string };
  /** The fields of the request that places an order; null: any number of it may be the one that is meant. */
  readonly orderFields: OrderFields | null;
  /** Codes of the venue that decide before ccxt's class does. */
  readonly rejected: ReadonlySet<string>;
  readonly unknown: ReadonlySet<string>;
  readonly notFound: ReadonlySet<string>;
  readonly keyRefused: ReadonlySet<string>;
  /** HTTP statuses that the venue gives, in whatever format, before it looks at a request. */
  readonly limitStatuses: ReadonlySet<number>;
  /** Fills come with the orders: a second subscription would tell of them twice. */
  readonly fillsWithOrders: boolean;
  /** Fees of the stream are negative where they were paid, and ccxt hands them on so. */
  readonly fillOf: (info: Raw) => { readonly fee?: unknown; readonly at?: unknown };
  /** What an order's raw answer says beyond ccxt's words for it. */
  readonly orderOf: (info: Raw) => OrderExtras;
  /** Of raw reports that take an execution back. */
  readonly bustOf: (info: Raw) => Bust | null;
  /** How many reports of orders a frame of the user data stream has, where that can be told from its form. */
  readonly reportsIn: (frame: unknown) => number;
  /** The parameter that leads to older open orders, and how many come at once. */
  readonly olderOrders: { readonly parameter: string; readonly page: number } | null;
  /** Where the balance's raw answer has the account's own name. */
  readonly accountOf: (info: unknown) => string | null;
}

export interface OrderFields {
  readonly clientOrderId: string;
  readonly quantity: string;
  readonly price: string;
  readonly stopPrice: string;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Skew, processing, read lag: added to a deadline before "not found" is believed. */
const CAREFUL: Capabilities = {
  requestDeadline: false,
  queryByClientOrderId: false,
  clientOrderIdMax: 32,
  clientOrderIdChars: 'A-Za-z0-9',
  // ccxt's editOrder cancels and places anew at some venues, and says so at none.
  amend: 'none',
  orderTypes: ['Limit', 'Market'],
  timesInForce: ['GTC', 'IOC', 'FOK'],
  selfTradePrevention: false,
  cancelAllAfter: false,
  orderHistoryMs: null,
  // As far back as this adapter asks (bounds.ts).
  tradeHistoryMs: 90 * DAY_MS,
  skewMs: 5_000,
  processingMs: 30_000,
  readLagMs: 10_000,
};

const GENERIC: Profile = {
  capabilities: CAREFUL,
  stopsAreOrders: false,
  options: {},
  deadlineParams: () => ({}),
  deadlineHeaders: () => ({}),
  orderFields: null,
  rejected: new Set(),
  unknown: new Set(),
  notFound: new Set(),
  keyRefused: new Set(),
  limitStatuses: new Set(),
  fillsWithOrders: false,
  fillOf: () => ({}),
  orderOf: () => ({}),
  bustOf: () => null,
  reportsIn: () => 0,
  olderOrders: null,
  accountOf: () => null,
};

/** rest-api.md and errors.md of binance-spot-api-docs; the judgement on codes is the one of the adapter beside. */
const BINANCE: Profile = {
  ...GENERIC,
  capabilities: {
    ...CAREFUL,
    requestDeadline: true,
    queryByClientOrderId: true,
    clientOrderIdMax: 36,
    clientOrderIdChars: '.A-Z:/a-z0-9_-',
    selfTradePrevention: true,
    orderHistoryMs: 90 * DAY_MS,
    skewMs: 1_000,
    processingMs: 10_000,
    readLagMs: 5_000,
  },
  stopsAreOrders: true,
  // The usual ticker of ccxt here has no best prices.
  options: { fetchMarkets: { types: ['spot'] }, fetchMargins: false, watchTickers: { name: 'ticker' } },
  deadlineParams: ({ signedAt, deadlineAt }) => ({ timestamp: signedAt, recvWindow: deadlineAt - signedAt }),
  orderFields: { clientOrderId: 'newClientOrderId', quantity: 'quantity', price: 'price', stopPrice: 'stopPrice' },
  rejected: new Set(['-1003', '-1015', '-1021', '-1022', '-2014', '-2015']),
  unknown: new Set(['-1000', '-1001', '-1004', '-1006', '-1007', '-1008']),
  notFound: new Set(['-2013']),
  keyRefused: new Set(['-1022', '-2014', '-2015']),
  limitStatuses: new Set([418, 429]),
  fillsWithOrders: true,
  orderOf: binanceOrder,
  bustOf: binanceBust,
  reportsIn: binanceReports,
  accountOf: (info) => textAt(info, 'uid'),
};

/**
 * OKX API v5. `expTime` is a header of order requests ("Transaction Timeouts"), which ccxt does not set; a request
 * whose timestamp is more than 30 s old is refused as well (50102), which is the processing bound here.
 * clOrdId: "A combination of case-sensitive alphanumerics, all numbers, or all letters of up to 32 characters".
 */
const OKX: Profile = {
  ...GENERIC,
  capabilities: {
    ...CAREFUL,
    requestDeadline: true,
    queryByClientOrderId: true,
    selfTradePrevention: true,
    // Cancelled orders without a fill are gone after two hours ("Get order details"); fills stay three months
    // ("Get transaction details (last 3 months)").
    orderHistoryMs: 2 * HOUR_MS,
    skewMs: 1_000,
    readLagMs: 5_000,
  },
  options: {
    fetchMarkets: { types: ['spot'] },
    createOrder: 'privatePostTradeOrder',
    cancelOrder: 'privatePostTradeCancelOrder',
    tgtCcy: 'base_ccy',
    watchOrders: { type: 'SPOT' },
  },
  deadlineHeaders: ({ deadlineAt }) => ({ expTime: String(deadlineAt) }),
  orderFields: { clientOrderId: 'clOrdId', quantity: 'sz', price: 'px', stopPrice: 'triggerPx' },
  // Too many requests; too many orders of the account; timestamp expired; a post-only order that would take.
  rejected: new Set(['50011', '50061', '50102']),
  // No word on success or failure; busy; duplicates, which prove that an earlier copy is there.
  unknown: new Set(['50001', '50004', '50005', '50013', '50026', '51011', '51016', '51767']),
  notFound: new Set(['51603']),
  keyRefused: new Set(['50103', '50104', '50105', '50111', '50113', '50114', '50110']),
  limitStatuses: new Set([429]),
  fillsWithOrders: true,
  fillOf: (info) => {
    const at = info['fillTime'];
    return 'fillFee' in info ? { fee: negative(info['fillFee']), at } : { at };
  },
  reportsIn: okxReports,
  olderOrders: { parameter: 'after', page: 100 },
};

const okxFrame = z.object({ arg: z.unknown().optional(), data: z.unknown() });
const okxChannel = z.object({ channel: z.literal('orders') });
const okxOrder = z.union([z.object({ ordId: z.unknown() }), z.object({ accFillSz: z.unknown() })]);

/** Of the channel of orders, or with orders in it under whatever name: one lost field hides no fill. */
function okxReports(frame: unknown): number {
  const read = okxFrame.safeParse(frame);
  if (!read.success || read.data.data === undefined) return 0;
  const { arg, data } = read.data;
  const all: readonly unknown[] = Array.isArray(data) ? data : [data];
  const isOrders = okxChannel.safeParse(arg).success;
  return isOrders ? all.length : all.filter((one) => okxOrder.safeParse(one).success).length;
}

const PROFILES: ReadonlyMap<string, Profile> = new Map([
  ['binance', BINANCE],
  ['okx', OKX],
  ['okxus', OKX],
  ['myokx', OKX],
]);

export function profileOf(id: string): Profile {
  return PROFILES.get(id) ?? GENERIC;
}

/** Stops where they are orders like the others, and ccxt can place them. */
export function withOrderTypes(profile: Profile, canTrigger: boolean): Profile {
  if (!profile.stopsAreOrders || !canTrigger) return profile;
  return {
    ...profile,
    capabilities: { ...profile.capabilities, orderTypes: ['Limit', 'Market', 'Stop', 'StopLimit'] },
  };
}

function negative(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return value.startsWith('-') ? value.slice(1) : `-${value}`;
}

function textAt(info: unknown, name: string): string | null {
  if (typeof info !== 'object' || info === null) return null;
  const value = new Map<string, unknown>(Object.entries(info)).get(name);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}
