// The sandbox host and the strategy's effects, against a sandbox by hand.
import test from 'ava';
import type { MarketEvent } from '../../actors/market/market-event.ts';
import { createMarketHub } from '../../actors/provider/market-hub.ts';
import type { EffectContext, EffectDefinition } from '../../actors/runtime/actor.ts';
import type { Message } from '../../actors/runtime/message.ts';
import { DECISIONS_WAITING_MAX } from '../../actors/strategy/bounds.ts';
import { notifySandbox, startSandbox, stopSandbox } from '../../actors/strategy/effects.ts';
import type { SandboxEvent, StartSandbox } from '../../actors/strategy/messages.ts';
import { ModuleRejected } from '../../actors/strategy/sandbox/index.ts';
import { createSandboxHost, type SandboxHost } from '../../actors/strategy/sandbox-host.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { fakeIntake } from '../support/fake-intake.ts';
import { fakeSandboxes } from '../support/fake-sandbox.ts';
import { BTC, ETH } from '../support/providers.ts';
import { execReport, place, STRATEGY } from '../support/strategies.ts';
import { quiet } from '../support/system.ts';

function host() {
  const fakes = fakeSandboxes();
  const intake = fakeIntake('strategy/mm-1');
  const clock = fakeClock();
  const hub = createMarketHub((error) => {
    throw error;
  });
  const source = async (strategy: string, revision: string): Promise<string> => {
    if (revision === 'gone') throw new Error(`there is no revision ${revision} of ${strategy}`);
    return `source of ${strategy}@${revision}`;
  };
  const sandboxes = createSandboxHost({
    ...{ createSandbox: fakes.create, modules: { source }, market: hub, intake, clock, log: quiet, run: '17' },
  });
  const { made, hold } = fakes;
  return { made, intake, clock, hub, sandboxes, hold };
}
type Host = ReturnType<typeof host>;

const { instanceId, strategy, revision, config, scope } = STRATEGY;
const ACCOUNT = { orders: [], positions: [{ provider: 'paper', symbol: 'BTC-USDT', quantity: '2' }] };
const START: StartSandbox = {
  ...{ instanceId, strategy, revision, config, scope, sandbox: 1, state: { n: 1 }, account: ACCOUNT, startedAt: 5 },
};
const EVENT: SandboxEvent = { ...execReport('ACK'), ref: '1' };
const { sandbox: _none, ...DECISION } = place();

async function perform<Args>(
  { sandboxes }: Host,
  definition: EffectDefinition<Args, { readonly sandboxes: SandboxHost }>,
  args: Args,
): Promise<Message | null> {
  const about = { key: 'strategy/mm-1#1.0', actor: 'strategy/mm-1', at: 0, attempt: 1 } as const;
  const { signal } = new AbortController();
  const context: EffectContext<{ readonly sandboxes: SandboxHost }> = { ...about, signal, ports: { sandboxes } };
  return definition.perform(args, context);
}

function trade(symbol = 'BTC-USDT'): MarketEvent {
  const payload = { tradeId: '1', side: 'Buy', price: '1', quantity: '1', timestamp: 1 } as const;
  return { type: 'Trade', provider: 'paper', symbol, payload };
}
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

test('a sandbox begins with its pinned source, its state and its account, and answers what it wants', async (t) => {
  const it = host();
  const answer: object | null = await perform(it, startSandbox, START);
  t.deepEqual(answer, { type: 'SandboxStarted', sandbox: 1, events: ['Trade'] });
  t.like(it.made[0]?.options, {
    ...{
      instanceId,
      source: 'source of market-maker@sha256:1',
      config,
      state: { n: 1 },
      account: ACCOUNT,
      startedAt: 5,
    },
  });
});

test('a module that will not do is told as final, anything else as worth another try', async (t) => {
  const it = host();
  const gone: object | null = await perform(it, startSandbox, { ...START, revision: 'gone' });
  const reason = 'there is no revision gone of market-maker';
  t.deepEqual(gone, { type: 'SandboxFailed', sandbox: 1, reason, retryable: true });

  const rejecting = createSandboxHost({
    createSandbox: async () => {
      throw new ModuleRejected('metadata export missing', { diagnostics: [] });
    },
    modules: { source: async () => '' },
    ...{ market: it.hub, intake: it.intake, clock: it.clock, log: quiet, run: '17' },
  });
  const final: object | null = await perform({ ...it, sandboxes: rejecting }, startSandbox, START);
  t.deepEqual(final, { type: 'SandboxFailed', sandbox: 1, reason: 'metadata export missing', retryable: false });
});

test('decisions reach the instance in call order, each under an id of its own, and once', async (t) => {
  const it = host();
  await perform(it, startSandbox, START);
  it.intake.refuse(2);
  const { onDecision } = it.made[0]?.options ?? {};
  onDecision?.(DECISION);
  onDecision?.({ type: 'SaveState', state: 7 });
  await it.clock.advance(200);
  await settled();
  const told: readonly object[] = it.intake.told;
  t.deepEqual(told, [
    { to: 'strategy/mm-1', message: { ...DECISION, sandbox: 1 }, id: 'decision:mm-1:1.17.1.1' },
    { to: 'strategy/mm-1', message: { type: 'SaveState', state: 7, sandbox: 1 }, id: 'decision:mm-1:1.17.1.2' },
  ]);
});

