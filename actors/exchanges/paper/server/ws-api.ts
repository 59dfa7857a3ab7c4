// Connections of /ws-api/v3: the operations by their method names, and the user data stream subscribed with a
// signature over the sorted parameters. Source: binance-spot-api-docs web-socket-api.md, user-data-stream.md 2025-10.
import type { WebSocket } from 'ws';
import * as refusals from '../core/refusal.ts';
import { Refused } from '../core/refusal.ts';
import type { Host } from '../host.ts';
import { type Answer, type Dispatcher, type Reply, refuse } from './dispatcher.ts';
import { type Frame, readFrame } from './frame.ts';
import { Params } from './params.ts';
import { type Sockets, sendText } from './sockets.ts';
import type { UserStreams } from './user-streams.ts';

export interface WsApiOptions {
  readonly dispatcher: Dispatcher;
  readonly users: UserStreams;
  readonly sockets: Sockets;
  readonly host: Host;
}

interface Session {
  readonly socket: WebSocket;
  readonly subscriptions: Map<number, () => void>;
  nextSubscription: number;
}

const SUBSCRIPTIONS_MAX = 100;

export class WsApi {
  private readonly options: WsApiOptions;

  constructor(options: WsApiOptions) {
    this.options = options;
  }

  accept(socket: WebSocket): void {
    const session: Session = { socket, subscriptions: new Map(), nextSubscription: 0 };
    this.options.sockets.add(socket, () => (session.subscriptions.size > 0 ? 'user' : 'market'));
    socket.on('message', (data) => {
      const read = readFrame(data);
      if ('frame' in read) void this.handle(session, read.frame);
      else this.reply(session, read.id, refuse(refusals.JSON_INVALID));
    });
    socket.on('close', () => {
      for (const end of session.subscriptions.values()) end();
    });
  }

  private async handle(session: Session, frame: Frame): Promise<void> {
    const answer = await this.perform(session, frame).catch((error: unknown) => {
      if (error instanceof Refused) return refuse(error.refusal);
      throw error;
    });
    this.reply(session, frame.id ?? null, answer);
  }

  private async perform(session: Session, frame: Frame): Promise<Answer> {
    const method = frame.method.replace(/^v3\//, '');
    const sent = readParams(frame.params);
    if (method === 'userDataStream.subscribe.signature')
      return this.options.dispatcher.faulted('subscribe', () => this.subscribe(session, sent));
    if (method === 'userDataStream.unsubscribe') return this.unsubscribe(session, sent);
    const operation = this.options.dispatcher.findMethod(method);
    if (!operation) return refuse(refusals.METHOD_UNKNOWN);
    const answer = await this.options.dispatcher.answer({ operation, ...signed(sent) });
    return sent.get('returnRateLimits') === 'false' && answer.kind === 'reply' ? { ...answer, limits: [] } : answer;
  }

  private subscribe(session: Session, sent: ReadonlyMap<string, string>): Reply {
    const call = signed(sent);
    const { account } = this.options.dispatcher.authenticateSigned(call);
    call.params.refuseUnread();
    if (session.subscriptions.size >= SUBSCRIPTIONS_MAX) return refuse(refusals.TOO_MANY_QUEUED);
    const subscriptionId = session.nextSubscription;
    session.nextSubscription += 1;
    const end = this.options.users.subscribe(account, (event) =>
      sendText(session.socket, JSON.stringify({ subscriptionId, event })),
    );
    session.subscriptions.set(subscriptionId, end);
    return { kind: 'reply', status: 200, body: JSON.stringify({ subscriptionId }) };
  }

  /** Of one subscription, or of all when none is named; each ends with eventStreamTerminated. */
  private unsubscribe(session: Session, sent: ReadonlyMap<string, string>): Answer {
    const params = new Params(sent);
    const only = params.integer('subscriptionId');
    params.refuseUnread();
    for (const [subscriptionId, end] of session.subscriptions) {
      if (only !== undefined && only !== subscriptionId) continue;
      end();
      session.subscriptions.delete(subscriptionId);
      const event = { e: 'eventStreamTerminated', E: this.options.host.now() };
      sendText(session.socket, JSON.stringify({ subscriptionId, event }));
    }
    return { kind: 'reply', status: 200, body: '{}' };
  }

  private reply(session: Session, id: string | number | null, answer: Answer): void {
    if (answer.kind === 'cut') session.socket.terminate();
    if (answer.kind !== 'reply') return;
    const { status, body, limits = [], again } = answer;
    const counts = limits.length > 0 ? `,"rateLimits":${JSON.stringify(limits)}` : '';
    const content = status < 400 ? `"result":${body}` : `"error":${asJson(body)}`;
    const text = `{"id":${JSON.stringify(id)},"status":${status},${content}${counts}}`;
    sendText(session.socket, text);
    again?.(() => sendText(session.socket, text));
  }
}

/** Numbers and booleans become the text that was signed. */
function readParams(params: unknown): Map<string, string> {
  const sent = new Map<string, string>();
  if (params === undefined || params === null) return sent;
  if (typeof params !== 'object' || Array.isArray(params)) throw new Refused(refusals.JSON_INVALID);
  for (const [name, value] of Object.entries(params)) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      sent.set(name, String(value));
    else if (Array.isArray(value)) sent.set(name, JSON.stringify(value));
    else throw new Refused(refusals.invalidData(name));
  }
  return sent;
}

function signed(sent: ReadonlyMap<string, string>): {
  params: Params;
  apiKey: string | undefined;
  payload: string;
  signature: string | undefined;
} {
  const names = [...sent.keys()].filter((name) => name !== 'signature').sort();
  const payload = names.map((name) => `${name}=${sent.get(name)}`).join('&');
  return { params: new Params(sent), apiKey: sent.get('apiKey'), payload, signature: sent.get('signature') };
}

/** A fault's body may be anything; inside a frame it has to be JSON. */
function asJson(body: string): string {
  try {
    JSON.parse(body);
    return body;
  } catch {
    return JSON.stringify(body);
  }
}
