// What a venue's amounts, times and texts must be to be read at all. A number that no column, ledger line or clock
// can hold is refused at the border: further in it would end a turn, or a commit, instead of one message.
import { z } from 'zod';
import { add, format, mul, ONE, parse, ZERO } from '../../market/decimal.ts';
import type { Execution } from '../../market/execution.ts';
import { Unreadable } from './read-as.ts';

/** No amount of 20 digits and 18 places is longer. Longer texts are not looked at: reading them takes time. */
export const AMOUNT_CHARS = 64;
/** The end of year 9999, in ms: what dates and the database hold. */
export const TIME_MAX = 253_402_300_799_999;
/** Names, ids and words of a venue; theirs have at most 36 characters, and 64 in hex. */
export const TEXT_CHARS = 128;
/** Of longer words the beginning is kept: they only explain. */
const REASON_CHARS = 300;
/** A line of the ledger has 20 digits before the point. */
const VALUE_MAX = 10n ** 20n * ONE;

/** Null for more digits than an amount can have, or none. */
function amountIn(text: string): string | null {
  try {
    return format(parse(text));
  } catch {
    return null;
  }
}

export const signedAmount = z
  .string()
  .max(AMOUNT_CHARS)
  .transform((text, context) => {
    const amount = amountIn(text);
    if (amount !== null) return amount;
    context.addIssue({ code: 'custom', message: 'not a decimal that can be kept' });
    return z.NEVER;
  });
export const amount = signedAmount.refine((text) => !text.startsWith('-'), 'less than nothing');
export const positiveAmount = amount.refine((text) => text !== '0', 'nothing');
export const time = z.int().nonnegative().max(TIME_MAX);
export const text = z.string().min(1).max(TEXT_CHARS);
export const reason = z.string().transform((words) => words.slice(0, REASON_CHARS));

/** Each fits alone, but the books hold their product. */
export function expectValue(what: string, quantity: string, price: string | null): void {
  if (price === null || mul(parse(quantity), parse(price)) < VALUE_MAX) return;
  throw new Unreadable(`${what}: ${quantity} at ${price} is more than books can hold`);
}

/** No fill is larger than all fills of its order by the same word. */
export function expectWithin(what: string, executions: readonly Execution[], filledQuantity: string): void {
  for (const { quantity, price } of executions) expectValue(what, quantity, price);
  const sum = executions.reduce((total, { quantity }) => add(total, parse(quantity)), ZERO);
  if (sum > parse(filledQuantity)) {
    throw new Unreadable(`${what}: fills of ${format(sum)} in an order that is filled for ${filledQuantity}`);
  }
}
