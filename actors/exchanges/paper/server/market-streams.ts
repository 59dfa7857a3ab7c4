// Connections of /ws and /stream: streams named in the path, and SUBSCRIBE, UNSUBSCRIBE, LIST_SUBSCRIPTIONS and the
// combined property on the socket. Source: binance-spot-api-docs web-socket-streams.md.
import type { RawData, WebSocket } from 'ws';
import { z } from 'zod';
import { type Frame, readFrame } from './frame.ts';
import { type Sockets, sendText } from './sockets.ts';
import type { Subscriber, Topics } from './topics.ts';

const STREAMS_MAX = 1_024;
const setting = z.array(z.unknown()).max(2);
const names = z.array(z.string().min(1).max(128)).max(STREAMS_MAX);

/** Topics that are accounts' events, which the fault switch cuts as user sockets. */
export type IsUserTopic = (topic: string) => boolean;

export class MarketStreams {
  private readonly topics: Topics;
  private readonly sockets: Sockets;
  private readonly isUserTopic: IsUserTopic;

  constructor(topics: Topics, sockets: Sockets, isUserTopic: IsUserTopic) {
    this.topics = topics;
    this.sockets = sockets;
    this.isUserTopic = isUserTopic;
  }

  accept(socket: WebSocket, combined: boolean, initial: readonly string[]): void {
    const subscriber: Subscriber = { socket, combined, topics: new Set() };
    this.sockets.add(socket, () => ([...subscriber.topics].some(this.isUserTopic) ? 'user' : 'market'));
    for (const topic of initial.slice(0, STREAMS_MAX)) this.topics.add(topic, subscriber);
    socket.on('message', (data) => sendText(socket, JSON.stringify(this.reply(subscriber, data))));
    socket.on('close', () => this.topics.removeAll(subscriber));
  }

  private reply(subscriber: Subscriber, data: RawData): object {
    const read = readFrame(data);
    if ('error' in read) {
      if (read.error === 'json') return { code: 3, msg: 'Invalid JSON: expected value at line 1 column 1' };
      return { code: 2, msg: 'Invalid request: method must be a string, id an integer, a string or null', id: read.id };
    }
    const { frame } = read;
    const id = frame.id ?? null;
    const done = this.perform(subscriber, frame);
    return 'msg' in done ? { ...done, id } : { result: done.result, id };
  }

  private perform(subscriber: Subscriber, frame: Frame): { result: unknown } | { code: number; msg: string } {
    switch (frame.method) {
      case 'SUBSCRIBE':
        return this.subscribe(subscriber, frame.params);
      case 'UNSUBSCRIBE':
        return this.unsubscribe(subscriber, frame.params);
      case 'LIST_SUBSCRIPTIONS':
        return { result: [...subscriber.topics] };
      case 'SET_PROPERTY':
      case 'GET_PROPERTY':
        return property(subscriber, frame);
      default: {
        const known =
          'expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`';
        return { code: 2, msg: `Invalid request: unknown variant ${JSON.stringify(frame.method)}, ${known}` };
      }
    }
  }

  private subscribe(subscriber: Subscriber, params: unknown): { result: null } | { code: number; msg: string } {
    const wanted = names.safeParse(params);
    if (!wanted.success) return { code: 2, msg: 'Invalid request: params must be an array of stream names' };
    const total = new Set([...subscriber.topics, ...wanted.data]).size;
    if (total > STREAMS_MAX) return { code: 2, msg: `Invalid request: more than ${STREAMS_MAX} streams` };
    for (const topic of wanted.data) this.topics.add(topic, subscriber);
    return { result: null };
  }

  private unsubscribe(subscriber: Subscriber, params: unknown): { result: null } | { code: number; msg: string } {
    const unwanted = names.safeParse(params);
    if (!unwanted.success) return { code: 2, msg: 'Invalid request: params must be an array of stream names' };
    for (const topic of unwanted.data) this.topics.remove(topic, subscriber);
    return { result: null };
  }
}

function property(subscriber: Subscriber, frame: Frame): { result: unknown } | { code: number; msg: string } {
  const [name, value] = setting.safeParse(frame.params).data ?? [];
  if (name !== 'combined') return { code: 0, msg: 'Unknown property' };
  if (frame.method === 'GET_PROPERTY') return { result: subscriber.combined };
  if (typeof value !== 'boolean') return { code: 1, msg: 'Invalid value type: expected Boolean' };
  subscriber.combined = value;
  return { result: null };
}
