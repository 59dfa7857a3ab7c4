// What an account hears on its user data stream.
import type { ExecutionContext } from 'ava';
import type { PaperAccount } from '../../actors/exchanges/paper/serve.ts';
import { ALICE, type Body, Listener, signedParams } from './paper.ts';

export class UserEvents {
  private readonly listener: Listener;

  private constructor(listener: Listener) {
    this.listener = listener;
  }

  static async open(t: ExecutionContext, port: number, account: PaperAccount = ALICE): Promise<UserEvents> {
    const listener = await Listener.open(t, port, '/ws-api/v3');
    const params = signedParams(account);
    const answer = await listener.ask({ id: 'sub', method: 'userDataStream.subscribe.signature', params });
    t.is(answer['status'], 200);
    return new UserEvents(listener);
  }

  /** The first event, come or to come, that has all of these. */
  async find(fields: Body): Promise<Body> {
    const frame = await this.listener.find((received) => {
      const event = eventOf(received);
      return event !== null && Object.entries(fields).every(([name, value]) => event[name] === value);
    });
    return eventOf(frame) ?? {};
  }

  /** `NEW NEW`, `TRADE FILLED`: execution type and status of the reports so far. */
  reports(): string[] {
    return this.listener.received
      .map(eventOf)
      .filter((event) => event?.['e'] === 'executionReport')
      .map((event) => `${String(event?.['x'])} ${String(event?.['X'])}`);
  }
}

function eventOf(frame: Body): Body | null {
  const event = frame['event'];
  return typeof event === 'object' && event !== null ? Object.fromEntries(Object.entries(event)) : null;
}
