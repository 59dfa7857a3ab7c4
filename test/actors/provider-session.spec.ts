// The session host and the provider's effects, against an exchange by hand.
import test from 'ava';
import { ExchangeFault } from '../../actors/exchanges/exchange.ts';
import type { MarketEvent } from '../../actors/market/market-event.ts';
import type { ProviderPorts } from '../../actors/provider/effects.ts';
import { closeSession, holdFeeds, openSession, reconcile } from '../../actors/provider/effects.ts';
import { createMarketHub, type HubEvent } from '../../actors/provider/market-hub.ts';
import { createSessionHost } from '../../actors/provider/session.ts';
import type { EffectContext, EffectDefinition } from '../../actors/runtime/actor.ts';
import type { Message } from '../../actors/runtime/message.ts';
import { fakeBooks } from '../support/books.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { CAPABILITIES, fakeExchange, report } from '../support/fake-exchange.ts';
import { fakeIntake } from '../support/fake-intake.ts';
import { BTC, ETH, foreign, INPUT, SETTINGS } from '../support/providers.ts';
import { quiet } from '../support/system.ts';

function host() {
  const exchange = fakeExchange();
  const intake = fakeIntake('provider/paper', 'risk/firm', 'order/mm100000001');
  const clock = fakeClock();
  const hubErrors: unknown[] = [];
  const hub = createMarketHub((error) => hubErrors.push(error));
  const sessions = createSessionHost({
    adapters: { binance: exchange.open },
    secrets: (reference) => `value of ${reference}`,
    intake,
    hub,
    riskScopes: (provider) => (provider === 'paper' ? ['firm', 'desk'] : []),
    orderPrefix: 'dep1',
    clock,
    log: quiet,
  });
  return { exchange, intake, clock, hub, hubErrors, sessions, books: fakeBooks() };
}
type Host = ReturnType<typeof host>;

const REQUEST = { ...INPUT, session: 1, symbols: ['BTC-USDT'] };
const LINK = {
  ...{ venue: 'PAPER', account: 'main', fenceMarginMs: 16_000, recvWindowMs: 5_000, skewMs: 3, readLagMs: 5_000 },
  ...{ amends: 'reduce', orderTypes: ['Limit', 'Market'], riskScopes: ['firm', 'desk'], orderPrefix: 'dep1' },
};
const signal = new AbortController().signal;

/** Performs a command as the runtime does. */
async function perform<Args>(
  { sessions, books }: Host,
  definition: EffectDefinition<Args, ProviderPorts>,
  args: Args,
): Promise<Message | null> {
  const about = { key: 'provider/paper#1.0', actor: 'provider/paper', at: 100_000, attempt: 1 } as const;
  const context: EffectContext<ProviderPorts> = { ...about, signal, ports: { sessions, books } };
  return definition.perform(args, context);
}

