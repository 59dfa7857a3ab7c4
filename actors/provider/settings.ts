// From a provider's settings, as they are stored and shown, to what its adapter is opened with. Credentials are
// references until here and are resolved anew for every session, so that a rotated key is taken at the next connect.
import { ExchangeFault, type ExchangeSettings } from '../exchanges/exchange.ts';
import { HTTP_TIMEOUT_MS, RECV_WINDOW_MS } from './bounds.ts';
import type { ProviderInput } from './messages.ts';

/** Resolves `env:NAME` or `file:PATH`; throws when there is nothing behind it. */
export type Secrets = (reference: string) => string;

type Settings = ProviderInput['settings'];

const REFERENCE = /^(?:env|file):\S+$/;

/** Names and units of upstream's adapters beside ours: its times are Go durations, or numbers of seconds. */
const UPSTREAM: { readonly [ours: string]: string } = {
  apiKey: 'api_key',
  apiSecret: 'api_secret',
  snapshotDepth: 'snapshot_depth',
  recvWindowMs: 'recv_window',
  httpTimeoutMs: 'http_timeout',
  listingRefreshMs: 'instrument_refresh_interval',
};
/** Upstream's, and without an effect: the user data stream has no listen key to keep alive. */
const KEEPALIVE = 'user_stream_keepalive';
const DAY_MS = 86_400_000;
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/;
const UNITS: { readonly [unit: string]: number } = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Whether a credential is a reference, and so may be stored and shown. */
export function isReference(text: string): boolean {
  return REFERENCE.test(text);
}

/** How long the venue may take an order after it was signed. */
export function recvWindowOf(settings: Settings): number {
  return milliseconds(settings, 'recvWindowMs', 60_000) ?? RECV_WINDOW_MS;
}

/** Throws an ExchangeFault that is not retryable and names the setting. */
export function exchangeSettings({ name, adapter, settings }: ProviderInput, secrets: Secrets): ExchangeSettings {
  const given = (key: string): boolean => settings[key] !== undefined;
  const url = (key: string): string => (given(key) ? text(settings, key) : '');
  const listingRefreshMs = milliseconds(settings, 'listingRefreshMs', DAY_MS);
  if (given(KEEPALIVE)) duration(KEEPALIVE, settings[KEEPALIVE], DAY_MS);
  return {
    provider: name,
    ...(given('venue') && { venue: String(settings['venue']) }),
    restUrl: url('restUrl'),
    streamUrl: url('streamUrl'),
    wsApiUrl: url('wsApiUrl'),
    ...keys(settings, secrets),
    recvWindowMs: recvWindowOf(settings),
    httpTimeoutMs: milliseconds(settings, 'httpTimeoutMs', 120_000) ?? HTTP_TIMEOUT_MS,
    ...(adapter === 'ccxt' && { exchange: text(settings, 'exchange') }),
    ...(given('passphrase') &&
      settings['passphrase'] !== '' && { passphrase: secret(settings, 'passphrase', secrets) }),
    ...(given('account') && { account: text(settings, 'account') }),
    ...(given('sandbox') && { sandbox: yesOrNo(settings, 'sandbox') }),
    ...(given(nameIn(settings, 'snapshotDepth')) && { snapshotDepth: depth(settings) }),
    ...(listingRefreshMs !== null && { listingRefreshMs }),
  };
}

/** Upstream's name where only that one is there. Both at once would leave open which of them counts. */
function nameIn(settings: Settings, ours: string): string {
  const theirs = UPSTREAM[ours];
  if (theirs === undefined || settings[theirs] === undefined) return ours;
  if (settings[ours] !== undefined) throw wrong(theirs, '[given]', `absent beside ${ours}, which is the same setting`);
  return theirs;
}

function text(settings: Settings, name: string): string {
  const value = settings[name];
  if (typeof value !== 'string' || value === '') throw wrong(name, String(value), 'a text');
  return value;
}

/** Both, or neither for market data alone: upstream's are empty texts where nobody gives them. */
function keys(settings: Settings, secrets: Secrets): Pick<ExchangeSettings, 'apiKey' | 'apiSecret'> {
  const [apiKey, apiSecret] = [nameIn(settings, 'apiKey'), nameIn(settings, 'apiSecret')];
  const [isKeyless, isSecretless] = [apiKey, apiSecret].map((name) => (settings[name] ?? '') === '');
  if (isKeyless && isSecretless) return { apiKey: '', apiSecret: '' };
  return { apiKey: secret(settings, apiKey, secrets), apiSecret: secret(settings, apiSecret, secrets) };
}

function secret(settings: Settings, name: string, secrets: Secrets): string {
  const reference = text(settings, name);
  // The value may be the credential itself: it is not shown.
  if (!isReference(reference)) throw wrong(name, '[hidden]', 'a reference, env:NAME or file:PATH');
  try {
    return secrets(reference);
  } catch (error) {
    throw wrong(
      name,
      reference,
      `a reference that can be read: ${error instanceof Error ? error.message : 'it cannot'}`,
    );
  }
}

/** Null where it is not given. */
function milliseconds(settings: Settings, ours: string, most: number): number | null {
  const name = nameIn(settings, ours);
  const value = settings[name];
  if (value === undefined) return null;
  if (name !== ours) return duration(name, value, most);
  if (Number.isInteger(value) && Number(value) > 0 && Number(value) <= most) return Number(value);
  throw wrong(name, String(value), `a whole number from 1 to ${most}`);
}

/** `1m30s`, or a number of seconds. */
function duration(name: string, value: unknown, most: number): number {
  const written = typeof value === 'number' ? `${value}s` : String(value);
  const parts = DURATION.test(written) ? written.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g) : [];
  const ms = [...parts].reduce((sum, [, amount, unit = '']) => sum + Number(amount) * (UNITS[unit] ?? 0), 0);
  if (Number.isInteger(ms) && ms > 0 && ms <= most) return ms;
  throw wrong(name, String(value), `a duration such as 5s or 1m30s, or seconds, up to ${most / 1_000} s`);
}

/** The most that a venue here gives (rest-api.md, "Order book"). */
function depth(settings: Settings): number {
  const name = nameIn(settings, 'snapshotDepth');
  const value = Number(settings[name]);
  if (Number.isInteger(value) && value >= 1 && value <= 5_000) return value;
  throw wrong(name, String(settings[name]), 'a whole number from 1 to 5000');
}

function yesOrNo(settings: Settings, name: string): boolean {
  const value = String(settings[name]);
  if (value === 'true' || value === 'false') return value === 'true';
  throw wrong(name, value, '"true" or "false"');
}

function wrong(name: string, value: string, allowed: string): ExchangeFault {
  return new ExchangeFault(`SETTING_INVALID: ${name}=${value}, allowed: ${allowed}`, { retryable: false });
}
