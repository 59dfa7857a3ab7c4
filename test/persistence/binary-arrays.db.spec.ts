import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import pg from 'pg';
import { type Element, type ElementType, encodeArray } from '../../persistence/binary-arrays.ts';
import { testDatabase } from '../support/db.ts';

/** What any text column can hold: no NUL, no half of a surrogate pair. */
const text = fc.string({ unit: 'binary' }).map((value) => value.replaceAll('\u0000', '').toWellFormed());
const MILLENNIA_MS = 200_000_000_000_000;

interface Kind {
  readonly values: fc.Arbitrary<Element>;
  /** What the server is asked to make of one element, and what it must answer. */
  readonly shown: string;
  readonly expected: (value: Exclude<Element, null>) => string;
}

const KINDS: Readonly<Record<ElementType, Kind>> = {
  int8: {
    values: fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.maxSafeInteger()),
    shown: 'x::text',
    expected: String,
  },
  int4: { values: fc.integer(), shown: 'x::text', expected: String },
  bool: { values: fc.boolean(), shown: 'x::text', expected: String },
  text: { values: text, shown: 'x', expected: String },
  json: { values: fc.json({ stringUnit: 'binary' }), shown: 'x::text', expected: String },
  timestamptz: {
    values: fc.integer({ min: -MILLENNIA_MS / 4, max: MILLENNIA_MS }),
    shown: '(extract(epoch from x) * 1000)::bigint::text',
    expected: String,
  },
};

async function connect(t: ExecutionContext): Promise<pg.Client> {
  const client = new pg.Client(await testDatabase());
  await client.connect();
  t.teardown(() => client.end());
  return client;
}

for (const [type, { values, shown, expected }] of Object.entries(KINDS) as [ElementType, Kind][]) {
  test(`the server reads arrays of ${type}, with nulls and without, as they were`, async (t) => {
    const client = await connect(t);
    const name = `show_${type}`;
    const query = `select coalesce(array_agg(${shown} order by n), '{}') as shown
      from unnest($1::${type}[]) with ordinality as u (x, n)`;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(values), { maxLength: 50 }), async (array) => {
        const { rows } = await client.query<{ shown: (string | null)[] }>({
          name,
          text: query,
          values: [encodeArray(type, array)],
        });
        const wanted = array.map((value) => (value === null ? null : expected(value)));
        t.deepEqual(rows[0]?.shown, wanted);
      }),
      { numRuns: 300 },
    );
    t.pass();
  });
}

for (const [type, value, message] of [
  ['int8', 2 ** 53, /takes integers up to 2\^53/],
  ['int8', 1.5, /takes integers, not a number/],
  ['int8', 2n ** 63n, /takes integers of 64 bits/],
  ['int8', '1', /takes integers, not a string/],
  ['int4', 2 ** 31, /takes integers of 32 bits/],
  ['int4', Number.NaN, /takes integers, not a number/],
  ['timestamptz', Number.POSITIVE_INFINITY, /takes integers/],
  ['text', 7, /takes strings, not a number/],
  ['json', false, /takes strings, not a boolean/],
  ['bool', 1, /takes booleans, not a number/],
] as const) {
  test(`an array of ${type} refuses ${typeof value} ${value}, without repeating it`, (t) => {
    const error = t.throws(() => encodeArray(type, [value]), { instanceOf: TypeError, message });
    t.false(error?.message.includes(`not ${String(value)}`));
  });
}
