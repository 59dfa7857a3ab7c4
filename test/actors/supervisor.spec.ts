// The supervisor: who is brought to life, and what becomes of actors that fail.
import test from 'ava';
import fc from 'fast-check';
import { DEFAULT_LIMITS } from '../../actors/risk/index.ts';
import { DEFAULT_RESTART } from '../../actors/runtime/actor.ts';
import { DEFAULT_BOUNDS } from '../../actors/runtime/bounds.ts';
import { type Effect, publish, record, reply, send, spawn, supervise } from '../../actors/runtime/effect.ts';
import type { ActorKey } from '../../actors/runtime/message.ts';
import type { StrategyInput } from '../../actors/strategy/messages.ts';
import { CHILDREN_MAX, FAILURES_MAX, GIVEN_UP_MAX } from '../../actors/supervisor/bounds.ts';
import { digestOf } from '../../actors/supervisor/children.ts';
import type { SupervisorContext } from '../../actors/supervisor/context.ts';
import { supervisorMachine } from '../../actors/supervisor/machine.ts';
import type { ActorFailed, NodeStarted, SupervisorMessage } from '../../actors/supervisor/messages.ts';
import { walk, walks } from '../support/chance.ts';
import { given, type Scene } from '../support/given.ts';
import { INPUT } from '../support/providers.ts';
import { STRATEGY } from '../support/strategies.ts';

type SupervisorScene = Scene<SupervisorMessage, SupervisorContext>;

const AT = 3_000_000;
const RISK = { scope: 'firm', limits: DEFAULT_LIMITS };
const NODE: NodeStarted = {
  ...{ type: 'NodeStarted', node: 'one', epoch: '4', providers: [INPUT], strategies: [STRATEGY], risks: [RISK] },
};
const POLICY = { intensity: 3, periodMs: 60_000, backoffMs: 100, maxBackoffMs: 300 };
const ACCEPTED = reply({ accepted: true, detail: '' });

function supervisor(): SupervisorScene {
  return given(supervisorMachine, {}, AT);
}
function failed(key: ActorKey = 'order/a', policy = POLICY): ActorFailed {
  return { type: 'ActorFailed', key, reason: 'TypeError: x', policy };
}
function audit(action: string, detail: object): Effect {
  return record({ table: 'audit_log', actor: 'supervisor/main', action, detail: JSON.stringify(detail) });
}
function beginnings(key: ActorKey): Effect[] {
  return [send(key, { type: 'NodeStarted' }), send(key, { type: 'Start' })];
}

test('a first start brings the bus to life, then risks, providers and strategies, and starts them', (t) => {
  const running = supervisor().hears(NODE);
  t.is(running.state, 'running');
  t.deepEqual(running.effects, [
    spawn('bus/main', {}),
    spawn('risk/firm', RISK),
    spawn('provider/paper', INPUT),
    ...beginnings('provider/paper'),
    spawn('strategy/mm-1', STRATEGY),
    ...beginnings('strategy/mm-1'),
  ]);
  t.is(running.context.epoch, '4');
});

test('a later start tells them of the node; whether they run is their own affair', (t) => {
  const again = supervisor()
    .hears(NODE, { type: 'NodeStopping' })
    .hears({ ...NODE, epoch: '5' });
  t.is(again.state, 'running');
  const told = [send('provider/paper', { type: 'NodeStarted' }), send('strategy/mm-1', { type: 'NodeStarted' })];
  t.deepEqual(again.effects, [spawn('bus/main', {}), ...told]);
});

test('only a configuration that differs from the one told before is told', (t) => {
  const settings = { ...INPUT.settings, recvWindowMs: 3_000 };
  const config = { spread: 11 };
  const limits = { ...DEFAULT_LIMITS, orderBurst: 9 };
  const changed = supervisor()
    .hears(NODE)
    .hears({
      ...NODE,
      providers: [{ ...INPUT, settings }],
      strategies: [{ ...STRATEGY, config }],
      risks: [{ ...RISK, limits }],
    });
  const { revision, scope } = STRATEGY;
  t.deepEqual(changed.effects, [
    spawn('bus/main', {}),
    send('risk/firm', { type: 'SetLimits', limits }),
    send('provider/paper', { type: 'Configure', adapter: 'binance', settings }),
    send('provider/paper', { type: 'NodeStarted' }),
    send('strategy/mm-1', { type: 'Configure', revision, config, scope }),
    send('strategy/mm-1', { type: 'NodeStarted' }),
  ]);
  const reordered = { ...INPUT, settings: Object.fromEntries(Object.entries(INPUT.settings).reverse()) };
  t.is(digestOf(reordered), digestOf(INPUT));
  t.not(digestOf({ a: [1, 2] }), digestOf({ a: [2, 1] }));
});

test('a child that the configuration does not name any more is stopped and forgotten', (t) => {
  const without = supervisor()
    .hears(NODE)
    .hears({ ...NODE, strategies: [] });
  t.deepEqual(without.effects.slice(0, 2), [spawn('bus/main', {}), send('strategy/mm-1', { type: 'Stop' })]);
  t.false('strategy/mm-1' in without.context.children);
});

