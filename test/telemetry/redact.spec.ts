import test from 'ava';
import { hidingSecrets, isSecret, isSecretKey, scrub, scrubText } from '../../actors/telemetry/redact.ts';

test('knows a secret by its key in any spelling', (t) => {
  for (const key of [
    'secret',
    'API_SECRET',
    'api-key',
    'apiKey',
    'ApiKey',
    'api key',
    'wsApiKey',
    'passphrase',
    'private_key',
    'privKey',
    'token',
    'access_token',
    'Password',
    'client.secret',
    'accessKey',
    'Authorization',
    'set-cookie',
  ]) {
    t.true(isSecretKey(key), key);
  }
});

test('leaves the words of the trade alone', (t) => {
  for (const key of ['key', 'symbol', 'clientOrderId', 'account', 'price', 'passed', 'apiUrl', 'private', 'access']) {
    t.false(isSecretKey(key), key);
  }
});

test('the number of tokens in a bucket is no secret, the token of a bucket is', (t) => {
  t.false(isSecret('tokens', 3.5));
  t.true(isSecret('tokens', 'abc'));
  t.true(isSecret('token', 42));
  t.true(isSecret('password', 1234));
  t.false(isSecret('secret', null));
});

test('hides values when JSON is written, at any depth', (t) => {
  const text = JSON.stringify({ a: [{ apiKey: 'x', b: { secret: { deep: 'x' } } }], c: 1 }, hidingSecrets);
  t.deepEqual(JSON.parse(text), { a: [{ apiKey: '[redacted]', b: { secret: '[redacted]' } }], c: 1 });
});

test('finds secrets inside texts', (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['postgres://meltica:hunter2@db:5432/x', 'postgres://meltica:[redacted]@db:5432/x'],
    ['postgres://u:p@ss:w0rd@db/x', 'postgres://u:[redacted]@db/x'],
    ['GET /?token=abc&kind=order', 'GET /?token=[redacted]&kind=order'],
    ['Authorization: Bearer abc.def-ghi', 'Authorization: Bearer [redacted]'],
    ['{"apiSecret":"a\\"b","x":"y"}', '{"apiSecret":"[redacted]","x":"y"}'],
    ['signature failed for api_key=abc, symbol=BTCUSDT', 'signature failed for api_key=[redacted], symbol=BTCUSDT'],
    ['price=1.5 at http://localhost:8880/', 'price=1.5 at http://localhost:8880/'],
  ];
  for (const [given, expected] of cases) t.is(scrubText(given), expected);
});

test('copies errors with their causes, and without what a driver adds to them', (t) => {
  const cause = Object.assign(new Error('connect postgres://u:hunter2@db/x'), { code: '08006' });
  const error = Object.assign(new Error('append failed', { cause }), { query: 'insert …', parameters: ['hunter2'] });
  const text = JSON.stringify(scrub({ err: error }));
  t.true(text.includes('append failed'));
  t.true(text.includes('08006'));
  t.false(text.includes('hunter2'));
  t.false(text.includes('insert'));
});

test('ends on circles, depth and size', (t) => {
  const circle: { [key: string]: unknown } = { name: 'a' };
  circle['self'] = circle;
  t.deepEqual(scrub(circle), { name: 'a', self: '[circular]' });
  const shared = { b: 1 };
  t.deepEqual(scrub({ x: shared, y: shared }), { x: { b: 1 }, y: { b: 1 } });
  let deep: object = {};
  for (let level = 0; level < 100; level += 1) deep = { deep };
  t.true(JSON.stringify(scrub(deep)).includes('[cut]'));
  const wide = Array.from({ length: 50_000 }, (_, index) => ({ index }));
  t.true(JSON.stringify(scrub(wide)).length < 200_000);
});

test('copies what JSON cannot', (t) => {
  t.deepEqual(
    scrub({
      big: 10n,
      map: new Map([
        ['apiKey', 'x'],
        ['a', 'b'],
      ]),
      set: new Set([1]),
      bytes: Buffer.from('abc'),
      date: new Date(0),
      fn: () => 1,
    }),
    {
      big: '10',
      map: { apiKey: '[redacted]', a: 'b' },
      set: [1],
      bytes: '[3 bytes]',
      date: '1970-01-01T00:00:00.000Z',
      fn: '[function]',
    },
  );
});
