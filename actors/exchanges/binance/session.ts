// A session in the port's words over the link's connections.
import { type Capabilities, ExchangeFault, type ExchangeSession, type ExchangeSettings } from '../exchange.ts';
import type { Bounds } from '../wire/bounds.ts';
import { isPublicOnly, PUBLIC_ONLY } from '../wire/public-only.ts';
import { redactor } from '../wire/redact.ts';
import { amend } from './amend.ts';
import type { Desk } from './desk.ts';
import { withAddresses } from './hosts.ts';
import { Link, type LinkOptions } from './link.ts';
import { CLIENT_ORDER_ID_CHARS, CLIENT_ORDER_ID_MAX, cancel, query, submit } from './orders.ts';
import { parseOrders } from './parse.ts';
import { tradesSince } from './trades.ts';

/**
 * Skew: the venue refuses a timestamp more than 1 s ahead. Processing: it gives up after 10 s (-1007). History: orders
 * without a fill are archived after 90 days (-2026); trades are listed from the first on.
 */
export const CAPABILITIES: Capabilities = {
  requestDeadline: true,
  queryByClientOrderId: true,
  clientOrderIdMax: CLIENT_ORDER_ID_MAX,
  clientOrderIdChars: CLIENT_ORDER_ID_CHARS,
  amend: 'reduce',
  orderTypes: ['Limit', 'Market', 'Stop', 'StopLimit'],
  timesInForce: ['GTC', 'IOC', 'FOK'],
  selfTradePrevention: true,
  cancelAllAfter: false,
  orderHistoryMs: 90 * 86_400_000,
  tradeHistoryMs: null,
  skewMs: 1_000,
  processingMs: 10_000,
  readLagMs: 5_000,
};
const VISIBLE = /^[\x21-\x7e]+$/;
const ADDRESSES = [
  ['restUrl', ['http:', 'https:']],
  ['streamUrl', ['ws:', 'wss:']],
  ['wsApiUrl', ['ws:', 'wss:']],
] as const;

export async function openSession(options: Omit<LinkOptions, 'redact'>, signal: AbortSignal): Promise<ExchangeSession> {
  const { clock } = options;
  const settings = withAddresses(options.settings);
  refuseUnusable(settings);
  const bounds = boundsOf(options.bounds, settings);
  const redact = redactor([settings.apiKey, settings.apiSecret]);
  const link = new Link({ ...options, settings, bounds, redact });
  /** Of an answer that cannot be read as of one that did not come. */
  const orFault = <T>(read: Promise<T>): Promise<T> =>
    read.catch((error: unknown): never => {
      const message = redact(error instanceof Error ? error.message : String(error));
      throw new ExchangeFault(message, { retryable: !(error instanceof ExchangeFault) || error.retryable });
    });
  try {
    await orFault(link.open(signal));
  } catch (fault) {
    await link.close();
    throw fault;
  }
  const { rest, canonical, venueSymbolOf } = link;
  const { tradesPage, tradeDaysMax } = bounds;
  const desk: Desk = { rest, clock, redact, canonical, venueSymbolOf, tradesPage, tradeDaysMax };
  return {
    venue: settings.venue ?? 'binance',
    account: link.account,
    capabilities: CAPABILITIES,
    instruments: async (call) => (await orFault(link.readListing(call))).instruments,
    clockSkewMs: (call) => orFault(link.readSkew(call)),
    submit: (request, call) => submit(desk, request, call),
    cancel: (ref, call) => cancel(desk, ref, call),
    amend: (request, call) => amend(desk, request, call),
    query: (ref, call) => query(desk, ref, call),
    openOrders: (call) => orFault(rest.getOpenOrders(call).then((json) => parseOrders(json, canonical))),
    trades: (request, call) => orFault(tradesSince(desk, request, call)),
    balances: (call) => orFault(link.readBalances(call)),
    ...(isPublicOnly(settings) && PUBLIC_ONLY),
    subscribe: async (feeds) => link.subscribe(feeds),
    close: () => link.close(),
  };
}

function boundsOf(bounds: Bounds, { snapshotDepth, listingRefreshMs }: ExchangeSettings): Bounds {
  return {
    ...bounds,
    ...(snapshotDepth !== undefined && { bookSnapshotLevels: snapshotDepth }),
    ...(listingRefreshMs !== undefined && { listingRefreshMs }),
  };
}

/** The values are not shown: an address may hold a password, a credential is one. */
function refuseUnusable(settings: ExchangeSettings): void {
  for (const name of ['apiKey', 'apiSecret'] as const) {
    if (isPublicOnly(settings) || VISIBLE.test(settings[name])) continue;
    throw new ExchangeFault(`${name}: was empty or has blanks, allowed: visible ASCII`, { retryable: false });
  }
  for (const [name, protocols] of ADDRESSES) {
    const url = URL.parse(settings[name]);
    const isKnown = protocols.some((protocol) => protocol === url?.protocol);
    if (url && isKnown && url.username === '' && url.password === '') continue;
    const allowed = protocols.map((protocol) => `${protocol}//`).join(' or ');
    throw new ExchangeFault(`${name}: allowed: an address with ${allowed}, without user and password`, {
      retryable: false,
    });
  }
}
