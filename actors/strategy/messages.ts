// What a strategy instance hears (`strategy/<instanceId>`), and the commands it gives. Its module runs in the sandbox,
// never in a transition: what it decides arrives here as a message.
import type { OrderType, Side, TimeInForce } from '../market/execution.ts';
import type { Instrument } from '../market/instrument.ts';
import type { ExecReport } from '../order/messages.ts';
import type { RiskControl } from '../risk/messages.ts';
import type { Command } from '../runtime/effect.ts';
import type { ActorKey, Json } from '../runtime/message.ts';

export interface StrategyInput {
  readonly instanceId: string;
  /** Module name and the sha256 of its source: the instance stays pinned to it. */
  readonly strategy: string;
  readonly revision: string;
  readonly config: { readonly [key: string]: Json };
  readonly scope: Scope;
  readonly riskScope: string;
  /** First characters of every client order id of this instance; letters and digits, unique for ever. */
  readonly orderPrefix: string;
}
export type Scope = { readonly [provider: string]: { readonly symbols: readonly string[] } };

// `sandbox` numbers the sandboxes an instance asked for: a decision or answer of an earlier one counts no more.
export type StrategyMessage =
  // from an operator, configuration or the supervisor
  | { readonly type: 'Start' }
  | { readonly type: 'Stop' }
  | {
      readonly type: 'Configure';
      readonly revision: string;
      readonly config: StrategyInput['config'];
      readonly scope: Scope;
    }
  | { readonly type: 'NodeStarted' }
  // from providers it watches
  | {
      readonly type: 'ProviderReady';
      readonly provider: string;
      readonly venue: string;
      readonly account: string;
      readonly fenceMarginMs: number;
      readonly recvWindowMs: number;
      readonly amends: 'none' | 'reduce' | 'full';
      readonly orderTypes: readonly OrderType[];
      readonly instruments: readonly Instrument[];
    }
  | { readonly type: 'ProviderLost'; readonly provider: string; readonly reason: string }
  // answers of its effects
  /** `events`: what the module says it wants to hear. */
  | { readonly type: 'SandboxStarted'; readonly sandbox: number; readonly events: readonly string[] }
  | { readonly type: 'SandboxFailed'; readonly sandbox: number; readonly reason: string; readonly retryable: boolean }
  | { readonly type: 'SandboxStopped'; readonly sandbox: number }
  // decisions of the module, in call order
  | PlaceOrder
  | PlacePair
  | AmendOrder
  | {
      readonly type: 'CancelOrder';
      readonly sandbox: number;
      readonly clientOrderId: string | null;
      readonly ref: string | null;
    }
  /** Every open order, or those of one provider or symbol. */
  | {
      readonly type: 'CancelOrders';
      readonly sandbox: number;
      readonly provider: string | null;
      readonly symbol: string | null;
    }
  | { readonly type: 'SaveState'; readonly sandbox: number; readonly state: Json }
  | {
      readonly type: 'ModuleFaulted';
      readonly sandbox: number;
      readonly handler: string;
      readonly reason: string;
      readonly fatal: boolean;
    }
  // from the bus
  | ExecReport
  | RiskControl;

/** One order as a module wants it. */
export interface OrderWish {
  /** The module's own name for it, counted anew by every sandbox. */
  readonly ref: string;
  readonly provider: string;
  readonly symbol: string;
  readonly side: Side;
  readonly orderType: OrderType;
  readonly quantity: string;
  readonly price: string | null;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  /** Of Stop and StopLimit, else null. */
  readonly stopPrice: string | null;
  /** Of GTD, else null. */
  readonly goodTillAt: number | null;
}

export interface PlaceOrder extends OrderWish {
  readonly type: 'PlaceOrder';
  readonly sandbox: number;
  /** Ref or client order id of an open order: whichever of the two fills or ends first cancels the other. */
  readonly linkedTo: string | null;
}

/** Two orders of which the first that fills or ends cancels the other: both are made, in one turn, or neither. */
export interface PlacePair {
  readonly type: 'PlacePair';
  readonly sandbox: number;
  readonly orders: readonly [OrderWish, OrderWish];
}

/** An open order shall have these terms, amended at the venue or canceled and placed anew; null leaves one as it is. */
export interface AmendOrder {
  readonly type: 'AmendOrder';
  readonly sandbox: number;
  readonly clientOrderId: string | null;
  readonly ref: string | null;
  readonly quantity: string | null;
  readonly price: string | null;
}

/** An order of this instance that may still work. */
export interface OwnOrder {
  /** Null for an order of an earlier sandbox. */
  readonly ref: string | null;
  readonly clientOrderId: string;
  readonly provider: string;
  readonly symbol: string;
  readonly side: Side;
  readonly orderType: OrderType;
  readonly quantity: string;
  readonly price: string | null;
  readonly stopPrice: string | null;
  readonly filledQuantity: string;
  readonly state: 'PENDING' | 'ACK' | 'PARTIAL';
  readonly cancelling: boolean;
  /** It is one of a pair. */
  readonly linked: boolean;
  /** Terms last asked for, and the id of the order that takes its place where the venue cannot amend it. */
  readonly replacement: Replacement | null;
}
export interface Replacement {
  readonly clientOrderId: string;
  readonly quantity: string;
  readonly price: string | null;
}
/** As a module is shown it. */
export type ShownOrder = Omit<OwnOrder, 'linked' | 'replacement'>;
/** Base quantity the instance bought minus what it sold. */
export interface OwnPosition {
  readonly provider: string;
  readonly symbol: string;
  readonly quantity: string;
}

/** New terms, or a cancel, came to nothing: the order stands as it did. */
export interface ChangeRefused<Type extends 'AmendRefused' | 'CancelRefused'> {
  readonly type: Type;
  readonly ref: string | null;
  readonly clientOrderId: string;
  readonly provider: string;
  readonly symbol: string;
  readonly strategyInstance: string;
  readonly reason: string;
  readonly timestamp: number;
}

export type AmendRefused = ChangeRefused<'AmendRefused'>;
export type CancelRefused = ChangeRefused<'CancelRefused'>;

/** What a running module is told besides market data. */
export type SandboxEvent =
  | (ExecReport & { readonly ref: string | null })
  | AmendRefused
  | CancelRefused
  | RiskControl
  /** Whether orders can be placed with a provider: payload `{ kind: 'trading', active, reason }`. */
  | {
      readonly type: 'Extension';
      readonly provider: string;
      readonly symbol: string;
      readonly payload: Json;
      readonly timestamp: number;
    };

/** Arguments of its commands (performed by effects.ts after the commit). All may be repeated. */
export type StrategyCommand =
  | Command<'startSandbox', StartSandbox>
  | Command<'stopSandbox', SandboxRef>
  | Command<'notifySandbox', NotifySandbox>;

export interface SandboxRef {
  readonly instanceId: string;
  readonly sandbox: number;
}
export interface StartSandbox extends SandboxRef {
  readonly strategy: string;
  readonly revision: string;
  readonly config: StrategyInput['config'];
  readonly scope: Scope;
  readonly state: Json;
  readonly account: { readonly orders: readonly ShownOrder[]; readonly positions: readonly OwnPosition[] };
  readonly startedAt: number;
}
export interface NotifySandbox extends SandboxRef {
  readonly event: SandboxEvent;
}

export function strategyKey(instanceId: string): ActorKey<'strategy'> {
  return `strategy/${instanceId}`;
}
