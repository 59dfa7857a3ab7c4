// The user data stream, over the WebSocket API (`userDataStream.subscribe.signature`; listen keys are gone).
// The stream has no sequence numbers and no replay: an event that cannot be read or made durable ends the
// connection, and what comes after the reconnect (reconciliation) fills the hole. Nothing is skipped in silence.
import { z } from 'zod';
import { ExchangeFault, type ExchangeListener, type ExchangeSettings, type VenueBalance } from '../exchange.ts';
import type { Bounds } from '../wire/bounds.ts';
import { type Clock, within } from '../wire/clock.ts';
import { Delivery } from '../wire/delivery.ts';
import type { Channel, Held } from '../wire/keep-open.ts';
import { type LiveSocket, openSocket } from '../wire/live-socket.ts';
import { Unreadable } from '../wire/read-as.ts';
import type { Redact } from '../wire/redact.ts';
import { placeOf, withPath } from '../wire/url.ts';
import { isKeyRefused } from './outcome.ts';
import type { Canonical } from './parse.ts';
import { parsePosition, parseReport } from './parse-stream.ts';
import { signedParameters } from './sign.ts';

export interface UserStreamOptions {
  readonly settings: ExchangeSettings;
  readonly clock: Clock;
  readonly bounds: Bounds;
  readonly redact: Redact;
  readonly listener: ExchangeListener;
  readonly account: string;
  readonly canonical: Canonical;
  /** Venue clock minus ours. */
  readonly skewMs: () => number;
  /** The account as it stands, for events that tell only of a difference. */
  readonly balances: () => Promise<readonly VenueBalance[]>;
}

const SUBSCRIBE_ID = 'user-data';

const answer = z.object({
  id: z.literal(SUBSCRIBE_ID),
  status: z.int(),
  error: z.object({ code: z.int(), msg: z.string() }).optional(),
});
const frame = z.union([
  z.object({ event: z.looseObject({ e: z.string() }) }),
  z.looseObject({ e: z.string() }).transform((event) => ({ event })),
]);

/** Requests beside the one subscription are never made, but a venue may answer what it could not read. */
const anyAnswer = z.object({ id: z.union([z.string(), z.int()]).nullable(), event: z.undefined().optional() });

type Answer = z.output<typeof answer>;

export class UserStream implements Channel {
  readonly name: string;
  readonly #options: UserStreamOptions;
  readonly #delivery: Delivery;
  #socket: LiveSocket | null = null;

  constructor(options: UserStreamOptions) {
    this.name = `user data stream at ${placeOf(options.settings.wsApiUrl)}`;
    this.#options = options;
    this.#delivery = new Delivery(options.bounds.deliveryQueueMax, {
      hold: () => this.#socket?.pause(),
      release: () => this.#socket?.resume(),
      fail: (reason) => this.#socket?.close(reason),
    });
  }

  async open(signal: AbortSignal): Promise<Held> {
    const { clock, bounds, settings } = this.#options;
    const reply = Promise.withResolvers<Answer>();
    const url = withPath(settings.wsApiUrl, '/ws-api/v3');
    const onText = (text: string): void => this.#onText(text, reply.resolve);
    const socket = await openSocket({ clock, bounds, url, onText }, signal);
    this.#socket = socket;
    if (signal.aborted) socket.close('it was called off');
    const lost = socket.closed.then((reason): never => {
      throw new Error(reason);
    });
    try {
      socket.send(JSON.stringify(this.#subscribeRequest()));
      const message = `the subscription was not confirmed within ${bounds.connectMs} ms`;
      accept(await within(clock, bounds.connectMs, Promise.race([reply.promise, lost]), message), this.#options.redact);
    } catch (error) {
      socket.close('the subscription failed');
      throw error;
    }
    if (this.#delivery.held) socket.pause();
    return { closed: socket.closed };
  }

  close(): void {
    this.#delivery.close();
    this.#socket?.close('the session was closed');
  }

  #subscribeRequest(): object {
    const { apiKey, apiSecret, recvWindowMs } = this.#options.settings;
    const timestamp = Math.round(this.#options.clock.now() + this.#options.skewMs());
    const params = signedParameters({ apiKey, recvWindow: recvWindowMs, timestamp }, apiSecret);
    return { id: SUBSCRIBE_ID, method: 'userDataStream.subscribe.signature', params };
  }

  #onText(text: string, resolve: (answer: Answer) => void): void {
    const json: unknown = JSON.parse(text);
    const asAnswer = answer.safeParse(json);
    if (asAnswer.success) return resolve(asAnswer.data);
    const asEvent = frame.safeParse(json);
    if (asEvent.success) return this.#onEvent(asEvent.data.event);
    // The rest is passed over only where it says that it answers a request: it might have been a fill.
    if (!anyAnswer.safeParse(json).success) throw new Unreadable('a frame of the user data stream: of no known form');
  }

  #onEvent(event: { readonly e: string }): void {
    const { listener, account, canonical, balances } = this.#options;
    switch (event.e) {
      case 'executionReport': {
        const report = parseReport(event, account, canonical);
        return this.#delivery.push(() => listener.onReport(report));
      }
      case 'outboundAccountPosition': {
        const position = parsePosition(event);
        return this.#delivery.push(() => listener.onBalance(position));
      }
      // Differences without a sequence: summing them would drift, so they only make us look.
      case 'balanceUpdate':
      case 'externalLockUpdate':
        return this.#delivery.push(async () => listener.onBalance(await balances()));
      case 'eventStreamTerminated':
      case 'serverShutdown':
        return this.#socket?.close(`the venue ended the stream (${event.e})`);
      // listStatus and whatever comes later say nothing of single orders that executionReport does not.
      default:
        if (isAboutAnOrder(event)) throw new Unreadable('an event about an order: of no known kind');
        return;
    }
  }
}

/** What only an order report has: execution type and status beside the order's id. */
function isAboutAnOrder(event: object): boolean {
  return 'x' in event && 'X' in event && 'i' in event;
}

function accept(reply: Answer, redact: Redact): void {
  if (reply.status === 200) return;
  const why = reply.error ? redact(`${reply.error.code} ${reply.error.msg}`) : `status ${reply.status}`;
  const retryable = !(reply.error && isKeyRefused(reply.error.code));
  throw new ExchangeFault(`the subscription was refused: ${why}`, { retryable });
}
