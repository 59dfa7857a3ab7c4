// Every way an order request can go wrong, over real sockets: what is claimed afterwards must be provable.
import { createHmac } from 'node:crypto';
import net from 'node:net';
import test from 'ava';
import type { SubmitOutcome } from '../../actors/exchanges/exchange.ts';
import { systemClock } from '../../actors/exchanges/wire/clock.ts';
import { httpClient } from '../../actors/exchanges/wire/http.ts';
import { closeSessions, limitOrder, never, openAdapter } from '../support/binance.ts';
import { type FakeVenue, fakeVenue, type Script } from '../support/fake-venue.ts';

test.after.always('close what a failed test left open', closeSessions);

const SUBMIT = 'POST /api/v3/order';
const CANCEL = 'DELETE /api/v3/order';
const QUERY = 'GET /api/v3/order';

const orderJson = (change: object = {}) => ({
  symbol: 'BTCUSDT',
  orderId: 28,
  orderListId: -1,
  clientOrderId: 'm1order1',
  transactTime: 1_700_000_000_000,
  price: '60000.10000000',
  origQty: '0.01000000',
  executedQty: '0.00000000',
  status: 'NEW',
  timeInForce: 'GTC',
  type: 'LIMIT',
  side: 'BUY',
  fills: [],
  ...change,
});
const recordJson = (change: object = {}) => ({ ...orderJson(), time: 1, updateTime: 2, ...change });
const ref = { clientOrderId: 'm1order1', symbol: 'BTC-USDT' };

async function opened(overrides: Parameters<typeof fakeVenue>[0] = {}) {
  const venue = await fakeVenue(overrides);
  const session = await openAdapter(venue.settings).catch(async (error: unknown): Promise<never> => {
    await venue.close();
    throw error;
  });
  return {
    venue,
    session,
    [Symbol.asyncDispose]: async () => {
      await session.close();
      await venue.close();
    },
  };
}
const sent = (venue: FakeVenue, route: string) => venue.requests.filter((request) => request.route === route);

test("an accepted order comes back with the venue's id and its fills", async (t) => {
  await using at = await opened();
  const fills = [
    { price: '59999.00000000', qty: '0.01000000', commission: '0.00001000', commissionAsset: 'BTC', tradeId: 5 },
  ];
  at.venue.script(SUBMIT, [{ status: 200, json: orderJson({ status: 'FILLED', executedQty: '0.01000000', fills }) }]);
  const outcome = await at.session.submit(limitOrder(), never);
  t.like(outcome, {
    outcome: 'accepted',
    order: { venueOrderId: '28', symbol: 'BTC-USDT', status: 'filled', price: '60000.1', filledQuantity: '0.01' },
  });
  t.deepEqual(outcome.outcome === 'accepted' ? outcome.executions.map(({ tradeId }) => tradeId) : [], ['5']);
});

test('a submit sends the decided texts, the given time and the window up to the deadline, signed', async (t) => {
  await using at = await opened();
  at.venue.script(SUBMIT, [{ status: 200, json: orderJson() }]);
  const request = limitOrder();
  await at.session.submit(request, never);
  const [seen] = sent(at.venue, SUBMIT);
  t.is(seen?.headers['x-mbx-apikey'], 'fakeVenueKey');
  const signed = (seen?.raw ?? '').replace(/&signature=.*$/, '');
  t.is(
    signed,
    'symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01000&price=60000.10&newClientOrderId=m1order1' +
      `&newOrderRespType=FULL&recvWindow=5000&timestamp=${request.signedAt}`,
  );
  t.is(seen?.parameters.get('signature'), createHmac('sha256', 'fakeVenueSecret').update(signed).digest('hex'));
});

test('a market order has neither price nor time in force; a post-only one is a LIMIT_MAKER without it', async (t) => {
  await using at = await opened();
  at.venue.stays(SUBMIT, { status: 200, json: orderJson() });
  await at.session.submit(limitOrder({ orderType: 'Market', price: null }), never);
  await at.session.submit(limitOrder({ postOnly: true, side: 'Sell' }), never);
  const [market, maker] = sent(at.venue, SUBMIT).map(({ parameters }) => Object.fromEntries(parameters));
  t.like(market, { type: 'MARKET', quantity: '0.01000' });
  t.false('price' in (market ?? {}) || 'timeInForce' in (market ?? {}));
  t.like(maker, { type: 'LIMIT_MAKER', side: 'SELL', price: '60000.10' });
  t.false('timeInForce' in (maker ?? {}));
});

