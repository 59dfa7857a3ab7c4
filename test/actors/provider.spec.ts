// A provider's life: messages in, state and whole effect lists out.
import test from 'ava';
import type { Instrument } from '../../actors/market/instrument.ts';
import type { ProviderMessage } from '../../actors/provider/messages.ts';
import { command, type Effect, record, reply, send } from '../../actors/runtime/effect.ts';
import {
  BTC,
  connected,
  ETH,
  PROVIDER_STATES,
  providerIn,
  reconciled,
  SETTINGS,
  STARTED_AT,
  submit,
  watch,
} from '../support/providers.ts';

const ACCEPTED = reply({ accepted: true, detail: '' });
const REFUSED = reply({ accepted: false, detail: 'the provider is started already' });

function status(state: string, reason: string | null = null): Effect {
  const settings = JSON.stringify(SETTINGS);
  const row = { table: 'providers', name: 'paper', adapter: 'binance', settings, status: state, reason };
  return record(row);
}
function opening(session: number, symbols: readonly string[] = []): Effect {
  return command('openSession', { name: 'paper', session, adapter: 'binance', settings: SETTINGS, symbols });
}
function closing(session: number): Effect {
  return command('closeSession', { name: 'paper', session });
}
function holding(feeds: number, symbols: readonly string[] = [], session = 1): Effect {
  const routes = symbols.map((symbol) => ({ symbol, type: 'Ticker' }));
  return command('holdFeeds', { name: 'paper', session, feeds, routes });
}
function looking(round: number, symbols: readonly string[] = [], sinceAt: number | null = STARTED_AT): Effect {
  return command('reconcile', { name: 'paper', session: 1, round, sinceAt, symbols, live: [] });
}
const BOUNDS = { maxQuantity: '100', minNotional: '5' };
function instrument(base: string): Effect {
  const steps = { priceIncrement: '0.01', quantityIncrement: '0.001', minQuantity: '0.001' };
  return record({
    table: 'instruments',
    provider: 'paper',
    symbol: `${base}-USDT`,
    base,
    quote: 'USDT',
    ...steps,
    ...BOUNDS,
  });
}
function routesRow(...symbols: readonly string[]): Effect {
  const routes = symbols.map((symbol) => ({ symbol, type: 'TICKER' }));
  return record({ table: 'provider_routes', provider: 'paper', routes });
}
function ready(name: string, ...instruments: readonly object[]): Effect {
  const link = { venue: 'PAPER', account: 'main', fenceMarginMs: 16_000, recvWindowMs: 5_000 };
  const able = { amends: 'reduce', orderTypes: ['Limit', 'Market'] };
  return send(`strategy/${name}`, { type: 'ProviderReady', provider: 'paper', ...link, ...able, instruments });
}
function lost(name: string, reason: string): Effect {
  return send(`strategy/${name}`, { type: 'ProviderLost', provider: 'paper', reason });
}

test('a new provider is written down as pending and does nothing until it is started', (t) => {
  const provider = providerIn('pending');
  t.deepEqual(provider.effects, [status('pending')]);
  t.deepEqual(provider.timers, {});

  const started = provider.hears({ type: 'Start' });
  t.is(started.state, 'starting');
  t.deepEqual(started.effects, [ACCEPTED, status('starting'), opening(1)]);
});

test('connected, it writes down the instruments, holds its feeds and reconciles before it is ready', (t) => {
  const provider = providerIn('starting').hears(connected(1));
  t.is(provider.state, 'running.reconciling.asking');
  t.deepEqual(provider.effects, [instrument('BTC'), status('running'), holding(1), looking(1, [], null)]);
  t.false(provider.context.ready);

  const done = provider.hears(reconciled(1, 1));
  t.is(done.state, 'running.ready.settled');
  t.deepEqual(done.effects, []);
  t.true(done.context.ready);
  t.deepEqual(done.timers, { nextRound: 30_000 });
});

test('a start while it is started is refused and changes nothing', (t) => {
  const states = ['starting', 'running.reconciling.asking', 'running.ready.settled', 'degraded.opening'] as const;
  for (const state of states) {
    const provider = providerIn(state).hears({ type: 'Start' });
    t.is(provider.state, state);
    t.deepEqual(provider.effects, [REFUSED], state);
  }
});

