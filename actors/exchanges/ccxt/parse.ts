// The border: ccxt's unified words in, ours out. Pure; throws Unreadable for anything else.
import { z } from 'zod';
import { add, format, isZero, parse, sub } from '../../market/decimal.ts';
import type { Execution, OrderType, VenueOrder, VenueStatus, VenueTrade } from '../../market/execution.ts';
import type { Instrument } from '../../market/instrument.ts';
import { isAsset } from '../../market/symbol.ts';
import type { VenueBalance } from '../exchange.ts';
import { readAs, Unreadable } from '../wire/read-as.ts';
import { expectValue, TEXT_CHARS, TIME_MAX, text } from '../wire/readable.ts';
import { amountOf, PLACES_MAX } from './amount.ts';
import type { UnifiedMarket } from './library.ts';
import type { Profile } from './profile.ts';

const STATUSES: ReadonlyMap<string, VenueStatus> = new Map([
  ['open', 'open'],
  ['new', 'open'],
  ['pending_new', 'open'],
  ['pending', 'open'],
  ['canceling', 'open'],
  ['closed', 'filled'],
  ['canceled', 'canceled'],
  ['expired', 'expired'],
  ['rejected', 'rejected'],
]);
const RAW_STATUS = ['X', 'status', 'state', 'ordStatus', 'orderStatus'];
const CANCELED_ID = 'origClientOrderId';
const MOST = '1000000000000';

const amount = z.unknown().transform((value, context) => {
  const text = amountOf(value);
  if (text !== null) return text;
  context.addIssue({ code: 'custom', message: 'not a decimal' });
  return z.NEVER;
});
/** Null where nothing is said; what is said and is no decimal is not passed over. */
const said = z
  .unknown()
  .optional()
  .transform((value, context) => {
    const text = amountOf(value);
    if (text !== null || value === undefined || value === null || value === '') return text;
    context.addIssue({ code: 'custom', message: 'not a decimal' });
    return z.NEVER;
  });
const isNotNegative = (text: string | null): boolean => !text?.startsWith('-');
const much = said.refine(isNotNegative, 'less than nothing');
const positiveAmount = amount.refine((text) => isNotNegative(text) && text !== '0', 'nothing, or less');
const time = z
  .union([z.int().nonnegative(), z.string().max(TEXT_CHARS).regex(/^\d+$/).transform(Number)])
  .refine((ms) => ms <= TIME_MAX, 'later than any time');
/** Without the signs that keys of executions are written with. */
const id = z.union([
  z
    .string()
    .max(TEXT_CHARS)
    .regex(/^[^\s:=@~]+$/),
  z.int().nonnegative().transform(String),
]);
const name = z.union([text, z.literal('')]);
const raw = z.record(z.string(), z.unknown()).catch({});
const side = z.enum(['buy', 'sell']).transform((text) => (text === 'buy' ? 'Buy' : 'Sell'));

/** `BTC/USDT` as `BTC-USDT`; a name with a settlement behind it is no spot market and stays as it is. */
export function canonicalOf(symbol: string): string {
  return symbol.includes(':') ? symbol : symbol.replace('/', '-');
}

/** ccxt takes the working time for the order's own, and Binance writes -1 for an order that does not work yet. */
const moment = z.union([time, z.literal(-1).transform(() => null)]).nullish();

const orderRecord = z.object({
  id,
  clientOrderId: name.nullish(),
  symbol: text,
  type: z.string().nullish(),
  side,
  status: text,
  price: much,
  triggerPrice: much,
  amount: much,
  filled: much,
  timestamp: moment,
  lastUpdateTimestamp: moment,
  lastTradeTimestamp: moment,
  trades: z.array(z.unknown()).nullish(),
  info: raw,
});

export interface ReadOrder {
  readonly order: VenueOrder;
  /** When the venue took it; null when it does not say. */
  readonly createdAt: number | null;
  readonly trades: readonly unknown[];
}

