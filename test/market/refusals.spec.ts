// The catalogue of refusals.
import test from 'ava';
import { REFUSALS, refusalText } from '../../actors/market/refusals.ts';

test('a refusal names its code and every value', (t) => {
  t.is(
    refusalText('QUANTITY_BELOW_MINIMUM', { quantity: '0.1', minimum: 1 }),
    'QUANTITY_BELOW_MINIMUM: quantity=0.1, minimum=1',
  );
});

test('every refusal says what it means and what to do, in one line each', (t) => {
  for (const [code, { meaning, remedy }] of Object.entries(REFUSALS)) {
    t.regex(code, /^[A-Z]+(_[A-Z]+)+$/);
    for (const text of [meaning, remedy]) t.regex(text, /^[A-Z][^\n]{9,120}[^.]$/, code);
  }
});
