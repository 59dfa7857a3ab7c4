// What an HTTP reply to an order request proves. The two mistakes are not alike: a false "unknown" costs one
// query, a false "rejected" costs a position. So "rejected" comes from a short list, and everything that is not
// on a list is "unknown": timeouts, cuts, 5xx, unlisted codes, answers that cannot be read.
//
// Sources: errors.md of 2025-01-09 and rest-api.md ("HTTP Return Codes": 5xx "must NOT be treated as a failure
// operation; the execution status is UNKNOWN") of binance-spot-api-docs.
import type { HttpReply } from '../wire/http.ts';
import { readJson } from '../wire/read-as.ts';

export type Judged<T> =
  | { readonly verdict: 'done'; readonly value: T }
  | { readonly verdict: 'rejected'; readonly code: string; readonly reason: string }
  | { readonly verdict: 'notSent'; readonly reason: string }
  | { readonly verdict: 'unknown'; readonly reason: string };

/** Reads a 2xx answer; throws when it is not what it should be. */
export type ReadAnswer<T> = (json: unknown) => T;

/** Refused before the matching engine, or by it: no order came of this request. */
const REJECTED_CODES: ReadonlySet<number> = new Set([
  -1003, // too many requests
  -1013, // a filter of the symbol, by name
  -1015, // too many orders
  -1021, // timestamp outside recvWindow, checked again just before the matching engine
  -1022, // signature
  -2014, // key format
  -2015, // key, address or permission
]);
/** 11xx: a parameter is missing, malformed or not allowed. */
const PARAMETER_CODES = { from: -1199, to: -1100 };
const NEW_ORDER_REJECTED = -2010;
const CANCEL_REJECTED = -2011;
const AMEND_REJECTED = -2038;
const NO_SUCH_ORDER = -2013;
/** Statuses of the rate limits: said before the request is looked at, in whatever format. */
const LIMIT_STATUSES: ReadonlySet<number> = new Set([418, 429]);
/** 4xx whose meaning is not "refused": a proxy gave up; a cancel-replace is half done. */
const OPEN_STATUSES: ReadonlySet<number> = new Set([408, 409]);

export interface Refusal {
  readonly code: number;
  readonly message: string;
}

export function judgeSubmit<T>(reply: HttpReply, read: ReadAnswer<T>): Judged<T> {
  return judge(reply, read, ({ code, message }) => {
    // "The clOrdId is already in use": an earlier copy of this very order stands.
    if (code === NEW_ORDER_REJECTED) return /duplicate/i.test(message) ? 'unknown' : 'rejected';
    return isRejected(code) ? 'rejected' : 'unknown';
  });
}

/** "Unknown order sent." is a rejection here: the order may be filled, cancelled or never have been there. */
export function judgeCancel<T>(reply: HttpReply, read: ReadAnswer<T>): Judged<T> {
  return judge(reply, read, ({ code }) => (code === CANCEL_REJECTED || isRejected(code) ? 'rejected' : 'unknown'));
}

/** -2038 in all its words, "Unknown order sent." among them: the order may be filled, or have these terms already. */
export function judgeAmend<T>(reply: HttpReply, read: ReadAnswer<T>): Judged<T> {
  return judge(reply, read, ({ code }) => (code === AMEND_REJECTED || isRejected(code) ? 'rejected' : 'unknown'));
}

/** A refused question says nothing about the order, except for "Order does not exist." */
export function judgeQuery<T>(reply: HttpReply, read: ReadAnswer<T>): Judged<T> | { readonly verdict: 'notFound' } {
  if (reply.kind === 'answered' && reply.status >= 400 && reply.status < 500) {
    const notFound = readRefusal(reply.body)?.code === NO_SUCH_ORDER && !LIMIT_STATUSES.has(reply.status);
    if (notFound && !OPEN_STATUSES.has(reply.status)) return { verdict: 'notFound' };
  }
  const judged = judge(reply, read, () => 'unknown');
  return judged.verdict === 'rejected' ? { verdict: 'unknown', reason: `${judged.code} ${judged.reason}` } : judged;
}

/** Signature, key or permission: asking again does not help. */
export function isKeyRefused(code: number): boolean {
  return code === -1022 || code === -2014 || code === -2015;
}

/** The venue's `{code, msg}`, or null when the body is something else. */
export function readRefusal(body: string): Refusal | null {
  const json = readJson(body);
  if (typeof json !== 'object' || json === null || !('code' in json) || !('msg' in json)) return null;
  const { code, msg } = json;
  return Number.isSafeInteger(code) && typeof msg === 'string' ? { code: Number(code), message: msg } : null;
}

function judge<T>(
  reply: HttpReply,
  read: ReadAnswer<T>,
  meaningOf: (refusal: Refusal) => 'rejected' | 'unknown',
): Judged<T> {
  if (reply.kind === 'notSent') return { verdict: 'notSent', reason: reply.reason };
  if (reply.kind === 'noAnswer') return { verdict: 'unknown', reason: reply.reason };
  const { status, body } = reply;
  if (status >= 200 && status < 300) return judgeSuccess(status, body, read);
  const refusal = readRefusal(body);
  if (LIMIT_STATUSES.has(status)) return limited(status, refusal);
  const reason = refusal ? `${refusal.code} ${refusal.message}` : 'an answer that cannot be read';
  const unknown: Judged<T> = { verdict: 'unknown', reason: `HTTP ${status}: ${reason}` };
  if (!refusal || status < 400 || status >= 500 || OPEN_STATUSES.has(status)) return unknown;
  if (meaningOf(refusal) === 'unknown') return unknown;
  return { verdict: 'rejected', code: String(refusal.code), reason: refusal.message };
}

function judgeSuccess<T>(status: number, body: string, read: ReadAnswer<T>): Judged<T> {
  try {
    return { verdict: 'done', value: read(readJson(body)) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { verdict: 'unknown', reason: `HTTP ${status}: an answer that cannot be read: ${why}` };
  }
}

function limited(status: number, refusal: Refusal | null): Judged<never> {
  if (!refusal) return { verdict: 'rejected', code: `HTTP ${status}`, reason: 'too many requests' };
  return { verdict: 'rejected', code: String(refusal.code), reason: refusal.message };
}

function isRejected(code: number): boolean {
  return REJECTED_CODES.has(code) || (code >= PARAMETER_CODES.from && code <= PARAMETER_CODES.to);
}