test('a child an operator adds lives on through restarts until it is removed', (t) => {
  const input: StrategyInput = { ...STRATEGY, instanceId: 'mm-2', orderPrefix: 'mm2' };
  const { revision, config, scope } = input;
  const added = supervisor().hears(NODE).hears({ type: 'AddStrategy', input, start: true });
  t.deepEqual(added.effects, [
    spawn('strategy/mm-2', input),
    send('strategy/mm-2', { type: 'Configure', revision, config, scope }),
    send('strategy/mm-2', { type: 'Start' }),
    audit('ChildAdded', { key: 'strategy/mm-2', start: true }),
    ACCEPTED,
  ]);
  const again = added.hears({ ...NODE, epoch: '5' });
  t.deepEqual(again.effects.at(-1), send('strategy/mm-2', { type: 'NodeStarted' }));

  const removed = again.hears({ type: 'RemoveChild', key: 'strategy/mm-2' });
  const stop = send('strategy/mm-2', { type: 'Stop' });
  t.deepEqual(removed.effects, [stop, audit('ChildRemoved', { key: 'strategy/mm-2' }), ACCEPTED]);
  t.false('strategy/mm-2' in removed.context.children);
  const other = again.hears({ type: 'AddProvider', input: { ...INPUT, name: 'other' }, start: false });
  const gone = other.hears({ type: 'RemoveChild', key: 'provider/other' });
  t.deepEqual(gone.effects.slice(0, 2), [
    send('provider/other', { type: 'Stop' }),
    send('provider/other', { type: 'Remove', by: 'supervisor/main' }),
  ]);
});

test('a risk scope is added without a start, a provider with one only when it is asked for', (t) => {
  const risk = supervisor().hears({ type: 'AddRisk', input: { ...RISK, scope: 'desk' } });
  const limits = send('risk/desk', { type: 'SetLimits', limits: DEFAULT_LIMITS });
  const noted = audit('ChildAdded', { key: 'risk/desk', start: false });
  t.deepEqual(risk.effects, [spawn('risk/desk', { ...RISK, scope: 'desk' }), limits, noted, ACCEPTED]);

  const provider = supervisor().hears({ type: 'AddProvider', input: INPUT, start: false });
  t.false(JSON.stringify(provider.effects).includes('"Start"'));
});

test('what exists is not added twice, what the configuration names is not removed, what is unknown neither', (t) => {
  const running = supervisor().hears(NODE);
  const refusal = (detail: string): Effect[] => [reply({ accepted: false, detail })];
  const twice = running.hears({ type: 'AddProvider', input: INPUT, start: true });
  t.deepEqual(twice.effects, refusal('provider/paper exists already'));
  const named = running.hears({ type: 'RemoveChild', key: 'provider/paper' });
  t.deepEqual(named.effects, refusal('provider/paper is named by the configuration: remove it there'));
  const unknown = running.hears({ type: 'RemoveChild', key: 'provider/other' });
  t.deepEqual(unknown.effects, refusal('there is no child provider/other'));
});

test('children are bounded: one more is refused, and the longest start fits one turn', (t) => {
  const strategies = Array.from({ length: CHILDREN_MAX }, (_, n) => ({ ...STRATEGY, instanceId: `s${n}` }));
  const full = supervisor().hears({ ...NODE, strategies, providers: [], risks: [] });
  t.is(Object.keys(full.context.children).length, CHILDREN_MAX);
  t.true(full.effects.length < DEFAULT_BOUNDS.effectsPerTurn);
  const over = full.hears({ type: 'AddProvider', input: INPUT, start: true });
  t.deepEqual(over.effects, [reply({ accepted: false, detail: `at most ${CHILDREN_MAX} children are allowed` })]);
  const more = full.hears({ ...NODE, strategies, risks: [] });
  t.deepEqual(more.effects[1], audit('ChildRefused', { key: 'provider/paper', allowed: CHILDREN_MAX }));
});

test('an actor that fails is held for a while that doubles, and then goes on', (t) => {
  let scene = supervisor();
  const pauses = [];
  for (let failure = 1; failure <= 3; failure += 1) {
    const held = scene.hears(failed());
    t.deepEqual(held.effects, [supervise('order/a', 'suspend')]);
    pauses.push(held.timers['resume order/a']);
    scene = held.hears({ type: 'ResumeDue', key: 'order/a' });
    t.deepEqual(scene.effects, [supervise('order/a', 'resume')]);
  }
  t.deepEqual(pauses, [100, 200, 300]);
});

