// What a venue's raw orders and reports say beyond ccxt's unified words.
import type { Execution, ExecutionRef, OrderType } from '../../market/execution.ts';

export interface Raw {
  readonly [name: string]: unknown;
}

export interface OrderExtras {
  readonly orderType?: OrderType;
  /** Not at work yet: its stop price is waited for. */
  readonly parked?: boolean;
  /** Σ price × quantity, where the venue itself says it and not ccxt from an average. */
  readonly filledQuote?: unknown;
}

export interface Bust {
  readonly busted: ExecutionRef;
  /** What stands in its place. */
  readonly execution: Execution | null;
}
