import test from 'ava';
import { type AnyStateMachine, assign, createMachine, fromPromise, log, raise, sendTo, setup } from 'xstate';
import { defineActor } from '../../actors/runtime/actor.ts';
import { lintMachine } from '../../actors/runtime/lint.ts';
import { counterActor, mazeMachine } from '../support/machines.ts';

const base = { id: 'bad', version: '1', options: { maxIterations: 10 }, context: () => ({}), initial: 'a' } as const;
const cases: readonly [string, object, RegExp][] = [
  ['invokes', { ...base, states: { a: { invoke: { src: fromPromise(async () => 1) } } } }, /invokes/],
  ['function actions', { ...base, states: { a: { entry: () => {} } } }, /function action/],
  ['log', { ...base, states: { a: { entry: log('x') } } }, /xstate\.log/],
  ['sendTo', { ...base, states: { a: { entry: sendTo('x', { type: 'y' }) } } }, /xstate\.sendTo/],
  ['a missing action', { ...base, states: { a: { entry: 'nowhere' } } }, /names the action nowhere/],
  [
    'a missing guard',
    { ...base, states: { a: { on: { X: { guard: 'nowhere', target: 'a' } } } } },
    /names the guard nowhere/,
  ],
  ['a misspelt delay', { ...base, states: { a: { after: { typo: 'b' } }, b: {} } }, /waits typo/],
  [
    'a delayed raise without id',
    { ...base, states: { a: { entry: raise({ type: 'X' }, { delay: 5 }) } } },
    /raises with a delay and no id/,
  ],
  ['wildcards', { ...base, states: { a: { on: { '*': 'a' } } } }, /handles \*/],
  ['a literal context', { ...base, context: { n: 0 }, states: { a: {} } }, /context must be a factory/],
  ['no iteration bound', { ...base, options: {}, states: { a: {} } }, /maxIterations/],
];
for (const [name, config, finding] of cases) {
  test(`the lint finds ${name}`, (t) => {
    const machine: AnyStateMachine = createMachine(config as never, { actions: { fine: assign({}) } });
    t.regex(lintMachine(machine).join('\n'), finding);
  });
}

test('the lint is quiet on machines that are fit', (t) => {
  t.deepEqual(lintMachine(mazeMachine), []);
  t.notThrows(() => counterActor());
});

test('a definition names the version of its machine, and asks of every askFirst effect what to ask', (t) => {
  const machine = setup({}).createMachine({ ...base, states: { a: {} } });
  t.throws(() => defineActor({ kind: 'bad', version: 2, machine: machine as AnyStateMachine }), {
    message: /the machine says version 1, the definition 2/,
  });
  t.throws(() => defineActor({ kind: 'Bad Kind', version: 1, machine }), { message: /kind "Bad Kind"/ });
  const effects = { go: { afterCrash: 'askFirst' as const, perform: async () => null } };
  t.throws(() => defineActor({ kind: 'bad', version: 1, machine, effects }), { message: /effect go is askFirst/ });
});
