// Opening, losing and closing the connections, and what is never said about them.
import test from 'ava';
import { openBinance } from '../../actors/exchanges/binance/index.ts';
import { ExchangeFault } from '../../actors/exchanges/exchange.ts';
import { BOUNDS } from '../../actors/exchanges/wire/bounds.ts';
import { closeSessions, heard, limitOrder, never, openAdapter, until } from '../support/binance.ts';
import { fakeVenue, SYMBOL } from '../support/fake-venue.ts';

test.after.always('close what a failed test left open', closeSessions);

const NOBODY = '127.0.0.1:1';

test('a session is open when REST, user stream and market stream are', async (t) => {
  await using venue = await fakeVenue({ venue: 'paper', provider: 'p1' });
  const listener = heard();
  const session = await openBinance(venue.settings, listener, never);
  t.is(session.venue, 'paper');
  t.is(session.account, '42');
  t.deepEqual(session.capabilities, {
    requestDeadline: true,
    queryByClientOrderId: true,
    clientOrderIdMax: 36,
    clientOrderIdChars: '.A-Z:/a-z0-9_-',
    amend: 'reduce',
    orderTypes: ['Limit', 'Market', 'Stop', 'StopLimit'],
    timesInForce: ['GTC', 'IOC', 'FOK'],
    selfTradePrevention: true,
    cancelAllAfter: false,
    orderHistoryMs: 90 * 86_400_000,
    tradeHistoryMs: null,
    skewMs: 1_000,
    processingMs: 10_000,
    readLagMs: 5_000,
  });
  t.is(venue.userSockets.size, 1);
  t.is(venue.marketSockets.size, 1);
  t.deepEqual(listener.changes, []);
  await session.close();
  await until('both sockets to close', () => venue.userSockets.size + venue.marketSockets.size === 0);
  t.deepEqual(listener.changes, []);
});

for (const [name, broken, said] of [
  [
    'REST',
    { restUrl: `http://${NOBODY}` },
    `could not reach the REST API at http://${NOBODY}: GET /api/v3/time at http://${NOBODY}: connection refused`,
  ],
  [
    'user stream',
    { wsApiUrl: `ws://${NOBODY}` },
    `could not reach the user data stream at ws://${NOBODY}: connection refused`,
  ],
  [
    'market stream',
    { streamUrl: `ws://${NOBODY}` },
    `could not reach the market stream at ws://${NOBODY}: connection refused`,
  ],
] as const) {
  test(`a ${name} that cannot be reached is named, and nothing stays open`, async (t) => {
    await using venue = await fakeVenue(broken);
    const fault = await t.throwsAsync(openAdapter(venue.settings), { instanceOf: ExchangeFault });
    t.is(fault?.message, said);
    t.true(fault?.retryable);
    await until('all sockets to close', () => venue.userSockets.size + venue.marketSockets.size === 0);
  });
}

test('keys the venue refuses are not worth another try', async (t) => {
  await using venue = await fakeVenue();
  venue.stays('GET /api/v3/account', {
    status: 401,
    json: { code: -2015, msg: 'Invalid API-key, IP, or permissions for action.' },
  });
  const fault = await t.throwsAsync(openAdapter(venue.settings), { instanceOf: ExchangeFault });
  t.false(fault?.retryable);
  t.regex(fault?.message ?? '', /^could not reach the REST API at .*: HTTP 401: -2015 Invalid API-key/);
});

test('a subscription the venue refuses for its keys is not worth another try', async (t) => {
  await using venue = await fakeVenue();
  venue.userReplies.push({ code: -1022, msg: 'Signature for this request is not valid.' });
  const fault = await t.throwsAsync(openAdapter(venue.settings), { instanceOf: ExchangeFault });
  t.false(fault?.retryable);
  t.regex(fault?.message ?? '', /the subscription was refused: -1022/);
});

test('a venue in maintenance is worth another try', async (t) => {
  await using venue = await fakeVenue();
  venue.stays('GET /api/v3/time', { status: 503, text: '<html>maintenance</html>' });
  const fault = await t.throwsAsync(openAdapter(venue.settings), { instanceOf: ExchangeFault });
  t.true(fault?.retryable);
});

test('a subscription that is never confirmed ends the attempt', async (t) => {
  await using venue = await fakeVenue();
  venue.userReplies.push('silence');
  const fault = await t.throwsAsync(openAdapter(venue.settings, heard(), { connectMs: 200 }), {
    instanceOf: ExchangeFault,
  });
  t.regex(fault?.message ?? '', /the subscription was not confirmed within 200 ms$/);
});

