// Which executions an order has taken, so that each is taken once, in whatever state it comes, and taken back once.
import { add, type Decimal, format, mul, parse, sub } from '../market/decimal.ts';
import type { Execution, ExecutionRef } from '../market/execution.ts';

/**
 * Executions an order remembers by key. Beyond it the oldest are forgotten and the venue's own count decides whether
 * an unknown key is new; the unique key of the executions table holds in either case.
 */
export const EXECUTIONS_REMEMBERED = 1_000;
export const BUSTS_REMEMBERED = 100;

/** New executions taken from one answer: a dozen effects each. What is left is taken from the next answer. */
export const EXECUTIONS_PER_ANSWER = 256;

/** What an order keeps of its executions. */
export interface Fills {
  /**
   * `tradeId:venueOrderId=quantity@price~fee asset`, oldest first: a self-trade shares the trade id, never both.
   * Without `~` the venue has not said what it charged.
   */
  readonly executions: readonly string[];
  readonly forgotten: number;
  /** `tradeId:venueOrderId` of those the venue took back, whether they had come here or not; null for none. */
  readonly busted: readonly string[] | null;
  /** How many were inferred: the number in the trade id of the next. */
  readonly inferred: number;
  /** Σ quantity and Σ quantity × price of everything taken. */
  readonly filled: string;
  readonly filledQuote: string;
}

/** What is booked of an execution. */
export type Fill = Pick<Execution, 'tradeId' | 'venueOrderId' | 'quantity' | 'price' | 'fee' | 'feeAsset'>;

/** An execution that was new, and the sums with it. */
export interface FreshFill {
  readonly execution: Execution;
  readonly filled: Decimal;
  readonly filledQuote: Decimal;
}

/** An execution that does not count any more, and the sums without it. */
export interface UndoneFill {
  readonly execution: Fill;
  readonly filled: Decimal;
  readonly filledQuote: Decimal;
}

export interface TakenFills {
  readonly fills: Fills;
  readonly filled: Decimal;
  /** Undone before the fresh ones were taken. */
  readonly undone: readonly UndoneFill[];
  readonly fresh: readonly FreshFill[];
  /** Known executions whose fee was not, until this one told it. */
  readonly charged: readonly Execution[];
  /** Executions whose key is known with other data: not taken. */
  readonly conflicting: readonly Execution[];
}

export interface Offer {
  readonly executions: readonly Execution[];
  readonly busted: readonly ExecutionRef[];
  /** The venue's own cumulative count, of which these executions are a part. */
  readonly venueFilled: Decimal;
}

export const NO_FILLS: Fills = {
  executions: [],
  forgotten: 0,
  busted: null,
  inferred: 0,
  filled: '0',
  filledQuote: '0',
};

/** A copy that is changed while an offer is taken. */
interface Working {
  executions: string[];
  busted: readonly string[] | null;
  filled: Decimal;
  filledQuote: Decimal;
}

export function takeFills(fills: Fills, { executions, busted, venueFilled }: Offer): TakenFills {
  const nothing = { undone: [], fresh: [], charged: [], conflicting: [] };
  if (executions.length === 0 && busted.length === 0) return { fills, filled: parse(fills.filled), ...nothing };
  const working = workingCopy(fills);
  const undone: UndoneFill[] = [];
  const fresh: FreshFill[] = [];
  const charged: Execution[] = [];
  const conflicting: Execution[] = [];
  for (const ref of busted) bust(working, ref, undone);
  for (const execution of inTurn(fills, working, executions, venueFilled)) {
    const key = keyOf(execution);
    const at = working.executions.findIndex((one) => one.startsWith(`${key}=`));
    if (at >= 0) {
      const known = readEntry(working.executions[at] as string);
      if (!isSame(known, execution)) conflicting.push(execution);
      else if (known.fee === null && execution.fee !== null) {
        working.executions[at] = entryOf(execution);
        charged.push(execution);
      }
      continue;
    }
    if (working.busted?.includes(key) === true) continue;
    if (fresh.length === EXECUTIONS_PER_ANSWER) break;
    displaceInferred(working, undone);
    fresh.push(take(working, execution));
  }
  if (undone.length + fresh.length + charged.length === 0 && working.busted === fills.busted) {
    return { fills, filled: working.filled, undone, fresh, charged, conflicting };
  }
  return { fills: kept(fills, working), filled: working.filled, undone, fresh, charged, conflicting };
}

/**
 * As they came, but for those that are forgotten: where some are, an unknown key is new only as far as the venue counts
 * more than was taken, the newest first, because the oldest are the ones that were forgotten.
 */
function inTurn(
  { forgotten }: Fills,
  { executions: known, filled }: Working,
  offered: readonly Execution[],
  venueFilled: Decimal,
): readonly Execution[] {
  if (forgotten === 0) return offered;
  let room = sub(venueFilled, filled);
  const isOld = new Set<Execution>();
  for (const execution of offered.toSorted((a, b) => b.tradedAt - a.tradedAt)) {
    if (known.some((one) => one.startsWith(`${keyOf(execution)}=`))) continue;
    const after = sub(room, parse(execution.quantity));
    if (after < 0n) isOld.add(execution);
    else room = after;
  }
  return offered.filter((execution) => !isOld.has(execution));
}

