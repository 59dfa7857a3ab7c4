// What an adapter is opened with, from what a provider's settings say; each refusal names the setting.
import test from 'ava';
import { ExchangeFault } from '../../actors/exchanges/exchange.ts';
import { exchangeSettings, recvWindowOf } from '../../actors/provider/settings.ts';

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

test("upstream's names and units of the settings of its adapters mean the same", (t) => {
  const theirs = {
    api_key: 'env:KEY',
    api_secret: 'env:SECRET',
    snapshot_depth: '400',
    http_timeout: '1m0.5s',
    recv_window: 2.5,
    instrument_refresh_interval: '15m',
    user_stream_keepalive: '15m',
  };
  const same = {
    restUrl: '',
    streamUrl: '',
    wsApiUrl: '',
    apiKey: '<env:KEY>',
    apiSecret: '<env:SECRET>',
    snapshotDepth: 400,
    httpTimeoutMs: 60_500,
    recvWindowMs: 2_500,
    listingRefreshMs: 900_000,
  };
  t.deepEqual(settingsOf('binance', theirs), { provider: 'main', ...same });
  const okx = { ...theirs, passphrase: 'file:/run/pass' };
  t.deepEqual(settingsOf('okx', okx), { provider: 'main', ...same, passphrase: '<file:/run/pass>' });
  t.is(recvWindowOf({ recv_window: '3s' }), 3_000);
  t.is(recvWindowOf({ recvWindowMs: 3_000 }), 3_000);
  t.is(recvWindowOf({}), 5_000);
});

test('addresses that are not given are for the adapter to know, and each takes what only it needs', (t) => {
  t.like(settingsOf('binance', { ...KEYS, sandbox: 'true' }), { restUrl: '', streamUrl: '', sandbox: true });
  const okx = settingsOf('okx', { ...KEYS, passphrase: 'env:PASS', account: 'desk', sandbox: 'true' });
  t.like(okx, { restUrl: '', streamUrl: '', wsApiUrl: '', passphrase: '<env:PASS>', account: 'desk', sandbox: true });
  t.false('exchange' in okx);
  t.like(settingsOf('elsewhere', { ...KEYS, restUrl: 'http://r' }), {
    restUrl: 'http://r',
    streamUrl: '',
    wsApiUrl: '',
  });
  t.like(settingsOf('ccxt', { ...KEYS, exchange: 'kraken', restUrl: 'http://r' }), {
    exchange: 'kraken',
    restUrl: 'http://r',
    streamUrl: '',
  });
});

test("without keys, as upstream's are where nobody gives them, there is market data alone", (t) => {
  const none = { apiKey: '', apiSecret: '' };
  t.like(settingsOf('binance', {}), none);
  t.like(settingsOf('binance', { api_key: '', api_secret: '' }), none);
  const okx = settingsOf('okx', { apiKey: '', api_secret: '', passphrase: '' });
  t.like(okx, none);
  t.false('passphrase' in okx);
});

for (const [adapter, settings, message] of [
  ['elsewhere', { ...KEYS, restUrl: '' }, 'SETTING_INVALID: restUrl=, allowed: a text'],
  ['binance', { apiKey: 'env:KEY' }, 'SETTING_INVALID: apiSecret=undefined, allowed: a text'],
  ['okx', { api_key: '', api_secret: 'env:SECRET' }, 'SETTING_INVALID: api_key=, allowed: a text'],
  ['binance', { api_key: 'CANARY' }, 'SETTING_INVALID: api_key=[hidden], allowed: a reference, env:NAME or file:PATH'],
  [
    'binance',
    { ...KEYS, api_key: 'env:OTHER' },
    'SETTING_INVALID: api_key=[given], allowed: absent beside apiKey, which is the same setting',
  ],
  [
    'binance',
    { ...KEYS, recv_window: '2m' },
    'SETTING_INVALID: recv_window=2m, allowed: a duration such as 5s or 1m30s, or seconds, up to 60 s',
  ],
  [
    'binance',
    { ...KEYS, user_stream_keepalive: 'often' },
    'SETTING_INVALID: user_stream_keepalive=often, allowed: a duration such as 5s or 1m30s, or seconds, up to 86400 s',
  ],
  ['okx', { ...KEYS, snapshot_depth: 0 }, 'SETTING_INVALID: snapshot_depth=0, allowed: a whole number from 1 to 5000'],
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
