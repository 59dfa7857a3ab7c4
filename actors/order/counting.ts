// What the venue counts as filled, against the executions that were taken.
import { add, type Decimal, div, max, parse, sub } from '../market/decimal.ts';
import type { ExecutionRef, VenueOrder } from '../market/execution.ts';
import { ALARM_AFTER_ASKS, INFER_AFTER_ASKS, type OrderContext } from './facts.ts';
import { inferFill, isInferred, type TakenFills, takeFills, unshown } from './fills.ts';
import type { VenueWord } from './venue-word.ts';

export interface FillsAfter {
  readonly taken: TakenFills;
  readonly venueFilled: Decimal;
  /** Asked for missing executions, answered without one. */
  readonly fruitless: boolean;
}

export function fillsAfter(context: OrderContext, word: VenueWord, at: number): FillsAfter {
  const isBusted = word.busted.length > 0;
  const said = venueCount(word.order, context.busted !== null || isBusted);
  const counted = max(parse(context.venueFilled), said);
  const taken = takeFills(context, { ...word, venueFilled: counted });
  // 1. A bust lowers the count itself: the venue's last word on it holds.
  if (isBusted) return { taken, venueFilled: max(said, taken.filled), fruitless: false };
  const missing = sub(counted, taken.filled);
  // 2. What stood for executions nobody showed gave way to a real one: the rest of it stands on.
  const displaced = taken.undone.find(({ execution }) => isInferred(execution));
  if (displaced !== undefined && missing > 0n) {
    const price = parse(displaced.execution.price);
    return {
      taken: inferFill(taken, missing, price, displaced.execution.venueOrderId, at),
      venueFilled: counted,
      fruitless: false,
    };
  }
  const isKnown = context.acknowledgedAt !== null && context.completedAt === null;
  const fruitless = word.isAnswer && isKnown && taken.fresh.length === 0 && missing > 0n;
  const asks = context.asks + 1;
  // 3. Asked again and again the venue counts no more than we have: it was a count of executions that were taken back.
  if (fruitless && parse(word.order.filledQuantity) <= taken.filled && asks >= ALARM_AFTER_ASKS)
    return { taken, venueFilled: taken.filled, fruitless };
  // 4. It counts more than it ever shows: the position must be right, the execution is inferred and flagged.
  const price =
    fruitless && said === counted && asks >= INFER_AFTER_ASKS ? inferredPrice(context, word.order, missing) : null;
  if (price === null) return { taken, venueFilled: counted, fruitless };
  const inferred = inferFill(taken, missing, price, context.venueOrderId ?? word.order.venueOrderId, at);
  return { taken: inferred, venueFilled: counted, fruitless: false };
}

/** What the missing part cost by the venue's own sum, else the order's price; null where neither is known. */
function inferredPrice({ filledQuote, price }: OrderContext, { filledQuote: said }: VenueOrder, missing: Decimal) {
  const cost = said === undefined ? 0n : sub(parse(said), parse(filledQuote));
  if (cost > 0n) return div(cost, missing, 'halfEven');
  return price === null ? null : parse(price);
}

/**
 * The executions a whole and new answer about an open order does not show any more: taken back while nobody listened,
 * if the next answers say the same. A copy that lags behind is older than the word that brought them.
 */
export function deniedBy(context: OrderContext, { order, executions, isAnswer }: VenueWord): readonly ExecutionRef[] {
  if (!isAnswer || context.completedAt !== null || order.updatedAt < context.wordAt) return [];
  const count = parse(order.filledQuantity);
  if (count >= parse(context.filled)) return [];
  const shown = executions.reduce((sum, { quantity }) => add(sum, parse(quantity)), 0n);
  return shown === count ? unshown(context, executions) : [];
}

/**
 * A filled order counts as filled whole: some venues report it with a count that lags behind. Not where an execution
 * was taken back: then its count is what it says.
 */
function venueCount(order: VenueOrder, isBusted: boolean): Decimal {
  const counted = parse(order.filledQuantity);
  return order.status === 'filled' && !isBusted ? max(counted, parse(order.quantity)) : counted;
}
