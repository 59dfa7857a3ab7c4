// Who is asking, proved by HMAC-SHA256 under the account's secret, and whether the request is still in time.
// Source: binance-spot-api-docs rest-api.md, "SIGNED endpoint security" and "Timing security".
import { createHmac, timingSafeEqual } from 'node:crypto';
import * as refusals from '../core/refusal.ts';
import { Refused } from '../core/refusal.ts';
import type { Params } from './params.ts';

export interface Credentials {
  readonly account: string;
  readonly apiKey: string;
  readonly secret: string;
}

const RECV_WINDOW_MS = 5_000;
const RECV_WINDOW_MS_MAX = 60_000;
const AHEAD_MS_MAX = 1_000;
const KEY_FORM = /^[\w-]{1,128}$/;

/** The account behind an API key. Nothing of a key or secret is ever in a refusal. */
export function identify(keys: ReadonlyMap<string, Credentials>, apiKey: string | undefined): Credentials {
  if (apiKey === undefined || !KEY_FORM.test(apiKey)) throw new Refused(refusals.KEY_FORMAT_INVALID);
  const credentials = keys.get(apiKey);
  if (!credentials) throw new Refused(refusals.KEY_REJECTED);
  return credentials;
}

/** Hex, either case. */
export function checkSignature(secret: string, payload: string, signature: string): void {
  const expected = createHmac('sha256', secret).update(payload).digest();
  const given = Buffer.from(signature, 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new Refused(refusals.SIGNATURE_INVALID);
  }
}

/** The moment after which the request must not be carried out any more. */
export interface Window {
  readonly timestamp: number;
  readonly recvWindow: number;
}

export function readWindow(params: Params): Window {
  params.required('timestamp');
  const timestamp = params.integer('timestamp') as number;
  const recvWindow = params.integer('recvWindow') ?? RECV_WINDOW_MS;
  if (recvWindow > RECV_WINDOW_MS_MAX) throw new Refused(refusals.invalidData('recvWindow'));
  return { timestamp, recvWindow };
}

/** At arrival. */
export function checkArrival(window: Window, now: number): void {
  if (window.timestamp >= now + AHEAD_MS_MAX) throw new Refused(refusals.AHEAD_OF_SERVER);
  checkDeadline(window, now);
}

/** Again just before the engine: a request that was held up on the way in is refused, not carried out late. */
export function checkDeadline(window: Window, now: number): void {
  if (now - window.timestamp > window.recvWindow) throw new Refused(refusals.OUTSIDE_RECV_WINDOW);
}

/** `a=1&signature=ff&b=2` → what was signed, and the signature. */
export function splitSignature(raw: string): { payload: string; signature: string | undefined } {
  let signature: string | undefined;
  const kept = raw.split('&').filter((pair) => {
    if (!pair.startsWith('signature=')) return true;
    signature = pair.slice('signature='.length);
    return false;
  });
  return { payload: kept.join('&'), signature };
}