test('a venue that refuses the connection for good ends in failed, one that cannot be reached in degraded', (t) => {
  const starting = providerIn('starting');
  const failed = starting.hears({ type: 'ConnectFailed', session: 1, reason: 'bad key', retryable: false });
  t.is(failed.state, 'failed');
  t.deepEqual(failed.effects, [status('failed', 'bad key')]);
  t.deepEqual(failed.timers, {});

  const degraded = starting.hears({ type: 'ConnectFailed', session: 1, reason: 'no route', retryable: true });
  t.is(degraded.state, 'degraded.waiting');
  t.deepEqual(degraded.effects, [status('degraded', 'no route')]);
  t.deepEqual(degraded.timers, { reconnectDelay: 1_000 });
});

test('each failed attempt to reconnect doubles the pause up to thirty seconds', (t) => {
  let provider = providerIn('degraded.waiting');
  const pauses = [];
  for (let session = 2; session <= 8; session += 1) {
    pauses.push(provider.timers['reconnectDelay']);
    const trying = provider.waits('reconnectDelay');
    t.deepEqual(trying.effects, [opening(session)]);
    provider = trying.hears({ type: 'ConnectFailed', session, reason: 'still down', retryable: true });
  }
  t.deepEqual(pauses, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);

  const back = provider.waits('reconnectDelay').hears(connected(9));
  t.is(back.state, 'running.reconciling.asking');
  t.is(back.context.failures, 0);
});

test('a lost link is told to the watchers, and so is its return, after a reconciliation', (t) => {
  const watched = providerIn('running.ready.settled').hears(watch('mm', 'BTC-USDT'));
  t.deepEqual(watched.effects, [routesRow('BTC-USDT'), holding(2, ['BTC-USDT'])]);
  const told = watched.hears({ type: 'FeedsHeld', session: 1, feeds: 2, instruments: [BTC] });
  t.deepEqual(told.effects, [instrument('BTC'), ready('mm', BTC)]);

  const degraded = told.hears({ type: 'Disconnected', session: 1, reason: 'cut' });
  t.is(degraded.state, 'degraded.waiting');
  t.deepEqual(degraded.effects, [lost('mm', 'the link was lost: cut'), status('degraded', 'cut')]);

  const healed = degraded.hears({ type: 'Reconnected', session: 1 });
  t.is(healed.state, 'running.reconciling.asking');
  t.deepEqual(healed.effects, [status('running'), holding(3, ['BTC-USDT']), looking(2, ['BTC-USDT'])]);
  t.deepEqual(healed.timers, {});
  t.deepEqual(healed.hears(reconciled(1, 2)).effects, [ready('mm', BTC)]);
});

test('a watcher of a symbol that is known is told at once, one of a new symbol when its feed is held', (t) => {
  const known = providerIn('starting').hears(watch('mm', 'BTC-USDT'), connected(1), reconciled(1, 1));
  t.deepEqual(known.effects.at(-1), ready('mm', BTC));

  const second = known.hears(watch('other', 'ETH-USDT'));
  t.deepEqual(second.effects, [routesRow('BTC-USDT', 'ETH-USDT'), holding(2, ['BTC-USDT', 'ETH-USDT'])]);
  const held = second.hears({ type: 'FeedsHeld', session: 1, feeds: 2, instruments: [BTC, ETH] });
  t.deepEqual(held.effects, [instrument('ETH'), ready('other', ETH)]);
});

test('a watcher that asks again for what it has is told again and no feed moves', (t) => {
  const told = providerIn('starting').hears(watch('mm', 'BTC-USDT'), connected(1), reconciled(1, 1));
  t.deepEqual(told.hears(watch('mm', 'BTC-USDT')).effects, [ready('mm', BTC)]);
});

test('the end of a watch takes from the feeds what nobody else watches', (t) => {
  const both = providerIn('running.ready.settled').hears(watch('a', 'BTC-USDT'), watch('b', 'BTC-USDT', 'ETH-USDT'));
  const one = both.hears({ type: 'WatchEnded', watcher: 'strategy/b' });
  t.deepEqual(one.effects, [routesRow('BTC-USDT'), holding(4, ['BTC-USDT'])]);
  t.deepEqual(one.hears({ type: 'WatchEnded', watcher: 'strategy/b' }).effects, []);
});

