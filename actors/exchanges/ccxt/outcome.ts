// What an answer to an order request proves. The two mistakes are not alike: a false "unknown" costs one query, a
// false "rejected" costs a position. So "rejected" comes from short lists, of the venue's codes and then of ccxt's
// classes, and only where the venue did answer; everything else is "unknown".
//
// ccxt's classes alone do not separate the two: its NetworkError holds rate limits, which are refusals, and lost
// replies; a refused key arrives as DDoSProtection; a cut says the same before and after the venue acted.
import { z } from 'zod';
import { readJson } from '../wire/read-as.ts';
import type { Asked, Call } from './call.ts';
import type { Profile } from './profile.ts';
import { NotAnswered, Unsendable } from './transport.ts';

export type Judged<T> =
  | { readonly verdict: 'done'; readonly value: T }
  | { readonly verdict: 'rejected'; readonly code: string; readonly reason: string }
  | { readonly verdict: 'notSent'; readonly reason: string }
  | { readonly verdict: 'notFound'; readonly code: string; readonly reason: string }
  | { readonly verdict: 'unknown'; readonly reason: string };

type Meaning = 'rejected' | 'notFound' | 'unknown';

/** The nearest class of an error that is listed decides. Whatever has none that is listed is "unknown". */
const CLASSES: ReadonlyMap<string, Meaning> = new Map([
  ['InsufficientFunds', 'rejected'],
  ['InvalidOrder', 'rejected'],
  ['OrderImmediatelyFillable', 'rejected'],
  ['OrderNotFillable', 'rejected'],
  ['ContractUnavailable', 'rejected'],
  ['BadRequest', 'rejected'],
  ['BadSymbol', 'rejected'],
  ['AuthenticationError', 'rejected'],
  ['PermissionDenied', 'rejected'],
  ['MarketClosed', 'rejected'],
  ['RestrictedLocation', 'rejected'],
  ['OrderNotFound', 'notFound'],
  ['OrderNotCached', 'unknown'],
  // An earlier copy of this very order stands.
  ['DuplicateOrderId', 'unknown'],
  // Said of a busy engine as well as of a refusal.
  ['OperationRejected', 'unknown'],
  ['OperationFailed', 'unknown'],
  ['ExchangeError', 'unknown'],
]);
/** Refused here, before a request was made: so often as it is tried, nothing of it leaves. */
const LOCAL: ReadonlySet<string> = new Set(['ArgumentsRequired', 'InvalidOrder', 'BadRequest', 'NotSupported']);
const DUPLICATE = /duplicat/i;
/** A proxy gave up; something is half done. */
const OPEN_STATUSES: ReadonlySet<number> = new Set([408, 409]);
const UNSENDABLE = 'UNSENDABLE';

export function judge<T>(asked: Asked, profile: Profile, read: (value: unknown) => T): Judged<T> {
  if (asked.kind === 'failed') return judgeError(asked.error, asked.call, profile);
  try {
    return { verdict: 'done', value: read(asked.value) };
  } catch (error) {
    return { verdict: 'unknown', reason: `an answer that cannot be read: ${messageOf(error)}` };
  }
}

export function judgeError(error: unknown, call: Call, profile: Profile): Judged<never> {
  const { reply } = call;
  if (reply?.kind !== 'answered') return judgeSilence(error, call);
  const { status } = reply;
  const refusal = refusalOf(reply.body);
  const reason = refusal ? `${refusal.code} ${refusal.message}` : 'an answer that cannot be read';
  const unknown: Judged<never> = { verdict: 'unknown', reason: `HTTP ${status}: ${reason}` };
  if (call.understood || status >= 500 || OPEN_STATUSES.has(status)) return unknown;
  if (status >= 300 && status < 400) return unknown;
  if (profile.limitStatuses.has(status)) {
    return {
      verdict: 'rejected',
      code: refusal?.code ?? `HTTP ${status}`,
      reason: refusal?.message ?? 'too many requests',
    };
  }
  if (!refusal) return unknown;
  const meaning = meaningOf(error, refusal, profile);
  return meaning === 'unknown' ? unknown : { verdict: meaning, code: refusal.code, reason: refusal.message };
}

