// Submit, cancel and query: the request, the judgement on what came of it, and the outcome in the port's words.

import { add, compare, format, parse, ZERO } from '../../market/decimal.ts';
import type { Execution, OrderType, VenueOrder } from '../../market/execution.ts';
import type {
  AmendOutcome,
  AmendRequest,
  CancelOutcome,
  OrderRef,
  QueryOutcome,
  SubmitOutcome,
  SubmitRequest,
} from '../exchange.ts';
import { expectAsSent } from '../wire/as-sent.ts';
import { Unreadable } from '../wire/read-as.ts';
import type { Said } from './call.ts';
import { ask, type Desk, unlisted } from './desk.ts';
import { type Judged, judge } from './outcome.ts';
import { parseFill, parseOrder, type ReadOrder, readIdentity } from './parse.ts';
import type { OrderFields } from './profile.ts';
import { tradesOfOrder } from './trades.ts';

export async function submit(desk: Desk, request: SubmitRequest, signal: AbortSignal): Promise<SubmitOutcome> {
  const unified = desk.unifiedOf(request.symbol);
  const reason = unsendable(desk, request);
  // Nothing of it ever leaves here, however often it is tried.
  if (reason !== null || unified === undefined) {
    return { outcome: 'rejected', code: 'UNSENDABLE', reason: reason ?? unlisted(request.symbol) };
  }
  const { requestDeadline } = desk.profile.capabilities;
  // A venue that knows no deadline has none signed: then only the wait for an answer is bounded.
  const until = requestDeadline ? request.deadlineAt : desk.clock.now() + desk.httpTimeoutMs;
  if (desk.clock.now() >= until) return { outcome: 'notSent', reason: 'deadline passed before it was sent' };
  const asked = await ask(desk, 'submit', signal, () => create(desk, unified, request), {
    giveUpAt: until,
    writeBefore: until,
    headers: requestDeadline ? desk.profile.deadlineHeaders(request) : {},
    mustSay: saidOf(request, desk.profile.orderFields),
  });
  const judged = judge(asked, desk.profile, (json) => submittedOf(desk, json, request));
  if (judged.verdict === 'done') return { outcome: 'accepted', ...judged.value };
  if (judged.verdict === 'rejected') return { outcome: 'rejected', ...wordsIn(desk, judged) };
  if (judged.verdict === 'notSent') return { outcome: 'notSent', reason: desk.redact(judged.reason) };
  return { outcome: 'unknown', reason: desk.redact(judged.reason) };
}

/** What the request must say: whose it is, the quantity, and the prices that the type has. */
function saidOf(request: SubmitRequest, fields: OrderFields | null): readonly Said[] {
  const { priced, stopped } = SHAPES[request.orderType];
  const said = (name: keyof OrderFields): Said[] => {
    const value = request[name];
    return value === null ? [] : [{ field: fields?.[name] ?? null, value, isAmount: name !== 'clientOrderId' }];
  };
  return [
    ...said('clientOrderId'),
    ...said('quantity'),
    ...(priced ? said('price') : []),
    ...(stopped ? said('stopPrice') : []),
  ];
}

const SHAPES = {
  Limit: { priced: true, stopped: false },
  Market: { priced: false, stopped: false },
  Stop: { priced: false, stopped: true },
  StopLimit: { priced: true, stopped: true },
} as const satisfies { readonly [type in OrderType]: object };

function create(desk: Desk, unified: string, request: SubmitRequest): Promise<unknown> {
  const { side, quantity, price, stopPrice, orderType, timeInForce, postOnly, clientOrderId } = request;
  const { priced, stopped } = SHAPES[orderType];
  const { requestDeadline } = desk.profile.capabilities;
  const params = {
    clientOrderId,
    // GTD is kept by the order machine: the venue's order rests until it is cancelled.
    ...(priced && !postOnly ? { timeInForce: timeInForce === 'GTD' ? 'GTC' : timeInForce } : {}),
    ...(postOnly ? { postOnly: true } : {}),
    ...(stopped ? { triggerPrice: stopPrice } : {}),
    ...(requestDeadline ? desk.profile.deadlineParams(request) : {}),
  };
  const limit = priced && price !== null ? price : undefined;
  const sideOf = side === 'Buy' ? 'buy' : 'sell';
  return desk.exchange.createOrder(unified, priced ? 'limit' : 'market', sideOf, quantity, limit, params);
}

/** Some venues answer with the ids alone: then it is what was asked for, open and not filled so far as they say. */
function submittedOf(
  desk: Desk,
  json: unknown,
  request: SubmitRequest,
): { readonly order: VenueOrder; readonly executions: readonly Execution[] } {
  const identity = readIdentity(json);
  if (identity.clientOrderId !== null && identity.clientOrderId !== request.clientOrderId) {
    throw new Unreadable(`order: was ${identity.clientOrderId}, not ${request.clientOrderId}`);
  }
  if (identity.status === 'rejected') throw new Unreadable('order: accepted as a request and rejected as an order');
  if (identity.isBare) return { order: asAsked(desk, identity.venueOrderId, request), executions: [] };
  const read = parseOrder(json, desk.profile, desk.clock.now());
  expectOurs(read.order, { clientOrderId: request.clientOrderId, symbol: request.symbol });
  expectAsSent(read.order, request);
  return { order: read.order, executions: fillsIn(desk, read) };
}

