// Client order ids: whose they are is never in question.
import test from 'ava';
import fc from 'fast-check';
import {
  clientOrderId,
  isClientOrderIdOf,
  isOrderPrefix,
  parseClientOrderId,
} from '../../actors/market/client-order-id.ts';

const prefixes = fc.stringMatching(/^[A-Za-z0-9]{1,20}$/);

test('an id is its prefix and eight characters of sequence', (t) => {
  t.is(clientOrderId('mm1', 0), 'mm100000000');
  t.is(clientOrderId('mm1', 36 ** 8 - 1), 'mm1zzzzzzzz');
});

test('every id splits back into what it was made of, and fits every venue', (t) => {
  fc.assert(
    fc.property(prefixes, fc.integer({ min: 0, max: 36 ** 8 - 1 }), (prefix, sequence) => {
      const id = clientOrderId(prefix, sequence);
      t.deepEqual(parseClientOrderId(id), { prefix, sequence });
      t.regex(id, /^[A-Za-z0-9]{9,28}$/);
    }),
  );
});

test('an id belongs to one prefix, also where one begins with the other', (t) => {
  fc.assert(
    fc.property(prefixes, prefixes, fc.nat(1_000_000), (one, other, sequence) => {
      t.is(isClientOrderIdOf(other, clientOrderId(one, sequence)), one === other);
    }),
  );
  t.false(isClientOrderIdOf('grid', clientOrderId('grid2', 1)));
});

test('what was not made here is nobody’s', (t) => {
  for (const foreign of ['', 'web_1234', 'x-abc', 'short', 'mm1-00000001', 'a'.repeat(29), 'mm1ABCDEFGH']) {
    t.is(parseClientOrderId(foreign), null, foreign);
  }
});

test('a prefix or sequence that an id cannot hold is refused with what is allowed', (t) => {
  for (const prefix of ['', 'a'.repeat(21), 'a-b', 'ä']) {
    t.false(isOrderPrefix(prefix));
    t.throws(() => clientOrderId(prefix, 1), { message: /^CLIENT_ORDER_ID_INVALID: prefix=.*, allowed: 1 to 20/ });
  }
  for (const sequence of [-1, 0.5, 36 ** 8, Number.NaN]) {
    t.throws(() => clientOrderId('mm1', sequence), { message: /^CLIENT_ORDER_ID_INVALID: sequence=/ });
  }
});
