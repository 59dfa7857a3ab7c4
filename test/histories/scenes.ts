// What the recorded actors lived through: short plays on a real database and a paper venue with faults. Each play has
// parts, each part is a gateway of its own that is stopped or killed at its end, so that histories know restarts.
import { setTimeout as sleep } from 'node:timers/promises';
import { BUS } from '../../actors/bus/messages.ts';
import { orderKey } from '../../actors/order/messages.ts';
import type { ProviderInput } from '../../actors/provider/messages.ts';
import { DEFAULT_LIMITS } from '../../actors/risk/limits.ts';
import { type StrategyInput, strategyKey } from '../../actors/strategy/messages.ts';
import { SUPERVISOR } from '../../actors/supervisor/messages.ts';
import { until } from '../support/system.ts';
import { changedTerms, strangers, tiedOrders } from './scenes-terms.ts';
import {
  admin,
  best,
  cancel,
  ended,
  faults,
  HANDS,
  inState,
  limits,
  order,
  PAPER,
  type Play,
  place,
  RISK,
  restingOrders,
  running,
  SCOPE,
  type Stage,
  sandboxOf,
  say,
  stateOf,
  working,
} from './stage.ts';

export { LIMITS, SCOPE } from './stage.ts';

/** Modules by name. `hands` decides nothing: this file decides for it. */
export const MODULES: { readonly [name: string]: string } = {
  hands: module('hands', 'return {};'),
  restless: module('restless', 'return { onTrade() { throw new Error("not today"); } };'),
  hopeless: module('hopeless', 'throw new Error("never");'),
};

function module(name: string, body: string): string {
  const metadata = { name, tag: 'v1.0.0', displayName: name, description: name, events: ['Trade'], config: [] };
  return `module.exports.metadata = ${JSON.stringify(metadata)};\nmodule.exports.create = () => { ${body} };\n`;
}

function instance(strategy: string, config: StrategyInput['config'] = {}, instanceId = strategy): StrategyInput {
  const scope = { paper: { symbols: ['BTC-USDT'] } };
  return { instanceId, strategy, revision: '1', config, scope, riskScope: SCOPE, orderPrefix: `${instanceId}0` };
}

export const PLAYS: { readonly [name: string]: Play } = {
  market: {
    strategies: [instance('market-maker', { dry_run: false, requote_bps: '0.2', spread_bps: '1' }, 'mm')],
    parts: [quoting, quoting, quoting],
    speed: 2,
  },
  orders: { strategies: [instance('hands')], parts: [calmOrders, refusedOrders], speed: 0 },
  answers: { strategies: [instance('hands')], parts: [lostAnswers, doubts, lostCancels], speed: 0 },
  crashes: { strategies: [instance('hands')], parts: [killedWhileSending, killedWhileCanceling, quiet], speed: 0 },
  terms: { strategies: [instance('hands')], parts: [changedTerms, tiedOrders, strangers], speed: 0 },
  links: { strategies: [instance('hands')], parts: [brokenLink, refusedRounds, quiet], speed: 0 },
  operators: { strategies: [instance('hands')], parts: [switches, switches, children, quiet], speed: 0 },
  faults: { strategies: [instance('hands')], parts: [poison, quiet], speed: 1 },
};

// --- plays

async function quoting({ system }: Stage): Promise<'stop' | 'kill'> {
  await running(system, strategyKey('mm'));
  await sleep(1_200);
  return 'kill';
}

async function quiet({ system }: Stage): Promise<'stop' | 'kill'> {
  await running(system, HANDS);
  await restingOrders(system);
  return 'stop';
}