test('a stop follows the market, a stop limit has its price too, and GTD rests until it is cancelled', async (t) => {
  await using at = await opened();
  at.venue.stays(SUBMIT, { status: 200, json: orderJson() });
  const stop = { stopPrice: '61000.00', timeInForce: 'GTD' } as const;
  await at.session.submit(limitOrder({ ...stop, orderType: 'Stop', price: null }), never);
  await at.session.submit(limitOrder({ ...stop, orderType: 'StopLimit' }), never);
  await at.session.submit(limitOrder({ timeInForce: 'GTD' }), never);
  await at.session.submit(limitOrder({ timeInForce: 'GTD', postOnly: true }), never);
  const names = ['type', 'timeInForce', 'price', 'stopPrice'];
  const said = sent(at.venue, SUBMIT).map(({ parameters }) => names.map((name) => parameters.get(name)));
  t.deepEqual(said, [
    ['STOP_LOSS', null, null, '61000.00'],
    ['STOP_LOSS_LIMIT', 'GTC', '60000.10', '61000.00'],
    ['LIMIT', 'GTC', '60000.10', null],
    ['LIMIT_MAKER', null, '60000.10', null],
  ]);
});

const REPLIES: readonly (readonly [name: string, reply: Script, outcome: SubmitOutcome['outcome']])[] = [
  ['the connection is reset after the request arrived', { cut: 'reset' }, 'unknown'],
  ['the connection is closed after the request arrived', { cut: 'silent' }, 'unknown'],
  ['the answer is cut off in the middle', { cut: 'midway' }, 'unknown'],
  ['the venue answers 200 with {}', { status: 200, json: {} }, 'unknown'],
  ['the venue answers 200 with HTML', { status: 200, text: '<html>' }, 'unknown'],
  ['the venue answers 200 with null', { status: 200, json: null }, 'unknown'],
  [
    'the venue answers 200 about another order',
    { status: 200, json: orderJson({ clientOrderId: 'other' }) },
    'unknown',
  ],
  ['the venue answers 200 about another symbol', { status: 200, json: orderJson({ symbol: 'ETHUSDT' }) }, 'unknown'],
  ['the venue answers 200 with a status nobody knows', { status: 200, json: orderJson({ status: 'WAT' }) }, 'unknown'],
  ['the venue answers 500', { status: 500, text: '' }, 'unknown'],
  ['the venue answers 503 with a code', { status: 503, json: { code: -1008, msg: 'busy' } }, 'unknown'],
  ['a proxy answers 502', { status: 502, text: '<html>Bad gateway</html>' }, 'unknown'],
  ['a proxy redirects', { status: 307, text: '', headers: { location: 'http://127.0.0.1:1/' } }, 'unknown'],
  ['the order is a duplicate', { status: 400, json: { code: -2010, msg: 'Duplicate order sent.' } }, 'unknown'],
  [
    'funds are missing',
    { status: 400, json: { code: -2010, msg: 'Account has insufficient balance for requested action.' } },
    'rejected',
  ],
  ['a filter is hurt', { status: 400, json: { code: -1013, msg: 'Filter failure: LOT_SIZE' } }, 'rejected'],
  [
    'the window is over',
    { status: 400, json: { code: -1021, msg: 'Timestamp for this request is outside of the recvWindow.' } },
    'rejected',
  ],
  ['there were too many', { status: 429, json: { code: -1015, msg: 'Too many new orders.' } }, 'rejected'],
];
for (const [name, reply, outcome] of REPLIES) {
  test(`a submit is ${outcome} when ${name}, and is sent once`, async (t) => {
    await using at = await opened();
    at.venue.script(SUBMIT, [reply]);
    t.is((await at.session.submit(limitOrder(), never)).outcome, outcome);
    t.is(sent(at.venue, SUBMIT).length, 1);
  });
}

test('a submit without an answer in time is unknown', async (t) => {
  await using at = await opened({ httpTimeoutMs: 3_000 });
  at.venue.script(SUBMIT, [{ hang: true }]);
  t.deepEqual(await at.session.submit(limitOrder(), never), { outcome: 'unknown', reason: 'no answer within 3000 ms' });
});

test('a submit called off after it was written is unknown, before that it is not sent', async (t) => {
  await using at = await opened();
  const off = new AbortController();
  at.venue.script(SUBMIT, [
    () => {
      off.abort();
      return { hang: true };
    },
  ]);
  t.deepEqual(await at.session.submit(limitOrder(), off.signal), { outcome: 'unknown', reason: 'it was called off' });
  t.deepEqual(await at.session.submit(limitOrder(), off.signal), { outcome: 'notSent', reason: 'it was called off' });
  t.is(sent(at.venue, SUBMIT).length, 1);
});