test('an attempt that is called off ends, and closes what was open', async (t) => {
  await using venue = await fakeVenue();
  venue.userReplies.push('silence');
  const off = new AbortController();
  const opening = openAdapter(venue.settings, heard(), {}, off.signal);
  venue.stays('GET /api/v3/account', { hang: true });
  await until('the first request', () => venue.requests.length > 0);
  off.abort();
  await t.throwsAsync(opening, { instanceOf: ExchangeFault });
});

test('a signal that is aborted after the session opened leaves it open', async (t) => {
  await using venue = await fakeVenue();
  const off = new AbortController();
  const listener = heard();
  const session = await openAdapter(venue.settings, listener, {}, off.signal);
  off.abort();
  await session.subscribe([{ type: 'Trade', symbol: 'BTC-USDT' }]);
  t.is(venue.userSockets.size + venue.marketSockets.size, 2);
  t.deepEqual(listener.changes, []);
  await session.close();
});

test('keys with blanks are refused before anything is dialled', async (t) => {
  await using venue = await fakeVenue({ apiKey: 'a key' });
  const fault = await t.throwsAsync(openAdapter(venue.settings), { instanceOf: ExchangeFault });
  t.is(fault?.message, 'apiKey: was empty or has blanks, allowed: visible ASCII');
  t.is(venue.requests.length, 0);
});

for (const broken of [
  { restUrl: 'not an address' },
  { restUrl: 'ws://127.0.0.1:1' },
  { restUrl: 'http://me:hidden@127.0.0.1:1' },
  { streamUrl: 'http://127.0.0.1:1' },
  { wsApiUrl: '//127.0.0.1:1' },
]) {
  const [[name, url] = ['', '']] = Object.entries(broken);
  test(`${name} ${JSON.stringify(url)} is refused without being shown`, async (t) => {
    await using venue = await fakeVenue(broken);
    const fault = await t.throwsAsync(openAdapter(venue.settings), { instanceOf: ExchangeFault });
    t.regex(fault?.message ?? '', new RegExp(`^${name}: allowed: an address with (http|ws)`));
    t.false(fault?.retryable);
    t.false(fault?.message.includes('hidden'));
  });
}

test('one lost stream is one disconnect, and one reconnect when it holds again', async (t) => {
  await using venue = await fakeVenue();
  const listener = heard();
  const session = await openAdapter(venue.settings, listener);
  venue.cut('user');
  await until('the reconnect', () => listener.changes.includes('connected'));
  const host = new URL(venue.url).host;
  t.deepEqual(listener.changes, [
    `disconnected: user data stream at ws://${host}: the connection was closed (1006)`,
    'connected',
  ]);
  await session.close();
});

test('both streams lost is one disconnect, and it is over only when both hold', async (t) => {
  await using venue = await fakeVenue();
  const listener = heard();
  const session = await openAdapter(venue.settings, listener, { connectMs: 300 });
  await session.subscribe([{ type: 'Trade', symbol: 'BTC-USDT' }]);
  venue.marketReplies.push('silence', 'refuse');
  venue.cut('user');
  venue.cut('market');
  await until('a user stream', () => venue.userSockets.size === 1);
  t.false(listener.changes.includes('connected'));
  await until('the reconnect', () => listener.changes.includes('connected'));
  t.is(listener.changes.length, 2);
  // Silence cost one connection, the refusal one more request on the next.
  t.is(venue.marketFrames.filter(({ method }) => method === 'SUBSCRIBE').length, 4);
  await session.close();
});

test('the venue may stay away for a while: it is dialled with growing pauses', async (t) => {
  await using venue = await fakeVenue();
  const listener = heard();
  const session = await openAdapter(venue.settings, listener);
  venue.refuseUpgrades(true);
  const before = venue.connections;
  venue.cut('user');
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const attempts = venue.connections - before;
  // Pauses of 10 to 20, 20 to 40, 40 to 80, 80 to 160 ms, then 100 to 200 ms each: 8 to 17 attempts in a second.
  t.true(attempts >= 2 && attempts <= 17, `${attempts} attempts`);
  t.false(listener.changes.includes('connected'));
  venue.refuseUpgrades(false);
  await until('the reconnect', () => listener.changes.includes('connected'));
  await session.close();
});

for (const which of ['user', 'market'] as const) {
  test(`a ${which} stream that is half open is found within 5 s`, async (t) => {
    await using venue = await fakeVenue();
    const listener = heard();
    const session = await openAdapter(venue.settings, listener, { pingMs: BOUNDS.pingMs, silentMs: BOUNDS.silentMs });
    const frozenAt = Date.now();
    venue.freeze(which);
    await until('the disconnect', () => listener.changes.length > 0);
    const foundMs = Date.now() - frozenAt;
    t.log(`found after ${foundMs} ms`);
    t.regex(listener.changes[0] ?? '', /no sign of life for \d+ ms$/);
    t.true(BOUNDS.pingMs + BOUNDS.silentMs <= 4_500);
    await until('the reconnect', () => listener.changes.includes('connected'));
    await session.close();
  });
}