async function calmOrders({ system, venue }: Stage): Promise<'stop' | 'kill'> {
  await running(system, HANDS);
  const { bid, ask } = await best(venue);
  const resting = await place(system, { side: 'Buy', price: bid * 0.99 });
  await inState(system, resting, /life.working/);
  await cancel(system, resting);
  await ended(system, resting);
  await ended(system, await place(system, { side: 'Buy', price: ask * 1.002, timeInForce: 'IOC' }));
  await ended(system, await place(system, { side: 'Sell', price: bid * 0.998, timeInForce: 'IOC', quantity: '5' }));
  await ended(system, await place(system, { side: 'Buy', price: ask * 1.002, timeInForce: 'GTC', quantity: '0.3' }));
  await ended(system, await place(system, { side: 'Buy', price: bid * 0.98, timeInForce: 'FOK' }));
  await ended(system, await place(system, { side: 'Sell', orderType: 'Market' }));
  await ended(system, await place(system, { side: 'Buy', price: ask * 1.001, postOnly: true }));
  const open = await place(system, { side: 'Sell', price: ask * 1.01 });
  await inState(system, open, /life.working/);
  await say(system, HANDS, { type: 'Stop' });
  await ended(system, open);
  return 'stop';
}

async function refusedOrders({ system, venue }: Stage): Promise<'stop' | 'kill'> {
  await say(system, HANDS, { type: 'Start' });
  await running(system, HANDS);
  const { bid, ask } = await best(venue);
  await ended(system, await place(system, { side: 'Buy', price: ask, quantity: '900' }));
  await say(system, HANDS, { ...order({ symbol: 'ETH-USDT', price: ask }), sandbox: sandboxOf(system) });
  await say(system, HANDS, { ...order({ quantity: '0.00000001', price: ask }), sandbox: sandboxOf(system) });
  await limits(system, { priceBandPercent: '0.5' }); // the market stands still: there is no price to judge by
  await ended(system, await place(system, { side: 'Buy', price: bid * 0.9 }));
  await limits(system, { maxConcurrentOrders: 1 });
  const one = await place(system, { side: 'Buy', price: bid * 0.999 });
  await inState(system, one, /life.working/);
  await ended(system, await place(system, { side: 'Buy', price: bid * 0.999 }));
  await limits(system, { allowedOrderTypes: ['Limit'], maxRiskBreaches: 2, maxConcurrentOrders: 0 });
  await ended(system, await place(system, { side: 'Sell', orderType: 'Market' }));
  await ended(system, await place(system, { side: 'Sell', orderType: 'Market' }));
  await until('the breaches halt trading', () => system.snapshot(RISK)?.state === 'halted');
  await ended(system, await place(system, { side: 'Sell', price: ask }));
  await cancel(system, one);
  await ended(system, one);
  await say(system, RISK, { type: 'ReleaseKillSwitch', by: 'anna' });
  return 'stop';
}

async function lostAnswers({ system, venue }: Stage): Promise<'stop' | 'kill'> {
  await running(system, HANDS);
  const { bid, ask } = await best(venue);
  await faults(venue, { operation: 'submit', action: 'dropAfter', times: 1 });
  const found = await place(system, { side: 'Buy', price: bid * 0.99 });
  await inState(system, found, /life.working/);
  await faults(venue, { operation: 'submit', action: 'dropBefore', times: 1 });
  await ended(system, await place(system, { side: 'Buy', price: bid * 0.99 }));
  await faults(venue, { operation: 'submit', action: 'dropAfter', times: 1 });
  await ended(system, await place(system, { side: 'Buy', price: ask * 1.01, timeInForce: 'IOC' }));
  await faults(venue, {
    operation: 'submit',
    action: 'reply',
    status: 429,
    body: '{"code":-1015,"msg":"too many"}',
    process: false,
    times: 1,
  });
  // Too many orders, says the venue: nothing is sent for a while.
  await ended(system, await place(system, { side: 'Buy', price: bid * 0.99 }));
  const late = await place(system, { side: 'Buy', price: bid * 0.99 });
  const withdrawn = await place(system, { side: 'Buy', price: bid * 0.99 });
  await inState(system, withdrawn, /life.queued.waiting/);
  await cancel(system, withdrawn);
  await ended(system, withdrawn);
  await inState(system, late, /life.(working|canceled)/);
  await cancel(system, found);
  await cancel(system, found);
  await ended(system, found);
  return 'stop';
}

