// The document of the order machine says what the machine says.
import fs from 'node:fs';
import test from 'ava';
import { createMachine } from 'xstate';
import { orderMachine } from '../../actors/order/machine.ts';
import { regionsOf } from './describe.ts';
import { FILE, orderDocument } from './order.ts';

test('docs/order-lifecycle.md is what the machine says; npm run docs writes it anew', (t) => {
  t.is(fs.readFileSync(FILE, 'utf8'), orderDocument());
});

test('the three regions are there, and every state can be reached', (t) => {
  const regions = regionsOf(orderMachine);
  t.deepEqual(
    regions.map(({ name, initial }) => `${name} from ${initial}`),
    ['life from begun', 'cancel from none', 'amend from none'],
  );
  for (const { name, initial, states, steps } of regions) {
    const reached = new Set([initial]);
    for (let before = -1; before < reached.size; ) {
      before = reached.size;
      for (const state of [...reached]) for (const inner of innermostOf(states, state)) reached.add(inner);
      for (const { from, to } of steps) if (from === 'any' || isIn(reached, from)) reached.add(to);
    }
    const lonely = states.filter((state) => !isIn(reached, state.name));
    t.deepEqual(lonely, [], `${name} has states that nothing leads to`);
  }
});

/** A state is entered with the first of its own. */
function innermostOf(states: readonly { readonly name: string }[], outer: string): string[] {
  return states
    .map(({ name }) => name)
    .filter((name) => name.startsWith(`${outer}.`))
    .slice(0, 1);
}

function isIn(reached: ReadonlySet<string>, state: string): boolean {
  return reached.has(state) || [...reached].some((name) => name.startsWith(`${state}.`));
}

test('guards, actions, delays and targets are all told', (t) => {
  const machine = createMachine({
    id: 'm',
    type: 'parallel',
    states: {
      light: {
        initial: 'red',
        on: { Reset: {} },
        states: {
          red: { entry: { type: 'ring', params: 'twice' }, after: { soon: 'lit.green' } },
          lit: {
            initial: 'green',
            tags: ['resting'],
            always: { guard: { type: 'is', params: 'dark' }, target: 'red', actions: ['count', 'tell'] },
            states: { green: {} },
          },
        },
      },
    },
  });
  t.deepEqual(regionsOf(machine), [
    {
      name: 'light',
      initial: 'red',
      states: [
        { name: 'red', entry: ['ring twice'], rests: false },
        { name: 'lit', entry: [], rests: true },
        { name: 'lit.green', entry: [], rests: false },
      ],
      steps: [
        { from: 'any', event: 'Reset', guard: '', to: 'any', actions: [] },
        { from: 'red', event: 'after soon', guard: '', to: 'lit.green', actions: [] },
        { from: 'lit', event: 'at once', guard: 'is dark', to: 'red', actions: ['count', 'tell'] },
      ],
    },
  ]);
});
