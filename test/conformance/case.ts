// What a case of the conformance suite is, and what it may do with the venue it runs against.
import type { ExecutionContext } from 'ava';
import type { Capabilities, ExchangeSession, SubmitRequest } from '../../actors/exchanges/exchange.ts';
import { type Heard, limitOrder, never } from '../support/binance.ts';

export interface Opened {
  readonly session: ExchangeSession;
  readonly listener: Heard;
}

export interface OpenChange {
  readonly apiSecret?: string;
  readonly passphrase?: string;
  readonly tradesPage?: number;
  /** Adapters have bounds of their own; these are those of production. */
  readonly productionBounds?: boolean;
  readonly onReport?: Heard['onReport'];
}

/** What meets the next request of a kind. lostAnswer and busy: the venue did it all the same. */
export type Meets = 'lostAnswer' | 'lostRequest' | 'busy' | { readonly delayMs: number };

/** An adapter and its venue. `others` is everybody else on the market. Prices are on 0.1, and stand at about 50000. */
export interface World extends AsyncDisposable {
  open(change?: OpenChange): Promise<Opened>;
  others(side: 'Buy' | 'Sell', price: string, quantity: string): Promise<void>;
  /** An order of the account that is not placed through us; gives the venue's id. */
  byHand(side: 'Buy' | 'Sell', price: string, quantity: string): Promise<string>;
  next(kind: 'submit' | 'cancel' | 'amend', meets: Meets): Promise<void>;
  /** Reports come twice from here on. */
  repeatReports(): Promise<void>;
  setClock(offsetMs: number): Promise<void>;
  cut(): Promise<void>;
  /** The sockets stay open, and their peer is gone. */
  stall(): Promise<void>;
  /** The venue is gone. */
  away(): Promise<void>;
  /** Takes the trade back, or corrects it; null where no venue of this kind does. */
  readonly bust: ((tradeId: string, correction?: { readonly price: string }) => Promise<void>) | null;
  readonly secrets: readonly string[];
}

export interface Conformance {
  /** C01 and so on; a number is never given twice. */
  readonly number: string;
  readonly title: string;
  readonly prerequisite: string;
  readonly action: string;
  readonly events: string;
  readonly criterion: string;
  /** What is asked of an adapter that cannot: refused cleanly. Absent where every adapter must be able to. */
  readonly unless?: {
    readonly lacks: string;
    readonly isLacking: (capabilities: Capabilities, world: World) => boolean;
    readonly criterion: string;
    readonly run: (t: ExecutionContext, world: World) => Promise<void>;
  };
  readonly run: (t: ExecutionContext, world: World) => Promise<void>;
}

let ids = 0;

/** A buy of 0.01 at 49000, which rests; as long as the protocol allows, for a loaded machine. */
export function orderOf(change: Partial<SubmitRequest> = {}): SubmitRequest {
  ids += 1;
  const signedAt = Date.now();
  const terms = { clientOrderId: `c0nf${process.pid}n${ids}`, price: '49000.0', quantity: '0.01' };
  return limitOrder({ ...terms, signedAt, deadlineAt: signedAt + 30_000, ...change });
}

export function refOf({ clientOrderId, symbol }: SubmitRequest): { clientOrderId: string; symbol: string } {
  return { clientOrderId, symbol };
}

export async function place({ session }: Opened, request: SubmitRequest) {
  const outcome = await session.submit(request, never);
  if (outcome.outcome === 'accepted') return outcome;
  throw new Error(`${request.clientOrderId}: ${outcome.outcome}: ${outcome.reason}`);
}

export async function find({ session }: Opened, request: SubmitRequest) {
  const outcome = await session.query(refOf(request), never);
  if (outcome.outcome === 'found') return outcome;
  throw new Error(`${request.clientOrderId}: ${outcome.outcome}`);
}