/** Nobody knows whether it is there, and it is wished away meanwhile. */
async function doubts({ system, venue }: Stage): Promise<'stop' | 'kill'> {
  await running(system, HANDS);
  const { bid } = await best(venue);
  await faults(
    venue,
    { operation: 'submit', action: 'dropAfter', times: 1 },
    { operation: 'query', action: 'dropBefore', times: 2 },
  );
  const doubted = await place(system, { side: 'Buy', price: bid * 0.99 });
  await inState(system, doubted, /life.(doubt|working)/);
  await cancel(system, doubted);
  await cancel(system, doubted);
  await ended(system, doubted);
  return 'stop';
}

async function lostCancels({ system, venue }: Stage): Promise<'stop' | 'kill'> {
  await running(system, HANDS);
  const { bid } = await best(venue);
  for (const fault of ['dropAfter', 'dropBefore'] as const) {
    const id = await working(system, bid);
    await faults(venue, { operation: 'cancel', action: fault, times: 1 });
    await cancel(system, id);
    await ended(system, id);
  }
  const refused = await working(system, bid);
  const unknown = '{"code":-2011,"msg":"Unknown order sent."}';
  await faults(venue, { operation: 'cancel', action: 'reply', status: 400, body: unknown, process: false, times: 2 });
  await cancel(system, refused);
  await ended(system, refused);
  await faults(venue);
  return 'stop';
}

async function killedWhileSending({ system, venue }: Stage): Promise<'stop' | 'kill'> {
  await running(system, HANDS);
  const { bid } = await best(venue);
  await faults(venue, { operation: 'submit', action: 'hang', times: 1 });
  await inState(system, await place(system, { side: 'Buy', price: bid * 0.99 }), /life.sending/);
  return 'kill';
}

async function killedWhileCanceling({ system, venue }: Stage): Promise<'stop' | 'kill'> {
  await running(system, HANDS);
  const { bid } = await best(venue);
  await faults(venue, { operation: 'cancel', action: 'hang', times: 1 });
  const id = await working(system, bid);
  await cancel(system, id);
  await sleep(300); // the request is at the venue, which does not answer
  return 'kill';
}

async function brokenLink({ system, venue }: Stage): Promise<'stop' | 'kill'> {
  await running(system, HANDS);
  const { bid } = await best(venue);
  const id = await working(system, bid);
  await admin(venue, 'POST', '/faults/cut', { sockets: 'all' });
  await until('the loss is noticed', () => !/ready/.test(stateOf(system, PAPER)));
  await until('the link is back', () => /ready/.test(stateOf(system, PAPER)));
  await cancel(system, id);
  await ended(system, id);
  await say(system, PAPER, { type: 'Stop' });
  await say(system, PAPER, { type: 'Start' });
  await say(system, PAPER, { type: 'Start' });
  await until('the provider is back', () => /ready/.test(stateOf(system, PAPER)), 60_000);
  return 'kill';
}

async function refusedRounds({ system, venue }: Stage): Promise<'stop' | 'kill'> {
  await running(system, HANDS);
  await faults(venue, { operation: 'query', action: 'dropBefore', times: 4 });
  await admin(venue, 'POST', '/faults/cut', { sockets: 'user' });
  await until('the loss is noticed', () => !/ready/.test(stateOf(system, PAPER)));
  await until('the provider is back', () => /ready/.test(stateOf(system, PAPER)), 60_000);
  return 'stop';
}

async function switches({ system, venue }: Stage): Promise<'stop' | 'kill'> {
  await running(system, HANDS);
  const { bid } = await best(venue);
  const id = await working(system, bid);
  await say(system, RISK, { type: 'EngageKillSwitch', reason: 'a drill' });
  await say(system, RISK, { type: 'EngageKillSwitch', reason: 'another' });
  await ended(system, await place(system, { side: 'Buy', price: bid }));
  await cancel(system, id);
  await ended(system, id);
  await say(system, RISK, { type: 'ReleaseKillSwitch', by: 'anna' });
  await say(system, RISK, { type: 'ReleaseKillSwitch', by: 'anna' });
  await say(system, HANDS, { type: 'Stop' });
  await say(system, HANDS, { type: 'Start' });
  await say(system, HANDS, { type: 'Start' });
  await running(system, HANDS);
  await say(system, HANDS, { type: 'SaveState', sandbox: sandboxOf(system), state: { seen: 1 } });
  await say(system, HANDS, { type: 'SaveState', sandbox: 1, state: { seen: 'by a sandbox that is gone' } });
  return 'kill';
}

