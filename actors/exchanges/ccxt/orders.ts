// Submit, cancel and query: the request, the judgement on what came of it, and the outcome in the port's words.

import { add, compare, parse, ZERO } from '../../market/decimal.ts';
import type { Execution, VenueOrder } from '../../market/execution.ts';
import type { CancelOutcome, QueryOutcome, SubmitOutcome, SubmitRequest } from '../exchange.ts';
import { Unreadable } from '../wire/read-as.ts';
import { ask, type Desk, type OrderRef, unlisted } from './desk.ts';
import { type Judged, judge } from './outcome.ts';
import { parseFill, parseOrder, type ReadOrder, readIdentity } from './parse.ts';
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
    mustSay: {
      texts: [request.clientOrderId],
      amounts: [request.quantity, ...(request.orderType === 'Limit' && request.price !== null ? [request.price] : [])],
    },
  });
  const judged = judge(asked, desk.profile, (json) => submittedOf(desk, json, request));
  if (judged.verdict === 'done') return { outcome: 'accepted', ...judged.value };
  if (judged.verdict === 'rejected') return { outcome: 'rejected', ...wordsIn(desk, judged) };
  if (judged.verdict === 'notSent') return { outcome: 'notSent', reason: desk.redact(judged.reason) };
  return { outcome: 'unknown', reason: desk.redact(judged.reason) };
}

function create(desk: Desk, unified: string, request: SubmitRequest): Promise<unknown> {
  const { side, quantity, price, orderType, timeInForce, postOnly, clientOrderId } = request;
  const isLimit = orderType === 'Limit';
  const { requestDeadline } = desk.profile.capabilities;
  const params = {
    clientOrderId,
    ...(isLimit && !postOnly ? { timeInForce } : {}),
    ...(postOnly ? { postOnly: true } : {}),
    ...(requestDeadline ? desk.profile.deadlineParams(request) : {}),
  };
  const type = isLimit ? 'limit' : 'market';
  const priced = isLimit && price !== null ? price : undefined;
  return desk.exchange.createOrder(unified, type, side === 'Buy' ? 'buy' : 'sell', quantity, priced, params);
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
  const read = parseOrder(json, desk.clock.now());
  expectOurs(read.order, request);
  return { order: read.order, executions: fillsIn(desk, read) };
}

function asAsked(desk: Desk, venueOrderId: string, request: SubmitRequest): VenueOrder {
  const { clientOrderId, symbol, side, quantity, price } = request;
  return {
    clientOrderId,
    venueOrderId,
    symbol,
    side,
    status: 'open',
    rawStatus: 'accepted',
    quantity,
    price,
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
  const params = desk.profile.capabilities.queryByClientOrderId ? { clientOrderId: ref.clientOrderId } : {};
  const asked = await ask(desk, 'cancel', signal, () => desk.exchange.cancelOrder(id, unified, params));
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
    const { order } = parseOrder(json, desk.clock.now());
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
    if (order.status !== 'open') return { outcome: 'rejected', code: order.rawStatus, reason: 'the order is final' };
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
  const params = byClientId ? { clientOrderId: ref.clientOrderId } : {};
  const asked = await ask(desk, 'query', signal, () => desk.exchange.fetchOrder(id, unified, params));
  const judged = judge(asked, desk.profile, (json) => {
    const read = parseOrder(json, desk.clock.now());
    expectOurs(read.order, ref);
    return read;
  });
  // A refused question says nothing about the order.
  if (judged.verdict === 'rejected') return { verdict: 'unknown', reason: `${judged.code} ${judged.reason}` };
  return judged.verdict === 'notFound' && !byClientId ? { verdict: 'unknown', reason: judged.reason } : judged;
}

/** Empty where the client order id is enough; null where the venue's own id is needed and not to be found. */
async function idFor(desk: Desk, ref: OrderRef, signal: AbortSignal): Promise<string | null> {
  if (desk.profile.capabilities.queryByClientOrderId) return '';
  const unified = desk.unifiedOf(ref.symbol);
  const asked = await ask(desk, 'query', signal, () => desk.exchange.fetchOpenOrders(unified));
  if (asked.kind === 'failed' || !Array.isArray(asked.value)) return null;
  for (const json of asked.value) {
    const { clientOrderId, venueOrderId } = readIdentity(json);
    if (clientOrderId === ref.clientOrderId) return venueOrderId;
  }
  return null;
}

function unsendable({ profile }: Desk, request: SubmitRequest): string | null {
  if (!profile.clientOrderId.test(request.clientOrderId)) {
    const shown = JSON.stringify(request.clientOrderId.slice(0, 64));
    return `clientOrderId=${shown}, allowed: ${profile.clientOrderIdForm}`;
  }
  if (request.orderType === 'Limit' && request.price === null) return 'price=null, allowed: a price for a limit order';
  if (request.postOnly && (request.orderType === 'Market' || request.timeInForce !== 'GTC')) {
    return `postOnly with ${request.orderType} ${request.timeInForce}, allowed: Limit GTC`;
  }
  const windowMs = request.deadlineAt - request.signedAt;
  if (profile.capabilities.requestDeadline && (windowMs <= 0 || windowMs > WINDOW_MAX)) {
    return `deadlineAt - signedAt = ${windowMs} ms, allowed: 1 to ${WINDOW_MAX}`;
  }
  return null;
}

/** Binance takes no more (rest-api.md, "Timing security"). */
const WINDOW_MAX = 60_000;

/** An answer about some other order is no answer. */
function expectOurs(order: OrderRef, ref: OrderRef): void {
  if (order.clientOrderId === ref.clientOrderId && order.symbol === ref.symbol) return;
  throw new Unreadable(
    `order: was ${order.clientOrderId} in ${order.symbol}, not ${ref.clientOrderId} in ${ref.symbol}`,
  );
}

function wordsIn(
  desk: Desk,
  judged: { readonly code: string; readonly reason: string },
): { code: string; reason: string } {
  return { code: judged.code, reason: desk.redact(judged.reason) };
}
