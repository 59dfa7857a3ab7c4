import test from 'ava';
import { Candles, isInterval } from '../../actors/exchanges/paper/core/candles.ts';
import { format, parse } from '../../actors/market/decimal.ts';

const at = (text: string): number => Date.parse(`${text}Z`);
const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 19);

function traded(...trades: [time: string, price: string][]): Candles {
  const candles = new Candles();
  for (const [index, [time, price]] of trades.entries()) {
    const [amount, quantity] = [parse(price), parse('1')];
    candles.add({ id: index + 1, price: amount, quantity, quote: amount, buyerIsTaker: index % 2 === 0, at: at(time) });
  }
  return candles;
}

test('a candle has its first, highest, lowest and last price and what was traded', (t) => {
  const candles = traded(['2026-03-05T10:00:01', '10'], ['2026-03-05T10:00:20', '12'], ['2026-03-05T10:00:40', '9']);
  const [candle, ...more] = candles.list('1m', at('2026-03-05T10:00:59'));
  t.is(more.length, 0);
  t.like(candle, {
    trades: 3,
    firstTradeId: 1,
    lastTradeId: 3,
    openAt: at('2026-03-05T10:00:00'),
    closeAt: at('2026-03-05T10:01:00') - 1,
  });
  const {
    open = 0n,
    high = 0n,
    low = 0n,
    close = 0n,
    volume = 0n,
    quoteVolume = 0n,
    takerBuyVolume = 0n,
  } = candle ?? {};
  t.deepEqual([open, high, low, close, volume, quoteVolume, takerBuyVolume].map(format), [
    '10',
    '12',
    '9',
    '9',
    '3',
    '31',
    '2',
  ]);
});

test('quiet intervals repeat the last price without volume', (t) => {
  const candles = traded(['2026-03-05T10:00:01', '10'], ['2026-03-05T10:03:01', '11']);
  const list = candles.list('1m', at('2026-03-05T10:04:30'));
  t.deepEqual(
    list.map(({ open, close, trades }) => [format(open), format(close), trades]),
    [
      ['10', '10', 1],
      ['10', '10', 0],
      ['10', '10', 0],
      ['11', '11', 1],
      ['11', '11', 0],
    ],
  );
});

test('weeks open on Monday, months on their first, days at midnight', (t) => {
  const candles = traded(['2026-03-05T10:00:00', '10'], ['2026-04-01T00:00:00', '11']);
  const opens = (interval: string) =>
    candles.list(interval, at('2026-04-01T00:00:01')).map(({ openAt }) => iso(openAt));
  t.deepEqual(opens('1M'), ['2026-03-01T00:00:00', '2026-04-01T00:00:00']);
  t.is(opens('1w')[0], '2026-03-02T00:00:00');
  t.is(opens('1d')[0], '2026-03-05T00:00:00');
  t.is(opens('1d').length, 28);
});

test('a long pause costs no more candles than are kept', (t) => {
  const candles = traded(['2026-03-05T10:00:00', '10']);
  const list = candles.list('1s', at('2027-03-05T10:00:00'));
  t.true(list.length <= 1_501);
  t.is(iso(list.at(-1)?.openAt ?? 0), '2027-03-05T10:00:00');
  t.is(format(list.at(0)?.close ?? 0n), '10');
});

test('only intervals of the protocol are intervals', (t) => {
  t.true(['1s', '1m', '4h', '3d', '1w', '1M'].every(isInterval));
  t.false(['', '7m', '1y', 'constructor', '1 m'].some(isInterval));
});