async function children({ system }: Stage): Promise<'stop' | 'kill'> {
  await running(system, HANDS);
  const { revision, scope } = instance('hands');
  await say(system, HANDS, { type: 'Configure', revision, scope, config: { other: true } });
  await running(system, HANDS);
  const wrong: ProviderInput = { name: 'wrong', adapter: 'nowhere', settings: {} };
  const dead = {
    venue: 'PAPER',
    restUrl: 'http://127.0.0.1:9',
    streamUrl: 'ws://127.0.0.1:9',
    wsApiUrl: 'ws://127.0.0.1:9',
  };
  const keys = { apiKey: 'env:KEY', apiSecret: 'env:SECRET' };
  const far: ProviderInput = { name: 'far', adapter: 'binance', settings: { ...dead, ...keys } };
  await say(system, SUPERVISOR, { type: 'AddProvider', input: wrong, start: true });
  await say(system, SUPERVISOR, { type: 'AddProvider', input: wrong, start: true });
  await say(system, SUPERVISOR, { type: 'AddProvider', input: far, start: true });
  await say(system, SUPERVISOR, { type: 'AddRisk', input: { scope: 'second', limits: DEFAULT_LIMITS } });
  await say(system, SUPERVISOR, { type: 'AddStrategy', input: instance('hopeless'), start: true });
  await until('the adapter is refused', () => stateOf(system, 'provider/wrong') === 'failed');
  await until('the far venue is tried again', () => /degraded/.test(stateOf(system, 'provider/far')));
  await until('the module fails', () => /pausing|failed/.test(stateOf(system, 'strategy/hopeless')));
  await say(system, SUPERVISOR, { type: 'RemoveChild', key: 'provider/far' });
  await say(system, SUPERVISOR, { type: 'RemoveChild', key: 'provider/paper' });
  await say(system, SUPERVISOR, { type: 'RemoveChild', key: 'strategy/hopeless' });
  await say(system, BUS, { type: 'Subscribe', topic: 'risk/*', subscriber: HANDS });
  await say(system, BUS, { type: 'Subscribe', topic: 'risk/*', subscriber: HANDS });
  await say(system, RISK, { type: 'EngageKillSwitch', reason: 'heard twice' });
  await say(system, RISK, { type: 'ReleaseKillSwitch', by: 'anna' });
  await say(system, BUS, { type: 'Unsubscribe', topic: 'risk/*', subscriber: HANDS });
  await say(system, BUS, { type: 'Unsubscribe', topic: 'risk/*', subscriber: HANDS });
  return 'stop';
}

/** Bodies that no schema parses and no machine can take: the turn throws, the supervisor hears of it. */
async function poison({ system, venue }: Stage): Promise<'stop' | 'kill'> {
  await running(system, HANDS);
  await say(system, SUPERVISOR, { type: 'AddStrategy', input: instance('restless'), start: true });
  await running(system, strategyKey('restless'));
  const { bid } = await best(venue);
  const id = await working(system, bid);
  for (let times = 0; times < 6; times += 1) {
    await until('it may go on', () => system.snapshot(orderKey(id))?.status !== 'suspended');
    await system.deliver(orderKey(id), { type: 'CancelAcked' });
  }
  await until('it is given up', () => system.snapshot(orderKey(id))?.status === 'failed');
  await say(system, SUPERVISOR, { type: 'ResumeActor', key: orderKey(id) });
  await cancel(system, id);
  await ended(system, id);
  return 'stop';
}
