// Exact decimal amounts: a bigint scaled by 18 places, the same scale as numeric(38,18) in the database.
// Sums, differences and comparisons are bigint's own; what is here is what the scale changes, and the border
// to text. No amount is ever a `number`.

/** An amount times 10^18. */
export type Decimal = bigint;

/** down: towards zero. up: away from zero. halfEven: to the nearest, a tie to the even neighbour. */
export type Rounding = 'down' | 'up' | 'halfEven';

export const PLACES = 18;
export const ONE: Decimal = 10n ** 18n;
export const ZERO: Decimal = 0n;

const INTEGER_DIGITS_MAX = 20;
/** Before it is looked at: what comes from outside may be long. */
const CHARS_MAX = 128;
const TEXT_FORM = /^(-?)(\d+)(?:\.(\d+))?$/;

/**
 * Reads plain decimal notation: `12`, `-0.5`, `1.10`. Throws DECIMAL_INVALID for anything else: exponents,
 * blanks, more than 20 digits before the point or 18 significant ones after it.
 */
export function parse(text: string): Decimal {
  if (text.length > CHARS_MAX) throw invalid(text, `at most ${CHARS_MAX} characters`);
  const [, sign, whole, fraction = ''] = TEXT_FORM.exec(text) ?? [];
  if (whole === undefined) throw invalid(text, 'digits with at most one point');
  const kept = fraction.length > PLACES ? fraction.replace(/0+$/, '') : fraction;
  if (kept.length > PLACES) throw invalid(text, `at most ${PLACES} places after the point`);
  if (whole.length > INTEGER_DIGITS_MAX && whole.replace(/^0+/, '').length > INTEGER_DIGITS_MAX) {
    throw invalid(text, `at most ${INTEGER_DIGITS_MAX} digits before the point`);
  }
  const scaled = BigInt(whole + kept.padEnd(PLACES, '0'));
  return sign === '-' ? -scaled : scaled;
}

/** Plain notation without trailing zeros: the shortest text that parses to the same amount. */
export function format(amount: Decimal): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(PLACES + 1, '0');
  const whole = digits.slice(0, -PLACES);
  const fraction = digits.slice(-PLACES).replace(/0+$/, '');
  const text = fraction === '' ? whole : `${whole}.${fraction}`;
  return amount < 0n ? `-${text}` : text;
}

export function add(left: Decimal, right: Decimal): Decimal {
  return left + right;
}

export function sub(left: Decimal, right: Decimal): Decimal {
  return left - right;
}

/** Exact while the factors have at most 18 places together, as any price times quantity of a venue has. */
export function mul(left: Decimal, right: Decimal, rounding: Rounding = 'halfEven'): Decimal {
  return quotient(left * right, ONE, rounding);
}

/** Throws RangeError on a zero divisor. */
export function div(dividend: Decimal, divisor: Decimal, rounding: Rounding): Decimal {
  return quotient(dividend * ONE, divisor, rounding);
}

/** -1, 0 or 1: as Array.sort wants it. */
export function compare(left: Decimal, right: Decimal): -1 | 0 | 1 {
  if (left < right) return -1;
  return left > right ? 1 : 0;
}

export function isZero(amount: Decimal): boolean {
  return amount === 0n;
}

/** The greatest multiple of `step` that is not above the amount; `step` is positive. */
export function roundDown(amount: Decimal, step: Decimal): Decimal {
  const remainder = amount % positive(step);
  return remainder < 0n ? amount - remainder - step : amount - remainder;
}

/** The smallest multiple of `step` that is not below the amount; `step` is positive. */
export function roundUp(amount: Decimal, step: Decimal): Decimal {
  const remainder = amount % positive(step);
  return remainder > 0n ? amount - remainder + step : amount - remainder;
}

export function min(left: Decimal, right: Decimal): Decimal {
  return left < right ? left : right;
}

export function max(left: Decimal, right: Decimal): Decimal {
  return left > right ? left : right;
}

function quotient(dividend: bigint, divisor: bigint, rounding: Rounding): bigint {
  const towardsZero = dividend / divisor;
  const remainder = dividend % divisor;
  if (remainder === 0n || rounding === 'down') return towardsZero;
  const away = dividend < 0n === divisor < 0n ? towardsZero + 1n : towardsZero - 1n;
  if (rounding === 'up') return away;
  const twice = 2n * magnitude(remainder);
  const half = magnitude(divisor);
  if (twice === half) return towardsZero % 2n === 0n ? towardsZero : away;
  return twice > half ? away : towardsZero;
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function positive(step: Decimal): Decimal {
  if (step <= 0n) throw new RangeError(`DECIMAL_STEP: step=${format(step)}, allowed: greater than 0`);
  return step;
}

function invalid(text: string, allowed: string): RangeError {
  const shown = text.length > 64 ? `${text.slice(0, 64)}…` : text;
  return new RangeError(`DECIMAL_INVALID: text=${JSON.stringify(shown)}, allowed: ${allowed}`);
}
