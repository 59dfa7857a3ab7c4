// Reading request parameters as Binance does: which are mandatory, what they may contain, and that none was sent
// that nobody reads.
import { type Decimal, parse } from '../../../market/decimal.ts';
import * as refusals from '../core/refusal.ts';
import { Refused } from '../core/refusal.ts';
import { ASSET_PLACES } from '../core/symbol.ts';

const INTEGER = '^[0-9]{1,20}$';
const AMOUNT = '^([0-9]{1,20})(\\.[0-9]{1,20})?$';
export const SYMBOL = '^[A-Z0-9-_.]{1,20}$';
export const CLIENT_ORDER_ID = '^[a-zA-Z0-9-_.:/]{1,36}$';

const patterns = new Map([INTEGER, AMOUNT, SYMBOL, CLIENT_ORDER_ID].map((form) => [form, new RegExp(form)]));

/** Read by authentication for every signed request; and whether the answer shall carry the counts of the limits. */
const COMMON = ['timestamp', 'recvWindow', 'signature', 'apiKey', 'returnRateLimits'];

export class Params {
  private readonly values = new Map<string, string>();
  private readonly read = new Set<string>(COMMON);

  /** The first of a name wins where `first` came before `second`; twice in one of them is refused. */
  constructor(first: Iterable<[string, string]>, second: Iterable<[string, string]> = []) {
    for (const source of [first, second]) {
      const seen = new Set<string>();
      for (const [name, value] of source) {
        if (seen.has(name)) throw new Refused(refusals.DUPLICATE_VALUES);
        seen.add(name);
        if (!this.values.has(name)) this.values.set(name, value);
      }
    }
  }

  has(name: string): boolean {
    return this.values.has(name);
  }

  /** Without a check, and not counted as read; 0 when it was not sent or is none. */
  number(name: string): number {
    return Number(this.values.get(name) ?? 0) || 0;
  }

  /** Undefined when it was not sent; an empty one is refused. */
  text(name: string, legal?: string): string | undefined {
    this.read.add(name);
    const value = this.values.get(name);
    if (value === undefined) return undefined;
    if (value === '') throw new Refused(refusals.emptyParameter(name));
    if (legal && !patterns.get(legal)?.test(value)) throw new Refused(refusals.illegalCharacters(name, legal));
    return value;
  }

  required(name: string, legal?: string): string {
    const value = this.values.get(name) === '' ? undefined : this.text(name, legal);
    if (value === undefined) throw new Refused(refusals.mandatory(name));
    return value;
  }

  integer(name: string): number | undefined {
    const text = this.text(name, INTEGER);
    const value = text === undefined ? undefined : Number(text);
    if (value !== undefined && !Number.isSafeInteger(value)) throw new Refused(refusals.invalidData(name));
    return value;
  }

  /** At most `greatest`, `usual` when not sent. */
  limit(usual: number, greatest: number): number {
    const value = this.integer('limit') ?? usual;
    if (value < 1) throw new Refused(refusals.invalidData('limit'));
    return Math.min(value, greatest);
  }

  /** Greater than zero and with no more places than any asset has. `noun` is how Binance calls it in its refusal. */
  amount(name: string, noun: string): Decimal {
    const text = this.required(name, AMOUNT);
    const places = text.split('.')[1]?.replace(/0+$/, '').length ?? 0;
    if (places > ASSET_PLACES) throw new Refused(refusals.tooPrecise(name));
    const value = parse(text);
    if (value === 0n) throw new Refused(refusals.amountInvalid(noun));
    return value;
  }

  oneOf<Value extends string>(name: string, allowed: readonly Value[], otherwise: refusals.Refusal): Value | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const found = allowed.find((value) => value === text);
    if (found === undefined) throw new Refused(otherwise);
    return found;
  }

  /** Refuses a parameter that does not go with the others. */
  refuse(name: string): void {
    this.read.add(name);
    if (this.values.has(name)) throw new Refused(refusals.notRequired(name));
  }

  refuseUnread(): void {
    const names = [...this.values.keys()];
    const known = names.filter((name) => this.read.has(name)).length;
    if (known < names.length) throw new Refused(refusals.unread(known, names.length));
  }
}
