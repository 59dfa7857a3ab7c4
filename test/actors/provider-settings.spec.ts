// What an adapter is opened with, from what a provider's settings say; each refusal names the setting.
import test from 'ava';
import { ExchangeFault } from '../../actors/exchanges/exchange.ts';
import { exchangeSettings } from '../../actors/provider/settings.ts';

const KEYS = { apiKey: 'env:KEY', apiSecret: 'env:SECRET' };
const URLS = { restUrl: 'http://r', streamUrl: 'ws://s', wsApiUrl: 'ws://w' };

const settingsOf = (adapter: string, settings: { readonly [name: string]: string | number }) =>
  exchangeSettings({ name: 'main', adapter, settings }, (reference) => `<${reference}>`);

test('binance is told where it is, and credentials are resolved', (t) => {
  t.deepEqual(settingsOf('binance', { ...KEYS, ...URLS, venue: 'PAPER' }), {
    provider: 'main',
    venue: 'PAPER',
    ...URLS,
    apiKey: '<env:KEY>',
    apiSecret: '<env:SECRET>',
    recvWindowMs: 5_000,
    httpTimeoutMs: 10_000,
  });
});

test('okx and ccxt know the hosts of their venues, and take what only they need', (t) => {
  const okx = settingsOf('okx', { ...KEYS, passphrase: 'env:PASS', account: 'desk', sandbox: 'true' });
  t.like(okx, { restUrl: '', streamUrl: '', wsApiUrl: '', passphrase: '<env:PASS>', account: 'desk', sandbox: true });
  t.false('exchange' in okx);
  t.like(settingsOf('ccxt', { ...KEYS, exchange: 'kraken', restUrl: 'http://r' }), {
    exchange: 'kraken',
    restUrl: 'http://r',
    streamUrl: '',
  });
});

for (const [adapter, settings, message] of [
  ['binance', KEYS, 'SETTING_INVALID: restUrl=undefined, allowed: a text'],
  ['ccxt', KEYS, 'SETTING_INVALID: exchange=undefined, allowed: a text'],
  [
    'okx',
    { ...KEYS, passphrase: 'CANARY' },
    'SETTING_INVALID: passphrase=[hidden], allowed: a reference, env:NAME or file:PATH',
  ],
  ['okx', { ...KEYS, sandbox: 'perhaps' }, 'SETTING_INVALID: sandbox=perhaps, allowed: "true" or "false"'],
] as const) {
  test(`${adapter}: ${message}`, (t) => {
    const fault = t.throws(() => settingsOf(adapter, settings), { instanceOf: ExchangeFault, message });
    t.false(fault.retryable);
  });
}
