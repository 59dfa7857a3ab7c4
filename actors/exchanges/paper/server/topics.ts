// Who listens to which stream. A payload is made once for a stream, and only if somebody listens.
import type { WebSocket } from 'ws';
import { sendText } from './sockets.ts';

export interface Subscriber {
  readonly socket: WebSocket;
  /** Wrapped as {stream, data}: connections of /stream, and those that asked for it. */
  combined: boolean;
  readonly topics: Set<string>;
}

export class Topics {
  private readonly subscribers = new Map<string, Set<Subscriber>>();

  add(topic: string, subscriber: Subscriber): void {
    subscriber.topics.add(topic);
    const subscribers = this.subscribers.get(topic) ?? new Set();
    this.subscribers.set(topic, subscribers.add(subscriber));
  }

  remove(topic: string, subscriber: Subscriber): void {
    subscriber.topics.delete(topic);
    const subscribers = this.subscribers.get(topic);
    subscribers?.delete(subscriber);
    if (subscribers?.size === 0) this.subscribers.delete(topic);
  }

  removeAll(subscriber: Subscriber): void {
    for (const topic of [...subscriber.topics]) this.remove(topic, subscriber);
  }

  isHeard(topic: string): boolean {
    return this.subscribers.has(topic);
  }

  publish(topic: string, payload: () => object): void {
    const subscribers = this.subscribers.get(topic);
    if (!subscribers) return;
    const raw = JSON.stringify(payload());
    const wrapped = `{"stream":${JSON.stringify(topic)},"data":${raw}}`;
    for (const { socket, combined } of subscribers) sendText(socket, combined ? wrapped : raw);
  }
}
