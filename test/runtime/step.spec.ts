import test from 'ava';
import fc from 'fast-check';
import { initialTransition, setup, transition } from 'xstate';
import type { StoredSnapshot } from '../../actors/runtime/actor.ts';
import { createStepper, encode, type Head, snapshotOf } from '../../actors/runtime/step.ts';
import { mazeMachine } from '../support/machines.ts';

const events = fc.array(fc.constantFrom('A', 'B', 'C', 'D', 'E', 'xstate.after.soon.maze.left.two'), { maxLength: 40 });
const plain = (actions: readonly { type: string; params?: unknown }[]) =>
  actions.map(({ type, params }) =>
    JSON.stringify({
      type,
      event: (params as { event?: unknown })?.event,
      id: (params as { id?: string })?.id,
      delay: (params as { delay?: number })?.delay,
    }),
  );

test('our step is the exported transition() on random sequences', (t) => {
  const stepper = createStepper(mazeMachine);
  fc.assert(
    fc.property(events, (types) => {
      let head: Head = stepper.start(undefined).head;
      let [theirs] = initialTransition(mazeMachine);
      for (const type of types) {
        const event = { type, at: 1, messageId: 'm' } as never;
        const ours = stepper.step(head, event);
        const [next, actions] = transition(mazeMachine, theirs, event);
        t.deepEqual(snapshotOf(ours.head).value, next.value);
        t.deepEqual(ours.head.context, next.context);
        t.deepEqual(plain(ours.actions), plain(actions as never));
        head = ours.head;
        theirs = next;
      }
    }),
    { numRuns: 300 },
  );
});

test('a head restored from its stored bytes goes on exactly as the live one, after every step', (t) => {
  const stepper = createStepper(mazeMachine);
  fc.assert(
    fc.property(events, (types) => {
      let live: Head = stepper.start(undefined).head;
      let stored: Head = live;
      for (const type of types) {
        const event = { type, at: 1, messageId: 'm' } as never;
        const a = stepper.step(live, event);
        // A fresh stepper knows no shape yet: everything comes from the bytes.
        const b = createStepper(mazeMachine).step(
          createStepper(mazeMachine).restore(JSON.parse(encode(stored)) as StoredSnapshot),
          event,
        );
        t.is(encode(a.head), encode(b.head));
        t.deepEqual(plain(a.actions), plain(b.actions));
        live = a.head;
        stored = b.head;
      }
    }),
    { numRuns: 60 },
  );
});

test('a step tells handled without change from unhandled', (t) => {
  const stepper = createStepper(mazeMachine);
  const { head } = stepper.start(undefined);
  const two = stepper.step(head, { type: 'A' }).head;
  t.true(stepper.step(two, { type: 'C' }).handled);
  t.is(stepper.step(two, { type: 'C' }).head, two);
  t.false(stepper.step(two, { type: 'D' }).handled);
});

test('the state line names every region and nesting', (t) => {
  const stepper = createStepper(mazeMachine);
  t.is(stepper.start(undefined).head.shape.state, 'left.one right.p');
  t.is(stepper.step(stepper.start(undefined).head, { type: 'B' }).head.shape.state, 'left.deep.x right.p');
});

test('a stored state that the machine does not have is refused by name', (t) => {
  const stepper = createStepper(mazeMachine);
  t.throws(() => stepper.restore({ v: { left: 'gone', right: 'p' }, c: {} }), {
    message: /SNAPSHOT_UNREADABLE: the machine maze has no state gone/,
  });
  t.throws(() => stepper.restore({ v: { left: 'one' }, c: {} }), { message: /SNAPSHOT_UNREADABLE/ });
});

test('keys in another order, as a JSON store may return them, restore to the same bytes', (t) => {
  const stepper = createStepper(mazeMachine);
  const head = stepper.restore({ v: { right: 'p', left: 'one' }, c: { n: 0, log: [] } });
  t.is(encode(head), '{"v":{"left":"one","right":"p"},"c":{"n":0,"log":[]}}');
});

test('what a message may be next is listed', (t) => {
  const stepper = createStepper(mazeMachine);
  t.deepEqual(stepper.accepts(stepper.start(undefined).head), ['A', 'B', 'E']);
});

test('a machine in a final state keeps its output through the store', (t) => {
  const machine = setup({}).createMachine({
    id: 'ends',
    context: () => ({}),
    initial: 'a',
    output: () => ({ sum: '3' }),
    states: { a: { on: { GO: 'b' } }, b: { type: 'final' } },
  });
  const stepper = createStepper(machine);
  const { head } = stepper.step(stepper.start(undefined).head, { type: 'GO' });
  t.is(encode(head), '{"v":"b","c":{},"s":"done","o":{"sum":"3"}}');
  t.is(encode(stepper.restore(JSON.parse(encode(head)) as StoredSnapshot)), encode(head));
});