function asAsked(desk: Desk, venueOrderId: string, request: SubmitRequest): VenueOrder {
  const { clientOrderId, symbol, side, quantity, price, orderType, stopPrice } = request;
  return {
    clientOrderId,
    venueOrderId,
    symbol,
    side,
    orderType,
    ...(stopPrice !== null && { stopPrice: format(parse(stopPrice)) }),
    status: stopPrice === null ? 'open' : 'parked',
    rawStatus: 'accepted',
    quantity: format(parse(quantity)),
    price: price === null ? null : format(parse(price)),
    filledQuantity: '0',
    // Before everything the venue says later.
    updatedAt: Math.min(request.signedAt, desk.clock.now()),
  };
}

/** The fills in an answer count where they have ids and are all there; else the stream and the history tell. */
function fillsIn(desk: Desk, read: ReadOrder): readonly Execution[] {
  try {
    const fills = read.trades.map((trade) => parseFill(trade, read, desk.profile));
    const sum = fills.reduce((total, { quantity }) => add(total, parse(quantity)), ZERO);
    return compare(sum, parse(read.order.filledQuantity)) === 0 ? fills : [];
  } catch {
    return [];
  }
}

export async function cancel(desk: Desk, ref: OrderRef, signal: AbortSignal): Promise<CancelOutcome> {
  const unified = desk.unifiedOf(ref.symbol);
  if (unified === undefined) return { outcome: 'unknown', reason: unlisted(ref.symbol) };
  const id = await idFor(desk, ref, signal);
  if (id === null) return { outcome: 'unknown', reason: 'the venue id of the order could not be found' };
  const asked = await ask(desk, 'cancel', signal, () => desk.exchange.cancelOrder(id, unified, paramsFor(id, ref)));
  const judged = judge(asked, desk.profile, (json) => json);
  if (judged.verdict === 'rejected' || judged.verdict === 'notFound') {
    return { outcome: 'rejected', ...wordsIn(desk, judged) };
  }
  // A cancel may be repeated, so "not sent" needs no word of its own here.
  if (judged.verdict === 'notSent') return { outcome: 'unknown', reason: `not sent: ${desk.redact(judged.reason)}` };
  if (judged.verdict === 'unknown') return { outcome: 'unknown', reason: desk.redact(judged.reason) };
  const canceled = canceledIn(desk, judged.value, ref);
  return canceled ? { outcome: 'canceled', order: canceled } : afterCancel(desk, ref, signal);
}

function canceledIn(desk: Desk, json: unknown, ref: OrderRef): VenueOrder | null {
  try {
    const { order } = parseOrder(json, desk.profile, desk.clock.now());
    expectOurs(order, ref);
    return order.status === 'canceled' ? order : null;
  } catch {
    return null;
  }
}

/** The venue took the cancel and says no more: what became of the order is asked for. */
async function afterCancel(desk: Desk, ref: OrderRef, signal: AbortSignal): Promise<CancelOutcome> {
  const found = await query(desk, ref, signal);
  if (found.outcome === 'found') {
    const { order } = found;
    if (order.status === 'canceled') return { outcome: 'canceled', order };
    const isFinal = order.status !== 'open' && order.status !== 'parked';
    if (isFinal) return { outcome: 'rejected', code: order.rawStatus, reason: 'the order is final' };
  }
  return { outcome: 'unknown', reason: 'the cancel was taken, and the order is not known to be canceled' };
}