export function parseOrder(json: unknown, profile: Profile, now: number): ReadOrder {
  const read = readAs(orderRecord, json, 'order');
  const filled = read.filled ?? '0';
  const extras = profile.orderOf(read.info);
  const orderType = extras.orderType ?? orderTypeOf(read);
  const filledQuote = amountOf(extras.filledQuote);
  const times = [read.lastUpdateTimestamp, read.lastTradeTimestamp, read.timestamp].filter(isTime);
  const quantity = read.amount ?? filled;
  const price = read.type === 'market' || isNothing(read.price) ? null : read.price;
  expectValue('order', quantity, price);
  const order: VenueOrder = {
    clientOrderId: clientIdOf(read),
    venueOrderId: read.id,
    symbol: canonicalOf(read.symbol),
    side: read.side,
    status: extras.parked === true ? 'parked' : statusOf(read.status),
    rawStatus: rawStatusOf(read.info) ?? read.status,
    // An order by value has no quantity until it is filled.
    quantity,
    price,
    filledQuantity: filled,
    // The venue writes less than zero for a value it does not know.
    ...(filledQuote !== null && !filledQuote.startsWith('-') && { filledQuote }),
    ...(orderType !== null && { orderType }),
    ...(!isNothing(read.triggerPrice) && { stopPrice: read.triggerPrice }),
    updatedAt: times.length > 0 ? Math.max(...times) : now,
  };
  return { order, createdAt: read.timestamp ?? null, trades: read.trades ?? [] };
}

function isNothing(price: string | null): price is null {
  return price === null || isZero(parse(price));
}

/** By ccxt's unified words: a limit or a market order, and with a trigger one that waits for it. */
function orderTypeOf({ type, triggerPrice }: z.output<typeof orderRecord>): OrderType | null {
  const isStop = !isNothing(triggerPrice);
  if (type === 'limit') return isStop ? 'StopLimit' : 'Limit';
  if (type === 'market') return isStop ? 'Stop' : 'Market';
  return null;
}

/** The answer to a cancel names the cancel at Binance. An order without any name of its own is not one of ours. */
function clientIdOf(read: z.output<typeof orderRecord>): string {
  const canceled = read.info[CANCELED_ID];
  if (typeof canceled === 'string' && canceled !== '') return readAs(text, canceled, 'order');
  return read.clientOrderId ? read.clientOrderId : read.id;
}

function isTime(value: number | null | undefined): value is number {
  return value !== null && value !== undefined;
}

function statusOf(text: string): VenueStatus {
  const status = STATUSES.get(text.toLowerCase());
  if (!status) throw new Unreadable(`order status: was ${JSON.stringify(text.slice(0, 40))}`);
  return status;
}

function rawStatusOf(info: { readonly [name: string]: unknown }): string | null {
  const found = RAW_STATUS.map((name) => info[name]).find((value) => typeof value === 'string' && value !== '');
  return typeof found === 'string' ? found.slice(0, TEXT_CHARS) : null;
}

const tradeRecord = z.object({
  id,
  order: id,
  symbol: text,
  side,
  amount: positiveAmount,
  price: positiveAmount,
  fee: z.object({ cost: said, currency: name.nullish() }).nullish(),
  takerOrMaker: z.enum(['taker', 'maker']).nullish().catch(null),
  timestamp: time,
  info: raw,
});

export function parseTrade(json: unknown, profile: Profile): VenueTrade {
  const read = readAs(tradeRecord, json, 'trade');
  expectValue('trade', read.amount, read.price);
  const own = profile.fillOf(read.info);
  const fee = own.fee === undefined ? (read.fee?.cost ?? null) : amountOf(own.fee);
  const feeAsset = read.fee?.currency || null;
  const at = time.safeParse(own.at);
  const charged = fee !== null && feeAsset !== null;
  return {
    tradeId: read.id,
    venueOrderId: read.order,
    symbol: canonicalOf(read.symbol),
    side: read.side,
    quantity: read.amount,
    price: read.price,
    fee: charged ? fee : null,
    feeAsset: charged ? feeAsset : null,
    liquidity: read.takerOrMaker ?? null,
    tradedAt: at.success ? at.data : read.timestamp,
  };
}

/** A fill in the answer to an order names only itself. What an order fills at once, it fills as taker. */
export function parseFill(json: unknown, { order }: ReadOrder, profile: Profile): Execution {
  const known = {
    order: order.venueOrderId,
    symbol: order.symbol,
    side: order.side === 'Buy' ? 'buy' : 'sell',
    timestamp: order.updatedAt,
    takerOrMaker: 'taker',
  };
  const said = Object.entries(readAs(z.record(z.string(), z.unknown()), json, 'fill'));
  const given = Object.fromEntries(said.filter(([, value]) => value !== undefined && value !== null));
  return asExecution(parseTrade({ ...known, ...given }, profile));
}

export function asExecution({ symbol: _symbol, side: _side, ...execution }: VenueTrade): Execution {
  return execution;
}

const balanceRecord = z.object({
  free: z.record(text, said),
  used: z.record(text, said),
  total: z.record(text, said),
  timestamp: time.nullish(),
  info: z.unknown(),
});

