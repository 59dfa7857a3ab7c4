// What an answer to an order request proves, row by row: over the classes of ccxt, the codes of the venues and what
// the transport knows. Every row stands for a reply while the order was, or was not, at the venue.
import test from 'ava';
import * as library from 'ccxt';
import { type Asked, asking, type Call, type Terms } from '../../actors/exchanges/ccxt/call.ts';
import { judge, judgeError, refusalOf, wordsOf } from '../../actors/exchanges/ccxt/outcome.ts';
import { profileOf } from '../../actors/exchanges/ccxt/profile.ts';
import { NotAnswered } from '../../actors/exchanges/ccxt/transport.ts';
import type { HttpReply } from '../../actors/exchanges/wire/http.ts';

type Verdict = 'done' | 'rejected' | 'notSent' | 'unknown' | 'notFound';
type Row = readonly [name: string, error: unknown, call: Partial<Call>, verdict: Verdict];

const TERMS: Terms = {
  priority: 'submit',
  giveUpAt: 0,
  timeoutMs: 1,
  signal: new AbortController().signal,
  writeBefore: null,
  headers: {},
  mustSay: null,
};
const BLANK: Call = { ...TERMS, requests: 1, written: true, reply: null, understood: false };
const ccxt = library.default;
/** Every error class the package exports, by name. */
const CLASSES = Object.entries(library).flatMap(([name, one]): [string, () => unknown][] => {
  if (typeof one !== 'function' || !(one.prototype instanceof ccxt.BaseError)) return [];
  return [[name, () => Reflect.construct(one, ['x'])]];
});
const HTML = '<html><body>Bad gateway</body></html>';