test('feeds that could not be held are tried again until they hold; an answer about older ones says nothing', (t) => {
  const watched = providerIn('running.ready.settled').hears(watch('mm', 'BTC-USDT'));
  const failed = watched.hears({ type: 'FeedsFailed', session: 1, feeds: 2, reason: 'refused' });
  t.deepEqual(failed.timers, { nextRound: 30_000, feedsRetry: 1_000 });

  const again = failed.hears({ type: 'FeedsRetryDue' });
  t.deepEqual(again.effects, [holding(2, ['BTC-USDT'])]);
  const stale = again.hears({ type: 'FeedsHeld', session: 1, feeds: 1, instruments: [BTC] });
  t.deepEqual(stale.effects, []);
  t.true(stale.handled);

  const held = again.hears({ type: 'FeedsHeld', session: 1, feeds: 2, instruments: [BTC] });
  t.deepEqual(held.context.feeds, { wanted: 2, held: 2, failures: 0 });
});

test('a retry of feeds ends with the link it was for', (t) => {
  const failed = providerIn('running.ready.settled').hears({ type: 'FeedsFailed', session: 1, feeds: 1, reason: 'no' });
  t.deepEqual(failed.timers, { nextRound: 30_000, feedsRetry: 1_000 });
  t.deepEqual(failed.hears({ type: 'Disconnected', session: 1, reason: 'cut' }).timers, { reconnectDelay: 1_000 });
  t.deepEqual(failed.hears({ type: 'Stop' }).timers, {});
});

test('a link that comes back before its loss was noticed is reconciled before anything more is granted', (t) => {
  const watched = providerIn('starting').hears(watch('mm', 'BTC-USDT'), connected(1), reconciled(1, 1));
  const back = watched.hears({ type: 'Reconnected', session: 1 });
  t.is(back.state, 'running.reconciling.asking');
  t.deepEqual(back.effects, [
    lost('mm', 'the link was lost and is back, reconciling'),
    status('running'),
    holding(2, ['BTC-USDT']),
    looking(2, ['BTC-USDT']),
  ]);
  t.deepEqual(back.hears(submit('a1')).effects, []);
});

test('new routes replace a pending retry of the old ones', (t) => {
  const failed = providerIn('running.ready.settled').hears(watch('mm', 'BTC-USDT'), {
    type: 'FeedsFailed',
    session: 1,
    feeds: 2,
    reason: 'refused',
  });
  t.deepEqual(failed.hears(watch('mm', 'ETH-USDT')).timers, { nextRound: 30_000 });
});

test('what a former session says is heard without effect in every state', (t) => {
  for (const state of PROVIDER_STATES) {
    const provider = providerIn(state);
    const late = provider.hears(
      connected(0),
      { type: 'ConnectFailed', session: 0, reason: 'x', retryable: false },
      { type: 'Disconnected', session: 0, reason: 'x' },
      { type: 'Reconnected', session: 0 },
      { type: 'FeedsHeld', session: 0, feeds: 1, instruments: [] },
      { type: 'FeedsFailed', session: 0, feeds: 1, reason: 'x' },
      reconciled(0, 1),
      { type: 'ReconcileFailed', session: 0, round: 1, reason: 'x' },
      { type: 'ClockSkewed', session: 0, round: 1, skewMs: 9_000, allowedMs: 1_000 },
      { type: 'InstrumentsChanged', session: 0, instruments: [BTC] },
      { type: 'Closed', session: 0 },
    );
    t.true(late.handled, state);
    t.is(late.state, state);
    t.deepEqual(late.effects, [], state);
    t.deepEqual(late.context, provider.context, state);
  }
});

test('stop works in every state: the session is closed and nothing is left ticking', (t) => {
  for (const state of PROVIDER_STATES) {
    const before = providerIn(state);
    const provider = before.hears({ type: 'Stop' });
    t.deepEqual(provider.timers, {}, state);
    if (state === 'removed') {
      // It has no session, and its rows stay deleted.
      t.is(provider.state, 'removed');
      t.deepEqual(provider.effects, [ACCEPTED]);
      continue;
    }
    t.is(provider.state, 'stopped', state);
    t.deepEqual(provider.effects, [closing(before.context.session + 1), ACCEPTED, status('stopped')], state);
    t.deepEqual(provider.timers, {}, state);
    t.false(provider.context.wanted);
  }
});

test('stop tells the watchers and refuses those who wait', (t) => {
  const watched = providerIn('starting').hears(watch('mm', 'BTC-USDT'), connected(1), reconciled(1, 1));
  const stopped = watched.hears({ type: 'Stop' });
  const expected = [lost('mm', 'the provider was stopped'), closing(2), ACCEPTED, status('stopped')];
  t.deepEqual(stopped.effects, expected);

  const waiting = providerIn('starting').hears(submit('a1')).hears({ type: 'Stop' });
  const reason = 'PROVIDER_NOT_READY: state=stopped';
  const refusal = send('order/a1', { type: 'SubmitRefused', reason });
  t.deepEqual(waiting.effects, [closing(2), refusal, ACCEPTED, status('stopped')]);
});

