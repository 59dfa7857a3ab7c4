// How ccxt is loaded, what its numbers and names become, and that a credential never shows in what is said.
import test from 'ava';
import { amountOf } from '../../actors/exchanges/ccxt/amount.ts';
import { ccxtExchange } from '../../actors/exchanges/ccxt/index.ts';
import { loadExchange } from '../../actors/exchanges/ccxt/library.ts';
import { parseMarkets, parseOrder } from '../../actors/exchanges/ccxt/parse.ts';
import { profileOf } from '../../actors/exchanges/ccxt/profile.ts';
import { heard, never } from '../support/binance.ts';

const SETTINGS = {
  ...{ restUrl: '', streamUrl: '', wsApiUrl: '', recvWindowMs: 5_000, httpTimeoutMs: 1_000 },
  ...{ apiKey: 'a-key', apiSecret: 'a-secret' },
};

test('without the package the error says what to install, and that trying again is of no use', async (t) => {
  const missing = () => Promise.reject(new Error("Cannot find package 'ccxt'"));
  const error = await t.throwsAsync(loadExchange('okx', missing), { message: /npm install ccxt$/ });
  t.like(error, { name: 'ExchangeFault', retryable: false });
});

test('an exchange that ccxt does not have is named', async (t) => {
  for (const exchange of ['nowhere', 'constructor', 'exchanges', '__proto__']) {
    const opened = ccxtExchange({ exchange })(SETTINGS, heard(), never);
    const error = await t.throwsAsync(opened, { message: new RegExp(`exchange="${exchange}"`) });
    t.like(error, { retryable: false });
  }
});

test('settings that cannot be used are refused before anything is sent, and are not shown', async (t) => {
  const open = ccxtExchange({ exchange: 'okx', passphrase: 'open sesame' });
  const error = await t.throwsAsync(open(SETTINGS, heard(), never), { message: /^passphrase: / });
  t.false(error?.message.includes('sesame'));
  const withUser = { ...SETTINGS, restUrl: 'https://me:pass@okx.com' };
  const refused = await t.throwsAsync(ccxtExchange({ exchange: 'okx' })(withUser, heard(), never));
  t.regex(refused?.message ?? '', /^restUrl: /);
  t.false(refused?.message.includes('pass@'));
});

const AMOUNTS: readonly (readonly [unknown, string | null])[] = [
  ['0.0100', '0.01'],
  [59000.1, '59000.1'],
  [1e-8, '0.00000001'],
  [1.5e-7, '0.00000015'],
  [1e21, null],
  ['1E3', '1000'],
  ['-0.5', '-0.5'],
  [0, '0'],
  [123456789012.345, '123456789012.345'],
  [Number.NaN, null],
  [Number.POSITIVE_INFINITY, null],
  ['', null],
  ['1,5', null],
  ['0.1234567890123456789', null],
  [undefined, null],
  [null, null],
];

test('numbers become exact texts, and what is none becomes nothing', (t) => {
  for (const [value, text] of AMOUNTS) t.is(amountOf(value), text, String(value));
});

test('markets: only spot with known steps, whatever way the venue writes a step', (t) => {
  const market = { symbol: 'BTC/USDT', base: 'BTC', quote: 'USDT', spot: true, precision: { amount: 8, price: 2 } };
  const perpetual = { ...market, symbol: 'BTC/USDT:USDT', spot: false };
  t.like(parseMarkets([market, perpetual], 2), [
    { symbol: 'BTC-USDT', priceIncrement: '0.01', quantityIncrement: '0.00000001', minNotional: '0' },
  ]);
  t.deepEqual(parseMarkets([market], 3), []);
  t.deepEqual(
    parseMarkets(
      [
        { ...market, active: false },
        { ...market, precision: {} },
      ],
      4,
    ),
    [],
  );
});

test('an order without a client order id goes by its own, and one with an unknown status is not read', (t) => {
  const order = { id: '7', symbol: 'BTC/USDT', side: 'buy', status: 'closed', amount: '1', filled: '1.0', info: {} };
  t.like(parseOrder(order, profileOf('kraken'), 5).order, {
    clientOrderId: '7',
    status: 'filled',
    filledQuantity: '1',
    updatedAt: 5,
  });
  t.throws(() => parseOrder({ ...order, status: 'resting' }, profileOf('kraken'), 5), { message: /order status/ });
});

test('of a venue nobody described nothing is believed: no deadline, no search by client order id', (t) => {
  t.like(profileOf('kraken').capabilities, { requestDeadline: false, queryByClientOrderId: false });
  t.like(profileOf('okx').capabilities, { requestDeadline: true, queryByClientOrderId: true, clientOrderIdMax: 32 });
});