test('an actor that fails more often than its policy allows is given up, loudly', (t) => {
  const held = supervisor().hears(failed(), failed(), failed());
  const givenUp = held.hears(failed());
  const about = { key: 'order/a', reason: 'TypeError: x', failures: 4 } as const;
  t.deepEqual(givenUp.effects, [
    supervise('order/a', 'fail'),
    publish('supervisor', { type: 'ActorGivenUp', ...about, timestamp: AT }),
    audit('ActorGivenUp', about),
  ]);
  t.deepEqual(givenUp.timers, {});
  t.deepEqual(givenUp.context.givenUp, { count: 1, recent: ['order/a'] });
  const late = givenUp.hears({ type: 'ResumeDue', key: 'order/a' });
  t.deepEqual(late.effects, []);
  t.true(late.handled);
});

test('failures that lie further back than the period count no more', (t) => {
  let scene = supervisor();
  for (let failure = 0; failure < 12; failure += 1) scene = scene.at(AT + failure * 30_000).hears(failed());
  t.is(scene.context.givenUp.count, 0);
  t.is(scene.timers['resume order/a'], 200);
});

test('the failures of one actor are not held against another', (t) => {
  const scene = supervisor().hears(failed(), failed(), failed()).hears(failed('order/b'));
  t.deepEqual(scene.effects, [supervise('order/b', 'suspend')]);
  t.deepEqual(Object.keys(scene.timers).sort(), ['resume order/a', 'resume order/b']);
});

test('an operator resumes an actor, and its failures are forgotten', (t) => {
  const givenUp = supervisor().hears(failed(), failed(), failed(), failed());
  const resumed = givenUp.hears({ type: 'ResumeActor', key: 'order/a' });
  const expected = [supervise('order/a', 'resume'), audit('ActorResumed', { key: 'order/a' }), ACCEPTED];
  t.deepEqual(resumed.effects, expected);
  t.deepEqual(resumed.context.givenUp, { count: 1, recent: [] });
  t.is(resumed.hears(failed()).timers['resume order/a'], 100);

  const held = supervisor().hears(failed()).hears({ type: 'ResumeActor', key: 'order/a' });
  t.deepEqual(held.timers, {});
});

test('what fails together with the last straw does not bring it back, until an operator does', (t) => {
  const overdone = supervisor().hears(NODE, failed(), failed(), failed(), failed());
  const more = overdone.hears(failed());
  t.deepEqual(more.effects, []);
  t.deepEqual(more.context, overdone.context);
  const resumed = more.hears({ type: 'ResumeActor', key: 'order/a' });
  t.deepEqual(resumed.hears(failed()).effects, [supervise('order/a', 'suspend')]);
});

test('the memory of failures is bounded: when it is full, one more that fails is given up at once', (t) => {
  const many = Array.from({ length: FAILURES_MAX }, (_, n) => failed(`order/o${n}`));
  const full = supervisor().hears(...many);
  t.is(Object.keys(full.context.failures).length, FAILURES_MAX);
  const over = full.hears(failed('order/more'));
  t.deepEqual(over.effects[0], supervise('order/more', 'fail'));
  t.is(Object.keys(over.context.failures).length, FAILURES_MAX);
  t.true(JSON.stringify(over.context).length < DEFAULT_BOUNDS.snapshotChars);
});

test('actors that run again are forgotten after the period', (t) => {
  const scene = supervisor().hears(failed('order/old')).hears({ type: 'ResumeDue', key: 'order/old' });
  const later = scene.at(AT + 60_001).hears(failed('order/new'));
  t.deepEqual(Object.keys(later.context.failures), ['order/new']);
});

const key = fc.nat({ max: 600 }).map((n): ActorKey => `order/o${n}`);
const message: fc.Arbitrary<SupervisorMessage> = fc.oneof(
  fc.constantFrom<SupervisorMessage>(
    NODE,
    { ...NODE, strategies: [] },
    { type: 'NodeStopping' },
    { type: 'AddProvider', input: { ...INPUT, name: 'other' }, start: true },
    { type: 'AddRisk', input: RISK },
    { type: 'RemoveChild', key: 'provider/other' },
  ),
  { weight: 6, arbitrary: key.map((one) => failed(one, DEFAULT_RESTART)) },
  key.map((one): SupervisorMessage => ({ type: 'ResumeDue', key: one })),
  key.map((one): SupervisorMessage => ({ type: 'ResumeActor', key: one })),
);

const saying = message.map((one) => (): SupervisorMessage => one);

test('the supervisor handles everything in every order, keeps its bounds and a timer for every actor it holds', (t) => {
  fc.assert(
    fc.property(walks(saying, { minLength: 20, maxLength: 80 }), (steps) => {
      walk(supervisor(), steps, (scene, said) => {
        const { failures, givenUp } = scene.context;
        if (!scene.handled) throw new Error(`${said} was not handled in ${scene.state}`);
        if (Object.keys(failures).length > FAILURES_MAX) throw new Error('too many failures are remembered');
        if (givenUp.recent.length > GIVEN_UP_MAX) throw new Error('too many names are remembered');
        for (const [held, { dueAt }] of Object.entries(failures)) {
          if (dueAt !== null && !(`resume ${held}` in scene.timers)) throw new Error(`${held} is held for ever`);
        }
      });
    }),
    { numRuns: 200 },
  );
  t.pass();
});
