import { createHmac } from 'node:crypto';
import test from 'ava';
import { queryOf, signedParameters, signedQuery } from '../../actors/exchanges/binance/sign.ts';
import { redactor } from '../../actors/exchanges/wire/redact.ts';

// The worked example of rest-api.md, "SIGNED Endpoint Examples for POST /api/v3/order", with its published keys.
const SECRET = 'NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j';
const ORDER = [
  ['symbol', 'LTCBTC'],
  ['side', 'BUY'],
  ['type', 'LIMIT'],
  ['timeInForce', 'GTC'],
  ['quantity', '1'],
  ['price', '0.1'],
  ['recvWindow', '5000'],
  ['timestamp', '1499827319559'],
] as const;

test("the signature of the venue's own example is the one it publishes, and comes last", (t) => {
  t.is(
    signedQuery(ORDER, SECRET),
    'symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559' +
      '&signature=c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71',
  );
});

test('values are encoded before they are signed', (t) => {
  t.is(
    queryOf([
      ['a', 'x y&z=1'],
      ['b', 'ü'],
    ]),
    'a=x%20y%26z%3D1&b=%C3%BC',
  );
});

test('the WebSocket API signs the parameters sorted by name and keeps their types', (t) => {
  const signed = signedParameters({ timestamp: 7, apiKey: 'k', recvWindow: 5_000 }, 'secret');
  const expected = createHmac('sha256', 'secret').update('apiKey=k&recvWindow=5000&timestamp=7').digest('hex');
  t.deepEqual(signed, { timestamp: 7, apiKey: 'k', recvWindow: 5_000, signature: expected });
});

test('a redacted text holds the secret in none of its forms', (t) => {
  const secret = 'c4nary+key/ÿ=';
  const redact = redactor([secret, 'second']);
  const forms = [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('base64url'),
    Buffer.from(secret).toString('hex'),
    Buffer.from(secret).toString('hex').toUpperCase(),
  ];
  for (const form of forms) t.is(redact(`before ${form} after`), 'before [secret] after');
  t.is(redact(`x ${'ab'.repeat(32)} second`), 'x [signature] [secret]');
});

test('a redacted text is bounded', (t) => {
  t.true(redactor([])('x'.repeat(100_000)).length < 400);
});
