// What crosses between the host and its worker. The worker is ours and trusted; the text it passes on was made
// inside QuickJS and is not: the host parses and checks it (output.ts).
import type { OrderType } from '../../market/execution.ts';
import type { Json } from '../../runtime/message.ts';

/** Given to the worker when it is made. */
export interface WorkerSetup {
  readonly memoryBytes: number;
  readonly stackBytes: number;
  readonly outputChars: number;
  readonly bounds: Bounds;
  /** Of Math.random: the same seed gives the same numbers. */
  readonly seed: number;
}

/** Bounds that are kept inside QuickJS, so that the module sees an exception at the line that is too much. */
export interface Bounds {
  readonly decisionsPerCall: number;
  readonly logLinesPerCall: number;
  readonly logTextChars: number;
  readonly stateChars: number;
}

/** One thing to do inside QuickJS. `at` is what its clock shows, `budgetMs` the processor time it may take. */
export type Request = { readonly at: number; readonly budgetMs: number } & (
  | { readonly type: 'evaluate'; readonly source: string; readonly file: string }
  | { readonly type: 'enter'; readonly input: string }
);

export type Reply =
  | { readonly type: 'ready' }
  | { readonly type: 'returned'; readonly output: string }
  | { readonly type: 'failed'; readonly failure: Failure };

/** threw: by the module's own code. crashed: by the engine, or by ours. After any of the others the worker ends. */
export interface Failure {
  readonly kind: 'threw' | 'timeout' | 'memory' | 'crashed';
  readonly stage: 'compile' | 'execute';
  readonly message: string;
  readonly line: number | null;
  readonly column: number | null;
}

export type PreludeInput = { readonly op: 'metadata' } | CreateInput | CallInput;

/** What create(env) is built from. */
export interface CreateInput {
  readonly op: 'create';
  readonly config: { readonly [name: string]: Json };
  readonly metadata: object;
  readonly events: readonly string[];
  readonly scope: { readonly [provider: string]: readonly string[] };
  readonly state: Json;
  readonly dryRun: boolean;
  readonly account: Account;
}

/** One event for one handler. */
export interface CallInput {
  readonly op: 'call';
  readonly handler: string;
  readonly at: number;
  readonly event: Envelope;
  /** Arguments after context, event and payload. */
  readonly extra: readonly Json[];
  /** Present when the event changed it. */
  readonly account: Account | null;
}

/** Upstream's event envelope. */
export interface Envelope {
  readonly eventId: string;
  readonly routingVersion: number;
  readonly provider: string;
  readonly symbol: string;
  readonly type: string;
  readonly seqProvider: number;
  readonly ingestTs: string;
  readonly emitTs: string;
  readonly payload: unknown;
}

/** What a module may know of its own orders: `openOrders()` and `position()`. */
export interface Account {
  readonly orders: readonly OpenOrder[];
  readonly positions: readonly Position[];
}

/** An order of this instance that may still work. */
export interface OpenOrder {
  /** Null for an order of an earlier incarnation. */
  readonly ref: string | null;
  /** Null until the first report about it. */
  readonly clientOrderId: string | null;
  readonly provider: string;
  readonly symbol: string;
  readonly side: 'Buy' | 'Sell';
  readonly orderType: OrderType;
  readonly quantity: string;
  readonly price: string | null;
  /** Of Stop and StopLimit, else null. */
  readonly stopPrice: string | null;
  readonly filledQuantity: string;
  readonly state: 'PENDING' | 'ACK' | 'PARTIAL';
  /** The module asked to cancel it. */
  readonly cancelling: boolean;
}

/** Base quantity bought minus sold by the instance. Decimal text, negative when short. */
export interface Position {
  readonly provider: string;
  readonly symbol: string;
  readonly quantity: string;
}