test('a submit to a venue that is gone is not sent', async (t) => {
  const at = await opened();
  await at.venue.close();
  t.deepEqual(await at.session.submit(limitOrder(), never), { outcome: 'notSent', reason: 'connection refused' });
  await at.session.close();
});

test('a submit after its deadline is not sent', async (t) => {
  await using at = await opened();
  const signedAt = Date.now() - 5_000;
  const outcome = await at.session.submit(limitOrder({ signedAt, deadlineAt: signedAt + 4_999 }), never);
  t.deepEqual(outcome, { outcome: 'notSent', reason: 'deadline passed before it was sent' });
  t.is(sent(at.venue, SUBMIT).length, 0);
});

test('a submit whose deadline passes while it waits for the limiter is not sent', async (t) => {
  await using at = await opened();
  at.venue.script(SUBMIT, [{ status: 429, json: { code: -1015, msg: 'Too many new orders.' } }]);
  t.is((await at.session.submit(limitOrder(), never)).outcome, 'rejected');
  const outcome = await at.session.submit(limitOrder(), never);
  t.is(outcome.outcome, 'notSent');
  t.regex(outcome.outcome === 'notSent' ? outcome.reason : '', /^our rate limiter would hold it too long/);
  t.is(sent(at.venue, SUBMIT).length, 1);
});

test('after a 429 with Retry-After even a cancel waits, and then goes', async (t) => {
  await using at = await opened();
  at.venue.script(SUBMIT, [
    { status: 429, json: { code: -1003, msg: 'Too many requests.' }, headers: { 'retry-after': '1' } },
  ]);
  at.venue.script(CANCEL, [
    { status: 200, json: { ...orderJson({ status: 'CANCELED' }), origClientOrderId: 'm1order1', clientOrderId: 'x' } },
  ]);
  await at.session.submit(limitOrder(), never);
  const [refusal] = sent(at.venue, SUBMIT);
  t.is((await at.session.cancel(ref, never)).outcome, 'canceled');
  const [cancel] = sent(at.venue, CANCEL);
  t.true((cancel?.at ?? 0) - (refusal?.at ?? 0) >= 990);
});

test('a kept socket that is reset on its second use leaves the order unknown', async (t) => {
  await using at = await opened();
  at.venue.script(SUBMIT, [{ status: 200, json: orderJson() }, { cut: 'reset' }]);
  await at.session.submit(limitOrder(), never);
  const before = at.venue.connections;
  t.is((await at.session.submit(limitOrder(), never)).outcome, 'unknown');
  t.is(at.venue.connections, before);
});

test('a kept socket the venue closed is not used, and the order goes over a new one', async (t) => {
  await using at = await opened();
  at.venue.stays(SUBMIT, { status: 200, json: orderJson() });
  await at.session.submit(limitOrder(), never);
  at.venue.cut('http');
  const outcomes = [];
  for (let attempt = 0; attempt < 20; attempt += 1)
    outcomes.push((await at.session.submit(limitOrder(), never)).outcome);
  // Until the close is noticed the socket may be written to: unknown. It is never claimed that nothing was sent.
  t.is(outcomes.at(-1), 'accepted');
  t.false(outcomes.includes('notSent'));
});

