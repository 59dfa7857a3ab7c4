// Who hears which topic. A topic is a path such as `orders/mm-1`; a subscription names one, or ends in `/*` for
// everything below it.
import type { ActorKey } from '../runtime/message.ts';

export const SUBSCRIPTIONS_MAX = 4_000;
export const TOPIC_CHARS_MAX = 128;

export interface Topics {
  /** Subscribers by topic or pattern, in the order in which they came. */
  readonly subscribers: { readonly [topic: string]: readonly ActorKey[] };
  readonly count: number;
}

export const NO_TOPICS: Topics = { subscribers: {}, count: 0 };

export function subscribe(topics: Topics, topic: string, subscriber: ActorKey): Topics {
  const known = topics.subscribers[topic] ?? [];
  return { subscribers: { ...topics.subscribers, [topic]: [...known, subscriber] }, count: topics.count + 1 };
}

export function unsubscribe(topics: Topics, topic: string, subscriber: ActorKey): Topics {
  const { [topic]: known = [], ...others } = topics.subscribers;
  const rest = known.filter((one) => one !== subscriber);
  const subscribers = rest.length === 0 ? others : { ...others, [topic]: rest };
  return { subscribers, count: topics.count - (known.length - rest.length) };
}

export function isSubscribed({ subscribers }: Topics, topic: string, subscriber: ActorKey): boolean {
  return subscribers[topic]?.includes(subscriber) ?? false;
}

/** Everyone who hears the topic, each once: exact subscriptions first, then patterns from the nearest outwards. */
export function listeners({ subscribers }: Topics, topic: string): readonly ActorKey[] {
  let heard = subscribers[topic] ?? [];
  for (let end = topic.lastIndexOf('/'); end > 0; end = topic.lastIndexOf('/', end - 1)) {
    const more = subscribers[`${topic.slice(0, end)}/*`];
    if (more !== undefined) heard = heard.length === 0 ? more : [...new Set([...heard, ...more])];
  }
  return heard;
}