/** Of the executions that are remembered those that are not among these. */
export function unshown({ executions }: Fills, shown: readonly ExecutionRef[]): readonly ExecutionRef[] {
  const keys = new Set(shown.map(keyOf));
  return executions.map(readEntry).filter((one) => !isInferred(one) && !keys.has(keyOf(one)));
}

export function isBustKnown({ busted }: Fills, ref: ExecutionRef): boolean {
  return busted?.includes(keyOf(ref)) === true;
}

/** The execution the venue counted and never showed, of everything missing, under an id that follows from it. */
export function inferFill(taken: TakenFills, missing: Decimal, price: Decimal, venueOrderId: string, at: number) {
  const working = workingCopy(taken.fills);
  const inferred = taken.fills.inferred + 1;
  const fill: Execution = {
    tradeId: `${INFERRED}${inferred}`,
    venueOrderId,
    quantity: format(missing),
    price: format(price),
    fee: null,
    feeAsset: null,
    liquidity: null,
    tradedAt: at,
  };
  const fresh = [...taken.fresh, take(working, fill)];
  return { ...taken, fills: { ...kept(taken.fills, working), inferred }, filled: working.filled, fresh };
}

const INFERRED = 'inferred-';

export function isInferred({ tradeId }: ExecutionRef): boolean {
  return tradeId.startsWith(INFERRED);
}

function workingCopy({ executions, busted, filled, filledQuote }: Fills): Working {
  return { executions: [...executions], busted, filled: parse(filled), filledQuote: parse(filledQuote) };
}

function take(working: Working, execution: Execution): FreshFill {
  const quantity = parse(execution.quantity);
  working.filled = add(working.filled, quantity);
  working.filledQuote = add(working.filledQuote, mul(quantity, parse(execution.price)));
  working.executions.push(entryOf(execution));
  return { execution, filled: working.filled, filledQuote: working.filledQuote };
}

/** One that never came here is remembered: when it comes after all, it does not count. */
function bust(working: Working, busted: ExecutionRef, undone: UndoneFill[]): void {
  const key = keyOf(busted);
  if (working.busted?.includes(key) === true) return;
  working.busted = [...(working.busted ?? []), key].slice(-BUSTS_REMEMBERED);
  const at = working.executions.findIndex((one) => one.startsWith(`${key}=`));
  if (at >= 0) undone.push(undo(working, at));
}

/** The real one has come: what stood for it goes, and what it leaves missing is inferred anew. */
function displaceInferred(working: Working, undone: UndoneFill[]): void {
  const at = working.executions.findIndex((one) => one.startsWith(INFERRED));
  if (at >= 0) undone.push(undo(working, at));
}

function undo(working: Working, at: number): UndoneFill {
  const execution = readEntry(working.executions[at] as string);
  const quantity = parse(execution.quantity);
  working.executions.splice(at, 1);
  working.filled = sub(working.filled, quantity);
  working.filledQuote = sub(working.filledQuote, mul(quantity, parse(execution.price)));
  return { execution, filled: working.filled, filledQuote: working.filledQuote };
}

function kept(fills: Fills, { executions, busted, filled, filledQuote }: Working): Fills {
  const surplus = Math.max(executions.length - EXECUTIONS_REMEMBERED, 0);
  return {
    ...fills,
    executions: surplus === 0 ? executions : executions.slice(surplus),
    forgotten: fills.forgotten + surplus,
    busted,
    filled: format(filled),
    filledQuote: format(filledQuote),
  };
}

function keyOf({ tradeId, venueOrderId }: ExecutionRef): string {
  return `${tradeId}:${venueOrderId}`;
}

function entryOf(execution: Fill): string {
  const { fee, feeAsset, quantity, price } = execution;
  const charge = fee === null ? '' : `~${format(parse(fee))} ${feeAsset ?? ''}`;
  return `${keyOf(execution)}=${format(parse(quantity))}@${format(parse(price))}${charge}`;
}

function readEntry(entry: string): Fill {
  const [ref = '', terms = ''] = entry.split('=');
  const [deal = '', charge = ''] = terms.split('~');
  const [tradeId = '', venueOrderId = ''] = ref.split(':');
  const [quantity = '0', price = '0'] = deal.split('@');
  const [fee = '', feeAsset = ''] = charge.split(' ');
  return { tradeId, venueOrderId, quantity, price, fee: fee || null, feeAsset: feeAsset || null };
}

/** A fee nobody has told yet contradicts none. */
function isSame(known: Fill, offered: Fill): boolean {
  const isSameDeal = parse(known.quantity) === parse(offered.quantity) && parse(known.price) === parse(offered.price);
  if (known.fee === null || offered.fee === null) return isSameDeal;
  return isSameDeal && parse(known.fee) === parse(offered.fee) && known.feeAsset === offered.feeAsset;
}