export async function query(desk: Desk, ref: OrderRef, signal: AbortSignal): Promise<QueryOutcome> {
  const unified = desk.unifiedOf(ref.symbol);
  if (unified === undefined) return { outcome: 'unknown', reason: unlisted(ref.symbol) };
  // Before the question leaves: "not found" speaks about this moment at the earliest.
  const askedAt = desk.clock.now();
  const judged = await find(desk, unified, ref, signal);
  if (judged.verdict === 'notFound') return { outcome: 'notFound', askedAt };
  if (judged.verdict !== 'done') return { outcome: 'unknown', reason: desk.redact(judged.reason) };
  const { order } = judged.value;
  if (order.filledQuantity === '0') return { outcome: 'found', order, executions: [] };
  try {
    return { outcome: 'found', order, executions: await tradesOfOrder(desk, judged.value, signal) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { outcome: 'unknown', reason: desk.redact(`found, but its trades could not be read: ${why}`) };
  }
}

async function find(desk: Desk, unified: string, ref: OrderRef, signal: AbortSignal): Promise<Judged<ReadOrder>> {
  const id = await idFor(desk, ref, signal);
  // Without a search by client order id "not found" can only mean "not among the open ones".
  if (id === null) return { verdict: 'unknown', reason: 'not among the open orders, and the venue finds no client id' };
  const byClientId = desk.profile.capabilities.queryByClientOrderId;
  const asked = await ask(desk, 'query', signal, () => desk.exchange.fetchOrder(id, unified, paramsFor(id, ref)));
  const judged = judge(asked, desk.profile, (json) => {
    const read = parseOrder(json, desk.profile, desk.clock.now());
    expectOurs(read.order, ref);
    return read;
  });
  // A refused question says nothing about the order.
  if (judged.verdict === 'rejected') return { verdict: 'unknown', reason: `${judged.code} ${judged.reason}` };
  return judged.verdict === 'notFound' && !byClientId ? { verdict: 'unknown', reason: judged.reason } : judged;
}

/** With an id of the venue the client order id is not sent: somebody's amend may have changed it. */
function paramsFor(id: string, { clientOrderId }: OrderRef): object {
  return id === '' ? { clientOrderId } : {};
}

/** Empty where the client order id is enough; null where the venue's own id is needed and not to be found. */
async function idFor(desk: Desk, ref: OrderRef, signal: AbortSignal): Promise<string | null> {
  if (ref.venueOrderId !== undefined) return ref.venueOrderId;
  if (desk.profile.capabilities.queryByClientOrderId) return '';
  const unified = desk.unifiedOf(ref.symbol);
  const asked = await ask(desk, 'query', signal, () => desk.exchange.fetchOpenOrders(unified));
  if (asked.kind === 'failed' || !Array.isArray(asked.value)) return null;
  return idIn(asked.value, ref.clientOrderId);
}

/** One that cannot be read hides no other. */
function idIn(orders: readonly unknown[], clientOrderId: string): string | null {
  for (const json of orders) {
    try {
      const identity = readIdentity(json);
      if (identity.clientOrderId === clientOrderId) return identity.venueOrderId;
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
    }
  }
  return null;
}

/** ccxt's editOrder cancels and places anew at some venues: an amend is refused here, and nothing is sent. */
export function amend({ exchange }: Desk, { clientOrderId }: AmendRequest): Promise<AmendOutcome> {
  const reason = `amend of ${clientOrderId}, allowed: none at ${exchange.id}`;
  return Promise.resolve({ outcome: 'rejected', code: 'AMEND_UNSUPPORTED', reason });
}

function unsendable({ profile }: Desk, request: SubmitRequest): string | null {
  const { capabilities } = profile;
  const { orderType, timeInForce, price, stopPrice } = request;
  const { clientOrderIdChars, clientOrderIdMax, orderTypes } = capabilities;
  if (!new RegExp(`^[${clientOrderIdChars}]{1,${clientOrderIdMax}}$`).test(request.clientOrderId)) {
    const shown = JSON.stringify(request.clientOrderId.slice(0, 64));
    return `clientOrderId=${shown}, allowed: 1 to ${clientOrderIdMax} of ${clientOrderIdChars}`;
  }
  if (!orderTypes.includes(orderType)) return `orderType=${orderType}, allowed: ${orderTypes.join(', ')}`;
  const mayRest = timeInForce === 'GTC' || timeInForce === 'GTD';
  if (request.postOnly && (orderType !== 'Limit' || !mayRest)) {
    return `postOnly with ${orderType} ${timeInForce}, allowed: Limit with GTC or GTD`;
  }
  const { priced, stopped } = SHAPES[orderType];
  if (priced && price === null) return `price=null, allowed: a price for ${orderType}`;
  if (stopped !== (stopPrice !== null)) {
    return `stopPrice=${stopPrice}, allowed: ${stopped ? 'a price' : 'null'} for ${orderType}`;
  }
  const windowMs = request.deadlineAt - request.signedAt;
  if (capabilities.requestDeadline && (windowMs <= 0 || windowMs > WINDOW_MAX)) {
    return `deadlineAt - signedAt = ${windowMs} ms, allowed: 1 to ${WINDOW_MAX}`;
  }
  return null;
}

/** Binance takes no more (rest-api.md, "Timing security"). */
const WINDOW_MAX = 60_000;

/** An answer about some other order is no answer. */
function expectOurs(order: VenueOrder, { clientOrderId, symbol, venueOrderId }: OrderRef): void {
  const isIt = venueOrderId === undefined ? order.clientOrderId === clientOrderId : order.venueOrderId === venueOrderId;
  if (isIt && order.symbol === symbol) return;
  const [was, asked] = [`${order.clientOrderId} (${order.venueOrderId})`, `${clientOrderId} (${venueOrderId ?? '?'})`];
  throw new Unreadable(`order: was ${was} in ${order.symbol}, not ${asked} in ${symbol}`);
}

function wordsIn(
  desk: Desk,
  judged: { readonly code: string; readonly reason: string },
): { code: string; reason: string } {
  return { code: judged.code, reason: desk.redact(judged.reason) };
}
