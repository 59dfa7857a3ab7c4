// Which executions an order has taken, so that each is taken once, in whatever state it comes.
import { add, type Decimal, format, mul, parse } from '../market/decimal.ts';
import type { Execution } from '../market/execution.ts';

/**
 * Executions an order remembers by key. Beyond it the oldest are forgotten and the venue's own count decides whether
 * an unknown key is new; the unique key of the executions table holds in either case.
 */
export const EXECUTIONS_REMEMBERED = 1_000;

/** New executions taken from one answer: three effects each. What is left is taken from the next answer. */
export const EXECUTIONS_PER_ANSWER = 256;

/** What an order keeps of its executions. */
export interface Fills {
  /** `tradeId:venueOrderId=quantity@price`, oldest first: a self-trade shares the trade id, never both. */
  readonly executions: readonly string[];
  readonly forgotten: number;
  /** Σ quantity and Σ quantity × price of everything taken. */
  readonly filled: string;
  readonly filledQuote: string;
}

/** An execution that was new, and the sums with it. */
export interface FreshFill {
  readonly execution: Execution;
  readonly filled: Decimal;
  readonly filledQuote: Decimal;
}

export interface TakenFills {
  readonly fills: Fills;
  readonly filled: Decimal;
  readonly fresh: readonly FreshFill[];
  /** Executions whose key is known with other data: not taken. */
  readonly conflicting: readonly Execution[];
}

export const NO_FILLS: Fills = { executions: [], forgotten: 0, filled: '0', filledQuote: '0' };

/** `venueFilled` is the venue's own cumulative count, of which these executions are a part. */
export function takeFills(fills: Fills, offered: readonly Execution[], venueFilled: Decimal): TakenFills {
  let filled = parse(fills.filled);
  if (offered.length === 0) return { fills, filled, fresh: [], conflicting: [] };
  let filledQuote = parse(fills.filledQuote);
  const fresh: FreshFill[] = [];
  const conflicting: Execution[] = [];
  const executions = [...fills.executions];
  for (const execution of offered) {
    const quantity = parse(execution.quantity);
    const price = parse(execution.price);
    const key = `${execution.tradeId}:${execution.venueOrderId}=`;
    const entry = `${key}${format(quantity)}@${format(price)}`;
    const known = executions.find((one) => one.startsWith(key));
    if (known !== undefined) {
      if (known !== entry) conflicting.push(execution);
      continue;
    }
    if (fills.forgotten > 0 && add(filled, quantity) > venueFilled) continue;
    if (fresh.length === EXECUTIONS_PER_ANSWER) break;
    filled = add(filled, quantity);
    filledQuote = add(filledQuote, mul(quantity, price));
    executions.push(entry);
    fresh.push({ execution, filled, filledQuote });
  }
  if (fresh.length === 0) return { fills, filled, fresh, conflicting };
  const surplus = Math.max(executions.length - EXECUTIONS_REMEMBERED, 0);
  const kept = {
    executions: surplus === 0 ? executions : executions.slice(surplus),
    forgotten: fills.forgotten + surplus,
    filled: format(filled),
    filledQuote: format(filledQuote),
  };
  return { fills: kept, filled, fresh, conflicting };
}
