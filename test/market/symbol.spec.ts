import test from 'ava';
import fc from 'fast-check';
import { formatSymbol, isSpotSymbol, parseSymbol, symbolMap } from '../../actors/market/symbol.ts';

test('a canonical spot symbol names its base and its quote', (t) => {
  t.deepEqual(parseSymbol('BTC-USDT'), { base: 'BTC', quote: 'USDT' });
  t.deepEqual(parseSymbol('1000SATS-FDUSD'), { base: '1000SATS', quote: 'FDUSD' });
  t.is(formatSymbol({ base: 'ETH', quote: 'BTC' }), 'ETH-BTC');
});

for (const text of [
  '',
  '-',
  'BTC',
  'BTCUSDT',
  'btc-usdt',
  'BTC-usdt',
  'BTC/USDT',
  'BTC--USDT',
  '-BTC-USDT',
  'BTC-USDT-',
  'B-USDT',
  'BTC-U',
  'ABCDEFGHIJK-USDT',
  'BTC-ABCDEFGHIJK',
  'BTC-USDT-PERP',
  'BTC-USDT-20261231',
  ' BTC-USDT',
  'BTC-USDT\n',
  'BTÇ-USDT',
  'BTC_X-USDT',
  '币安人生-USDT',
]) {
  test(`${JSON.stringify(text)} is not a spot symbol, and the refusal says what is`, (t) => {
    t.false(isSpotSymbol(text));
    const refusal = t.throws(() => parseSymbol(text), { instanceOf: RangeError });
    t.regex(refusal.message, /^SYMBOL_INVALID: symbol=.*, allowed: BASE-QUOTE/);
  });
}

test('every base and quote the grammar allows reads back from the symbol they form', (t) => {
  const asset = fc.stringMatching(/^[A-Z0-9]{2,10}$/);
  fc.assert(
    fc.property(asset, asset, (base, quote) => {
      t.deepEqual(parseSymbol(formatSymbol({ base, quote })), { base, quote });
    }),
  );
});

test('a refusal of a long text shows its beginning only', (t) => {
  const refusal = t.throws(() => parseSymbol('X'.repeat(10_000)));
  t.true((refusal?.message.length ?? 0) < 200);
});

test("the map translates by the venue's list, where cutting the name in two would guess wrong", (t) => {
  const map = symbolMap([
    { symbol: 'BTC-USDT', venueSymbol: 'BTCUSDT' },
    { symbol: 'ETHB-TC', venueSymbol: 'XETHBTC' },
    { symbol: 'ETH-BTC', venueSymbol: 'ETHBTC' },
  ]);
  t.is(map.toVenue('ETH-BTC'), 'ETHBTC');
  t.is(map.toCanonical('ETHBTC'), 'ETH-BTC');
  t.is(map.toCanonical('XETHBTC'), 'ETHB-TC');
  t.is(map.toVenue('SOL-USDT'), undefined);
  t.is(map.toCanonical('SOLUSDT'), undefined);
});

test('the map refuses a symbol that is not canonical and one with two venue names', (t) => {
  t.throws(() => symbolMap([{ symbol: 'BTCUSDT', venueSymbol: 'BTCUSDT' }]), { message: /^SYMBOL_INVALID/ });
  t.throws(
    () =>
      symbolMap([
        { symbol: 'BTC-USDT', venueSymbol: 'BTCUSDT' },
        { symbol: 'BTC-USDT', venueSymbol: 'XBTUSDT' },
      ]),
    { message: 'SYMBOL_AMBIGUOUS: symbol=BTC-USDT, venue names=BTCUSDT and XBTUSDT' },
  );
});