test('a new node opens the session anew where the provider should run, and leaves a stopped one alone', (t) => {
  for (const state of PROVIDER_STATES) {
    const before = providerIn(state);
    const provider = before.hears({ type: 'NodeStarted' });
    const isRunning = state !== 'pending' && state !== 'stopped' && state !== 'removed';
    t.true(provider.handled, state);
    t.is(provider.state, isRunning ? 'starting' : state);
    const next = before.context.session + 1;
    t.deepEqual(provider.effects, isRunning ? [status('starting', before.context.reason), opening(next)] : [], state);
  }
});

test('a configuration that says nothing new changes nothing, a new one opens a new session where it runs', (t) => {
  const provider = providerIn('running.ready.settled');
  const same = { type: 'Configure', adapter: 'binance', settings: { ...SETTINGS } } as const;
  t.deepEqual(provider.hears(same).effects, []);
  t.is(provider.hears(same).state, 'running.ready.settled');

  const changed = provider.hears({ ...same, adapter: 'okx' });
  t.is(changed.state, 'starting');
  const args = { name: 'paper', session: 2, adapter: 'okx', settings: SETTINGS, symbols: [] };
  t.deepEqual(changed.effects.at(-1), command('openSession', args));

  const stopped = providerIn('stopped').hears({ ...same, adapter: 'okx' });
  t.is(stopped.state, 'stopped');
  t.is(stopped.context.adapter, 'okx');
});

test('a provider that failed tries again when it is configured anew', (t) => {
  const failed = providerIn('failed');
  const mended = failed.hears({
    type: 'Configure',
    adapter: 'binance',
    settings: { ...SETTINGS, apiKey: 'env:OTHER' },
  });
  t.is(mended.state, 'starting');
});

test('an operator who starts a degraded provider need not wait for its pause', (t) => {
  const provider = providerIn('degraded.waiting').hears({ type: 'Start' });
  t.is(provider.state, 'degraded.opening');
  t.deepEqual(provider.effects, [ACCEPTED, opening(2)]);
});

test('a link that is lost before the answer that it was there does not make a ready provider', (t) => {
  const provider = providerIn('starting').hears({ type: 'Disconnected', session: 1, reason: 'cut' }, connected(1));
  t.is(provider.state, 'degraded.waiting');
  const healed = provider.hears({ type: 'Reconnected', session: 1 });
  t.is(healed.state, 'running.reconciling.asking');
});

test('a stopped provider nobody needs is removed: its routes are pruned, its row is deleted, it rests', (t) => {
  const row = {
    ...{ table: 'providers', name: 'paper', adapter: 'binance', settings: JSON.stringify(SETTINGS), status: 'stopped' },
    ...{ reason: 'removed by ann', removed: true },
  };
  const audit = { table: 'audit_log', actor: 'ann', action: 'PROVIDER_REMOVED', detail: '{"provider":"paper"}' };
  for (const state of ['pending', 'stopped'] as const) {
    const removed = providerIn(state).hears({ type: 'Remove', by: 'ann' });
    t.is(removed.state, 'removed');
    t.true(removed.resting);
    t.deepEqual(removed.effects, [record(audit), ACCEPTED, routesRow(), record(row)], state);

    const back = removed.hears({ type: 'Start' });
    t.is(back.state, 'starting');
    t.deepEqual(back.effects, [ACCEPTED, routesRow(), status('starting'), opening(back.context.session)]);
  }
});

test('a provider that runs, or that somebody needs, is not removed', (t) => {
  const refused = (detail: string): Effect => reply({ accepted: false, detail });
  for (const state of PROVIDER_STATES) {
    if (state === 'pending' || state === 'stopped' || state === 'failed' || state === 'removed') continue;
    const running = providerIn(state).hears({ type: 'Remove', by: 'ann' });
    t.is(running.state, state);
    t.deepEqual(running.effects, [refused('the provider is not stopped: stop it first')], state);
  }
  const watched = providerIn('running.ready.settled').hears(watch('mm', 'BTC-USDT'), submit('a1'), { type: 'Stop' });
  const needed = watched.hears({ type: 'Remove', by: 'ann' });
  t.is(needed.state, 'stopped');
  t.deepEqual(needed.effects, [refused('in use by strategy/mm, order/a1')]);
});