test('the same start, performed again, decides under other ids', async (t) => {
  const it = host();
  await perform(it, startSandbox, START);
  it.made[0]?.options.onDecision(DECISION);
  await settled();
  await perform(it, startSandbox, START);
  it.made[1]?.options.onDecision(DECISION);
  await settled();
  t.deepEqual(
    it.intake.told.map(({ id }) => id),
    ['decision:mm-1:1.17.1.1', 'decision:mm-1:1.17.2.1'],
  );
  t.true(it.made[0]?.stopped);
});

test('market data of its scope reaches the sandbox until it is stopped', async (t) => {
  const it = host();
  await perform(it, startSandbox, START);
  it.hub.publish(trade());
  it.hub.publish(trade('ETH-USDT'));
  const balance = {
    type: 'BalanceUpdate',
    provider: 'paper',
    currency: 'USDT',
    total: '2',
    available: '1',
    timestamp: 3,
  } as const;
  it.hub.publish(balance);
  it.hub.publish({ ...balance, currency: 'ETH' });
  const changed = { type: 'InstrumentUpdate', provider: 'paper', instrument: BTC, timestamp: 4 } as const;
  it.hub.publish(changed);
  it.hub.publish({ ...changed, instrument: ETH });
  const stopped: object | null = await perform(it, stopSandbox, { instanceId, sandbox: 2 });
  t.deepEqual(stopped, { type: 'SandboxStopped', sandbox: 2 });
  it.hub.publish(trade());
  t.deepEqual(it.made[0]?.market, [trade()]);
  t.deepEqual(it.made[0]?.orders, [balance, changed]);
  t.true(it.made[0]?.stopped);
});

test('order events wait for a sandbox that is still starting, in order', async (t) => {
  const it = host();
  const release = it.hold();
  const second: SandboxEvent = { ...EVENT, state: 'FILLED' };
  const starting = perform(it, startSandbox, START);
  t.is(await perform(it, notifySandbox, { instanceId, sandbox: 1, event: EVENT }), null);
  await perform(it, notifySandbox, { instanceId, sandbox: 1, event: second });
  release();
  await starting;
  await perform(it, notifySandbox, { instanceId, sandbox: 1, event: EVENT });
  t.deepEqual(it.made[0]?.orders, [EVENT, second, EVENT]);
});

test('an event for another sandbox than the live one is not told to it', async (t) => {
  const it = host();
  await perform(it, startSandbox, { ...START, sandbox: 3 });
  await perform(it, notifySandbox, { instanceId, sandbox: 1, event: EVENT });
  await perform(it, notifySandbox, { instanceId, sandbox: 5, event: EVENT });
  t.deepEqual(it.made[0]?.orders, []);
  await perform(it, startSandbox, { ...START, sandbox: 5 });
  t.deepEqual(it.made[1]?.orders, [EVENT]);
});

test('a stop that overtakes a start leaves nothing running', async (t) => {
  const it = host();
  const release = it.hold();
  const starting = perform(it, startSandbox, START);
  await settled();
  await perform(it, stopSandbox, { instanceId, sandbox: 2 });
  release();
  t.like(await starting, { type: 'SandboxFailed', sandbox: 1 });
  t.true(it.made[0]?.stopped);
  t.like(await perform(it, startSandbox, START), { type: 'SandboxFailed', sandbox: 1 });
});

test('a stop that comes late does not touch a newer sandbox', async (t) => {
  const it = host();
  await perform(it, startSandbox, { ...START, sandbox: 3 });
  await perform(it, stopSandbox, { instanceId, sandbox: 2 });
  t.false(it.made[0]?.stopped);
});

test('a fatal fault is told after the decisions before it; others at a pace, with their number', async (t) => {
  const it = host();
  await perform(it, startSandbox, START);
  const { onDecision, onFault } = it.made[0]?.options ?? {};
  const fault = { kind: 'threw', handler: 'onTrade', message: 'TypeError: x', fatal: false } as const;
  for (let times = 0; times < 4; times += 1) onFault?.(fault);
  await it.clock.advance(5_000);
  onFault?.(fault);
  onDecision?.(DECISION);
  onFault?.({ ...fault, fatal: true, kind: 'timeout' });
  await settled();
  const told = it.intake.told.map(({ message }) => ('reason' in message ? message.reason : message.type));
  t.deepEqual(told, ['TypeError: x', 'TypeError: x (and 3 more)', 'PlaceOrder', 'TypeError: x']);
  t.like(it.intake.told[3]?.message, { type: 'ModuleFaulted', sandbox: 1, handler: 'onTrade', fatal: true });
});

test('a module that decides faster than its decisions are taken is stopped, and the instance hears why', async (t) => {
  const it = host();
  await perform(it, startSandbox, START);
  const release = it.intake.hold();
  for (let times = 0; times <= DECISIONS_WAITING_MAX + 5; times += 1) it.made[0]?.options.onDecision(DECISION);
  await settled();
  t.true(it.made[0]?.stopped);
  release();
  for (let turn = 0; turn < 100; turn += 1) await settled();
  const reason = `${DECISIONS_WAITING_MAX + 1} decisions wait, at most ${DECISIONS_WAITING_MAX} may`;
  t.like(it.intake.told.at(-1)?.message, { type: 'ModuleFaulted', reason, fatal: true });
  t.is(it.intake.told.length, DECISIONS_WAITING_MAX + 3);
});

test('when the process ends every sandbox is stopped', async (t) => {
  const it = host();
  await perform(it, startSandbox, START);
  await it.sandboxes.stopAll();
  t.true(it.made[0]?.stopped);
});
