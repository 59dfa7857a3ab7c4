// Paths for whoever runs the venue, beside the protocol: who it is, holding it alive, transfers, the fault switch.
// All but the first need the admin token, which stands in a file of the venue's data folder that only its owner can
// read.
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { parse as parseDecimal } from '../../../market/decimal.ts';
import type { Venue } from '../venue.ts';
import { type Faults, faultRules } from './faults.ts';
import type { SocketKind, Sockets } from './sockets.ts';

/** What /venue answers. `instance` is new at every start: it tells a venue from whatever else may have its port. */
export interface Identity {
  readonly venue: 'meltica-paper';
  readonly instance: string;
  readonly pid: number;
  readonly entries: number;
  readonly open: boolean;
}

export interface AdminOptions {
  readonly venue: Venue;
  readonly faults: Faults;
  readonly sockets: Sockets;
  readonly instance: string;
  readonly pid: number;
  readonly token: string;
  /** The number of holders changed. */
  readonly onHolders: (count: number) => void;
  readonly onStop: () => void;
}

export const TOKEN_HEADER = 'x-venue-token';
const HOLDERS_MAX = 100;

const transferForm = z.strictObject({
  account: z.string().min(1),
  asset: z.string().regex(/^[A-Z0-9]{1,16}$/),
  amount: z.string().regex(/^-?\d{1,16}(\.\d{1,8})?$/),
});

type Handler = (body: string, response: ServerResponse) => void;

export class Admin {
  private readonly options: AdminOptions;
  private readonly holders = new Set<ServerResponse>();
  private readonly routes: ReadonlyMap<string, Handler>;

  constructor(options: AdminOptions) {
    this.options = options;
    this.routes = new Map<string, Handler>([
      ['GET /venue/hold', (_, response) => this.hold(response)],
      ['POST /venue/stop', (_, response) => this.stop(response)],
      ['POST /venue/transfer', (body, response) => this.transfer(body, response)],
      ['GET /faults', (_, response) => reply(response, 200, { rules: options.faults.list() })],
      ['POST /faults', (body, response) => this.setFaults(body, response)],
      ['DELETE /faults', (_, response) => this.setFaults('{"rules":[]}', response)],
      ['POST /faults/cut', (body, response) => this.cut(body, response)],
    ]);
  }

  owns(path: string): boolean {
    return path === '/venue' || path.startsWith('/venue/') || path === '/faults' || path.startsWith('/faults/');
  }

  handle(path: string, body: string, request: IncomingMessage, response: ServerResponse): void {
    const route = `${request.method} ${path}`;
    if (route === 'GET /venue') return reply(response, 200, this.identity());
    const handler = this.routes.get(route);
    if (!handler) return reply(response, 404, { error: `no such path: ${route}` });
    if (!this.knows(request.headers[TOKEN_HEADER]))
      return reply(response, 401, { error: `${TOKEN_HEADER} is missing or wrong` });
    handler(body, response);
  }

  private identity(): Identity {
    const { venue, instance, pid } = this.options;
    return { venue: 'meltica-paper', instance, pid, entries: venue.entries, open: venue.isOpen };
  }

  private knows(token: string | string[] | undefined): boolean {
    const [expected, given] = [Buffer.from(this.options.token), Buffer.from(String(token))];
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  /** Answers with its head at once and with its end never: the connection is the hold, and its loss ends it. */
  private hold(response: ServerResponse): void {
    if (this.holders.size >= HOLDERS_MAX) return reply(response, 429, { error: `more than ${HOLDERS_MAX} holders` });
    this.holders.add(response);
    response.on('close', () => {
      this.holders.delete(response);
      this.options.onHolders(this.holders.size);
    });
    response.writeHead(200, { 'content-type': 'text/plain' }).write('held\n');
    this.options.onHolders(this.holders.size);
  }

  private stop(response: ServerResponse): void {
    response.on('finish', this.options.onStop);
    reply(response, 202, { stopping: true });
  }

  /** `{"account": "paper", "asset": "USDT", "amount": "-5"}`: a withdrawal of 5, answered when it is durable. */
  private transfer(body: string, response: ServerResponse): void {
    const read = transferForm.safeParse(parse(body));
    if (!read.success) return reply(response, 400, { error: read.error.issues });
    const { account, asset, amount } = read.data;
    const { venue } = this.options;
    const outcome = venue.engine.transfer(account, asset, parseDecimal(amount), venue.now());
    if (!outcome) return reply(response, 400, { error: `${account} is unknown, or has less than that free` });
    venue.commit(outcome);
    venue.show(() => reply(response, 200, { account, asset, amount }));
  }

  private setFaults(body: string, response: ServerResponse): void {
    const read = faultRules.safeParse(parse(body));
    if (!read.success) return reply(response, 400, { error: read.error.issues });
    this.options.faults.set(read.data.rules);
    reply(response, 200, { rules: this.options.faults.list() });
  }

  /** `{"sockets": "user"}`: without a closing handshake. Also `market` and `all`. */
  private cut(body: string, response: ServerResponse): void {
    const wanted = parse(body);
    const kinds: readonly (SocketKind | 'all')[] = ['user', 'market', 'all'];
    const kind = kinds.find(
      (name) => typeof wanted === 'object' && wanted !== null && 'sockets' in wanted && wanted.sockets === name,
    );
    if (!kind) return reply(response, 400, { error: `sockets must be one of ${kinds.join(', ')}` });
    reply(response, 200, { cut: this.options.sockets.cut(kind) });
  }
}

function reply(response: ServerResponse, status: number, value: object): void {
  const body = JSON.stringify(value);
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    .end(body);
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
