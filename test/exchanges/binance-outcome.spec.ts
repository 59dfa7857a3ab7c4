// The table of "unknown" against "definitely rejected", row by row. Every row stands for a reply that was seen
// while the order was, or was not, at the venue.
import test from 'ava';
import { judgeAmend, judgeCancel, judgeQuery, judgeSubmit } from '../../actors/exchanges/binance/outcome.ts';
import type { HttpReply } from '../../actors/exchanges/wire/http.ts';

type Verdict = 'done' | 'rejected' | 'notSent' | 'unknown' | 'notFound';

/** As the parsers do: an answer without a venue order id is not read. */
function readOrder(json: unknown): string {
  if (typeof json === 'object' && json !== null && 'orderId' in json) return String(json.orderId);
  throw new Error('no orderId');
}
const answered = (status: number, body: unknown): HttpReply => ({
  kind: 'answered',
  status,
  headers: {},
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const refused = (code: number, msg: string, status = 400) => answered(status, { code, msg });
const HTML = '<html><body>Bad gateway</body></html>';

const SUBMIT: readonly (readonly [name: string, reply: HttpReply, verdict: Verdict])[] = [
  ['nothing was written', { kind: 'notSent', reason: 'connection refused' }, 'notSent'],
  ['the socket was cut', { kind: 'noAnswer', reason: 'connection reset' }, 'unknown'],
  ['no answer in time', { kind: 'noAnswer', reason: 'no answer within 5000 ms' }, 'unknown'],
  ['200 with an order id', answered(200, { orderId: 28 }), 'done'],
  ['200 with {}', answered(200, {}), 'unknown'],
  ['200 with HTML', answered(200, HTML), 'unknown'],
  ['200 with null', answered(200, 'null'), 'unknown'],
  ['200 with a list', answered(200, []), 'unknown'],
  ['200 with half a JSON', answered(200, '{"orderId":2'), 'unknown'],
  ['200 with nothing', answered(200, ''), 'unknown'],
  ['204', answered(204, ''), 'unknown'],
  ['301 to somewhere else', answered(301, ''), 'unknown'],
  ['302 with an order id', answered(302, { orderId: 28 }), 'unknown'],
  ['500', answered(500, HTML), 'unknown'],
  ['502', answered(502, HTML), 'unknown'],
  ['503', answered(503, ''), 'unknown'],
  ['520', answered(520, HTML), 'unknown'],
  ['522', answered(522, HTML), 'unknown'],
  ['530', answered(530, HTML), 'unknown'],
  ['504', answered(504, HTML), 'unknown'],
  ['408', answered(408, HTML), 'unknown'],
  ['408 with a code that would be definitive', refused(-1013, 'Filter failure: LOT_SIZE', 408), 'unknown'],
  [
    '409 with a code that would be definitive',
    refused(-2010, 'Order would immediately match and take.', 409),
    'unknown',
  ],
  [
    'a definitive code with a 5xx',
    refused(-2010, 'Account has insufficient balance for requested action.', 500),
    'unknown',
  ],
  ['400 without JSON', answered(400, HTML), 'unknown'],
  ['403 without JSON', answered(403, HTML), 'unknown'],
  ['404 without JSON', answered(404, ''), 'unknown'],
  ['409 without JSON', answered(409, ''), 'unknown'],
  ['451 without JSON', answered(451, ''), 'unknown'],
  ['400 with JSON that is no refusal', answered(400, { error: 'x' }), 'unknown'],
  ['400 with a code that is text', answered(400, { code: '-1013', msg: 'x' }), 'unknown'],
  ['400 with a code without a message', answered(400, { code: -1013 }), 'unknown'],
  ['-1000 unknown error', refused(-1000, 'An unknown error occurred while processing the request.'), 'unknown'],
  [
    '-1001 disconnected',
    refused(-1001, 'Internal error; unable to process your request. Please try again.'),
    'unknown',
  ],
  ['-1006 unexpected response', refused(-1006, 'Execution status unknown.'), 'unknown'],
  ['-1007 timeout', refused(-1007, 'Send status unknown; execution status unknown.'), 'unknown'],
  ['-1004', refused(-1004, 'Server is busy, please wait and try again'), 'unknown'],
  ['-1008 overloaded', refused(-1008, 'Server is currently overloaded with other requests.'), 'unknown'],
  ['-1008 with 503', refused(-1008, 'Server is currently overloaded with other requests.', 503), 'unknown'],
  ['a code nobody has seen', refused(-9999, 'New in the next release'), 'unknown'],
  ['-1003 too many requests', refused(-1003, 'Too many requests queued.', 429), 'rejected'],
  ['-1015 too many orders', refused(-1015, 'Too many new orders.', 429), 'rejected'],
  ['429 without JSON', answered(429, HTML), 'rejected'],
  ['418 without JSON', answered(418, ''), 'rejected'],
  ['-1021 outside the window', refused(-1021, 'Timestamp for this request is outside of the recvWindow.'), 'rejected'],
  ['-1013 filter', refused(-1013, 'Filter failure: NOTIONAL'), 'rejected'],
  ['-1111 precision', refused(-1111, "Parameter 'quantity' has too much precision."), 'rejected'],
  ['-1100 characters', refused(-1100, 'Illegal characters found in a parameter.'), 'rejected'],
  ['-1121 symbol', refused(-1121, 'Invalid symbol.'), 'rejected'],
  ['-1022 signature', refused(-1022, 'Signature for this request is not valid.'), 'rejected'],
  ['-2014 key format', refused(-2014, 'API-key format invalid.', 401), 'rejected'],
  ['-2015 key', refused(-2015, 'Invalid API-key, IP, or permissions for action.', 401), 'rejected'],
  ['-2010 funds', refused(-2010, 'Account has insufficient balance for requested action.'), 'rejected'],
  ['-2010 post-only would cross', refused(-2010, 'Order would immediately match and take.'), 'rejected'],
  ['-2010 market closed', refused(-2010, 'Market is closed.'), 'rejected'],
  ['-2010 duplicate: an earlier copy stands', refused(-2010, 'Duplicate order sent.'), 'unknown'],
  ['-2011 is about cancels', refused(-2011, 'Unknown order sent.'), 'unknown'],
  ['-2013 is about queries', refused(-2013, 'Order does not exist.'), 'unknown'],
];

const CANCEL: typeof SUBMIT = [
  ['200 with the order', answered(200, { orderId: 4 }), 'done'],
  ['200 with {}', answered(200, {}), 'unknown'],
  ['-2011 unknown order: a question', refused(-2011, 'Unknown order sent.'), 'rejected'],
  ['-1021', refused(-1021, 'Timestamp for this request is outside of the recvWindow.'), 'rejected'],
  ['-2010', refused(-2010, 'whatever'), 'unknown'],
  ['-1007', refused(-1007, 'Send status unknown; execution status unknown.'), 'unknown'],
  ['503', answered(503, ''), 'unknown'],
  ['cut', { kind: 'noAnswer', reason: 'connection reset' }, 'unknown'],
  ['nothing was written', { kind: 'notSent', reason: 'connection refused' }, 'notSent'],
];

const AMEND: typeof SUBMIT = [
  ['200 with the order', answered(200, { orderId: 4 }), 'done'],
  ['200 with {}', answered(200, {}), 'unknown'],
  ['200 with HTML', answered(200, HTML), 'unknown'],
  ['-2038 unknown order: a question', refused(-2038, 'Unknown order sent.'), 'rejected'],
  ['-2038 upwards', refused(-2038, 'Order amend (quantity increase) is not supported.'), 'rejected'],
  ['-2038 as it is', refused(-2038, 'The requested action would change no state; rejecting'), 'rejected'],
  ['-2038 with a 5xx', refused(-2038, 'Unknown order sent.', 503), 'unknown'],
  ['-1013 filter', refused(-1013, 'Filter failure: NOTIONAL'), 'rejected'],
  ['-1021', refused(-1021, 'Timestamp for this request is outside of the recvWindow.'), 'rejected'],
  ['429 without JSON', answered(429, HTML), 'rejected'],
  ['-1007', refused(-1007, 'Send status unknown; execution status unknown.'), 'unknown'],
  ['-2010 is about new orders', refused(-2010, 'whatever'), 'unknown'],
  ['-2011 is about cancels', refused(-2011, 'Unknown order sent.'), 'unknown'],
  ['a code nobody has seen', refused(-9999, 'New in the next release'), 'unknown'],
  ['503', answered(503, ''), 'unknown'],
  ['cut', { kind: 'noAnswer', reason: 'connection reset' }, 'unknown'],
  ['nothing was written', { kind: 'notSent', reason: 'connection refused' }, 'notSent'],
];

const QUERY: typeof SUBMIT = [
  ['200 with the order', answered(200, { orderId: 1 }), 'done'],
  ['200 with {}', answered(200, {}), 'unknown'],
  ['-2013 no such order', refused(-2013, 'Order does not exist.'), 'notFound'],
  ['-2013 with a 5xx', refused(-2013, 'Order does not exist.', 500), 'unknown'],
  ['-2013 with a 408', refused(-2013, 'Order does not exist.', 408), 'unknown'],
  ['-2026 archived', refused(-2026, 'Order was archived.'), 'unknown'],
  ['-1021', refused(-1021, 'Timestamp for this request is outside of the recvWindow.'), 'unknown'],
  ['-2015', refused(-2015, 'Invalid API-key, IP, or permissions for action.', 401), 'unknown'],
  ['404 without JSON', answered(404, HTML), 'unknown'],
  ['429', refused(-1003, 'Too many requests.', 429), 'unknown'],
  ['cut', { kind: 'noAnswer', reason: 'connection reset' }, 'unknown'],
];

for (const [name, reply, verdict] of SUBMIT) {
  test(`submit: ${name} is ${verdict}`, (t) => t.is(judgeSubmit(reply, readOrder).verdict as Verdict, verdict));
}
for (const [name, reply, verdict] of CANCEL) {
  test(`cancel: ${name} is ${verdict}`, (t) => t.is(judgeCancel(reply, readOrder).verdict as Verdict, verdict));
}
for (const [name, reply, verdict] of AMEND) {
  test(`amend: ${name} is ${verdict}`, (t) => t.is(judgeAmend(reply, readOrder).verdict as Verdict, verdict));
}
for (const [name, reply, verdict] of QUERY) {
  test(`query: ${name} is ${verdict}`, (t) => t.is(judgeQuery(reply, readOrder).verdict, verdict));
}

test('every 5xx leaves a submit unknown, whatever it says', (t) => {
  for (let status = 500; status < 600; status += 1) {
    for (const body of [HTML, '', JSON.stringify({ code: -1013, msg: 'Filter failure: LOT_SIZE' })]) {
      t.is(judgeSubmit(answered(status, body), readOrder).verdict, 'unknown');
    }
  }
});

test("a rejection carries the venue's code and words", (t) => {
  t.deepEqual(judgeSubmit(refused(-1013, 'Filter failure: LOT_SIZE'), readOrder), {
    verdict: 'rejected',
    code: '-1013',
    reason: 'Filter failure: LOT_SIZE',
  });
  t.deepEqual(judgeSubmit(answered(429, HTML), readOrder), {
    verdict: 'rejected',
    code: 'HTTP 429',
    reason: 'too many requests',
  });
});

test('of all codes of the venue only the definitive ones reject a submit', (t) => {
  const rejecting: number[] = [];
  for (let code = -3_000; code <= 0; code += 1) {
    if (judgeSubmit(refused(code, 'x'), readOrder).verdict === 'rejected') rejecting.push(code);
  }
  const parameters = Array.from({ length: 100 }, (_, index) => -1_199 + index);
  t.deepEqual(rejecting, [-2015, -2014, -2010, ...parameters, -1022, -1021, -1015, -1013, -1003]);
});
