// Events in upstream's clothes: which handler hears what, with which arguments, and what the runtime makes of it.
import test from 'ava';
import type { MarketEvent } from '../../actors/market/market-event.ts';
import type { OrderEvent } from '../../actors/strategy/sandbox/index.ts';
import { moduleOf, onTicker, report, start, ticker, trade } from './sandbox-support.ts';

const AT = 1_700_000_000_000;
const BTC = 'BTC-USDT';
const paper = { provider: 'paper', symbol: BTC } as const;

const traded = { tradeId: '7', side: 'Buy', price: '60000.5', quantity: '0.1', timestamp: AT } as const;
const prices = { lastPrice: '1', bidPrice: '1', askPrice: '2', volume24h: '9', timestamp: AT };
const level = [{ price: '10', quantity: '1' }];
const book = { bids: level, asks: level, checksum: '', lastUpdate: AT, firstUpdateId: 1, finalUpdateId: 2 };
const times = { openTime: AT - 60_000, closeTime: AT };
const bar = { openPrice: '1', closePrice: '2', highPrice: '3', lowPrice: '1', volume: '9', ...times };
const { type: _, ...rejected } = report({ state: 'REJECTED', ref: '1', rejectReason: 'too small' });
const amended = { clientOrderId: 'c1', ref: '1', strategyInstance: 'probe-1' };
const refusal = { ...paper, ...amended, reason: 'AMEND_REJECTED: -2038', timestamp: AT };
const balance = { currency: 'USDT', total: '10', available: '9', timestamp: AT };
const steps = { priceIncrement: '0.01', quantityIncrement: '1', minQuantity: '1', maxQuantity: '9', minNotional: '5' };
const changed = { instrument: { symbol: BTC, base: 'BTC', quote: 'USDT', ...steps } };
const breach = { status: 'TRIGGERED', reason: 'r', breachType: 'b', circuitBreakerOpen: false } as const;
const risk = { strategyId: 's', ...paper, ...breach, killSwitchEngaged: true, timestamp: AT };

const MARKET: readonly (readonly [MarketEvent, string, unknown[]])[] = [
  [{ type: 'Trade', ...paper, payload: traded }, 'onTrade', [traded, 60000.5]],
  [{ type: 'Ticker', ...paper, payload: prices }, 'onTicker', [prices]],
  [{ type: 'BookSnapshot', ...paper, payload: book }, 'onBookSnapshot', [book]],
  [{ type: 'KlineSummary', ...paper, payload: bar }, 'onKlineSummary', [bar]],
];
const ORDER: readonly (readonly [OrderEvent, string, string, unknown[]])[] = [
  [{ type: 'ExecReport', ...rejected }, 'onOrderRejected', BTC, [rejected, 'too small']],
  [{ type: 'AmendRefused', ...refusal }, 'onAmendRefused', BTC, [refusal, 'AMEND_REJECTED: -2038']],
  [{ type: 'CancelRefused', ...refusal }, 'onCancelRefused', BTC, [refusal, 'AMEND_REJECTED: -2038']],
  [{ type: 'BalanceUpdate', provider: 'paper', ...balance }, 'onBalanceUpdate', 'USDT', [balance]],
  [{ type: 'InstrumentUpdate', provider: 'paper', ...changed, timestamp: AT }, 'onInstrumentUpdate', BTC, [changed]],
  [{ type: 'RiskControl', ...risk }, 'onRiskControl', BTC, [risk]],
  [{ type: 'Extension', provider: 'paper', symbol: '', payload: [1], timestamp: AT }, 'onExtensionEvent', '', [[1]]],
];

/** Saves what each of its handlers is called with. */
const LISTENER = moduleOf(
  `const handlers = {};
  for (const name of ${JSON.stringify([...MARKET, ...ORDER].map(([, name]) => name))}) {
    handlers[name] = function (...args) { env.runtime.saveState([name, this === handlers, ...args]); };
  }
  return handlers;`,
  { events: ['Trade', 'Extension'] },
);

function called(handler: string, type: string, symbol: string, args: readonly unknown[]): unknown[] {
  const time = '2023-11-14T22:13:20.000Z';
  const ids = { eventId: `paper:${symbol.replace('-', '')}:${type}:1`, routingVersion: 1, seqProvider: 1 };
  const event = { ...ids, provider: 'paper', symbol, type, ingestTs: time, emitTs: time, payload: args[0] };
  return [handler, true, { at: AT }, event, ...args];
}

for (const [event, handler, args] of MARKET) {
  test.serial(`${handler} is called with context, envelope and payload`, async (t) => {
    const world = await start(t, LISTENER);
    world.sandbox.market(event);
    await world.settled();
    t.deepEqual(world.saved(), called(handler, event.type, BTC, args));
  });
}
for (const [event, handler, symbol, args] of ORDER) {
  test.serial(`${handler} is called with context, envelope and payload`, async (t) => {
    const world = await start(t, LISTENER);
    world.sandbox.order(event);
    await world.settled();
    t.deepEqual(world.saved(), called(handler, event.type, symbol, args));
  });
}