export function parseBalances(json: unknown, now: number): readonly VenueBalance[] {
  const { free, used, total, timestamp } = readAs(balanceRecord, json, 'balances');
  const observedAt = timestamp ? timestamp : now;
  return Object.keys({ ...free, ...used, ...total }).flatMap((asset): VenueBalance[] => {
    const told = [free[asset] ?? null, used[asset] ?? null, total[asset] ?? null] as const;
    if (told.every((part) => part === null)) return [];
    const [available, locked] = parts(...told);
    // An asset that is left out holds nothing: of one that is there in part, that must not be said.
    if (available === null || locked === null) throw new Unreadable(`balances: of ${asset} only a part is told`);
    return [{ asset, available, locked, observedAt }];
  });
}

/** Two of the three are enough. */
function parts(
  free: string | null,
  used: string | null,
  total: string | null,
): readonly [string | null, string | null] {
  if (total === null) return [free, used ?? (free === null ? null : '0')];
  const rest = (part: string): string => format(sub(parse(total), parse(part)));
  if (free !== null) return [free, used ?? rest(free)];
  return used === null ? [total, '0'] : [rest(used), used];
}

export function isEmpty({ available, locked }: VenueBalance): boolean {
  return isZero(add(parse(available), parse(locked)));
}

export function parseTime(json: unknown): number {
  return readAs(time, json, 'server time');
}

/** ccxt's ways to write a step: decimal places, significant digits, the step itself. */
const DECIMAL_PLACES = 2;
const TICK_SIZE = 4;

/** Spot markets with canonical names and known steps that can be traded now. */
export function parseMarkets(markets: Iterable<UnifiedMarket>, precisionMode: number): readonly Instrument[] {
  return [...markets].flatMap((market): Instrument[] => {
    const { base = '', quote = '', precision, limits } = market;
    if (market.spot !== true || market.active === false || !isAsset(base) || !isAsset(quote)) return [];
    const priceIncrement = stepOf(precision?.price, precisionMode);
    const quantityIncrement = stepOf(precision?.amount, precisionMode);
    if (priceIncrement === null || quantityIncrement === null) return [];
    return [
      {
        symbol: `${base}-${quote}`,
        base,
        quote,
        priceIncrement,
        quantityIncrement,
        minQuantity: positive(limits?.amount?.min) ?? quantityIncrement,
        maxQuantity: positive(limits?.amount?.max) ?? MOST,
        minNotional: positive(limits?.cost?.min) ?? '0',
      },
    ];
  });
}

/** Every spot market with a canonical name, tradable or not: orders and trades of the past have one too. */
export function namesOf(
  markets: Iterable<UnifiedMarket>,
): readonly { readonly symbol: string; readonly venueSymbol: string }[] {
  return [...markets].flatMap(({ symbol: venueSymbol, base = '', quote = '', spot }) => {
    const isNamed = spot === true && venueSymbol !== undefined && isAsset(base) && isAsset(quote);
    return isNamed ? [{ symbol: `${base}-${quote}`, venueSymbol }] : [];
  });
}

function stepOf(value: unknown, precisionMode: number): string | null {
  if (precisionMode === TICK_SIZE) return positive(value);
  const places = Number(value);
  if (precisionMode !== DECIMAL_PLACES || !Number.isInteger(places) || places < 0 || places > PLACES_MAX) return null;
  return amountOf(`1e-${places}`);
}

function positive(value: unknown): string | null {
  const text = amountOf(value);
  return text !== null && parse(text) > 0n ? text : null;
}

const place = z.object({ id, timestamp: time });

/** The id of the oldest of these orders, also where nothing else of them can be read. */
export function oldestOf(orders: readonly unknown[]): string | null {
  const places = orders.flatMap((one) => place.safeParse(one).data ?? []);
  // In the same millisecond by their ids, numbers as long texts.
  const byAge = (one: (typeof places)[number], other: (typeof places)[number]): number =>
    one.timestamp - other.timestamp || one.id.length - other.id.length || (one.id < other.id ? -1 : 1);
  return places.toSorted(byAge)[0]?.id ?? null;
}

const identityRecord = z.object({
  id,
  clientOrderId: name.nullish(),
  status: z.string().nullish(),
  amount: much,
  filled: much,
});

/** Who an order is, of an answer that may say nothing else. Without the venue's own id it is no answer. */
export function readIdentity(json: unknown): {
  readonly venueOrderId: string;
  readonly clientOrderId: string | null;
  readonly status: string | null;
  readonly isBare: boolean;
} {
  const read = readAs(identityRecord, json, 'order');
  const status = read.status ? read.status : null;
  const isBare = status === null || read.amount === null || read.filled === null;
  return { venueOrderId: read.id, clientOrderId: read.clientOrderId || null, status, isBare };
}
