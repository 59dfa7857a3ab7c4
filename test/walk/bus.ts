// What the bus can hear.
import type { BusMessage } from '../../actors/bus/messages.ts';
import { SUBSCRIPTIONS_MAX } from '../../actors/bus/topics.ts';
import type { Alphabet } from './walk.ts';

const subscribe = (n: number): BusMessage => ({
  type: 'Subscribe',
  topic: `orders/${n}`,
  subscriber: `strategy/s${n}`,
});

export const bus: Alphabet = {
  starts: [{ input: {} }, { input: {}, opening: Array.from({ length: SUBSCRIPTIONS_MAX }, (_, n) => subscribe(n)) }],
  timers: [],
  messages: (): readonly BusMessage[] => [
    { type: 'Published', topic: 'orders/1', event: { type: 'ExecReport' } },
    subscribe(1),
    subscribe(SUBSCRIPTIONS_MAX + 1),
    { type: 'Unsubscribe', topic: 'orders/1', subscriber: 'strategy/s1' },
    { type: 'Unsubscribe', topic: 'orders/none', subscriber: 'strategy/s1' },
  ],
};