test('a server that takes the connection and never speaks TLS leaves the order not sent', async (t) => {
  const written: Buffer[] = [];
  const server = net.createServer((socket) =>
    socket.on('data', (data) => {
      written.push(data);
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const client = httpClient({
    clock: systemClock,
    url: `https://127.0.0.1:${port}`,
    socketsMax: 1,
    answerBytesMax: 1_000,
  });
  const reply = await client.send({
    method: 'POST',
    path: '/api/v3/order',
    body: 'symbol=BTCUSDT',
    headers: {},
    writeBefore: null,
    timeoutMs: 5_000,
    keptMs: null,
    signal: never,
  });
  t.is(reply.kind, 'notSent');
  t.false(Buffer.concat(written).includes('symbol=BTCUSDT'));
  client.close();
  server.close();
});

test('the deadline is looked at again when the connection is there', async (t) => {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const clock = { ...systemClock, now: () => 100 };
  const client = httpClient({ clock, url: `http://127.0.0.1:${port}`, socketsMax: 1, answerBytesMax: 1_000 });
  const reply = await client.send({
    method: 'POST',
    path: '/',
    body: 'x',
    headers: {},
    writeBefore: 100,
    timeoutMs: 5_000,
    keptMs: null,
    signal: never,
  });
  t.deepEqual(reply, { kind: 'notSent', reason: 'deadline passed before it was sent' });
  client.close();
  server.close();
});

test('an answer beyond the bound is no answer', async (t) => {
  await using venue = await fakeVenue();
  venue.script('GET /big', [{ status: 200, text: 'x'.repeat(100_000) }]);
  const client = httpClient({ clock: systemClock, url: venue.url, socketsMax: 1, answerBytesMax: 50_000 });
  const reply = await client.send({
    method: 'GET',
    path: '/big',
    body: null,
    headers: {},
    writeBefore: null,
    timeoutMs: 5_000,
    keptMs: null,
    signal: never,
  });
  t.deepEqual(reply, { kind: 'noAnswer', reason: 'the answer is longer than 50000 bytes' });
  client.close();
});

for (const [name, change, reason] of [
  ['a symbol the venue does not list', { symbol: 'XRP-USDT' }, /^symbol=XRP-USDT, allowed: an instrument/],
  ['a client order id the venue would refuse', { clientOrderId: 'x'.repeat(37) }, /allowed: 1 to 36 of/],
  ['a client order id with a blank', { clientOrderId: 'a b' }, /allowed: 1 to 36 of/],
  ['a limit order without a price', { price: null }, /^price=null/],
  ['a post-only order that may not rest', { postOnly: true, timeInForce: 'IOC' }, /^postOnly with Limit IOC/],
  ['a stop without its price', { orderType: 'Stop', price: null }, /^stopPrice=null, allowed: a price for Stop/],
  ['a limit order with a stop price', { stopPrice: '1' }, /^stopPrice=1, allowed: null for Limit/],
  [
    'a stop that shall only rest',
    { orderType: 'StopLimit', stopPrice: '1', postOnly: true },
    /^postOnly with StopLimit/,
  ],
  ['a window longer than the venue allows', { deadlineAt: Date.now() + 90_000 }, /allowed: 1 to 60000$/],
] as const) {
  test(`${name} is refused here, and nothing is sent`, async (t) => {
    await using at = await opened();
    const outcome = await at.session.submit(limitOrder(change), never);
    t.like(outcome, { outcome: 'rejected', code: 'UNSENDABLE' });
    t.regex(outcome.outcome === 'rejected' ? outcome.reason : '', reason);
    t.is(sent(at.venue, SUBMIT).length, 0);
  });
}

test('a cancel asks by our client order id and comes back with the order', async (t) => {
  await using at = await opened();
  const json = { ...orderJson({ status: 'CANCELED' }), origClientOrderId: 'm1order1', clientOrderId: 'theCancel' };
  at.venue.script(CANCEL, [{ status: 200, json }]);
  t.like(await at.session.cancel(ref, never), {
    outcome: 'canceled',
    order: { clientOrderId: 'm1order1', status: 'canceled', rawStatus: 'CANCELED' },
  });
  t.like(Object.fromEntries(sent(at.venue, CANCEL)[0]?.parameters ?? []), {
    symbol: 'BTCUSDT',
    origClientOrderId: 'm1order1',
  });
});

test("cancel and query ask by the venue's own id where it is known, whatever the order is called", async (t) => {
  await using at = await opened();
  const known = { ...ref, venueOrderId: '28' };
  const canceled = { ...orderJson({ status: 'CANCELED' }), origClientOrderId: 'amendedByHand', clientOrderId: 'x' };
  at.venue.script(CANCEL, [{ status: 200, json: canceled }]);
  at.venue.script(QUERY, [
    { status: 200, json: recordJson({ clientOrderId: 'amendedByHand' }) },
    { status: 200, json: recordJson({ orderId: 29 }) },
  ]);
  t.like(await at.session.cancel(known, never), { outcome: 'canceled', order: { clientOrderId: 'amendedByHand' } });
  t.like(await at.session.query(known, never), { outcome: 'found', order: { venueOrderId: '28' } });
  t.is((await at.session.query(known, never)).outcome, 'unknown');
  for (const request of [...sent(at.venue, CANCEL), ...sent(at.venue, QUERY)]) {
    t.is(request.parameters.get('orderId'), '28');
    t.false(request.parameters.has('origClientOrderId'));
  }
});

test('an unknown order on cancel is a rejection to ask about, never a cancel', async (t) => {
  await using at = await opened();
  at.venue.script(CANCEL, [{ status: 400, json: { code: -2011, msg: 'Unknown order sent.' } }]);
  t.deepEqual(await at.session.cancel(ref, never), {
    outcome: 'rejected',
    code: '-2011',
    reason: 'Unknown order sent.',
  });
});

test('a cancel whose answer is lost, or speaks of an order still open, is unknown and sent once', async (t) => {
  await using at = await opened();
  at.venue.script(CANCEL, [
    { cut: 'silent' },
    { status: 200, json: { ...orderJson(), origClientOrderId: 'm1order1' } },
  ]);
  t.is((await at.session.cancel(ref, never)).outcome, 'unknown');
  t.is(sent(at.venue, CANCEL).length, 1);
  t.is((await at.session.cancel(ref, never)).outcome, 'unknown');
});

test('a query finds an open order without asking for trades', async (t) => {
  await using at = await opened();
  at.venue.script(QUERY, [{ status: 200, json: recordJson() }]);
  t.like(await at.session.query(ref, never), {
    outcome: 'found',
    order: { venueOrderId: '28', status: 'open' },
    executions: [],
  });
  t.is(sent(at.venue, 'GET /api/v3/myTrades').length, 0);
});

test('a query that finds fills brings them along', async (t) => {
  await using at = await opened();
  at.venue.script(QUERY, [{ status: 200, json: recordJson({ executedQty: '0.01000000', status: 'FILLED' }) }]);
  const trade = {
    symbol: 'BTCUSDT',
    id: 7,
    orderId: 28,
    price: '60000.00000000',
    qty: '0.01000000',
    commission: '0.1',
    commissionAsset: 'BNB',
    time: 9,
    isBuyer: true,
    isMaker: true,
  };
  at.venue.script('GET /api/v3/myTrades', [{ status: 200, json: [trade] }]);
  const outcome = await at.session.query(ref, never);
  t.deepEqual(outcome.outcome === 'found' ? outcome.executions : [], [
    {
      tradeId: '7',
      venueOrderId: '28',
      quantity: '0.01',
      price: '60000',
      fee: '0.1',
      feeAsset: 'BNB',
      liquidity: 'maker',
      tradedAt: 9,
    },
  ]);
  t.is(sent(at.venue, 'GET /api/v3/myTrades')[0]?.parameters.get('orderId'), '28');
});

test('a query whose trades cannot be read is unknown: fills must not go missing', async (t) => {
  await using at = await opened();
  at.venue.script(QUERY, [{ status: 200, json: recordJson({ executedQty: '0.01000000', status: 'FILLED' }) }]);
  at.venue.script('GET /api/v3/myTrades', [{ status: 500, text: '' }]);
  t.is((await at.session.query(ref, never)).outcome, 'unknown');
});

test('an order the venue does not know is not found, as of the time of asking', async (t) => {
  await using at = await opened();
  let answeredAt = 0;
  at.venue.script(QUERY, [
    () => {
      answeredAt = Date.now();
      return { status: 400, json: { code: -2013, msg: 'Order does not exist.' } };
    },
  ]);
  const outcome = await at.session.query(ref, never);
  t.is(outcome.outcome, 'notFound');
  t.true(outcome.outcome === 'notFound' && outcome.askedAt <= answeredAt);
});

for (const reply of [
  { cut: 'reset' },
  { status: 500, text: '' },
  { status: 404, text: '' },
  { status: 200, json: {} },
] as const) {
  test(`a query answered by ${JSON.stringify(reply)} is unknown, not "not found"`, async (t) => {
    await using at = await opened();
    at.venue.script(QUERY, [reply]);
    t.is((await at.session.query(ref, never)).outcome, 'unknown');
  });
}

test('a cancel does not wait behind reads that hang', async (t) => {
  await using at = await opened();
  at.venue.stays('GET /api/v3/account', { hang: true });
  const json = { ...orderJson({ status: 'CANCELED' }), origClientOrderId: 'm1order1', clientOrderId: 'theCancel' };
  at.venue.script(CANCEL, [{ status: 200, json }]);
  const reads = Array.from({ length: 100 }, () => at.session.balances(never).catch(() => 'failed'));
  t.is((await at.session.cancel(ref, never)).outcome, 'canceled');
  await at.session.close();
  t.true((await Promise.all(reads)).every((end) => end === 'failed'));
});
