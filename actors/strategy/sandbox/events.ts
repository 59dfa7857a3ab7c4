// Our events in upstream's clothes: the envelope, the handler's name and its further arguments.
import type { Instrument } from '../../market/instrument.ts';
import type { MarketEvent } from '../../market/market-event.ts';
import type { ExecReport } from '../../order/messages.ts';
import type { RiskControl } from '../../risk/messages.ts';
import type { Json } from '../../runtime/message.ts';
import type { AmendRefused, CancelRefused } from '../messages.ts';
import type { Envelope } from './protocol.ts';

/**
 * What an instance must not miss. A report about an order of this incarnation carries the ref submitOrder gave it;
 * one about an older order carries null, because refs are counted anew.
 */
export type OrderEvent =
  | (ExecReport & { readonly ref: string | null })
  | AmendRefused
  | CancelRefused
  | RiskControl
  | {
      readonly type: 'BalanceUpdate';
      readonly provider: string;
      readonly currency: string;
      readonly total: string;
      readonly available: string;
      readonly timestamp: number;
    }
  | {
      readonly type: 'InstrumentUpdate';
      readonly provider: string;
      readonly instrument: Instrument;
      readonly timestamp: number;
    }
  | {
      readonly type: 'Extension';
      readonly provider: string;
      readonly symbol: string;
      readonly payload: Json;
      readonly timestamp: number;
    };

/** One event, ready for the module; `at` is what its clock will show. */
export interface Call {
  readonly handler: string;
  readonly at: number;
  readonly event: Envelope;
  readonly extra: readonly Json[];
}

const REPORT_HANDLERS = {
  ACK: 'onOrderAcknowledged',
  PARTIAL: 'onOrderPartialFill',
  FILLED: 'onOrderFilled',
  CANCELLED: 'onOrderCancelled',
  REJECTED: 'onOrderRejected',
  EXPIRED: 'onOrderExpired',
} as const;

/** Upstream's event ids count per provider, symbol and type. Ours start again with every incarnation. */
export class Sequence {
  readonly #last = new Map<string, number>();

  next(key: string): number {
    const number = (this.#last.get(key) ?? 0) + 1;
    this.#last.set(key, number);
    return number;
  }
}

/** Null for a trade without a readable price: upstream drops it too. */
export function marketCall(event: MarketEvent, sequence: Sequence): Call | null {
  const handler = `on${event.type}`;
  const at = timeOf(event);
  const dressed = envelope(event.type, event.provider, event.symbol, at, event.payload, sequence);
  if (event.type !== 'Trade') return { handler, at, event: dressed, extra: [] };
  const price = Number(event.payload.price);
  return event.payload.price !== '' && Number.isFinite(price) ? { handler, at, event: dressed, extra: [price] } : null;
}

export function orderCall(event: OrderEvent, sequence: Sequence): Call {
  const at = event.timestamp;
  const dress = (symbol: string, payload: unknown) =>
    envelope(event.type, event.provider, symbol, at, payload, sequence);
  switch (event.type) {
    case 'ExecReport': {
      const { type: _, ...payload } = event;
      const extra = event.state === 'REJECTED' ? [event.rejectReason ?? ''] : [];
      return { handler: REPORT_HANDLERS[event.state], at, event: dress(event.symbol, payload), extra };
    }
    case 'AmendRefused':
    case 'CancelRefused': {
      const { type, ...payload } = event;
      return { handler: `on${type}`, at, event: dress(event.symbol, payload), extra: [event.reason] };
    }
    case 'RiskControl': {
      const { type: _, ...payload } = event;
      return { handler: 'onRiskControl', at, event: dress(event.symbol, payload), extra: [] };
    }
    case 'BalanceUpdate': {
      const { type: _, provider: __, ...payload } = event;
      return { handler: 'onBalanceUpdate', at, event: dress(event.currency, payload), extra: [] };
    }
    case 'InstrumentUpdate': {
      const payload = { instrument: event.instrument };
      return { handler: 'onInstrumentUpdate', at, event: dress(event.instrument.symbol, payload), extra: [] };
    }
    case 'Extension': {
      return { handler: 'onExtensionEvent', at, event: dress(event.symbol, event.payload), extra: [] };
    }
  }
}

function timeOf(event: MarketEvent): number {
  if (event.type === 'BookSnapshot') return event.payload.lastUpdate;
  return event.type === 'KlineSummary' ? event.payload.closeTime : event.payload.timestamp;
}

function envelope(
  type: string,
  provider: string,
  symbol: string,
  at: number,
  payload: unknown,
  sequence: Sequence,
): Envelope {
  const key = `${provider}:${symbol.replaceAll('-', '')}:${type}`;
  const seqProvider = sequence.next(key);
  const time = shownTime(at);
  const ids = { eventId: `${key}:${seqProvider}`, routingVersion: 1, seqProvider };
  return { ...ids, provider, symbol, type, ingestTs: time, emitTs: time, payload };
}

/** RFC 3339; empty for a time no Date can hold. */
function shownTime(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}
