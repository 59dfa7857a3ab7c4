// Real connections to a control plane that listens: server-sent events, and bytes as a hostile peer sends them.

import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { type Control, createControl } from '../../actors/control/index.ts';
import { BEARER, type Rig, rig } from './support.ts';

export interface Listening extends Rig {
  readonly control: Control;
  readonly port: number;
}

export async function listening(
  t: { teardown(fn: () => Promise<void>): void },
  changes: Parameters<typeof rig>[0] = {},
): Promise<Listening> {
  const options = rig(changes);
  const control = createControl(options);
  t.teardown(() => control.close());
  const url = await control.listen('127.0.0.1:0');
  return { ...options, control, port: Number(new URL(url).port) };
}

export interface Event {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: a spec looks at what it expects
  readonly data: any; // tidy-ok: parsed JSON of an event
}

export interface Stream {
  readonly response: http.IncomingMessage;
  readonly events: Event[];
  /** The n-th event of a name, once it is there. */
  nth(name: string, n: number): Promise<Event>;
  readonly ended: Promise<unknown>;
}

export async function openStream(port: number, query = ''): Promise<Stream> {
  const request = http.get({ port, host: '127.0.0.1', path: `/debug/stream${query}`, headers: BEARER, agent: false });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const events: Event[] = [];
  let rest = '';
  const arrived = new EventTarget();
  response.setEncoding('utf8');
  response.on('data', (text: string) => {
    const frames = (rest + text).split('\n\n');
    rest = frames.pop() ?? '';
    for (const frame of frames) events.push(parse(frame));
    arrived.dispatchEvent(new globalThis.Event('some'));
  });
  const ended = once(response, 'close').catch(() => undefined);
  response.on('error', () => undefined);
  return {
    response,
    events,
    ended,
    async nth(name, n) {
      for (;;) {
        const found = events.filter((event) => event.name === name)[n];
        if (found !== undefined) return found;
        await once(arrived, 'some');
      }
    },
  };
}

function parse(frame: string): Event {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(frame)?.[1] ?? '';
  return { name: field('event'), data: JSON.parse(field('data')) };
}

/** Sends these bytes and gives everything the server said until it closed. */
export async function sendRaw(port: number, bytes: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
  });
  socket.write(bytes);
  await closed(socket);
  return answer;
}

/** However it came about. */
export function closed(socket: net.Socket): Promise<unknown> {
  return new Promise((resolve) => socket.on('close', resolve).on('error', () => undefined));
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
