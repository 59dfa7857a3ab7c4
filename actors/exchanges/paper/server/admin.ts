// Paths for whoever runs the venue, beside the protocol: who it is, holding it alive, transfers, what an operator does
// (operator.ts) and the fault switch (weather.ts).
//   GET  /venue            who it is; needs no token
//   GET  /venue/hold       holds it alive; POST /venue/stop ends it
//   POST /venue/transfer   {account, asset, amount}
//   POST /venue/bust       {account?, symbol, tradeId, orderId?}; /venue/correct: {..., price?, quantity?}
//   POST /venue/cancel     {account?, symbol?, orderId?, clientOrderId?}; /venue/expire: the same
//   POST /venue/market     {symbol?, status: TRADING | CANCEL_ONLY | HALT}
//   POST /venue/clock      {offsetMs}; /venue/lag: {lagMs}; /venue/tick: {ticks?}
//   POST /venue/limits     {weightPerMinute?, ordersPer10s?, ordersPerDay?}
//   GET, POST, DELETE /faults   {rules}; DELETE ends rules, report faults, bans and stalls
//   POST /faults/reports   {duplicate?, reorder?, lose?, delayMs?, holdMs?}
//   POST /faults/cut       {sockets: user | market | all}; /faults/stall and /faults/resume: the same
//   POST /faults/ban       {status: 418 | 429, seconds}
// All but the first need the admin token, which stands in a file of the venue's data folder that only its owner can
// read.
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { parse as parseDecimal } from '../../../market/decimal.ts';
import type { Venue } from '../venue.ts';
import { type Handler, reading, refuse, reply } from './admin-form.ts';
import { operatorRoutes } from './operator.ts';
import { type Weather, weatherRoutes } from './weather.ts';

/** What /venue answers. `instance` is new at every start: it tells a venue from whatever else may have its port. */
export interface Identity {
  readonly venue: 'meltica-paper';
  readonly instance: string;
  readonly pid: number;
  readonly entries: number;
  /** Every symbol trades. */
  readonly open: boolean;
}

export interface AdminOptions {
  readonly venue: Venue;
  readonly weather: Weather;
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

export class Admin {
  private readonly options: AdminOptions;
  private readonly holders = new Set<ServerResponse>();
  private readonly routes: ReadonlyMap<string, Handler>;

  constructor(options: AdminOptions) {
    this.options = options;
    this.routes = new Map<string, Handler>([
      ['GET /venue/hold', (_, response) => this.hold(response)],
      ['POST /venue/stop', (_, response) => this.stop(response)],
      ['POST /venue/transfer', reading(transferForm, (wish, response) => this.transfer(wish, response))],
      ...operatorRoutes(options.venue),
      ...weatherRoutes(options.weather),
    ]);
  }

  owns(path: string): boolean {
    return path === '/venue' || path.startsWith('/venue/') || path === '/faults' || path.startsWith('/faults/');
  }

  handle(path: string, body: string, request: IncomingMessage, response: ServerResponse): void {
    const route = `${request.method} ${path}`;
    if (route === 'GET /venue') return reply(response, 200, this.identity());
    const handler = this.routes.get(route);
    if (!handler) return refuse(response, `no such path: ${route}`, 404);
    if (!this.knows(request.headers[TOKEN_HEADER])) return refuse(response, `${TOKEN_HEADER} is missing or wrong`, 401);
    handler(body, response);
  }

  private identity(): Identity {
    const { venue, instance, pid } = this.options;
    const open = [...venue.state.symbols.keys()].every((symbol) => venue.status(symbol) === 'TRADING');
    return { venue: 'meltica-paper', instance, pid, entries: venue.entries, open };
  }

  private knows(token: string | string[] | undefined): boolean {
    const [expected, given] = [Buffer.from(this.options.token), Buffer.from(String(token))];
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  /** Answers with its head at once and with its end never: the connection is the hold, and its loss ends it. */
  private hold(response: ServerResponse): void {
    if (this.holders.size >= HOLDERS_MAX) return refuse(response, `more than ${HOLDERS_MAX} holders`, 429);
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
  private transfer({ account, asset, amount }: z.output<typeof transferForm>, response: ServerResponse): void {
    const { venue } = this.options;
    const outcome = venue.engine.transfer(account, asset, parseDecimal(amount), venue.now());
    if (!outcome) return refuse(response, `${account} is unknown, or has less than that free`);
    venue.commit(outcome);
    venue.show(() => reply(response, 200, { account, asset, amount }));
  }
}