test('a stream that answers pings is not given up, however quiet it is', async (t) => {
  await using venue = await fakeVenue();
  const listener = heard();
  const session = await openAdapter(venue.settings, listener, { pingMs: 50, silentMs: 2_000 });
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  t.deepEqual(listener.changes, []);
  await session.close();
});

test('after a close nothing is heard any more, and everything asked ends', async (t) => {
  await using venue = await fakeVenue({ httpTimeoutMs: 600_000 });
  const listener = heard();
  const session = await openAdapter(venue.settings, listener);
  venue.stays('GET /api/v3/account', { hang: true });
  const reading = session.balances(never);
  await session.close();
  await t.throwsAsync(reading, { instanceOf: ExchangeFault });
  t.is((await session.submit(limitOrder(), never)).outcome, 'notSent');
  await t.throwsAsync(session.subscribe([]), { message: 'the session was closed' });
  t.deepEqual(listener.changes, []);
});

test("the clock skew is the venue's clock minus ours, by the quickest of three samples", async (t) => {
  await using venue = await fakeVenue();
  venue.stays('GET /api/v3/time', () => ({ status: 200, json: { serverTime: Date.now() + 3_000 } }));
  const session = await openAdapter(venue.settings);
  const skewMs = await session.clockSkewMs(never);
  t.true(Math.abs(skewMs - 3_000) < 500, `${skewMs}`);
  // Questions are signed by the venue's clock; only a submit has its own time.
  await session.openOrders(never);
  const asked = venue.requests.find(({ route }) => route === 'GET /api/v3/openOrders');
  t.true(Number(asked?.parameters.get('timestamp')) - Date.now() > 2_000);
  await session.close();
});

test('instruments are read anew, and new ones can be traded', async (t) => {
  await using venue = await fakeVenue();
  const session = await openAdapter(venue.settings);
  t.deepEqual(
    (await session.instruments(never)).map(({ symbol }) => symbol),
    ['BTC-USDT'],
  );
  await session.close();
});

test('what is listed meanwhile is known soon, and a reading that fails changes nothing', async (t) => {
  await using venue = await fakeVenue({ listingRefreshMs: 20 });
  const session = await openAdapter(venue.settings);
  const orders = () => session.query({ clientOrderId: 'a', symbol: 'NEW-USDT' }, never);
  t.like(await orders(), { outcome: 'unknown', reason: 'symbol=NEW-USDT, allowed: an instrument the venue lists' });
  const listed = { ...SYMBOL, symbol: 'NEWUSDT', baseAsset: 'NEW' };
  venue.script('GET /api/v3/exchangeInfo', [{ status: 500, text: '' }]);
  venue.stays('GET /api/v3/exchangeInfo', { status: 200, json: { symbols: [SYMBOL, listed] } });
  venue.stays('GET /api/v3/order', { status: 400, json: { code: -2013, msg: 'Order does not exist.' } });
  while ((await orders()).outcome === 'unknown') await new Promise((resolve) => setTimeout(resolve, 10));
  t.is((await orders()).outcome, 'notFound');
  await session.close();
});

test('a book begins with as many levels as the settings say', async (t) => {
  await using venue = await fakeVenue({ snapshotDepth: 400 });
  const session = await openAdapter(venue.settings);
  await session.subscribe([{ type: 'BookSnapshot', symbol: 'BTC-USDT' }]);
  const asked = () => venue.requests.find(({ route }) => route === 'GET /api/v3/depth');
  await until('the snapshot', () => asked() !== undefined);
  t.is(asked()?.parameters.get('limit'), '400');
  await session.close();
});

test('of the balances those are given that are, or were, not empty', async (t) => {
  await using venue = await fakeVenue();
  const session = await openAdapter(venue.settings);
  const account = (free: string) => ({
    status: 200,
    json: {
      uid: 42,
      updateTime: 7,
      balances: [
        { asset: 'BTC', free, locked: '0' },
        { asset: 'DOGE', free: '0.00', locked: '0.00' },
      ],
    },
  });
  venue.script('GET /api/v3/account', [account('1.50'), account('0.00')]);
  t.deepEqual(await session.balances(never), [{ asset: 'BTC', available: '1.5', locked: '0', observedAt: 7 }]);
  t.deepEqual(await session.balances(never), [{ asset: 'BTC', available: '0', locked: '0', observedAt: 7 }]);
  await session.close();
});
