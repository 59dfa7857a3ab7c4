// A strategy instance's life: messages in, state and whole effect lists out.
import test from 'ava';
import { command, type Effect, record, reply, send } from '../../actors/runtime/effect.ts';
import {
  execReport,
  FIRST_ORDER,
  fault,
  LOST,
  place,
  READY,
  STRATEGY,
  STRATEGY_AT,
  STRATEGY_STATES,
  type StrategyScene,
  sandboxStarted,
  strategyIn,
} from '../support/strategies.ts';

const ACCEPTED = reply({ accepted: true, detail: '' });
const REFUSED = reply({ accepted: false, detail: 'the instance is started already' });
const WATCHER = 'strategy/mm-1';
const SUBSCRIBED = ['orders/mm-1', 'risk/firm'].map((topic) =>
  send('bus/main', { type: 'Subscribe', topic, subscriber: WATCHER }),
);
const UNWATCHED = send('provider/paper', { type: 'WatchEnded', watcher: WATCHER });
const CANCELED = (reason: string): Effect => send(`order/${FIRST_ORDER}`, { type: 'CancelOrder', reason });

function status(state: string, reason: string | null = null): Effect {
  const scope = JSON.stringify(STRATEGY.scope);
  const what = { instanceId: 'mm-1', strategy: 'market-maker', revision: 'sha256:1', status: state };
  return record({ table: 'strategy_instances', ...what, config: '{"spread":10}', scope, reason });
}
function watched(...types: readonly string[]): Effect {
  const routes = types.map((type) => ({ type, symbol: 'BTC-USDT' }));
  return send('provider/paper', { type: 'WatchRequested', watcher: WATCHER, routes });
}
function launched(sandbox: number, change: object = {}): Effect {
  const { instanceId, strategy, revision, config, scope } = STRATEGY;
  const account = { orders: [], positions: [] };
  const known = { state: null, account, startedAt: STRATEGY_AT };
  return command('startSandbox', { instanceId, sandbox, strategy, revision, config, scope, ...known, ...change });
}
function halted(sandbox: number): Effect {
  return command('stopSandbox', { instanceId: 'mm-1', sandbox });
}
function notified(event: object, sandbox = 1): Effect {
  return command('notifySandbox', { instanceId: 'mm-1', sandbox, event });
}

test('a new instance is written down as stopped; started, it watches its providers and the bus', (t) => {
  const stopped = strategyIn('stopped');
  t.deepEqual(stopped.effects, [status('stopped')]);
  const starting = stopped.hears({ type: 'Start' });
  t.is(starting.state, 'starting.watching');
  t.deepEqual(starting.effects, [ACCEPTED, status('starting'), ...SUBSCRIBED, watched('Ticker')]);
});

test('the sandbox is started when every provider of the scope is ready', (t) => {
  const scope = { paper: { symbols: ['BTC-USDT'] }, other: { symbols: ['ETH-USDT'] } };
  const watching = strategyIn('starting.watching', { scope }).hears(READY);
  t.is(watching.state, 'starting.watching');
  t.deepEqual(watching.effects, []);
  const lost = watching.hears(LOST);
  t.is(lost.hears({ ...READY, provider: 'other' }).state, 'starting.watching');

  const launching = watching.hears({ ...READY, provider: 'other' });
  t.is(launching.state, 'starting.launching');
  t.deepEqual(launching.effects, [launched(1, { scope })]);
});

test('once it runs, it watches what its module wants to hear, and the tickers anyway', (t) => {
  const running = strategyIn('starting.launching').hears(sandboxStarted(1, 'Trade', 'BookSnapshot', 'ExecReport'));
  t.is(running.state, 'running');
  t.deepEqual(running.effects, [watched('Trade', 'Ticker', 'BookSnapshot'), status('running')]);

  const again = strategyIn('starting.launching').hears(sandboxStarted(1));
  t.deepEqual(again.effects, [status('running')]);
});

test('an instance that is started is not started twice', (t) => {
  for (const state of ['starting.watching', 'starting.launching', 'starting.pausing', 'running'] as const) {
    const strategy = strategyIn(state).hears({ type: 'Start' });
    t.is(strategy.state, state);
    t.deepEqual(strategy.effects, [REFUSED]);
  }
});

