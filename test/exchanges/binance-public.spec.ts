// Sessions without credentials: market data, and orders refused with the reason; nothing signed is ever sent.
import test from 'ava';
import type { ExchangeSession } from '../../actors/exchanges/exchange.ts';
import { closeSessions, type Heard, heard, limitOrder, never, openAdapter, until } from '../support/binance.ts';
import { fakeVenue } from '../support/fake-venue.ts';
import { okxSession } from '../support/okx-session.ts';

test.after.always('close what a failed test left open', closeSessions);

const NONE = { apiKey: '', apiSecret: '' };
const REASON = 'apiKey and apiSecret are not set: this provider gives market data only, and takes no orders';
const SYMBOL = 'BTC-USDT';

/** What everything about the account and its orders answers. */
async function answersOf(session: ExchangeSession): Promise<object> {
  const ref = { clientOrderId: 'm1order1', symbol: SYMBOL };
  return {
    account: session.account,
    submit: await session.submit(limitOrder(), never),
    cancel: await session.cancel(ref, never),
    amend: await session.amend({ ...ref, quantity: '1', price: null }, never),
    query: await session.query(ref, never),
    openOrders: await session.openOrders(never),
    trades: await session.trades({ symbol: SYMBOL, sinceAt: 0 }, never),
    balances: await session.balances(never),
  };
}
const EXPECTED = {
  account: 'public',
  submit: { outcome: 'rejected', code: 'NO_CREDENTIALS', reason: REASON },
  cancel: { outcome: 'unknown', reason: REASON },
  amend: { outcome: 'rejected', code: 'NO_CREDENTIALS', reason: REASON },
  query: { outcome: 'unknown', reason: REASON },
  openOrders: [],
  trades: [],
  balances: [],
};

async function subscribed(session: ExchangeSession): Promise<void> {
  await session.subscribe([{ type: 'Trade', symbol: SYMBOL }]);
}
const traded = (listener: Heard) => until('a trade', () => listener.market.length > 0);

test('binance without keys gives market data and takes no orders', async (t) => {
  await using venue = await fakeVenue(NONE);
  const listener = heard();
  const session = await openAdapter(venue.settings, listener);
  await subscribed(session);
  const trade = { e: 'trade', E: 1, s: 'BTCUSDT', t: 1, p: '60000.1', q: '0.5', T: 1, m: true, M: true };
  venue.toMarket('btcusdt@trade', trade);
  await traded(listener);
  t.deepEqual(await answersOf(session), EXPECTED);
  t.is(venue.userFrames.length, 0);
  t.false(venue.requests.some(({ headers, raw }) => 'x-mbx-apikey' in headers || raw.includes('signature')));
  t.deepEqual(listener.changes, []);
  await session.close();
});

test('okx without keys gives market data and takes no orders', async (t) => {
  const { venue, session, listener } = await okxSession(t, { settings: NONE });
  await subscribed(session);
  await traded(listener);
  t.deepEqual(await answersOf(session), EXPECTED);
  t.false(venue.server.seen.some(({ headers }) => 'ok-access-key' in headers || 'ok-access-sign' in headers));
  t.deepEqual(listener.changes, []);
});

test('one of the two keys is no way to open a session', async (t) => {
  await using venue = await fakeVenue({ apiSecret: '' });
  await t.throwsAsync(openAdapter(venue.settings), { message: /^apiSecret: was empty/ });
  await t.throwsAsync(okxSession(t, { settings: { apiKey: '' } }), { message: /^apiKey: was empty/ });
  t.is(venue.requests.length, 0);
});
