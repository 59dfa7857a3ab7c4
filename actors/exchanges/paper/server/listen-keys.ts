// The older way to an account's events: a listen key over REST, and a stream of that name. Kept for clients that know
// no other. A key lives for an hour after it was last asked for.
import * as refusals from '../core/refusal.ts';
import { Refused } from '../core/refusal.ts';
import type { Venue } from '../venue.ts';
import type { Operation } from './operation.ts';
import type { Params } from './params.ts';
import type { Topics } from './topics.ts';
import type { UserStreams } from './user-streams.ts';

const LIFE_MS = 60 * 60_000;

interface ListenKey {
  readonly account: string;
  readonly end: () => void;
  stopClock: () => void;
}

export class ListenKeys {
  private readonly keys = new Map<string, ListenKey>();
  private readonly venue: Venue;
  private readonly users: UserStreams;
  private readonly topics: Topics;

  constructor(venue: Venue, users: UserStreams, topics: Topics) {
    this.venue = venue;
    this.users = users;
    this.topics = topics;
  }

  has(topic: string): boolean {
    return this.keys.has(topic);
  }

  operations(): Operation[] {
    const rest = { kind: 'query', security: 'key' } as const;
    return [
      {
        rest: 'POST /api/v3/userDataStream',
        ...rest,
        read:
          (_, { account }) =>
          () => ({ listenKey: this.open(account) }),
      },
      {
        rest: 'PUT /api/v3/userDataStream',
        ...rest,
        read: (params, { account }) => this.named(params, account, (key) => this.extend(key)),
      },
      {
        rest: 'DELETE /api/v3/userDataStream',
        ...rest,
        read: (params, { account }) => this.named(params, account, (key) => this.close(key)),
      },
    ];
  }

  closeAll(): void {
    for (const key of [...this.keys.keys()]) this.close(key);
  }

  /** An account has one at a time; asking again extends it. */
  private open(account: string): string {
    const existing = [...this.keys].find(([, listenKey]) => listenKey.account === account)?.[0];
    if (existing) {
      this.extend(existing);
      return existing;
    }
    const key = this.venue.host.secret();
    const end = this.users.subscribe(account, (event) => this.topics.publish(key, () => event));
    this.keys.set(key, { account, end, stopClock: () => {} });
    this.extend(key);
    return key;
  }

  private named(params: Params, account: string, run: (key: string) => void): () => unknown {
    const key = params.required('listenKey');
    return () => {
      if (this.keys.get(key)?.account !== account) throw new Refused(refusals.LISTEN_KEY_UNKNOWN);
      run(key);
      return {};
    };
  }

  private extend(key: string): void {
    const listenKey = this.keys.get(key);
    if (!listenKey) return;
    listenKey.stopClock();
    listenKey.stopClock = this.venue.host.after(LIFE_MS, () => this.expire(key));
  }

  private expire(key: string): void {
    const event = { e: 'listenKeyExpired', E: String(this.venue.host.now()), listenKey: key };
    this.topics.publish(key, () => event);
    this.close(key);
  }

  private close(key: string): void {
    const listenKey = this.keys.get(key);
    listenKey?.stopClock();
    listenKey?.end();
    this.keys.delete(key);
  }
}