function ticker(lastPrice: string, symbol = 'BTC-USDT'): MarketEvent {
  const payload = { lastPrice, bidPrice: '1', askPrice: '1', volume24h: '1', timestamp: 1 };
  return { type: 'Ticker', provider: 'paper', symbol, payload };
}
/** Lets promises that are under way come to rest. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

test('opening resolves the credentials, and answers what the venue says of itself and its instruments', async (t) => {
  const it = host();
  const answer = await perform(it, openSession, REQUEST);
  t.deepEqual(answer, { type: 'Connected', session: 1, ...LINK, instruments: [BTC] });
  const { settings } = it.exchange.sessions[0] ?? {};
  t.is(settings?.apiKey, 'value of env:PAPER_KEY');
  t.is(settings?.provider, 'paper');
  t.is(settings?.recvWindowMs, 5_000);
  t.is(it.sessions.find('paper'), it.exchange.sessions[0]?.session ?? null);
  t.is(it.sessions.find('other'), null);
});

test('a venue without a request deadline gives orders no window, so that absence is never concluded', async (t) => {
  const it = host();
  it.exchange.answers.capabilities = { ...CAPABILITIES, requestDeadline: false };
  const answer = await perform(it, openSession, REQUEST);
  t.like(answer, { type: 'Connected', recvWindowMs: 0 });
});

test('of a venue with more instruments than a message carries the watched ones come', async (t) => {
  const it = host();
  const others = Array.from({ length: 300 }, (_, n) => ({ ...BTC, symbol: `X${n}-USDT` }));
  it.exchange.answers.instruments = [...others, BTC];
  t.like(await perform(it, openSession, REQUEST), { instruments: [BTC] });
});

test('what a pause would not mend is told as final: adapter, settings, credentials, the venue itself', async (t) => {
  const it = host();
  const { apiKey: _key, ...keyless } = SETTINGS;
  const failed = async (change: object) => perform(it, openSession, { ...REQUEST, ...change });
  const final = { type: 'ConnectFailed', session: 1, retryable: false };
  t.deepEqual(await failed({ adapter: 'kraken' }), {
    ...final,
    reason: 'ADAPTER_UNKNOWN: adapter=kraken, allowed: binance',
  });
  t.deepEqual(await failed({ settings: keyless }), {
    ...final,
    reason: 'SETTING_INVALID: apiKey=undefined, allowed: a text',
  });
  t.deepEqual(await failed({ settings: { ...SETTINGS, apiKey: 'hunter2' } }), {
    ...final,
    reason: 'SETTING_INVALID: apiKey=[hidden], allowed: a reference, env:NAME or file:PATH',
  });
  t.deepEqual(await failed({ settings: { ...SETTINGS, recvWindowMs: 90_000 } }), {
    ...final,
    reason: 'SETTING_INVALID: recvWindowMs=90000, allowed: a whole number from 1 to 60000',
  });
  const release = it.exchange.hold();
  const refused = failed({});
  release(new ExchangeFault('the venue refuses the key', { retryable: false }));
  t.deepEqual(await refused, { ...final, reason: 'the venue refuses the key' });
  t.is(it.sessions.find('paper'), null);
});

test('what a pause may mend is told as retryable, and leaves no session behind', async (t) => {
  const it = host();
  it.exchange.answers.skewMs = -4_000;
  const answer = await perform(it, openSession, REQUEST);
  const reason = 'CLOCK_SKEWED: skewMs=-4000, allowed: up to 1000; set the clock of this machine';
  t.deepEqual(answer, { type: 'ConnectFailed', session: 1, reason, retryable: true });
  t.true(it.exchange.sessions[0]?.closed);
  t.is(it.sessions.find('paper'), null);
});

test('a newer session closes the one before it', async (t) => {
  const it = host();
  await perform(it, openSession, REQUEST);
  t.like(await perform(it, openSession, { ...REQUEST, session: 2 }), { type: 'Connected', session: 2 });
  t.deepEqual(
    it.exchange.sessions.map(({ closed }) => closed),
    [true, false],
  );
  t.like(await perform(it, openSession, REQUEST), { type: 'ConnectFailed', session: 1, retryable: true });
  t.is(it.exchange.sessions.length, 2);
});

test('a close that overtakes an opening leaves nothing open', async (t) => {
  const it = host();
  const release = it.exchange.hold();
  const opening = perform(it, openSession, REQUEST);
  await settled();
  t.deepEqual(await perform(it, closeSession, { name: 'paper', session: 2 }), { type: 'Closed', session: 2 });
  t.true(it.exchange.sessions[0]?.signal.aborted);
  release();
  t.like(await opening, { type: 'ConnectFailed', session: 1 });
  t.true(it.exchange.sessions[0]?.closed);
  t.is(it.sessions.find('paper'), null);
});

test('a close that comes late does not touch a newer session', async (t) => {
  const it = host();
  await perform(it, openSession, { ...REQUEST, session: 3 });
  await perform(it, closeSession, { name: 'paper', session: 2 });
  t.false(it.exchange.sessions[0]?.closed);
});

test('a report is durable before the venue may go on, once, under the id of the report', async (t) => {
  const it = host();
  await perform(it, openSession, REQUEST);
  const listener = it.exchange.sessions[0]?.listener;
  const order = foreign('mm100000001', '7');
  const release = it.intake.hold();
  let isDone = false;
  const reporting = listener?.onReport(report(order, 'r1')).then(() => {
    isDone = true;
  });
  await settled();
  t.false(isDone);
  release();
  await reporting;
  await listener?.onReport(report(order, 'r1'));
  const message = { type: 'OrderReported', order, execution: null, reason: null };
  t.deepEqual(it.intake.told, [{ to: 'order/mm100000001', message, id: 'report:r1' }]);
});

test('a report about an order of somebody else goes to the provider', async (t) => {
  const it = host();
  await perform(it, openSession, REQUEST);
  const order = foreign('web 1', '7');
  await it.exchange.sessions[0]?.listener.onReport(report(order, 'r2'));
  const message = { type: 'ExternalOrderSeen', order, execution: null, reason: null, riskScope: 'firm' };
  t.deepEqual(it.intake.told, [{ to: 'provider/paper', message, id: 'external:r2' }]);
});

test('a fill the venue takes back is passed on, of our orders and of those of others', async (t) => {
  const it = host();
  await perform(it, openSession, REQUEST);
  const busted = { tradeId: '5', venueOrderId: '7' };
  for (const id of ['mm100000001', 'web1']) {
    await it.exchange.sessions[0]?.listener.onReport({ ...report(foreign(id, '7'), id), busted });
  }
  const messages: object[] = it.intake.told.map(({ message }) => message);
  t.like(messages[0], { type: 'OrderReported', busted });
  t.like(messages[1], { type: 'ExternalOrderSeen', busted });
});

test('a full mailbox slows the stream and loses nothing', async (t) => {
  const it = host();
  await perform(it, openSession, REQUEST);
  it.intake.refuse(2);
  const reporting = it.exchange.sessions[0]?.listener.onReport(report(foreign('mm100000001', '7'), 'r1'));
  await settled();
  await it.clock.advance(50);
  await settled();
  t.deepEqual(it.intake.told, []);
  await it.clock.advance(50);
  await reporting;
  t.is(it.intake.told.length, 1);
});

test('balances are durable first and then heard by whoever listens', async (t) => {
  const it = host();
  await perform(it, openSession, REQUEST);
  const heard: HubEvent[] = [];
  it.hub.subscribe({ provider: 'paper', symbols: ['BTC'], types: ['BalanceUpdate'] }, (event) => heard.push(event));
  const balance = { asset: 'BTC', available: '1.5', locked: '0.5', observedAt: 9 };
  await it.exchange.sessions[0]?.listener.onBalance([balance]);
  t.deepEqual(it.intake.told[0]?.message, { type: 'BalancesObserved', balances: [balance] });
  const update = { provider: 'paper', currency: 'BTC', total: '2', available: '1.5', timestamp: 9 } as const;
  t.deepEqual(heard, [{ type: 'BalanceUpdate', ...update }]);
});

test('the link of the session that counts is told, that of an older one is not', async (t) => {
  const it = host();
  await perform(it, openSession, REQUEST);
  await perform(it, openSession, { ...REQUEST, session: 2 });
  const [old, current] = it.exchange.sessions;
  old?.listener.onDisconnected('old');
  current?.listener.onConnected();
  current?.listener.onDisconnected('cut');
  current?.listener.onConnected();
  await settled();
  const messages: object[] = it.intake.told.map(({ message }) => message);
  t.deepEqual(messages, [
    { type: 'Disconnected', session: 2, reason: 'cut' },
    { type: 'Reconnected', session: 2 },
  ]);
});

test('a link that was lost while the session was being opened is told when it is taken over', async (t) => {
  const it = host();
  const release = it.exchange.hold();
  const opening = perform(it, openSession, REQUEST);
  await settled();
  it.exchange.sessions[0]?.listener.onDisconnected('early');
  await settled();
  t.deepEqual(it.intake.told, []);
  release();
  await opening;
  await settled();
  const messages: object[] = it.intake.told.map(({ message }) => message);
  t.deepEqual(messages, [{ type: 'Disconnected', session: 1, reason: 'early' }]);
});

test('feeds are made exactly those asked for, without unlisted symbols, and bring their instruments', async (t) => {
  const it = host();
  await perform(it, openSession, REQUEST);
  it.exchange.answers.instruments = [BTC, ETH];
  const routes = ['BTC-USDT', 'ETH-USDT', 'NO-SUCH'].map((symbol) => ({ type: 'Ticker' as const, symbol }));
  const answer = await perform(it, holdFeeds, { name: 'paper', session: 1, feeds: 4, routes });
  t.deepEqual(answer, { type: 'FeedsHeld', session: 1, feeds: 4, instruments: [BTC, ETH] });
  t.deepEqual(it.exchange.sessions[0]?.feeds, [routes.slice(0, 2)]);

  const older = await perform(it, holdFeeds, { name: 'paper', session: 1, feeds: 3, routes: [] });
  t.like(older, { type: 'FeedsFailed', feeds: 3 });
  it.exchange.answers.failSubscribe = new Error('socket closed');
  const failed = await perform(it, holdFeeds, { name: 'paper', session: 1, feeds: 5, routes });
  t.deepEqual(failed, { type: 'FeedsFailed', session: 1, feeds: 5, reason: 'socket closed' });
});

test('feeds that are held say what has one: what was listed while they were made is not among them', async (t) => {
  const it = host();
  await perform(it, openSession, REQUEST);
  const routes = ['BTC-USDT', 'ETH-USDT'].map((symbol) => ({ type: 'Ticker' as const, symbol }));
  const [session] = it.exchange.sessions;
  const { promise, resolve } = Promise.withResolvers<void>();
  const subscribe = session?.session.subscribe.bind(session.session);
  Object.assign(session?.session ?? {}, {
    subscribe: async (feeds: never) => promise.then(() => subscribe?.(feeds)),
  });
  const holding = perform(it, holdFeeds, { name: 'paper', session: 1, feeds: 1, routes });
  await settled();
  it.exchange.answers.instruments = [BTC, ETH];
  await it.clock.advance(900_000);
  await settled();
  resolve();
  t.deepEqual(await holding, { type: 'FeedsHeld', session: 1, feeds: 1, instruments: [BTC] });
  t.like(await perform(it, holdFeeds, { name: 'paper', session: 1, feeds: 1, routes }), { instruments: [BTC, ETH] });
  t.deepEqual(session?.feeds.at(-1), routes);
});

test('a round looks at the account through the session that is open, and fails without it', async (t) => {
  const it = host();
  await perform(it, openSession, REQUEST);
  const request = { name: 'paper', session: 1, round: 6, sinceAt: null, symbols: [], live: [] };
  t.like(await perform(it, reconcile, request), { type: 'Reconciled', session: 1, round: 6, skewMs: 3 });
  t.like(await perform(it, reconcile, { ...request, session: 2 }), { type: 'ReconcileFailed', session: 2, round: 6 });
});

test('a round goes on without a symbol the venue knows nothing of, and fails without one that it lists', async (t) => {
  const it = host();
  await perform(it, openSession, REQUEST);
  it.exchange.answers.unlisted = ['DOG-USDT', 'BTC-USDT'];
  const request = { name: 'paper', session: 1, round: 6, sinceAt: 1, live: [] };
  t.like(await perform(it, reconcile, { ...request, symbols: ['DOG-USDT'] }), { type: 'Reconciled' });
  const failed = { type: 'ReconcileFailed', reason: 'symbol=BTC-USDT, allowed: an instrument the venue lists' };
  t.like(await perform(it, reconcile, { ...request, symbols: ['BTC-USDT'] }), failed);
  // It is listed no more.
  it.exchange.answers.instruments = [ETH];
  await it.clock.advance(900_000);
  await settled();
  t.like(await perform(it, reconcile, { ...request, symbols: ['BTC-USDT'] }), { type: 'Reconciled' });
  // What was traded in it before is looked for all the same, when its assets differ.
  it.exchange.answers.unlisted = [];
  it.exchange.answers.balances = ['BTC', 'USDT'].map((asset) => ({
    ...{ asset, available: '1', locked: '0', observedAt: 2 },
  }));
  it.exchange.tradesAsked.splice(0);
  await perform(it, reconcile, { ...request, symbols: [] });
  t.true(it.exchange.tradesAsked.some(({ symbol }) => symbol === 'BTC-USDT'));
});

test('a look at the account ends when a newer one begins, and when the session is closed', async (t) => {
  const it = host();
  await perform(it, openSession, REQUEST);
  const first = it.sessions.beginLook({ name: 'paper', session: 1 }, signal);
  t.false(first.signal.aborted);
  const second = it.sessions.beginLook({ name: 'paper', session: 1 }, signal);
  t.true(first.signal.aborted);
  t.false(second.signal.aborted);
  await perform(it, closeSession, { name: 'paper', session: 1 });
  t.true(second.signal.aborted);
});

test('instruments are read anew: modules hear what changed, the provider what of it is watched', async (t) => {
  const it = host();
  await perform(it, openSession, REQUEST);
  const routes = ['BTC-USDT', 'ETH-USDT'].map((symbol) => ({ type: 'Ticker' as const, symbol }));
  await perform(it, holdFeeds, { name: 'paper', session: 1, feeds: 1, routes });
  const heard: HubEvent[] = [];
  const interest = { provider: 'paper', symbols: ['BTC-USDT', 'ETH-USDT'], types: ['InstrumentUpdate'] as const };
  it.hub.subscribe(interest, (event) => heard.push(event));
  const known = [BTC].map((instrument) => ({ type: 'InstrumentUpdate', provider: 'paper', instrument }));
  t.like(heard, known, 'what is listed is told to whoever begins to listen');
  t.is(heard.splice(0).length, 1);
  await it.clock.advance(900_000);
  await settled();
  t.deepEqual(heard, []);

  const finer = { ...BTC, priceIncrement: '0.001' };
  it.exchange.answers.instruments = [finer, ETH, { ...ETH, symbol: 'XRP-USDT' }];
  await it.clock.advance(900_000);
  await settled();
  const update = { type: 'InstrumentUpdate', provider: 'paper', timestamp: it.clock.now() } as const;
  t.deepEqual(heard, [
    { ...update, instrument: finer },
    { ...update, instrument: ETH },
  ]);
  const messages: object[] = it.intake.told.map(({ message }) => message);
  t.deepEqual(messages, [{ type: 'InstrumentsChanged', session: 1, instruments: [finer, ETH] }]);

  await perform(it, closeSession, { name: 'paper', session: 1 });
  it.exchange.answers.instruments = [BTC];
  await it.clock.advance(1_800_000);
  await settled();
  t.is(heard.length, 2);
});

test('reference prices reach risk at most every 250 ms per symbol, the newest always', async (t) => {
  const it = host();
  await perform(it, openSession, REQUEST);
  const listener = it.exchange.sessions[0]?.listener;
  const prices = () =>
    it.intake.told.map(({ message }) => `${message.type} ${'price' in message ? String(message.price) : ''}`);
  for (const price of ['1', '2', '3']) listener?.onMarket(ticker(price));
  await settled();
  t.deepEqual(prices(), ['ReferencePriceMoved 1']);
  await it.clock.advance(249);
  listener?.onMarket(ticker('4'));
  await it.clock.advance(1);
  await settled();
  t.deepEqual(prices(), ['ReferencePriceMoved 1', 'ReferencePriceMoved 4']);
  const last: object | undefined = it.intake.told[1];
  const message = { type: 'ReferencePriceMoved', provider: 'paper', symbol: 'BTC-USDT', price: '4' };
  t.deepEqual(last, { to: 'risk/firm', message, id: null });
});

test('a price that holds still is said again, and not any more once the link is lost', async (t) => {
  const it = host();
  await perform(it, openSession, REQUEST);
  const listener = it.exchange.sessions[0]?.listener;
  listener?.onMarket(ticker('1'));
  await it.clock.advance(30_000);
  await settled();
  t.is(it.intake.told.length, 3);
  listener?.onDisconnected('cut');
  listener?.onMarket(ticker('2'));
  await it.clock.advance(60_000);
  await settled();
  t.deepEqual(
    it.intake.told.map(({ message }) => message.type),
    ['ReferencePriceMoved', 'ReferencePriceMoved', 'ReferencePriceMoved', 'Disconnected'],
  );
});

test('market data reaches those who asked for it, and a listener that throws harms nobody', async (t) => {
  const it = host();
  await perform(it, openSession, REQUEST);
  const heard: HubEvent[] = [];
  const interest = { provider: 'paper', symbols: ['BTC-USDT'], types: ['Ticker' as const] };
  it.hub.subscribe(interest, () => {
    throw new Error('slow');
  });
  const end = it.hub.subscribe(interest, (event) => heard.push(event));
  const listener = it.exchange.sessions[0]?.listener;
  listener?.onMarket(ticker('1'));
  listener?.onMarket(ticker('1', 'ETH-USDT'));
  end();
  listener?.onMarket(ticker('2'));
  t.deepEqual(heard, [ticker('1')]);
  t.is(it.hubErrors.length, 2);
});

test('when the process ends every session is closed', async (t) => {
  const it = host();
  await perform(it, openSession, REQUEST);
  await it.sessions.closeAll();
  t.true(it.exchange.sessions[0]?.closed);
  t.is(it.sessions.find('paper'), null);
});
