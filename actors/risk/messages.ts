// What risk hears. One actor per account scope (`risk/<scope>`): serialised, so two strategies cannot race the limits.
import type { OrderType, Side } from '../market/execution.ts';
import type { ActorKey } from '../runtime/message.ts';

export interface RiskLimits {
  /** Base quantity one position may reach, worst case with everything working. "0" = no limit. */
  readonly maxPositionSize: string;
  readonly maxNotionalValue: string;
  readonly notionalCurrency: string;
  /** Orders per second and burst; an order over it is denied, never delayed. 0 = no limit. */
  readonly orderThrottle: number;
  readonly orderBurst: number;
  readonly maxConcurrentOrders: number;
  /** Distance from the reference price, percent as decimal text. "0" = no band. */
  readonly priceBandPercent: string;
  readonly allowedOrderTypes: readonly OrderType[];
  readonly killSwitchEnabled: boolean;
  readonly maxRiskBreaches: number;
}
export interface RiskInput {
  readonly scope: string;
  readonly limits: RiskLimits;
}

export type RiskMessage =
  // from orders
  | {
      readonly type: 'ReserveRequested';
      readonly clientOrderId: string;
      readonly provider: string;
      readonly symbol: string;
      readonly side: Side;
      readonly orderType: OrderType;
      readonly quantity: string;
      readonly price: string | null;
      /** Of Stop and StopLimit, else null. */
      readonly stopPrice: string | null;
      readonly strategyInstance: string;
    }
  /** A fill was applied: worth of position moves from the reservation, if there still is one, to the position. */
  | {
      readonly type: 'ExposureFilled';
      readonly clientOrderId: string;
      readonly provider: string;
      readonly account: string;
      readonly strategyInstance: string;
      readonly symbol: string;
      readonly side: Side;
      readonly quantity: string;
      readonly price: string;
      readonly fee: string | null;
      readonly feeAsset: string | null;
      /** `bust` takes an earlier fill back: the opposite of it at the same price and fee. */
      readonly kind: 'fill' | 'bust';
      /** Posting of its ledger lines: what profit it made is booked under it. */
      readonly posting: string;
    }
  /** The venue told the fee of a fill at last. */
  | {
      readonly type: 'FeeLearned';
      readonly provider: string;
      readonly account: string;
      readonly strategyInstance: string;
      readonly symbol: string;
      readonly fee: string;
      readonly feeAsset: string;
    }
  /** An open order asks for other terms: judged like a new order that has `quantity` left at `price`. */
  | {
      readonly type: 'AmendRequested';
      readonly clientOrderId: string;
      readonly provider: string;
      readonly symbol: string;
      readonly side: Side;
      readonly orderType: OrderType;
      readonly quantity: string;
      readonly price: string | null;
      readonly strategyInstance: string;
    }
  /** How much of an order is left to fill, whatever was reserved for it: after an amend is decided. */
  | {
      readonly type: 'ReservationAmended';
      readonly clientOrderId: string;
      readonly provider: string;
      readonly symbol: string;
      readonly quantity: string;
    }
  /** Something at the venue is not as we know it: only orders that reduce the position pass. Null: all symbols. */
  | {
      readonly type: 'RestrictTrading';
      readonly provider: string;
      readonly symbol: string | null;
      readonly reason: string;
    }
  /** Only a named person lifts it. */
  | {
      readonly type: 'LiftRestriction';
      readonly provider: string;
      readonly symbol: string | null;
      readonly by: string;
    }
  /** The outcome is known and nothing of it works any more. */
  | {
      readonly type: 'ReservationReleased';
      readonly clientOrderId: string;
      readonly provider: string;
      readonly symbol: string;
    }
  /** The venue has an order that was believed gone: `quantity` works again, whatever the limits say. */
  | {
      readonly type: 'ReservationRestored';
      readonly clientOrderId: string;
      readonly provider: string;
      readonly symbol: string;
      readonly side: Side;
      readonly quantity: string;
      readonly price: string | null;
    }
  // from the provider: reference prices, at a bounded rate, repeated at least every 20 s while they hold still
  | { readonly type: 'ReferencePriceMoved'; readonly provider: string; readonly symbol: string; readonly price: string }
  // from an operator or configuration
  | { readonly type: 'SetLimits'; readonly limits: RiskLimits }
  | { readonly type: 'EngageKillSwitch'; readonly reason: string }
  /** Only a named person clears it; it never clears itself. */
  | { readonly type: 'ReleaseKillSwitch'; readonly by: string };

/** Published on the bus under topic `risk/<scope>`: upstream's RiskControl. */
export interface RiskControl {
  readonly type: 'RiskControl';
  readonly strategyId: string;
  readonly provider: string;
  readonly symbol: string;
  readonly status: 'TRIGGERED' | 'CLEARED';
  readonly reason: string;
  readonly breachType: string;
  readonly killSwitchEngaged: boolean;
  readonly circuitBreakerOpen: boolean;
  readonly timestamp: number;
}

export function riskKey(scope: string): ActorKey<'risk'> {
  return `risk/${scope}`;
}
