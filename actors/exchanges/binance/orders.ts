// Submit, cancel and query: the request, the judgement on its reply, and the outcome in the port's words.
import type { CancelOutcome, OrderRef, QueryOutcome, SubmitOutcome, SubmitRequest } from '../exchange.ts';
import { expectAsSent } from '../wire/as-sent.ts';
import { Unreadable } from '../wire/read-as.ts';
import { type Desk, expectOurs, unlisted, wordsOf } from './desk.ts';
import { termsOf } from './order-types.ts';
import { judgeCancel, judgeQuery, judgeSubmit } from './outcome.ts';
import { parseCanceled, parseOrder, parseSubmitted } from './parse.ts';
import { tradesOfOrder } from './trades.ts';

/** "A-Z a-z 0-9 . : / _ -", 1 to 36 of them (rest-api.md, newClientOrderId). */
export const CLIENT_ORDER_ID_MAX = 36;
export const CLIENT_ORDER_ID_CHARS = '.A-Z:/a-z0-9_-';
const CLIENT_ORDER_ID = new RegExp(`^[${CLIENT_ORDER_ID_CHARS}]{1,${CLIENT_ORDER_ID_MAX}}$`);
/** "The max cannot go beyond 60,000" (rest-api.md, "Timing security"). */
const RECV_WINDOW_MAX = 60_000;

export async function submit(desk: Desk, request: SubmitRequest, signal: AbortSignal): Promise<SubmitOutcome> {
  const venueSymbol = desk.venueSymbolOf(request.symbol);
  const reason = unsendable(request, venueSymbol);
  // Nothing of it ever leaves here, however often it is tried.
  if (reason !== null || venueSymbol === undefined) {
    return { outcome: 'rejected', code: 'UNSENDABLE', reason: reason ?? unlisted(request.symbol) };
  }
  if (desk.clock.now() >= request.deadlineAt) {
    return { outcome: 'notSent', reason: 'deadline passed before it was sent' };
  }
  const reply = await desk.rest.postOrder(request, venueSymbol, signal);
  const judged = judgeSubmit(reply, (json) => {
    const submitted = parseSubmitted(json, desk.canonical);
    expectOurs(submitted.order, { clientOrderId: request.clientOrderId, symbol: request.symbol });
    expectAsSent(submitted.order, request);
    return submitted;
  });
  if (judged.verdict === 'done') return { outcome: 'accepted', ...judged.value };
  if (judged.verdict === 'rejected') return { outcome: 'rejected', ...wordsOf(desk, judged) };
  if (judged.verdict === 'notSent') return { outcome: 'notSent', reason: desk.redact(judged.reason) };
  return { outcome: 'unknown', reason: desk.redact(judged.reason) };
}

export async function cancel(desk: Desk, ref: OrderRef, signal: AbortSignal): Promise<CancelOutcome> {
  const venueSymbol = desk.venueSymbolOf(ref.symbol);
  if (venueSymbol === undefined) return { outcome: 'unknown', reason: unlisted(ref.symbol) };
  const reply = await desk.rest.deleteOrder(venueSymbol, ref, signal);
  const judged = judgeCancel(reply, (json) => {
    const order = parseCanceled(json, desk.canonical, desk.clock.now());
    expectOurs(order, ref);
    if (order.status !== 'canceled') throw new Unreadable(`cancelled order: its status was ${order.rawStatus}`);
    return order;
  });
  if (judged.verdict === 'done') return { outcome: 'canceled', order: judged.value };
  if (judged.verdict === 'rejected') return { outcome: 'rejected', ...wordsOf(desk, judged) };
  // A cancel may be repeated, so "not sent" needs no word of its own here.
  const prefix = judged.verdict === 'notSent' ? 'not sent: ' : '';
  return { outcome: 'unknown', reason: prefix + desk.redact(judged.reason) };
}

export async function query(desk: Desk, ref: OrderRef, signal: AbortSignal): Promise<QueryOutcome> {
  const venueSymbol = desk.venueSymbolOf(ref.symbol);
  if (venueSymbol === undefined) return { outcome: 'unknown', reason: unlisted(ref.symbol) };
  // Before the question leaves: "not found" speaks about this moment at the earliest.
  const askedAt = desk.clock.now();
  const reply = await desk.rest.getOrder(venueSymbol, ref, signal);
  const judged = judgeQuery(reply, (json) => {
    const order = parseOrder(json, desk.canonical);
    expectOurs(order, ref);
    return order;
  });
  if (judged.verdict === 'notFound') return { outcome: 'notFound', askedAt };
  if (judged.verdict !== 'done') return { outcome: 'unknown', reason: desk.redact(judged.reason) };
  const order = judged.value;
  if (order.filledQuantity === '0') return { outcome: 'found', order, executions: [] };
  try {
    const executions = await tradesOfOrder(desk, venueSymbol, order.venueOrderId, signal);
    return { outcome: 'found', order, executions };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { outcome: 'unknown', reason: desk.redact(`found, but its trades could not be read: ${why}`) };
  }
}

function unsendable(request: SubmitRequest, venueSymbol: string | undefined): string | null {
  const windowMs = request.deadlineAt - request.signedAt;
  if (venueSymbol === undefined) return unlisted(request.symbol);
  if (!CLIENT_ORDER_ID.test(request.clientOrderId)) {
    const shown = JSON.stringify(request.clientOrderId.slice(0, 64));
    return `clientOrderId=${shown}, allowed: 1 to 36 of A-Z a-z 0-9 . : / _ -`;
  }
  const { orderType, timeInForce, price, stopPrice } = request;
  const mayRest = timeInForce === 'GTC' || timeInForce === 'GTD';
  if (request.postOnly && (orderType !== 'Limit' || !mayRest)) {
    return `postOnly with ${orderType} ${timeInForce}, allowed: Limit with GTC or GTD`;
  }
  const terms = termsOf(request);
  if (terms.price && price === null) return `price=null, allowed: a price for ${orderType}`;
  if (terms.stopPrice !== (stopPrice !== null)) {
    return `stopPrice=${stopPrice}, allowed: ${terms.stopPrice ? 'a price' : 'null'} for ${orderType}`;
  }
  if (!Number.isSafeInteger(request.signedAt) || windowMs <= 0 || windowMs > RECV_WINDOW_MAX) {
    return `deadlineAt - signedAt = ${windowMs} ms, allowed: 1 to ${RECV_WINDOW_MAX}`;
  }
  return null;
}
