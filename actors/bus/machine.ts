// The bus: hands each published event to whoever subscribed to its topic. An event is published and fanned out in one
// group, so subscribers decide on it in the commit of the turn that published it; events_outbox keeps it for readers
// downstream, whether anybody here listened or not.
import { assign, emit, enqueueActions, setup } from 'xstate';
import type { AuditRow } from '../market/records.ts';
import { type Effect, record, reply, send } from '../runtime/effect.ts';
import type { Delivered } from '../runtime/message.ts';
import { BUS, type BusMessage } from './messages.ts';
import * as topics from './topics.ts';

type BusEvent = Delivered<BusMessage>;
type Heard<Type extends BusEvent['type']> = Extract<BusEvent, { readonly type: Type }>;
type Subscription = Pick<Heard<'Subscribe'>, 'topic' | 'subscriber'>;

export const busMachine = setup({
  types: { context: {} as topics.Topics, events: {} as BusEvent, emitted: {} as Effect },
  guards: {
    isHeard: ({ context }, { topic }: { topic: string }) => topics.listeners(context, topic).length > 0,
    isKnown: ({ context }, { topic, subscriber }: Subscription) => topics.isSubscribed(context, topic, subscriber),
    isFull: ({ context }) => context.count >= topics.SUBSCRIPTIONS_MAX,
  },
  actions: {
    subscribe: assign(({ context }, one: Subscription) => topics.subscribe(context, one.topic, one.subscriber)),
    unsubscribe: assign(({ context }, one: Subscription) => topics.unsubscribe(context, one.topic, one.subscriber)),
    fanOut: enqueueActions(({ context, enqueue }, { topic, event }: Heard<'Published'>) => {
      for (const subscriber of topics.listeners(context, topic)) enqueue.emit(send(subscriber, event));
    }),
    answer: emit((_, subscribed: boolean) => reply({ subscribed })),
    refuse: emit((_, { topic, subscriber }: Subscription) => {
      const detail = `topic=${topic}, subscriber=${subscriber}, subscriptionsMax=${topics.SUBSCRIPTIONS_MAX}`;
      return record<AuditRow>({ table: 'audit_log', actor: BUS, action: 'SUBSCRIPTION_REFUSED', detail });
    }),
  },
}).createMachine({
  id: 'bus',
  version: '1',
  options: { maxIterations: 100 },
  context: () => topics.NO_TOPICS,
  initial: 'open',
  states: {
    open: {
      on: {
        Published: [
          {
            guard: { type: 'isHeard', params: ({ event }) => event },
            actions: { type: 'fanOut', params: ({ event }) => event },
          },
          {},
        ],
        Subscribe: [
          { guard: { type: 'isKnown', params: ({ event }) => event }, actions: { type: 'answer', params: true } },
          {
            guard: 'isFull',
            actions: [
              { type: 'refuse', params: ({ event }) => event },
              { type: 'answer', params: false },
            ],
          },
          {
            actions: [
              { type: 'subscribe', params: ({ event }) => event },
              { type: 'answer', params: true },
            ],
          },
        ],
        Unsubscribe: [
          {
            guard: { type: 'isKnown', params: ({ event }) => event },
            actions: [
              { type: 'unsubscribe', params: ({ event }) => event },
              { type: 'answer', params: false },
            ],
          },
          { actions: { type: 'answer', params: false } },
        ],
      },
    },
  },
});