/** No answer: only the transport can prove that nothing was written. */
function judgeSilence(error: unknown, { reply, written, requests }: Call): Judged<never> {
  const reason = reply && reply.kind !== 'answered' ? reply.reason : silentWord(error);
  if (written) return { verdict: 'unknown', reason };
  const isRefused = requests === 0 && classesOf(error).some((name) => LOCAL.has(name));
  const isLocal = isRefused || error instanceof Unsendable;
  if (isLocal) return { verdict: 'rejected', code: UNSENDABLE, reason: withoutAddresses(messageOf(error)) };
  return { verdict: 'notSent', reason };
}

function meaningOf(error: unknown, { code, message }: Refusal, profile: Profile): Meaning {
  if (profile.unknown.has(code) || DUPLICATE.test(message)) return 'unknown';
  if (profile.notFound.has(code)) return 'notFound';
  if (profile.rejected.has(code)) return 'rejected';
  const known = classesOf(error).find((name) => CLASSES.has(name));
  return known === undefined ? 'unknown' : (CLASSES.get(known) ?? 'unknown');
}

export interface Refusal {
  readonly code: string;
  readonly message: string;
}

const code = z.union([z.string().min(1), z.int().transform(String)]);
const one = z.object({ sCode: code, sMsg: z.string().default('') });
const body = z.object({
  code: code.optional(),
  msg: z.string().optional(),
  message: z.string().optional(),
  data: z.array(z.unknown()).optional().catch(undefined),
});

/** The venue's words: its code, and that of the single order where the answer has one. Null for what is no JSON. */
export function refusalOf(text: string): Refusal | null {
  const read = body.safeParse(readJson(text));
  if (!read.success) return null;
  const single = one.safeParse(read.data.data?.[0]);
  if (single.success && single.data.sCode !== '0') return { code: single.data.sCode, message: single.data.sMsg };
  const message = read.data.msg ?? read.data.message ?? text;
  return { code: read.data.code ?? 'none', message };
}

/** Asking again does not help: the keys, or what is asked for, are refused. */
export function isFinal(error: unknown, call: Call, profile: Profile): boolean {
  const refusal = call.reply?.kind === 'answered' ? refusalOf(call.reply.body) : null;
  if (refusal && profile.keyRefused.has(refusal.code)) return true;
  const final = ['AuthenticationError', 'BadSymbol', 'NotSupported'];
  return classesOf(error).some((name) => final.includes(name)) && (call.requests === 0 || refusal !== null);
}

/** What may be said of a failed read: never ccxt's own text, which holds the address with its signature. */
export function wordsOf(error: unknown, call: Call): string {
  if (call.reply?.kind !== 'answered') return call.reply?.reason ?? silentWord(error);
  const refusal = refusalOf(call.reply.body);
  return `HTTP ${call.reply.status}: ${refusal ? `${refusal.code} ${refusal.message}` : classOf(error)}`;
}

function silentWord(error: unknown): string {
  return error instanceof NotAnswered ? error.message : `${classOf(error)}: ${withoutAddresses(messageOf(error))}`;
}

/** The text of an error of ccxt, without the addresses in it. */
export function withoutAddresses(text: string): string {
  return text.replace(/\b\w+:\/\/\S+/g, '[address]');
}

/** ccxt's texts name addresses, and those of a user stream may hold a listen key. */
export function reasonOf(error: unknown): string {
  return `${classOf(error)}: ${withoutAddresses(messageOf(error))}`;
}

/** From the error's own class upward. */
export function classesOf(error: unknown): readonly string[] {
  const names: string[] = [];
  let prototype: unknown = typeof error === 'object' && error !== null ? Object.getPrototypeOf(error) : null;
  while (typeof prototype === 'object' && prototype !== null && prototype !== Object.prototype) {
    names.push(prototype.constructor.name);
    prototype = Object.getPrototypeOf(prototype);
  }
  return names;
}

function classOf(error: unknown): string {
  return classesOf(error)[0] ?? 'Error';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
