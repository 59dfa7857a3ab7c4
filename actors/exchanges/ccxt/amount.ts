// Decimals of whatever form, as exact texts.
import { format, parse } from '../../market/decimal.ts';
import { AMOUNT_CHARS } from '../wire/readable.ts';

export const PLACES_MAX = 18;
const DIGITS_MAX = 20;

/** A price or a quantity: no less than nothing. */
export function sizeOf(value: unknown): string | null {
  const amount = amountOf(value);
  return amount?.startsWith('-') ? null : amount;
}

/** A decimal in shortest form. A number of ccxt keeps what a double keeps: 15 digits, which no price exceeds. */
export function amountOf(value: unknown): string | null {
  if (typeof value === 'number' && Number.isFinite(value)) return amountOf(String(value));
  if (typeof value !== 'string' || value.length > AMOUNT_CHARS) return null;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d*))?(?:e([+-]?\d{1,3}))?$/i.exec(value.trim()) ?? [];
  if (whole === '') return null;
  const places = fraction.length - Number(exponent);
  const digits = `${whole}${fraction}`.padStart(Math.max(places, 0) + 1, '0') + '0'.repeat(Math.max(-places, 0));
  const cut = digits.length - Math.max(places, 0);
  const after = digits.slice(cut).replace(/0+$/, '');
  const before = digits.slice(0, cut).replace(/^0+(?=\d)/, '');
  if (after.length > PLACES_MAX || before.length > DIGITS_MAX) return null;
  return format(parse(`${sign}${before}${after === '' ? '' : `.${after}`}`));
}