test('stop works in every state: the sandbox ends, open orders are canceled, the watch is over', (t) => {
  for (const state of STRATEGY_STATES) {
    const before = strategyIn(state);
    const stopped = before.hears({ type: 'Stop' });
    t.is(stopped.state, 'stopped', state);
    const next = before.context.sandbox + 1;
    t.deepEqual(stopped.effects, [halted(next), UNWATCHED, ACCEPTED, status('stopped')], state);
    t.deepEqual(stopped.timers, {}, state);
    t.false(stopped.context.wanted);
  }
  const trading = strategyIn('running').hears(place()).hears({ type: 'Stop' });
  const reason = 'the strategy stops';
  t.deepEqual(trading.effects, [halted(2), CANCELED(reason), UNWATCHED, ACCEPTED, status('stopped')]);
});

test('reports about orders of a stopped instance are kept, and nobody is notified', (t) => {
  const stopped = strategyIn('running').hears(place(), { type: 'Stop' });
  const filled = { filledQuantity: '0.2', lastQuantity: '0.2' };
  const partly = stopped.hears(execReport('PARTIAL', filled));
  t.deepEqual(partly.effects, []);
  t.deepEqual(partly.context.positions, { 'paper BTC-USDT': '0.2' });
  t.deepEqual(partly.hears(execReport('CANCELLED', { filledQuantity: '0.2' })).context.open, {});
});

test('a new node starts the sandbox anew with what was saved, what is open and what is held', (t) => {
  const saved = { type: 'SaveState', sandbox: 1, state: { skew: 3 } } as const;
  const partly = execReport('PARTIAL', { filledQuantity: '0.2', lastQuantity: '0.2' });
  const running = strategyIn('running').hears(place(), saved, partly);
  const again = running.hears({ type: 'NodeStarted' });
  t.is(again.state, 'starting.watching');
  t.deepEqual(again.effects, [halted(2), status('starting'), ...SUBSCRIBED, watched('Ticker')]);

  const relaunched = again.hears(READY);
  const order = { clientOrderId: FIRST_ORDER, provider: 'paper', symbol: 'BTC-USDT', side: 'Buy', orderType: 'Limit' };
  const terms = { quantity: '0.5', price: '100', stopPrice: null };
  const life = { filledQuantity: '0.2', state: 'PARTIAL', cancelling: false };
  const positions = [{ provider: 'paper', symbol: 'BTC-USDT', quantity: '0.2' }];
  const account = { orders: [{ ref: null, ...order, ...terms, ...life }], positions };
  t.deepEqual(relaunched.effects, [launched(3, { state: { skew: 3 }, account })]);
});

test('a new node leaves a stopped and a failed instance alone', (t) => {
  for (const state of ['stopped', 'failed'] as const) {
    const strategy = strategyIn(state).hears({ type: 'NodeStarted' });
    t.true(strategy.handled);
    t.is(strategy.state, state);
    t.deepEqual(strategy.effects, []);
  }
});

test('a lost provider is told to the module, which runs on, and so is its return', (t) => {
  const lost = strategyIn('running').hears(LOST);
  t.is(lost.state, 'running');
  const notice = { type: 'Extension', provider: 'paper', symbol: '', timestamp: STRATEGY_AT };
  const off = { ...notice, payload: { kind: 'trading', active: false, reason: 'cut' } };
  t.deepEqual(lost.effects, [notified(off)]);
  t.deepEqual(lost.hears(LOST).effects, []);

  const back = lost.hears(READY);
  t.deepEqual(back.effects, [notified({ ...notice, payload: { kind: 'trading', active: true, reason: null } })]);
  t.deepEqual(back.hears(READY).effects, []);
});

test('a module that faults fatally is started again after growing pauses, and given up when it goes on', (t) => {
  let strategy = strategyIn('running');
  const pauses = [];
  for (let faults = 1; faults <= 5; faults += 1) {
    const paused = strategy.hears(fault(strategy.context.sandbox));
    t.is(paused.state, 'starting.pausing');
    t.deepEqual(paused.effects[0], halted(strategy.context.sandbox + 1));
    pauses.push(paused.timers['restartDelay']);
    const launching = paused.hears(READY).waits('restartDelay');
    t.is(launching.state, 'starting.launching');
    strategy = launching.hears(sandboxStarted(launching.context.sandbox));
  }
  t.deepEqual(pauses, [1_000, 2_000, 4_000, 8_000, 16_000]);

  const failed = strategy.hears(place({ sandbox: strategy.context.sandbox })).hears(fault(strategy.context.sandbox));
  t.is(failed.state, 'failed');
  const reason = 'onTrade: TypeError: x';
  const audit = { table: 'audit_log', actor: 'strategy/mm-1', action: 'StrategyGivenUp', detail: reason };
  const expected = [
    halted(strategy.context.sandbox + 1),
    CANCELED('the strategy failed'),
    UNWATCHED,
    record(audit),
    status('failed', reason),
  ];
  t.deepEqual(failed.effects, expected);
  t.is(failed.hears({ type: 'Start' }).context.faults.times.length, 0);
});