test.serial('events are numbered per provider, symbol and type', async (t) => {
  const world = await start(t, onTicker('env.helpers.log(event.eventId);'));
  for (const symbol of [BTC, BTC, 'ETH-USDT']) {
    world.sandbox.market(ticker('1', '2', AT, symbol));
    await world.settled();
  }
  const ids = ['paper:BTCUSDT:Ticker:1', 'paper:BTCUSDT:Ticker:2', 'paper:ETHUSDT:Ticker:1'];
  t.deepEqual(
    world.logs,
    ids.map((id) => `info ${id}`),
  );
});

test.serial('extension events are for modules that name them', async (t) => {
  const world = await start(t, moduleOf(`return { onExtensionEvent() { env.helpers.log('heard'); } };`));
  world.sandbox.order({ type: 'Extension', ...paper, payload: {}, timestamp: AT });
  await world.settled();
  t.deepEqual([world.logs, world.faults], [[], []]);
});

test.serial('trading is active until a provider goes away, and again when it is back', async (t) => {
  const world = await start(t, onTicker('env.helpers.log(env.runtime.isTradingActive());'));
  const tell = async (payload: { kind: string; active: boolean }) => {
    world.sandbox.order({ type: 'Extension', provider: 'paper', symbol: '', payload, timestamp: AT });
    world.sandbox.market(ticker('1', '2'));
    await world.settled();
  };
  await tell({ kind: 'other', active: false });
  await tell({ kind: 'trading', active: false });
  await tell({ kind: 'trading', active: false });
  await tell({ kind: 'trading', active: true });
  t.deepEqual(world.logs, ['info true', 'info false', 'info false', 'info true']);
});

test.serial('each state of an execution report has its handler', async (t) => {
  const states = ['ACK', 'PARTIAL', 'FILLED', 'CANCELLED', 'REJECTED', 'EXPIRED'] as const;
  const handlers = ['Acknowledged', 'PartialFill', 'Filled', 'Cancelled', 'Rejected', 'Expired'];
  const log = handlers.map((name) => `onOrder${name}() { env.helpers.log('${name}'); }`);
  const world = await start(t, moduleOf(`return { ${log.join(',')} };`));
  for (const state of states) world.sandbox.order(report({ state }));
  await world.settled();
  t.deepEqual(
    world.logs,
    handlers.map((name) => `info ${name}`),
  );
});

test.serial('prices are kept per provider and symbol, and the event at hand says which is meant', async (t) => {
  const source = moduleOf(`const { runtime } = env; return {
    onTicker() {
      const other = runtime.getMarketState('', 'ETH-USDT');
      runtime.saveState([runtime.getLastPrice(), other, runtime.getBidPrice('paper', 'BTC-USDT')]);
    },
  };`);
  const world = await start(t, source);
  world.sandbox.market(ticker('100', '101', AT, 'ETH-USDT'));
  await world.settled();
  t.is((world.saved() as unknown[])[0], 100, "the event's own");
  world.sandbox.market(ticker('60000', '60010', AT));
  world.sandbox.market(trade('60005'));
  await world.settled();
  t.deepEqual(world.saved(), [60000, { last: 100, bid: 100, ask: 101, spread: 1, spreadPct: 1 }, 60000]);
});

test.serial('a book gives bid and ask, and a trade without a readable price is dropped', async (t) => {
  const source = moduleOf(`return { onTrade() { env.runtime.saveState(env.runtime.getMarketState()); } };`);
  const world = await start(t, source);
  const bids = [{ price: '10', quantity: '1' }];
  const asks = [{ price: '12', quantity: '1' }];
  const payload = { bids, asks, checksum: '', lastUpdate: AT, firstUpdateId: 1, finalUpdateId: 2 };
  world.sandbox.market({ type: 'BookSnapshot', provider: 'paper', symbol: 'BTC-USDT', payload });
  world.sandbox.market(trade('11'));
  world.sandbox.market(trade(''));
  world.sandbox.market(trade('eleven'));
  await world.settled();
  t.deepEqual(world.saved(), { last: 11, bid: 10, ask: 12, spread: 2, spreadPct: 20 });
  t.is(world.decisions.length, 1);
});

test.serial('what a module does to an event does not reach the next one', async (t) => {
  const world = await start(
    t,
    onTicker(`env.helpers.log(payload.bidPrice, event.extra); payload.bidPrice = '0'; event.extra = 1;`),
  );
  const event = ticker('1', '2');
  for (let n = 0; n < 2; n += 1) {
    world.sandbox.market(event);
    await world.settled();
  }
  t.deepEqual(world.logs, ['info 1 undefined', 'info 1 undefined']);
});
