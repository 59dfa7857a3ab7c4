// From a provider's settings, as they are stored and shown, to what its adapter is opened with. Credentials are
// references until here and are resolved anew for every session, so that a rotated key is taken at the next connect.
import { ExchangeFault, type ExchangeSettings } from '../exchanges/exchange.ts';
import { HTTP_TIMEOUT_MS, RECV_WINDOW_MS } from './bounds.ts';
import type { ProviderInput } from './messages.ts';

/** Resolves `env:NAME` or `file:PATH`; throws when there is nothing behind it. */
export type Secrets = (reference: string) => string;

/** They know the hosts of their venues. */
const KNOWING_HOSTS: readonly string[] = ['okx', 'ccxt'];
const REFERENCE = /^(?:env|file):\S+$/;

/** Whether a credential is a reference, and so may be stored and shown. */
export function isReference(text: string): boolean {
  return REFERENCE.test(text);
}

/** Throws an ExchangeFault that is not retryable and names the setting. */
export function exchangeSettings({ name, adapter, settings }: ProviderInput, secrets: Secrets): ExchangeSettings {
  const given = (key: string): boolean => settings[key] !== undefined;
  const url = (key: string): string => (KNOWING_HOSTS.includes(adapter) && !given(key) ? '' : text(settings, key));
  return {
    provider: name,
    ...(given('venue') && { venue: String(settings['venue']) }),
    restUrl: url('restUrl'),
    streamUrl: url('streamUrl'),
    wsApiUrl: url('wsApiUrl'),
    apiKey: secret(settings, 'apiKey', secrets),
    apiSecret: secret(settings, 'apiSecret', secrets),
    recvWindowMs: milliseconds(settings, 'recvWindowMs', RECV_WINDOW_MS, 60_000),
    httpTimeoutMs: milliseconds(settings, 'httpTimeoutMs', HTTP_TIMEOUT_MS, 120_000),
    ...(adapter === 'ccxt' && { exchange: text(settings, 'exchange') }),
    ...(given('passphrase') && { passphrase: secret(settings, 'passphrase', secrets) }),
    ...(given('account') && { account: text(settings, 'account') }),
    ...(given('sandbox') && { sandbox: yesOrNo(settings, 'sandbox') }),
  };
}

function text(settings: ProviderInput['settings'], name: string): string {
  const value = settings[name];
  if (typeof value !== 'string' || value === '') throw wrong(name, String(value), 'a text');
  return value;
}

function secret(settings: ProviderInput['settings'], name: string, secrets: Secrets): string {
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

function milliseconds(settings: ProviderInput['settings'], name: string, usual: number, most: number): number {
  const value = settings[name] ?? usual;
  if (Number.isInteger(value) && Number(value) > 0 && Number(value) <= most) return Number(value);
  throw wrong(name, String(value), `a whole number from 1 to ${most}`);
}

function yesOrNo(settings: ProviderInput['settings'], name: string): boolean {
  const value = String(settings[name]);
  if (value === 'true' || value === 'false') return value === 'true';
  throw wrong(name, value, '"true" or "false"');
}

function wrong(name: string, value: string, allowed: string): ExchangeFault {
  return new ExchangeFault(`SETTING_INVALID: ${name}=${value}, allowed: ${allowed}`, { retryable: false });
}
