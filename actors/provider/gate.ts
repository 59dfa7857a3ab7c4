// Who may submit now. An order asks before its bytes leave; the gate grants, lets it wait, or refuses.
import { refusalText } from '../market/refusals.ts';
import { orderKey } from '../order/messages.ts';
import { send } from '../runtime/effect.ts';
import { LIVE_ORDERS_MAX, WAITING_ORDERS_MAX } from './bounds.ts';
import {
  type Heard,
  hasAccount,
  type OrderBook,
  type Outcome,
  type ProviderContext,
  type ProviderEffect,
  type WaitingOrder,
} from './context.ts';

/** open: ready. holding: will be ready by itself. closed: only an operator changes that. */
export type Gate = 'open' | 'holding' | 'closed';

export type Admission =
  | { readonly verdict: 'granted'; readonly book: OrderBook }
  | { readonly verdict: 'waits'; readonly book: OrderBook }
  | { readonly verdict: 'refused'; readonly reason: string };

/** A request of an order that is live or waiting already is answered again and changes nothing. */
export function admit(book: OrderBook, gate: Gate, order: WaitingOrder, at: number): Admission {
  const { live, waiting } = book;
  const { clientOrderId, symbol } = order;
  if (gate === 'closed')
    return { verdict: 'refused', reason: refusalText('PROVIDER_NOT_READY', { state: 'not running' }) };
  if (gate === 'open') return grant(book, order, at);
  if (waiting.some((one) => one.clientOrderId === clientOrderId)) return { verdict: 'waits', book };
  if (waiting.length >= WAITING_ORDERS_MAX) {
    return {
      verdict: 'refused',
      reason: refusalText('ORDER_REFUSED', { waiting: waiting.length, allowed: WAITING_ORDERS_MAX }),
    };
  }
  return { verdict: 'waits', book: { live, waiting: [...waiting, { clientOrderId, symbol }] } };
}

function grant({ live, waiting }: OrderBook, { clientOrderId, symbol }: WaitingOrder, at: number): Admission {
  const known = Object.hasOwn(live, clientOrderId) ? live[clientOrderId] : undefined;
  if (known?.barred === true) return { verdict: 'refused', reason: refusalText('TRADING_RESTRICTED', { symbol }) };
  if (known !== undefined) return { verdict: 'granted', book: { live, waiting } };
  const count = Object.keys(live).length;
  if (count >= LIVE_ORDERS_MAX) {
    return { verdict: 'refused', reason: refusalText('ORDER_REFUSED', { live: count, allowed: LIVE_ORDERS_MAX }) };
  }
  const order = { symbol, since: at, filled: '0', askedAt: 0 };
  return { verdict: 'granted', book: { live: { ...live, [clientOrderId]: order }, waiting } };
}

export function answerSubmit(context: ProviderContext, request: Heard<'SubmitRequested'>, gate: Gate): Outcome {
  const reason = closedFor(context);
  const admission: Admission =
    reason === null ? admit(context, gate, request, request.at) : { verdict: 'refused', reason };
  return {
    changes: admission.verdict === 'refused' ? {} : admission.book,
    effects: answerTo(request.clientOrderId, admission),
  };
}

/** Whoever asks, and however ready the venue is. */
function closedFor(context: ProviderContext): string | null {
  const [halted = null] = Object.values(context.halts);
  if (halted !== null) return haltedReason(halted);
  return hasAccount(context) ? null : refusalText('MARKET_DATA_ONLY', { provider: context.name });
}

function answerTo(clientOrderId: string, admission: Admission): ProviderEffect[] {
  if (admission.verdict === 'waits') return [];
  if (admission.verdict === 'granted') return [send(orderKey(clientOrderId), { type: 'SubmitGranted' })];
  return [send(orderKey(clientOrderId), { type: 'SubmitRefused', reason: admission.reason })];
}

/** Everyone who waits, decided in order of arrival as if the request came now. */
export function admitWaiting(context: ProviderContext, at: number): Outcome {
  const reason = closedFor(context);
  if (reason !== null) return refuseWaiting(context, reason);
  const { live, waiting } = context;
  const effects: ProviderEffect[] = [];
  let book: OrderBook = { live, waiting: [] };
  for (const order of waiting) {
    const admission = grant(book, order, at);
    if (admission.verdict !== 'refused') book = admission.book;
    effects.push(...answerTo(order.clientOrderId, admission));
  }
  return { changes: book, effects };
}

export function refuseWaiting({ waiting }: ProviderContext, reason: string): Outcome {
  const effects = waiting.flatMap(({ clientOrderId }) => answerTo(clientOrderId, { verdict: 'refused', reason }));
  return { changes: { waiting: [] }, effects };
}

function haltedReason(reason: string): string {
  return refusalText('KILL_SWITCH_ENGAGED', { reason });
}

/** From here on nothing is sent, and those who wait for the venue need not. */
export function halt(context: ProviderContext, { scope = '', reason }: Heard<'TradingHalted'>): Outcome {
  const { changes, effects } = refuseWaiting(context, haltedReason(reason));
  return { changes: { ...changes, halts: { ...context.halts, [scope]: reason } }, effects };
}

/**
 * Risk judged them before it knew what it knows now: those who wait are refused, and those who were let go, and come
 * back because nothing of them was sent, will be.
 */
export function refuseRestricted(context: ProviderContext, event: Heard<'TradingRestricted'>): Outcome {
  const { name, live, waiting } = context;
  const isMeant = ({ symbol }: { readonly symbol: string }): boolean =>
    event.symbol === null || symbol === event.symbol;
  const restricted = `${name}:${event.symbol ?? '*'}`;
  const reason = refusalText('TRADING_RESTRICTED', { restricted, reason: event.reason });
  const { effects } = refuseWaiting({ ...context, waiting: waiting.filter(isMeant) }, reason);
  const barred = Object.entries(live).map(([id, order]) => {
    return [id, isMeant(order) ? { ...order, barred: true as const } : order] as const;
  });
  const left = waiting.filter((order) => !isMeant(order));
  return { changes: { live: Object.fromEntries(barred), waiting: left }, effects };
}

/** Clears what this scope halted, and what was halted without a scope. */
export function resume({ halts }: ProviderContext, { scope = '' }: Heard<'TradingResumed'>): Partial<ProviderContext> {
  const { [scope]: _cleared, '': _nameless, ...rest } = halts;
  return { halts: rest };
}

/** The order's outcome is known: it is neither at the venue nor on its way there. */
export function forget({ live, waiting }: OrderBook, clientOrderId: string): OrderBook {
  const { [clientOrderId]: _closed, ...rest } = live;
  return { live: rest, waiting: waiting.filter((order) => order.clientOrderId !== clientOrderId) };
}
