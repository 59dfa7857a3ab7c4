// What an order hears. Public: the strategy's and operator's commands. Private: answers of risk, provider
// and of its own effects, and what the venue reports.
import type { Execution, ExecutionRef, OrderType, Side, TimeInForce, VenueOrder } from '../market/execution.ts';
import type { ActorKey } from '../runtime/message.ts';

/** Written once, when the strategy decides. Price and quantity are on tick and lot already. */
export interface OrderInput {
  readonly clientOrderId: string;
  readonly provider: string;
  readonly venue: string;
  readonly account: string;
  readonly symbol: string;
  readonly side: Side;
  readonly orderType: OrderType;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly quantity: string;
  readonly price: string | null;
  /** Of Stop and StopLimit, else null. */
  readonly stopPrice: string | null;
  /** Quantity and price as asked for, before rounding. */
  readonly asked: { readonly quantity: string; readonly price: string | null };
  /** Of GTD: the order is canceled then; else null. */
  readonly goodTillAt: number | null;
  /** What the venue can change of an open order; beyond it an amend is a cancel and a new order. */
  readonly amends: 'none' | 'reduce' | 'full';
  /** The other order of a pair (one cancels the other): its client order id. */
  readonly linkedTo: string | null;
  /** The order this one takes the place of. */
  readonly replaces: string | null;
  /** Found at the venue, placed by somebody else: it is never submitted. `clientOrderId` is then ours alone. */
  readonly external: { readonly clientOrderId: string; readonly venueOrderId: string } | null;
  readonly strategyInstance: string;
  /** Scope of the risk actor that must grant it: `risk/<scope>`. */
  readonly riskScope: string;
  readonly placedAt: number;
  /** How long the venue may take the request: the deadline is signedAt + this. 0: the venue has no deadline. */
  readonly recvWindowMs: number;
  /** deadline + this = fence: only an answer asked for after it proves absence. */
  readonly fenceMarginMs: number;
}

export type OrderMessage =
  // from the strategy or an operator
  | { readonly type: 'CancelOrder'; readonly reason: string }
  /** `replacement` is the id of the order that takes its place where the venue cannot amend; unused ids are lost. */
  | {
      readonly type: 'AmendOrder';
      readonly quantity: string;
      /** Null leaves it as it is. */
      readonly price: string | null;
      readonly replacement: string;
      readonly reason: string;
    }
  /** The other order of its pair, placed after it. Where this one has filled or ended already, that one is canceled. */
  | { readonly type: 'LinkOrder'; readonly linkedTo: string }
  /** An operator has seen at the venue that it never had the order: the only end of a doubt without a deadline. */
  | { readonly type: 'DeclareAbsent'; readonly by: string; readonly reason: string }
  // from risk
  | { readonly type: 'ReservationGranted' }
  | { readonly type: 'ReservationDenied'; readonly code: string; readonly reason: string }
  | { readonly type: 'AmendGranted' }
  | { readonly type: 'AmendDenied'; readonly code: string; readonly reason: string }
  // from the provider: the claim, and its refusal
  | { readonly type: 'SubmitGranted' }
  | { readonly type: 'SubmitRefused'; readonly reason: string }
  // answers of its effects
  | { readonly type: 'SubmitAcked'; readonly order: VenueOrder; readonly executions: readonly Execution[] }
  | { readonly type: 'SubmitRejected'; readonly code: string; readonly reason: string }
  | { readonly type: 'SubmitNotSent'; readonly reason: string }
  | { readonly type: 'SubmitUnknown'; readonly reason: string }
  | { readonly type: 'SubmitInterrupted' }
  | { readonly type: 'CancelAcked'; readonly order: VenueOrder }
  | { readonly type: 'CancelRejected'; readonly code: string; readonly reason: string }
  | { readonly type: 'CancelUnknown'; readonly reason: string }
  | { readonly type: 'AmendAcked'; readonly order: VenueOrder }
  | { readonly type: 'AmendRejected'; readonly code: string; readonly reason: string }
  | { readonly type: 'AmendUnknown'; readonly reason: string }
  | { readonly type: 'OrderFound'; readonly order: VenueOrder; readonly executions: readonly Execution[] }
  | { readonly type: 'OrderNotFound'; readonly askedAt: number }
  | { readonly type: 'QueryFailed'; readonly reason: string }
  // from the venue's user stream
  | {
      readonly type: 'OrderReported';
      readonly order: VenueOrder;
      readonly execution: Execution | null;
      /** Taken back by the venue; with `execution` corrected by that one. */
      readonly busted?: ExecutionRef;
      readonly reason: string | null;
    }
  // from the provider after every (re)connect: ask again about everything that is not final
  | { readonly type: 'ReconcileRequested' };

/** Arguments of the order's commands (performed by effects.ts after the commit). */
export type OrderCommand =
  | { readonly type: 'command'; readonly name: 'submitOrder'; readonly args: SubmitArgs }
  | { readonly type: 'command'; readonly name: 'cancelOrder'; readonly args: VenueRef }
  | { readonly type: 'command'; readonly name: 'amendOrder'; readonly args: AmendArgs }
  | { readonly type: 'command'; readonly name: 'queryOrder'; readonly args: QueryArgs };

export interface VenueRef {
  readonly provider: string;
  /** Of an order placed by somebody else: the venue's own id means it whatever its client order id. */
  readonly venueOrderId?: string;
  /** By which the venue knows it. */
  readonly clientOrderId: string;
  readonly symbol: string;
}
export interface QueryArgs extends VenueRef {
  /** Absent where nothing was sent. */
  readonly signedAt?: number;
}
export interface AmendArgs extends VenueRef {
  readonly quantity: string;
  readonly price: string | null;
}
export interface SubmitArgs extends VenueRef {
  readonly side: Side;
  readonly orderType: OrderType;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly quantity: string;
  readonly price: string | null;
  readonly stopPrice: string | null;
  readonly signedAt: number;
  readonly deadlineAt: number;
}

/** Upstream's ExecReport, published on the bus under topic `orders/<strategyInstance>`. */
export interface ExecReport {
  readonly type: 'ExecReport';
  readonly clientOrderId: string;
  readonly exchangeOrderId: string | null;
  readonly provider: string;
  readonly symbol: string;
  readonly strategyInstance: string;
  readonly state: 'ACK' | 'PARTIAL' | 'FILLED' | 'CANCELLED' | 'REJECTED' | 'EXPIRED';
  readonly side: Side;
  readonly orderType: OrderType;
  readonly price: string | null;
  readonly quantity: string;
  /** Cumulative. */
  readonly filledQuantity: string;
  readonly remainingQty: string;
  readonly avgFillPrice: string | null;
  /** Of the fill that caused the report. */
  readonly lastQuantity: string | null;
  readonly lastPrice: string | null;
  readonly commissionAmount: string | null;
  readonly commissionAsset: string | null;
  readonly timestamp: number;
  readonly rejectReason: string | null;
  /** Of an order that goes on with a reason: its cancel was refused, not its amend. */
  readonly refused?: 'cancel';
  /** In the report of its end: the order that was spawned in the same turn to take its place. */
  readonly replacedBy?: string;
}

/** The reply to CancelOrder, AmendOrder and DeclareAbsent. Not accepted: `state` and `detail` say why. */
export interface OrderAnswer {
  readonly accepted: boolean;
  readonly state: string;
  readonly detail: string;
}

export function orderKey(clientOrderId: string): ActorKey<'order'> {
  return `order/${clientOrderId}`;
}