test('faults that lie further back than the period are forgotten', (t) => {
  let strategy = strategyIn('running');
  for (let faults = 1; faults <= 8; faults += 1) {
    const paused = strategy.at(STRATEGY_AT + faults * 100_000).hears(fault(strategy.context.sandbox));
    t.is(paused.state, 'starting.pausing');
    const launching = paused.hears(READY).waits('restartDelay');
    strategy = launching.hears(sandboxStarted(launching.context.sandbox));
  }
});

test('as many faults as are allowed, and one more long after, do not give an instance up', (t) => {
  const again = (strategy: StrategyScene): StrategyScene => {
    const launching = strategy.hears(fault(strategy.context.sandbox), READY).waits('restartDelay');
    return launching.hears(sandboxStarted(launching.context.sandbox));
  };
  let strategy = strategyIn('running');
  for (let faults = 1; faults <= 5; faults += 1) strategy = again(strategy);
  const late = strategy.at(STRATEGY_AT + 400_000).hears(fault(strategy.context.sandbox));
  t.is(late.state, 'starting.pausing');
  t.deepEqual(late.timers, { restartDelay: 1_000 });
});

test('a module that will not do is not started again, one that could not be started is', (t) => {
  const launching = strategyIn('starting.launching');
  const hopeless = launching.hears({ type: 'SandboxFailed', sandbox: 1, reason: 'no export', retryable: false });
  t.is(hopeless.state, 'failed');
  const again = launching.hears({ type: 'SandboxFailed', sandbox: 1, reason: 'no worker', retryable: true });
  t.is(again.state, 'starting.pausing');
  t.deepEqual(again.effects, []);
  t.deepEqual(again.timers, { restartDelay: 1_000 });
});

test('a fault that is not fatal is counted and nothing more', (t) => {
  const strategy = strategyIn('running').hears(fault(1, false));
  t.is(strategy.state, 'running');
  t.deepEqual(strategy.effects, []);
  t.deepEqual(strategy.context.faults, { times: [], count: 1, last: 'onTrade: TypeError: x' });
});

test('a fatal fault before the answer that it started does not leave a dead sandbox running', (t) => {
  const paused = strategyIn('starting.launching').hears(fault(1), sandboxStarted(1));
  t.is(paused.state, 'starting.pausing');
});

test('what another sandbox decides or says is heard without effect in every state', (t) => {
  for (const state of STRATEGY_STATES) {
    const strategy = strategyIn(state);
    const late = strategy.hears(
      place({ sandbox: 9 }),
      { type: 'CancelOrder', sandbox: 9, clientOrderId: null, ref: '1' },
      { type: 'SaveState', sandbox: 9, state: 1 },
      fault(9),
      sandboxStarted(9, 'Trade'),
      { type: 'SandboxFailed', sandbox: 9, reason: 'x', retryable: false },
      { type: 'SandboxStopped', sandbox: 9 },
    );
    t.true(late.handled, state);
    t.is(late.state, state);
    t.deepEqual(late.effects, []);
    t.deepEqual(late.context, strategy.context);
  }
});

test('a configuration that says nothing new changes nothing, a new one starts the module anew', (t) => {
  const same = { type: 'Configure', revision: 'sha256:1', config: { spread: 10 }, scope: STRATEGY.scope } as const;
  const running = strategyIn('running');
  t.deepEqual(running.hears(same).effects, []);

  const changed = running.hears({ ...same, config: { spread: 12 }, scope: { other: { symbols: ['ETH-USDT'] } } });
  t.is(changed.state, 'starting.watching');
  t.deepEqual(changed.effects.slice(0, 2), [halted(2), UNWATCHED]);
  const routes = [{ type: 'Ticker', symbol: 'ETH-USDT' }];
  t.deepEqual(changed.effects.at(-1), send('provider/other', { type: 'WatchRequested', watcher: WATCHER, routes }));
  t.deepEqual(changed.context.config, { spread: 12 });

  const stopped = strategyIn('stopped').hears({ ...same, revision: 'sha256:2' });
  t.is(stopped.state, 'stopped');
  t.is(stopped.context.revision, 'sha256:2');
});

test('an instance that waits says for what', (t) => {
  const waiting = strategyIn('starting.watching').hears({ ...LOST, reason: 'WATCH_REFUSED: too many' });
  t.is(waiting.context.reason, 'paper: WATCH_REFUSED: too many');
});