const answered = (status: number, body: unknown): HttpReply => ({
  kind: 'answered',
  status,
  headers: {},
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const said = (status: number, body: unknown): Partial<Call> => ({ reply: answered(status, body) });
const binance = (code: number, msg: string, status = 400) => said(status, { code, msg });
const okx = (sCode: string, sMsg: string) =>
  said(200, { code: '1', data: [{ clOrdId: 'a', ordId: '', sCode, sMsg, tag: '' }], msg: 'All operations failed' });

const verdictOf = (venue: string, [, error, call]: Row): Verdict =>
  judgeError(error, { ...BLANK, ...call }, profileOf(venue)).verdict;

/** At a venue of which nothing is known but ccxt's classes. */
const GENERIC: readonly Row[] = [
  ['InsufficientFunds', new ccxt.InsufficientFunds('x'), said(400, { code: 7, msg: 'no funds' }), 'rejected'],
  ['InvalidOrder', new ccxt.InvalidOrder('x'), said(400, { code: 7, msg: 'too small' }), 'rejected'],
  ['OrderImmediatelyFillable', new ccxt.OrderImmediatelyFillable('x'), said(400, { msg: 'would take' }), 'rejected'],
  ['OrderNotFillable', new ccxt.OrderNotFillable('x'), said(400, { msg: 'FOK' }), 'rejected'],
  ['ContractUnavailable', new ccxt.ContractUnavailable('x'), said(400, { msg: 'suspended' }), 'rejected'],
  ['BadRequest', new ccxt.BadRequest('x'), said(400, { msg: 'bad' }), 'rejected'],
  ['BadSymbol', new ccxt.BadSymbol('x'), said(400, { msg: 'bad' }), 'rejected'],
  ['AuthenticationError', new ccxt.AuthenticationError('x'), said(401, { msg: 'key' }), 'rejected'],
  ['PermissionDenied', new ccxt.PermissionDenied('x'), said(403, { msg: 'key' }), 'rejected'],
  ['AccountSuspended', new ccxt.AccountSuspended('x'), said(403, { msg: 'no' }), 'rejected'],
  ['MarketClosed', new ccxt.MarketClosed('x'), said(400, { msg: 'closed' }), 'rejected'],
  ['RestrictedLocation', new ccxt.RestrictedLocation('x'), said(451, { msg: 'no' }), 'rejected'],
  ['DuplicateOrderId', new ccxt.DuplicateOrderId('x'), said(400, { msg: 'used' }), 'unknown'],
  [
    'InvalidOrder with the words of a duplicate',
    new ccxt.InvalidOrder('x'),
    said(400, { msg: 'Duplicate id' }),
    'unknown',
  ],
  ['OrderNotFound of a query', new ccxt.OrderNotFound('x'), said(404, { msg: 'no such' }), 'notFound'],
  ['OrderNotCached', new ccxt.OrderNotCached('x'), said(404, { msg: 'no such' }), 'unknown'],
  ['OperationRejected', new ccxt.OperationRejected('x'), said(400, { msg: 'busy' }), 'unknown'],
  ['ExchangeError', new ccxt.ExchangeError('x'), said(400, { msg: 'new in the next release' }), 'unknown'],
  ['NotSupported by the venue', new ccxt.NotSupported('x'), said(400, { msg: 'no' }), 'unknown'],
  ['OperationFailed', new ccxt.OperationFailed('x'), said(400, { msg: 'failed' }), 'unknown'],
  ['NetworkError', new ccxt.NetworkError('x'), said(400, { msg: 'net' }), 'unknown'],
  ['DDoSProtection', new ccxt.DDoSProtection('x'), said(429, { msg: 'slow down' }), 'unknown'],
  ['RateLimitExceeded', new ccxt.RateLimitExceeded('x'), said(429, { msg: 'slow down' }), 'unknown'],
  ['ExchangeNotAvailable', new ccxt.ExchangeNotAvailable('x'), said(503, HTML), 'unknown'],
  ['OnMaintenance', new ccxt.OnMaintenance('x'), said(400, { msg: 'maintenance' }), 'unknown'],
  ['InvalidNonce', new ccxt.InvalidNonce('x'), said(400, { msg: 'nonce' }), 'unknown'],
  ['RequestTimeout', new ccxt.RequestTimeout('x'), said(504, HTML), 'unknown'],
  ['BadResponse', new ccxt.BadResponse('x'), said(200, HTML), 'unknown'],
  ['NullResponse', new ccxt.NullResponse('x'), said(200, 'null'), 'unknown'],
  ['CancelPending', new ccxt.CancelPending('x'), said(400, { msg: 'pending' }), 'unknown'],
  ['an error that is not of ccxt', new TypeError('x'), said(200, {}), 'unknown'],
  ['a text that was thrown', 'x', said(400, { code: 1, msg: 'x' }), 'unknown'],
  ['InvalidOrder with a 5xx', new ccxt.InvalidOrder('x'), said(500, { code: 7, msg: 'x' }), 'unknown'],
  ['InvalidOrder with a 408', new ccxt.InvalidOrder('x'), said(408, { code: 7, msg: 'x' }), 'unknown'],
  ['InvalidOrder with a 409', new ccxt.InvalidOrder('x'), said(409, { code: 7, msg: 'x' }), 'unknown'],
  ['InvalidOrder with a redirect', new ccxt.InvalidOrder('x'), said(302, { code: 7, msg: 'x' }), 'unknown'],
  ['InvalidOrder without JSON', new ccxt.InvalidOrder('x'), said(400, HTML), 'unknown'],
  [
    'BadSymbol while an answer that was a success is read',
    new ccxt.BadSymbol('x'),
    { ...said(200, { code: '0' }), understood: true },
    'unknown',
  ],
  [
    'cut after the bytes left',
    new NotAnswered('x'),
    { reply: { kind: 'noAnswer', reason: 'connection reset' } },
    'unknown',
  ],
  [
    'no byte was written',
    new NotAnswered('x'),
    { written: false, reply: { kind: 'notSent', reason: 'connection refused' } },
    'notSent',
  ],
  ['NetworkError before a byte was written', new ccxt.NetworkError('x'), { written: false }, 'notSent'],
  ['our limiter gave up', new NotAnswered('too long'), { written: false, requests: 0 }, 'notSent'],
  ['ccxt refuses it before a request', new ccxt.InvalidOrder('x'), { written: false, requests: 0 }, 'rejected'],
  ['an argument is missing', new ccxt.ArgumentsRequired('x'), { written: false, requests: 0 }, 'rejected'],
  ['ccxt refuses it after a request', new ccxt.InvalidOrder('x'), { written: false }, 'notSent'],
  [
    'the second request was not written, the first one was',
    new NotAnswered('x'),
    { written: true, reply: { kind: 'notSent', reason: 'connection refused' } },
    'unknown',
  ],
];

const BINANCE: readonly Row[] = [
  ['-1003 too many requests', new ccxt.RateLimitExceeded('x'), binance(-1003, 'Too many requests.', 429), 'rejected'],
  ['-1015 too many orders', new ccxt.RateLimitExceeded('x'), binance(-1015, 'Too many new orders.'), 'rejected'],
  ['429 without JSON', new ccxt.DDoSProtection('x'), said(429, HTML), 'rejected'],
  ['418 without JSON', new ccxt.DDoSProtection('x'), said(418, ''), 'rejected'],
  ['-1021 outside the window', new ccxt.InvalidNonce('x'), binance(-1021, 'outside of the recvWindow'), 'rejected'],
  ['-1022 signature', new ccxt.AuthenticationError('x'), binance(-1022, 'Signature is not valid.'), 'rejected'],
  ['-2015 as DDoSProtection', new ccxt.DDoSProtection('x'), binance(-2015, 'Invalid API-key', 401), 'rejected'],
  ['-1013 filter', new ccxt.InvalidOrder('x'), binance(-1013, 'Filter failure: NOTIONAL'), 'rejected'],
  ['-1111 precision', new ccxt.BadRequest('x'), binance(-1111, 'too much precision'), 'rejected'],
  ['-2010 funds', new ccxt.InsufficientFunds('x'), binance(-2010, 'insufficient balance'), 'rejected'],
  ['-2010 duplicate', new ccxt.InvalidOrder('x'), binance(-2010, 'Duplicate order sent.'), 'unknown'],
  ['-2011 of a cancel', new ccxt.OrderNotFound('x'), binance(-2011, 'Unknown order sent.'), 'notFound'],
  ['-2013 of a query', new ccxt.OrderNotFound('x'), binance(-2013, 'Order does not exist.'), 'notFound'],
  ['-1000', new ccxt.OperationFailed('x'), binance(-1000, 'An unknown error occurred.'), 'unknown'],
  ['-1001', new ccxt.OperationFailed('x'), binance(-1001, 'Internal error.'), 'unknown'],
  ['-1004 as OperationRejected', new ccxt.OperationRejected('x'), binance(-1004, 'Server is busy'), 'unknown'],
  ['-1006', new ccxt.OperationFailed('x'), binance(-1006, 'Execution status unknown.'), 'unknown'],
  ['-1007', new ccxt.RequestTimeout('x'), binance(-1007, 'execution status unknown.'), 'unknown'],
  ['-1008 as InvalidOrder', new ccxt.InvalidOrder('x'), binance(-1008, 'overloaded'), 'unknown'],
];

/** Codes of "Error Code" in OKX's API v5 guide, as ccxt 4.5.84 classes them. */
const OKX: readonly Row[] = [
  ['51008 funds', new ccxt.InsufficientFunds('x'), okx('51008', 'Insufficient balance'), 'rejected'],
  ['51020 below the minimum', new ccxt.InvalidOrder('x'), okx('51020', 'should be greater than the min'), 'rejected'],
  ['51121 not on the lot', new ccxt.InvalidOrder('x'), okx('51121', 'multiples of the lot size'), 'rejected'],
  ['51001 no instrument', new ccxt.BadSymbol('x'), okx('51001', 'Instrument ID does not exist'), 'rejected'],
  ['51016 duplicated client id', new ccxt.InvalidOrder('x'), okx('51016', 'Client order ID already exists'), 'unknown'],
  ['50102 timestamp expired', new ccxt.InvalidNonce('x'), said(401, { code: '50102', msg: 'expired' }), 'rejected'],
  ['50011 too many requests', new ccxt.RateLimitExceeded('x'), said(429, { code: '50011', msg: 'many' }), 'rejected'],
  ['50061 too many orders', new ccxt.ExchangeError('x'), said(200, { code: '50061', msg: 'many' }), 'rejected'],
  ['50113 signature', new ccxt.AuthenticationError('x'), said(401, { code: '50113', msg: 'Invalid Sign' }), 'rejected'],
  ['50004 timeout', new ccxt.RequestTimeout('x'), said(400, { code: '50004', msg: 'timeout' }), 'unknown'],
  ['50013 busy', new ccxt.ExchangeNotAvailable('x'), said(200, { code: '50013', msg: 'busy' }), 'unknown'],
  ['50026 system error', new ccxt.ExchangeNotAvailable('x'), said(500, { code: '50026', msg: 'error' }), 'unknown'],
  ['50001 as InvalidOrder', new ccxt.InvalidOrder('x'), said(503, { code: '50001', msg: 'unavailable' }), 'unknown'],
  [
    '51603 of a query',
    new ccxt.OrderNotFound('x'),
    said(200, { code: '51603', msg: 'Order does not exist' }),
    'notFound',
  ],
  ['51400 of a cancel', new ccxt.OrderNotFound('x'), okx('51400', 'the order does not exist'), 'notFound'],
  ['a code nobody has seen', new ccxt.ExchangeError('x'), okx('59999', 'new'), 'unknown'],
];

for (const [venue, rows] of [
  ['kraken', GENERIC],
  ['binance', BINANCE],
  ['okx', OKX],
] as const) {
  for (const row of rows) test(`${venue}: ${row[0]} is ${row[3]}`, (t) => t.is(verdictOf(venue, row), row[3]));
}

test('every class of ccxt with every 5xx leaves an order unknown', (t) => {
  t.true(CLASSES.length > 30);
  for (const status of [500, 502, 503, 504, 520, 530]) {
    const call = { ...BLANK, ...said(status, { code: -1013, msg: 'x' }) };
    for (const [, make] of CLASSES) t.is(judgeError(make(), call, profileOf('binance')).verdict, 'unknown');
  }
});

test('only these classes of ccxt reject an order at a venue nobody knows', (t) => {
  const call = { ...BLANK, ...said(400, { code: 7, msg: 'x' }) };
  const isRejecting = (make: () => unknown) => judgeError(make(), call, profileOf('kraken')).verdict === 'rejected';
  const rejecting = CLASSES.filter(([, make]) => isRejecting(make)).map(([name]) => name);
  t.deepEqual(rejecting.toSorted(), [
    'AccountNotEnabled',
    'AccountSuspended',
    'AuthenticationError',
    'BadRequest',
    'BadSymbol',
    'ContractUnavailable',
    'InsufficientFunds',
    'InvalidOrder',
    'MarketClosed',
    'OrderImmediatelyFillable',
    'OrderNotFillable',
    'PermissionDenied',
    'RestrictedLocation',
  ]);
});

test('an answer that cannot be read is unknown, not an error', (t) => {
  const asked: Asked = { kind: 'answered', value: {}, call: BLANK };
  const judged = judge(asked, profileOf('okx'), () => {
    throw new Error('no id');
  });
  t.deepEqual(judged, { verdict: 'unknown', reason: 'an answer that cannot be read: no id' });
});

test("a rejection carries the venue's code and words, of the order where there is one", (t) => {
  const call = { ...BLANK, ...okx('51008', 'Insufficient balance') };
  t.deepEqual(judgeError(new ccxt.InsufficientFunds('x'), call, profileOf('okx')), {
    verdict: 'rejected',
    code: '51008',
    reason: 'Insufficient balance',
  });
  t.deepEqual(refusalOf('{"code":-1013,"msg":"Filter failure"}'), { code: '-1013', message: 'Filter failure' });
  t.is(refusalOf(HTML), null);
});

test("ccxt's own text, which holds the signed address, is never what is said of a failure", async (t) => {
  const url = 'https://api.binance.com/api/v3/order?timestamp=1&signature=00ff';
  const asked = await asking(TERMS, async () => {
    throw new ccxt.NetworkError(`binance GET ${url} fetch failed`);
  });
  t.is(asked.kind, 'failed');
  if (asked.kind !== 'failed') return;
  for (const text of [
    wordsOf(asked.error, asked.call),
    JSON.stringify(judgeError(asked.error, asked.call, profileOf('binance'))),
  ]) {
    t.false(text.includes('signature'), text);
    t.false(text.includes('api.binance.com'), text);
  }
});