test('a provider the venue refuses is removed without being stopped, and no new node starts it', (t) => {
  const removed = providerIn('failed').hears({ type: 'Remove', by: 'ann' });
  t.is(removed.state, 'removed');
  t.deepEqual(removed.effects.slice(-2), [
    record({ table: 'provider_routes', provider: 'paper', routes: [] }),
    record({ ...(status('stopped', 'removed by ann') as { row: object }).row, removed: true } as never),
  ]);
  t.is(removed.hears({ type: 'NodeStarted' }).state, 'removed');
  const watched = providerIn('failed').hears(watch('mm', 'BTC-USDT'));
  t.is(watched.hears({ type: 'Remove', by: 'ann' }).state, 'failed');
});

test('an instrument the venue changed is written down, and told to those who trade it', (t) => {
  const both = providerIn('starting').hears(watch('mm', 'BTC-USDT'), watch('eth', 'ETH-USDT'));
  const told = both.hears(connected(1, { instruments: [BTC, ETH] }), reconciled(1, 1));
  const finer = { ...BTC, priceIncrement: '0.001' };
  const changed = told.hears({ type: 'InstrumentsChanged', session: 1, instruments: [finer] });
  const row = { table: 'instruments', provider: 'paper', ...finer };
  t.deepEqual(changed.effects, [record(row), ready('mm', finer)]);

  const unready = both.hears(connected(1, { instruments: [BTC, ETH] }));
  const early = unready.hears({ type: 'InstrumentsChanged', session: 1, instruments: [finer] });
  t.deepEqual(early.effects, [record(row)], 'who was not told yet hears of it when the provider is ready');
});

test('a watched symbol that the venue lists at last gets its feed', (t) => {
  const watched = providerIn('starting').hears(watch('eth', 'ETH-USDT'), connected(1), reconciled(1, 1));
  const listed = watched.hears({ type: 'InstrumentsChanged', session: 1, instruments: [ETH] });
  t.deepEqual(listed.effects, [instrument('ETH'), holding(2, ['ETH-USDT'])]);
  const held = listed.hears({ type: 'FeedsHeld', session: 1, feeds: 2, instruments: [ETH] });
  t.deepEqual(held.effects, [ready('eth', ETH)]);
});

function held(feeds: number, ...instruments: readonly Instrument[]): ProviderMessage {
  return { type: 'FeedsHeld', session: 1, feeds, instruments };
}

test('a symbol that was halted while its feeds were held gets its feed when it trades again', (t) => {
  const both = providerIn('starting').hears(
    ...[watch('mm', 'BTC-USDT', 'ETH-USDT'), connected(1, { instruments: [BTC, ETH] })],
    ...[reconciled(1, 1), held(1, BTC, ETH)],
  );
  t.deepEqual(both.timers, { nextRound: 30_000 });
  const back = both.hears({ type: 'Reconnected', session: 1 }, held(2, BTC), reconciled(1, 2));
  t.deepEqual(back.timers, { nextRound: 30_000, feedsRetry: 300_000 });

  const relisted = back.hears({ type: 'InstrumentsChanged', session: 1, instruments: [ETH] });
  t.deepEqual(relisted.effects.at(-1), holding(3, ['BTC-USDT', 'ETH-USDT']));
  t.deepEqual(relisted.effects.slice(0, -1), [instrument('ETH'), ready('mm', BTC, ETH)]);
  t.deepEqual(relisted.hears(held(3, BTC, ETH)).timers, { nextRound: 30_000 });

  const former = back.hears({ type: 'InstrumentsChanged', session: 0, instruments: [ETH] });
  t.deepEqual(former.effects, [], 'what a former session says is not believed');
});

test('a symbol the venue does not list is asked for again, in case its relisting is not heard of', (t) => {
  const gap = providerIn('starting').hears(watch('mm', 'BTC-USDT', 'ETH-USDT'), connected(1), reconciled(1, 1));
  const told = gap.hears(held(1, BTC));
  t.deepEqual(told.effects, [ready('mm', BTC)]);
  t.is(told.timers['feedsRetry'], 300_000);
  const again = told.hears({ type: 'FeedsRetryDue' });
  t.deepEqual(again.effects, [holding(1, ['BTC-USDT', 'ETH-USDT'])]);
  // The answer alone brings it: those who trade it are told.
  const listed = again.hears(held(1, BTC, ETH));
  t.deepEqual(listed.effects, [instrument('ETH'), ready('mm', BTC, ETH)]);
});
