// Amend: PUT order/amend/keepPriority takes a smaller quantity and nothing else (order_amend_keep_priority.md).
//
// Whether the terms that are asked for are a plain reduction only the order as it stands can tell, so it is read
// first. An order that has the terms already is amended, without a second request: the answer to the first was lost.
import { compare, parse } from '../../market/decimal.ts';
import type { VenueOrder } from '../../market/execution.ts';
import type { AmendOutcome, AmendRequest } from '../exchange.ts';
import { Unreadable } from '../wire/read-as.ts';
import { type Desk, expectOurs, unlisted, wordsOf } from './desk.ts';
import { judgeAmend, judgeQuery } from './outcome.ts';
import { parseAmended, parseOrder } from './parse.ts';

export async function amend(desk: Desk, request: AmendRequest, signal: AbortSignal): Promise<AmendOutcome> {
  const venueSymbol = desk.venueSymbolOf(request.symbol);
  if (venueSymbol === undefined) return { outcome: 'unknown', reason: unlisted(request.symbol) };
  const reply = await desk.rest.getOrder(venueSymbol, request, signal);
  const found = judgeQuery(reply, (json) => {
    const order = parseOrder(json, desk.canonical);
    expectOurs(order, request);
    return order;
  });
  if (found.verdict === 'notFound') return { outcome: 'rejected', code: '-2013', reason: 'Order does not exist.' };
  if (found.verdict !== 'done') return { outcome: 'unknown', reason: `not sent: ${desk.redact(found.reason)}` };
  return answerAtOnce(found.value, request) ?? reduce(desk, venueSymbol, found.value, request, signal);
}

/** Null when a request must be sent. */
function answerAtOnce(order: VenueOrder, request: AmendRequest): AmendOutcome | null {
  const { status, rawStatus, quantity, price } = order;
  if (status !== 'open' && status !== 'parked') {
    return { outcome: 'rejected', code: rawStatus, reason: 'the order is final' };
  }
  const change = compare(parse(request.quantity), parse(quantity));
  const isSamePrice = samePrice(price, request.price);
  if (isSamePrice && change === 0) return { outcome: 'amended', order };
  if (isSamePrice && change < 0) return null;
  const asked = `quantity ${quantity} to ${request.quantity}, price ${price} to ${request.price}`;
  return { outcome: 'rejected', code: 'AMEND_UNSUPPORTED', reason: `${asked}; allowed: a smaller quantity alone` };
}

function samePrice(one: string | null, other: string | null): boolean {
  if (one === null || other === null) return one === other;
  return compare(parse(one), parse(other)) === 0;
}

async function reduce(
  desk: Desk,
  venueSymbol: string,
  { venueOrderId, clientOrderId }: VenueOrder,
  request: AmendRequest,
  signal: AbortSignal,
): Promise<AmendOutcome> {
  const { quantity } = request;
  const reply = await desk.rest.putAmend(venueSymbol, { venueOrderId, clientOrderId, quantity }, signal);
  const judged = judgeAmend(reply, (json) => {
    const order = parseAmended(json, desk.canonical);
    expectOurs(order, { ...request, venueOrderId });
    // The name was sent along so that it stays.
    expectOurs(order, { clientOrderId, symbol: request.symbol });
    if (compare(parse(order.quantity), parse(quantity)) !== 0) {
      throw new Unreadable(`amended order: its quantity was ${order.quantity}, not ${quantity}`);
    }
    return order;
  });
  if (judged.verdict === 'done') return { outcome: 'amended', order: judged.value };
  if (judged.verdict === 'rejected') return { outcome: 'rejected', ...wordsOf(desk, judged) };
  // An amend may be repeated, so "not sent" needs no word of its own here.
  const prefix = judged.verdict === 'notSent' ? 'not sent: ' : '';
  return { outcome: 'unknown', reason: prefix + desk.redact(judged.reason) };
}
