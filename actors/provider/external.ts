// Orders at the venue that nobody here placed. Each gets an order actor of its own, so that it counts in the exposure,
// posts its fills and is reconciled like any other; what the venue says of it later is passed on to that actor.
//
// An order without a risk scope has nobody who would count it: it is written to the audit log and left alone.
import { externalOrderId, parseClientOrderId } from '../market/client-order-id.ts';
import { isZero, parse } from '../market/decimal.ts';
import type { Execution, ExecutionRef, VenueOrder } from '../market/execution.ts';
import { type OrderInput, type OrderMessage, orderKey } from '../order/messages.ts';
import { type RiskMessage, riskKey } from '../risk/messages.ts';
import { record, type Send, send, spawn } from '../runtime/effect.ts';
import { EXTERNAL_ORDERS_MAX } from './bounds.ts';
import { auditRow, type Heard, type Link, type Outcome, type ProviderContext, type ProviderEffect } from './context.ts';
import { takeIn } from './live-orders.ts';
import type { FoundOrder } from './messages.ts';

/** The owner of whatever nobody here decided. */
const EXTERNAL = 'EXTERNAL';

interface Word {
  readonly order: VenueOrder;
  readonly executions: readonly Execution[];
  readonly busted?: ExecutionRef;
  readonly reason: string | null;
}

export function noteExternal(context: ProviderContext, event: Heard<'ExternalOrderSeen'>): Outcome {
  const { order, execution, busted, reason, riskScope, at } = event;
  const executions = execution === null ? [] : [execution];
  const word = { order, executions, reason, ...(busted !== undefined && { busted }) };
  return adopt(context, word, riskScope, at);
}

/** What a round found of it: nobody here has it, even where its end was heard before the venue's list knew of it. */
export function noteFoundExternal(context: ProviderContext, { order, executions }: FoundOrder, at: number): Outcome {
  const riskScope = context.link?.riskScopes[0] ?? null;
  return adopt(context, { order, executions, reason: null }, riskScope, at, true);
}

/** Before the first connection nothing is known of the account: the round after it finds what is there. */
function adopt(context: ProviderContext, word: Word, riskScope: string | null, at: number, isFound = false): Outcome {
  const { name, live, link } = context;
  if (link === null) return { changes: {}, effects: [] };
  const { order } = word;
  const id = externalOrderId(name, order.venueOrderId);
  const isKnown = Object.hasOwn(live, id);
  const news = noteNews(context, order, link);
  if (riskScope === null || (!isKnown && isOver(order) && !hasFill(word))) return news;
  // One that was seen before and is not live has ended: a report that comes late does not bring it back.
  const isNew = isFound || news.changes.external !== undefined;
  const entry = { symbol: order.symbol, since: at, filled: order.filledQuantity, askedAt: 0 };
  const taken = isNew && !isOver(order) ? takeIn(context, id, entry) : { changes: {}, effects: [] };
  return {
    changes: { ...news.changes, ...taken.changes },
    effects: [
      ...news.effects,
      ...taken.effects,
      ...(isKnown ? [] : [spawn(orderKey(id), inputOf(id, context, link, order, riskScope, at))]),
      ...wordsTo(id, word),
    ],
  };
}

/** The venue's word, one message per execution; without one it is the order alone. */
export function wordsTo(id: string, { order, executions, busted, reason }: Word): Send<OrderMessage>[] {
  const all: readonly (Execution | null)[] = executions.length === 0 ? [null] : executions;
  return all.map((execution) =>
    send(orderKey(id), {
      type: 'OrderReported',
      order,
      execution,
      reason,
      ...(busted !== undefined && { busted }),
    }),
  );
}

/** Counts it and writes it to the audit log, once while it is remembered. */
function noteNews(context: ProviderContext, order: VenueOrder, link: Link): Outcome {
  const { name, external } = context;
  const id = `${order.symbol} ${order.venueOrderId}`;
  if (external.recent.includes(id) || Object.hasOwn(context.live, externalOrderId(name, order.venueOrderId)))
    return { changes: {}, effects: [] };
  const recent = [...external.recent, id].slice(-EXTERNAL_ORDERS_MAX);
  const { clientOrderId, venueOrderId, symbol, side, quantity, rawStatus } = order;
  const detail = { provider: name, clientOrderId, venueOrderId, symbol, side, quantity, rawStatus };
  const effects: ProviderEffect[] = [record(auditRow(`provider/${name}`, 'ExternalOrderSeen', detail))];
  if (looksLikeOurs(clientOrderId, link)) {
    const reason = `ORDER_OF_OURS_UNKNOWN: clientOrderId=${clientOrderId}, venueOrderId=${venueOrderId}`;
    effects.push(record(auditRow(`provider/${name}`, 'ORDER_OF_OURS_UNKNOWN', detail)));
    effects.push(...restrict(name, link.riskScopes, reason));
  }
  return { changes: { external: { count: external.count + 1, recent } }, effects };
}

/** Made by this deployment, which has forgotten it: the database is older than the order. */
function looksLikeOurs(clientOrderId: string, { orderPrefix }: Link): boolean {
  return parseClientOrderId(clientOrderId)?.prefix.startsWith(orderPrefix) === true;
}

/** From here on nothing passes that would make a position at this provider greater, until a person lifts it. */
export function restrict(provider: string, scopes: readonly string[], reason: string): Send<RiskMessage>[] {
  return scopes.map((scope) => send(riskKey(scope), { type: 'RestrictTrading', provider, symbol: null, reason }));
}

function isOver({ status }: VenueOrder): boolean {
  return status !== 'open' && status !== 'parked';
}

function hasFill({ order, executions, busted }: Word): boolean {
  return executions.length > 0 || busted !== undefined || !isZero(parse(order.filledQuantity));
}

function inputOf(
  id: string,
  { name }: ProviderContext,
  { venue, account }: Link,
  order: VenueOrder,
  riskScope: string,
  at: number,
): OrderInput {
  const { symbol, side, quantity, price } = order;
  return {
    clientOrderId: id,
    ...{ provider: name, venue, account, symbol, side, quantity, price },
    orderType: order.orderType ?? (price === null ? 'Market' : 'Limit'),
    timeInForce: 'GTC',
    postOnly: false,
    stopPrice: order.stopPrice ?? null,
    asked: { quantity, price },
    goodTillAt: null,
    amends: 'none',
    linkedTo: null,
    replaces: null,
    external: { clientOrderId: order.clientOrderId, venueOrderId: order.venueOrderId },
    strategyInstance: EXTERNAL,
    riskScope,
    placedAt: at,
    recvWindowMs: 0,
    fenceMarginMs: 0,
  };
}
