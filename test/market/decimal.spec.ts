import test from 'ava';
import fc from 'fast-check';
import * as decimal from '../../actors/market/decimal.ts';

const amounts = fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n });
const steps = fc.bigInt({ min: 1n, max: 10n ** 24n });
const divisors = amounts.filter((amount) => amount !== 0n);

test('an amount survives the way through text', (t) => {
  fc.assert(fc.property(amounts, (amount) => decimal.parse(decimal.format(amount)) === amount));
  t.pass();
});

test('text has no trailing zeros, no exponent and no negative zero', (t) => {
  fc.assert(fc.property(amounts, (amount) => /^(0|-?[1-9]\d*|-?\d+\.\d*[1-9])$/.test(decimal.format(amount))));
  t.is(decimal.format(decimal.parse('1.500')), '1.5');
  t.is(decimal.format(decimal.parse('-0.000')), '0');
  t.is(decimal.format(decimal.parse('0.000000000000000001')), '0.000000000000000001');
  t.is(decimal.format(decimal.parse('007')), '7');
});

test('reading refuses what is not plain decimal notation, and names it', (t) => {
  for (const text of [
    '',
    ' 1',
    '1 ',
    '1e3',
    '1e-7',
    '.5',
    '5.',
    '+1',
    '1,5',
    '0x10',
    'NaN',
    'Infinity',
    '--1',
    '1.2.3',
  ]) {
    const error = t.throws(() => decimal.parse(text), { instanceOf: RangeError, message: /^DECIMAL_INVALID/ });
    t.true(error?.message.includes(JSON.stringify(text)), text);
  }
  t.throws(() => decimal.parse('0.0000000000000000001'), { message: /at most 18 places/ });
  t.throws(() => decimal.parse('123456789012345678901'), { message: /at most 20 digits/ });
  t.throws(() => decimal.parse('9'.repeat(100_000)), { message: /^.{0,200}$/u });
});

test('zeros that carry nothing are accepted on both sides', (t) => {
  t.is(decimal.parse('0.1000000000000000000000'), decimal.parse('0.1'));
  t.is(decimal.parse('0000000000000000000000001'), decimal.ONE);
});

test('order of parsed texts is the order of compare', (t) => {
  fc.assert(fc.property(amounts, amounts, (a, b) => decimal.compare(a, b) === Math.sign(Number(a - b))));
  t.deepEqual(['10', '9', '-1', '0.5'].map(decimal.parse).sort(decimal.compare).map(decimal.format), [
    '-1',
    '0.5',
    '9',
    '10',
  ]);
});

test('adding and taking away again changes nothing', (t) => {
  fc.assert(fc.property(amounts, amounts, (a, b) => decimal.sub(decimal.add(a, b), b) === a));
  t.is(decimal.format(decimal.add(decimal.parse('0.1'), decimal.parse('0.2'))), '0.3');
});

test('a price times a quantity with at most 18 places together is exact', (t) => {
  const nine = fc.bigInt({ min: 0n, max: 10n ** 18n }).map((units) => units * 10n ** 9n);
  fc.assert(fc.property(nine, nine, (a, b) => decimal.mul(a, b) * decimal.ONE === a * b));
  t.is(decimal.format(decimal.mul(decimal.parse('60000.01'), decimal.parse('0.00003'))), '1.8000003');
});

test('a product or quotient is rounded the way that was asked for, by less than one unit', (t) => {
  fc.assert(
    fc.property(amounts, divisors, (a, b) => {
      const [down, up, even] = (['down', 'up', 'halfEven'] as const).map((way) => decimal.div(a, b, way)) as [
        bigint,
        bigint,
        bigint,
      ];
      const size = (value: bigint): bigint => (value < 0n ? -value : value);
      const exact = a * decimal.ONE;
      return (
        size(down * b) <= size(exact) &&
        size(up * b) >= size(exact) &&
        size(up) - size(down) <= 1n &&
        2n * size(exact - even * b) <= size(b)
      );
    }),
  );
  t.is(decimal.format(decimal.div(decimal.ONE, decimal.parse('3'), 'down')), '0.333333333333333333');
  t.is(decimal.format(decimal.div(decimal.ONE, decimal.parse('3'), 'up')), '0.333333333333333334');
  t.is(decimal.format(decimal.div(decimal.parse('-2'), decimal.parse('3'), 'halfEven')), '-0.666666666666666667');
  t.is(decimal.mul(1n, decimal.parse('0.5')), 0n);
  t.is(decimal.mul(3n, decimal.parse('0.5')), 2n);
  t.throws(() => decimal.div(decimal.ONE, 0n, 'down'), { instanceOf: RangeError });
});

test('rounding to a step gives the neighbouring multiples', (t) => {
  fc.assert(
    fc.property(amounts, steps, (amount, step) => {
      const below = decimal.roundDown(amount, step);
      const above = decimal.roundUp(amount, step);
      return below % step === 0n && above % step === 0n && below <= amount && amount <= above && above - below <= step;
    }),
  );
  t.is(decimal.format(decimal.roundDown(decimal.parse('59999.999'), decimal.parse('0.01'))), '59999.99');
  t.is(decimal.format(decimal.roundUp(decimal.parse('59999.991'), decimal.parse('0.01'))), '60000');
  t.is(decimal.format(decimal.roundDown(decimal.parse('-0.1'), decimal.ONE)), '-1');
  t.throws(() => decimal.roundDown(decimal.ONE, 0n), { message: /^DECIMAL_STEP/ });
});

test('min, max and isZero agree with the order', (t) => {
  fc.assert(
    fc.property(amounts, amounts, (a, b) => {
      const least = decimal.min(a, b);
      return least <= a && least <= b && decimal.max(a, b) === a + b - least && decimal.isZero(a - a);
    }),
  );
  t.pass();
});
