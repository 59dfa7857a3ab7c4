// Upstream's nine event types on their way to a module: six through the hub, three from actors.
import test from 'ava';
import type { Instrument } from '../../actors/market/instrument.ts';
import type { MarketEvent } from '../../actors/market/market-event.ts';
import { createMarketHub, type HubEvent } from '../../actors/provider/market-hub.ts';
import type { SandboxEvent } from '../../actors/strategy/messages.ts';
import { createSandboxHost } from '../../actors/strategy/sandbox-host.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { fakeIntake } from '../support/fake-intake.ts';
import { fakeSandboxes } from '../support/fake-sandbox.ts';
import { BTC, ETH } from '../support/providers.ts';
import { execReport, STRATEGY } from '../support/strategies.ts';
import { quiet } from '../support/system.ts';

const place = { provider: 'paper', symbol: 'BTC-USDT' } as const;
const book = { bids: [], asks: [], checksum: '', lastUpdate: 1, firstUpdateId: 1, finalUpdateId: 1 };
const bar = { openPrice: '1', closePrice: '1', highPrice: '1', lowPrice: '1', volume: '1', openTime: 1, closeTime: 2 };
const MARKET: readonly MarketEvent[] = [
  { type: 'Trade', ...place, payload: { tradeId: '1', side: 'Buy', price: '1', quantity: '1', timestamp: 1 } },
  { type: 'Ticker', ...place, payload: { lastPrice: '1', bidPrice: '1', askPrice: '1', volume24h: '1', timestamp: 1 } },
  { type: 'BookSnapshot', ...place, payload: book },
  { type: 'KlineSummary', ...place, payload: bar },
];
const ACCOUNT: readonly HubEvent[] = [
  { type: 'BalanceUpdate', provider: 'paper', currency: 'BTC', total: '2', available: '1', timestamp: 3 },
  { type: 'InstrumentUpdate', provider: 'paper', instrument: { ...BTC, minNotional: '10' }, timestamp: 4 },
];
const ACTORS: readonly SandboxEvent[] = [
  { ...execReport('ACK'), ref: '1' },
  {
    ...{
      type: 'RiskControl',
      strategyId: 'mm-1',
      ...place,
      status: 'TRIGGERED',
      reason: 'r',
      breachType: 'KILL_SWITCH',
    },
    ...{ killSwitchEngaged: true, circuitBreakerOpen: true, timestamp: 5 },
  },
  { type: 'Extension', ...place, payload: { kind: 'provider' }, timestamp: 6 },
];

test('every one of the nine event types of upstream reaches a module that wants it', async (t) => {
  const fakes = fakeSandboxes();
  const hub = createMarketHub((error) => {
    throw error;
  });
  const sandboxes = createSandboxHost({
    ...{ createSandbox: fakes.create, modules: { source: async () => 'source' }, market: hub, clock: fakeClock() },
    ...{ intake: fakeIntake('strategy/mm-1'), log: quiet, run: '1' },
  });
  const { instanceId, strategy, revision, config, scope } = STRATEGY;
  const account = { orders: [], positions: [] };
  const start = { instanceId, strategy, revision, config, scope, sandbox: 1, state: null, account, startedAt: 1 };
  await sandboxes.start(start);
  for (const event of [...MARKET, ...ACCOUNT]) hub.publish(event);
  for (const event of ACTORS) sandboxes.notify({ instanceId, sandbox: 1, event });
  const [made] = fakes.made;
  t.deepEqual(made?.market, [...MARKET]);
  const orders: object[] = [...(made?.orders ?? [])];
  t.deepEqual(orders, [...ACCOUNT, ...ACTORS]);

  // Of what is not in its scope it hears nothing.
  hub.publish({
    type: 'InstrumentUpdate',
    provider: 'paper',
    instrument: { ...ETH, symbol: 'XRP-USDT' },
    timestamp: 7,
  });
  t.is(made?.orders.length, 5);
  t.is(new Set([...MARKET, ...ACCOUNT, ...ACTORS].map(({ type }) => type)).size, 9);
});

test('whoever begins to listen for instruments hears the newest word on each of its own, and what follows', (t) => {
  const errors: unknown[] = [];
  const hub = createMarketHub((error) => errors.push(error));
  const update = (instrument: Instrument, timestamp: number) =>
    ({ type: 'InstrumentUpdate', provider: 'paper', instrument, timestamp }) as const;
  const finer = { ...BTC, priceIncrement: '0.001' };
  for (const event of [update(BTC, 1), update(ETH, 1), update(finer, 2)]) hub.publish(event);
  for (const event of MARKET) hub.publish(event);
  const heard: HubEvent[] = [];
  const interest = { provider: 'paper', symbols: ['BTC-USDT'], types: ['Trade', 'InstrumentUpdate'] as const };
  const end = hub.subscribe(interest, (event) => heard.push(event));
  t.deepEqual(heard.splice(0), [update(finer, 2)]);
  hub.publish(update(BTC, 3));
  t.deepEqual(heard.splice(0), [update(BTC, 3)]);
  end();
  hub.publish(update(BTC, 4));
  t.deepEqual(heard, []);
  hub.subscribe({ ...interest, types: ['Trade'] }, (event) => heard.push(event));
  hub.subscribe({ ...interest, provider: 'other' }, (event) => heard.push(event));
  t.deepEqual(heard, []);

  hub.subscribe(interest, () => {
    throw new Error('a bad listener');
  });
  t.is(errors.length, 1);
});
