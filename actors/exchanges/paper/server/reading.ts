// Parameters several operations share: the symbol, which order is meant, and a stretch of a history.
import { firstFrom } from '../core/history.ts';
import type { Order } from '../core/order.ts';
import * as refusals from '../core/refusal.ts';
import { Refused } from '../core/refusal.ts';
import type { VenueState } from '../core/state.ts';
import type { SymbolRules } from '../core/symbol.ts';
import type { Venue } from '../venue.ts';
import { CLIENT_ORDER_ID, type Params, SYMBOL } from './params.ts';

const DAY_MS = 24 * 60 * 60_000;

export function readSymbol(venue: Venue, params: Params): SymbolRules {
  return listed(venue, params.required('symbol', SYMBOL));
}

export function listed(venue: Venue, symbol: string): SymbolRules {
  const rules = venue.state.symbols.get(symbol);
  if (!rules) throw new Refused(refusals.SYMBOL_INVALID);
  return rules;
}

export function checkTakesOrders(venue: Venue, symbol: string): void {
  if (venue.status(symbol) !== 'TRADING') throw new Refused(refusals.MARKET_CLOSED);
}

export function checkTakesCancels(venue: Venue, symbol: string): void {
  if (venue.status(symbol) === 'HALT') throw new Refused(refusals.CANCEL_CLOSED);
}

/** One symbol, several as a JSON array, or all when neither is sent. */
export function readSymbols(
  venue: Venue,
  params: Params,
): { readonly rules: readonly SymbolRules[]; readonly single: boolean } {
  const symbol = params.text('symbol', SYMBOL);
  const symbols = params.text('symbols');
  if (symbol !== undefined && symbols !== undefined) throw new Refused(refusals.notRequired('symbols'));
  if (symbol !== undefined) return { rules: [listed(venue, symbol)], single: true };
  if (symbols === undefined) return { rules: [...venue.state.symbols.values()], single: false };
  return { rules: readList(symbols).map((name) => listed(venue, name)), single: false };
}

function readList(text: string): string[] {
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list) && list.length > 0 && list.every((name) => typeof name === 'string')) return list;
  } catch {
    // refused below
  }
  throw new Refused(refusals.illegalCharacters('symbols', '^\\["[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}")*\\]$'));
}

export interface OrderKey {
  readonly orderId: number | undefined;
  readonly clientOrderId: string | undefined;
}

export function readOrderKey(params: Params): OrderKey {
  const orderId = params.integer('orderId');
  const clientOrderId = params.text('origClientOrderId', CLIENT_ORDER_ID);
  if (orderId === undefined && clientOrderId === undefined) {
    throw new Refused(refusals.eitherMandatory('origClientOrderId', 'orderId'));
  }
  return { orderId, clientOrderId };
}

/** With both given they must name the same order. */
export function findOrder(state: VenueState, account: string, symbol: string, key: OrderKey): Order | undefined {
  const found =
    key.orderId === undefined
      ? state.histories.of(account, symbol).byClientOrderId.get(key.clientOrderId ?? '')
      : state.orders.get(key.orderId);
  if (!found || found.account !== account || found.symbol !== symbol) return undefined;
  return key.clientOrderId === undefined || found.clientOrderId === key.clientOrderId ? found : undefined;
}

export interface Stretch {
  readonly fromId: number | undefined;
  readonly startTime: number | undefined;
  readonly endTime: number | undefined;
  readonly limit: number;
}

/** `idName` is `fromId` for trades and `orderId` for orders. */
export function readStretch(params: Params, idName: string | null): Stretch {
  const fromId = idName === null ? undefined : params.integer(idName);
  const startTime = params.integer('startTime');
  const endTime = params.integer('endTime');
  if (startTime !== undefined && endTime !== undefined && endTime - startTime > DAY_MS) {
    throw new Refused(refusals.MORE_THAN_24_HOURS);
  }
  return { fromId, startTime, endTime, limit: params.limit(500, 1_000) };
}

/** From an id or a start time on: the oldest that fit; with neither: the newest. Oldest first either way. */
export function cut<Item extends { readonly id: number }>(
  list: readonly Item[],
  stretch: Stretch,
  timeOf: (item: Item) => number,
): Item[] {
  const { fromId, startTime = 0, endTime = Number.MAX_SAFE_INTEGER, limit } = stretch;
  const candidates = fromId === undefined ? list : list.slice(firstFrom(list, fromId));
  const fitting = candidates.filter((item) => timeOf(item) >= startTime && timeOf(item) <= endTime);
  const fromFront = fromId !== undefined || stretch.startTime !== undefined;
  return fromFront ? fitting.slice(0, limit) : fitting.slice(-limit);
}
