// The bus: who hears what, each once, and nothing else happens.
import test from 'ava';
import fc from 'fast-check';
import { busMachine } from '../../actors/bus/machine.ts';
import type { BusMessage } from '../../actors/bus/messages.ts';
import { listeners, SUBSCRIPTIONS_MAX, subscribe, type Topics, unsubscribe } from '../../actors/bus/topics.ts';
import type { ActorKey, Delivered } from '../../actors/runtime/message.ts';
import { createStepper } from '../../actors/runtime/step.ts';
import { given, type Scene } from '../support/given.ts';

type BusScene = Scene<BusMessage, Topics>;

const event = { type: 'ExecReport', state: 'ACK' };

function bus(...subscriptions: readonly [topic: string, subscriber: ActorKey][]): BusScene {
  const scene: BusScene = given(busMachine, {});
  return scene.hears(
    ...subscriptions.map(([topic, subscriber]) => ({ type: 'Subscribe' as const, topic, subscriber })),
  );
}

function published(topic: string): BusMessage {
  return { type: 'Published', topic, event };
}

function stamp(body: BusMessage): Delivered<BusMessage> {
  return { ...body, at: 1, messageId: 'm' };
}

function receivers({ effects }: BusScene): string[] {
  return effects.map((effect) => (effect.type === 'send' ? effect.to : effect.type));
}

test('an event goes to the subscribers of its topic, as it is', (t) => {
  const scene = bus(['orders/mm-1', 'strategy/mm-1'], ['orders/mm-2', 'strategy/mm-2']).hears(published('orders/mm-1'));
  t.deepEqual(scene.effects, [{ type: 'send', to: 'strategy/mm-1', message: event }]);
});

test('a pattern hears everything below it and nothing beside it', (t) => {
  const scene = bus(['orders/*', 'audit/main']);
  t.deepEqual(receivers(scene.hears(published('orders/mm-1'))), ['audit/main']);
  t.deepEqual(receivers(scene.hears(published('orders/mm-1/fills'))), ['audit/main']);
  for (const other of ['orders', 'orders2/mm-1', 'risk/orders'])
    t.deepEqual(receivers(scene.hears(published(other))), []);
});

test('who matches in several ways hears once; exact subscribers come first, then the nearest pattern', (t) => {
  const scene = bus(['a/*', 'x/outer'], ['a/b/*', 'x/inner'], ['a/b/c', 'x/exact'], ['a/*', 'x/exact']);
  t.deepEqual(receivers(scene.hears(published('a/b/c'))), ['x/exact', 'x/inner', 'x/outer']);
});

test('subscribing twice is subscribing once', (t) => {
  const once = bus(['orders/mm-1', 'strategy/mm-1']);
  const twice = once.hears({ type: 'Subscribe', topic: 'orders/mm-1', subscriber: 'strategy/mm-1' });
  t.deepEqual(twice.context, once.context);
  t.deepEqual(twice.effects, [{ type: 'reply', value: { subscribed: true } }]);
  t.deepEqual(receivers(twice.hears(published('orders/mm-1'))), ['strategy/mm-1']);
});

test('who unsubscribed hears nothing, and a topic without subscribers is forgotten', (t) => {
  const leave = { type: 'Unsubscribe', topic: 'orders/mm-1', subscriber: 'strategy/mm-1' } as const;
  const scene = bus(['orders/mm-1', 'strategy/mm-1']).hears(leave);
  t.deepEqual(scene.context, { subscribers: {}, count: 0 });
  t.deepEqual(receivers(scene.hears(published('orders/mm-1'))), []);
  t.deepEqual(scene.hears(leave).context, scene.context);
});

test('an event nobody subscribed to is handled and changes nothing', (t) => {
  const stepper = createStepper(busMachine);
  const { head } = stepper.start(undefined);
  const step = stepper.step(head, stamp(published('orders/mm-1')));
  t.is(step.head, head);
  t.true(step.handled);
  t.deepEqual(step.actions, []);
});

test('handing an event on leaves the context as it was, the object itself', (t) => {
  const stepper = createStepper(busMachine);
  const { head } = stepper.step(
    stepper.start(undefined).head,
    stamp({ type: 'Subscribe', topic: 'a', subscriber: 'x/y' }),
  );
  const step = stepper.step(head, stamp(published('a')));
  t.is(step.head.context, head.context);
  t.is(step.actions.length, 1);
});

test('a bus takes a bounded number of subscriptions, and says so when it is full', (t) => {
  const many = Array.from({ length: SUBSCRIPTIONS_MAX }, (_, index): [string, ActorKey] => ['t', `x/${index}`]);
  let full: Topics = { subscribers: {}, count: 0 };
  for (const [topic, subscriber] of many) full = subscribe(full, topic, subscriber);
  const stepper = createStepper(busMachine);
  const head = stepper.restore({ v: 'open', c: JSON.parse(JSON.stringify(full)) });
  const step = stepper.step(head, stamp({ type: 'Subscribe', topic: 'u', subscriber: 'x/y' }));
  t.deepEqual(
    step.actions.map(({ params }) => (params as { event: object }).event),
    [
      {
        type: 'record',
        row: {
          table: 'audit_log',
          actor: 'bus/main',
          action: 'SUBSCRIPTION_REFUSED',
          detail: 'topic=u, subscriber=x/y, subscriptionsMax=4000',
        },
      },
      { type: 'reply', value: { subscribed: false } },
    ],
  );
  t.is(step.head.context, head.context);
});

test('after any subscribing and unsubscribing exactly those who are left hear', (t) => {
  const topics = fc.constantFrom('a', 'a/b', 'a/b/c', 'a/*', 'a/b/*');
  const keys = fc.constantFrom<ActorKey>('x/1', 'x/2', 'x/3');
  const changes = fc.array(fc.record({ join: fc.boolean(), topic: topics, key: keys }), { maxLength: 40 });
  const matches = (pattern: string, topic: string): boolean =>
    pattern === topic || (pattern.endsWith('/*') && topic.startsWith(pattern.slice(0, -1)));
  fc.assert(
    fc.property(changes, fc.constantFrom('a', 'a/b', 'a/b/c', 'z'), (all, topic) => {
      let state: Topics = { subscribers: {}, count: 0 };
      const members = new Set<string>();
      for (const { join, topic: one, key } of all) {
        const name = `${one} ${key}`;
        if (join && !members.has(name)) state = subscribe(state, one, key);
        if (!join) state = unsubscribe(state, one, key);
        if (join) members.add(name);
        else members.delete(name);
      }
      const expected = [...members]
        .filter((name) => matches(name.split(' ')[0] ?? '', topic))
        .map((name) => name.split(' ')[1]);
      t.deepEqual(
        [...listeners(state, topic)].sort((a, b) => (a < b ? -1 : 1)),
        [...new Set(expected)].sort((a, b) => ((a ?? '') < (b ?? '') ? -1 : 1)) as ActorKey[],
      );
      t.is(state.count, members.size);
    }),
  );
});
