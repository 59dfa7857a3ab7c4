// What is known of single venues beyond what ccxt says of all of them. A venue that is not named here gets the
// careful answers: no deadline, no search by client order id, no code that means more than ccxt's class for it.
import type { Capabilities, SubmitRequest } from '../exchange.ts';

export interface Profile {
  readonly capabilities: Capabilities;
  readonly clientOrderId: RegExp;
  readonly clientOrderIdForm: string;
  /** Set on `exchange.options`. */
  readonly options: { readonly [name: string]: unknown };
  /** Signed times and deadlines: as parameters of the request, or as headers beside it. */
  readonly deadlineParams: (request: SubmitRequest) => object;
  readonly deadlineHeaders: (request: SubmitRequest) => { readonly [name: string]: string };
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
  readonly fillOf: (info: { readonly [name: string]: unknown }) => { readonly fee?: unknown; readonly at?: unknown };
  /** The parameter that leads to older open orders, and how many come at once. */
  readonly olderOrders: { readonly parameter: string; readonly page: number } | null;
  /** Where the balance's raw answer has the account's own name. */
  readonly accountOf: (info: unknown) => string | null;
}

/** Skew, processing, read lag: added to a deadline before "not found" is believed. */
const CAREFUL: Capabilities = {
  requestDeadline: false,
  queryByClientOrderId: false,
  clientOrderIdMax: 32,
  skewMs: 5_000,
  processingMs: 30_000,
  readLagMs: 10_000,
};

const GENERIC: Profile = {
  capabilities: CAREFUL,
  clientOrderId: /^[A-Za-z0-9]{1,32}$/,
  clientOrderIdForm: '1 to 32 of A-Z a-z 0-9',
  options: {},
  deadlineParams: () => ({}),
  deadlineHeaders: () => ({}),
  rejected: new Set(),
  unknown: new Set(),
  notFound: new Set(),
  keyRefused: new Set(),
  limitStatuses: new Set(),
  fillsWithOrders: false,
  fillOf: () => ({}),
  olderOrders: null,
  accountOf: () => null,
};

/** rest-api.md and errors.md of binance-spot-api-docs; the judgement on codes is the one of the adapter beside. */
const BINANCE: Profile = {
  ...GENERIC,
  capabilities: {
    requestDeadline: true,
    queryByClientOrderId: true,
    clientOrderIdMax: 36,
    skewMs: 1_000,
    processingMs: 10_000,
    readLagMs: 5_000,
  },
  clientOrderId: /^[.A-Z:/a-z0-9_-]{1,36}$/,
  clientOrderIdForm: '1 to 36 of A-Z a-z 0-9 . : / _ -',
  // The usual ticker of ccxt here has no best prices.
  options: { fetchMarkets: { types: ['spot'] }, fetchMargins: false, watchTickers: { name: 'ticker' } },
  deadlineParams: ({ signedAt, deadlineAt }) => ({ timestamp: signedAt, recvWindow: deadlineAt - signedAt }),
  rejected: new Set(['-1003', '-1015', '-1021', '-1022', '-2014', '-2015']),
  unknown: new Set(['-1000', '-1001', '-1004', '-1006', '-1007', '-1008']),
  notFound: new Set(['-2013']),
  keyRefused: new Set(['-1022', '-2014', '-2015']),
  limitStatuses: new Set([418, 429]),
  fillsWithOrders: true,
  accountOf: (info) => textAt(info, 'uid'),
};

/**
 * OKX API v5. `expTime` is a header of order requests ("Transaction Timeouts"), which ccxt does not set; a request
 * whose timestamp is more than 30 s old is refused as well (50102), which is the processing bound here.
 * clOrdId: "A combination of case-sensitive alphanumerics, all numbers, or all letters of up to 32 characters".
 */
const OKX: Profile = {
  ...GENERIC,
  capabilities: { ...CAREFUL, requestDeadline: true, queryByClientOrderId: true, skewMs: 1_000, readLagMs: 5_000 },
  options: {
    fetchMarkets: { types: ['spot'] },
    createOrder: 'privatePostTradeOrder',
    cancelOrder: 'privatePostTradeCancelOrder',
    tgtCcy: 'base_ccy',
    watchOrders: { type: 'SPOT' },
  },
  deadlineHeaders: ({ deadlineAt }) => ({ expTime: String(deadlineAt) }),
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
  olderOrders: { parameter: 'after', page: 100 },
};

const PROFILES: ReadonlyMap<string, Profile> = new Map([
  ['binance', BINANCE],
  ['okx', OKX],
  ['okxus', OKX],
  ['myokx', OKX],
]);

export function profileOf(id: string): Profile {
  return PROFILES.get(id) ?? GENERIC;
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
