// What the crash tests and the gateway they kill say to each other.
import type { ActorKey, Message } from '../../actors/runtime/message.ts';

/** Everything a gateway process is told before it starts. */
export interface Plan {
  readonly database: string;
  readonly venue: { readonly restUrl: string; readonly streamUrl: string; readonly wsApiUrl: string };
  readonly keys: { readonly apiKey: string; readonly apiSecret: string };
  /** Beside the instance that takes the parent's commands. */
  readonly marketMaker: boolean;
  readonly leaseMs: number;
  readonly idBlock: number;
  readonly recvWindowMs: number;
  readonly crash: CrashPlan | null;
  /** The order actor that sends again after a crash instead of asking. */
  readonly resends: boolean;
}

/** A point of the runtime, or one of an effect: `afterEffect order.submitOrder`. */
export interface CrashPlan {
  readonly point: string;
  /** The process dies at this visit. */
  readonly visit: number;
  /** True: a moment later, when what was begun there is on its way. */
  readonly late: boolean;
}

/** `sandbox` is filled in by the gateway: the parent does not know which one counts. */
export interface Command {
  readonly id: string;
  readonly to: ActorKey;
  readonly message: Message;
}

export type ToGateway =
  | { readonly type: 'begin'; readonly plan: Plan }
  | { readonly type: 'command'; readonly command: Command }
  | { readonly type: 'stop' };

export type FromGateway =
  /** Recovered, and listening. */
  | { readonly type: 'recovered'; readonly url: string; readonly actors: number; readonly quarantined: number }
  /** Its strategies run. */
  | { readonly type: 'ready' }
  /** Said after the commit. `orderId`: of the order it placed, if that is still open. */
  | { readonly type: 'acked'; readonly id: string; readonly outcome: string; readonly orderId: string | null }
  | { readonly type: 'refused'; readonly id: string; readonly error: string }
  /** The runtime stopped by itself; the process ends with FAILED_EXIT. */
  | { readonly type: 'failed'; readonly error: string };

export const FAILED_EXIT = 7;
export const TOKEN = 'the-token-of-the-crash-tests-000000';
/** The instance that takes the parent's commands. */
export const LOAD = 'load-1';
export const MARKET_MAKER = 'mm-1';
